import type { IsoTime, System } from "./words.js";

/** An error class for each thing a caller can do about it. Messages are sentences: what was expected, what came, what to do. */
export abstract class TandemError extends Error {
  abstract readonly code: ErrorCode;
}

export const errorCodes = {
  SYSTEM_UNAVAILABLE: "The system did not answer, or answered with a fault of its own. Try again later.",
  AMBIGUOUS: "The answer to a write was lost: it may or may not have happened.",
  RATE_LIMITED: "The system's budget has no room now. Try again at `retryAt`.",
  NOT_AUTHORIZED: "The system does not let the gateway in. An operator must connect it again.",
  REFUSED_BY_SYSTEM: "The system refused for good; its own words are in the message.",
  NOT_FOUND: "There is no such record or entity.",
  MODIFIED_ELSEWHERE: "The record was changed in its system meanwhile.",
  POSITION_EXPIRED: "The change feed no longer reaches back that far; a full compare is needed.",
  UNEXPECTED_ANSWER: "The system's answer is not what its contract says.",
  INVALID: "The request is not valid; the message says what was expected and what came.",
  STORE_UNAVAILABLE: "Redis does not answer.",
  SLOW_SUBSCRIBER: "The subscriber did not take what it had asked for as fast as it came. Subscribe again, and read anew what may have been missed.",
} as const;
export type ErrorCode = keyof typeof errorCodes;

export abstract class SystemError extends TandemError {
  constructor(
    readonly system: System,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Try again later; a read, or a write that certainly did not happen. */
export class UnavailableError extends SystemError {
  override readonly name = "UnavailableError";
  readonly code = "SYSTEM_UNAVAILABLE";
}

/** A write whose answer was lost. Look before repeating it (R8). */
export class AmbiguousError extends SystemError {
  override readonly name = "AmbiguousError";
  readonly code = "AMBIGUOUS";
}

/** Wait until `retryAt`; nothing was sent or taken. */
export class RateLimitedError extends SystemError {
  override readonly name = "RateLimitedError";
  readonly code = "RATE_LIMITED";
  constructor(
    system: System,
    readonly retryAt: IsoTime,
    message = `${system} takes no more calls of this kind until ${retryAt}.`,
    options?: ErrorOptions,
  ) {
    super(system, message, options);
  }
}

/** Ask an operator to connect the system again. */
export class NotAuthorizedError extends SystemError {
  override readonly name = "NotAuthorizedError";
  readonly code = "NOT_AUTHORIZED";
}

/** The system will never take this as it is. `reasons` are its own words, by property where it named one. */
export class RefusedError extends SystemError {
  override readonly name = "RefusedError";
  readonly code = "REFUSED_BY_SYSTEM";
  constructor(
    system: System,
    readonly reasons: readonly { readonly property: string | null; readonly message: string }[],
    /** Something that can be told apart by a program, such as `has-dependents`; null where the system gives none. */
    readonly reason: string | null = null,
    options?: ErrorOptions,
  ) {
    super(system, reasons.map((r) => r.message).join(" "), options);
  }
}

export class NotFoundError extends SystemError {
  override readonly name = "NotFoundError";
  readonly code = "NOT_FOUND";
}

/** Read the record again and decide anew. */
export class ModifiedElsewhereError extends SystemError {
  override readonly name = "ModifiedElsewhereError";
  readonly code = "MODIFIED_ELSEWHERE";
}

export class PositionExpiredError extends SystemError {
  override readonly name = "PositionExpiredError";
  readonly code = "POSITION_EXPIRED";
}

/** Not what the contract says: an HTML page, half a body, wrong types. A read; a write that ends so is ambiguous. */
export class UnexpectedAnswerError extends SystemError {
  override readonly name = "UnexpectedAnswerError";
  readonly code = "UNEXPECTED_ANSWER";
}

/** The caller's input is wrong; nothing was sent anywhere. */
export class InvalidInputError extends TandemError {
  override readonly name = "InvalidInputError";
  readonly code = "INVALID";
  /** Where something was too much: of what, how much, and the limit. */
  readonly excess: Excess | null;

  constructor(message: string, { excess, ...options }: ErrorOptions & { readonly excess?: Excess } = {}) {
    super(message, options);
    this.excess = excess ?? null;
  }
}

interface Excess {
  readonly what: string;
  readonly got: number;
  readonly limit: number;
}

/** Redis does not answer; nothing was stored. */
export class StoreUnavailableError extends TandemError {
  override readonly name = "StoreUnavailableError";
  readonly code = "STORE_UNAVAILABLE";
}

/** The link map in Redis was kept by a version that keeps it otherwise; nothing was read or written. */
export class StoreFormatError extends TandemError {
  override readonly name = "StoreFormatError";
  readonly code = "STORE_UNAVAILABLE";
  constructor(found: string, read: string) {
    super(
      `The link map in this Redis is kept in format ${found}, and this version of Tandem reads format ${read} only. ` +
        "Write it to a file with the version that kept it (npm run links -- export), start this one on an empty Redis, and put it back (npm run links -- import). " +
        "Of a sandbox, delete the data folder instead.",
    );
  }
}

/** What waited for a subscriber has been thrown away, as it had become too much. */
export class SlowSubscriberError extends TandemError {
  override readonly name = "SlowSubscriberError";
  readonly code = "SLOW_SUBSCRIBER";
  constructor(waiting: number) {
    super(`More than ${waiting} changes waited to be taken, so the subscription was ended. Subscribe again, and read anew what may have been missed.`);
  }
}
