import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dataflowCommand } from "../../src/commands/dataflow.js";

let cwd: string;
let printed: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "tandem-dataflow-"));
  printed = "";
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const command = (args: readonly string[], now = 0): number =>
  dataflowCommand(args, {
    cwd,
    now: () => now,
    print: (text) => {
      printed += text;
    },
  });
const file = (name: string): string => readFileSync(join(cwd, name), "utf8");

describe("npm run dataflow", () => {
  it("writes docs/dataflow.rst, which then holds whatever the time", () => {
    expect(command([])).toBe(0);
    expect(command(["--check"], 86_400_000)).toBe(0);
  });

  it("finds a document that says something else, names the line, and writes nothing", () => {
    command([]);
    const changed = file("docs/dataflow.rst").replace("- both ways", "- to Exact only");
    writeFileSync(join(cwd, "docs/dataflow.rst"), changed);
    expect(command(["--check"])).toBe(1);
    expect(printed).toMatch(/docs\/dataflow.rst is not what the running table says: line \d+ has " {5}- to Exact only", not " {5}- both ways"/);
    expect(file("docs/dataflow.rst")).toBe(changed);
  });

  it("finds a document that is not there, and one that goes on", () => {
    expect(command(["--check"])).toBe(1);
    command([]);
    writeFileSync(join(cwd, "docs/dataflow.rst"), `${file("docs/dataflow.rst")}And more.\n`);
    expect(command(["--check"])).toBe(1);
  });

  it.each([
    [["--format", "md"], "docs/dataflow.md", /^# Customcrm to Exact Dataflow/],
    [["--format", "html"], "docs/dataflow.html", /^<!doctype html>/],
    [["--format", "json", "--from", "exact"], "docs/dataflow-from-exact.json", /"source": "Exact"/],
    [["--from", "exact"], "docs/dataflow-from-exact.rst", /^=+\nExact to Customcrm Dataflow\n/],
    [["--out", "here.rst"], "here.rst", /^=+\nCustomcrm to Exact Dataflow\n/],
  ])("with %j writes %s", (args, name, begins) => {
    expect(command(args)).toBe(0);
    expect(file(name)).toMatch(begins);
  });

  it("shows what the site's dataflow.yml changes", () => {
    writeFileSync(join(cwd, "dataflow.yml"), "dataflows: { PRODUCT: { delete: ARCHIVE } }\n");
    expect(command(["--out", "-"])).toBe(0);
    expect(printed).toContain("This site's dataflow.yml changes these settings:");
    expect(printed).toContain("   * - Deletion\n     - DETACH\n     - ARCHIVE\n");
  });

  it.each([
    [["--format", "pdf"], "--format is one of rst, md, html, json"],
    [["--from", "sap"], "--from is customcrm or exact"],
    [["--frm", "exact"], "Unknown option '--frm'"],
  ])("refuses %j with a sentence", (args, message) => {
    expect(command(args)).toBe(1);
    expect(printed).toContain(message);
  });

  it("names what is wrong with dataflow.yml", () => {
    writeFileSync(join(cwd, "dataflow.yml"), "dataflows: { PRODUCT: { delete: BURN } }\n");
    expect(command([])).toBe(1);
    expect(printed).toContain("dataflow.yml:1: dataflows.PRODUCT.delete");
  });
});
