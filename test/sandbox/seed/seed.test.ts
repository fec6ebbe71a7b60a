import { describe, expect, it } from "vitest";
import { customcrmProperties } from "../../../src/domain/customcrm-properties.js";
import { type ExactProperty, exactAccountProperties, exactContactProperties } from "../../../src/domain/exact-properties.js";
import { makeSeed, type Seed, type SeedRow } from "../../../src/sandbox/seed/index.js";
import { accountAlternatives, accountKeys, contactAlternatives, contactKeys, customerKeys, linksAmong, verdictOf } from "./brute-force.js";

const seeds: readonly (readonly [string, Seed])[] = ["tandem", "another", "a third one", ""].map((name) => [name, makeSeed(name)]);
const seed = makeSeed();

describe("the seed", () => {
  it("is the same, byte by byte, for the same name", () => {
    expect(JSON.stringify(makeSeed("tandem"))).toBe(JSON.stringify(seed));
    expect(JSON.stringify(makeSeed("another"))).not.toBe(JSON.stringify(seed));
  });

  it.each(seeds)("has 300 customers, 600 contacts and 60 products in Customcrm, and about as many in Exact (%j)", (_name, { customcrm, exact }) => {
    expect([customcrm.customers.length, customcrm.contacts.length, customcrm.products.length]).toEqual([300, 600, 60]);
    expect(exact.accounts.length).toBe(315);
    expect(exact.contacts.length).toBeGreaterThan(550);
    expect(exact.contacts.length).toBeLessThan(680);
  });

  it("gives every record an id of its own, in its system's form", () => {
    const { customers, contacts, products } = seed.customcrm;
    const customcrmIds = [...customers, ...contacts, ...products].map((row) => String(row.Id));
    const exactIds = [...seed.exact.accounts, ...seed.exact.contacts].map((row) => String(row.ID));
    expect(new Set(customcrmIds).size).toBe(960);
    expect(new Set(exactIds).size).toBe(exactIds.length);
    for (const id of customcrmIds) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    for (const id of exactIds) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it("grows to any size, with its share of every kind, and every record in one place still", () => {
    const large = makeSeed("tandem", 6_000);
    const { customcrm, exact, truth } = large;
    expect([customcrm.customers.length, customcrm.contacts.length, customcrm.products.length]).toEqual([6_000, 12_000, 1_200]);
    for (const part of ["pairs", "review"] as const) {
      const share = truth[part].length / seed.truth[part].length;
      expect(share, part).toBeGreaterThan(18);
      expect(share, part).toBeLessThan(22);
    }
    const listed = [
      ...truth.pairs.flatMap((pair) => [pair.customcrm, pair.exact]),
      ...truth.review.flatMap((group) => [...group.customcrm, ...group.exact]),
      ...[...Object.values(truth.oneSided.customcrm), ...Object.values(truth.oneSided.exact)].flat(),
      ...[...truth.undecided.customcrm, ...truth.undecided.exact],
    ];
    const there = [...customcrm.customers, ...customcrm.contacts, ...customcrm.products].length + exact.accounts.length + exact.contacts.length;
    expect(new Set(listed).size).toBe(there);
    expect(listed.length).toBe(there);
    const branches = truth.pairs.length / 150;
    const names = new Set(exact.accounts.map((row) => String(row.Name).toLowerCase()));
    expect(exact.accounts.length - names.size).toBeLessThan(branches * 10);
    expect(() => makeSeed("tandem", 299)).toThrow(/at least 300/);
  });

  it("gives no company the name and postcode of another, however many there are: what it calls beyond doubt is so", () => {
    const { customcrm, exact, truth } = makeSeed("tandem", 15_000);
    const pairOf = new Map(truth.pairs.flatMap((pair) => [pair.customcrm, pair.exact].map((id) => [id, pair] as const)));
    const holders = new Map<string, Set<unknown>>();
    for (const row of [...customcrm.customers, ...exact.accounts]) {
      const pair = pairOf.get(String(row.Id ?? row.ID));
      const key = [String(row.Name).normalize("NFD").replace(/\p{M}/gu, "").toLowerCase(), String(row.ZipCode ?? row.Postcode).replace(" ", "")].join("|");
      if (pair) holders.set(key, (holders.get(key) ?? new Set()).add(pair));
    }
    expect([...holders].filter(([, pairs]) => pairs.size > 1).map(([key]) => key)).toEqual([]);
    expect(holders.size).toBeGreaterThan(12_000);
  });

  it("refers only to records that are there", () => {
    const customers = new Set(seed.customcrm.customers.map((row) => row.Id));
    const accounts = new Set(seed.exact.accounts.map((row) => row.ID));
    for (const contact of seed.customcrm.contacts) expect(customers).toContain(contact.CustomerId);
    for (const contact of seed.exact.contacts) expect(accounts).toContain(contact.Account);
    const suppliers = seed.customcrm.products.map((row) => row.CustomerId).filter((id) => id !== null);
    for (const id of suppliers) expect(customers).toContain(id);
    expect(seed.truth.productsWithoutCustomer).toHaveLength(60 - suppliers.length);
    expect(suppliers.length).toBe(53);
  });

  it("was made before it was changed, and changed before the sandbox starts", () => {
    const { customers, contacts, products } = seed.customcrm;
    for (const row of [...customers, ...contacts, ...products, ...seed.exact.accounts, ...seed.exact.contacts]) {
      expect(row.modifiedDaysAgo).toBeGreaterThan(0.1);
      expect(row.createdDaysAgo).toBeGreaterThanOrEqual(row.modifiedDaysAgo);
    }
  });

  it("leaves no doubt which of two copies is the newer one", () => {
    const ages = new Map([
      ...rowsOf(seed.customcrm.customers, "Id"),
      ...rowsOf(seed.customcrm.contacts, "Id"),
      ...rowsOf(seed.exact.accounts, "ID"),
      ...rowsOf(seed.exact.contacts, "ID"),
    ]);
    const gaps = seed.truth.pairs.map((pair) => Math.abs((ages.get(pair.customcrm)?.modifiedDaysAgo ?? 0) - (ages.get(pair.exact)?.modifiedDaysAgo ?? 0)));
    expect(Math.min(...gaps) * 24 * 60).toBeGreaterThan(10);
  });

  it("starts without any counterpart's id", () => {
    for (const row of [...seed.customcrm.customers, ...seed.customcrm.contacts, ...seed.customcrm.products]) expect(row).not.toHaveProperty("ExternalId");
  });
});

describe("the seed's data", () => {
  const ages = ["createdDaysAgo", "modifiedDaysAgo"];

  it("keeps to the properties, lengths and required values of the Customcrm contract", () => {
    const { customers, contacts, products } = seed.customcrm;
    for (const [type, rows] of [
      ["Customer", customers],
      ["Contact", contacts],
      ["Product", products],
    ] as const) {
      const table: Record<string, { maxLength: number; required?: true }> = customcrmProperties[type];
      for (const row of rows) {
        for (const [name, value] of Object.entries(row)) {
          if (name === "Id" || ages.includes(name)) continue;
          const property = table[name];
          expect(property, name).toBeDefined();
          expect([...String(value ?? "")].length).toBeLessThanOrEqual(property?.maxLength ?? -1);
          expect(value, name).not.toBe("");
        }
        for (const [name, property] of Object.entries(table)) if (property.required) expect(row[name], name).toBeTruthy();
      }
    }
  });

  it("keeps to the properties that Exact lets a client create, and to the lengths that are known", () => {
    for (const [rows, table] of [
      [seed.exact.accounts, exactAccountProperties],
      [seed.exact.contacts, exactContactProperties],
    ] as readonly (readonly [readonly SeedRow[], Record<string, ExactProperty>])[])
      for (const row of rows)
        for (const [name, value] of Object.entries(row)) {
          if (ages.includes(name)) continue;
          expect(table[name]?.flags, name).toContain("c");
          expect(String(value ?? "").length).toBeLessThanOrEqual(table[name]?.maxLength ?? 10_000);
        }
    for (const row of seed.exact.contacts) expect(row.FirstName ?? row.LastName).not.toBeNull();
  });

  const postcodes = { NL: /^[1-9]\d{3} ?[A-Z]{2}$/, BE: /^[1-9]\d{3}$/, FR: /^\d{5}$/, NO: /^\d{4}$/ };
  const vats = { NL: /^NL\d{9}B\d{2}$/, BE: /^BE0\d{9}$/, FR: /^FR\d{11}$/, NO: /^NO\d{9}MVA$/ };
  const registers = { NL: /^\d{8}$/, BE: /^0\d{3}\.\d{3}\.\d{3}$/, FR: /^\d{14}$/, NO: /^\d{9}$/ };
  const offices = { NL: /^(0\d{9}|31[1-9]\d{8})$/, BE: /^(0\d{8}|32[1-9]\d{7})$/, FR: /^(0[1-5]\d{8}|33[1-5]\d{8})$/, NO: /^(47)?[2-9]\d{7}$/ };

  it.each(["NL", "BE", "FR", "NO"] as const)("writes postcodes, numbers and phones as in %s", (country) => {
    const rows = seed.customcrm.customers.filter((row) => row.Country === country);
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) {
      expect(row.ZipCode).toMatch(postcodes[country]);
      if (row.VatNumber) expect(String(row.VatNumber).replace(/[ .]/g, "")).toMatch(vats[country]);
      if (row.OrganisationNumber) expect(row.OrganisationNumber).toMatch(registers[country]);
      if (row.Phone) expect(String(row.Phone).replace(/\D/g, "")).toMatch(offices[country]);
    }
  });

  it("gives numbers whose check digits are right", () => {
    const vatsOf = (country: string) =>
      seed.exact.accounts.filter((row) => row.Country === country && row.VATNumber).map((row) => String(row.VATNumber).replace(/\D/g, ""));
    for (const digits of vatsOf("NL"))
      expect([...digits.slice(0, 8)].reduce((sum, digit, at) => sum + Number(digit) * (9 - at), 0) % 11).toBe(Number(digits[8]));
    for (const digits of vatsOf("BE")) expect((Number(digits.slice(0, 8)) + Number(digits.slice(8))) % 97).toBe(0);
    for (const digits of vatsOf("FR")) expect((12 + 3 * (Number(digits.slice(2)) % 97)) % 97).toBe(Number(digits.slice(0, 2)));
    for (const digits of vatsOf("NO")) expect([3, 2, 7, 6, 5, 4, 3, 2, 1].reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0) % 11).toBe(0);
  });

  it("has mailboxes in the company's own domain, which is nobody's", () => {
    for (const row of [...seed.customcrm.customers, ...seed.exact.contacts])
      if (row.Email) expect(row.Email).toMatch(/^[A-Za-z0-9._-]+@([a-z]+\.)?[a-z0-9-]+\.example$/);
  });

  it("has accents, ø, quotes, apostrophes and ampersands", () => {
    const text = JSON.stringify(seed.customcrm);
    for (const sign of ["ø", "Å", "é", "ç", "'s-Hertogenbosch", "&", '\\"', "'t "]) expect(text).toContain(sign);
  });
});

describe("the ground truth", () => {
  it.each(seeds)("puts every record into exactly one place (%j)", (_name, { customcrm, exact, truth }) => {
    const listed = [
      ...truth.pairs.flatMap((pair) => [pair.customcrm, pair.exact]),
      ...truth.review.flatMap((group) => [...group.customcrm, ...group.exact]),
      ...Object.values(truth.oneSided.customcrm).flat(),
      ...Object.values(truth.oneSided.exact).flat(),
      ...truth.undecided.customcrm,
      ...truth.undecided.exact,
    ];
    const rows = [...customcrm.customers, ...customcrm.contacts, ...customcrm.products].map((row) => String(row.Id));
    const all = [...rows, ...[...exact.accounts, ...exact.contacts].map((row) => String(row.ID))];
    expect(listed.toSorted()).toEqual(all.toSorted());
  });

  it.each(seeds)("says of accounts what R6 says, tried pair by pair (%j)", (_name, { customcrm, exact, truth }) => {
    const customers = customcrm.customers.map(customerKeys);
    const accounts = exact.accounts.map(accountKeys);
    const expected = truth.pairs.filter((pair) => pair.type === "ACCOUNT");
    expect(sorted(linksAmong(customers, accounts).map((link) => [link.customcrm, link.exact, accountAlternatives[link.alternative] ?? ""]))).toEqual(
      sorted(expected.map((pair) => [pair.customcrm, pair.exact, pair.by])),
    );
    for (const id of truth.oneSided.customcrm.accounts) expect(verdictOf(pick(customers, id), accounts).kind).toBe("none");
    for (const id of truth.oneSided.exact.accounts) expect(verdictOf(pick(accounts, id), customers).kind).toBe("none");
    checkReviews(truth, "ACCOUNT", customers, accounts);
  });

  it.each(seeds)("says of contacts what R6 says within linked accounts (%j)", (_name, { customcrm, exact, truth }) => {
    const homes = new Map(
      truth.pairs.filter((pair) => pair.type === "ACCOUNT").flatMap((pair) => [[pair.customcrm, pair.exact] as const, [pair.exact, pair.exact] as const]),
    );
    const here = customcrm.contacts.map((row) => contactKeys(String(row.Id), row, homes.get(String(row.CustomerId)) ?? null));
    const there = exact.contacts.map((row) => contactKeys(String(row.ID), row, homes.get(String(row.Account)) ?? null));
    const expected = truth.pairs.filter((pair) => pair.type === "CONTACT");
    expect(sorted(linksAmong(here, there).map((link) => [link.customcrm, link.exact, contactAlternatives[link.alternative] ?? ""]))).toEqual(
      sorted(expected.map((pair) => [pair.customcrm, pair.exact, pair.by])),
    );
    for (const id of truth.oneSided.customcrm.contacts) expect(verdictOf(pick(here, id), there).kind).toBe("none");
    for (const id of truth.oneSided.exact.contacts) expect(verdictOf(pick(there, id), here).kind).toBe("none");
    checkReviews(truth, "CONTACT", here, there);
  });

  it("uses each alternative for a good share of the pairs", () => {
    const share = (by: string) => seed.truth.pairs.filter((pair) => pair.by === by).length;
    expect(share("vatNumber")).toBeGreaterThan(90);
    expect(share("chamberOfCommerce+country")).toBeGreaterThan(25);
    expect(share("email+name")).toBeGreaterThan(25);
    expect(share("name+postcode")).toBeGreaterThan(25);
    expect(share("account+email")).toBeGreaterThan(250);
    expect(share("account+firstName+lastName")).toBeGreaterThan(80);
  });

  it("lists both kinds of doubt for accounts and contacts, and people whose account is in doubt", () => {
    for (const type of ["ACCOUNT", "CONTACT"])
      for (const why of ["AMBIGUOUS_MATCH", "KEYS_DISAGREE"])
        expect(seed.truth.review.filter((group) => group.type === type && group.why === why).length).toBeGreaterThan(3);
    expect(seed.truth.undecided.customcrm.length).toBeGreaterThan(15);
  });

  it("names the contacts without a last name, some of them known by their address, some in Exact only", () => {
    const nameless = seed.exact.contacts.filter((row) => row.LastName === null).map((row) => String(row.ID));
    expect(nameless.toSorted()).toEqual([...seed.truth.firstNameOnly].toSorted());
    expect(nameless.filter((id) => seed.truth.oneSided.exact.contacts.includes(id))).toHaveLength(6);
    expect(nameless.filter((id) => seed.truth.pairs.some((pair) => pair.exact === id))).toHaveLength(8);
  });

  it("has pairs that differ, and more that do not", () => {
    const customers = rowsOf(seed.customcrm.customers, "Id");
    const accounts = rowsOf(seed.exact.accounts, "ID");
    const pairs = seed.truth.pairs.filter((pair) => pair.type === "ACCOUNT" && pair.by === "vatNumber");
    const differing = pairs.filter(
      (pair) =>
        customers.get(pair.customcrm)?.Phone !== accounts.get(pair.exact)?.Phone ||
        customers.get(pair.customcrm)?.Website !== accounts.get(pair.exact)?.Website,
    );
    expect(differing.length).toBeGreaterThan(5);
    expect(differing.length).toBeLessThan(pairs.length / 2);
  });

  it("has namesakes in other towns that are no match", () => {
    const names = seed.customcrm.customers
      .filter((row) => seed.truth.pairs.some((pair) => pair.customcrm === row.Id))
      .map((row) => String(row.Name).toLowerCase());
    expect(names.length - new Set(names).size).toBeGreaterThanOrEqual(3);
  });
});

const rowsOf = (rows: readonly SeedRow[], id: string): Map<string, SeedRow> => new Map(rows.map((row) => [String(row[id]), row]));
const sorted = (rows: readonly (readonly string[])[]): readonly (readonly string[])[] => rows.toSorted((a, b) => (a.join() < b.join() ? -1 : 1));

function pick<T extends { id: string }>(records: readonly T[], id: string): T {
  const found = records.find((record) => record.id === id);
  if (!found) throw new Error(`No record ${id}.`);
  return found;
}

/** In every group somebody is in doubt, nobody is linked, and nobody outside is named. */
function checkReviews(
  truth: Seed["truth"],
  type: string,
  here: readonly Parameters<typeof verdictOf>[0][],
  there: readonly Parameters<typeof verdictOf>[0][],
): void {
  for (const group of truth.review.filter((each) => each.type === type)) {
    const verdicts = [...group.customcrm.map((id) => verdictOf(pick(here, id), there)), ...group.exact.map((id) => verdictOf(pick(there, id), here))];
    expect(verdicts.map((verdict) => verdict.kind)).toContain("review");
    for (const verdict of verdicts) {
      expect(verdict.kind).not.toBe("none");
      if (verdict.kind === "one") expect([...group.customcrm, ...group.exact]).toContain(verdict.id);
    }
  }
}
