import type { CreateRule, Dataflow } from "../domain/dataflow.js";
import type { AwaitedRecord, Entity } from "../domain/entity.js";
import { systems } from "../domain/words.js";
import type { EntityReader, FeedStore } from "../store/store.js";
import type { Observation } from "./decide/observation.js";

interface AwaitedParts {
  readonly store: { readonly entities: EntityReader; readonly feeds: FeedStore };
  readonly settings: { readonly flows: readonly Dataflow[] };
}

/** The key under which entities are found that refer to a record which no entity knew. */
export const awaitedKey = ({ type, system, recordId }: AwaitedRecord): string => `awaited:${type}:${system}:${recordId}`;

/** All under which this entity is awaited. */
export const awaitedKeysOf = ({ type, records }: Entity): readonly string[] =>
  systems.flatMap((system) => {
    const recordId = records[system];
    return recordId === null ? [] : [awaitedKey({ type, system, recordId })];
  });

/**
 * Marks those that refer to a record of this entity and could not know whose it is: feeds tell of a contact before its account
 * now and then (R7). It runs before the entity's own mark is cleared, so that a crash loses nothing.
 */
export async function wakeAwaiting({ store, settings }: AwaitedParts, entity: Entity): Promise<void> {
  const flows = settings.flows.filter((flow) => flow.rows.some((row) => row.refersTo === entity.type));
  const keys = awaitedKeysOf(entity);
  const found = await Promise.all(flows.flatMap((flow) => keys.map((key) => store.entities.byMatchKey(flow.type, key, 1_000))));
  const ids = found.flat().map((one) => one.id);
  if (ids.length > 0) await store.feeds.markDirty(ids);
}

/**
 * Marks those that this entity refers to and that get a counterpart only because of it (`create: whenReferenced`). It runs once
 * the reference is stored, so that they find it, and before the entity's own mark is cleared, so that a crash loses nothing.
 */
export async function wakeReferred({ store, settings }: AwaitedParts, entity: Entity): Promise<void> {
  const asksFor = (rule: CreateRule) => rule.kind === "whenReferenced" && rule.by.includes(entity.type);
  const asking = settings.flows.filter(({ create }) => asksFor(create.toExact) || asksFor(create.toCustomcrm)).map((flow) => flow.type);
  const rows = settings.flows.find((flow) => flow.type === entity.type)?.rows ?? [];
  const ids = rows.flatMap(({ refersTo, field }) => (refersTo && asking.includes(refersTo) ? (entity.fields[field] ?? []) : []));
  if (ids.length === 0) return;
  const alone = (await store.entities.get(ids)).flatMap((one) => (one && systems.some((system) => one.records[system] === null) ? one.id : []));
  if (alone.length > 0) await store.feeds.markDirty(alone);
}

/**
 * After an entity was stored: marks it again if what it refers to has changed since it was planned. Whoever changed that has
 * looked for those who wait for it before this one was among them.
 */
export async function recheckAwaited({ store }: AwaitedParts, { flow, references }: Observation, after: Entity): Promise<void> {
  const ids = flow.rows.flatMap((row) => (row.refersTo && after.fields[row.field] ? [after.fields[row.field] ?? ""] : []));
  const [now, owners] = await Promise.all([
    ids.length > 0 ? store.entities.get(ids) : [],
    Promise.all((after.awaits ?? []).map((one) => store.entities.ofRecords(one.type, one.system, [one.recordId]))),
  ]);
  const isMoved = now.some((one, i) => one !== null && systems.some((system) => one.records[system] !== references.ofEntity(ids[i] ?? "")?.records[system]));
  if (isMoved || owners.flat().some((owner) => owner !== null)) await store.feeds.markDirty([after.id]);
}
