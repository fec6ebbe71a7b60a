import { type CustomcrmType, otherSystem, type System, systems } from "../../src/domain/words.js";
import { Problem } from "../../src/sandbox/customcrm/problem.js";
import { Refusal } from "../../src/sandbox/exact/refusal.js";
import type { RecordKind } from "../../src/sandbox/exact/types.js";
import type { Random } from "../../src/sandbox/kit/index.js";
import type { LastOnes } from "./last-ones.js";
import { type Oracle, tokenIn } from "./oracle.js";
import type { Systems } from "./systems.js";

type Kind = CustomcrmType | Exclude<RecordKind, "Items">;

/** The texts that people edit, those of counterparts in one order; none of them is checked for its form by either system. */
const texts: { readonly [K in Kind]: readonly string[] } = {
  Customer: ["Name", "Email", "Phone", "Fax", "Website", "Description", "StreetAddress1", "ZipCode", "City", "VatNumber"],
  Contact: ["FirstName", "LastName", "Email", "Phone", "Mobile", "JobTitle", "Description"],
  Product: ["Name", "Description", "Email", "Phone"],
  Accounts: ["Name", "Email", "Phone", "Fax", "Website", "Remarks", "AddressLine1", "Postcode", "City", "VATNumber"],
  Contacts: ["FirstName", "LastName", "Email", "Phone", "Mobile", "JobTitleDescription", "Notes"],
};
/** Emptying these is refused, or leaves a record that can't be had on the other side. */
const needed: readonly string[] = ["Name", "LastName"];
const vatOf: { readonly [S in System]: string } = { CUSTOMCRM: "VatNumber", EXACT: "VATNumber" };
const ownerOf: { readonly [S in System]: string } = { CUSTOMCRM: "CustomerId", EXACT: "Account" };

const namesIn = (kind: Kind): readonly string[] => texts[kind].filter((property) => ["Name", "FirstName", "LastName"].includes(property));

interface Found {
  readonly system: System;
  readonly kind: Kind;
  readonly id: string;
}

/** The people at both systems: they see one record of one system at a time, and know nothing of the other. */
export class People {
  /** Records that one person made of a firm or a person that another has made a record of, here or there: things of their own. */
  twins = 0;
  /** How many acts there were, and those left out. */
  acts = 0;
  #random: Random;
  /**
   * In one world of four much of what is entered again is alike. A value then stands for more than one thing, so that the loss of one
   * of them may go unseen: in the other worlds none does, but for a VAT number.
   */
  readonly #isAlike: boolean;

  constructor(
    private readonly systems: Systems,
    private readonly oracle: Oracle,
    /** Each act has chances of its own, so that one that is left out changes no other. */
    private readonly chances: (act: number) => Random,
    private readonly without: ReadonlySet<number>,
    private readonly step: () => number,
    private readonly log: (line: string) => void,
    private readonly lastOnes: LastOnes,
  ) {
    this.#random = chances(-1);
    this.#isAlike = chances(-2).next() < 0.25;
  }

  /** Somebody does something; false: a system did not let them. */
  act(): boolean {
    return this.#do((dice) => {
      if (dice < 0.62) return this.#edit();
      if (dice < 0.72) return this.#create(this.#random.pick(systems));
      if (dice < 0.82) return this.#createDependent(this.#random.pick(systems));
      if (dice < 0.86) return this.#again();
      if (dice < 0.91) return this.#move();
      return this.#remove();
    });
  }

  /** The chances of the next act; null: it is left out. */
  turn(): Random | null {
    const number = this.acts++;
    return this.without.has(number) ? null : this.chances(number);
  }

  #do(act: (dice: number) => boolean): boolean {
    const chances = this.turn();
    if (!chances) return true;
    this.#random = chances;
    try {
      return act(this.#random.next());
    } catch (error) {
      if (!(error instanceof Refusal) && !(error instanceof Problem)) throw error;
      this.log(`  was refused: ${error.message}`);
      return false;
    }
  }

  /** What is there when the two systems first meet: some of it in both. */
  begin(): void {
    const some = this.chances(-1);
    const accounts = 1 + some.int(3);
    for (let i = 0; i < accounts; i++) this.#do(() => this.#create("CUSTOMCRM"));
    for (let i = some.int(3); i > 0; i--) this.#do(() => this.#create("EXACT"));
    for (let i = some.int(3); i > 0; i--) this.#do(() => this.#again());
    for (let i = 1 + some.int(3); i > 0; i--) this.#do(() => this.#createDependent(this.#random.pick(systems)));
  }

  #create(system: System): boolean {
    const kind: Kind = system === "CUSTOMCRM" ? "Customer" : "Accounts";
    const values = this.#values(texts[kind].filter((name) => name === "Name" || this.#random.next() < 0.35));
    this.#made(system, kind, values, { Country: "NL" });
    return true;
  }

  #createDependent(system: System): boolean {
    const owner = this.#any(system, [system === "CUSTOMCRM" ? "Customer" : "Accounts"]);
    const isProduct = system === "CUSTOMCRM" && this.#random.next() < 0.35;
    if (!owner && !isProduct) return false;
    const kind: Kind = system === "EXACT" ? "Contacts" : isProduct ? "Product" : "Contact";
    const values = this.#values(texts[kind].filter((name) => needed.includes(name) || this.#random.next() < 0.35));
    const isAlone = isProduct && (!owner || this.#random.next() < 0.2);
    const reference: Record<string, string> = isAlone || !owner ? {} : { [ownerOf[system]]: owner.id };
    this.#made(system, kind, values, reference);
    return true;
  }

  /** Somebody enters what another has entered already. */
  #again(): boolean {
    return this.#isAlike && this.#random.next() < 0.4 ? this.#copy() : this.#twin();
  }

  /** What is there already is entered once more, in the same system and under another name: most of it is alike. */
  #copy(): boolean {
    const one = this.#any(this.#random.pick(systems), ["Customer", "Contact", "Accounts", "Contacts"]);
    if (!one) return false;
    const held = this.systems.propertiesOf(one.system, one.id) ?? {};
    const rest = ["Country", ownerOf[one.system]].flatMap((name) => (typeof held[name] === "string" ? [[name, held[name]] as const] : []));
    this.twins++;
    this.#made(one.system, one.kind, this.#values(namesIn(one.kind)), { ...this.#alike(one, one.kind), ...Object.fromEntries(rest) });
    return true;
  }

  /** The same firm is entered in the other system, with the same VAT number, and now and then much of the rest: matching may link the two. */
  #twin(): boolean {
    const one = this.#any(this.#random.pick(systems), ["Customer", "Accounts"]);
    if (!one) return false;
    const property = vatOf[one.system];
    const vat = this.systems.propertiesOf(one.system, one.id)?.[property];
    if (typeof vat !== "string") {
      this.#write(one, { [property]: this.#values([property])[property] ?? null });
      return true;
    }
    this.twins++;
    const system = otherSystem(one.system);
    const kind: Kind = system === "CUSTOMCRM" ? "Customer" : "Accounts";
    const alike = { ...(this.#isAlike && this.#random.next() < 0.4 ? this.#alike(one, kind) : {}), [vatOf[system]]: vat };
    // It stands on both sides without us.
    for (const side of systems) for (const text of Object.values(alike)) this.oracle.travelled(side, text);
    const own = texts[kind].filter((name) => name === "Name" || (!(name in alike) && this.#random.next() < 0.25));
    this.#made(system, kind, this.#values(own), { Country: "NL", ...alike });
    return true;
  }

  /** Most of what a record holds beside its names, as the properties of such a record. */
  #alike({ system, kind, id }: Found, as: Kind): Record<string, string> {
    const held = this.systems.propertiesOf(system, id) ?? {};
    const entries = texts[kind].flatMap((property, i): [string, string][] => {
      const value = held[property];
      const isShared = !namesIn(kind).includes(property) && typeof value === "string" && this.#random.next() < 0.85;
      return isShared ? [[texts[as][i] ?? property, value]] : [];
    });
    return Object.fromEntries(entries);
  }

  #edit(): boolean {
    const found = this.#any(this.#random.pick(systems), ["Customer", "Contact", "Product", "Accounts", "Contacts"]);
    if (!found) return false;
    // Most of what happens, happens to few fields: that is where edits meet.
    const names = texts[found.kind].slice(0, this.#random.next() < 0.7 ? 4 : undefined);
    const chosen = new Set(Array.from({ length: 1 + this.#random.int(2) }, () => this.#random.pick(names)));
    const values = Object.fromEntries(
      [...chosen].map((name) => {
        const isCleared = this.#random.next() < 0.12 && (!needed.includes(name) || (found.kind === "Contacts" && this.#random.next() < 0.2));
        return [name, isCleared ? null : (this.#values([name])[name] ?? null)];
      }),
    );
    this.#write(found, values);
    return true;
  }

  #move(): boolean {
    const system = this.#random.pick(systems);
    const found = this.#any(system, ["Contact", "Product", "Contacts"]);
    const owner = this.#any(system, ["Customer", "Accounts"]);
    if (!found || !owner) return false;
    this.#write(found, { [ownerOf[system]]: owner.id });
    this.oracle.moved.add(`${system}:${found.id}`);
    return true;
  }

  #remove(): boolean {
    const system = this.#random.pick(systems);
    const found = this.#any(system, this.#random.next() < 0.6 ? ["Contact", "Product", "Contacts"] : ["Customer", "Accounts"]);
    if (!found || this.lastOnes.isKept(this.oracle.thingOf(found.system, found.id))) return false;
    this.log(`person deletes ${found.system} ${found.kind} ${found.id}`);
    const values = this.systems.propertiesOf(found.system, found.id) ?? {};
    if (found.kind === "Accounts" || found.kind === "Contacts") this.systems.exact.remove(found.kind, found.id);
    else this.systems.customcrm.remove(found.kind, found.id);
    this.oracle.deleted(found.system, found.id, values);
    return true;
  }

  #made(system: System, kind: Kind, values: Readonly<Record<string, string>>, rest: Readonly<Record<string, string>>): void {
    this.log(`person makes ${system} ${kind} ${JSON.stringify({ ...values, ...rest })}`);
    const body = { ...values, ...rest };
    const id = kind === "Accounts" || kind === "Contacts" ? this.systems.exact.create(kind, body) : this.systems.customcrm.create(kind, body).id;
    const thing = this.oracle.newThing();
    this.oracle.things.set(`${system}:${id}`, thing);
    for (const [property, value] of Object.entries(values)) this.#entered(thing, { system, id }, property, value, null);
    this.log(`  is ${id}`);
  }

  #write({ system, kind, id }: Found, values: Readonly<Record<string, string | null>>): void {
    this.log(`person edits ${system} ${kind} ${id} ${JSON.stringify(values)}`);
    const before = this.systems.propertiesOf(system, id) ?? {};
    if (kind === "Accounts" || kind === "Contacts") this.systems.exact.edit(kind, id, values);
    else this.systems.customcrm.patch(kind, id, values);
    const thing = this.oracle.thingOf(system, id) ?? 0;
    for (const [property, value] of Object.entries(values)) {
      const saw = tokenIn(before[property]);
      if (value === null && saw !== null) this.oracle.cleared({ system, recordId: id, property, saw, step: this.step() });
      else if (value !== null && tokenIn(value) !== null) this.#entered(thing, { system, id }, property, value, saw);
    }
  }

  #entered(thing: number, at: { system: System; id: string }, property: string, value: string, saw: string | null): void {
    const token = tokenIn(value);
    if (token !== null) this.oracle.entered(token, { thing, system: at.system, recordId: at.id, property, saw, step: this.step() });
  }

  #values(names: readonly string[]): Record<string, string> {
    return Object.fromEntries(names.map((name) => [name, name === "Email" ? `${this.oracle.token()}@t.nl` : this.oracle.token()]));
  }

  #any(system: System, kinds: readonly Kind[]): Found | null {
    const own: Found[] =
      system === "EXACT"
        ? (["Accounts", "Contacts"] as const)
            .filter((kind) => kinds.includes(kind))
            .flatMap((kind) => [...this.systems.exact.table(kind).all()].map(({ id }) => ({ system, kind, id })))
        : (["Customer", "Contact", "Product"] as const)
            .filter((kind) => kinds.includes(kind))
            .flatMap((kind) => this.systems.customcrm.all(kind).map(({ id }) => ({ system, kind, id })));
    return own.length === 0 ? null : this.#random.pick(own);
  }
}
