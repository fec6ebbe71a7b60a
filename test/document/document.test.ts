import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseDataflowFile } from "../../src/dataflow-file.js";
import type { Block } from "../../src/document/blocks.js";
import { documentOf, documentWriters, parseDocument, tableOf } from "../../src/document/index.js";
import { type CreateRule, type Dataflow, dataflows } from "../../src/domain/dataflow.js";
import { type System, systems } from "../../src/domain/words.js";
import { fixture, headingsOf, readByDocutils, readByUs } from "./helpers.js";

const documentFor = (flows: readonly Dataflow[], from: System = "CUSTOMCRM") =>
  documentOf(flows, { from, shipped: dataflows, now: Date.UTC(2026, 10, 24, 3, 4, 5) });
const byProperties = (flows: readonly Dataflow[]) =>
  flows.map((flow) => ({ ...flow, rows: [...flow.rows].sort((a, b) => (a.customcrm < b.customcrm ? -1 : 1)) }));

const outlineOf = (blocks: readonly Block[]) =>
  blocks.flatMap((block) => (block.kind === "title" || block.kind === "heading" ? [block.text] : block.kind === "table" ? [`${block.rows.length} rows`] : []));

const rules: readonly CreateRule[] = [
  { kind: "always" },
  { kind: "never" },
  { kind: "whenReferenced", by: ["CONTACT"] },
  { kind: "whenReferenced", by: ["CONTACT", "PRODUCT"] },
  { kind: "when", filter: { field: "country", equals: 'the "N*L" | `x` \\ foo_' }, reason: "Only firms of *our* country_ are invoiced. Ask |sales|." },
];
const rulePairs = rules.flatMap((toExact) => rules.map((toCustomcrm) => ({ toExact, toCustomcrm })));

describe("the dataflow document", () => {
  it("has the sections of its source, in its order, each with its tables", () => {
    const text = documentWriters.rst(documentFor(dataflows));
    expect(outlineOf(readByUs(text))).toEqual([
      "Customcrm to Exact Dataflow",
      "Introduction",
      "Customcrm Contact to Exact Contacts",
      "2 rows",
      "9 rows",
      "Customcrm Customer to Exact Accounts",
      "4 rows",
      "13 rows",
      "Customcrm Product to Exact Contacts",
      "5 rows",
    ]);
    expect(text).toContain("\nGenerated: 2026-11-24 03:04:05\n");
    expect(text).toContain("The pairing is unusual");
  });

  it("claims nobody's ownership or confidence", () => {
    expect(documentWriters.rst(documentFor(dataflows))).not.toMatch(/confidential|property of|NDA|permission|sesam/i);
  });

  it.each(systems)("seen from %s parses back to the table that it was made from", (from) => {
    const made = documentFor(dataflows, from);
    const { document, unread } = parseDocument(documentWriters.rst(made));
    expect(unread).toEqual([]);
    expect(document).toEqual(made);
    expect(byProperties(tableOf(document))).toEqual(byProperties(dataflows));
  });

  it.each(rulePairs)("says creation by $toExact and back by $toCustomcrm, with matching and without, so that it is read back", (create) => {
    for (const from of systems) {
      const flows = dataflows.map((flow) => ({ ...flow, create, match: flow.type === "CONTACT" ? [] : flow.match }));
      const made = documentFor(flows, from);
      const { document, unread } = parseDocument(documentWriters.rst(made));
      expect(unread).toEqual([]);
      expect(document).toEqual(made);
      expect(tableOf(document).map((flow) => flow.create)).toEqual([create, create, create]);
    }
  });

  it.each(systems)("of a site that keeps products as items, seen from %s, says so, without the remark, and is read back", (from) => {
    const { flows } = parseDataflowFile("dataflows:\n  PRODUCT:\n    exact: Items\n    delete: PROPAGATE\n");
    const made = documentFor(flows, from);
    const { document, unread } = parseDocument(documentWriters.rst(made));
    expect(unread).toEqual([]);
    expect(document).toEqual(made);
    expect(byProperties(tableOf(document))).toEqual(byProperties(flows));
    const section = document.sections.find((one) => [one.source, one.target].includes("Product"));
    expect(section?.remark).toBeNull();
    expect(section?.overrides).toEqual([
      { setting: "Kept in Exact as", shipped: "Contacts", here: "Items" },
      { setting: "Deletion", shipped: "DETACH", here: "PROPAGATE" },
    ]);
  });

  it("says what a site's dataflow.yml changes, as shipped and as it is here", () => {
    const { flows } = parseDataflowFile(`
dataflows:
  ACCOUNT:
    create: { toCustomcrm: always }
    match: [[vatNumber]]
    delete: PROPAGATE
    fields:
      phone: { direction: TO_EXACT, conflict: MANUAL, customcrmProperty: Phone_ }
      fax: { off: true }
`);
    const made = documentFor(flows);
    const { document, unread } = parseDocument(documentWriters.rst(made));
    expect(unread).toEqual([]);
    expect(document).toEqual(made);
    expect(document.sections.map(({ overrides }) => overrides.length)).toEqual([0, 7, 0]);
    expect(document.sections[1]?.overrides).toEqual([
      { setting: "Creation in Customcrm", shipped: "never", here: "always" },
      { setting: "Matching", shipped: "vatNumber, then chamberOfCommerce with country, then email with name, then name with postcode", here: "vatNumber" },
      { setting: "Deletion", shipped: "DETACH", here: "PROPAGATE" },
      { setting: "Customcrm property of phone", shipped: "Phone", here: "Phone_" },
      { setting: "Direction of phone", shipped: "both ways", here: "to Exact only" },
      { setting: "Conflict in phone", shipped: "the newest wins", here: "a person decides" },
      { setting: "Field fax", shipped: "on", here: "off" },
    ]);
    expect(byProperties(tableOf(document))).toEqual(byProperties(flows));
  });
});

const shipped = documentWriters.rst(documentFor(dataflows));
const itemsSite = parseDataflowFile(`
dataflows:
  ACCOUNT: { match: none, create: { toCustomcrm: { when: { field: country, equals: "N*L_" }, reason: "*Ours* only_." } }, conflict: MANUAL }
  PRODUCT: { exact: Items, fields: { name: { customcrmProperty: Name_ } } }
`).flows;
const markup = dataflows.map((flow) => ({ ...flow, create: { toExact: rules[4] ?? { kind: "always" as const }, toCustomcrm: flow.create.toCustomcrm } }));
const valid = {
  "the document seen from Customcrm": shipped,
  "the document seen from Exact": documentWriters.rst(documentFor(dataflows, "EXACT")),
  "docs/dataflow.rst": readFileSync(new URL("../../docs/dataflow.rst", import.meta.url), "utf8"),
  "a document of a site that keeps products as items, and changes much else": documentWriters.rst(documentFor(itemsSite)),
  "a document in which a site's words look like markup": documentWriters.rst(documentFor(markup)),
};
const invalid = {
  "a short underline": shipped.replace("\n------------\n", "\n-------\n"),
  "a table with an uneven row": shipped.replace("     - CustomerId\n", "").replace("     - Account and Email\n", ""),
};
const sourceFormat = fixture("source-format.rst");
const docutils = readByDocutils({ ...valid, ...invalid, source: sourceFormat });

describe(
  docutils ? `reStructuredText, by docutils ${docutils.version}` : "reStructuredText, by our own strict reader (python3-docutils is not installed)",
  () => {
    it.each(Object.entries(valid))("is %s, block by block and cell by cell as we read it", (name, text) => {
      const read = docutils?.read[name];
      expect(read?.fault).toBeUndefined();
      expect(read?.blocks ?? readByUs(text)).toEqual(readByUs(text));
    });

    it.each(Object.entries(invalid))("is not %s", (name, text) => {
      if (docutils) expect(docutils.read[name]?.fault).toBeTruthy();
      expect(() => readByUs(text)).toThrow(/must be as long|has 1 cells/);
    });

    it("has in ours the headings of the source's document, in its order", () => {
      const ours = headingsOf(docutils?.read["the document seen from Customcrm"]?.blocks ?? readByUs(shipped));
      // To docutils a table without rows, as all of the source's are, is a fault; all else it can read.
      expect(ours).toEqual(headingsOf(docutils?.read.source?.lenient ?? readByUs(sourceFormat)));
      expect(ours).toEqual([
        "Introduction",
        "Customcrm Contact to Exact Contacts",
        "Customcrm Customer to Exact Accounts",
        "Customcrm Product to Exact Contacts",
      ]);
    });
  },
);

describe("a document in the format of the source", () => {
  const source = parseDocument(sourceFormat);

  it("parses to its three pairs, each created always", () => {
    expect(source.unread).toEqual([]);
    expect(source.document).toMatchObject({ source: "Customcrm", target: "Exact", generated: "2024-09-10 14:10:00" });
    expect(source.document.sections.map(({ source, target, create }) => [source, target, create])).toEqual([
      ["Contact", "Contacts", { kind: "always" }],
      ["Customer", "Accounts", { kind: "always" }],
      ["Product", "Contacts", { kind: "always" }],
    ]);
  });

  it("reads the same with the line ends of Windows", () => {
    expect(parseDocument(sourceFormat.replaceAll("\n", "\r\n"))).toEqual(source);
  });

  it("becomes our table by adding exactly the matching of two, the rows of all, what a new account is given, and a remark", () => {
    const from = tableOf(source.document);
    const added = dataflows.map((ours, i) => {
      const said = from[i];
      return [ours.type, Object.keys(ours).filter((key) => JSON.stringify(ours[key as keyof Dataflow]) !== JSON.stringify(said?.[key as keyof Dataflow]))];
    });
    expect(added).toEqual([
      ["ACCOUNT", ["match", "exactDefaults", "rows"]],
      ["CONTACT", ["match", "rows"]],
      ["PRODUCT", ["remark", "rows"]],
    ]);
    expect(from.every((flow) => flow.match.length === 0 && flow.rows.length === 0)).toBe(true);
    expect(dataflows.map((flow) => [flow.match.length, flow.rows.length])).toEqual([
      [4, 13],
      [2, 9],
      [0, 5],
    ]);
  });

  it("keeps the format's other rules: references, matching, conditions, links only", () => {
    const { document, unread } = parseDocument(fixture("every-rule.rst"));
    expect(unread).toEqual([]);
    expect(document.sections).toMatchObject([
      {
        source: "Quote",
        target: "Salesorders",
        create: { kind: "whenReferenced", by: ["Quoteline", "Customer", "Address (location data)"] },
        match: [{ source: ["number"], target: ["OrderNumber"] }],
        rows: [{ source: "address.city (Dependant on having wd:Q1 in role)", target: "City", dataType: '"string"', own: null }],
      },
      { source: "Deal", target: "Quotations", create: { kind: "when", filter: null, reason: "When the deal is won for certain" }, rows: [] },
      { source: "Person", target: "Contacts", create: { kind: "never" }, match: [], rows: [] },
    ]);
  });

  it("written by us again, reads the same", () => {
    const { document } = parseDocument(fixture("every-rule.rst"));
    expect(parseDocument(documentWriters.rst(document)).document).toEqual(document);
  });
});

describe("a document that can't be read", () => {
  const text = sourceFormat;

  it.each([
    ["no title", text.split("\n").slice(4).join("\n"), /^Line 1: expected the title/],
    ["a section that says nothing of creation", text.replace(/Every Customcrm Customer.*\n/, ""), /does not say when a counterpart is created/],
    ["a table without its sentence", text.replace(/The following properties.*Customer .*\n/, ""), /a table without the sentence/],
    ["a section without a property table", text.slice(0, text.lastIndexOf("The following")), /has no property table/],
  ])("says where and why: %s", (_, broken, message) => {
    expect(() => parseDocument(broken)).toThrow(message);
  });

  it("gives the sentences that it has read no rule from", () => {
    const { unread } = parseDocument(text.replace("Every Customcrm Contact", "Never mind.\n\nEvery Customcrm Contact"));
    expect(unread).toEqual([{ line: 14, text: "Never mind." }]);
  });
});

describe("the other formats", () => {
  it("say the same in Markdown", () => {
    const text = documentWriters.md(documentFor(dataflows));
    expect(text.match(/^##? .*/gm)).toEqual([
      "# Customcrm to Exact Dataflow",
      "## Introduction",
      "## Customcrm Contact to Exact Contacts",
      "## Customcrm Customer to Exact Accounts",
      "## Customcrm Product to Exact Contacts",
    ]);
    expect(text).toContain("| Description | Remarks | Edm.String | description | text of several lines | both ways | the newest wins | this product |");
  });

  it("say the same in a page, with nothing of a site's words taken for markup", () => {
    const flows = dataflows.map((flow) => ({ ...flow, remark: "<script>alert('&')</script>" }));
    const text = documentWriters.html(documentFor(flows));
    expect(text).toContain("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;");
    expect(text).not.toContain("<script");
    expect(text.match(/<tr>/g)?.length).toBe(27 + 6 + 5);
  });

  it("say the same in JSON", () => {
    const document = documentFor(dataflows);
    expect(JSON.parse(documentWriters.json(document))).toEqual(document);
  });
});
