import type { Dataflow } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import type { Properties, SystemRecord } from "../../domain/record.js";

/** Fields of the API that stay in Customcrm where no row of the dataflow names them: written beside the fields when a mutation sets them. */
const customcrmOnly: { readonly [type: string]: { readonly [field: string]: string } } = { PRODUCT: { number: "Number" } };

/** Whether this field of the API is kept by Customcrm alone. */
export const isCustomcrmOnly = (flow: Dataflow, field: string): boolean =>
  Object.hasOwn(customcrmOnly[flow.type] ?? {}, field) && !flow.rows.some((row) => row.field === field);

/** What a mutation sets of these and the record does not hold yet. */
export function ownProperties(flow: Dataflow, entity: Entity, record: SystemRecord | null): Properties {
  const set = entity.wanted?.set ?? {};
  const names = Object.entries(customcrmOnly[flow.type] ?? {}).filter(([field]) => field in set && isCustomcrmOnly(flow, field));
  return Object.fromEntries(
    names
      .filter(([field, property]) => (record?.properties[property] ?? null) !== (set[field] ?? null))
      .map(([field, property]) => [property, set[field] ?? null]),
  );
}

/** What a record holds for these properties: it is put back if a mutation must be undone (I9). */
export const heldFor = (record: SystemRecord | null, extra: Properties): Properties =>
  Object.fromEntries(Object.keys(extra).map((name) => [name, record?.properties[name] ?? null]));

/**
 * The Exact record's id, where Customcrm does not show it yet. Written beside something else, never for a match alone. A
 * Customcrm that has no such property has refused it by name, and is not asked again.
 */
export function externalIdFor(flow: Dataflow, entity: Entity, record: SystemRecord | null): string | null {
  const id = entity.records.EXACT;
  if (id === null || flow.externalId === "" || externalIdRefusals(flow, entity).length > 0) return null;
  return (record?.properties[flow.externalId] ?? null) === id ? null : id;
}

/** Kept as long as the entity lives: the property is the system's, not the record's. */
export const externalIdRefusals = (flow: Dataflow, entity: Entity): NonNullable<Entity["refused"]> =>
  (entity.refused ?? []).filter((one) => one.system === "CUSTOMCRM" && one.fields.includes(flow.externalId));
