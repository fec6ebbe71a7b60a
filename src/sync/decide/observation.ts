import type { Fields } from "../../domain/canonical.js";
import type { Dataflow } from "../../domain/dataflow.js";
import type { Entity, FieldChange, HistoryEvent, Problem } from "../../domain/entity.js";
import type { Operation } from "../../domain/operation.js";
import type { Properties, SystemRecord } from "../../domain/record.js";
import type { PlannedActionKind } from "../../domain/run.js";
import type { EntityType, IsoTime, System, WriteOperation } from "../../domain/words.js";
import type { MatchDecision } from "../match.js";

/** What one side shows of an entity now. `gone` only on the evidence that R9 asks for. */
export type Sighting =
  | { readonly kind: "none" }
  | { readonly kind: "present"; readonly record: SystemRecord; readonly fields: Fields }
  | {
      readonly kind: "gone";
      readonly at: IsoTime | null;
      readonly evidence: "TOMBSTONE" | "COMPARES";
      /** The record of the same side that this one was merged into, as a person would call it. */
      readonly mergedInto?: { readonly recordId: string; readonly label: string } | null;
    };
export type Present = Extract<Sighting, { kind: "present" }>;

/** Where the references of an observation lead. */
export interface ReferenceLookup {
  ofRecord(system: System, recordId: string): { readonly entityId: string; readonly counterpart: string | null } | null;
  /** Also by an id that the entity had before it was linked. */
  ofEntity(entityId: string): { readonly entityId: string; readonly records: Entity["records"] } | null;
}

/** All that the plan for one entity rests on. Nothing else is looked at: no clock, no store, no system. */
export interface Observation {
  readonly flow: Dataflow;
  readonly entity: Entity;
  readonly sides: { readonly [S in System]: Sighting };
  readonly references: ReferenceLookup;
  readonly settings: PlanSettings;
  /** For an entity that lacks a side; `none` where the dataflow has no match rule. */
  readonly match: MatchDecision;
  /** While a create of another entity is open that this record may belong to. */
  readonly hold?: { readonly reason: string; readonly until: IsoTime | null } | null;
  /** Types of entities that refer to this one, for `create: whenReferenced`. */
  readonly referencedBy?: readonly EntityType[];
  /** Ids of create intents that were looked for after their quarantine and are not there (R8). */
  readonly lookedFor?: readonly string[];
  /** Ids of update intents whose quarantine is over and whose record could not be read since: they may have landed. */
  readonly unseen?: readonly string[];
  /** A person linked these two and said which side's values stand. */
  readonly prefer?: System | null;
  /** A person waits for the outcome: back-off is not waited out. Quarantine is. */
  readonly urgent?: boolean;
  readonly now: number;
}

export interface PlanSettings {
  /** The dataflow is paused by a person or a guard, or first contact is not confirmed: nothing is written. */
  readonly paused: Problem | null;
  /** False: not even what a mutation asks for is written (R11). */
  readonly firstContactConfirmed: boolean;
  /** The Exact account that reads as "no account"; null: there is none. */
  readonly defaultAccount: string | null;
  readonly clockToleranceMs: number;
  readonly quarantineMs: number;
}

/** One write, ready to be sent: canonical values, references as the target's record ids. */
export interface PlannedWrite {
  readonly system: System;
  readonly operation: WriteOperation;
  readonly recordId: string | null;
  readonly fields: Fields;
  /** The other side's values that these were made from; without those that a mutation asked for. */
  readonly source: Fields;
  /** What the target held for these fields. */
  readonly over: Fields;
  /** Sent beside the fields, under the system's own property names. */
  readonly extra: Properties;
  /** What the target held for those. */
  readonly extraOver?: Properties;
  /** The operation that this undoes. */
  readonly undoes?: string;
}

/** What is to be done about one entity. */
export interface Plan {
  readonly kind: PlannedActionKind;
  /** The system that is written to first; null when none is. */
  readonly system: System | null;
  /** Why, in words that a person can act on. */
  readonly reason: string;
  /** In the order of sending: the stricter side first. */
  readonly writes: readonly PlannedWrite[];
  /** The entity as it must be stored before anything is sent; the intents for `writes` come on top (`owing`). */
  readonly next: Entity;
  /** False: `next` is what is stored already. */
  readonly changed: boolean;
  /** For the history, in the same step as `next`. Says nothing twice when the same plan is made again. */
  readonly history: readonly Omit<HistoryEvent, "id">[];
  /** Field by field with before and after and who wins: what a dry run shows. */
  readonly changes: readonly FieldChange[];
  /** Of kind LINK: the entity to join this one with, and the fields they match on. */
  readonly link: { readonly with: string; readonly matchedOn: readonly string[] } | null;
  /** Entities whose own decision may now be another one: to be marked dirty. */
  readonly wake: readonly string[];
  /** No record is left on either side. */
  readonly ended: boolean;
  /** How the mutations that are under way stand with this plan; to be stored in the same step. Those that have ended are in no later plan. */
  readonly operations?: readonly Operation[];
}
