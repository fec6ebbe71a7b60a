import type { Dataflow } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { EntityReader } from "../store/store.js";
import { decideMatch, type MatchDecision, reachOf } from "./match.js";

/** More than this many carriers of one key are not read: with two it is a REVIEW already. */
const keyLimit = 20;

export interface Matching {
  readonly match: MatchDecision;
  /** Everybody who had a say. */
  readonly restsOn: readonly string[];
}

/** Decides for an entity with one side, on everybody who has a say: two steps out, as far as R6 looks. */
export async function matchingOf(entities: EntityReader, flow: Dataflow, subject: Entity): Promise<Matching> {
  const oneSided = (subject.records.CUSTOMCRM === null) !== (subject.records.EXACT === null);
  if (!oneSided || (flow.match.length === 0 && !subject.review)) return { match: { kind: "none" }, restsOn: [] };
  const near = await reach(entities, flow, [subject]);
  const far = await reach(entities, flow, near);
  const pool = new Map([...near, ...far].map((one) => [one.id, one]));
  pool.delete(subject.id);
  return { match: decideMatch({ flow, subject, pool: [...pool.values()] }), restsOn: [...pool.keys()] };
}

async function reach(entities: EntityReader, flow: Dataflow, from: readonly Entity[]): Promise<readonly Entity[]> {
  const reaches = from.map((one) => reachOf(flow, one));
  const keys = [...new Set(reaches.flatMap((one) => one.keys))];
  const ids = [...new Set(reaches.flatMap((one) => one.ids))];
  const nobody: readonly (Entity | null)[] = [];
  const [byKey, byId] = await Promise.all([
    Promise.all(keys.map((key) => entities.byMatchKey(flow.type, key, keyLimit))),
    ids.length > 0 ? entities.get(ids) : nobody,
  ]);
  return [...byKey.flat(), ...byId.flatMap((one) => one ?? [])];
}
