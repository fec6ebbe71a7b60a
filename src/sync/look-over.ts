import { dataflowOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import { isoTime } from "../domain/words.js";
import { wakeAwaiting, wakeReferred } from "./awaited.js";
import { isAtRest, isEdited, mayRest, planAtRest } from "./decide/rest.js";
import { writeOf } from "./document.js";
import { type Batch, observe, recordRefs, type Seen } from "./observe.js";
import type { SettleParts } from "./parts.js";
import { renewed } from "./renew.js";

type LookParts = Pick<SettleParts, "store" | "settings" | "clock" | "onPlanned">;

export interface LookedOver {
  readonly resting: readonly Entity[];
  /** Ids of pairs that were edited, and of which nothing else is open. */
  readonly edited: readonly string[];
}

/**
 * A first look at marked entities, before any of them is settled and without their leases: brings the unified fields of those with
 * one side up to what their record says, before anybody is matched with them, and gives the pairs that are at rest and those that were
 * edited. Of those at rest it has told who waits for them, as settling would; their marks may be cleared while nobody holds them and
 * they stand as they are here.
 */
export async function lookOver(parts: LookParts, ids: readonly string[]): Promise<LookedOver> {
  const entities = await standing(parts, ids);
  const alone = entities.filter((one) => isAlone(parts, one));
  const batch = await observe(parts.store, parts.settings.flows, [...alone, ...entities.filter(mayRest)]);
  await renewAll(parts, batch, batch.seen.slice(0, alone.length));
  const pairs = batch.seen.slice(alone.length);
  const resting = pairs.filter((seen) => isAtRest({ ...seen, references: batch.references }, parts.settings.defaultAccount));
  await Promise.all(
    resting.map(async ({ entity }) => {
      await Promise.all([wakeAwaiting(parts, entity), wakeReferred(parts, entity)]);
      parts.onPlanned?.({ entity }, planAtRest(entity));
    }),
  );
  return { resting: resting.map(({ entity }) => entity), edited: pairs.filter(isEdited).map(({ entity }) => entity.id) };
}

/** Brings the unified fields of entities with one side up to what their record says, before anybody is matched with them. */
export async function refresh(parts: LookParts, ids: readonly string[]): Promise<void> {
  const batch = await observe(
    parts.store,
    parts.settings.flows,
    (await standing(parts, ids)).filter((one) => isAlone(parts, one)),
  );
  await renewAll(parts, batch, batch.seen);
}

async function standing({ store }: LookParts, ids: readonly string[]): Promise<readonly Entity[]> {
  const found = (await store.entities.get(ids)).filter((one) => one !== null);
  return [...new Map(found.map((one) => [one.id, one])).values()];
}

const isAlone = ({ settings }: LookParts, entity: Entity): boolean => recordRefs(dataflowOf(settings.flows, entity.type), entity).length === 1;

async function renewAll(parts: LookParts, { references }: Batch, alone: readonly Seen[]): Promise<void> {
  await Promise.all(
    alone.map(async (seen) => {
      const next = renewed(seen, references, parts.settings.defaultAccount, isoTime(parts.clock()));
      if (!next) return;
      const record = seen.sides.CUSTOMCRM.kind === "present" ? seen.sides.CUSTOMCRM.record : null;
      const history = next.event.fields.length > 0 ? [next.event] : [];
      await parts.store.entities.commit({ put: [{ ...writeOf(seen.flow, next.entity, history, record), before: seen.entity }] });
    }),
  );
}
