import { describe, expect, it } from "vitest";
import { dataflowOf, dataflows } from "../../src/domain/dataflow.js";
import { checkFields } from "../../src/sync/validate.js";

const account = dataflowOf(dataflows, "ACCOUNT");
const contact = dataflowOf(dataflows, "CONTACT");
const product = dataflowOf(dataflows, "PRODUCT");
const faults = (checked: ReturnType<typeof checkFields>) => (checked.ok ? [] : checked.errors.map((error) => `${error.field?.[0]}: ${error.message}`));

describe("the input of a mutation", () => {
  it("comes out canonical, with null for what clears and nothing for what was left out", () => {
    expect(checkFields(account, { name: "  Bakkerij Jansen ", country: "nl", phone: "", fax: undefined, website: null }, "CREATE")).toEqual({
      ok: true,
      fields: { name: "Bakkerij Jansen", country: "NL", phone: null, website: null },
    });
  });

  it("takes an account by its entity id and a product's number, which only Customcrm has", () => {
    expect(checkFields(product, { name: "Lamp", number: "L-1", accountId: "acc_1" }, "CREATE")).toEqual({
      ok: true,
      fields: { name: "Lamp", number: "L-1", account: "acc_1" },
    });
  });

  it("tells all faults in one answer", () => {
    expect(faults(checkFields(contact, { email: "nobody", birthDate: "31-12-1980", firstName: "x".repeat(101) }, "CREATE"))).toEqual([
      'email: email must be an e-mail address; got "nobody".',
      'birthDate: birthDate must be a date as YYYY-MM-DD; got "31-12-1980".',
      "firstName: firstName may have at most 100 characters (Customcrm); got 101.",
      "lastName: lastName is required.",
      "accountId: accountId is required.",
    ]);
  });

  it.each([
    ["a country that is not two letters", account, { country: "Nederland" }, /country must be a country as two letters/],
    ["an address line that Exact would not take", account, { addressLine1: "x".repeat(81) }, /at most 80 characters \(Exact Online\)/],
    ["a control character", account, { name: "a\u0000b" }, /control character/],
    ["half a character", account, { name: "a\ud83d" }, /half a character/],
    ["an empty name", account, { name: " " }, /name can't be empty/],
    ["a number where text belongs", account, { phone: 31 }, /phone must be text or null; got number/],
    ["a date that does not exist", contact, { birthDate: "2023-02-29" }, /birthDate must be a date/],
  ])("refuses %s in an update", (_what, flow, input, message) => {
    expect(faults(checkFields(flow, input, "UPDATE")).join()).toMatch(message);
  });

  it("keeps newlines in a description, and emoji and right-to-left text anywhere", () => {
    expect(checkFields(account, { description: "one\r\ntwo", name: "Café 🚲 שלום" }, "UPDATE")).toEqual({
      ok: true,
      fields: { description: "one\ntwo", name: "Café 🚲 שלום" },
    });
  });

  it("requires nothing in an update", () => {
    expect(checkFields(contact, { mobile: "+31 6 1234" }, "UPDATE").ok).toBe(true);
  });
});
