import type { ErrorCode } from "../domain/errors.js";
import type { Properties, RecordRef, SystemRecord } from "../domain/record.js";
import type { IsoTime, RecordType, System } from "../domain/words.js";

/** The classes that share a system's budget, most urgent first (R15). */
export const callClasses = ["interactive", "repair", "change", "poll", "compare"] as const;
export type CallClass = (typeof callClasses)[number];

/** Calls of one class that wait for a budget. */
export interface WaitingCalls {
  readonly class: CallClass;
  readonly count: number;
  /** How long the first of them has waited; 0: none does. */
  readonly oldestMs: number;
}

export interface CallOptions {
  readonly class: CallClass;
  /** Give up waiting for the budget or for an answer at this time (ms since 1970). */
  readonly deadline?: number;
  /** What has not begun to leave at this time is not sent (SYNC.md, assumption A1). */
  readonly leaveBy?: number;
  readonly signal?: AbortSignal;
}

/** Until when a call may wait for its turn; as long as any where nothing is said. */
export const turnEnds = ({ deadline, leaveBy }: Pick<CallOptions, "deadline" | "leaveBy">): { readonly deadline?: number } => {
  const ends = [deadline, leaveBy].filter((one) => one !== undefined);
  return ends.length > 0 ? { deadline: Math.min(...ends) } : {};
};

/** A condition of a search: the property equals the value, as that system compares. */
export interface Condition {
  readonly property: string;
  readonly equals: string;
}

/** A change feed of a system. Customcrm has one; Exact has one per type and one for deletions. */
export interface FeedInfo {
  readonly name: string;
  readonly types: readonly RecordType[];
  /** The feed forgets what is older: who has not read it for longer needs a full compare. Absent: it says so by itself, or never. */
  readonly keptMs?: number;
}

export type Change =
  | { readonly kind: "upsert"; readonly record: SystemRecord; readonly position: string }
  | { readonly kind: "delete"; readonly ref: RecordRef; readonly at: IsoTime | null; readonly position: string };

/** A row that is not what its system's contract says. It is passed over, told by name, and read again when it changes or a compare lists it. */
export interface UnreadableRow {
  readonly type: RecordType;
  /** null: not even that can be read. */
  readonly id: string | null;
  /** What is wrong with which property; no value of it. */
  readonly message: string;
}

export interface FeedPage {
  readonly unreadable?: readonly UnreadableRow[];
  readonly changes: readonly Change[];
  /** Where to go on; save it together with what the page made dirty (R12). */
  readonly position: string;
  readonly more: boolean;
  /** True where the feed has shown nothing behind the position that was asked for, and `position` is that one (from the start: any). */
  readonly isUnmoved?: boolean;
}

export interface ListPage {
  readonly unreadable?: readonly UnreadableRow[];
  readonly records: readonly SystemRecord[];
  /** null: this was the last page, and the list is complete. */
  readonly next: string | null;
}

export interface BudgetWindow {
  /** `minute`, `day` or `errors`. */
  readonly window: string;
  readonly endpoint: string | null;
  /** null: the system has not said. */
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly resetsAt: IsoTime | null;
}

/** What is known of a system without calling it. */
export interface ConnectorStatus {
  /** False while the breaker is open, or when the last call failed. */
  readonly reachable: boolean;
  readonly authorized: boolean;
  readonly problem: { readonly code: ErrorCode; readonly message: string; readonly since: IsoTime } | null;
  readonly budget: readonly BudgetWindow[];
}

/**
 * What both systems offer. Every method throws one of the errors of `errors.ts` and nothing else; a write that throws
 * `AmbiguousError` may or may not have happened, every other error means that it has not.
 */
export interface Connector {
  readonly system: System;
  readonly feeds: readonly FeedInfo[];

  /** Records by id; what is missing is left out. Equal ids once, as few calls as page size and URL length allow. */
  getMany(type: RecordType, ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, SystemRecord>>;

  /**
   * What changed after `position` (null: from the start), oldest first. Reading again from an older position is harmless.
   * Throws `PositionExpiredError` when the feed no longer reaches back that far.
   */
  readFeed(feed: string, position: string | null, options: CallOptions): Promise<FeedPage>;

  /** Changes when all positions have lost their meaning (Exact: a division move); the reader then starts again. */
  feedEpoch(options: CallOptions): Promise<string>;

  /** All records of a type, page by page, for the full compare. */
  list(type: RecordType, next: string | null, options: CallOptions): Promise<ListPage>;

  /** Records for which all conditions hold, at most one page. `createdSince` narrows where the system can. */
  find(type: RecordType, where: readonly Condition[], createdSince: IsoTime | null, options: CallOptions): Promise<readonly SystemRecord[]>;

  /** The new record as far as the system returned it: only `id` is sure. `key` makes a repeat harmless where the system knows such keys. */
  create(type: RecordType, properties: Properties, key: string, options: CallOptions): Promise<{ readonly id: string; readonly record: SystemRecord | null }>;

  /** Writes only these properties. `etag` guards against an edit made meanwhile, where the system knows ETags. null: it did not return the record. */
  update(type: RecordType, id: string, properties: Properties, etag: string | null, options: CallOptions): Promise<SystemRecord | null>;

  /** Deleting what is gone already is a success. */
  remove(type: RecordType, id: string, etag: string | null, options: CallOptions): Promise<void>;

  /** A cheap call that shows whether the system answers and lets us in. */
  probe(options: CallOptions): Promise<void>;

  status(): Promise<ConnectorStatus>;
}
