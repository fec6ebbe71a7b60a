import {
  AmbiguousError,
  NotAuthorizedError,
  NotFoundError,
  RateLimitedError,
  RefusedError,
  type SystemError,
  UnavailableError,
  UnexpectedAnswerError,
} from "../../domain/errors.js";
import { isoTime } from "../../domain/words.js";
import { retryAfterOf } from "../budget-headers.js";
import type { HttpAnswer } from "../http.js";

export interface FailedCall {
  /** `PUT crm/Accounts`. */
  readonly what: string;
  readonly isWrite: boolean;
  readonly now: number;
}

/** What an operator does when Exact does not let us in. */
export const wayOut = "Connect Exact Online again: open GET /auth/exact and consent.";

/** What an answer that is no success means for the caller. The only place that decides it. */
export function errorOf(answer: HttpAnswer, call: FailedCall): SystemError {
  const { status, headers } = answer;
  const lines = linesOf(answer.text);
  const said = lines.length > 0 ? ` It said: ${lines.join(" ")}` : "";

  if (status === 429) return new RateLimitedError("EXACT", isoTime(resetOf(headers, call.now)));
  if (status === 401) {
    const detail = headers["www-authenticate"];
    return new NotAuthorizedError("EXACT", `Exact Online does not accept the access token (${call.what})${detail ? `: ${detail}` : ""}.${said} ${wayOut}`);
  }
  if (status === 403) return new NotAuthorizedError("EXACT", `Exact Online forbids ${call.what}: ${reasonOf(headers.reason)}${said}`);
  if (status === 404) return new NotFoundError("EXACT", `Exact Online has no such record (${call.what}).${said}`);
  // Exact says 500 for what its business rules refuse, and then names the reasons. Repeating it changes nothing.
  if (status === 500 && lines.length > 0) return refusal(lines);
  if (status >= 500 || status === 408) return lost(call, `Exact Online answered ${call.what} with a fault of its own (${status}).${said}`);
  if (status >= 400) return refusal(lines.length > 0 ? lines : [`Exact Online refused ${call.what} with status ${status} and no reason.`]);
  // A redirect, to a login page for one: not the API speaking.
  return unreadable(call, `Exact Online answered ${call.what} with status ${status}, which is not part of its API.`);
}

/** For an answer that says "done" but cannot be read: a write has happened, or not. */
export function unreadable(call: { readonly isWrite: boolean }, message: string, cause?: unknown): SystemError {
  return call.isWrite ? new AmbiguousError("EXACT", message, { cause }) : new UnexpectedAnswerError("EXACT", message, { cause });
}

const lost = (call: FailedCall, message: string): SystemError =>
  call.isWrite ? new AmbiguousError("EXACT", `${message} The write may or may not have happened.`) : new UnavailableError("EXACT", message);

const refusal = (lines: readonly string[]): RefusedError =>
  new RefusedError(
    "EXACT",
    lines.map((message) => ({ property: propertyIn(message), message })),
  );

/** `{"error":{"message":{"value":"first\r\nsecond"}}}`, in the language of the user who consented. Empty: not Exact's JSON. */
function linesOf(text: string): readonly string[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return [];
  }
  const message = memberOf(memberOf(body, "error"), "message");
  const value = typeof message === "string" ? message : memberOf(message, "value");
  if (typeof value !== "string") return [];
  return value
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;

/** Only two of Exact's messages name the property as the API does; the others are prose in some language. */
const propertyIn = (message: string): string | null => /property(?: name)? '(\w+)'/.exec(message)?.[1] ?? null;

const reasons: Readonly<Record<string, string>> = {
  BlockedUser: "the user who consented is blocked. Unblock the user in Exact, or let another one consent at GET /auth/exact.",
  InactiveUser: "the user who consented is not active. Let another one consent at GET /auth/exact.",
  BlockedCustomer: "the customer's account with Exact is blocked. Settle that with Exact.",
  LicenseExpired: "the customer's licence has expired. Renew it with Exact.",
  DivisionBlocked: "the division is blocked. Unblock it in Exact, or choose another with EXACT_DIVISION.",
  NoDivisionAccess: "the user who consented has no access to the division. Grant it in Exact, or choose another with EXACT_DIVISION.",
};

function reasonOf(header: string | undefined): string {
  const name = header?.split(":")[0]?.trim() ?? "";
  if (name === "") return "a right or a scope is missing. Check the app's scopes and the rights of the user who consented.";
  return reasons[name] ?? `${header}.`;
}

/**
 * When to come back after a 429. Exact sends the headers of the exhausted window only, or none; what is absent says nothing.
 * Of two windows the one that has nothing left counts. A reset in the past shows clocks that differ: then a minute is waited.
 */
export function resetOf(headers: HttpAnswer["headers"], now: number): number {
  const windows = ["x-ratelimit-minutely-", "x-ratelimit-"].flatMap((prefix) => {
    const reset = numberOf(headers[`${prefix}reset`]);
    return reset === null ? [] : [{ reset, isSpent: numberOf(headers[`${prefix}remaining`]) === 0 }];
  });
  const spent = windows.filter((window) => window.isSpent);
  // Nothing left anywhere: the later reset. Something left everywhere: a shared key; the nearer one.
  const reset = spent.length > 0 ? Math.max(...spent.map((one) => one.reset)) : windows.length > 0 ? Math.min(...windows.map((one) => one.reset)) : null;
  const retryAfterMs = retryAfterOf(headers["retry-after"], now);
  const at = Math.max(reset ?? 0, retryAfterMs === null ? 0 : now + retryAfterMs);
  return at > now ? at : now + 60_000;
}

const numberOf = (text: string | undefined): number | null => (text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : null);
