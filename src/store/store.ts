import type { Entity, HistoryEvent, Snapshot } from "../domain/entity.js";
import type { RecordRef, SystemRecord } from "../domain/record.js";
import type { RunCounts } from "../domain/run.js";
import type { EntityType, IsoTime, LinkState, RecordType, System } from "../domain/words.js";

/**
 * What the gateway keeps. Two implementations are held to one suite: Redis, and an in-memory twin. Every method is atomic:
 * it happens whole or not at all, over all processes. All of them throw `StoreUnavailableError` when Redis does not answer.
 */
export interface Store {
  readonly entities: EntityStore;
  readonly snapshots: SnapshotStore;
  /** A view of a store over another may have none: then whole documents are read. */
  readonly pieces?: PieceReader;
  readonly feeds: FeedStore;
  readonly leases: LeaseStore;
  readonly secrets: SecretStore;
  readonly documents: DocumentStore;
  readonly tallies: TallyStore;
  readonly events: EventBus;
  /** "redis" or "memory", for the first screen and for health. */
  readonly kind: "redis" | "memory";
  ping(): Promise<void>;
  stop(): Promise<void>;
}

// ------------------------------------------------------------------------------------------------ entities and the link map

/** What lists filter and sort by; kept beside the document, in the same atomic step. */
export interface IndexEntry {
  /** The folded name that NAME_ASC sorts by, and that `name` filters look in. */
  readonly sortName: string;
  /** Further folded names that `name` filters look in: a contact's first and last. An empty one is none. */
  readonly names: readonly string[];
  /** Exact-match terms by filter name, already folded: email, country, postcode, vatNumber, chamberOfCommerce, number, accountId. */
  readonly terms: { readonly [filter: string]: string };
  /** Match keys of R6 of a side without a counterpart, so that candidates are found without reading all: `<system>:<alternative>:<key>`. */
  readonly matchKeys: readonly string[];
}

export interface EntityWrite {
  readonly entity: Entity;
  /** What stands at the revision that it was read at, if the writer has it at hand: spares whoever tells of the change a reading. */
  readonly before?: Entity;
  readonly index: IndexEntry;
  /** Events to add to the entity's history; the store gives them their ids. */
  readonly history: readonly Omit<HistoryEvent, "id">[];
}

/**
 * One atomic step over one or more entities. `put` entries carry the revision they were read at (0: must be new) and are
 * stored with revision + 1. `remove` drops an entity and lets its id, and its former ids, resolve to `into` from now on.
 */
export interface Commit {
  readonly put: readonly EntityWrite[];
  readonly remove?: readonly { readonly id: string; readonly revision: number; readonly into: string | null }[];
  /** Ids that resolved to another entity and are given to this one again (a cut link). */
  readonly reclaim?: readonly string[];
  /** Clears these dirty marks in the same step, if their generation is still this one. */
  readonly clearDirty?: readonly DirtyMark[];
  /** Marks these as dirty in the same step. */
  readonly markDirty?: readonly string[];
  /** Stores these documents in the same step, under the rules of `DocumentStore.set`. */
  readonly documents?: readonly DocumentWrite[];
}

export interface DocumentWrite {
  readonly kind: DocumentKind;
  readonly key: string;
  readonly value: unknown;
  /** The version read; 0: must be new; null: whatever it is. */
  readonly version: number | null;
  readonly ttlMs?: number | null;
  readonly order?: number;
}

/**
 * STALE: somebody wrote the entity since it was read. TAKEN: a record would belong to two entities (R1, I1). DOCUMENT: a
 * document has another version by now. Nothing was written.
 */
export type CommitResult =
  | { readonly ok: true; readonly revisions: ReadonlyMap<string, number> }
  | { readonly ok: false; readonly reason: "STALE"; readonly id: string }
  | { readonly ok: false; readonly reason: "DOCUMENT"; readonly kind: DocumentKind; readonly key: string }
  | { readonly ok: false; readonly reason: "TAKEN"; readonly ref: RecordRef; readonly by: string };

export interface EntityQuery {
  readonly type: EntityType;
  readonly name?: { readonly equals: string } | { readonly startsWith: string };
  readonly terms: { readonly [filter: string]: string };
  readonly states?: readonly LinkState[];
  readonly modifiedAfter?: IsoTime;
  readonly order: "NAME_ASC" | "NAME_DESC" | "MODIFIED_ASC" | "MODIFIED_DESC";
}

export interface EntityPage {
  readonly entities: readonly Entity[];
  /** One per entity: where to go on after it. Opaque; throws `InvalidInputError` when it is not one of ours or of another order. */
  readonly cursors: readonly string[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export type StateCounts = { readonly [S in LinkState]: number };

export interface EntityReader {
  /** In the order asked; null where no id or former id is known. A former id gives the surviving entity. */
  get(ids: readonly string[]): Promise<readonly (Entity | null)[]>;
  /** The entity that each record belongs to; null for a record never seen. */
  ofRecords(type: EntityType, system: System, recordIds: readonly string[]): Promise<readonly (Entity | null)[]>;
  /** As `ofRecords`, over all types: an Exact Contacts row may belong to a Contact or a Product. Only the ids, cheaply. */
  idsOfRecords(refs: readonly RecordRef[]): Promise<readonly (string | null)[]>;
  list(query: EntityQuery, first: number, after: string | null): Promise<EntityPage>;
  /** How many entities a query has, at a cost bounded by the matches. */
  count(query: EntityQuery): Promise<number>;
  /** Over several types, by type and id; for `links`. */
  listLinks(types: readonly EntityType[], states: readonly LinkState[] | null, first: number, after: string | null): Promise<EntityPage>;
  countLinks(types: readonly EntityType[], states: readonly LinkState[] | null): Promise<number>;
  counts(type: EntityType): Promise<StateCounts>;
  /** Entities of this type that carry the match key, at most `limit`. */
  byMatchKey(type: EntityType, key: string, limit: number): Promise<readonly Entity[]>;
  /** Newest first. */
  history(
    id: string,
    first: number,
    after: string | null,
  ): Promise<{ readonly events: readonly HistoryEvent[]; readonly hasNextPage: boolean; readonly total: number }>;
  historyEvent(eventId: string): Promise<HistoryEvent | null>;
  /** Every entity of a type, in batches, in no order; one that is written meanwhile may come twice. */
  scan(type: EntityType): AsyncIterable<readonly Entity[]>;
}

export interface EntityStore extends EntityReader {
  commit(commit: Commit): Promise<CommitResult>;
  /** Entities whose `nextActionAt` has come, oldest first. */
  due(now: number, limit: number): Promise<readonly string[]>;
  /** The number of entities with a `nextActionAt`. */
  countDue(): Promise<number>;
  /** Erases the entity with its history, snapshots and indexes. */
  forget(id: string): Promise<boolean>;
}

// ------------------------------------------------------------------------------------------------ snapshots

export interface SnapshotStore {
  /** A number higher than all before it, over all processes. Take it before a read begins and after a write has ended. */
  ticket(): Promise<number>;
  get(refs: readonly RecordRef[]): Promise<readonly (Snapshot | null)[]>;
  /**
   * Stores those whose ticket is higher than that of what is stored and than the record's last write; tells which were. Marks these
   * entities as dirty in the same step: whoever settles them later sees the news, and no crash leaves news that nobody looks at.
   */
  put(records: readonly SystemRecord[], asOf: IsoTime, ticket: number, dirty?: readonly string[]): Promise<readonly boolean[]>;
  /** Notes that records are gone, by the same rule of tickets and with the same marks; what was last read is kept for as long as histories are. */
  putDeleted(refs: readonly RecordRef[], at: IsoTime, ticket: number, dirty?: readonly string[]): Promise<void>;
  /**
   * After our own write has ended: reads that began before this are too old to be stored. What the write has shown of the record
   * is stored in the same step, null: nothing.
   */
  noteWrite(ref: RecordRef, at: IsoTime, shown: SystemRecord | "gone" | null): Promise<void>;
}

// ------------------------------------------------------------------------------------------------ pieces of what is stored

/**
 * A stored object of which single members are wanted, each as the JSON that it is, ready to be put into an answer. A character
 * of such JSON stands for one byte of its UTF-8, so that nothing has to be decoded for it.
 */
export interface Pieces {
  /** The names of all members; the same list for objects that have the same ones, as far as that is known. */
  readonly names: readonly string[];
  /** undefined: it has no such member. */
  json(name: string): string | undefined;
  /** The pieces of a member; null where that is null or none. */
  of(name: string): Pieces | null;
}

/** The pieces of what was last read of a record. */
export interface RecordPieces {
  readonly asOf: string;
  readonly modifiedAt: string;
  readonly properties: Pieces;
}

/** The pieces of an entity, and of those snapshots of its records that were read with it; what is not there has to be read. */
export interface EntityPieces extends Pieces {
  readonly snapshots?: { readonly [S in System]?: RecordPieces | null | undefined } | undefined;
}

/** Types of records, for one system or both. */
export type RecordTypes = { readonly [S in System]?: RecordType };

/** A page of a list that is asked for. */
export interface PageQuery {
  readonly query: EntityQuery;
  readonly first: number;
  readonly after: string | null;
}

export interface PiecePage {
  readonly entities: readonly Pieces[];
  /** One per entity; made when they are asked for. */
  cursors(): readonly string[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/**
 * Reads what answers are put together from, for whoever asks for the usual. `undefined` does not say that there is nothing, but
 * that it has to be looked for by the store's other readers.
 */
export interface PieceReader {
  /** One entity, with the snapshots of its records of these types. */
  entity(id: string, types: RecordTypes): Promise<EntityPieces | undefined>;
  entities(ids: readonly string[]): Promise<readonly (Pieces | undefined)[]>;
  /** null: the record is known to be gone. */
  records(refs: readonly RecordRef[]): Promise<readonly (RecordPieces | null | undefined)[]>;
  /** Throws as `list` does where `after` is no cursor of the list. */
  pages(queries: readonly PageQuery[]): Promise<readonly (PiecePage | undefined)[]>;
}

// ------------------------------------------------------------------------------------------------ feeds and dirty entities

export interface DirtyMark {
  readonly entityId: string;
  /** Grows whenever the entity is marked again; a mark is cleared only at the generation that was handled (R12). */
  readonly generation: number;
  /** The run that marked it to be looked at once more, if nobody has marked it for anything else: it stands for no news. */
  readonly runId?: string;
}

export interface FeedState {
  readonly position: string | null;
  /** The position from which the next poll reads: never nearer than the overlap to what a later poll has confirmed (R12). */
  readonly low: string | null;
  /** Positions seen and when; those older than the overlap become `low`. */
  readonly seen: readonly { readonly position: string; readonly at: number }[];
  readonly epoch: string | null;
  readonly polledAt: IsoTime | null;
  readonly lastChangeAt: IsoTime | null;
}

/** Of a feed that was never read. */
export const unreadFeed: FeedState = { position: null, low: null, seen: [], epoch: null, polledAt: null, lastChangeAt: null };

/** A mark of an entity that was found to need nothing, without its lease. */
export interface RestedMark extends DirtyMark {
  /** As it was read after the mark. */
  readonly revision: number;
  /** Under which key its lease would be. */
  readonly leaseKey: string;
}

/** More than there ever are. */
export const allMarks = 1_000_000_000;

/** Marks in the order in which they were last set. */
export interface MarksPage {
  readonly marks: readonly DirtyMark[];
  /** Where the next page begins. */
  readonly next: number;
  /** False: nothing stands there yet. */
  readonly isMore: boolean;
}

export interface FeedStore {
  get(system: System, feed: string): Promise<FeedState>;
  /** Saves the cursor together with the marks of what the page touched, before any of it is handled (R12). */
  advance(system: System, feed: string, state: FeedState, dirty: readonly string[]): Promise<void>;
  markDirty(entityIds: readonly string[]): Promise<void>;
  /**
   * Marks, for a run, those that are not marked yet. A mark stays the run's own until anybody marks the entity again; what two
   * runs have marked is nobody's own.
   */
  markForRun(entityIds: readonly string[], runId: string): Promise<void>;
  /** The marks that have stood longest, without clearing them. Marking again counts as new. */
  dirty(limit: number): Promise<readonly DirtyMark[]>;
  /** A page of the marks whose entity ids begin with `prefix`; `from` 0: of all there are. It may hold fewer than `limit` although more follow. */
  dirtyPage(prefix: string, from: number, limit: number): Promise<MarksPage>;
  clearDirty(marks: readonly DirtyMark[]): Promise<void>;
  /** The same, only of entities that nobody holds now and that stand at this revision. */
  clearRested(marks: readonly RestedMark[]): Promise<void>;
  /** Which of these marks still stand, at this generation. */
  stillDirty(marks: readonly DirtyMark[]): Promise<readonly boolean[]>;
  countDirty(): Promise<number>;
}

// ------------------------------------------------------------------------------------------------ leases

export interface Lease {
  readonly key: string;
  /** Grows with every lease of the key: who holds an older one is no longer the writer. */
  readonly token: number;
}

export interface LeaseStore {
  /** null when somebody else holds it. */
  acquire(key: string, ttlMs: number): Promise<Lease | null>;
  /** false when it was lost meanwhile. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  /** Only its holder's token releases it. */
  release(lease: Lease): Promise<void>;
}

// ------------------------------------------------------------------------------------------------ secrets and documents

/** Small encrypted values with compare-and-set; the plaintext never reaches Redis. */
export interface SecretStore {
  get(name: string): Promise<{ readonly value: string; readonly version: number } | null>;
  /** Stores if the version is still this one (0: none yet); false when another process was first. */
  set(name: string, value: string, version: number): Promise<boolean>;
  delete(name: string): Promise<void>;
}

/** A JSON document under a kind and a key: operations, runs, plans, dataflow states, receipts. */
export interface DocumentStore {
  get<T>(kind: DocumentKind, key: string): Promise<{ readonly value: T; readonly version: number } | null>;
  /** Stores if the version is still this one (0: must be new; null: whatever it is). `ttlMs` null: kept. `order` sorts `list`. */
  set<T>(
    kind: DocumentKind,
    key: string,
    value: T,
    version: number | null,
    options?: { readonly ttlMs?: number | null; readonly order?: number },
  ): Promise<boolean>;
  delete(kind: DocumentKind, key: string): Promise<void>;
  /** Newest `order` first. */
  list<T>(kind: DocumentKind, first: number): Promise<readonly { readonly key: string; readonly value: T; readonly version: number }[]>;
  /** Items of a long list, such as a run's plan. */
  append(kind: DocumentKind, key: string, items: readonly unknown[], ttlMs: number | null): Promise<void>;
  slice<T>(kind: DocumentKind, key: string, from: number, count: number): Promise<{ readonly items: readonly T[]; readonly total: number }>;
}

export type DocumentKind =
  | "operation"
  | "idempotency"
  | "making"
  | "run"
  | "plan"
  | "dataflow"
  | "receipt"
  | "consent"
  | "webhook"
  | "guard"
  | "compare"
  | "meta";

// ------------------------------------------------------------------------------------------------ tallies

/**
 * What one process saw of an entity. `done`: something was done to it, and `item` joins the run's plan; what is `alike` to the
 * last thing done to it is that thing seen again, and is neither counted nor listed. `undone`: the last thing came to nothing.
 * `stands`: how it stands, counted once an entity; the `item` joins the plan when the tally is closed. `rests`: the same for
 * one that has nothing to do, unless something was done to it.
 */
export type TallyNote = {
  readonly entityId: string;
  /** The entity's, when this was seen: of how it stands the newest is true, in whatever order processes tell it. */
  readonly revision: number;
} & (
  | { readonly kind: "done"; readonly counted: keyof RunCounts | null; readonly alike: string; readonly item: unknown }
  | { readonly kind: "undone"; readonly counted: keyof RunCounts | null }
  | { readonly kind: "stands"; readonly counted: keyof RunCounts | null; readonly item: unknown }
  | { readonly kind: "rests"; readonly counted: keyof RunCounts | null }
);

/** What all processes together have done for a run. */
export interface TallyStore {
  /** From now on what is noted for the run counts. One that is open stays as it is. */
  open(runId: string): Promise<void>;
  /** Of which runs. */
  opened(): Promise<readonly string[]>;
  /** Adds to it; gives the counts so far. null: it is not open, and nothing was noted. What is kept expires after `ttlMs` without a note. */
  note(runId: string, notes: readonly TallyNote[], ttlMs: number): Promise<RunCounts | null>;
  /** Puts how entities stand behind the items of the run's plan, in no order, and forgets the tally; gives its last counts. */
  close(runId: string, ttlMs: number): Promise<RunCounts | null>;
}

// ------------------------------------------------------------------------------------------------ events

export interface EntityEvent {
  readonly kind: "CREATED" | "UPDATED" | "STATE_CHANGED" | "DELETED";
  readonly entityId: string;
  readonly type: EntityType;
  readonly state: LinkState;
  readonly source: "CUSTOMCRM" | "EXACT" | "GATEWAY";
  readonly fields: readonly string[];
  readonly at: IsoTime;
}
export type BusMessage =
  | { readonly topic: "entity"; readonly event: EntityEvent }
  | { readonly topic: "run"; readonly runId: string }
  | { readonly topic: "hint"; readonly system: System };

/** Tells every process; a message may be lost, so nothing may depend on it. */
export interface EventBus {
  publish(message: BusMessage): Promise<void>;
  subscribe(handler: (message: BusMessage) => void): () => void;
}
