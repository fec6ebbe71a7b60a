import type { Entity } from "../domain/entity.js";
import { limits } from "../domain/limits.js";
import type { EntityType } from "../domain/words.js";
import type { Store } from "../store/store.js";
import { pausedFor } from "./decide/obstacles.js";
import type { SettleParts } from "./parts.js";
import type { DataflowState } from "./policy.js";

/** Those that wait for a dataflow, page by page. */
export async function* waitingEntities(store: Store, type: EntityType): AsyncIterable<readonly Entity[]> {
  for (let after: string | null = null, more = true; more; ) {
    const page = await store.entities.listLinks([type], ["PENDING"], limits.list.maxFirst, after);
    if (page.entities.length > 0) yield page.entities;
    after = page.cursors.at(-1) ?? null;
    more = page.hasNextPage;
  }
}

/**
 * Marks what waited for a dataflow that was resumed, if that is still owed: whoever resumed it may have ended in between (I7).
 * Over only once all that waits is marked for the state as it stands.
 */
export async function finishResuming(store: Store, type: EntityType): Promise<void> {
  for (;;) {
    const found = await store.documents.get<DataflowState>("dataflow", type);
    if (!found?.value.isResuming) return;
    for await (const waiting of waitingEntities(store, type)) await store.feeds.markDirty(waiting.map((entity) => entity.id));
    const { isResuming: _, ...resumed } = found.value;
    if (await store.documents.set<DataflowState>("dataflow", type, resumed, found.version, { ttlMs: null })) return;
  }
}

/** A dataflow that was resumed while this was planned has marked all that waited, but not what is stored as waiting only now. */
export async function recheckPause({ policy, store }: Pick<SettleParts, "policy" | "store">, { id, type, problem }: Entity): Promise<void> {
  if (problem?.code === "PAUSED" && pausedFor({ settings: await policy(type) }, false) === null) await store.feeds.markDirty([id]);
}
