import type { CallOptions, Connector } from "../connectors/connector.js";
import type { Properties, RecordRef, SystemRecord } from "../domain/record.js";
import { type Clock, isoTime, type RecordType, type WriteOperation } from "../domain/words.js";
import type { SnapshotStore } from "../store/store.js";
import { outcomeOf, type WriteOutcome } from "./outcome.js";

/** One call that changes a system. Its intent stands in the store before this is made (R8). */
export interface Write {
  readonly operation: WriteOperation;
  readonly type: RecordType;
  /** null for a create. */
  readonly recordId: string | null;
  readonly properties: Properties;
  /** The same for every attempt of one intent: makes a repeat harmless where the system knows such keys. */
  readonly key: string;
  readonly etag: string | null;
}

export interface SendParts {
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
}

/**
 * Makes the call and tells how it ended. Once it has ended, reads that began before are too old to be stored: noted for
 * answers that were lost as well, since the write may have happened.
 */
export async function send(parts: SendParts, connector: Connector, write: Write, options: CallOptions): Promise<WriteOutcome> {
  const outcome = await call(connector, write, options).catch(outcomeOf);
  const id = outcome.kind === "done" ? outcome.id : write.recordId;
  if (id === null || outcome.kind === "later" || outcome.kind === "refused") return outcome;
  const ref: RecordRef = { system: connector.system, type: write.type, id };
  const shown = outcome.kind !== "done" ? null : write.operation === "DELETE" ? "gone" : outcome.record;
  await parts.snapshots.noteWrite(ref, isoTime(parts.clock()), shown);
  return outcome;
}

async function call(connector: Connector, write: Write, options: CallOptions): Promise<WriteOutcome> {
  const { type, recordId, properties, key, etag } = write;
  if (write.operation === "CREATE") return { kind: "done", ...(await connector.create(type, properties, key, options)) };
  if (recordId === null) throw new Error(`A ${write.operation.toLowerCase()} needs the record's id.`);
  if (write.operation === "DELETE") {
    await connector.remove(type, recordId, etag, options);
    return { kind: "done", id: recordId, record: null };
  }
  return { kind: "done", id: recordId, record: await connector.update(type, recordId, properties, etag, options) };
}

/**
 * Reads records now and stores what was read, in one batch per type. What is missing from the answer is not in the map; that
 * alone is no proof of a deletion (R9).
 */
export async function readNow(
  parts: SendParts,
  connector: Connector,
  type: RecordType,
  ids: readonly string[],
  options: CallOptions,
): Promise<ReadonlyMap<string, SystemRecord>> {
  if (ids.length === 0) return new Map();
  const ticket = await parts.snapshots.ticket();
  const asOf = isoTime(parts.clock());
  const records = await connector.getMany(type, ids, options);
  if (records.size > 0) await parts.snapshots.put([...records.values()], asOf, ticket);
  return records;
}
