import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dataflowCommand } from "../../src/commands/dataflow.js";
import { qaCommand } from "../../src/commands/qa.js";
import { startSandboxBench } from "../../src/commands/qa-bench.js";
import { type Dataflow, dataflows } from "../../src/domain/dataflow.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { runChecklist } from "../../src/qa/checklist.js";
import type { Result } from "../../src/qa/results.js";
import { awkwardValues, longValue } from "../../src/qa/values.js";
import type { ExactSettings } from "../../src/sandbox/exact/index.js";

let cwd: string;
let printed: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "tandem-qa-"));
  printed = "";
  dataflowCommand([], { cwd, now: Date.now, print: () => {} });
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const print = (text: string) => {
  printed += text;
};
const qa = (flows: readonly Dataflow[] | null = null, args: readonly string[] = [], env: Record<string, string> = {}) =>
  qaCommand(args, { cwd, env, now: Date.now, print, ...(flows ? { settings: { ...defaultSettings, flows } } : {}) });
const report = () => readFileSync(join(cwd, "qa-report.html"), "utf8");

const changed = (type: Dataflow["type"], change: (flow: Dataflow) => Dataflow): readonly Dataflow[] =>
  dataflows.map((flow) => (flow.type === type ? change(flow) : flow));
const inExact = (flow: Dataflow, properties: Readonly<Record<string, string>>): Dataflow => ({
  ...flow,
  rows: flow.rows.map((row) => ({ ...row, exact: properties[row.field] ?? row.exact })),
});

/** Tries the document's accounts alone, on a sync that works by another table or with an Exact of other habits. */
async function tryAccounts(flows: readonly Dataflow[], exactSettings: Partial<ExactSettings> = {}, agreed = dataflows): Promise<readonly Result[]> {
  const mark = "Tandem QA test";
  const { bench, stop } = await startSandboxBench({ settings: { ...defaultSettings, flows }, mark, exactSettings });
  try {
    return await runChecklist(bench, { agreed: agreed.filter((flow) => flow.type === "ACCOUNT"), mark });
  } finally {
    await stop();
  }
}
const failuresOf = (results: readonly Result[]): readonly string[] => [
  ...new Set(results.filter(({ outcome }) => outcome === "failed").map(({ property, check }) => (property === null ? check : `${property}, ${check}`))),
];

describe("npm run qa", () => {
  it("tries every sentence and every property of the document on the sandbox, and shows a customer that all hold", { timeout: 180_000 }, async () => {
    expect(await qa()).toBe(0);
    expect(printed).not.toContain("✗");
    expect(printed).toMatch(/\d{3} checks hold, 0 failed, 2 could not be tried/);
    expect(printed).toContain("✓ Records that are there on both sides are linked by OrganisationNumber and Country.");
    expect(printed).toContain("✓ Everything that the checklist has made is removed.");
    for (const { rows } of dataflows)
      for (const { customcrm, exact } of rows) expect(printed).toMatch(new RegExp(`${customcrm} ⇄ ${exact} +✓ \\d? +✓ \\d? +[✓–]`));
    expect(report()).toMatch(/<strong class="verdict passed">All \d{3} checks hold<\/strong>/);
    expect(report()).not.toContain('class="failed"');
  });

  it("holds where dataflow.yml keeps products as Exact's items", { timeout: 180_000 }, async () => {
    writeFileSync(join(cwd, "dataflow.yml"), "dataflows:\n  PRODUCT:\n    exact: Items\n");
    dataflowCommand([], { cwd, now: Date.now, print: () => {} });
    expect(await qa(null, ["--only", "product"])).toBe(0);
    expect(printed).not.toContain("✗");
    expect(printed).toMatch(/Customcrm Product to Exact Items/);
    expect(printed).not.toMatch(/Customcrm Product to Exact Contacts/);
    expect(printed).toContain("✓ Records that are there on both sides are linked by Number.");
    expect(printed).toContain("✓ A new Customcrm Product without a Number waits, and appears as an Exact Items once it is given one.");
    expect(printed).toMatch(/Number ⇄ Code +✓ 4 +✓ 4 +✓ +✓ +✓ 2/);
    expect(printed).toMatch(/Name ⇄ Description +✓ 7 +✓ 7 +✓ +✓ +✓ 2/);
    expect(printed).not.toContain("Customer");
  });

  it("fails, and says where, when the code crosses two properties that the document does not", { timeout: 180_000 }, async () => {
    expect(
      await qa(
        changed("CONTACT", (flow) => inExact(flow, { phone: "Mobile", mobile: "Phone" })),
        ["--only", "contact"],
      ),
    ).toBe(1);
    expect(printed).toContain("the document says of mobile: Mobile ⇄ Mobile, phone, BOTH, NEWEST; the running table: Mobile ⇄ Phone, phone, BOTH, NEWEST");
    expect(printed).toMatch(/Phone ⇄ Phone +✗ 4\/4 +✗ 4\/4/);
    expect(printed).toMatch(/Mobile ⇄ Mobile +✗ 4\/4 +✗ 4\/4/);
    expect(printed).toMatch(/Email ⇄ Email +✓ 6 +✓ 6 +✓ +✓/);
    expect(printed).toMatch(/Phone ⇄ Phone, there, plain: Phone holds "\+31 20 [^"]+", not "\+31 20 555 01108"/);
    expect(report()).toMatch(/<strong class="verdict failed">\d+ of \d{3} checks failed<\/strong>/);
  });

  it("says what is wrong with the document, the variables and the options", async () => {
    writeFileSync(join(cwd, "docs/dataflow.rst"), "A page.\n");
    expect(await qa()).toBe(1);
    expect(await qa(null, [], { EXACT_CLIENT_ID: "id" })).toBe(1);
    expect(await qa(null, ["--fast"])).toBe(1);
    expect(await qa(null, ["contact"])).toBe(1);
    expect(await qa(null, ["--only", "contact,order"])).toBe(1);
    const said = [
      /docs\/dataflow.rst: Line 1: expected the title/,
      /EXACT_CLIENT_SECRET: expected/,
      /Unknown option '--fast'[\s\S]*npm run qa -- \[--only/,
      /Unexpected argument 'contact'/,
      /--only takes account, contact, product, with a comma between; got "order"\./,
    ];
    for (const sentence of said) expect(printed).toMatch(sentence);
  });
});

describe("a checklist of accounts", { timeout: 120_000 }, () => {
  it("finds a field that the code has lost", async () => {
    const flows = changed("ACCOUNT", (flow) => ({ ...flow, rows: flow.rows.filter((row) => row.field !== "website") }));
    const failures = failuresOf(await tryAccounts(flows));
    expect(failures).toContain("The document says what runs.");
    expect(failures.filter((one) => one.includes("⇄"))).toEqual([
      "Website ⇄ Website, there",
      "Website ⇄ Website, back",
      "Website ⇄ Website, cleared",
      "Website ⇄ Website, cleared back",
      "Website ⇄ Website, one too long",
    ]);
  });

  it("finds another rule than the document's: of creation, matching and deletion", async () => {
    const flows = changed("ACCOUNT", (flow) => ({
      ...flow,
      create: { toExact: { kind: "always" }, toCustomcrm: { kind: "always" } },
      match: flow.match.slice(1),
      onDelete: "PROPAGATE",
    }));
    expect(failuresOf(await tryAccounts(flows))).toEqual([
      "The document says what runs.",
      "A new Exact Accounts makes no Customcrm Customer.",
      "Records that are there on both sides are linked by VatNumber.",
      "Deleted in Customcrm: the link is cut, and the Exact Accounts stays.",
      "Deleted in Exact: the link is cut, and the Customcrm Customer stays.",
    ]);
  });

  it("finds an Exact that cuts off what is too long for it", async () => {
    const failures = failuresOf(await tryAccounts(dataflows, { tooLong: "truncate", maxLengths: { "Accounts.City": 20 } }));
    expect(failures).toEqual(["City ⇄ City, there", "City ⇄ City, back"]);
  });

  it("finds an Exact that does not clear what it is told to clear", async () => {
    const failures = failuresOf(await tryAccounts(dataflows, { nullInPut: "ignored" }));
    const cleared = ["Fax ⇄ Fax, cleared", "StreetAddress1 ⇄ AddressLine1, cleared", "Website ⇄ Website, cleared"];
    expect(failures).toEqual(expect.arrayContaining(cleared));
    expect(failures.every((one) => /, cleared( back)?$/.test(one))).toBe(true);
  });

  it("holds for a site with one-way fields, other policies, creation both ways and archiving", async () => {
    const flows = changed("ACCOUNT", (flow) => ({
      ...flow,
      create: { toExact: { kind: "when", filter: { field: "country", equals: "NL" }, reason: "Only our own." }, toCustomcrm: { kind: "always" } },
      onDelete: "ARCHIVE",
      rows: flow.rows.map((row) => {
        if (row.field === "phone") return { ...row, direction: "TO_EXACT" };
        if (row.field === "email") return { ...row, direction: "TO_CUSTOMCRM" };
        if (row.field === "fax") return { ...row, policy: "MANUAL" };
        return row.field === "website" ? { ...row, policy: "EXACT" } : row;
      }),
    }));
    expect(failuresOf(await tryAccounts(flows, {}, flows))).toEqual([]);
  });
});

describe("awkward values", () => {
  it.each(["text", "lines", "email", "phone", "country", "code", "date"] as const)(
    "of %s differ from each other and between the sides, and none is too long",
    (kind) => {
      const all = [...awkwardValues(kind, 40, "C7"), ...awkwardValues(kind, 40, "E7")].filter(({ name }) => name !== "40 characters");
      expect(new Set(all.map(({ value }) => value)).size).toBe(all.length);
      expect(all.length).toBeGreaterThan(2);
      expect(awkwardValues(kind, 8, "C7").every(({ value }) => value.trim().length <= 8)).toBe(true);
    },
  );

  it.each(["text", "lines", "email", "phone", "code"] as const)("of two fields of %s are never the same, so that crossed ones show", (kind) => {
    const values = (tag: string) => awkwardValues(kind, 60, tag).map(({ value }) => value);
    expect(values("C3").filter((value) => values("C4").includes(value))).toEqual([]);
  });

  it("are as long as a field may be, to the character", () => {
    for (const kind of ["text", "lines", "email", "phone", "code"] as const)
      for (const length of [20, 61, 254]) expect(longValue(kind, length, "C7")).toHaveLength(length);
  });
});
