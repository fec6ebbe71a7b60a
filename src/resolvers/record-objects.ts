import { type Dataflow, shippedFlow } from "../domain/dataflow.js";
import type { Snapshot } from "../domain/entity.js";
import type { PropertyValue } from "../domain/record.js";
import type { ExactType, System } from "../domain/words.js";
import type { SystemRecord } from "../schema/system-record.type.js";

export type RecordObject = SystemRecord & { readonly __typename: string };

/** A record as the API shows it: the system's own property names in camelCase, and when it was read. */
export function recordObject(flow: Dataflow, { record, asOf }: Snapshot): RecordObject {
  const names = namesOf(record.system, flow);
  const shown: { [field: string]: PropertyValue } = { __typename: typeName(record.system, flow), recordId: record.id, asOf, modifiedAt: record.modifiedAt };
  for (const [property, value] of Object.entries(record.properties)) {
    const name = names.get(property) ?? fieldName(record.system, flow, property);
    names.set(property, name);
    if (!isOfEveryRecord(name)) shown[name] = value;
  }
  return shown as unknown as RecordObject;
}

/** Fields that no property of that name may stand in for. */
const ofEveryRecord = new Set(["__typename", "recordId", "asOf", "modifiedAt"]);
export const isOfEveryRecord = (field: string): boolean => ofEveryRecord.has(field);

/** Field names by property, for each flow and system: a list asks for the same ones in every record. */
const known = new WeakMap<Dataflow, { readonly [S in System]: Map<string, string> }>();

function namesOf(system: System, flow: Dataflow): Map<string, string> {
  const names = known.get(flow) ?? { CUSTOMCRM: new Map(), EXACT: new Map() };
  known.set(flow, names);
  return names[system];
}

/** The GraphQL type that shows a system's record of this kind of entity. */
export const typeName = (system: System, flow: Pick<Dataflow, "customcrm" | "exact">): string =>
  system === "CUSTOMCRM" ? `Customcrm${flow.customcrm}` : exactTypes[flow.exact];
const exactTypes: { readonly [T in ExactType]: string } = { Accounts: "ExactAccount", Contacts: "ExactContact", Items: "ExactItem" };

/** `ZipCode` is shown as `zipCode`, and a reference as the id that it is. A site's own name for a property is shown under the usual one. */
export function fieldName(system: System, flow: Dataflow, property: string): string {
  const usual = system === "CUSTOMCRM" ? usualName(flow, property) : property;
  if (system === "EXACT" && usual === "VATNumber") return "vatNumber";
  if (system === "EXACT" && flow.exact === "Contacts" && usual === "Account") return "accountId";
  return usual.charAt(0).toLowerCase() + usual.slice(1);
}

function usualName(flow: Dataflow, property: string): string {
  const field = flow.rows.find((row) => row.customcrm === property)?.field;
  return shippedProperty(flow, field) ?? property;
}

const shippedProperty = ({ type, exact }: Dataflow, field: string | undefined): string | undefined =>
  shippedFlow(type, exact)?.rows.find((row) => row.field === field)?.customcrm;
