import { expect, it } from "vitest";
import { type CreateRule, type Dataflow, dataflowOf, dataflows } from "../../src/domain/dataflow.js";
import { ruleSentence } from "../../src/resolvers/dataflow-rule.js";

const account = dataflowOf(dataflows, "ACCOUNT");
const withRules = (toExact: CreateRule, toCustomcrm: CreateRule): Dataflow => ({ ...account, create: { toExact, toCustomcrm } });

it("tells the shipped rule of accounts in whole sentences", () => {
  expect(ruleSentence(account)).toBe(
    "Every Customcrm Customer is synchronized with an Exact Accounts record, and the other way round: once linked, they stay in sync wherever they are edited. " +
      "A counterpart is looked for first, by vatNumber, then chamberOfCommerce with country, then email with name, then name with postcode. " +
      "In Exact, an Accounts record is created for a Customer that has none. " +
      "In Customcrm, no Customer is created for an Exact Accounts record that has none. " +
      "The Exact id is kept in the ExternalId of the Customer.",
  );
});

it("says that products are never matched", () => {
  expect(ruleSentence(dataflowOf(dataflows, "PRODUCT"))).toContain("Counterparts are never looked for");
});

it.each<[CreateRule, string]>([
  [{ kind: "never" }, "no Accounts record is created for a Customer that has none."],
  [
    { kind: "whenReferenced", by: ["CONTACT", "PRODUCT"] },
    "an Accounts record is created for a Customer that has none once a contact or a product refers to it.",
  ],
  [
    { kind: "when", filter: { field: "country", equals: "NL" }, reason: "Only Dutch firms are invoiced." },
    'an Accounts record is created for a Customer that has none if its country is "NL": Only Dutch firms are invoiced.',
  ],
])("tells the rule %j", (rule, sentence) => {
  expect(ruleSentence(withRules(rule, { kind: "never" }))).toContain(`In Exact, ${sentence}`);
});
