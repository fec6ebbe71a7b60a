import type { Dataflow } from "../../domain/dataflow.js";
import type { Snapshot } from "../../domain/entity.js";
import { type RecordRef, refKey, type SystemRecord } from "../../domain/record.js";
import type { IsoTime } from "../../domain/words.js";
import {
  allMarks,
  type DirtyMark,
  type DocumentKind,
  type DocumentStore,
  type FeedState,
  type FeedStore,
  type Lease,
  type LeaseStore,
  type MarksPage,
  type SnapshotStore,
  type Store,
} from "../../store/store.js";
import { OverlayEntities } from "./overlay-entities.js";

/**
 * A store over another one: what is read comes from below until it is written here, and what is written stays here. A dry run
 * works on it with the sync's own code, and leaves no trace. It holds what would change, not what there is.
 */
export class Overlay implements Store {
  readonly kind = "memory";
  readonly entities: OverlayEntities;
  readonly snapshots: SnapshotStore;
  readonly feeds: OverlayFeeds;
  readonly leases: LeaseStore;
  readonly documents: DocumentStore;
  readonly secrets: Store["secrets"];
  readonly tallies: Store["tallies"];
  readonly events: Store["events"] = { publish: async () => {}, subscribe: () => () => {} };

  constructor(base: Store, flows: readonly Dataflow[]) {
    this.feeds = new OverlayFeeds(base.feeds);
    this.entities = new OverlayEntities(base.entities, this.feeds, flows);
    this.snapshots = new OverlaySnapshots(base.snapshots, this.feeds);
    this.leases = new OverlayLeases();
    this.documents = new OverlayDocuments(base.documents);
    this.secrets = base.secrets;
    this.tallies = base.tallies;
  }

  async ping(): Promise<void> {}
  async stop(): Promise<void> {}
}

class OverlaySnapshots implements SnapshotStore {
  readonly #own = new Map<string, Snapshot>();
  #ticket = 2 ** 50;

  constructor(
    private readonly base: SnapshotStore,
    private readonly feeds: Pick<FeedStore, "markDirty">,
  ) {}

  async ticket(): Promise<number> {
    return ++this.#ticket;
  }

  async get(refs: readonly RecordRef[]): Promise<readonly (Snapshot | null)[]> {
    const below = refs.filter((ref) => !this.#own.has(refKey(ref)));
    const found = below.length > 0 ? await this.base.get(below) : [];
    const byKey = new Map(below.map((ref, i) => [refKey(ref), found[i] ?? null]));
    return refs.map((ref) => this.#own.get(refKey(ref)) ?? byKey.get(refKey(ref)) ?? null);
  }

  async put(records: readonly SystemRecord[], asOf: IsoTime, ticket: number, dirty: readonly string[] = []): Promise<readonly boolean[]> {
    await this.feeds.markDirty(dirty);
    for (const record of records) this.#own.set(refKey(record), { record, asOf, deletedAt: null, ticket });
    return records.map(() => true);
  }

  async putDeleted(refs: readonly RecordRef[], at: IsoTime, ticket: number, dirty: readonly string[] = []): Promise<void> {
    await this.feeds.markDirty(dirty);
    const found = await this.get(refs);
    refs.forEach((ref, i) => {
      const snapshot = found[i];
      if (snapshot) this.#own.set(refKey(ref), { ...snapshot, deletedAt: at, ticket });
    });
  }

  async noteWrite(ref: RecordRef, at: IsoTime, shown: SystemRecord | "gone" | null): Promise<void> {
    if (shown === "gone") await this.putDeleted([ref], at, await this.ticket());
    else if (shown) await this.put([shown], at, await this.ticket());
  }
}

/** Higher than any generation below. */
const firstOwn = 2 ** 50;

class OverlayFeeds implements FeedStore {
  readonly #states = new Map<string, FeedState>();
  readonly #marks = new Map<string, number>();
  readonly #cleared = new Map<string, number>();
  #last = firstOwn;

  constructor(private readonly base: FeedStore) {}

  async get(system: Parameters<FeedStore["get"]>[0], feed: string): Promise<FeedState> {
    return this.#states.get(`${system}:${feed}`) ?? this.base.get(system, feed);
  }

  async advance(system: Parameters<FeedStore["get"]>[0], feed: string, state: FeedState, dirty: readonly string[]): Promise<void> {
    this.#states.set(`${system}:${feed}`, state);
    await this.markDirty(dirty);
  }

  async markDirty(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.#marks.delete(id);
      this.#marks.set(id, ++this.#last);
    }
  }

  /** Nobody withdraws them: a dry run that is cancelled ends with all that it has marked. */
  async markForRun(ids: readonly string[]): Promise<void> {
    await this.markDirty(ids);
  }

  async stillDirty(marks: readonly DirtyMark[]): Promise<readonly boolean[]> {
    return marks.map(() => true);
  }

  async dirty(limit: number): Promise<readonly DirtyMark[]> {
    const below = (await this.base.dirty(allMarks)).filter((mark) => this.#standsBelow(mark));
    const own = [...this.#marks].map(([entityId, generation]) => ({ entityId, generation }));
    return [...below, ...own].slice(0, limit);
  }

  /** What was marked here stands behind all that was marked below. */
  async dirtyPage(prefix: string, from: number, limit: number): Promise<MarksPage> {
    if (from < firstOwn) {
      const page = await this.base.dirtyPage(prefix, from, limit);
      const isLast = !page.isMore;
      return { marks: page.marks.filter((mark) => this.#standsBelow(mark)), next: isLast ? firstOwn : page.next, isMore: !isLast || this.#marks.size > 0 };
    }
    const own = [...this.#marks].flatMap(([entityId, generation]) => (generation > from && entityId.startsWith(prefix) ? [{ entityId, generation }] : []));
    const marks = own.slice(0, limit);
    return { marks, next: own.length > limit ? (marks.at(-1)?.generation ?? from) : this.#last, isMore: own.length > limit };
  }

  readonly #standsBelow = ({ entityId, generation }: DirtyMark): boolean => !this.#marks.has(entityId) && (this.#cleared.get(entityId) ?? 0) < generation;

  async clearDirty(marks: readonly DirtyMark[]): Promise<void> {
    for (const { entityId, generation } of marks) {
      if (this.#marks.get(entityId) === generation) this.#marks.delete(entityId);
      this.#cleared.set(entityId, generation);
    }
  }

  /** Nobody else is there. */
  async clearRested(marks: readonly DirtyMark[]): Promise<void> {
    await this.clearDirty(marks);
  }

  async countDirty(): Promise<number> {
    return (await this.dirty(allMarks)).length;
  }
}

class OverlayLeases implements LeaseStore {
  readonly #held = new Map<string, number>();
  #last = 0;

  async acquire(key: string): Promise<Lease | null> {
    if (this.#held.has(key)) return null;
    this.#held.set(key, ++this.#last);
    return { key, token: this.#last };
  }

  async renew({ key, token }: Lease): Promise<boolean> {
    return this.#held.get(key) === token;
  }

  async release({ key, token }: Lease): Promise<void> {
    if (this.#held.get(key) === token) this.#held.delete(key);
  }
}

class OverlayDocuments implements DocumentStore {
  readonly #own = new Map<string, { readonly value: unknown; readonly version: number }>();

  constructor(private readonly base: DocumentStore) {}

  async get<T>(kind: DocumentKind, key: string): Promise<{ readonly value: T; readonly version: number } | null> {
    const own = this.#own.get(`${kind}:${key}`);
    return own ? { value: own.value as T, version: own.version } : this.base.get<T>(kind, key);
  }

  async set<T>(kind: DocumentKind, key: string, value: T, version: number | null): Promise<boolean> {
    const now = (await this.get(kind, key))?.version ?? 0;
    if (version !== null && version !== now) return false;
    this.#own.set(`${kind}:${key}`, { value, version: now + 1 });
    return true;
  }

  async delete(): Promise<void> {}
  async append(): Promise<void> {}

  list<T>(kind: DocumentKind, first: number): Promise<readonly { readonly key: string; readonly value: T; readonly version: number }[]> {
    return this.base.list<T>(kind, first);
  }

  slice<T>(kind: DocumentKind, key: string, from: number, count: number): Promise<{ readonly items: readonly T[]; readonly total: number }> {
    return this.base.slice<T>(kind, key, from, count);
  }
}
