import { type Dataflow, fieldsOf, recordTypeOf } from "../domain/dataflow.js";
import type { AwaitedRecord, Entity } from "../domain/entity.js";
import type { RecordRef, SystemRecord } from "../domain/record.js";
import { refKey } from "../domain/record.js";
import { type Clock, type EntityType, entityTypes, isoTime, type RecordType, type System } from "../domain/words.js";
import type { Store } from "../store/store.js";
import { batches } from "./batches.js";
import { writeOf } from "./document.js";
import { fits, openCreates } from "./open-creates.js";

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
  // What others refer to comes first, so that they find it.
  const typeOf = (record: SystemRecord) => flowOfRecord(parts.flows, system, record.type)?.type;
  const groups = entityTypes.flatMap((type) => [
    ...batches(
      mintable.filter((record) => typeOf(record) === type),
      batchSize,
    ),
  ]);
  for (const group of groups) {
    let batch = await withReferences(parts, system, group);
    while (batch.length > 0) {
      const result = await parts.store.entities.commit({ put: batch.map((one) => one.write), markDirty: batch.map((one) => one.write.entity.id) });
      if (result.ok) {
        minted.push(...batch.map((one) => one.write.entity.id));
        break;
      }
      if (result.reason === "TAKEN") {
        // Another process was first with this record, and may not have seen what we have read of it. The others are still ours to mint.
        await parts.store.feeds.markDirty([result.by]);
        batch = batch.filter((one) => one.record.id !== result.ref.id);
      } else if (result.reason === "STALE") batch = batch.filter((one) => one.write.entity.id !== result.id);
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
  const open = await openCreates(parts, system, [...new Set(records.map((record) => record.type))]);
  const isHeld = (record: SystemRecord) => open.some((one) => fits(one, record));
  const held: RecordRef[] = records.filter(isHeld).map((record) => ({ system, type: record.type, id: record.id }));
  if (held.length > 0) await addHeld(parts.store, held);
  return records.filter((record) => !isHeld(record) && flowOfRecord(parts.flows, system, record.type));
}

/** The held rows that are still there, as last read. */
export async function heldRows(store: Store): Promise<readonly SystemRecord[]> {
  const found = await store.documents.get<RecordRef[]>("meta", heldKey);
  if (!found || found.value.length === 0) return [];
  const snapshots = await store.snapshots.get(found.value);
  return snapshots.flatMap((snapshot) => (snapshot && snapshot.deletedAt === null ? [snapshot.record] : []));
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
    const awaits = flow.rows.flatMap(({ refersTo: type, field }): AwaitedRecord[] => {
      const recordId = fields[field] ?? null;
      return type && recordId !== null && !entityOf.get(recordId) ? [{ type, system, recordId }] : [];
    });
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
      ...(awaits.length > 0 ? { awaits } : {}),
    };
    return { record, write: writeOf(flow, entity, [{ at: now, kind: "SEEN", source: system, actor: null, fields: [] }], record) };
  });
}
