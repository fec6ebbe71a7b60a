import type { CallOptions, Connector } from "../connectors/connector.js";
import { recordTypeOf } from "../domain/dataflow.js";
import { type RecordRef, refKey } from "../domain/record.js";
import type { Guards } from "../domain/settings.js";
import { type EntityType, isoTime, otherSystem, type RecordType, type System } from "../domain/words.js";
import { type PullParts, takeIn } from "./pull.js";

/** Records that the last complete compare missed, by system and type; a document of kind `compare`. */
interface Missed {
  readonly at: string;
  readonly ids: readonly string[];
}

export interface CompareParts extends PullParts {
  /** Only records of these dataflows; default: all. What is found is taken in as ever. */
  readonly only?: readonly EntityType[];
  readonly onEmptySide?: (types: readonly EntityType[], system: System, links: number) => Promise<void>;
  readonly settings: { readonly guards: Guards };
}

/**
 * Reads all records of a system and compares them with what is known. What two complete compares have missed is gone (R9); a
 * list that fails half way, or a side that suddenly reads as empty, proves nothing (I11).
 */
export async function compare(parts: CompareParts, connector: Connector, options: CallOptions, onRead?: (records: number) => void): Promise<void> {
  const types = [...new Set(parts.flows.filter(({ type }) => parts.only?.includes(type) ?? true).map((flow) => recordTypeOf(flow, connector.system)))];
  for (const type of types) {
    const seen = new Set<string>();
    let isWhole = true;
    for (let next: string | null = null, first = true; first || next !== null; first = false) {
      const ticket = await parts.store.snapshots.ticket();
      const asOf = isoTime(parts.clock());
      const page = await connector.list(type, next, options);
      for (const record of page.records) seen.add(record.id);
      const { unreadable = [] } = page;
      if (unreadable.length > 0) parts.onUnreadable?.(connector.system, unreadable);
      // What can't be read is there all the same. A row that does not even tell whose it is makes the list prove nothing of what is missing.
      for (const { id } of unreadable) if (id !== null) seen.add(id);
      isWhole &&= unreadable.every(({ id }) => id !== null);
      const touched = await takeIn(
        parts,
        connector.system,
        page.records.map((record) => ({ kind: "upsert", record, position: "" })),
        asOf,
        ticket,
      );
      if (touched.length > 0) await parts.store.feeds.markDirty(touched);
      onRead?.(page.records.length);
      next = page.next;
    }
    if (isWhole) await noteMissing(parts, connector, type, seen);
  }
}

async function noteMissing(parts: CompareParts, connector: Connector, type: RecordType, seen: ReadonlySet<string>): Promise<void> {
  const { store, clock, flows, settings } = parts;
  const missing: RecordRef[] = [];
  let links = 0;
  for (const flow of flows.filter((one) => recordTypeOf(one, connector.system) === type)) {
    for await (const entities of store.entities.scan(flow.type)) {
      for (const entity of entities) {
        const id = entity.records[connector.system];
        if (id === null) continue;
        if (entity.records[otherSystem(connector.system)] !== null) links++;
        if (!seen.has(id)) missing.push({ system: connector.system, type, id });
      }
    }
  }
  // An empty list proves nothing, however often it is read (I11): a side that reads as empty is more likely broken than emptied.
  if (seen.size === 0) {
    const types = flows.filter((flow) => recordTypeOf(flow, connector.system) === type).map((flow) => flow.type);
    if (links > settings.guards.emptySideLinks) await parts.onEmptySide?.(types, connector.system, links);
    return;
  }
  const key = `${connector.system}:${type}`;
  const before = await store.documents.get<Missed>("compare", key);
  const twice = missing.filter((ref) => before?.value.ids.includes(ref.id));
  if (twice.length > 0) {
    const snapshots = await store.snapshots.get(twice);
    const gone = twice.filter((_, i) => snapshots[i]?.deletedAt === null);
    await store.snapshots.putDeleted(gone, isoTime(clock()), await store.snapshots.ticket());
    // Also of those that were known to be gone: their entity still has them, and a compare that broke off here may have marked nobody.
    const owners = await store.entities.idsOfRecords(twice);
    await store.feeds.markDirty(owners.filter((id): id is string => id !== null));
  }
  const ids = missing.filter((ref) => !twice.some((one) => refKey(one) === refKey(ref))).map((ref) => ref.id);
  await store.documents.set<Missed>("compare", key, { at: isoTime(clock()), ids }, null, { ttlMs: null });
}
