import type { Finding } from "./finding.js";

const heading = { what: "WHAT", state: "", seen: "SEEN", todo: "WHAT TO DO" };
const gap = "  ";
const narrowest = 24;

/** The findings as a table for a screen of so many columns, a line break within a cell where it is long. Pure. */
export function renderTable(findings: readonly Finding[], columns: number): string {
  const rows = [heading, ...findings];
  const whatWidth = Math.max(...rows.map(({ what }) => what.length));
  const rest = columns - whatWidth - "warn".length - 3 * gap.length;
  const isNothingToDo = findings.every(({ todo }) => todo === "");
  const seenNeeds = Math.max(...rows.map(({ seen }) => seen.length));
  const seenWidth = Math.max(narrowest, Math.min(seenNeeds, isNothingToDo ? rest : Math.floor(rest / 2)));
  const todoWidth = Math.max(narrowest, rest - seenWidth);
  return rows
    .flatMap(({ what, state, seen, todo }) => {
      const cells = [[what], [state], wrapped(seen, seenWidth), wrapped(todo, todoWidth)];
      const widths = [whatWidth, "warn".length, seenWidth, todoWidth];
      const height = Math.max(...cells.map((cell) => cell.length));
      return Array.from({ length: height }, (_, line) =>
        cells
          .map((cell, i) => (cell[line] ?? "").padEnd(widths[i] ?? 0))
          .join(gap)
          .trimEnd(),
      );
    })
    .join("\n");
}

/** "All 12 checks are fine.", or how many are not. */
export function summaryOf(findings: readonly Finding[]): string {
  const count = (state: Finding["state"]) => findings.filter((one) => one.state === state).length;
  const [failed, warned] = [count("fail"), count("warn")];
  if (failed + warned === 0) return `All ${findings.length} checks are fine.`;
  const parts = [...(failed > 0 ? [`${failed} failed`] : []), ...(warned > 0 ? [`${warned} with a warning`] : [])];
  return `Of ${findings.length} checks ${parts.join(", ")}.`;
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(...chunks(word, width));
  }
  return lines;
}

/** A word longer than the column, as an address may be, goes on in the next line. */
function chunks(word: string, width: number): readonly string[] {
  return word.length <= width ? [word] : [word.slice(0, width), ...chunks(word.slice(width), width)];
}
