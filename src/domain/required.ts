import { type CustomcrmProperty, customcrmProperties } from "./customcrm-properties.js";
import type { Dataflow, DataflowRow } from "./dataflow.js";
import { exactProperties } from "./exact-properties.js";
import { type System, systems } from "./words.js";

/** The system refuses to clear it, and to create without it. What Exact demands of accounts and contacts, Customcrm demands as well. */
export function isRequired(flow: Dataflow, row: DataflowRow, system: System): boolean {
  if (system === "EXACT") return exactProperties[flow.exact][row.exact]?.required === true;
  const properties: { readonly [name: string]: CustomcrmProperty } = customcrmProperties[flow.customcrm];
  return properties[row.customcrm]?.required === true;
}

/** The first system that requires it; null: it may be empty in both. */
export const requiredBy = (flow: Dataflow, row: DataflowRow): System | null => systems.find((system) => isRequired(flow, row, system)) ?? null;
