import { type Dataflow, dataflows } from "./dataflow.js";
import { limits } from "./limits.js";

/** What a site may set for its sync; `dataflow.yml` changes it. */
export interface SyncSettings {
  readonly flows: readonly Dataflow[];
  /** The Exact account under which products without a customer go; null: such products wait. */
  readonly defaultAccount: string | null;
  readonly guards: Guards;
  readonly clockToleranceMs: number;
  readonly quarantineMs: number;
  readonly overlapMs: number;
}

/** More than `count` and more than `percent` of the linked entities within 24 h pause the dataflow (R10). */
export interface Guards {
  readonly deletions: { readonly count: number; readonly percent: number };
  readonly creates: { readonly count: number; readonly percent: number };
  /** A side with more links than this that reads as empty. */
  readonly emptySideLinks: number;
}

export const defaultSettings: SyncSettings = {
  flows: dataflows,
  defaultAccount: null,
  guards: { deletions: { count: 20, percent: 5 }, creates: { count: 50, percent: 10 }, emptySideLinks: 10 },
  clockToleranceMs: limits.sync.clockToleranceMs,
  quarantineMs: limits.sync.quarantineMs,
  overlapMs: limits.sync.overlapMs,
};
