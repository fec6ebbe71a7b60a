import type { Entity, HistoryEvent } from "../../domain/entity.js";
import { InvalidInputError } from "../../domain/errors.js";
import { type RecordRef, refKey } from "../../domain/record.js";
import { type Clock, type EntityType, entityTypes, type LinkState, linkStates, type System } from "../../domain/words.js";
import { compareBytes, modifiedPosition, positionOf, typeOfPosition } from "../cursors.js";
import { checkCommit, partsOfEventId, type RecordRefs, sortableTime } from "../indexed.js";
import type { Commit, CommitResult, EntityPage, EntityQuery, EntityStore, StateCounts } from "../store.js";
import type { MemoryDocuments } from "./documents.js";
import { kept } from "./frozen.js";
import { Histories } from "./histories.js";
import type { Marks } from "./marks.js";
import { pageOf } from "./pages.js";
import { Rows, rowOf } from "./rows.js";
import type { MemorySnapshots } from "./snapshots.js";

/** Entities in this process. Nothing waits between a check and its write, which makes every method atomic. */
export class MemoryEntities implements EntityStore {
  readonly #entities = new Map<string, Entity>();
  readonly #rows: { readonly [T in EntityType]: Rows } = { ACCOUNT: new Rows("ACCOUNT"), CONTACT: new Rows("CONTACT"), PRODUCT: new Rows("PRODUCT") };
  /** Entity ids by record, over all types (R1). */
  readonly #owners = new Map<string, string>();
  readonly #aliases = new Map<string, string>();
  readonly #due = new Map<string, string>();
  readonly #histories: Histories;
  readonly #marks: Marks;
  readonly #snapshots: MemorySnapshots;
  readonly #documents: MemoryDocuments;
  readonly #refs: RecordRefs;

  constructor(clock: Clock, marks: Marks, snapshots: MemorySnapshots, documents: MemoryDocuments, refs: RecordRefs) {
    this.#histories = new Histories(clock);
    this.#marks = marks;
    this.#snapshots = snapshots;
    this.#documents = documents;
    this.#refs = refs;
  }

  /** 0: there is no such entity. */
  revisionOf(id: string): number {
    return this.#entities.get(id)?.revision ?? 0;
  }

  async commit(commit: Commit): Promise<CommitResult> {
    checkCommit(commit);
    // Derived first: what is not valid must fail before anything is written.
    const puts = commit.put.map((write) => {
      const entity = kept({ ...write.entity, revision: write.entity.revision + 1 });
      if (entity.nextActionAt !== null) sortableTime(entity.nextActionAt);
      for (const event of write.history) sortableTime(event.at);
      return { entity, row: rowOf(entity, write.index), history: write.history };
    });
    const refused = this.#stale(commit) ?? this.#outdated(commit) ?? this.#taken(commit);
    if (refused) return refused;

    for (const id of commit.reclaim ?? []) this.#aliases.delete(id);
    for (const id of [...commit.put.map((write) => write.entity.id), ...(commit.remove ?? []).map((one) => one.id)]) this.#drop(id);
    for (const { id, into } of commit.remove ?? []) this.#resolveTo(id, into);
    for (const { entity, row, history } of puts) {
      this.#entities.set(entity.id, entity);
      this.#rows[entity.type].set(row);
      for (const ref of this.#refs.refsOf(entity)) this.#owners.set(refKey(ref), entity.id);
      if (entity.nextActionAt !== null) this.#due.set(entity.id, modifiedPosition(sortableTime(entity.nextActionAt), entity.id));
      this.#histories.add(entity.id, history);
    }
    this.#marks.clear(commit.clearDirty ?? []);
    this.#marks.mark(commit.markDirty ?? []);
    for (const { kind, key, value, ...options } of commit.documents ?? []) this.#documents.put(kind, key, value, options);
    return { ok: true, revisions: new Map(puts.map(({ entity }) => [entity.id, entity.revision])) };
  }

  async get(ids: readonly string[]): Promise<readonly (Entity | null)[]> {
    return ids.map((id) => this.#entities.get(this.#resolved(id)) ?? null);
  }

  async ofRecords(type: EntityType, system: System, recordIds: readonly string[]): Promise<readonly (Entity | null)[]> {
    return recordIds.map((id) => {
      const entity = this.#entities.get(this.#owners.get(refKey(this.#refs.refOf(type, system, id))) ?? "");
      return entity?.type === type ? entity : null;
    });
  }

  async idsOfRecords(refs: readonly RecordRef[]): Promise<readonly (string | null)[]> {
    return refs.map((ref) => this.#owners.get(refKey(ref)) ?? null);
  }

  async list(query: EntityQuery, first: number, after: string | null): Promise<EntityPage> {
    if (after !== null) positionOf(query.order, after);
    return pageOf(query.order, this.#rows[query.type].find(query), first, after);
  }

  async count(query: EntityQuery): Promise<number> {
    return this.#rows[query.type].find(query).length;
  }

  async listLinks(types: readonly EntityType[], states: readonly LinkState[] | null, first: number, after: string | null): Promise<EntityPage> {
    if (after !== null) typeOfPosition(positionOf("LINKS", after));
    return pageOf("LINKS", this.#links(types, states), first, after);
  }

  async countLinks(types: readonly EntityType[], states: readonly LinkState[] | null): Promise<number> {
    return this.#links(types, states).length;
  }

  async counts(type: EntityType): Promise<StateCounts> {
    const counts = Object.fromEntries(linkStates.map((state) => [state, 0])) as { [S in LinkState]: number };
    for (const { entity } of this.#rows[type].all()) counts[entity.state]++;
    return counts;
  }

  async byMatchKey(type: EntityType, key: string, limit: number): Promise<readonly Entity[]> {
    return this.#rows[type]
      .byMatchKey(key)
      .slice(0, Math.max(0, limit))
      .map((row) => row.entity);
  }

  async *scan(type: EntityType): AsyncIterable<readonly Entity[]> {
    const batchSize = 200;
    const ids = this.#rows[type].sorted("link").map((row) => row.entity.id);
    for (let from = 0; from < ids.length; from += batchSize) {
      const batch = ids.slice(from, from + batchSize).flatMap((id) => this.#entities.get(id) ?? []);
      if (batch.length > 0) yield batch;
    }
  }

  async history(id: string, first: number, after: string | null) {
    const owner = this.#resolved(id);
    const events = [...this.#histories.events(owner)].reverse();
    const cursor = after === null ? null : partsOfEventId(after);
    if (after !== null && cursor?.entityId !== owner) throw new InvalidInputError(`\`after\` must be the id of an event of ${id}, not "${after}".`);
    const older = cursor === null ? events : events.filter((event) => numberOf(event) < cursor.number);
    return { events: older.slice(0, first), hasNextPage: older.length > first, total: events.length };
  }

  async historyEvent(eventId: string): Promise<HistoryEvent | null> {
    return this.#histories.event(eventId);
  }

  async due(now: number, limit: number): Promise<readonly string[]> {
    const before = sortableTime(new Date(now + 1).toISOString());
    return [...this.#due]
      .filter(([, position]) => position < before)
      .sort(([, a], [, b]) => compareBytes(a, b))
      .slice(0, Math.max(0, limit))
      .map(([id]) => id);
  }

  async countDue(): Promise<number> {
    return this.#due.size;
  }

  async forget(formerOrId: string): Promise<boolean> {
    const id = this.#aliases.get(formerOrId) ?? formerOrId;
    const entity = this.#entities.get(id);
    if (!entity) return false;
    for (const ref of this.#refs.refsOf(entity)) this.#snapshots.forget(ref);
    this.#drop(id);
    for (const one of [id, ...this.#formerIdsOf(id)]) {
      this.#aliases.delete(one);
      this.#histories.forget(one);
      this.#marks.drop(one);
    }
    return true;
  }

  #stale(commit: Commit): CommitResult | null {
    const reclaimed = new Set(commit.reclaim);
    for (const { entity } of commit.put) {
      const known = this.#entities.get(entity.id);
      const isNew = known !== undefined || reclaimed.has(entity.id) || !this.#aliases.has(entity.id);
      if ((known?.revision ?? 0) !== entity.revision || !isNew) return { ok: false, reason: "STALE", id: entity.id };
    }
    for (const { id, revision } of commit.remove ?? []) {
      if (this.#entities.get(id)?.revision !== revision) return { ok: false, reason: "STALE", id };
    }
    return null;
  }

  #outdated(commit: Commit): CommitResult | null {
    const other = commit.documents?.find(({ kind, key, version }) => !this.#documents.isAt(kind, key, version));
    return other ? { ok: false, reason: "DOCUMENT", kind: other.kind, key: other.key } : null;
  }

  #taken(commit: Commit): CommitResult | null {
    const inCommit = new Set([...commit.put.map(({ entity }) => entity.id), ...(commit.remove ?? []).map(({ id }) => id)]);
    const claimed = new Map<string, string>();
    for (const { entity } of commit.put) {
      for (const ref of this.#refs.refsOf(entity)) {
        const owner = this.#owners.get(refKey(ref));
        const by = claimed.get(refKey(ref)) ?? (owner !== undefined && !inCommit.has(owner) ? owner : null);
        if (by !== null) return { ok: false, reason: "TAKEN", ref, by };
        claimed.set(refKey(ref), entity.id);
      }
    }
    return null;
  }

  /** The entity with all that finds it; its history stays. */
  #drop(id: string): void {
    const entity = this.#entities.get(id);
    if (!entity) return;
    this.#entities.delete(id);
    this.#rows[entity.type].delete(id);
    this.#due.delete(id);
    for (const ref of this.#refs.refsOf(entity)) this.#owners.delete(refKey(ref));
  }

  /** The id, and all that resolved to it, resolve to `into` from now on: never more than one hop. */
  #resolveTo(id: string, into: string | null): void {
    const target = into === null ? null : (this.#aliases.get(into) ?? into);
    for (const one of [...this.#formerIdsOf(id), id]) {
      if (target === null || target === id || target === one) this.#aliases.delete(one);
      else this.#aliases.set(one, target);
    }
  }

  #formerIdsOf(id: string): readonly string[] {
    return [...this.#aliases].filter(([, target]) => target === id).map(([former]) => former);
  }

  #resolved(id: string): string {
    return this.#entities.has(id) ? id : (this.#aliases.get(id) ?? id);
  }

  #links(types: readonly EntityType[], states: readonly LinkState[] | null) {
    return entityTypes
      .filter((type) => types.includes(type))
      .flatMap((type) => this.#rows[type].sorted("link").filter(({ entity }) => states === null || states.includes(entity.state)));
  }
}

const numberOf = (event: HistoryEvent): number => partsOfEventId(event.id)?.number ?? 0;
