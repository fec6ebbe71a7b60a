import { type Dataflow, dataflowOf, recordTypeOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import { type RecordRef, refKey } from "../../domain/record.js";
import { type EntityType, type System, systems } from "../../domain/words.js";
import type { Commit, CommitResult, EntityPage, EntityQuery, EntityStore, FeedStore, IndexEntry } from "../../store/store.js";

interface Own {
  readonly entity: Entity;
  readonly index: IndexEntry;
}

/** The entities of an overlay: those that were written here, before those below. Keeps what the sync itself asks for. */
export class OverlayEntities implements EntityStore {
  readonly #own = new Map<string, Own>();
  /** Ids that are no entity of their own here: what they lead to, or null. */
  readonly #gone = new Map<string, string | null>();
  /** Records whose owner is another one here, or nobody. */
  readonly #owners = new Map<string, string | null>();
  readonly #byKey = new Map<string, Set<string>>();

  constructor(
    private readonly base: EntityStore,
    private readonly marks: FeedStore,
    private readonly flows: readonly Dataflow[],
  ) {}

  async get(ids: readonly string[]): Promise<readonly (Entity | null)[]> {
    const below = ids.filter((id) => !this.#isKnown(id));
    const found = below.length > 0 ? await this.base.get(below) : [];
    const byId = new Map(below.map((id, i) => [id, this.#present(found[i] ?? null)]));
    return ids.map((id) => (this.#isKnown(id) ? this.#resolve(id) : (byId.get(id) ?? null)));
  }

  async ofRecords(type: EntityType, system: System, recordIds: readonly string[]): Promise<readonly (Entity | null)[]> {
    const refs = recordIds.map((id): RecordRef => ({ system, type: recordTypeOf(dataflowOf(this.flows, type), system), id }));
    const ids = await this.idsOfRecords(refs);
    const known = await this.get(ids.filter((id) => id !== null));
    return ids.map((id) => known.find((one) => one !== null && one.id === id && one.type === type) ?? null);
  }

  async idsOfRecords(refs: readonly RecordRef[]): Promise<readonly (string | null)[]> {
    const below = refs.filter((ref) => !this.#owners.has(refKey(ref)));
    const found = below.length > 0 ? await this.base.idsOfRecords(below) : [];
    const byRef = new Map(below.map((ref, i) => [refKey(ref), found[i] ?? null]));
    return refs.map((ref) => this.#owners.get(refKey(ref)) ?? byRef.get(refKey(ref)) ?? null);
  }

  /** All at once: only what refers to one entity is asked for here. */
  async list(query: EntityQuery): Promise<EntityPage> {
    const entities: Entity[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const page: EntityPage = await this.base.list(query, 200, after);
      entities.push(...page.entities.filter(({ id }) => !this.#isKnown(id)));
      after = page.cursors.at(-1) ?? null;
      more = page.hasNextPage;
    }
    const own = [...this.#own.values()].filter(({ entity, index }) => entity.type === query.type && matches(index, query));
    return { entities: [...entities, ...own.map(({ entity }) => entity)], cursors: [], hasNextPage: false, hasPreviousPage: false };
  }

  async byMatchKey(type: EntityType, key: string, limit: number): Promise<readonly Entity[]> {
    const own = [...(this.#byKey.get(key) ?? [])].flatMap((id) => this.#own.get(id)?.entity ?? []).filter((entity) => entity.type === type);
    const below = (await this.base.byMatchKey(type, key, limit + own.length + 20)).filter(({ id }) => !this.#isKnown(id));
    return [...own, ...below].slice(0, limit);
  }

  async *scan(type: EntityType): AsyncIterable<readonly Entity[]> {
    for await (const batch of this.base.scan(type)) yield batch.filter(({ id }) => !this.#isKnown(id));
    const own = [...this.#own.values()].map(({ entity }) => entity).filter((entity) => entity.type === type);
    for (let from = 0; from < own.length; from += 200) yield own.slice(from, from + 200);
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const removed = commit.remove ?? [];
    const named = [...commit.put.map(({ entity }) => ({ id: entity.id, revision: entity.revision })), ...removed];
    const stored = await this.get(named.map(({ id }) => id));
    const stale = named.find(({ id, revision }, i) => {
      const now = stored[i];
      const isSame = now?.id === id ? now.revision : 0;
      return isSame !== revision;
    });
    if (stale) return { ok: false, reason: "STALE", id: stale.id };
    const refs = commit.put.flatMap(({ entity }) => this.#refsOf(entity).map((ref) => ({ ref, id: entity.id })));
    const owners = await this.idsOfRecords(refs.map(({ ref }) => ref));
    const taken = refs.findIndex(({ id }, i) => owners[i] !== null && owners[i] !== id && !named.some((one) => one.id === owners[i]));
    const clash = refs[taken];
    if (clash) return { ok: false, reason: "TAKEN", ref: clash.ref, by: owners[taken] ?? "" };

    for (const id of commit.reclaim ?? []) this.#gone.delete(id);
    stored.forEach((before) => {
      if (before) this.#drop(before);
    });
    for (const { id, into } of removed) this.#gone.set(id, into);
    for (const { entity, index } of commit.put) this.#put({ ...entity, revision: entity.revision + 1 }, index);
    await this.marks.clearDirty(commit.clearDirty ?? []);
    await this.marks.markDirty(commit.markDirty ?? []);
    return { ok: true, revisions: new Map(commit.put.map(({ entity }) => [entity.id, entity.revision + 1])) };
  }

  /** Whether anything is open: all that minting asks. */
  async countDue(): Promise<number> {
    const own = [...this.#own.values()].filter(({ entity }) => entity.nextActionAt !== null).length;
    return own > 0 ? own : this.base.countDue();
  }

  due: EntityStore["due"] = async () => [];
  forget: EntityStore["forget"] = async () => false;
  count: EntityStore["count"] = (query) => this.base.count(query);
  listLinks: EntityStore["listLinks"] = (...args) => this.base.listLinks(...args);
  countLinks: EntityStore["countLinks"] = (...args) => this.base.countLinks(...args);
  counts: EntityStore["counts"] = (type) => this.base.counts(type);
  history: EntityStore["history"] = (...args) => this.base.history(...args);
  historyEvent: EntityStore["historyEvent"] = (id) => this.base.historyEvent(id);

  #refsOf({ type, records }: Entity): readonly RecordRef[] {
    return systems.flatMap((system) => {
      const id = records[system];
      return id === null ? [] : [{ system, type: recordTypeOf(dataflowOf(this.flows, type), system), id }];
    });
  }

  #isKnown(id: string): boolean {
    return this.#own.has(id) || this.#gone.has(id);
  }

  #resolve(id: string): Entity | null {
    for (let at: string | null = id, steps = 0; at !== null && steps < 20; steps++) {
      const own = this.#own.get(at);
      if (own) return own.entity;
      at = this.#gone.get(at) ?? null;
    }
    return null;
  }

  /** An entity from below, unless it was changed here. */
  #present(entity: Entity | null): Entity | null {
    return entity && this.#isKnown(entity.id) ? this.#resolve(entity.id) : entity;
  }

  #drop(before: Entity): void {
    for (const key of this.#own.get(before.id)?.index.matchKeys ?? []) this.#byKey.get(key)?.delete(before.id);
    this.#own.delete(before.id);
    for (const ref of this.#refsOf(before)) this.#owners.set(refKey(ref), null);
  }

  #put(entity: Entity, index: IndexEntry): void {
    this.#gone.delete(entity.id);
    this.#own.set(entity.id, { entity, index });
    for (const ref of this.#refsOf(entity)) this.#owners.set(refKey(ref), entity.id);
    for (const key of index.matchKeys) {
      const ids = this.#byKey.get(key) ?? new Set();
      this.#byKey.set(key, ids.add(entity.id));
    }
  }
}

const matches = ({ terms }: IndexEntry, query: EntityQuery): boolean => Object.entries(query.terms).every(([name, value]) => terms[name] === value);
