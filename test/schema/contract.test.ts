import { readFileSync } from "node:fs";
import { BreakingChangeType, buildSchema, findBreakingChanges } from "graphql";
import { expect, it } from "vitest";
import { buildTandemSchema } from "../../src/resolvers/build-schema.js";
import { printTandemSchema } from "../../src/resolvers/print-schema.js";
import { idleParts } from "./helpers.js";

/** What later work owes of the contract. It only shrinks: what has landed must be taken from this list. */
const owed = [
  "AccountFields",
  "AccountPayload",
  "ChooseMatchInput",
  "ConflictChoice",
  "ConflictValue",
  "ContactFields",
  "ContactPayload",
  "CreateAccountInput",
  "CreateContactInput",
  "CreateProductInput",
  "DataflowPayload",
  "DeleteInput",
  "DeletePayload",
  "EntityChange",
  "EntityChangeKind",
  "HeldWork",
  "LinkPayload",
  "LinkRecordsInput",
  "MatchAction",
  "MatchChoice",
  "Mutation",
  "PartialFailure",
  "ProductFields",
  "ProductPayload",
  "ResolveConflictInput",
  "Subscription",
  "SyncInput",
  "SyncPayload",
  "UpdateAccountInput",
  "UpdateContactInput",
  "UpdateProductInput",
  "WhenBusy",
];

const contract = buildSchema(readFileSync("contracts/gateway.graphql", "utf8"));
const built = buildTandemSchema(idleParts());
const changes = findBreakingChanges(contract, built);

it("breaks nothing of the contract but what is still owed", () => {
  const others = changes.filter(({ type, description }) => type !== BreakingChangeType.TYPE_REMOVED || !owed.includes(description.split(" ")[0] ?? ""));
  expect(others).toEqual([]);
});

it("owes nothing that is there already", () => {
  expect(owed.filter((name) => built.getType(name) !== undefined)).toEqual([]);
  expect(owed.filter((name) => contract.getType(name) === undefined)).toEqual([]);
});

it("is the schema that is committed", () => {
  expect(readFileSync("schema.graphql", "utf8")).toBe(printTandemSchema(built));
});
