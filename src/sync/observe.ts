import { type Dataflow, dataflowOf, fieldsOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity, Snapshot } from "../domain/entity.js";
import { type RecordRef, refKey } from "../domain/record.js";
import { type IsoTime, type System, systems } from "../domain/words.js";
import type { Store } from "../store/store.js";
import type { Observation, Sighting } from "./decide/observation.js";
import { References } from "./references.js";

/** An entity with what both sides were last seen to hold; what is still to be added is the match and the settings. */
export interface Seen {
  readonly entity: Entity;
  readonly flow: Dataflow;
  readonly sides: Observation["sides"];
  /** Linked to a record of which no snapshot is kept: it must be read before anything can be said of it. */
  readonly unread: readonly RecordRef[];
  /** When each side was read; null: never, or it is known to be gone. */
  readonly asOf: { readonly [S in System]: IsoTime | null };
}

export interface Batch {
  readonly seen: readonly Seen[];
  readonly references: References;
}

/** What is known of these entities, in two rounds of reading whatever their number. */
export async function observe(store: Store, flows: readonly Dataflow[], entities: readonly Entity[]): Promise<Batch> {
  const refs = entities.flatMap((entity) => recordRefs(dataflowOf(flows, entity.type), entity));
  const snapshots = await store.snapshots.get(refs);
  const byRef = new Map(refs.map((ref, i) => [refKey(ref), snapshots[i] ?? null]));

  const seen = entities.map((entity): Seen => {
    const flow = dataflowOf(flows, entity.type);
    const own = recordRefs(flow, entity);
    const snapshotOf = (system: System): Snapshot | null => {
      const ref = own.find((one) => one.system === system);
      return ref ? (byRef.get(refKey(ref)) ?? null) : null;
    };
    const side = (system: System): Sighting => sightingOf(flow, snapshotOf(system));
    const asOf = (system: System): IsoTime | null => {
      const snapshot = snapshotOf(system);
      return snapshot && snapshot.deletedAt === null ? snapshot.asOf : null;
    };
    return {
      entity,
      flow,
      sides: { CUSTOMCRM: side("CUSTOMCRM"), EXACT: side("EXACT") },
      unread: own.filter((ref) => !byRef.get(refKey(ref))),
      asOf: { CUSTOMCRM: asOf("CUSTOMCRM"), EXACT: asOf("EXACT") },
    };
  });
  const records = snapshots.flatMap((snapshot) => (snapshot ? [snapshot.record] : []));
  return { seen, references: await References.read(store.entities, flows, records, entities.flatMap(referredEntities(flows))) };
}

export const recordRefs = (flow: Dataflow, entity: Entity): readonly RecordRef[] =>
  systems.flatMap((system) => {
    const id = entity.records[system];
    return id === null ? [] : [{ system, type: recordTypeOf(flow, system), id }];
  });

function sightingOf(flow: Dataflow, snapshot: Snapshot | null): Sighting {
  if (!snapshot) return { kind: "none" };
  if (snapshot.deletedAt !== null) return { kind: "gone", at: snapshot.deletedAt, evidence: "TOMBSTONE" };
  return { kind: "present", record: snapshot.record, fields: fieldsOf(flow, snapshot.record) };
}

/** Entities that a unified field or a mutation names: their records are what must be sent. */
const referredEntities =
  (flows: readonly Dataflow[]) =>
  (entity: Entity): readonly string[] => {
    const rows = dataflowOf(flows, entity.type).rows.filter((row) => row.refersTo);
    const asked = [entity.wanted?.set, ...(entity.operations ?? []).map((one) => one.set)];
    return rows.flatMap((row) => [entity.fields, ...asked].map((set) => set?.[row.field]).filter((id): id is string => typeof id === "string"));
  };
