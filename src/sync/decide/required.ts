import { type CustomcrmProperty, customcrmProperties } from "../../domain/customcrm-properties.js";
import type { Dataflow, DataflowRow } from "../../domain/dataflow.js";
import type { System } from "../../domain/words.js";

/** Customcrm refuses to clear these, and to create without them. What Exact demands, Customcrm demands as well. */
export function isRequired(flow: Dataflow, row: DataflowRow, system: System): boolean {
  if (system === "EXACT") return false;
  const properties: { readonly [name: string]: CustomcrmProperty } = customcrmProperties[flow.customcrm];
  return properties[row.customcrm]?.required === true;
}
