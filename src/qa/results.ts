import type { Finding } from "./bench.js";

/** A row of the checklist was tried: it holds, or this differed, or this is why it could not be tried. */
export interface Result {
  /** The section of the document. */
  readonly section: string;
  /** A property pair of the section's table; null for what is checked of the section as a whole. */
  readonly property: string | null;
  /** The column of a property's row, or the sentence that was checked. */
  readonly check: string;
  /** The value that was tried, where there are several. */
  readonly value: string | null;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly detail: string | null;
}

export const columns = ["there", "back", "cleared", "cleared back", "one too long"] as const;
export type Column = (typeof columns)[number];

/** Gathers results; an error on the way is a failure of the check that met it. */
export class Results {
  readonly all: Result[] = [];

  /** Once it is stopped no check begins any more: `check` throws. */
  constructor(private readonly stopped?: AbortSignal) {}

  async check(section: string, check: string, look: () => Promise<Finding>): Promise<boolean> {
    this.stopped?.throwIfAborted();
    return this.sentence(section, check, await look().catch(wordsOf));
  }

  sentence(section: string, check: string, detail: Finding): boolean {
    this.#add({ section, property: null, check, value: null, outcome: detail === null ? "passed" : "failed", detail });
    return detail === null;
  }

  property(section: string, property: string, column: Column, value: string, finding: Finding): void {
    this.#add({ section, property, check: column, value, outcome: finding === null ? "passed" : "failed", detail: finding });
  }

  skip(section: string, property: string | null, check: string, reason: string): void {
    this.#add({ section, property, check, value: null, outcome: "skipped", detail: reason });
  }

  #add(result: Result): void {
    this.all.push(result);
  }
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
