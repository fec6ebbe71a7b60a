import type { Change, Connector } from "../connectors/connector.js";
import { type RecordRef, refKey, type SystemRecord } from "../domain/record.js";
import type { Made } from "./bench.js";

/**
 * Which records the checklist may see and touch: those it has made, and those that bear its mark, as one that a write has made
 * whose answer was lost. Nothing else of a system exists for the sync behind it.
 */
export class Fence {
  readonly #made = new Map<string, Made>();
  readonly calls = { all: 0, writes: 0 };

  constructor(private readonly mark: string) {}

  note(made: Made): void {
    this.#made.set(refKey(made), made);
  }

  made(): readonly Made[] {
    return [...this.#made.values()];
  }

  has(ref: RecordRef): boolean {
    return this.#made.has(refKey(ref));
  }

  lets(record: SystemRecord): boolean {
    if (this.has(record)) return true;
    if (!Object.values(record.properties).some((value) => typeof value === "string" && value.includes(this.mark))) return false;
    this.note({ system: record.system, type: record.type, id: record.id });
    return true;
  }

  /** The connector as seen from inside. Writing to a record outside is an error of ours, and is not done. */
  around(connector: Connector): Connector {
    const { system } = connector;
    const call = <T>(work: () => Promise<T>): Promise<T> => {
      this.calls.all++;
      return work();
    };
    const write = <T>(ref: RecordRef, work: () => Promise<T>): Promise<T> => {
      if (!this.has(ref)) throw new Error(`The checklist has not made ${refKey(ref)}, and does not write to it.`);
      this.calls.writes++;
      return call(work);
    };
    const isSeen = (change: Change) => (change.kind === "upsert" ? this.lets(change.record) : this.has(change.ref));
    return {
      system,
      feeds: connector.feeds,
      getMany: async (type, ids, options) => {
        const inside = ids.filter((id) => this.has({ system, type, id }));
        return inside.length === 0 ? new Map() : call(() => connector.getMany(type, inside, options));
      },
      readFeed: async (feed, position, options) => {
        const page = await call(() => connector.readFeed(feed, position, options));
        return { ...page, changes: page.changes.filter(isSeen) };
      },
      feedEpoch: (options) => call(() => connector.feedEpoch(options)),
      list: async (type, next, options) => {
        const page = await call(() => connector.list(type, next, options));
        return { ...page, records: page.records.filter((record) => this.lets(record)) };
      },
      find: async (type, where, since, options) => (await call(() => connector.find(type, where, since, options))).filter((record) => this.lets(record)),
      create: async (type, properties, key, options) => {
        this.calls.writes++;
        const created = await call(() => connector.create(type, properties, key, options));
        this.note({ system, type, id: created.id });
        return created;
      },
      update: async (type, id, properties, etag, options) => write({ system, type, id }, () => connector.update(type, id, properties, etag, options)),
      remove: async (type, id, etag, options) => write({ system, type, id }, () => connector.remove(type, id, etag, options)),
      probe: (options) => call(() => connector.probe(options)),
      status: () => connector.status(),
    };
  }
}
