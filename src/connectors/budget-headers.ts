import type { CallReport, HeaderWindow } from "../store/budget.js";

/** How a call ended; `status` null: no answer came. */
export interface CallOutcome {
  readonly status: number | null;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The statuses that Exact counts towards blocking an endpoint; a 500 is its word for "not valid" and is not among them. */
const errorStatuses: readonly number[] = [400, 401, 403, 404];

/** Reads Exact's rate headers. What is absent, or no number, stays absent: it is not zero. */
export function reportOf(outcome: CallOutcome, sentAt: number, now: number): CallReport {
  const { status, headers } = outcome;
  const minute = windowOf(headers, "x-ratelimit-minutely-");
  const day = windowOf(headers, "x-ratelimit-");
  const retryAfterMs = retryAfterOf(headers["retry-after"], now);
  return {
    sentAt,
    isError: status !== null && errorStatuses.includes(status),
    isRefused: status === 429,
    ...(minute ? { minute } : {}),
    ...(day ? { day } : {}),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
}

function windowOf(headers: Readonly<Record<string, string>>, prefix: string): HeaderWindow | null {
  const limit = numberOf(headers[`${prefix}limit`]);
  const remaining = numberOf(headers[`${prefix}remaining`]);
  const reset = numberOf(headers[`${prefix}reset`]);
  if (limit === null && remaining === null && reset === null) return null;
  return {
    ...(limit === null || limit === 0 ? {} : { limit }),
    ...(remaining === null ? {} : { remaining }),
    ...(reset === null ? {} : { reset }),
  };
}

const numberOf = (text: string | undefined): number | null => (text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : null);

/** Seconds, or a date; in milliseconds from now. */
export function retryAfterOf(text: string | undefined, now: number): number | null {
  const seconds = numberOf(text);
  if (seconds !== null) return seconds * 1_000;
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
