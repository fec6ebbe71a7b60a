import { describe, expect, it } from "vitest";
import { indexEntryOf, matchKeysOf, termOf } from "../../src/sync/index-entry.js";
import { account, contact, entityOf, product } from "./decide-helpers.js";

const oneSided = { records: { CUSTOMCRM: "c1", EXACT: null }, state: "UNLINKED" } as const;

describe("what lists find an entity by", () => {
  it("folds case and accents of an account's name", () => {
    const index = indexEntryOf(account, entityOf({ fields: { name: "Café  Zürich BV" } }));
    expect(index.sortName).toBe("cafe zurich bv");
    expect(index.names).toEqual([]);
  });

  it("finds a contact by first and last name, beside the full one that lists are sorted by", () => {
    const index = indexEntryOf(contact, entityOf({ type: "CONTACT", fields: { firstName: "Renée", lastName: "de Boer" } }));
    expect(index.sortName).toBe("renee de boer");
    expect(index.names).toEqual(["renee", "de boer"]);
  });

  it.each([
    ["only a first name", { firstName: "Ann", lastName: null }, ["ann"]],
    ["only a last name", { firstName: null, lastName: "Vos" }, ["vos"]],
    ["no name at all", { firstName: null, lastName: null }, []],
  ])("finds a contact with %s", (_, fields, names) => {
    expect(indexEntryOf(contact, entityOf({ type: "CONTACT", fields })).names).toEqual(names);
  });

  it("gives each filter its term, folded; a field without a value gives none", () => {
    const fields = { email: "Info@Acme.NL", country: "NL", postcode: "1234 AB", vatNumber: "NL 001.234", chamberOfCommerce: null };
    expect(indexEntryOf(account, entityOf({ fields })).terms).toEqual({ email: "info@acme.nl", country: "nl", postcode: "1234ab", vatNumber: "nl001234" });
  });

  it("finds contacts and products by their account's entity id, and products by number", () => {
    expect(indexEntryOf(contact, entityOf({ type: "CONTACT", fields: { account: "Entity-A" } })).terms.accountId).toBe("Entity-A");
    expect(indexEntryOf(product, entityOf({ type: "PRODUCT", fields: { name: "Bolt", account: "Entity-A" } }), { number: "P-100" }).terms).toEqual({
      accountId: "Entity-A",
      number: "p100",
    });
  });

  it("folds what a filter asks for in the same way", () => {
    expect(termOf("postcode", "1234ab")).toBe(termOf("postcode", "1234 AB"));
    expect(termOf("accountId", "E1")).toBe("E1");
    expect(termOf("unknown", "x")).toBeNull();
    expect(termOf("email", null)).toBeNull();
  });
});

describe("what a counterpart is found by (R6)", () => {
  it("names the side that has the record, the alternative and the folded parts", () => {
    const fields = { vatNumber: "NL001", chamberOfCommerce: "123", country: "NL", email: "a@b.nl", name: "Acme", postcode: "1234 AB" };
    expect(matchKeysOf(account, "EXACT", fields)).toEqual(["EXACT:0:nl001", "EXACT:1:123\u0001nl", "EXACT:2:a@b.nl\u0001acme", "EXACT:3:acme\u00011234ab"]);
  });

  it("an alternative with an empty part gives no key", () => {
    expect(matchKeysOf(account, "CUSTOMCRM", { chamberOfCommerce: "123", email: "a@b.nl", name: "---" })).toEqual(["CUSTOMCRM:2:a@b.nl\u0001---"]);
    expect(matchKeysOf(account, "CUSTOMCRM", {})).toEqual([]);
    expect(matchKeysOf(account, "CUSTOMCRM", { vatNumber: " - " })).toEqual([]);
  });

  it("an alternative over a row that is switched off gives no key", () => {
    const without = { ...account, rows: account.rows.filter((row) => row.field !== "vatNumber") };
    expect(matchKeysOf(without, "EXACT", { vatNumber: "NL001" })).toEqual([]);
  });

  it("keeps parts apart, so that two values never read as one", () => {
    const keys = (firstName: string, lastName: string) => matchKeysOf(contact, "EXACT", { account: "A", firstName, lastName });
    expect(keys("Jan Piet", "Vos")).not.toEqual(keys("Jan", "Piet Vos"));
  });

  it("a contact without a known account has no keys, and one of another account has others", () => {
    expect(matchKeysOf(contact, "EXACT", { account: null, email: "a@b.nl" })).toEqual([]);
    expect(matchKeysOf(contact, "EXACT", { account: "A", email: "a@b.nl" })).not.toEqual(matchKeysOf(contact, "EXACT", { account: "B", email: "a@b.nl" }));
  });

  it.each([
    ["one side, not linked", { ...oneSided }, 1],
    ["one side, detached: a candidate for REVIEW", { ...oneSided, state: "DETACHED" as const }, 1],
    ["linked", {}, 0],
    ["no record yet", { records: { CUSTOMCRM: null, EXACT: null } }, 0],
  ])("an entity carries keys while it lacks a side: %s", (_, over, count) => {
    expect(indexEntryOf(account, entityOf({ fields: { vatNumber: "NL001" }, ...over })).matchKeys).toHaveLength(count);
  });

  it("a product has no match rule, so no keys", () => {
    expect(indexEntryOf(product, entityOf({ type: "PRODUCT", ...oneSided, fields: { name: "Bolt", email: "a@b.nl", account: "A" } })).matchKeys).toEqual([]);
  });
});
