import { type Dataflow, fieldsOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import { type EntityType, otherSystem, type System, systems } from "../domain/words.js";
import type { Observation, Sighting } from "./decide/observation.js";
import { survivorOf } from "./decide/survivor.js";
import { referrers } from "./join.js";
import type { Seen } from "./observe.js";
import { fits, type OpenCreate } from "./open-creates.js";
import type { SettleParts } from "./parts.js";

/** What a plan must know besides the two records; asked only where it can matter, as each is a look-up of its own. */
export async function circumstancesOf(
  parts: SettleParts,
  seen: Seen,
  openIn: (system: System) => Promise<readonly OpenCreate[]>,
): Promise<Pick<Observation, "hold" | "referencedBy" | "sides">> {
  const [hold, referencedBy, sides] = await Promise.all([holdOf(seen, openIn), referencedByOf(parts, seen), withSurvivors(parts, seen)]);
  return { hold, referencedBy, sides };
}

/** The create of another entity that this record may belong to: until that is settled it is neither matched nor copied. */
async function holdOf({ entity, sides }: Seen, openIn: (system: System) => Promise<readonly OpenCreate[]>): Promise<NonNullable<Observation["hold"]> | null> {
  const system = aloneIn(entity);
  const side = system && sides[system];
  if (!system || side?.kind !== "present" || entity.linkedAt !== null) return null;
  const open = await openIn(system);
  const own = open.find((one) => one.entity.id !== entity.id && fits(one, side.record));
  return own ? { reason: "A create of ours is under way that this record may come from.", until: own.entity.nextActionAt } : null;
}

/** Types of entities that refer to this one, for `create: whenReferenced`. */
async function referencedByOf({ store, settings }: SettleParts, { entity, flow }: Seen): Promise<readonly EntityType[]> {
  const asking = [flow.create.toExact, flow.create.toCustomcrm].flatMap((rule) => (rule.kind === "whenReferenced" ? rule.by : []));
  if (asking.length === 0 || !aloneIn(entity)) return [];
  const refers = (other: Dataflow) => other.rows.some((row) => row.refersTo === entity.type);
  const types = [...new Set(asking)].filter((type) => settings.flows.some((other) => other.type === type && refers(other)));
  const found = await Promise.all(types.map((type) => store.entities.list({ type, terms: { accountId: entity.id }, order: "NAME_ASC" }, 1, null)));
  return types.filter((_, i) => (found[i]?.entities.length ?? 0) > 0);
}

/** A record that is gone may have been merged into another: then what belonged to it belongs to that one now (R9). */
async function withSurvivors(parts: SettleParts, seen: Seen): Promise<Observation["sides"]> {
  const gone = systems.find((system) => seen.sides[system].kind === "gone");
  if (!gone) return seen.sides;
  const mergedInto = await survivorIn(parts, seen, gone);
  return mergedInto ? { ...seen.sides, [gone]: { ...seen.sides[gone], mergedInto } as Sighting } : seen.sides;
}

async function survivorIn(parts: SettleParts, { entity, flow }: Seen, system: System): Promise<{ recordId: string; label: string } | null> {
  const { store, settings } = parts;
  const goneId = entity.records[system];
  if (goneId === null) return null;
  const ids = await referrers(parts, entity.type, [entity.id]);
  const dependents = (await store.entities.get(ids)).flatMap((one) => one ?? []);
  const dependentFlow = (one: Entity) => settings.flows.find((other) => other.type === one.type) ?? flow;
  const refs = dependents.map((one) => ({ system, type: recordTypeOf(dependentFlow(one), system), id: one.records[system] ?? "" }));
  const snapshots = await store.snapshots.get(refs);
  const moves = dependents.flatMap((one, i) => {
    const other = dependentFlow(one);
    const row = other.rows.find((candidate) => candidate.refersTo === entity.type);
    const snapshot = snapshots[i];
    if (!row || !snapshot || snapshot.deletedAt !== null) return [];
    return [{ before: one.shadows[system]?.[row.field] ?? null, now: fieldsOf(other, snapshot.record)[row.field] ?? null }];
  });
  const recordId = survivorOf(goneId, moves);
  if (recordId === null) return null;
  const [owner] = await store.entities.ofRecords(entity.type, system, [recordId]);
  return { recordId, label: owner?.fields.name ?? recordId };
}

const aloneIn = (entity: Entity): System | null =>
  systems.find((system) => entity.records[system] !== null && entity.records[otherSystem(system)] === null) ?? null;
