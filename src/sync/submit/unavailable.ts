import { RateLimitedError } from "../../domain/errors.js";
import type { UserError } from "../../domain/operation.js";
import type { System } from "../../domain/words.js";

/** A system could not be asked before anything was sent: nothing was done, and it may be tried again. */
export function unavailableError(system: System, error: unknown): UserError {
  const message = error instanceof Error ? error.message : `${system} did not answer.`;
  const isBusy = error instanceof RateLimitedError;
  return { code: isBusy ? "RATE_LIMITED" : "SYSTEM_UNAVAILABLE", message, field: null, system, retryAt: isBusy ? error.retryAt : null };
}
