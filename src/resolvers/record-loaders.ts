import DataLoader from "dataloader";
import { NotAuthorizedError, RateLimitedError, type SystemError, UnavailableError } from "../domain/errors.js";
import type { RecordRef } from "../domain/record.js";
import type { Clock, RecordType, System } from "../domain/words.js";
import type { SnapshotStore } from "../store/store.js";
import { batched } from "./batches.js";
import type { LiveReads, RecordReading } from "./live-reads.js";

/** Seconds; null: whatever is stored. */
export type MaxAge = number | null;

interface RecordKey {
  readonly id: string;
  readonly maxAge: MaxAge;
}

/** The records that one request reads: one batch per system and type for all that is asked for in a tick. */
export class RecordLoaders {
  readonly #snapshots: SnapshotStore;
  readonly #live: LiveReads;
  readonly #clock: Clock;
  readonly #loaders = new Map<string, DataLoader<RecordKey, RecordReading, string>>();
  /** A system that did not answer this request once is not waited for again. */
  readonly #down = new Map<System, SystemError>();

  constructor(snapshots: SnapshotStore, live: LiveReads, clock: Clock) {
    this.#snapshots = snapshots;
    this.#live = live;
    this.#clock = clock;
  }

  /** What is known of a record, read again first if it was read longer ago than `maxAge`. A system's failure is in the reading. */
  load({ system, type, id }: RecordRef, maxAge: MaxAge): Promise<RecordReading> {
    const name = `${system}:${type}`;
    const loader =
      this.#loaders.get(name) ??
      new DataLoader((keys) => batched(`records of ${type}`, keys, () => this.#read(system, type, keys), system), {
        cacheKeyFn: (key) => `${key.maxAge}:${key.id}`,
      });
    this.#loaders.set(name, loader);
    return loader.load({ id, maxAge });
  }

  clear(): void {
    for (const loader of this.#loaders.values()) loader.clearAll();
  }

  async #read(system: System, type: RecordType, keys: readonly RecordKey[]): Promise<RecordReading[]> {
    const ids = [...new Set(keys.map((key) => key.id))];
    const snapshots = await this.#snapshots.get(ids.map((id) => ({ system, type, id })));
    const readings = new Map(ids.map((id, i): [string, RecordReading] => [id, { snapshot: snapshots[i] ?? null, error: null }]));
    const now = this.#clock();
    const old = [...new Set(keys.filter((key) => !isFresh(readings.get(key.id), key.maxAge, now)).map((key) => key.id))];
    const fresh = await this.#readLive(system, type, old, readings);
    old.forEach((id, i) => {
      const reading = fresh[i];
      if (reading) readings.set(id, reading);
    });
    return keys.map(({ id }) => readings.get(id) ?? { snapshot: null, error: null });
  }

  async #readLive(system: System, type: RecordType, ids: readonly string[], known: ReadonlyMap<string, RecordReading>): Promise<readonly RecordReading[]> {
    if (ids.length === 0) return [];
    const stored = ids.map((id) => known.get(id)?.snapshot ?? null);
    const down = this.#down.get(system);
    if (down) return stored.map((snapshot) => ({ snapshot, error: down }));
    const readings = await this.#live.read(system, type, ids, stored);
    const failed = readings.find(({ error }) => error !== null && isOfTheSystem(error))?.error;
    if (failed) this.#down.set(system, failed);
    return readings;
  }
}

/** Said of the whole system, so that asking it for something else would only take as long again. */
const isOfTheSystem = (error: SystemError): boolean =>
  error instanceof UnavailableError || error instanceof RateLimitedError || error instanceof NotAuthorizedError;

/** A record known to be gone is not asked for again. */
function isFresh(reading: RecordReading | undefined, maxAge: MaxAge, now: number): boolean {
  const snapshot = reading?.snapshot;
  if (!snapshot) return false;
  if (maxAge === null || snapshot.deletedAt !== null) return true;
  return now - Date.parse(snapshot.asOf) < maxAge * 1000;
}
