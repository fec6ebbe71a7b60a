import type { Problem } from "../domain/entity.js";
import type { SyncSettings } from "../domain/settings.js";
import type { EntityType, IsoTime } from "../domain/words.js";
import type { Store } from "../store/store.js";
import type { PlanSettings } from "./decide/observation.js";

/** What persons and guards have decided about a dataflow; a document of kind `dataflow` under the type's name. */
export interface DataflowState {
  readonly paused: Problem | null;
  /** First contact is over: a person has seen the plan, or it is the sandbox (R11). */
  readonly confirmed: boolean;
  /** Entities whose settling a guard holds until a person says apply or discard (R10). */
  readonly held: readonly string[];
  /** What a guard holds, while it is what has paused the dataflow. */
  readonly guarded?: readonly GuardedWork[];
  /** It was resumed, and what waited for it is not known to be marked yet. */
  readonly isResuming?: boolean;
}

/** What is counted by guards (R10). */
export type GuardedWork = "creates" | "deletions";

export interface VersionedState {
  readonly state: DataflowState;
  readonly version: number;
}

export async function dataflowState(store: Store, type: EntityType, firstContact: "review" | "live"): Promise<VersionedState> {
  const found = await store.documents.get<DataflowState>("dataflow", type);
  return { state: found?.value ?? { paused: null, confirmed: firstContact === "live", held: [] }, version: found?.version ?? 0 };
}

/** Changes the state of a dataflow by compare-and-set; `change` may be called more than once. */
export async function changeDataflow(
  store: Store,
  type: EntityType,
  firstContact: "review" | "live",
  change: (state: DataflowState) => DataflowState,
): Promise<DataflowState> {
  for (;;) {
    const { state, version } = await dataflowState(store, type, firstContact);
    const next = change(state);
    if (await store.documents.set("dataflow", type, next, version, { ttlMs: null })) return next;
  }
}

export const planSettings = (settings: SyncSettings, { state }: VersionedState): PlanSettings => ({
  paused: state.paused,
  firstContactConfirmed: state.confirmed,
  defaultAccount: settings.defaultAccount,
  clockToleranceMs: settings.clockToleranceMs,
  quarantineMs: settings.quarantineMs,
});

/** What a person reads where nothing is written; null where writing goes on. `since`: the time to name for first contact. */
export function whyPaused({ state }: VersionedState, since: IsoTime): Problem | null {
  if (state.paused || state.confirmed) return state.paused;
  const message = "First contact: nothing is written until a person has seen the plan (sync with dryRun) and resumes the dataflow.";
  return { code: "PAUSED", message, system: null, field: null, since, attempts: 0, nextAttemptAt: null };
}
