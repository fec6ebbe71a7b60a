import { derivedForAll, viewFrom } from "./account-view.js";
import type { ExactCore } from "./core.js";
import { unset } from "./properties.js";
import type { Version } from "./record-table.js";
import type { RowView } from "./types.js";

/** An item as the API shows it. */
export function itemView(core: ExactCore, id: string, version: Version): RowView {
  return viewFrom({ core, id, ...version }, { ...derivedForAll, SearchCode: ({ values }) => values.SearchCode ?? values.Code ?? null }, unset.Items);
}
