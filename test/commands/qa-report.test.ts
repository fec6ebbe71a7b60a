import { expect, it } from "vitest";
import { htmlReport } from "../../src/qa/report-html.js";
import type { Result } from "../../src/qa/results.js";

const hostile = `<img src=x onerror="alert('1')">&`;
const result = (more: Partial<Result>): Result => ({
  section: "Customcrm Contact to Exact Contacts",
  property: null,
  check: "A new one appears.",
  value: null,
  outcome: "passed",
  detail: null,
  ...more,
});
const head = { systems: `https://crm.example and ${hostile}`, at: "2026-11-29 08:00:00", seconds: 29 };
const property = { property: "Phone ⇄ Phone", check: "there", value: "plain" };
const failed = htmlReport(
  [
    result({}),
    result({ ...property }),
    result({ ...property, value: hostile, outcome: "failed", detail: `Phone holds "${hostile}"` }),
    result({ ...property, check: "one too long", value: null, outcome: "skipped", detail: "neither system tells a length" }),
    result({ check: "A deletion.", outcome: "failed", detail: hostile }),
  ],
  head,
);

it("takes nothing that a record holds for markup, and lets nothing be loaded or run", () => {
  expect(failed).not.toContain("<img");
  expect(failed.split("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;").length).toBeGreaterThan(4);
  expect(failed).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`);
  expect(failed).not.toMatch(/<script|<link|<iframe|\bsrc="|url\(|@import/);
});

it("says first what failed, a line each, and leads to it", () => {
  const [, list = ""] = /<h2>What failed<\/h2>\n<ul>\n([\s\S]*?)\n<\/ul>/.exec(failed) ?? [];
  expect(list.replace(/<[^>]*>/g, "").split("\n")).toEqual([
    "Customcrm Contact to Exact Contacts: A deletion.",
    "Customcrm Contact to Exact Contacts: Phone ⇄ Phone: To Exact",
  ]);
  for (const [, target] of failed.matchAll(/href="#([^"]*)"/g)) expect(failed).toContain(`id="${target}"`);
  expect(failed).toContain("2 of 4 checks failed");
});

it("can be heard: every row has its header, every sign its word, every table its name", () => {
  const rows = failed.split("<tr").slice(1);
  const isOfHeaders = (row: string) => row.includes('scope="col"') || row.includes('scope="row"') || row.includes("colspan");
  expect(rows.filter((row) => !isOfHeaders(row))).toEqual([]);
  expect(failed.match(/aria-hidden="true"/g)?.length).toBe(failed.match(/class="unseen"/g)?.length);
  expect(failed.match(/<table>/g)?.length).toBe(failed.match(/role="region" tabindex="0" aria-label="/g)?.length);
});

it("is made for the dark, for paper and for a narrow screen as well", () => {
  for (const media of ["(prefers-color-scheme: dark)", "print", "(max-width: 45rem)"]) expect(failed).toContain(`@media ${media}`);
});

it("of what holds throughout says so, without an empty column", () => {
  const page = htmlReport([result({})], head);
  expect(page).toContain("All 1 checks hold");
  expect(page).toContain("Nothing was left out.");
  expect(page).not.toMatch(/What failed|What differed/);
});
