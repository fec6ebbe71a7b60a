import type { Fields } from "./canonical.js";
import type { EntityType, IsoTime, System, WriteOperation } from "./words.js";

export type WriteStatus = "APPLIED" | "PENDING" | "REJECTED" | "PARTIAL";
export type SystemWriteStatus = "APPLIED" | "PENDING" | "REJECTED" | "ROLLED_BACK" | "NOT_SENT" | "NOT_NEEDED";

export const userErrorCodes = [
  "INVALID",
  "NOT_FOUND",
  "VERSION_CONFLICT",
  "MODIFIED_ELSEWHERE",
  "DUPLICATE",
  "REFERENCED",
  "REFUSED_BY_SYSTEM",
  "SYSTEM_UNAVAILABLE",
  "ROLLED_BACK",
  "ALREADY_LINKED",
  "NOT_LINKED",
  "PAUSED",
  "RATE_LIMITED",
  "IDEMPOTENCY_KEY_REUSED",
] as const;
export type UserErrorCode = (typeof userErrorCodes)[number];

export interface UserError {
  readonly code: UserErrorCode;
  readonly message: string;
  readonly field: readonly string[] | null;
  readonly system: System | null;
  readonly retryAt: IsoTime | null;
}

export interface SystemWrite {
  readonly system: System;
  readonly status: SystemWriteStatus;
  readonly operation: WriteOperation;
  readonly fields: readonly string[];
  readonly recordId: string | null;
  readonly error: string | null;
  readonly nextAttemptAt: IsoTime | null;
}

/** A mutation and how far it has come; kept as a document of kind `operation`. */
export interface Operation {
  readonly id: string;
  readonly kind: "CREATE" | "UPDATE" | "DELETE";
  readonly type: EntityType;
  readonly entityId: string | null;
  readonly set: Fields;
  readonly status: WriteStatus;
  readonly writes: readonly SystemWrite[];
  readonly userErrors: readonly UserError[];
  readonly startedAt: IsoTime;
  readonly finishedAt: IsoTime | null;
  readonly onPartialFailure: "RETRY" | "ROLLBACK";
}
