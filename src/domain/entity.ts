import type { CanonicalValue, Fields } from "./canonical.js";
import type { Properties } from "./record.js";
import type { ChangeSource, ConflictPolicy, EntityType, IsoTime, LinkOrigin, LinkState, System, WriteOperation } from "./words.js";

/**
 * One thing in the world and the link that joins its records. Everything that must hold together for one entity is in this
 * one document, written by compare-and-set on `revision` (R1, R13).
 */
export interface Entity {
  readonly id: string;
  readonly type: EntityType;
  /** Grows by one with every write of this document; 0 before the first. */
  readonly revision: number;
  /** The record in each system; null where there is none. */
  readonly records: { readonly [S in System]: string | null };
  /** The id that the Exact record's entity had before linking; it is given back when the link is cut. */
  readonly formerExactEntityId: string | null;

  readonly state: LinkState;
  /** The API's `version`: grows with every accepted or observed change of a unified field, never for echoes or states. */
  readonly version: number;
  readonly origin: LinkOrigin | null;
  readonly linkedAt: IsoTime | null;
  /** When both sides were last known to agree. */
  readonly syncedAt: IsoTime | null;
  readonly problem: Problem | null;
  readonly candidates: readonly MatchCandidate[];
  readonly conflicts: readonly FieldConflict[];
  readonly ignored: readonly IgnoredWrite[];
  /** Exact record ids cut from this entity by a person: never proposed again (R6). */
  readonly cutFrom: readonly string[];

  /** The unified fields: the agreed value, or the one that will win. A reference holds an entity id. */
  readonly fields: Fields;
  /** The newest time that either side gives; for display and order only. */
  readonly modifiedAt: IsoTime;

  /** Per side, what it returned when both last agreed (R2). References hold that side's own record id. */
  readonly shadows: { readonly [S in System]: Fields | null };
  /** What is owed, or may already have been sent (R8). */
  readonly intents: readonly Intent[];
  /** What a mutation has asked for and sync has not settled yet. */
  readonly wanted: Wanted | null;
  /** When somebody must look at this entity again without being asked; null: only when something changes. */
  readonly nextActionAt: IsoTime | null;

  /** The standing REVIEW, as it was raised (R6). */
  readonly review?: Review | null;
  /** What a system refused for good: not repeated until what would be sent changes (R14). */
  readonly refused?: readonly RefusedWrite[];
  /** Values that stand on a side, lose, and are in the history already; until they are overwritten. */
  readonly overruled?: readonly OverruledValue[];
  /** `<system>.<field>`: a write of ours moved that side's modified time while a change there was unsettled, so it tells no order (R3). */
  readonly timeUnknown?: readonly string[];
  /** Our create in Exact is linked, and Customcrm has not been told its id yet. */
  readonly externalIdOwed?: boolean;
  /** Records that it refers to and that no entity knows yet: whoever gets one of them wakes it (R7). */
  readonly awaits?: readonly AwaitedRecord[];
  /** The mutations under way on this entity, oldest first. The end of one is recorded in the step in which it leaves this list. */
  readonly operations?: readonly OpenOperation[];
  /** By field, the version at which it changed last; a field that is not named has not changed since it was first seen. */
  readonly fieldVersions?: { readonly [field: string]: number };
}

/** A mutation that has not ended. What it still asks for is in `wanted`, merged with what others ask for. */
export interface OpenOperation {
  readonly id: string;
  readonly kind: "CREATE" | "UPDATE" | "DELETE";
  /** Unified fields; references hold entity ids. */
  readonly set: Fields;
  /** What the entity showed for them before: shown again if the mutation is refused. */
  readonly before: Fields;
  readonly at: IsoTime;
  readonly actor: string | null;
  readonly onPartialFailure: "RETRY" | "ROLLBACK";
  readonly whenBusy: "REFUSE" | "QUEUE";
  /** What systems had not taken of these fields before: that is tried once more, and known again if the mutation fails. */
  readonly triedAgain?: readonly IgnoredWrite[];
  /** With `expectedVersion`: by side and field, what the record may hold; anything else was changed there since. */
  readonly expected?: { readonly [S in System]?: { readonly [field: string]: readonly CanonicalValue[] } };
  /** Its part of the writes that a system took, as far as they stand. */
  readonly landed?: readonly LandedWrite[];
  /** Sides on which a write of it was undone. */
  readonly undone?: readonly System[];
  /** Why it can't stand. From then on it is undone, and then it ends. */
  readonly failure?: OperationFailure;
}

/** A write as a system took it, and what the record held before. */
export type LandedWrite = Pick<Intent, "id" | "system" | "operation" | "fields" | "over" | "extra" | "extraOver"> & { readonly recordId: string | null };

export interface OperationFailure {
  readonly code: "REFUSED_BY_SYSTEM" | "DUPLICATE" | "REFERENCED" | "MODIFIED_ELSEWHERE" | "SYSTEM_UNAVAILABLE" | "RATE_LIMITED" | "PAUSED" | "NOT_FOUND";
  readonly system: System | null;
  readonly field: string | null;
  readonly message: string;
  readonly retryAt: IsoTime | null;
  /** Refused for good: if undoing turns out to be unsafe, it is not to be repeated. */
  readonly refused: RefusedWrite | null;
  /** Why it can't be undone, once that is known. */
  readonly unsafe: string | null;
}

export interface AwaitedRecord {
  readonly type: EntityType;
  readonly system: System;
  readonly recordId: string;
}

/** A REVIEW ends by a person or by a changed key value, never by elimination (R6): so it remembers the key values it rests on. */
export interface Review {
  /** The match keys, at the time, of the entity and of everyone involved, by entity id. */
  readonly keys: { readonly [entityId: string]: readonly string[] };
  /** What a person said; it stands as long as the keys do. */
  readonly answer: "CREATE_NEW" | "LEAVE_ALONE" | null;
}

export interface OverruledValue {
  readonly system: System;
  readonly field: string;
  /** As that side holds it. */
  readonly value: CanonicalValue;
}

/** A write that a system refused for good. */
export interface RefusedWrite {
  readonly system: System;
  readonly operation: WriteOperation;
  /** The fields that the refusal is about: all of the write, or those that it names. */
  readonly fields: readonly string[];
  /** What was sent for them: another mapping or another value is another write. */
  readonly properties: Properties;
  readonly message: string;
  readonly since: IsoTime;
}

/** Why an entity is not LINKED, in words a person can act on. */
export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly system: System | null;
  readonly field: string | null;
  readonly since: IsoTime;
  readonly attempts: number;
  readonly nextAttemptAt: IsoTime | null;
}

export const problemCodes = [
  "AMBIGUOUS_MATCH",
  "KEYS_DISAGREE",
  "WAITING_FOR_REFERENCE",
  "NO_LAST_NAME",
  "NO_DEFAULT_ACCOUNT",
  "CONFLICT",
  "REFUSED_BY_SYSTEM",
  "IGNORED_BY_SYSTEM",
  "SYSTEM_UNAVAILABLE",
  "RATE_LIMITED",
  "QUARANTINE",
  "PAUSED",
  "DELETED_ELSEWHERE",
  "EDITED_SINCE_DELETION",
  "MERGED_AWAY",
  "CUT_BY_PERSON",
  "ROLLBACK_UNSAFE",
  "NOT_AUTHORIZED",
  "GUARD",
  "HELD_BY_OPEN_CREATE",
] as const;
export type ProblemCode = (typeof problemCodes)[number];

export interface MatchCandidate {
  readonly system: System;
  readonly recordId: string;
  readonly entityId: string;
  readonly label: string;
  readonly matchedOn: readonly string[];
}

export interface FieldConflict {
  readonly field: string;
  readonly agreed: CanonicalValue;
  readonly customcrm: CanonicalValue;
  readonly exact: CanonicalValue;
  readonly since: IsoTime;
}

/** A system took a value and returned another: left alone until either side's value changes (R5). */
export interface IgnoredWrite {
  readonly system: System;
  readonly field: string;
  readonly sent: CanonicalValue;
  readonly returned: CanonicalValue;
  /** The other side's value at the time, so that an edit of it is seen. */
  readonly source: CanonicalValue;
}

/**
 * A write owed to one system, recorded before it is sent. `sentAt` null: not sent yet. Once sent without a definite answer it
 * is ambiguous: nothing more is written to that record until `quarantineUntil`, then it is looked for (R8).
 */
export interface Intent {
  readonly id: string;
  readonly system: System;
  readonly operation: WriteOperation;
  /** Canonical values to write; references hold the target's record ids. */
  readonly fields: Fields;
  /** The other side's values that these were made from: the shadow, should it turn out that the write landed. */
  readonly source: Fields;
  readonly operationId: string | null;
  readonly queuedAt: IsoTime;
  readonly sentAt: IsoTime | null;
  readonly quarantineUntil: IsoTime | null;
  readonly attempts: number;
  readonly nextAttemptAt: IsoTime | null;
  readonly lastError: string | null;
  /** Sent beside the fields, under the system's own property names. */
  readonly extra?: Properties;
  /** What the record held for these fields when this was planned: it is put back if the change must be undone (I9). */
  readonly over?: Fields;
  /** Not seen by the end of its quarantine, or overtaken. Kept for a while: should it land late, it is put right, not taken for an edit (R8). */
  readonly givenUpAt?: IsoTime | null;
  /** What a person has entered in its fields since it was sent, and what is to stand: should it land over that, it is put right. */
  readonly overtaken?: Fields;
  /** What the record held for the properties in `extra`. */
  readonly extraOver?: Properties;
  /** The operation that this write undoes. */
  readonly undoes?: string;
}

/** A change that comes from an API client: a third source beside the two systems. */
export interface Wanted {
  readonly operationId: string;
  readonly kind: "CREATE" | "UPDATE" | "DELETE";
  readonly set: Fields;
  readonly at: IsoTime;
  readonly actor: string | null;
  /** Of fields that an earlier mutation asked for: when it did. */
  readonly times?: { readonly [field: string]: IsoTime };
}

export interface HistoryEvent {
  /** `<entity id>.<number>`. */
  readonly id: string;
  readonly at: IsoTime;
  readonly kind: HistoryKind;
  readonly source: ChangeSource;
  readonly actor: string | null;
  readonly fields: readonly FieldChange[];
}

export type HistoryKind =
  | "SEEN"
  | "LINKED"
  | "UNLINKED"
  | "CREATED"
  | "UPDATED"
  | "DELETED"
  | "DETACHED"
  | "ARCHIVED"
  | "CONFLICT"
  | "RESOLVED"
  | "REPAIRED"
  | "REFUSED"
  | "ROLLED_BACK"
  | "TAKEN_BACK";

export interface FieldChange {
  readonly field: string;
  readonly before: CanonicalValue;
  readonly after: CanonicalValue;
  readonly lost: CanonicalValue;
  readonly lostFrom: ChangeSource | null;
  readonly decidedBy: ConflictPolicy | null;
}

/** A snapshot: a record as last read, with the time of reading; or the knowledge that it is gone. */
export interface Snapshot {
  readonly record: import("./record.js").SystemRecord;
  readonly asOf: IsoTime;
  /** Set when a tombstone was read, or two complete compares missed it (R9). */
  readonly deletedAt: IsoTime | null;
  /** The order of reads and writes over all replicas: a lower ticket never replaces a higher one (design: reading). */
  readonly ticket: number;
}
