import { type CustomcrmProperty, customcrmProperties } from "./customcrm-properties.js";
import type { Dataflow, DataflowRow } from "./dataflow.js";
import { type ExactProperty, exactProperties } from "./exact-properties.js";
import { type System, systems } from "./words.js";

/** The system refuses to clear it, and to create without it. What Exact demands of accounts and contacts, Customcrm demands as well. */
export const isRequired = (flow: Dataflow, row: DataflowRow, system: System): boolean => factsOf(flow, row, system)?.required === true;

/** The first system that requires it; null: it may be empty in both. */
export const requiredBy = (flow: Dataflow, row: DataflowRow): System | null => systems.find((system) => isRequired(flow, row, system)) ?? null;

/** The longest value that the system takes; null where it does not say, and for a reference, which is no text. */
export const maxLengthIn = (flow: Dataflow, row: DataflowRow, system: System): number | null =>
  row.refersTo ? null : (factsOf(flow, row, system)?.maxLength ?? null);

/** The longest value that both systems take, and whose limit that is; null where neither says. */
export function maxLengthOf(flow: Dataflow, row: DataflowRow): { readonly length: number; readonly system: System } | null {
  const limits = systems.flatMap((system) => {
    const length = maxLengthIn(flow, row, system);
    return length === null ? [] : [{ length, system }];
  });
  return limits.reduce<(typeof limits)[number] | null>((least, one) => (least && least.length <= one.length ? least : one), null);
}

/** What a system says of the property that holds a row; undefined for one that only this site has. */
function factsOf(flow: Dataflow, row: DataflowRow, system: System): CustomcrmProperty | ExactProperty | undefined {
  if (system === "EXACT") return exactProperties[flow.exact][row.exact];
  const properties: { readonly [name: string]: CustomcrmProperty } = customcrmProperties[flow.customcrm];
  return properties[row.customcrm];
}
