import type { Entity, HistoryEvent } from "../../domain/entity.js";
import { InvalidInputError } from "../../domain/errors.js";
import { type RecordRef, refKey } from "../../domain/record.js";
import { type Clock, type EntityType, isoTime, type LinkState, linkStates, type System } from "../../domain/words.js";
import { idOfPosition } from "../cursors.js";
import { checkCommit, partsOfEventId, type RecordRefs, wantedTerm } from "../indexed.js";
import type { Keys } from "../keys.js";
import type { Commit, CommitResult, EntityPage, EntityQuery, EntityStore, StateCounts } from "../store.js";
import { commitArgs, entityKeys, eventOf } from "./commit-args.js";
import { type Connection, Script } from "./connection.js";
import type { RedisLists } from "./lists.js";
import { asList, asTexts, entitiesOf, entityIn } from "./replies.js";
import { together } from "./together.js";

const scripts = {
  commit: new Script("commit"),
  resolve: new Script("resolve"),
  ofRecords: new Script("of-records"),
  history: new Script("history"),
  forget: new Script("forget"),
  byMatch: new Script("by-match"),
};

/** Type, key, how many at most. */
type MatchKey = readonly [EntityType, string, string];

/** Entities in Redis: every write is one script, every read one or two round trips for any number of ids. */
export class RedisEntities implements EntityStore {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #refs: RecordRefs;
  readonly #lists: RedisLists;
  /** A round of settling asks for some keys of each entity, side by side. */
  readonly #matching = together((asked: readonly MatchKey[]) => this.#byMatchKeys(asked));

  constructor(connection: Connection, keys: Keys, clock: Clock, refs: RecordRefs, lists: RedisLists) {
    this.#connection = connection;
    this.#keys = keys;
    this.#clock = clock;
    this.#refs = refs;
    this.#lists = lists;
  }

  async commit(commit: Commit): Promise<CommitResult> {
    checkCommit(commit);
    const keys = this.#keys;
    const reply = asTexts(await this.#connection.run(scripts.commit, entityKeys(keys), commitArgs(keys, this.#refs, commit, this.#clock())));
    const [outcome, what = "", by = ""] = reply;
    if (outcome === "OK") return { ok: true, revisions: new Map(commit.put.map(({ entity }) => [entity.id, entity.revision + 1])) };
    if (outcome === "STALE") return { ok: false, reason: "STALE", id: what };
    const document = commit.documents?.find(({ kind, key }) => keys.document(kind, key) === what);
    if (outcome === "DOCUMENT" && document) return { ok: false, reason: "DOCUMENT", kind: document.kind, key: document.key };
    const ref = commit.put.flatMap((one) => this.#refs.refsOf(one.entity)).find((one) => refKey(one) === what);
    if (!ref) throw new Error(`The commit script answered ${JSON.stringify(reply)}.`);
    return { ok: false, reason: "TAKEN", ref, by };
  }

  async get(ids: readonly string[]): Promise<readonly (Entity | null)[]> {
    const found = (await this.#connection.getManyBytes(ids.map((id) => this.#keys.entity(id)))).map(entityIn);
    const unknown = ids.flatMap((id, i) => (found[i] ? [] : [{ id, i }]));
    if (unknown.length === 0) return found;
    const prefixes = [this.#keys.entity(""), this.#keys.alias("")];
    const reply = await this.#connection.run(
      scripts.resolve,
      prefixes,
      unknown.map(({ id }) => id),
    );
    const resolved = entitiesOf(reply);
    unknown.forEach(({ i }, n) => {
      found[i] = resolved[n] ?? null;
    });
    return found;
  }

  async ofRecords(type: EntityType, system: System, recordIds: readonly string[]): Promise<readonly (Entity | null)[]> {
    if (recordIds.length === 0) return [];
    const keys = recordIds.map((id) => this.#keys.record(refKey(this.#refs.refOf(type, system, id))));
    const found = entitiesOf(await this.#connection.run(scripts.ofRecords, [this.#keys.entity(""), ...keys]));
    return found.map((entity) => (entity?.type === type ? entity : null));
  }

  idsOfRecords(refs: readonly RecordRef[]): Promise<readonly (string | null)[]> {
    return this.#connection.getMany(refs.map((ref) => this.#keys.record(refKey(ref))));
  }

  list(query: EntityQuery, first: number, after: string | null): Promise<EntityPage> {
    return this.#lists.list(query, first, after);
  }

  count(query: EntityQuery): Promise<number> {
    return this.#lists.count(query);
  }

  listLinks(types: readonly EntityType[], states: readonly LinkState[] | null, first: number, after: string | null): Promise<EntityPage> {
    return this.#lists.listLinks(types, states, first, after);
  }

  async countLinks(types: readonly EntityType[], states: readonly LinkState[] | null): Promise<number> {
    const sizes = await Promise.all(this.#lists.linkIndexes(types, states).map(({ key }) => this.#connection.call((client) => client.zCard(key))));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async counts(type: EntityType): Promise<StateCounts> {
    const reply = await this.#connection.call(() => {
      const counting = this.#connection.client.multi();
      for (const state of linkStates) counting.zCard(this.#keys.byId(type, state));
      return counting.exec();
    });
    return Object.fromEntries(linkStates.map((state, i) => [state, Number(reply[i])])) as { [S in LinkState]: number };
  }

  async byMatchKey(type: EntityType, key: string, limit: number): Promise<readonly Entity[]> {
    return limit <= 0 ? [] : this.#matching.load([type, wantedTerm(key), String(limit)]);
  }

  async #byMatchKeys(asked: readonly MatchKey[]): Promise<readonly (readonly Entity[])[]> {
    const reply = await this.#connection.run(scripts.byMatch, [this.#keys.entity(""), this.#keys.match("")], asked.flat());
    return asList(reply).map((found) => entitiesOf(found).filter((entity) => entity !== null));
  }

  async *scan(type: EntityType): AsyncIterable<readonly Entity[]> {
    const batchSize = 200;
    let last = "";
    for (;;) {
      const batch = await this.#lists.walk(this.#keys.byId(type), batchSize, last);
      if (batch.length > 0) yield batch;
      if (batch.length < batchSize) return;
      last = batch.at(-1)?.id ?? "";
    }
  }

  async history(id: string, first: number, after: string | null) {
    const cursor = after === null ? null : partsOfEventId(after);
    const keys = [this.#keys.entity(""), this.#keys.alias(""), this.#keys.history("")];
    const notOurs = () => new InvalidInputError(`\`after\` must be the id of an event of ${id}, not "${after}".`);
    if (after !== null && !cursor) throw notOurs();
    const reply = await this.#connection.run(scripts.history, keys, [id, String(first), cursor?.entityId ?? "", String(cursor?.number ?? 0)]);
    if (reply === null) throw notOurs();
    const [owner, total, more, ...rest] = asTexts(reply);
    const events: HistoryEvent[] = [];
    for (let i = 0; i + 1 < rest.length; i += 2) events.push(eventOf(`${owner}.${rest[i]}`, rest[i + 1] ?? ""));
    return { events, hasNextPage: more === "1", total: Number(total) };
  }

  async historyEvent(eventId: string): Promise<HistoryEvent | null> {
    const parts = partsOfEventId(eventId);
    if (!parts) return null;
    const found = await this.#connection.call((client) => client.hGet(this.#keys.history(parts.entityId), String(parts.number)));
    return found === null ? null : eventOf(eventId, found);
  }

  async due(now: number, limit: number): Promise<readonly string[]> {
    if (limit <= 0) return [];
    const before = `(${isoTime(now + 1)}`;
    const reply = await this.#connection.call((client) => client.zRange(this.#keys.due, "-", before, { BY: "LEX", LIMIT: { offset: 0, count: limit } }));
    return reply.map(idOfPosition);
  }

  countDue(): Promise<number> {
    return this.#connection.call((client) => client.zCard(this.#keys.due));
  }

  async forget(id: string): Promise<boolean> {
    return (await this.#connection.run(scripts.forget, entityKeys(this.#keys), [id])) === 1;
  }
}
