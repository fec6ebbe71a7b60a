import { UnexpectedAnswerError } from "../domain/errors.js";
import type { UnreadableRow } from "./connector.js";

/**
 * Reads the rows of a page one by one: a row that is not what the contract says holds up no other (R14). A page of which none can
 * be read is no page of rows at all: its error stands for all of them (I11).
 */
export function readRows<R, T>(
  rows: readonly R[],
  read: (row: R) => T,
  whose: (row: R) => Omit<UnreadableRow, "message">,
): { readonly read: readonly T[]; readonly unreadable?: readonly UnreadableRow[] } {
  const done: T[] = [];
  const unreadable: UnreadableRow[] = [];
  let first: UnexpectedAnswerError | null = null;
  for (const row of rows) {
    try {
      done.push(read(row));
    } catch (error) {
      if (!(error instanceof UnexpectedAnswerError)) throw error;
      first ??= error;
      unreadable.push({ ...whose(row), message: error.message });
    }
  }
  if (first && done.length === 0) throw first;
  return { read: done, ...(unreadable.length > 0 ? { unreadable } : {}) };
}
