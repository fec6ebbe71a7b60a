import {
  AmbiguousError,
  ModifiedElsewhereError,
  NotAuthorizedError,
  NotFoundError,
  RateLimitedError,
  RefusedError,
  SystemError,
  UnavailableError,
  UnexpectedAnswerError,
} from "../domain/errors.js";
import type { SystemRecord } from "../domain/record.js";
import type { IsoTime } from "../domain/words.js";

/** How one write to a system ended, told by what can be done about it. */
export type WriteOutcome =
  | { readonly kind: "done"; readonly id: string; readonly record: SystemRecord | null }
  /** Refused for good, in the system's own words. */
  | { readonly kind: "refused"; readonly message: string; readonly property: string | null; readonly reason: string | null }
  /** It may have happened; look before repeating it (R8). */
  | { readonly kind: "ambiguous"; readonly message: string }
  /** It has not happened and may be tried again. */
  | {
      readonly kind: "later";
      readonly code: "SYSTEM_UNAVAILABLE" | "RATE_LIMITED" | "NOT_AUTHORIZED";
      readonly message: string;
      readonly retryAt: IsoTime | null;
    }
  /** The record is not as it was read: read again and decide anew. */
  | { readonly kind: "modified" }
  | { readonly kind: "missing" };

/** A ladder of early returns; what is not known here is a fault of ours and goes up. */
export function outcomeOf(error: unknown): WriteOutcome {
  if (error instanceof AmbiguousError) return { kind: "ambiguous", message: error.message };
  // An answer that can't be read says nothing of what happened before it was written.
  if (error instanceof UnexpectedAnswerError) return { kind: "ambiguous", message: error.message };
  if (error instanceof RefusedError) {
    return { kind: "refused", message: error.message, property: error.reasons.find((one) => one.property)?.property ?? null, reason: error.reason };
  }
  if (error instanceof ModifiedElsewhereError) return { kind: "modified" };
  if (error instanceof NotFoundError) return { kind: "missing" };
  if (error instanceof RateLimitedError) return { kind: "later", code: "RATE_LIMITED", message: error.message, retryAt: error.retryAt };
  if (error instanceof NotAuthorizedError) return { kind: "later", code: "NOT_AUTHORIZED", message: error.message, retryAt: null };
  if (error instanceof UnavailableError) return { kind: "later", code: "SYSTEM_UNAVAILABLE", message: error.message, retryAt: null };
  throw error;
}

/** A system, or the way to it, failed a read in whatever manner: nothing is known then, and it may be read later. */
export const isUnread = (error: unknown): error is SystemError => error instanceof SystemError;

/** Milliseconds until the next attempt: doubling from 2 s to 10 min, with jitter from `random` (0 to 1) so that failures spread (R14). */
export function backOffMs(attempts: number, random: number): number {
  const full = Math.min(600_000, 2_000 * 2 ** Math.min(attempts, 9));
  return Math.round(full * (0.5 + random / 2));
}
