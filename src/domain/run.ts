import type { FieldChange } from "./entity.js";
import type { EntityType, IsoTime, System } from "./words.js";

export type SyncMode = "CHANGES" | "FULL";
export type RunState = "QUEUED" | "RUNNING" | "DONE" | "FAILED" | "CANCELLED";
export type PlannedActionKind = "LINK" | "CREATE" | "UPDATE" | "DELETE" | "DETACH" | "ARCHIVE" | "REVIEW" | "WAIT" | "CONFLICT" | "NONE";

/** One pass of the sync; kept as a document of kind `run`, its plan as a list of kind `plan`. */
export interface Run {
  readonly id: string;
  readonly mode: SyncMode;
  readonly dryRun: boolean;
  readonly types: readonly EntityType[];
  readonly state: RunState;
  readonly startedAt: IsoTime;
  readonly finishedAt: IsoTime | null;
  readonly progress: RunProgress;
  readonly cost: readonly PlanCost[];
  readonly problem: { readonly code: string; readonly message: string; readonly since: IsoTime } | null;
  readonly cancelRequested: boolean;
}

export interface RunProgress {
  readonly read: number;
  readonly total: number | null;
  readonly linked: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly review: number;
  readonly failed: number;
  readonly etaSeconds: number | null;
}

/** What was done, and how the others stand: counted over all processes. */
export type RunCounts = Pick<RunProgress, "linked" | "created" | "updated" | "deleted" | "unchanged" | "review" | "failed">;

export const noCounts: RunCounts = { linked: 0, created: 0, updated: 0, deleted: 0, unchanged: 0, review: 0, failed: 0 };

export interface PlanCost {
  readonly system: System;
  readonly reads: number;
  readonly writes: number;
  readonly seconds: number;
}

export interface PlannedAction {
  readonly kind: PlannedActionKind;
  readonly type: EntityType;
  readonly system: System | null;
  readonly label: string;
  readonly customcrmId: string | null;
  readonly exactId: string | null;
  readonly fields: readonly FieldChange[];
  readonly reason: string;
}
