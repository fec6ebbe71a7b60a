import { columns, type Result } from "./results.js";

/** The results of one section, as a person reads them: its sentences, then its properties as a table. */
export interface SectionTally {
  readonly section: string;
  readonly sentences: readonly Result[];
  readonly properties: readonly PropertyTally[];
  readonly failed: number;
  readonly passed: number;
  readonly skipped: number;
}

export interface PropertyTally {
  readonly property: string;
  /** One per column of `columns`. */
  readonly cells: readonly Cell[];
}

/** `values`: what was tried, in order. */
export interface Cell {
  readonly outcome: Result["outcome"];
  readonly results: readonly Result[];
}

export function tallyOf(results: readonly Result[]): readonly SectionTally[] {
  const sections = [...new Set(results.map(({ section }) => section))];
  return sections.map((section) => {
    const own = results.filter((result) => result.section === section);
    const names = [...new Set(own.flatMap(({ property }) => (property === null ? [] : [property])))];
    return {
      section,
      sentences: own.filter(({ property }) => property === null),
      properties: names.map((property) => ({
        property,
        cells: columns.map((column) => cellOf(own.filter((result) => result.property === property && result.check === column))),
      })),
      ...countsOf(own),
    };
  });
}

export const countsOf = (results: readonly Result[]) => ({
  passed: results.filter(({ outcome }) => outcome === "passed").length,
  failed: results.filter(({ outcome }) => outcome === "failed").length,
  skipped: results.filter(({ outcome }) => outcome === "skipped").length,
});

function cellOf(results: readonly Result[]): Cell {
  const { failed, passed } = countsOf(results);
  return { outcome: failed > 0 ? "failed" : passed > 0 ? "passed" : "skipped", results };
}
