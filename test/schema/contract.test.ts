import { readFileSync } from "node:fs";
import { BreakingChangeType, buildSchema, findBreakingChanges, isInterfaceType, isObjectType, isScalarType } from "graphql";
import { describe, expect, it } from "vitest";
import { customcrmProperties } from "../../src/domain/customcrm-properties.js";
import { type Dataflow, dataflows, retargets } from "../../src/domain/dataflow.js";
import { exactProperties } from "../../src/domain/exact-properties.js";
import type { System } from "../../src/domain/words.js";
import { buildTandemSchema } from "../../src/resolvers/build-schema.js";
import type { ResolverParts } from "../../src/resolvers/parts.js";
import { printTandemSchema } from "../../src/resolvers/print-schema.js";
import { fieldName, typeName } from "../../src/resolvers/record-objects.js";

/** What later work owes of the contract: mutations, subscriptions, and the types that only they reach. It only shrinks. */
const owed: readonly string[] = [];

// Nothing is resolved here, so that no part of the house is needed.
const built = buildTandemSchema({} as ResolverParts);
const contract = buildSchema(readFileSync("contracts/gateway.graphql", "utf8"));

describe("the contract", () => {
  it("is broken in nothing but what is still owed", () => {
    const others = findBreakingChanges(contract, built).filter(
      ({ type, description }) => type !== BreakingChangeType.TYPE_REMOVED || !owed.includes(description.split(" ")[0] ?? ""),
    );
    expect(others).toEqual([]);
  });

  it("is owed nothing that is there already, or that it does not name", () => {
    expect(owed.filter((name) => built.getType(name) || !contract.getType(name))).toEqual([]);
  });

  it("has its defaults and its @oneOf inputs in the built schema", () => {
    const oneOfs = (schema: typeof built) => Object.values(schema.getTypeMap()).flatMap((type) => ("isOneOf" in type && type.isOneOf ? [type.name] : []));
    expect(oneOfs(built).sort()).toEqual(
      oneOfs(contract)
        .filter((name) => !owed.includes(name))
        .sort(),
    );
    const first = built
      .getQueryType()
      ?.getFields()
      .accounts?.args.find(({ name }) => name === "first");
    expect([String(first?.type), first?.defaultValue]).toEqual(["Int", 50]);
  });
});

describe("the schema", () => {
  it("is the one that is committed", () => {
    expect(readFileSync("schema.graphql", "utf8")).toBe(printTandemSchema(built));
  });

  it("tells of every type what it is, but for edges", () => {
    const silent = Object.values(built.getTypeMap()).filter(
      ({ name, description }) => !description && !/^_|^link__|^federation__|Edge$|^(Query|Mutation|Subscription|Int|String|Boolean|ID|Float)$/.test(name),
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it("gives times as text with milliseconds", () => {
    const type = built.getType("DateTime");
    expect(isScalarType(type) && JSON.stringify(type.serialize("2026-03-01T12:00:00Z"))).toBe('"2026-03-01T12:00:00.000Z"');
  });
});

const fieldsOf = (name: string): readonly string[] => {
  const type = built.getType(name);
  return isObjectType(type) || isInterfaceType(type) ? Object.keys(type.getFields()) : [];
};

describe.each([...dataflows, ...retargets].map((flow) => [flow.type, flow.exact, flow] as const))("the dataflow of %s to %s", (_type, _exact, flow) => {
  it("has all its fields in the unified type", () => {
    const unified = { ACCOUNT: "Account", CONTACT: "Contact", PRODUCT: "Product" }[flow.type];
    expect(fieldsOf(unified)).toEqual(expect.arrayContaining(flow.rows.map((row) => row.field)));
  });

  it.each(["CUSTOMCRM", "EXACT"] as const)("has all its properties of %s in the type of that record, which shows none that there is not", (system) => {
    const shown = fieldsOf(typeName(system, flow)).filter((field) => !["recordId", "asOf", "modifiedAt"].includes(field));
    const mapped = flow.rows.map((row) => fieldName(system, flow, system === "CUSTOMCRM" ? row.customcrm : row.exact));
    expect(shown).toEqual(expect.arrayContaining(mapped));
    expect(propertiesOf(system, flow).map((property) => fieldName(system, flow, property))).toEqual(expect.arrayContaining(shown));
  });
});

function propertiesOf(system: System, flow: Dataflow): readonly string[] {
  if (system === "CUSTOMCRM") return Object.keys(customcrmProperties[flow.customcrm]);
  return Object.keys(exactProperties[flow.exact]);
}

it("shows a property that a site has renamed under its usual name", () => {
  const [account] = dataflows;
  if (!account) throw new Error("no dataflow");
  const renamed: Dataflow = { ...account, rows: account.rows.map((row) => (row.field === "postcode" ? { ...row, customcrm: "PostalCode" } : row)) };
  expect(fieldName("CUSTOMCRM", renamed, "PostalCode")).toBe("zipCode");
  expect(fieldName("CUSTOMCRM", renamed, "City")).toBe("city");
});
