import { dataflowOf } from "../../domain/dataflow.js";
import type { Entity, Problem } from "../../domain/entity.js";
import { type EntityType, isoTime, systems } from "../../domain/words.js";
import { sideOf } from "../decide/label.js";
import { type GuardedWork, guardedWork, letThrough } from "../guards.js";
import { matchKeysOf } from "../index-entry.js";
import { changeDataflow, dataflowState } from "../policy.js";
import { finishResuming, waitingEntities } from "../resuming.js";
import { settle } from "../settle.js";
import { change } from "./change.js";
import type { ActionParts } from "./parts.js";

export type HeldWork = "APPLY" | "DISCARD";

/** Nothing is created or changed for this dataflow from now on, but what a mutation asks for; changes are still read. */
export async function pauseDataflow(parts: ActionParts, type: EntityType, reason: string): Promise<void> {
  const since = isoTime(parts.clock());
  const paused: Problem = { code: "PAUSED", message: reason, system: null, field: null, since, attempts: 0, nextAttemptAt: null };
  await changeDataflow(parts.store, type, parts.firstContact, (state) => ({ ...state, paused }));
}

/**
 * Lets a dataflow go on, and ends first contact (R11). What had waited starts at once. What a guard had held (R10) is let through
 * without being counted again, or dropped: a dropped deletion leaves the record that survived it as it is, DETACHED; a dropped
 * create leaves the record alone, as LEAVE_ALONE does. Edits are never dropped: no guard holds those.
 */
export async function resumeDataflow(parts: ActionParts, type: EntityType, held: HeldWork): Promise<void> {
  const { store, firstContact } = parts;
  const { state } = await dataflowState(store, type, firstContact);
  const guarded = state.guarded ?? [];
  if (held === "DISCARD" && guarded.length > 0) {
    for await (const waiting of waitingEntities(store, type)) await drop(parts, type, guarded, waiting);
  }
  // A person has seen what waits: it is no surprise any more.
  await letThrough(store, type, state.confirmed ? guarded : guardedWork);
  await changeDataflow(store, type, firstContact, () => ({ paused: null, confirmed: true, held: [], isResuming: true }));
  await finishResuming(store, type);
  parts.nudge?.();
}

async function drop(parts: ActionParts, type: EntityType, work: readonly GuardedWork[], waiting: readonly Entity[]): Promise<void> {
  if (work.includes("deletions")) await dropDeletions(parts, type, waiting);
  if (work.includes("creates")) {
    const unmade = waiting.filter((entity) => sideOf(entity) !== null && entity.wanted === null && entity.problem?.code === "PAUSED");
    for (const { id } of unmade) {
      await change(parts, id, async (entity) => {
        const flow = dataflowOf(parts.settings.flows, type);
        const keys = entity.review?.keys ?? { [id]: matchKeysOf(flow, sideOf(entity) ?? "EXACT", entity.fields) };
        return { entity: { ...entity, review: { keys, answer: "LEAVE_ALONE" } } };
      });
    }
  }
}

/** The same plan as ever, but for the policy: what is gone is gone, and its counterpart is left alone. */
async function dropDeletions(parts: ActionParts, type: EntityType, waiting: readonly Entity[]): Promise<void> {
  const { guard: _, ...unguarded } = parts;
  const flows = parts.settings.flows.map((flow) => (flow.type === type ? { ...flow, onDelete: "DETACH" as const } : flow));
  const policy = async (one: EntityType) => ({ ...(await parts.policy(one)), paused: null });
  const gone = await Promise.all(waiting.map((entity) => isGone(parts, entity)));
  const ids = waiting.filter((_entity, i) => gone[i]).map((entity) => entity.id);
  for (let from = 0; from < ids.length; from += 100) {
    await settle({ ...unguarded, policy, settings: { ...parts.settings, flows } }, ids.slice(from, from + 100), { class: "interactive" });
  }
}

async function isGone({ store, settings }: ActionParts, entity: Entity): Promise<boolean> {
  const flow = dataflowOf(settings.flows, entity.type);
  const refs = systems.flatMap((system) => {
    const id = entity.records[system];
    return id === null ? [] : [{ system, type: system === "EXACT" ? flow.exact : flow.customcrm, id }];
  });
  const snapshots = await store.snapshots.get(refs);
  return snapshots.length === 2 && snapshots.some((snapshot) => snapshot !== null && snapshot.deletedAt !== null);
}
