import type { Dataflow } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { EntityReader, FeedStore } from "../store/store.js";
import { sideOf } from "./decide/label.js";
import { matchKeysOf } from "./index-entry.js";

interface ReviewParts {
  readonly store: { readonly entities: EntityReader; readonly feeds: FeedStore };
}

/** The key under which entities are found whose REVIEW, or a person's answer to it, rests on the match keys of this one. */
export const reviewingKey = (entityId: string): string => `reviewing:${entityId}`;

/** Whom an entity's REVIEW rests on, besides itself. */
export const reviewedWith = ({ id, review }: Entity): readonly string[] => Object.keys(review?.keys ?? {}).filter((one) => one !== id);

/**
 * Marks those whose REVIEW rests on keys that this entity does not carry any more: it has ended, and nobody else tells them (R6).
 * Runs before the entity's own mark is cleared, so that a crash loses nothing.
 */
export async function wakeReviews({ store }: ReviewParts, flow: Dataflow, entity: Entity): Promise<void> {
  const keys = keysOf(flow, entity);
  if (keys === null) return;
  const found = await store.entities.byMatchKey(flow.type, reviewingKey(entity.id), 1_000);
  const ids = found.filter((one) => one.review?.keys[entity.id]?.join("\n") !== keys).map((one) => one.id);
  if (ids.length > 0) await store.feeds.markDirty(ids);
}

/**
 * The same after an entity was stored, where its keys have changed. It was planned on a match by the keys that it had before: where
 * it stands alone it is marked itself, and matched anew once everybody's present keys are known (R6).
 */
export async function recheckReviews(parts: ReviewParts, flow: Dataflow, before: Entity, after: Entity): Promise<void> {
  if (!hasOtherKeys(flow, before, after)) return;
  await wakeReviews(parts, flow, after);
  if (sideOf(before) && sideOf(after)) await parts.store.feeds.markDirty([after.id]);
}

/** Whether others may find it now, or find it no more. */
export const hasOtherKeys = (flow: Dataflow, before: Entity, after: Entity): boolean => keysOf(flow, before) !== keysOf(flow, after);

/** null: nothing can rest on them, as it is no candidate for anybody. */
function keysOf(flow: Dataflow, entity: Entity): string | null {
  const side = sideOf(entity);
  return side && flow.match.length > 0 ? matchKeysOf(flow, side, entity.fields).join("\n") : null;
}
