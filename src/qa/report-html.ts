import { escapeHtml, htmlPage, htmlTable } from "../document/index.js";
import { marks } from "./report-text.js";
import { columns, type Result } from "./results.js";
import { type Cell, countsOf, type SectionTally, tallyOf } from "./tally.js";

export interface ReportHead {
  /** What was tried. */
  readonly systems: string;
  /** In UTC, `YYYY-MM-DD HH:MM:SS`. */
  readonly at: string;
  readonly seconds: number;
}

/** The checklist as a page to show to a customer: the verdict first, then every sentence and every property with what was tried. */
export function htmlReport(results: readonly Result[], head: ReportHead): string {
  const { passed, failed, skipped } = countsOf(results);
  const verdict = failed === 0 ? ["passed", `All ${passed} checks hold`] : ["failed", `${failed} of ${passed + failed} checks failed`];
  const sections = tallyOf(results);
  const body = [
    "<h1>Dataflow checklist</h1>",
    `<p class="soft">Tried on ${escapeHtml(head.systems)}, ${escapeHtml(head.at)} UTC, in ${head.seconds} seconds.</p>`,
    `<p><span class="verdict ${verdict[0]}">${verdict[1]}</span></p>`,
    `<p>Every sentence and every property of the dataflow document was tried with records made for this purpose and removed afterwards: new records, edits in either system, awkward values, clearing, edits on both sides at once, and deletions. ${skipped} checks do not apply, or could not be tried; each says why.</p>`,
    htmlTable(["", "Section", "Hold", "Failed", "Not tried"], sections.map(summaryRow)),
    ...sections.map(sectionHtml),
  ];
  return htmlPage("Dataflow checklist", body.join("\n"));
}

function summaryRow({ section, passed, failed, skipped }: SectionTally): string {
  const outcome = failed > 0 ? "failed" : "passed";
  return `<tr class="${outcome}"><td class="mark ${outcome}">${marks[outcome]}</td><td>${escapeHtml(section)}</td><td>${passed}</td><td>${failed}</td><td>${skipped}</td></tr>`;
}

function sectionHtml({ section, sentences, properties }: SectionTally): string {
  const rows = properties.flatMap(({ property, cells }) => [
    `<tr><td><code>${escapeHtml(property)}</code></td>${cells.map(cellHtml).join("")}</tr>`,
    ...cells.flatMap((cell) => cell.results.filter(({ outcome }) => outcome === "failed").map(failureRow)),
  ]);
  return [
    `<h2>${escapeHtml(section)}</h2>`,
    htmlTable(["", "What was checked", "What differed"], sentences.map(sentenceRow)),
    ...(rows.length === 0 ? [] : [htmlTable(["Property", ...columns.map((column) => headings[column])], rows)]),
  ].join("\n");
}

const headings = {
  there: "To Exact",
  back: "To Customcrm",
  cleared: "Cleared, to Exact",
  "cleared back": "Cleared, to Customcrm",
  "one too long": "Too long: refused",
} as const;

const sentenceRow = ({ outcome, check, detail }: Result): string =>
  `<tr class="${outcome}"><td class="mark ${outcome}">${marks[outcome]}</td><td>${escapeHtml(check)}</td><td>${escapeHtml(detail ?? "")}</td></tr>`;

function cellHtml({ outcome, results }: Cell): string {
  const tried = outcome === "skipped" ? (results[0]?.detail ?? "") : results.map(({ value }) => value).join(", ");
  return `<td><span class="${outcome}">${marks[outcome]}</span> <span class="soft">${escapeHtml(tried)}</span></td>`;
}

const failureRow = ({ check, value, detail }: Result): string =>
  `<tr class="failed"><td class="mark failed">${marks.failed}</td><td colspan="${columns.length}">${escapeHtml(`${check}, ${value}: ${detail}`)}</td></tr>`;
