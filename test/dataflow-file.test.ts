import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDataflowFile, readDataflowFile } from "../src/dataflow-file.js";
import { dataflows } from "../src/domain/dataflow.js";
import { InvalidInputError } from "../src/domain/errors.js";

const faultsOf = (text: string): string[] => {
  try {
    parseDataflowFile(text);
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  return [];
};

/** Few lines that come to 9 to the power of `levels` values. */
const bombOf = (levels: number): string =>
  Array.from(
    { length: levels },
    (_, i) =>
      `k${i}: &k${i} [${Array(9)
        .fill(i === 0 ? "1" : `*k${i - 1}`)
        .join(", ")}]`,
  ).join("\n");

describe("dataflow.yml", () => {
  it("changes nothing when it is empty", () => {
    expect(parseDataflowFile("").flows).toEqual(dataflows);
  });

  it("changes creation, matching, deletion, policy, direction and names of one dataflow and leaves the others alone", () => {
    const settings = parseDataflowFile(`
dataflows:
  ACCOUNT:
    create: { toCustomcrm: always }
    match: [[vatNumber]]
    delete: ARCHIVE
    conflict: CUSTOMCRM
    fields:
      phone: { direction: TO_EXACT, conflict: MANUAL, customcrmProperty: Telephone }
      fax: { off: true }
products: { defaultAccount: 0f8fad5b-d9cb-469f-a165-70867728950e }
guards: { deletions: { count: 5, percent: 1 } }
clockToleranceSeconds: 60
`);
    const account = settings.flows.find((flow) => flow.type === "ACCOUNT");
    expect(account?.create).toEqual({ toExact: { kind: "always" }, toCustomcrm: { kind: "always" } });
    expect(account?.match).toEqual([["vatNumber"]]);
    expect(account?.onDelete).toBe("ARCHIVE");
    expect(account?.rows.find((row) => row.field === "phone")).toMatchObject({ direction: "TO_EXACT", policy: "MANUAL", customcrm: "Telephone" });
    expect(account?.rows.find((row) => row.field === "email")).toMatchObject({ policy: "CUSTOMCRM" });
    expect(account?.rows.some((row) => row.field === "fax")).toBe(false);
    expect(settings.flows.filter((flow) => flow.type !== "ACCOUNT")).toEqual(dataflows.filter((flow) => flow.type !== "ACCOUNT"));
    expect(settings).toMatchObject({ defaultAccount: "0f8fad5b-d9cb-469f-a165-70867728950e", clockToleranceMs: 60_000 });
    expect(settings.guards.deletions).toEqual({ count: 5, percent: 1 });
    expect(settings.guards.creates).toEqual({ count: 50, percent: 10 });
  });

  it("keeps products as items of Exact, by their number, and changes that dataflow like any other", () => {
    const { flows } = parseDataflowFile("dataflows:\n  PRODUCT:\n    exact: Items\n    delete: ARCHIVE\n    fields: { description: { off: true } }\n");
    expect(flows.map(({ type, exact }) => [type, exact])).toEqual([
      ["ACCOUNT", "Accounts"],
      ["CONTACT", "Contacts"],
      ["PRODUCT", "Items"],
    ]);
    expect(flows[2]).toMatchObject({ match: [["number"]], onDelete: "ARCHIVE", exactDefaults: { IsSalesItem: true } });
    expect(flows[2]?.rows.map(({ customcrm, exact }) => [customcrm, exact])).toEqual([
      ["Number", "Code"],
      ["Name", "Description"],
    ]);
    expect(flows[2]?.remark).toBeUndefined();
  });

  it("refuses records of Exact that a type can't be kept as, and fields that those have not, by line and path", () => {
    expect(faultsOf("dataflows:\n  PRODUCT:\n    exact: Itemz\n  CONTACT:\n    exact: Items\n")).toEqual([
      "dataflow.yml:5: dataflows.CONTACT.exact: CONTACT can't be kept there; it can be kept as Contacts.",
      "dataflow.yml:3: dataflows.PRODUCT.exact: PRODUCT can't be kept there; it can be kept as Contacts or Items.",
    ]);
    expect(faultsOf("dataflows:\n  PRODUCT:\n    exact: Items\n    fields: { email: { off: true }, number: { off: true } }\n")).toEqual([
      'dataflow.yml:4: dataflows.PRODUCT.fields.email: PRODUCT has no field "email"; it has number, name, description.',
      "dataflow.yml:4: dataflows.PRODUCT.fields.number.off: no record can be made without this field.",
    ]);
  });

  it("names every fault at once, each with its line and path", () => {
    const faults = faultsOf(`dataflows:
  ACCOUNT:
    match: [[vatNummer]]
    fields:
      telephone: { direction: BOTH }
      name: { off: true }
  CONTACT:
    delete: BURN
`);
    expect(faults).toEqual([expect.stringMatching(/^dataflow\.yml:8: dataflows\.CONTACT\.delete: /)]);
    const names = faultsOf(`dataflows:
  ACCOUNT:
    match: [[vatNummer]]
    fields:
      telephone: { direction: BOTH }
      name: { off: true }
`);
    expect(names).toHaveLength(3);
    expect(names[0]).toMatch(/^dataflow\.yml:5: dataflows\.ACCOUNT\.fields\.telephone: ACCOUNT has no field "telephone"/);
    expect(names[1]).toMatch(/^dataflow\.yml:3: dataflows\.ACCOUNT\.match\.0\.0: ACCOUNT has no field "vatNummer"/);
    expect(names[2]).toMatch(/name\.off: no record can be made without this field/);
  });

  it("names the line of a name that it does not know, not that of what holds it", () => {
    expect(faultsOf("guards:\n  creates: { count: 1, percent: 2 }\n  wishes:\n    count: 3\ndataflow: {}\n")).toEqual([
      "dataflow.yml:3: guards.wishes: Unrecognized key.",
      "dataflow.yml:5: dataflow: Unrecognized key.",
    ]);
  });

  it.each([
    ["an alias without an anchor", "dataflows: *all", "dataflow.yml:1: *all names no anchor above it."],
    ["aliases that grow beyond measure", bombOf(8), "dataflow.yml:1: the file: Excessive alias count indicates a resource exhaustion attack."],
    ["a tag", "dataflows: !mine {}", "dataflow.yml:1: Unresolved tag: !mine"],
    ["a name that is a list", "? [a]\n: b", "dataflow.yml:1: A name must be plain text."],
    ["a name that objects have", "dataflows: { ACCOUNT: { fields: { __proto__: { off: true } } } }", "dataflow.yml:1: A name must be plain text."],
    ["brackets without end", `a: 1\nb: ${"[".repeat(5_000)}`, "dataflow.yml:2: the file: it is nested deeper than any settings are."],
    ["dashes without end", "- ".repeat(5_000), "dataflow.yml:1: the file: it is nested deeper than any settings are."],
    [
      "a rule of creation that there is not",
      "dataflows:\n  ACCOUNT:\n    create: { toExact: sometimes }",
      "dataflow.yml:3: dataflows.ACCOUNT.create.toExact: expected always, never, { whenReferenced: [types] } or { when: { field, equals }, reason }",
    ],
    [
      "matching that is no list",
      "dataflows: { ACCOUNT: { match: name } }",
      "dataflow.yml:1: dataflows.ACCOUNT.match: expected none, or a list of lists of fields",
    ],
    [
      "creation when somebody refers who never does",
      "dataflows: { CONTACT: { create: { toExact: { whenReferenced: [PRODUCT] } } } }",
      "dataflow.yml:1: dataflows.CONTACT.create.toExact.whenReferenced: PRODUCT never refers to CONTACT.",
    ],
    [
      "a field in the place of the record's id",
      "dataflows: { ACCOUNT: { fields: { fax: { customcrmProperty: ExternalId } } } }",
      'dataflow.yml:1: dataflows.ACCOUNT.fields.fax.customcrmProperty: "ExternalId" is not a property for fields: Customcrm and the link map use it.',
    ],
    [
      "matching on a field that is off",
      "dataflows: { ACCOUNT: { match: [[fax]], fields: { fax: { off: true } } } }",
      'dataflow.yml:1: dataflows.ACCOUNT.match.0.0: the field "fax" is switched off.',
    ],
  ])("refuses %s in so many words", (_what, text, message) => {
    expect(faultsOf(text)).toEqual([message]);
  });

  it("is refused as a file when it is none, or no text", () => {
    const dir = mkdtempSync(join(tmpdir(), "tandem-yml-"));
    try {
      writeFileSync(join(dir, "latin1.yml"), Buffer.from("products: {} # caf\xe9", "latin1"));
      expect(() => readDataflowFile(join(dir, "latin1.yml"))).toThrow(/latin1\.yml can't be read: it is not text in UTF-8\.$/);
      expect(() => readDataflowFile(dir)).toThrow(InvalidInputError);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it.each([
    ["an unknown key", "dataflow: {}", /Unrecognized key/],
    ["broken YAML", "dataflows: [", /dataflow\.yml:1/],
    ["one Customcrm property for two fields", "dataflows: { ACCOUNT: { fields: { fax: { customcrmProperty: Phone } } } }", /"Phone" would hold two fields/],
    ["a default account that is no guid", "products: { defaultAccount: acme }", /products\.defaultAccount/],
  ])("refuses %s", (_what, text, message) => {
    expect(faultsOf(text).join("\n")).toMatch(message);
  });
});
