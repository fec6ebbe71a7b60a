import { compareBytes, cursorOf, type ListOrder, positionOf } from "../cursors.js";
import type { EntityPage } from "../store.js";
import { positionIn, type Row } from "./rows.js";

/** A page of rows that stand in ascending order. */
export function pageOf(order: ListOrder, ascending: readonly Row[], first: number, after: string | null): EntityPage {
  const form = order === "LINKS" ? "link" : order.startsWith("NAME") ? "name" : "modified";
  const cursor = after === null ? null : positionOf(order, after);
  const descending = order.endsWith("_DESC");
  const at = (i: number) => positionIn(form, ascending[i] as Row);

  // The rows at or below the cursor, found by halving.
  let below = 0;
  if (cursor !== null) {
    let above = ascending.length;
    while (below < above) {
      const middle = (below + above) >>> 1;
      const difference = compareBytes(at(middle), cursor);
      if (difference < 0 || (difference === 0 && !descending)) below = middle + 1;
      else above = middle;
    }
  }
  const from = descending ? Math.max(0, (cursor === null ? ascending.length : below) - first) : below;
  const to = descending ? (cursor === null ? ascending.length : below) : Math.min(ascending.length, below + first);
  const rows = descending ? ascending.slice(from, to).reverse() : ascending.slice(from, to);
  return {
    entities: rows.map((row) => row.entity),
    cursors: rows.map((row) => cursorOf(order, positionIn(form, row))),
    hasNextPage: descending ? from > 0 : to < ascending.length,
    hasPreviousPage: cursor !== null && (descending ? to < ascending.length : from > 0),
  };
}
