import { anchor, escapeHtml, htmlPage, htmlTable } from "../document/index.js";
import { marks } from "./report-text.js";
import { type Column, columns, type Result } from "./results.js";
import { type Cell, countsOf, type SectionTally, tallyOf } from "./tally.js";

export interface ReportHead {
  /** What was tried. */
  readonly systems: string;
  /** In UTC, `YYYY-MM-DD HH:MM:SS`. */
  readonly at: string;
  readonly seconds: number;
}

/** The checklist as a page to show to a customer: the verdict and what failed first, then every sentence and every property with what was tried. */
export function htmlReport(results: readonly Result[], head: ReportHead): string {
  const { passed, failed, skipped } = countsOf(results);
  const verdict = failed === 0 ? ["passed", `All ${passed} checks hold`] : ["failed", `${failed} of ${passed + failed} checks failed`];
  const sections = tallyOf(results);
  const body = [
    "<h1>Dataflow checklist</h1>",
    `<p class="soft">Tried on ${escapeHtml(head.systems)}, ${escapeHtml(head.at)} UTC, in ${head.seconds} seconds.</p>`,
    `<p><strong class="verdict ${verdict[0]}">${verdict[1]}</strong></p>`,
    `<p>Every sentence and every property of the dataflow document was tried with records made for this purpose and removed afterwards: new records, edits in either system, awkward values, clearing, edits on both sides at once, and deletions. ${leftOut(skipped)}</p>`,
    ...(failed === 0 ? [] : [failuresHtml(sections)]),
    htmlTable("Summary", ["", "Section", "Hold", "Failed", "Not tried"], sections.map(summaryRow)),
    `<p class="soft">${(["passed", "failed", "skipped"] as const).map((outcome) => `${marks[outcome]} ${words[outcome]}`).join(" &nbsp; ")}</p>`,
    ...sections.map(sectionHtml),
  ];
  return htmlPage("Dataflow checklist", body.join("\n"));
}

const leftOut = (skipped: number): string =>
  skipped === 0 ? "Nothing was left out." : `What does not apply, or could not be tried, says why (${skipped} of these checks).`;

const words = { passed: "holds", failed: "failed", skipped: "not tried" } as const;

/** A sign for the eye, and a word for who hears the page. */
const markHtml = (outcome: Result["outcome"]): string =>
  `<span class="${outcome}" aria-hidden="true">${marks[outcome]}</span><span class="unseen">${words[outcome]}</span>`;
const markCell = (outcome: Result["outcome"]): string => `<td class="mark ${outcome}">${markHtml(outcome)}</td>`;

/** A line for each sentence and each property; what differed stands with it below. */
function failuresHtml(sections: readonly SectionTally[]): string {
  const items = sections.flatMap(({ section, sentences, properties }) => [
    ...sentences.filter(({ outcome }) => outcome === "failed").map(({ check }) => failureItem(section, check)),
    ...properties.flatMap(({ property, cells }) => {
      const failed = columns.filter((_, i) => cells[i]?.outcome === "failed").map((column) => headings[column]);
      return failed.length === 0 ? [] : [failureItem(section, `${property}: ${failed.join("; ")}`)];
    }),
  ]);
  return `<h2>What failed</h2>\n<ul>\n${items.join("\n")}\n</ul>`;
}

const failureItem = (section: string, what: string): string => `<li><a href="#${anchor(section)}">${escapeHtml(section)}</a>: ${escapeHtml(what)}</li>`;

function summaryRow({ section, passed, failed, skipped }: SectionTally): string {
  const outcome = failed > 0 ? "failed" : "passed";
  const name = `<th scope="row"><a href="#${anchor(section)}">${escapeHtml(section)}</a></th>`;
  return `<tr class="${outcome}">${markCell(outcome)}${name}${[passed, failed, skipped].map((count) => `<td>${count}</td>`).join("")}</tr>`;
}

function sectionHtml({ section, sentences, properties }: SectionTally): string {
  const rows = properties.flatMap(({ property, cells }) => [
    `<tr><th scope="row"><code>${escapeHtml(property)}</code></th>${cells.map(cellHtml).join("")}</tr>`,
    ...cells.flatMap((cell) => cell.results.filter(({ outcome }) => outcome === "failed").map(failureRow)),
  ]);
  const isRemarked = sentences.some(({ detail }) => detail !== null);
  const header = ["", "What was checked", ...(isRemarked ? ["What differed, or why it was not tried"] : [])];
  const sentenceRows = sentences.map((result) => sentenceRow(result, isRemarked));
  return [
    `<h2 id="${anchor(section)}">${escapeHtml(section)}</h2>`,
    htmlTable(`${section}: rules`, header, sentenceRows),
    ...(rows.length === 0 ? [] : [htmlTable(`${section}: properties`, ["Property", ...columns.map((column) => headings[column])], rows)]),
  ].join("\n");
}

const headings = {
  there: "To Exact",
  back: "To Customcrm",
  cleared: "Cleared, to Exact",
  "cleared back": "Cleared, to Customcrm",
  "one too long": "Too long: refused",
} as const;

const sentenceRow = ({ outcome, check, detail }: Result, isRemarked: boolean): string =>
  `<tr class="${outcome}">${markCell(outcome)}<th scope="row">${escapeHtml(check)}</th>${isRemarked ? `<td>${escapeHtml(detail ?? "")}</td>` : ""}</tr>`;

function cellHtml({ outcome, results }: Cell): string {
  const tried = outcome === "skipped" ? (results[0]?.detail ?? "") : results.map(({ value }) => value).join(" · ");
  return `<td>${markHtml(outcome)} <span class="soft">${escapeHtml(tried)}</span></td>`;
}

const failureRow = ({ check, value, detail }: Result): string =>
  `<tr class="failed">${markCell("failed")}<td colspan="${columns.length}">${escapeHtml(`${headings[check as Column] ?? check}, ${value}: ${detail}`)}</td></tr>`;
