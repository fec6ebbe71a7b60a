import { type CustomcrmProperty, customcrmProperties } from "./customcrm-properties.js";
import type { Dataflow, DataflowRow } from "./dataflow.js";
import { exactProperties } from "./exact-properties.js";
import type { CustomcrmType, System } from "./words.js";

/** A row's type in a system, in that system's own words: `Edm.String`, `string`. A property that a site has renamed is text. */
export const dataTypeOf = (flow: Dataflow, row: DataflowRow, system: System): string =>
  system === "EXACT" ? `Edm.${exactProperties[flow.exact][row.exact]?.edm ?? "String"}` : (ofCustomcrm(flow.customcrm)[row.customcrm]?.kind ?? "string");

const ofCustomcrm = (type: CustomcrmType): Readonly<Record<string, CustomcrmProperty>> => customcrmProperties[type];
