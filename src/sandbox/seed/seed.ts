import { createRandom, type Random } from "../kit/random.js";
import { type AccountKey, type Copies, copiesOf } from "./account-pairs.js";
import { accountTangles } from "./account-tangles.js";
import { type AccountFields, type Company, type CompanyMaker, companyMaker } from "./companies.js";
import { contactTangles, firstNameOnlyInExact, personCopies } from "./contact-pairs.js";
import { type ContactFields, type People, type Person, peopleMaker } from "./people.js";
import { productFields } from "./products.js";
import { type Ages, accountRow, agesOfOne, agesOfPair, customcrmContactRow, customcrmId, customerRow, exactContactRow } from "./rows.js";
import type { ReviewGroup, Seed, SeedRow, TruePair } from "./types.js";

/** How many customers there are in Customcrm by default; everything else grows with them. */
const usualCustomers = 300;

/** How many of each, with the usual number of customers; then Customcrm has 600 contacts and 60 products. */
const usualCounts = {
  pairs: 248,
  branches: 4,
  onlyInExact: 30,
  customcrmContacts: 600,
  products: 60,
  wanderers: 5,
  firstNamePairs: 8,
  firstNameOnly: 6,
};

type Counts = { readonly [K in keyof typeof usualCounts]: number };

/**
 * Both systems' first records, and what is true of them. The same seed and number of customers give the same bytes; with any
 * number every kind of pair and of doubt has its usual share.
 */
export function makeSeed(seed = "tandem", customers = usualCustomers): Seed {
  if (!Number.isInteger(customers) || customers < usualCustomers) throw new Error(`A seed has at least ${usualCustomers} customers, not ${customers}.`);
  const world = new World(createRandom(`seed:${seed}`), customers);
  world.addAccounts();
  world.addContacts();
  world.addProducts();
  return world.seed();
}

/** A company with the records that stand for it; where there is more than one, contacts belong to the first. */
interface Home {
  readonly company: Company;
  readonly people: People;
  readonly customer: string | null;
  readonly account: string | null;
  readonly kind: "pair" | "customcrm" | "exact" | "review";
}

class World {
  private readonly homes: Home[] = [];
  private readonly customers: SeedRow[] = [];
  private readonly accounts: SeedRow[] = [];
  private readonly customcrmContacts: SeedRow[] = [];
  private readonly exactContacts: SeedRow[] = [];
  private readonly products: SeedRow[] = [];
  private readonly pairs: TruePair[] = [];
  private readonly review: ReviewGroup[] = [];
  private readonly oneSided = {
    customcrm: { accounts: [] as string[], contacts: [] as string[], products: [] as string[] },
    exact: { accounts: [] as string[], contacts: [] as string[] },
  };
  private readonly undecided = { customcrm: [] as string[], exact: [] as string[] };

  /** How many of something there are, for its usual number. */
  private readonly times: (usual: number) => number;
  private readonly counts: Counts;

  constructor(
    private readonly random: Random,
    private readonly customerCount: number,
  ) {
    this.times = (usual) => Math.round((usual * customerCount) / usualCustomers);
    this.counts = Object.fromEntries(Object.entries(usualCounts).map(([name, usual]) => [name, this.times(usual)])) as Counts;
  }

  addAccounts(): void {
    const { counts } = this;
    const companies = companyMaker(this.random);
    for (let made = 0; made < counts.pairs; made += 1) {
      const company = companies.make();
      const key = this.accountKey();
      const copies = copiesOf(this.random, company, key);
      this.addPair(company, copies, key);
      if (made < counts.branches) this.addBranch(companies, company, copies);
    }
    for (const { times, make } of accountTangles) for (let made = 0; made < this.times(times); made += 1) this.addTangle(make(this.random, companies.make));
    while (this.customers.length < this.customerCount) {
      const company = companies.make();
      const customer = this.addCustomer(company.fields, agesOfOne(this.random));
      this.oneSided.customcrm.accounts.push(customer);
      this.addHome(company, customer, null, "customcrm");
    }
    for (let made = 0; made < counts.onlyInExact; made += 1) {
      const company = companies.make();
      const account = this.addAccount(company.fields, agesOfOne(this.random));
      this.oneSided.exact.accounts.push(account);
      this.addHome(company, null, account, "exact");
    }
  }

  addContacts(): void {
    const { counts } = this;
    const linked = this.homes.filter((home) => home.kind === "pair");
    // The special cases are spread over the linked companies, one each.
    const special = this.spread(linked);
    for (const { times, make } of contactTangles) for (let made = 0; made < this.times(times); made += 1) this.addContactTangle(special(), make);
    for (let made = 0; made < counts.wanderers; made += 1) this.addWanderer(special(), special());
    for (let made = 0; made < counts.firstNamePairs; made += 1) {
      const home = special();
      this.addContactPair(home, firstNameOnlyInExact(home.people.make()), "account+email");
    }
    for (let made = 0; made < counts.firstNameOnly; made += 1) {
      const home = special();
      this.oneSided.exact.contacts.push(this.addExactContact(home, { ...home.people.make(), lastName: null }, agesOfOne(this.random)));
    }
    for (let turn = 0; this.customcrmContacts.length < counts.customcrmContacts; turn += 1) {
      const home = this.homes[turn % this.homes.length];
      // The first round gives every company somebody; after it some get more.
      if (home && (turn < this.homes.length || this.random.int(3) > 0)) this.addPerson(home);
    }
  }

  addProducts(): void {
    const { counts } = this;
    const suppliers = this.homes.filter((home) => home.customer !== null);
    for (let made = 0; made < counts.products; made += 1) {
      const home = made % 8 === 7 ? null : this.random.pick(suppliers);
      const id = customcrmId(this.random, "pro");
      this.products.push({ Id: id, ...productFields(this.random, made, home?.company ?? null), CustomerId: home?.customer ?? null, ...agesOfOne(this.random) });
      this.oneSided.customcrm.products.push(id);
    }
  }

  seed(): Seed {
    const { random, pairs, review, oneSided, undecided } = this;
    return {
      customcrm: { customers: shuffled(random, this.customers), contacts: shuffled(random, this.customcrmContacts), products: this.products },
      exact: { accounts: shuffled(random, this.accounts), contacts: shuffled(random, this.exactContacts) },
      truth: {
        pairs,
        review,
        oneSided,
        undecided,
        firstNameOnly: this.exactContacts.filter((row) => row.LastName === null).map((row) => String(row.ID)),
        productsWithoutCustomer: this.products.filter((row) => row.CustomerId === null).map((row) => String(row.Id)),
      },
    };
  }

  private accountKey(): AccountKey {
    const draw = this.random.int(100);
    if (draw < 45) return "vatNumber";
    if (draw < 65) return "chamberOfCommerce+country";
    return draw < 84 ? "email+name" : "name+postcode";
  }

  /** A namesake in another town, known in both systems as well, is another thing: no copy of the one has the postcode of the other. */
  private addBranch(companies: CompanyMaker, company: Company, copies: Copies<AccountFields>): void {
    for (;;) {
      const branch = companies.branchOf(company);
      const own = copiesOf(this.random, branch, "vatNumber");
      if (sharePostcode(copies, own)) continue;
      this.addPair(branch, own, "vatNumber");
      return;
    }
  }

  private addPair(company: Company, copies: Copies<AccountFields>, by: AccountKey): void {
    const ages = agesOfPair(this.random);
    const customer = this.addCustomer(copies.customcrm, ages.customcrm);
    const account = this.addAccount(copies.exact, ages.exact);
    this.pairs.push({ type: "ACCOUNT", customcrm: customer, exact: account, by });
    this.addHome(company, customer, account, "pair");
  }

  private addTangle(tangle: ReturnType<(typeof accountTangles)[number]["make"]>): void {
    const customcrm = tangle.customcrm.map((fields) => this.addCustomer(fields, agesOfOne(this.random)));
    const exact = tangle.exact.map((fields) => this.addAccount(fields, agesOfOne(this.random)));
    this.review.push({ type: "ACCOUNT", customcrm, exact, why: tangle.why });
    this.addHome(tangle.company, customcrm[0] ?? null, exact[0] ?? null, "review");
  }

  private addHome(company: Company, customer: string | null, account: string | null, kind: Home["kind"]): void {
    this.homes.push({ company, people: peopleMaker(this.random, company), customer, account, kind });
  }

  private addPerson(home: Home): void {
    const person = home.people.make();
    const draw = this.random.int(100);
    if (home.kind === "review") this.addUndecided(home, person);
    else if (home.kind === "customcrm" || (home.kind === "pair" && draw < 7)) this.addOnlyInCustomcrm(home, person);
    else if (home.kind === "exact" || draw < 15) this.addOnlyInExact(home, person);
    else {
      const by = draw < 75 ? "account+email" : "account+firstName+lastName";
      this.addContactPair(home, personCopies(this.random, person, home.company, by), by);
    }
  }

  private addContactPair(home: Home, copies: Copies<ContactFields>, by: string): void {
    const ages = agesOfPair(this.random);
    const customcrm = this.addCustomcrmContact(home, copies.customcrm, ages.customcrm);
    this.pairs.push({ type: "CONTACT", customcrm, exact: this.addExactContact(home, copies.exact, ages.exact), by });
  }

  private addOnlyInCustomcrm(home: Home, person: Person): void {
    this.oneSided.customcrm.contacts.push(this.addCustomcrmContact(home, person, agesOfOne(this.random)));
  }

  private addOnlyInExact(home: Home, person: Person): void {
    this.oneSided.exact.contacts.push(this.addExactContact(home, person, agesOfOne(this.random)));
  }

  private addUndecided(home: Home, person: Person): void {
    const ages = agesOfPair(this.random);
    this.undecided.customcrm.push(this.addCustomcrmContact(home, person, ages.customcrm));
    this.undecided.exact.push(this.addExactContact(home, person, ages.exact));
  }

  /** Somebody who changed jobs: under one company in Customcrm, under another in Exact, with the old address still. Not a match. */
  private addWanderer(from: Home, to: Home): void {
    const person = from.people.make();
    to.people.reserve(person);
    this.addOnlyInCustomcrm(from, person);
    this.addOnlyInExact(to, person);
  }

  private addContactTangle(home: Home, make: (typeof contactTangles)[number]["make"]): void {
    const tangle = make(home.people.make, home.company);
    const customcrm = tangle.customcrm.map((fields) => this.addCustomcrmContact(home, fields, agesOfOne(this.random)));
    const exact = tangle.exact.map((fields) => this.addExactContact(home, fields, agesOfOne(this.random)));
    this.review.push({ type: "CONTACT", customcrm, exact, why: tangle.why });
  }

  private addCustomer(fields: AccountFields, ages: Ages): string {
    const id = customcrmId(this.random, "cus");
    this.customers.push(customerRow(id, fields, ages));
    return id;
  }

  private addAccount(fields: AccountFields, ages: Ages): string {
    const id = this.random.guid();
    this.accounts.push(accountRow(id, fields, ages));
    return id;
  }

  private addCustomcrmContact(home: Home, fields: ContactFields, ages: Ages): string {
    const id = customcrmId(this.random, "con");
    this.customcrmContacts.push(customcrmContactRow(id, homeId(home.customer), fields, ages));
    return id;
  }

  private addExactContact(home: Home, fields: ContactFields, ages: Ages): string {
    const id = this.random.guid();
    this.exactContacts.push(exactContactRow(id, homeId(home.account), fields, ages));
    return id;
  }

  private spread(homes: readonly Home[]): () => Home {
    let next = 0;
    return () => {
      const home = homes[next];
      next += 5;
      if (!home) throw new Error("There are fewer linked companies than special cases.");
      return home;
    };
  }
}

function homeId(id: string | null): string {
  if (id === null) throw new Error("A contact was put under a company that its system does not know.");
  return id;
}

/** The order of the rows tells nothing about what belongs together. */
function shuffled<T>(random: Random, rows: readonly T[]): T[] {
  const keys = rows.map((row) => ({ row, key: random.next() }));
  return keys.sort((a, b) => a.key - b.key).map(({ row }) => row);
}

function sharePostcode(one: Copies<AccountFields>, other: Copies<AccountFields>): boolean {
  const postcodesOf = ({ customcrm, exact }: Copies<AccountFields>) => [customcrm, exact].flatMap(({ postcode }) => postcode?.replace(" ", "") ?? []);
  return postcodesOf(one).some((postcode) => postcodesOf(other).includes(postcode));
}
