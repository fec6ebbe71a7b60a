import type { Snapshot } from "../domain/entity.js";
import { ModifiedElsewhereError, NotFoundError, SystemError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import { type RecordRef, refKey, type SystemRecord } from "../domain/record.js";
import { type Clock, isoTime, type RecordType, type System } from "../domain/words.js";
import type { Store } from "../store/store.js";
import type { Connectors } from "./parts.js";

/** What is known of one record: its newest snapshot, and why it could not be read again if that failed. */
export interface RecordReading {
  readonly snapshot: Snapshot | null;
  readonly error: SystemError | null;
}

export interface LiveReadParts {
  readonly store: Store;
  readonly connectors: Connectors;
  readonly clock: Clock;
}

/** No query waits longer for a system than this, whatever its budget and its pages. */
const deadlineMs = 2 * limits.http.timeoutMs;
/** A read that a write of ours has overtaken is repeated this often. */
const maxRepeats = 2;

type Readings = ReadonlyMap<string, RecordReading>;

/**
 * Reads records from their systems now. There is one for the process: requests that want a record which is being read share
 * that reading. What was read is stored, unless a later reading or a write of ours has overtaken it.
 */
export class LiveReads {
  readonly #parts: LiveReadParts;
  readonly #inFlight = new Map<string, Promise<RecordReading>>();

  constructor(parts: LiveReadParts) {
    this.#parts = parts;
  }

  /** One reading per id, in their order; the ids differ. `known` is what is stored of each. A system's failure is in the readings. */
  async read(system: System, type: RecordType, ids: readonly string[], known: readonly (Snapshot | null)[]): Promise<readonly RecordReading[]> {
    const refs = ids.map((id): RecordRef => ({ system, type, id }));
    const mine = refs.filter((ref) => !this.#inFlight.has(refKey(ref)));
    if (mine.length > 0) {
      const before = new Map(refs.map((ref, i) => [refKey(ref), known[i] ?? null]));
      const batch = this.#readOrFail(system, type, mine, before);
      for (const ref of mine) this.#share(ref, batch);
    }
    return Promise.all(refs.map((ref) => this.#inFlight.get(refKey(ref)) ?? unknown));
  }

  #share(ref: RecordRef, batch: Promise<Readings>): void {
    const key = refKey(ref);
    const reading = batch.then((readings) => readings.get(key) ?? unknown).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, reading);
  }

  async #readOrFail(system: System, type: RecordType, refs: readonly RecordRef[], before: Before): Promise<Readings> {
    try {
      return await this.#readNow(system, type, refs, before, maxRepeats);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return new Map(refs.map((ref) => [refKey(ref), { snapshot: before.get(refKey(ref)) ?? null, error }]));
    }
  }

  async #readNow(system: System, type: RecordType, refs: readonly RecordRef[], before: Before, repeats: number): Promise<Readings> {
    const { store, clock, connectors } = this.#parts;
    const ticket = await store.snapshots.ticket();
    const asOf = isoTime(clock());
    const ids = refs.map((ref) => ref.id);
    const records = await connectors[system].getMany(type, ids, { class: "interactive", deadline: clock() + deadlineMs });
    const stored = await this.#store([...records.values()], before, asOf, ticket);

    const readings = new Map<string, RecordReading>();
    const overtaken: RecordRef[] = [];
    for (const ref of refs) {
      const snapshot = stored.get(refKey(ref));
      const last = before.get(refKey(ref)) ?? null;
      if (snapshot) readings.set(refKey(ref), { snapshot, error: null });
      else if (!records.has(ref.id)) readings.set(refKey(ref), { snapshot: last, error: missing(ref) });
      else if (repeats > 0) overtaken.push(ref);
      else readings.set(refKey(ref), { snapshot: last, error: busy(ref) });
    }
    if (overtaken.length === 0) return readings;
    return new Map([...readings, ...(await this.#readNow(system, type, overtaken, before, repeats - 1))]);
  }

  /**
   * Stores what was read and gives it back; of a record that somebody read later, that reading. A record that a write of ours
   * has overtaken is left out. An entity whose record has changed is marked with it.
   */
  async #store(records: readonly SystemRecord[], before: Before, asOf: string, ticket: number): Promise<ReadonlyMap<string, Snapshot>> {
    if (records.length === 0) return new Map();
    const { entities, snapshots } = this.#parts.store;
    const changed = records.map(refOf).filter((ref, i) => isChanged(before.get(refKey(ref)) ?? null, records[i]));
    const owners = changed.length > 0 ? await entities.idsOfRecords(changed) : [];
    const dirty = [...new Set(owners.filter((id) => id !== null))];
    const isStored = await snapshots.put(records, asOf, ticket, dirty);

    const refused = records.map(refOf).filter((_, i) => !isStored[i]);
    const kept = refused.length > 0 ? await snapshots.get(refused) : [];
    const found = new Map<string, Snapshot>();
    records.forEach((record, i) => {
      if (isStored[i]) found.set(refKey(refOf(record)), { record, asOf, deletedAt: null, ticket });
    });
    for (const snapshot of kept) if (snapshot && snapshot.ticket > ticket) found.set(refKey(refOf(snapshot.record)), snapshot);
    return found;
  }
}

type Before = ReadonlyMap<string, Snapshot | null>;

const unknown: RecordReading = { snapshot: null, error: null };

const refOf = ({ system, type, id }: SystemRecord): RecordRef => ({ system, type, id });

const nameOf = (system: System): string => (system === "CUSTOMCRM" ? "Customcrm" : "Exact Online");

const missing = (ref: RecordRef) =>
  new NotFoundError(
    ref.system,
    `${nameOf(ref.system)} did not return ${ref.type} ${ref.id} any more. What was last read stands until its deletion is certain.`,
  );

const busy = (ref: RecordRef) =>
  new ModifiedElsewhereError(ref.system, `${ref.type} ${ref.id} of ${nameOf(ref.system)} was written to whenever it was read. What was last read is shown.`);

/** Anything that the feed would have found changed, so that the sync looks at what the feed will find known already (R12). */
function isChanged(before: Snapshot | null, record: SystemRecord | undefined): boolean {
  if (!before || !record || before.deletedAt !== null) return true;
  if (before.record.modifiedAt !== record.modifiedAt || before.record.etag !== record.etag) return true;
  const names = new Set([...Object.keys(before.record.properties), ...Object.keys(record.properties)]);
  return [...names].some((name) => (before.record.properties[name] ?? null) !== (record.properties[name] ?? null));
}
