import type { Dataflow, DataflowRow } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { EntityReader } from "../store/store.js";
import { awaitedKey, awaitedKeysOf } from "./awaited.js";
import { decideMatch, type MatchDecision, reachOf } from "./match.js";

/** More than this many carriers of one key are not read: with two it is a REVIEW already. */
const keyLimit = 20;
/** Who waits for an account is looked at as soon as that is known: there are never many for long. */
const awaitingLimit = 1_000;

export interface Matching {
  readonly match: MatchDecision;
  /** Everybody who had a say. */
  readonly restsOn: readonly string[];
}

/** Decides for an entity with one side, on everybody who has a say: two steps out, as far as R6 looks. */
export async function matchingOf(entities: EntityReader, flow: Dataflow, subject: Entity): Promise<Matching> {
  const oneSided = (subject.records.CUSTOMCRM === null) !== (subject.records.EXACT === null);
  if (!oneSided || (flow.match.length === 0 && !subject.review)) return { match: { kind: "none" }, restsOn: [] };
  const names = await Names.read(entities, flow, subject);
  const asked = names.current(subject);
  const near = await reach(entities, flow, names, [asked]);
  const far = await reach(entities, flow, names, near);
  const pool = new Map([...near, ...far].map((one) => [one.id, one]));
  pool.delete(subject.id);
  return { match: decideMatch({ flow, subject: asked, pool: [...pool.values()] }), restsOn: [...pool.keys(), ...names.ids] };
}

async function reach(entities: EntityReader, flow: Dataflow, names: Names, from: readonly Entity[]): Promise<readonly Entity[]> {
  const reaches = from.flatMap((one) => names.indexed(one).map((known) => reachOf(flow, known)));
  const keys = [...new Set(reaches.flatMap((one) => one.keys))];
  const ids = [...new Set(reaches.flatMap((one) => one.ids))];
  const nobody: readonly (Entity | null)[] = [];
  const [byKey, byId] = await Promise.all([
    Promise.all(keys.map((key) => entities.byMatchKey(flow.type, key, keyLimit))),
    ids.length > 0 ? entities.get(ids) : nobody,
  ]);
  return [...byKey.flat(), ...names.waiting, ...byId.flatMap((one) => one ?? [])].map((one) => names.current(one));
}

/**
 * By what the entities go to which a key refers. An account that was linked goes by one id where there were two, and one that was
 * read after its contacts is none of theirs yet; until each contact was looked at again, whoever is matched must find it all the same.
 */
class Names {
  private constructor(
    private readonly rows: readonly DataflowRow[],
    /** By each id that it goes by, and each key under which it is awaited: the present id. */
    private readonly present: ReadonlyMap<string, string>,
    /** An id that is no longer its own, and the present one. */
    private readonly former: readonly (readonly [string, string])[],
    /** Those that wait for it. */
    readonly waiting: readonly Entity[],
  ) {}

  static async read(entities: EntityReader, flow: Dataflow, subject: Entity): Promise<Names> {
    const rows = flow.rows.filter((row) => row.refersTo && flow.match.some((fields) => fields.includes(row.field)));
    const ids = rows.flatMap((row) => subject.fields[row.field] ?? []);
    const nobody: readonly (Entity | null)[] = [];
    const [named, awaited] = await Promise.all([
      ids.length > 0 ? entities.get(ids) : nobody,
      Promise.all((subject.awaits ?? []).map((one) => entities.ofRecords(one.type, one.system, [one.recordId]))),
    ]);
    const owners = [...named, ...awaited.flat()].flatMap((one) => one ?? []);
    const former = owners.flatMap(({ id, formerExactEntityId }) => (formerExactEntityId === null ? [] : [[formerExactEntityId, id] as const]));
    const keys = owners.flatMap((one) => awaitedKeysOf(one).map((key) => [key, one.id] as const));
    const waiting = await Promise.all(keys.map(([key]) => entities.byMatchKey(flow.type, key, awaitingLimit)));
    const present = new Map([...owners.map(({ id }) => [id, id] as const), ...former, ...keys]);
    return new Names(rows, present, former, waiting.flat());
  }

  get ids(): readonly string[] {
    return [...this.present.values()];
  }

  /** With the references that it has today. */
  current(entity: Entity): Entity {
    const awaited = (type: DataflowRow["refersTo"]) => (entity.awaits ?? []).filter((one) => one.type === type).map(awaitedKey);
    return this.#with(entity, ({ field, refersTo }) => [entity.fields[field] ?? [], awaited(refersTo)].flat().map((name) => this.present.get(name))[0]);
  }

  /** In each form in which it may stand in the index. */
  indexed(entity: Entity): readonly Entity[] {
    return [entity, ...this.former.map(([id, now]) => this.#with(entity, ({ field }) => (entity.fields[field] === now ? id : undefined)))];
  }

  #with(entity: Entity, nameOf: (row: DataflowRow) => string | undefined): Entity {
    const named = this.rows.flatMap((row) => {
      const name = nameOf(row);
      return name === undefined ? [] : [[row.field, name] as const];
    });
    return named.length > 0 ? { ...entity, fields: { ...entity.fields, ...Object.fromEntries(named) } } : entity;
  }
}
