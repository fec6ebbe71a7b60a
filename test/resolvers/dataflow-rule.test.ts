import { expect, it } from "vitest";
import { type CreateRule, type Dataflow, dataflowOf, dataflows } from "../../src/domain/dataflow.js";
import { ruleSentence } from "../../src/resolvers/dataflow-rule.js";

const account = dataflowOf(dataflows, "ACCOUNT");
const withRules = (toExact: CreateRule, toCustomcrm: CreateRule): Dataflow => ({ ...account, create: { toExact, toCustomcrm } });

it("tells the shipped rule of accounts in whole sentences", () => {
  expect(ruleSentence(account, dataflows)).toBe(
    "Every Customcrm Customer is synchronized with an Exact Accounts. " +
      "If there is a matching Exact Accounts already, the Customer is linked with it. If there is no matching Exact Accounts, a new one is created. " +
      "They match by vatNumber, then chamberOfCommerce with country, then email with name, then name with postcode. " +
      "From Exact to Customcrm: no Customcrm Customer is created. " +
      "Once a Customcrm Customer and an Exact Accounts are linked, they are kept in sync, wherever either of them is edited. " +
      "The ID of the Exact Accounts is kept in the ExternalId of the Customcrm Customer.",
  );
});

it("says that products are never matched", () => {
  expect(ruleSentence(dataflowOf(dataflows, "PRODUCT"), dataflows)).not.toContain("match");
});

it.each<[CreateRule, string]>([
  [{ kind: "never" }, "Before anything is synchronized, a Customcrm Customer and an Exact Accounts must be linked. No Exact Accounts is created for it."],
  [
    { kind: "whenReferenced", by: ["CONTACT", "PRODUCT"] },
    "A new Exact Accounts is created from a Customcrm Customer only once a Customcrm Contact or a Customcrm Product refers to it and is synchronized into Exact.",
  ],
  [
    { kind: "when", filter: { field: "country", equals: "NL" }, reason: "Only Dutch firms are invoiced." },
    'If its country is "NL", a Customcrm Customer is synchronized with an Exact Accounts. Only Dutch firms are invoiced.',
  ],
])("tells the rule %j", (rule, sentence) => {
  expect(ruleSentence(withRules(rule, { kind: "never" }), dataflows)).toContain(sentence);
});

it("tells the other direction apart, with that system's names", () => {
  const rule = ruleSentence(withRules({ kind: "always" }, { kind: "whenReferenced", by: ["CONTACT"] }), dataflows);
  expect(rule).toContain(
    "From Exact to Customcrm: an Exact Accounts without a counterpart gets a new Customcrm Customer once an Exact Contacts (contact data) refers to it.",
  );
});
