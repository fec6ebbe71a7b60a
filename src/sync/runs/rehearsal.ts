import type { CallOptions, Connector } from "../../connectors/connector.js";
import { limits } from "../../domain/limits.js";
import { type Properties, type RecordRef, refKey, type SystemRecord } from "../../domain/record.js";
import { type Clock, isoTime, type RecordType, type System } from "../../domain/words.js";
import type { SnapshotStore } from "../../store/store.js";

/**
 * A system as a dry run sees it: what it holds is real, what is written to it happens in this object alone. Counts the calls that
 * the real one would take.
 */
export class Rehearsal implements Connector {
  readonly system: System;
  readonly feeds: Connector["feeds"];
  reads = 0;
  writes = 0;
  readonly #made = new Map<string, SystemRecord>();

  constructor(
    private readonly real: Connector,
    private readonly snapshots: SnapshotStore,
    private readonly clock: Clock,
  ) {
    this.system = real.system;
    this.feeds = real.feeds;
  }

  async getMany(type: RecordType, ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, SystemRecord>> {
    this.reads += Math.ceil(ids.length / (this.system === "EXACT" ? limits.exact.pageSize : limits.customcrm.idsPerCall));
    const found = new Map<string, SystemRecord>();
    const known = await this.#known(type, ids);
    for (const record of known) if (record) found.set(record.id, record);
    const unknown = ids.filter((id) => !found.has(id) && !isPlanned(id));
    const read = unknown.length > 0 ? await this.real.getMany(type, unknown, options) : new Map<string, SystemRecord>();
    for (const [id, record] of read) found.set(id, record);
    return found;
  }

  readFeed(feed: string, position: string | null, options: CallOptions) {
    this.reads++;
    return this.real.readFeed(feed, position, options);
  }

  feedEpoch(options: CallOptions) {
    return this.real.feedEpoch(options);
  }

  list(type: RecordType, next: string | null, options: CallOptions) {
    this.reads++;
    return this.real.list(type, next, options);
  }

  find(type: RecordType, where: Parameters<Connector["find"]>[1], since: string | null, options: CallOptions) {
    this.reads++;
    return this.real.find(type, where, since, options);
  }

  async create(type: RecordType, properties: Properties): Promise<{ readonly id: string; readonly record: SystemRecord | null }> {
    this.writes++;
    const now = isoTime(this.clock());
    const id = `${plannedPrefix}${this.system.toLowerCase()}-${this.#made.size + 1}`;
    const record = this.#keep({ system: this.system, type, id, modifiedAt: now, createdAt: now, etag: this.#etag(), properties });
    return { id, record: this.#returned(record) };
  }

  async update(type: RecordType, id: string, properties: Properties): Promise<SystemRecord | null> {
    this.writes++;
    const [before] = await this.#known(type, [id]);
    const common = before ?? { system: this.system, type, id, createdAt: null, properties: {} };
    const record = this.#keep({
      ...common,
      modifiedAt: isoTime(this.clock()),
      etag: this.#etag(),
      properties: { ...common.properties, ...properties },
    });
    return this.#returned(record);
  }

  async remove(): Promise<void> {
    this.writes++;
  }

  async probe(): Promise<void> {}

  status() {
    return this.real.status();
  }

  async #known(type: RecordType, ids: readonly string[]): Promise<readonly (SystemRecord | null)[]> {
    const refs = ids.map((id): RecordRef => ({ system: this.system, type, id }));
    const stored = await this.snapshots.get(refs);
    return refs.map((ref, i) => {
      const snapshot = stored[i];
      return this.#made.get(refKey(ref)) ?? (snapshot && snapshot.deletedAt === null ? snapshot.record : null);
    });
  }

  #keep(record: SystemRecord): SystemRecord {
    this.#made.set(refKey(record), record);
    return record;
  }

  /** Exact answers a write without the record, which is then read back. */
  #returned(record: SystemRecord): SystemRecord | null {
    return this.system === "EXACT" ? null : record;
  }

  #etag(): string | null {
    return this.system === "EXACT" ? null : `"planned-${this.writes}"`;
  }
}

const plannedPrefix = "planned-";
/** A record that only the plan knows. */
export const isPlanned = (id: string): boolean => id.startsWith(plannedPrefix);
