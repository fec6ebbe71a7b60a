import { columns, type Result } from "./results.js";
import { type Cell, countsOf, tallyOf } from "./tally.js";

/** The checklist for a terminal: ticks, and below each section what differed. */
export function textReport(results: readonly Result[]): string {
  const sections = tallyOf(results).map(({ section, sentences, properties }) =>
    [
      `\n${section}`,
      ...sentences.map((result) => `  ${marks[result.outcome]} ${result.check}${result.detail === null ? "" : `\n      ${result.detail}`}`),
      ...(properties.length === 0 ? [] : table(properties)),
      ...properties.flatMap(({ property, cells }) => cells.flatMap((cell) => differences(property, cell))),
    ].join("\n"),
  );
  const { passed, failed, skipped } = countsOf(results);
  return `${sections.join("\n")}\n\n${passed} checks hold, ${failed} failed, ${skipped} could not be tried.\n`;
}

export const marks = { passed: "✓", failed: "✗", skipped: "–" } as const;

function table(properties: readonly { readonly property: string; readonly cells: readonly Cell[] }[]): readonly string[] {
  const width = Math.max(...properties.map(({ property }) => property.length));
  const line = (first: string, cells: readonly string[]) =>
    `    ${first.padEnd(width)}  ${cells.map((cell, i) => cell.padEnd(Math.max(columns[i]?.length ?? 0, 7))).join("  ")}`.trimEnd();
  return [line("", columns), ...properties.map(({ property, cells }) => line(property, cells.map(cellText)))];
}

function cellText({ outcome, results }: Cell): string {
  const count = results.length > 1 ? String(results.length) : "";
  return outcome === "failed" ? `✗ ${results.filter((result) => result.outcome === "failed").length}/${results.length}` : `${marks[outcome]} ${count}`;
}

const differences = (property: string, { results }: Cell): readonly string[] =>
  results.filter(({ outcome }) => outcome === "failed").map(({ check, value, detail }) => `    ✗ ${property}, ${check}, ${value}: ${detail}`);
