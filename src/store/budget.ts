import type { CallClass } from "../connectors/connector.js";

/**
 * The shared part of a system's budget (R15): what was used in which window, over all replicas. Two implementations are held
 * to one suite: Redis, where Lua scripts decide, and an in-memory twin, which decides with the functions of this file. The
 * scripts mirror these functions step by step.
 */
export interface BudgetStore {
  /** Decides and counts in one atomic step. `permitId` names the call until it is settled. */
  admit(permitId: string, call: CountedCall, now: number): Promise<Admission>;
  /** Notes how an admitted call ended, and what its headers said of the limits. */
  settle(permitId: string, call: CountedCall, report: CallReport, now: number): Promise<void>;
  read(): Promise<BudgetState>;
}

export interface CountedCall {
  readonly endpoint: string;
  readonly class: CallClass;
  /** What the system counts it in: Exact's `current/Me` is not in the day's count, its token endpoint in neither. */
  readonly counted: "all" | "minute" | "none";
}

export type BudgetRule = "minute" | "day" | "errors" | "blocked";

/** `retryAt`: when it is worth asking again, in the caller's clock. */
export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly retryAt: number; readonly because: BudgetRule };

/** A call's outcome, with the headers already read. What a header did not say is absent. */
export interface CallReport {
  readonly sentAt: number;
  /** Whether the system counts the status as an error of its endpoint. */
  readonly isError: boolean;
  /** The system said: too many calls. */
  readonly isRefused: boolean;
  readonly minute?: HeaderWindow;
  readonly day?: HeaderWindow;
  readonly retryAfterMs?: number;
}

export interface HeaderWindow {
  readonly limit?: number;
  readonly remaining?: number;
  /** When the window ends, by the system's clock. */
  readonly reset?: number;
}

export interface WindowCount {
  readonly used: number;
  readonly interactive: number;
}

/** Times in here are the system's: the caller's clock plus `offsetMs`. Windows are kept by the time at which they start. */
export interface BudgetState {
  readonly offsetMs: number;
  /** What the headers said; absent until they did. */
  readonly minuteLimit?: number;
  readonly dayLimit?: number;
  readonly blockedUntil?: number;
  readonly minutes: { readonly [start: string]: WindowCount };
  readonly days: { readonly [start: string]: WindowCount };
  readonly errors: { readonly [endpoint: string]: readonly number[] };
  readonly inFlight: { readonly [permitId: string]: { readonly endpoint: string; readonly at: number } };
}

export interface BudgetRules {
  /** Until the headers say otherwise. */
  readonly minuteLimit: number;
  readonly dayLimit: number;
  /** The share of a minute that background leaves to interactive calls … */
  readonly minuteReserve: number;
  /** … lent to it little by little during this long at the minute's end … */
  readonly lendMs: number;
  /** … but for this share, which is never lent. */
  readonly minuteKept: number;
  /** The share of the day that each class leaves. */
  readonly dayReserve: { readonly [C in CallClass]: number };
  /** A call this near to a window's edge may be counted on either side of it. */
  readonly guardMs: number;
  /** Each class stops when an endpoint has had this many errors in `errorWindowMs`. */
  readonly errorLimits: { readonly [C in CallClass]: number };
  readonly errorWindowMs: number;
  /** A call that was not settled for this long is not under way any more. */
  readonly inFlightMs: number;
  /** A header's window further off than this is not believed. */
  readonly maxSkewMs: number;
}

export const emptyBudget: BudgetState = { offsetMs: 0, minutes: {}, days: {}, errors: {}, inFlight: {} };

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Asked again after this long when only calls under way are in the way. */
const soonMs = 250;

/** Whether a call may go now. Every rule says from when on it has no objection; the latest one decides. */
export function decideAdmission(state: BudgetState, call: CountedCall, now: number, rules: BudgetRules): Admission {
  const t = now + state.offsetMs;
  const objections: readonly (readonly [BudgetRule, number])[] = [
    ["errors", errorsAllow(state, call, t, rules)],
    ["blocked", call.counted === "none" ? 0 : (state.blockedUntil ?? 0)],
    ["minute", call.counted === "none" ? 0 : minuteAllows(state, call, t, rules)],
    ["day", call.counted === "all" ? dayAllows(state, call, t, rules) : 0],
  ];
  const [because, from] = objections.reduce((latest, next) => (next[1] > latest[1] ? next : latest));
  return from <= t ? { admitted: true } : { admitted: false, retryAt: from - state.offsetMs, because };
}

/** Counts an admitted call: as used from now on, whether or not it is ever settled. */
export function applyAdmission(state: BudgetState, permitId: string, call: CountedCall, now: number, rules: BudgetRules): BudgetState {
  const t = now + state.offsetMs;
  return {
    ...state,
    minutes: call.counted === "none" ? state.minutes : countIn(state.minutes, call, windowsOf(call, t, minuteMs, rules), minuteMs),
    days: call.counted === "all" ? countIn(state.days, call, windowsOf(call, t, dayMs, rules), dayMs) : state.days,
    inFlight: { ...underWay(state, t, rules), [permitId]: { endpoint: call.endpoint, at: t } },
  };
}

/** What is known after a call has ended. A header never lowers what we counted, and an absent one says nothing. */
export function applyReport(state: BudgetState, permitId: string, call: CountedCall, report: CallReport, now: number, rules: BudgetRules): BudgetState {
  const { [permitId]: _settled, ...inFlight } = state.inFlight;
  const offsetMs = offsetAfter(state.offsetMs, report, now, rules);
  const t = now + offsetMs;
  const minuteLimit = report.minute?.limit ?? state.minuteLimit;
  const dayLimit = report.day?.limit ?? state.dayLimit;
  // Exact names only the limit that was hit; one that names neither is taken for the minute's.
  const dayIsFull = report.isRefused && report.day !== undefined && report.minute === undefined;
  const minuteIsFull = report.isRefused && !dayIsFull;
  const blockedUntil =
    report.isRefused && report.retryAfterMs !== undefined ? Math.max(state.blockedUntil ?? 0, t + report.retryAfterMs) : (state.blockedUntil ?? 0);
  return {
    offsetMs,
    ...(minuteLimit === undefined ? {} : { minuteLimit }),
    ...(dayLimit === undefined ? {} : { dayLimit }),
    ...(blockedUntil > t ? { blockedUntil } : {}),
    minutes: usedAtLeast(state.minutes, report.minute, minuteIsFull, minuteLimit ?? rules.minuteLimit, inFlight, t, minuteMs, rules),
    days: usedAtLeast(state.days, report.day, dayIsFull, dayLimit ?? rules.dayLimit, inFlight, t, dayMs, rules),
    errors: errorsAfter(state, call, report, t, rules),
    inFlight,
  };
}

/** What background must leave of a minute at this moment. */
function minuteAllows(state: BudgetState, call: CountedCall, t: number, rules: BudgetRules): number {
  const limit = state.minuteLimit ?? rules.minuteLimit;
  if (call.class === "interactive") return windowsAllow(state.minutes, windowsOf(call, t, minuteMs, rules), limit, 0, minuteMs, rules);
  const start = floorTo(t, minuteMs);
  const end = minuteMs - rules.guardMs;
  const next = start + minuteMs + rules.guardMs;
  if (t - start < rules.guardMs) return start + rules.guardMs;
  if (t - start >= end) return next;
  const { used, interactive } = countOf(state.minutes, start);
  const room = limit - used - 1;
  if (room < Math.floor(limit * rules.minuteKept)) return next;
  const reserve = Math.floor(limit * rules.minuteReserve);
  if (room >= reserve - interactive) return 0;
  return start + end - Math.floor((room * rules.lendMs) / reserve);
}

function dayAllows(state: BudgetState, call: CountedCall, t: number, rules: BudgetRules): number {
  const limit = state.dayLimit ?? rules.dayLimit;
  return windowsAllow(state.days, windowsOf(call, t, dayMs, rules), limit, Math.floor(limit * rules.dayReserve[call.class]), dayMs, rules);
}

function windowsAllow(
  counts: { readonly [start: string]: WindowCount },
  starts: readonly number[],
  limit: number,
  reserve: number,
  lengthMs: number,
  rules: BudgetRules,
): number {
  const full = starts.filter((start) => {
    const { used, interactive } = countOf(counts, start);
    return used + 1 > limit - Math.max(0, reserve - interactive);
  });
  return full.reduce((latest, start) => Math.max(latest, start + lengthMs + rules.guardMs), 0);
}

/** A class's errors, and the calls under way that may still turn into errors, stay below its limit. */
function errorsAllow(state: BudgetState, call: CountedCall, t: number, rules: BudgetRules): number {
  const times = (state.errors[call.endpoint] ?? []).filter((at) => at > t - rules.errorWindowMs);
  const limit = rules.errorLimits[call.class];
  const oldest = times[times.length - limit];
  if (oldest !== undefined) return oldest + rules.errorWindowMs;
  const open = Object.values(underWay(state, t, rules)).filter((one) => one.endpoint === call.endpoint).length;
  return times.length + open >= limit ? t + soonMs : 0;
}

/** Interactive calls go at any time, so near an edge they count on both sides; background keeps off the edges of minutes. */
function windowsOf(call: CountedCall, t: number, lengthMs: number, rules: BudgetRules): readonly number[] {
  if (call.class !== "interactive" && lengthMs === minuteMs) return [floorTo(t, lengthMs)];
  return [...new Set([floorTo(t - rules.guardMs, lengthMs), floorTo(t + rules.guardMs, lengthMs)])];
}

function countIn(counts: BudgetState["minutes"], call: CountedCall, starts: readonly number[], lengthMs: number): BudgetState["minutes"] {
  const counted = starts.map((start) => {
    const { used, interactive } = countOf(counts, start);
    return [start, { used: used + 1, interactive: interactive + (call.class === "interactive" ? 1 : 0) }] as const;
  });
  return recent({ ...counts, ...Object.fromEntries(counted) }, Math.max(...starts), lengthMs);
}

/**
 * Calls of others, or of a state that was lost, show only in the headers. Once there are such calls, ours that are still under
 * way are taken to come on top of what the header says.
 */
function usedAtLeast(
  counts: BudgetState["minutes"],
  header: HeaderWindow | undefined,
  isFull: boolean,
  limit: number,
  inFlight: BudgetState["inFlight"],
  t: number,
  lengthMs: number,
  rules: BudgetRules,
): BudgetState["minutes"] {
  const reset = header?.reset;
  const isNamed = reset !== undefined && reset > t - rules.maxSkewMs && reset <= t + lengthMs + rules.maxSkewMs;
  const start = isNamed ? floorTo(reset - 1, lengthMs) : floorTo(t, lengthMs);
  const { used, interactive } = countOf(counts, start);
  const said = header?.remaining === undefined ? 0 : limit - header.remaining;
  const open = Object.values(inFlight).filter((one) => one.at >= start && one.at > t - rules.inFlightMs).length;
  const atLeast = Math.max(used, said > used ? said + open : 0, isFull ? limit : 0);
  const after = atLeast > used ? { ...counts, [String(start)]: { used: atLeast, interactive } } : counts;
  return recent(after, floorTo(t, lengthMs), lengthMs);
}

/**
 * The system's minute is known from the header, so a clock that differs from ours shows at the minute's edge: it lies between
 * the sending and the answer. The correction goes further than what was proven, by as much again while it grows, to be right after
 * few calls.
 */
function offsetAfter(offsetMs: number, report: CallReport, now: number, rules: BudgetRules): number {
  const reset = report.minute?.reset;
  if (reset === undefined || reset % minuteMs !== 0 || Math.abs(reset - now) > rules.maxSkewMs) return offsetMs;
  const most = reset - 1 - report.sentAt;
  const least = reset - minuteMs - now;
  if (offsetMs > most) return most - Math.max(rules.guardMs, -most);
  if (offsetMs < least) return least + Math.max(rules.guardMs, least);
  return offsetMs;
}

function errorsAfter(state: BudgetState, call: CountedCall, report: CallReport, t: number, rules: BudgetRules): BudgetState["errors"] {
  const added = report.isError ? { ...state.errors, [call.endpoint]: [...(state.errors[call.endpoint] ?? []), t] } : state.errors;
  const kept = Object.entries(added).map(([endpoint, times]) => [endpoint, times.filter((at) => at > t - rules.errorWindowMs)] as const);
  return Object.fromEntries(kept.filter(([, times]) => times.length > 0));
}

const underWay = (state: BudgetState, t: number, rules: BudgetRules): BudgetState["inFlight"] =>
  Object.fromEntries(Object.entries(state.inFlight).filter(([, one]) => one.at > t - rules.inFlightMs));

const recent = (counts: BudgetState["minutes"], start: number, lengthMs: number): BudgetState["minutes"] =>
  Object.fromEntries(Object.entries(counts).filter(([at]) => Number(at) >= start - lengthMs));

export const countOf = (counts: BudgetState["minutes"], start: number): WindowCount => counts[String(start)] ?? { used: 0, interactive: 0 };

export const floorTo = (t: number, lengthMs: number): number => Math.floor(t / lengthMs) * lengthMs;
