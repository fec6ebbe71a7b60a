import { type CustomcrmProperty, customcrmProperties } from "./customcrm-properties.js";
import type { Dataflow, DataflowRow } from "./dataflow.js";
import { type ExactProperty, exactAccountProperties, exactContactProperties } from "./exact-properties.js";
import type { CustomcrmType, ExactType, System } from "./words.js";

const exactProperties: { readonly [T in ExactType]: Readonly<Record<string, ExactProperty>> } = {
  Accounts: exactAccountProperties,
  Contacts: exactContactProperties,
};

/** A row's type in a system, in that system's own words: `Edm.String`, `string`. A property that a site has renamed is text. */
export const dataTypeOf = (flow: Dataflow, row: DataflowRow, system: System): string =>
  system === "EXACT" ? `Edm.${exactProperties[flow.exact][row.exact]?.edm ?? "String"}` : (ofCustomcrm(flow.customcrm)[row.customcrm]?.kind ?? "string");

const ofCustomcrm = (type: CustomcrmType): Readonly<Record<string, CustomcrmProperty>> => customcrmProperties[type];
