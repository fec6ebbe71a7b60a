import { type Dataflow, fieldsOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { RecordRef, SystemRecord } from "../domain/record.js";
import { refKey } from "../domain/record.js";
import { type Clock, type EntityType, isoTime, type RecordType, type System } from "../domain/words.js";
import type { Store } from "../store/store.js";
import { openCreateKey, writeOf } from "./document.js";

export interface Mint {
  readonly store: Store;
  readonly flows: readonly Dataflow[];
  readonly clock: Clock;
  readonly newId: (type: EntityType) => string;
}

const batchSize = 100;

/**
 * Gives every record that no entity knows an entity of its own (R1). An Exact Contacts row is taken for a Contact. A row that
 * fits a create of ours which is still open is held instead: it may be that create's own, and is looked at again when the
 * create is settled. Gives the ids of the new entities.
 */
export async function mintUnknown(parts: Mint, system: System, records: readonly SystemRecord[]): Promise<readonly string[]> {
  const minted: string[] = [];
  const mintable = await holdBack(parts, system, records);
  for (let from = 0; from < mintable.length; from += batchSize) {
    let batch = await withReferences(parts, system, mintable.slice(from, from + batchSize));
    while (batch.length > 0) {
      const result = await parts.store.entities.commit({ put: batch.map((one) => one.write), markDirty: batch.map((one) => one.write.entity.id) });
      if (result.ok) {
        minted.push(...batch.map((one) => one.write.entity.id));
        break;
      }
      // Another process was first with this record: it is known now. The others are still ours to mint.
      const taken = result.reason === "TAKEN" ? result.ref.id : null;
      batch = batch.filter((one) => (taken === null ? one.write.entity.id !== (result.reason === "STALE" ? result.id : "") : one.record.id !== taken));
    }
  }
  return minted;
}

/** The flow that a record of this type is taken for: the first of the table. */
export const flowOfRecord = (flows: readonly Dataflow[], system: System, type: RecordType): Dataflow | undefined =>
  flows.find((flow) => recordTypeOf(flow, system) === type);

export const heldKey = "held-rows";

/** Held rows are kept in a document of their own, so that they are looked at again whatever happens to the feed. */
async function holdBack(parts: Mint, system: System, records: readonly SystemRecord[]): Promise<readonly SystemRecord[]> {
  // An open create always has a time of its next action; without any there is nothing that a row could be held for.
  const holds = (await parts.store.entities.countDue()) > 0;
  const fits = await Promise.all(records.map((record) => holds && fitsOpenCreate(parts, system, record)));
  const mintable = records.filter((record, i) => !fits[i] && flowOfRecord(parts.flows, system, record.type));
  const held: RecordRef[] = records.filter((_, i) => fits[i]).map((record) => ({ system, type: record.type, id: record.id }));
  if (held.length > 0) await addHeld(parts.store, held);
  return mintable;
}

async function fitsOpenCreate(parts: Mint, system: System, record: SystemRecord): Promise<boolean> {
  for (const flow of parts.flows) {
    if (recordTypeOf(flow, system) !== record.type) continue;
    const name = nameOf(flow, record);
    const open = await parts.store.entities.byMatchKey(flow.type, openCreateKey(system, record.type, name), 1);
    if (open.length > 0) return true;
  }
  return false;
}

/** What tells a row of this flow by name: the property that holds the entity's name, or a person's last name. */
export function nameOf(flow: Dataflow, record: SystemRecord): string | null {
  const fields = fieldsOf(flow, record);
  return fields.lastName ?? fields.name ?? fields.firstName ?? null;
}

async function addHeld(store: Store, refs: readonly RecordRef[]): Promise<void> {
  for (;;) {
    const found = await store.documents.get<RecordRef[]>("meta", heldKey);
    const all = new Map([...(found?.value ?? []), ...refs].map((ref) => [refKey(ref), ref]));
    if (await store.documents.set("meta", heldKey, [...all.values()], found?.version ?? 0)) return;
  }
}

interface Minted {
  readonly record: SystemRecord;
  readonly write: ReturnType<typeof writeOf>;
}

async function withReferences(parts: Mint, system: System, records: readonly SystemRecord[]): Promise<readonly Minted[]> {
  const { flows, clock, newId, store } = parts;
  const drafts = records.flatMap((record) => {
    const flow = flowOfRecord(flows, system, record.type);
    return flow ? [{ record, flow, fields: fieldsOf(flow, record) }] : [];
  });
  const refs = drafts.flatMap(({ flow, fields }) =>
    flow.rows.flatMap((row) => {
      const id = fields[row.field];
      if (!row.refersTo || !id) return [];
      const target = flows.find((one) => one.type === row.refersTo);
      return target ? [{ system, type: recordTypeOf(target, system), id }] : [];
    }),
  );
  const ids = await store.entities.idsOfRecords(refs);
  const entityOf = new Map(refs.map((ref, i) => [ref.id, ids[i] ?? null]));
  const now = isoTime(clock());
  return drafts.map(({ record, flow, fields }) => {
    const resolved = Object.fromEntries(
      flow.rows.map((row) => {
        const value = fields[row.field] ?? null;
        return [row.field, row.refersTo && value ? (entityOf.get(value) ?? null) : value];
      }),
    );
    const entity: Entity = {
      id: newId(flow.type),
      type: flow.type,
      revision: 0,
      records: { CUSTOMCRM: null, EXACT: null, [system]: record.id },
      formerExactEntityId: null,
      state: "UNLINKED",
      version: 1,
      origin: null,
      linkedAt: null,
      syncedAt: null,
      problem: null,
      candidates: [],
      conflicts: [],
      ignored: [],
      cutFrom: [],
      fields: resolved,
      modifiedAt: record.modifiedAt ?? now,
      shadows: { CUSTOMCRM: null, EXACT: null },
      intents: [],
      wanted: null,
      nextActionAt: null,
    };
    return { record, write: writeOf(flow, entity, [{ at: now, kind: "SEEN", source: system, actor: null, fields: [] }], record) };
  });
}
