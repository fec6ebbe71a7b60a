import { z } from "zod";
import { limits } from "../../domain/limits.js";
import { isoTime } from "../../domain/words.js";
import { wayOut } from "./errors.js";

const faultState = z.object({
  message: z.string(),
  /** The system asked to wait, rather than failed. */
  isLimited: z.boolean(),
});

const problemState = z.object({
  message: z.string(),
  since: z.string(),
  /** For what new client settings may cure: the settings that it happened with. null: only a new consent helps. */
  client: z.string().nullable(),
});

const tokenState = z.object({
  accessToken: z.string().min(1),
  refreshToken: z.string().min(1),
  /** When the answer with the tokens had come. A refresh counts from here, so that it is never too early. */
  issuedAt: z.number(),
  /** Counted from when the tokens were asked for, so that a token is never used too long. */
  expiresAt: z.number(),
  refreshAt: z.number(),
  /** A refresh was sent and its outcome was not stored: Exact may have retired our refresh token. */
  attemptedAt: z.number().nullable(),
  /** No token call before this time. */
  notBefore: z.number(),
  failures: z.number(),
  fault: faultState.nullable(),
  /** Exact refuses the access token though it is not expired. */
  isRejected: z.boolean(),
  /** Remembered, so that no further token calls are made until there is a new consent. */
  problem: problemState.nullable(),
  /** The division found at consent. */
  division: z.number().int().nullable(),
});

/** What is kept of the connection, encrypted, for all replicas. */
export type TokenState = z.infer<typeof tokenState>;

/** What Exact's token endpoint gave, and when. */
export interface Grant {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly lifeMs: number;
  readonly askedAt: number;
  readonly answeredAt: number;
}

export const parseTokenState = (text: string): TokenState => tokenState.parse(JSON.parse(text));

/** Clocks of replicas differ a little; within this the rules below keep away from both edges. */
const marginMs = 2_000;

export function stateOf(grant: Grant, division: number | null): TokenState {
  return {
    accessToken: grant.accessToken,
    refreshToken: grant.refreshToken,
    issuedAt: grant.answeredAt,
    expiresAt: grant.askedAt + grant.lifeMs,
    // Exact answers a refresh in the last 30 seconds of a token's life, or later.
    refreshAt: grant.answeredAt + grant.lifeMs - (limits.exact.accessTokenLifeMs - limits.exact.refreshNotBeforeMs) + marginMs,
    attemptedAt: null,
    notBefore: 0,
    failures: 0,
    fault: null,
    isRejected: false,
    problem: null,
    division,
  };
}

export type TokenStep =
  | { readonly kind: "use" }
  /** `isUsable`: the present token still serves if the refresh fails, or is another process's work. */
  | { readonly kind: "refresh"; readonly isUsable: boolean }
  /** `isUnderWay`: a process has just sent a refresh; its outcome will be stored soon. */
  | { readonly kind: "wait"; readonly until: number; readonly message: string; readonly isLimited: boolean; readonly isUnderWay: boolean }
  /** `isNew`: not remembered yet. */
  | { readonly kind: "dead"; readonly message: string; readonly since: string | null; readonly isNew: boolean };

/** What to do for an access token now. Pure. `client` stands for the present client settings. */
export function tokenStep(state: TokenState | null, now: number, client: string): TokenStep {
  if (!state) return { kind: "dead", message: "Exact Online is not connected yet. Open GET /auth/exact and consent.", since: null, isNew: false };
  const { problem } = state;
  if (problem && (problem.client === null || problem.client === client)) {
    return { kind: "dead", message: problem.message, since: problem.since, isNew: false };
  }
  const isUsable = now < state.expiresAt - marginMs && !state.isRejected;
  if (now < state.refreshAt) {
    if (isUsable) return { kind: "use" };
    const message = `Exact Online refuses its access token; a new one can be had from ${isoTime(state.refreshAt)}. If that does not help: ${wayOut}`;
    return { kind: "wait", until: state.refreshAt, message, isLimited: false, isUnderWay: false };
  }
  if (now >= state.issuedAt + limits.exact.refreshTokenLifeMs) {
    return { kind: "dead", message: `Exact Online's refresh token expired after 30 days without use. ${wayOut}`, since: isoTime(now), isNew: true };
  }
  // New client settings void the wait that the old ones earned.
  if (now >= state.notBefore || problem) return { kind: "refresh", isUsable };
  if (isUsable) return { kind: "use" };
  const { message, isLimited } = state.fault ?? { message: "Exact Online's tokens are being refreshed.", isLimited: false };
  return { kind: "wait", until: state.notBefore, message, isLimited, isUnderWay: state.fault === null };
}

/** Before a refresh is sent. Should we crash before the new tokens are stored, the next process waits a little, and knows why the old one failed. */
export const attempted = (state: TokenState, now: number): TokenState => ({ ...state, attemptedAt: now, notBefore: now + 10_000, fault: null, problem: null });

/**
 * Exact says that it is too early. Either the clocks differ, then it helps to wait; or it has answered an earlier refresh
 * whose answer was lost, then the next is due 570 s after that one.
 */
export function tooEarly(state: TokenState, lostAt: number | null, now: number): TokenState {
  const step = Math.min(30_000 * 2 ** state.failures, limits.exact.refreshNotBeforeMs);
  const notBefore = Math.max(now + step, lostAt === null ? 0 : lostAt + limits.exact.refreshNotBeforeMs + marginMs);
  const message = `Exact Online gives no new token before ${isoTime(notBefore)}.`;
  return { ...state, attemptedAt: lostAt, notBefore, failures: state.failures + 1, fault: { message, isLimited: true } };
}

export function failedForNow(
  state: TokenState,
  attemptedAt: number | null,
  fault: z.infer<typeof faultState>,
  retryAt: number | null,
  now: number,
): TokenState {
  const notBefore = retryAt ?? now + Math.min(5_000 * 2 ** state.failures, 300_000);
  return { ...state, attemptedAt, notBefore, failures: state.failures + 1, fault };
}

/** `lostAt`: when an earlier refresh was sent whose answer never came or was never stored. */
export function failedForGood(state: TokenState, lostAt: number | null, said: string, client: string | null, now: number): TokenState {
  const why =
    lostAt === null ? "" : ` A refresh sent at ${isoTime(lostAt)} was cut off before its tokens were stored, and Exact has retired the old ones since.`;
  const cure = client === null ? wayOut : `Check EXACT_CLIENT_ID and EXACT_CLIENT_SECRET, or: ${wayOut}`;
  return { ...state, attemptedAt: null, problem: { message: `${said}${why} ${cure}`, since: isoTime(now), client } };
}
