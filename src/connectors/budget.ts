import { RateLimitedError, UnavailableError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import { type Clock, isoTime, type System } from "../domain/words.js";
import { spanned } from "../spans.js";
import { type BudgetRule, type BudgetRules, type BudgetState, type BudgetStore, type CountedCall, countOf, floorTo } from "../store/budget.js";
import { type CallOutcome, reportOf } from "./budget-headers.js";
import { type BudgetWindow, callClasses, type WaitingCalls } from "./connector.js";

export type { CallOutcome } from "./budget-headers.js";

/** The calls that a system still allows (R15). Ask for a permit before each call, and tell how the call ended. */
export interface Budget {
  /**
   * Waits until the call may go. Throws `RateLimitedError` at once when that will not be before the deadline; nothing was counted
   * then. More urgent classes go first, equal ones in the order they came.
   */
  admit(call: BudgetCall): Promise<Permit>;
  windows(): Promise<readonly BudgetWindow[]>;
}

export interface BudgetCall extends CountedCall {
  readonly deadline?: number;
  readonly signal?: AbortSignal;
}

export interface Permit {
  /** Never throws: what a call has done must not be hidden by its bookkeeping. Only the first one counts. */
  done(outcome: CallOutcome): Promise<void>;
}

export const exactBudgetRules: BudgetRules = {
  minuteLimit: limits.exact.minuteLimit,
  dayLimit: limits.exact.dayLimit,
  minuteReserve: 1 / 3,
  lendMs: 12_000,
  minuteKept: 0.04,
  dayReserve: { interactive: 0, repair: 0.25, change: 0.25, poll: 0.25, compare: 0.3 },
  guardMs: 500,
  errorLimits: {
    interactive: limits.exact.errorsPerHour - 1,
    repair: limits.exact.errorsAllButInteractiveStop,
    change: limits.exact.errorsAllButInteractiveStop,
    poll: limits.exact.errorsBackgroundStops,
    compare: limits.exact.errorsBackgroundStops,
  },
  errorWindowMs: 3_600_000,
  inFlightMs: 60_000,
  maxSkewMs: 600_000,
};

export interface SharedBudgetOptions {
  readonly system: System;
  readonly store: BudgetStore;
  readonly rules?: BudgetRules;
  readonly clock?: Clock;
  /** Names the calls under way, over all replicas. */
  readonly newId: () => string;
  /** Calls at the same time, of this process. Background leaves one of them to interactive calls if there is more than one. */
  readonly maxConcurrent?: number;
  /** Without a deadline of its own no call waits longer than this. */
  readonly maxWaitMs?: number;
  /** Runs something later; returns how to call it off. */
  readonly schedule?: (ms: number, run: () => void) => () => void;
  /** Hears of bookkeeping that could not be stored. */
  readonly onError?: (error: unknown) => void;
}

interface Waiter {
  readonly call: BudgetCall;
  readonly since: number;
  readonly until: number;
  retryAt: number;
  because: BudgetRule | "turn";
  readonly resolve: (permit: Permit) => void;
  readonly reject: (error: Error) => void;
}

const setTimer = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/** A budget that the replicas share through its store. The queue is this process's own. */
export class SharedBudget implements Budget {
  readonly #options: SharedBudgetOptions;
  readonly #rules: BudgetRules;
  readonly #clock: Clock;
  readonly #maxConcurrent: number;
  readonly #schedule: (ms: number, run: () => void) => () => void;
  #waiting: Waiter[] = [];
  #active = 0;
  #activeBackground = 0;
  #pumping: Promise<void> | null = null;
  #again = false;
  #cancelTimer: () => void = () => {};
  #stopped = false;

  constructor(options: SharedBudgetOptions) {
    this.#options = options;
    this.#rules = options.rules ?? exactBudgetRules;
    const clock = options.clock ?? Date.now;
    this.#clock = () => Math.floor(clock());
    this.#maxConcurrent = options.maxConcurrent ?? 2;
    this.#schedule = options.schedule ?? setTimer;
  }

  admit(call: BudgetCall): Promise<Permit> {
    const { system } = this.#options;
    return spanned({ name: "wait for the budget", attributes: { "tandem.system": system, "tandem.class": call.class } }, () => this.#wait(call));
  }

  #wait(call: BudgetCall): Promise<Permit> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(new UnavailableError(this.#options.system, stopping));
      const now = this.#clock();
      const until = call.deadline ?? now + (this.#options.maxWaitMs ?? 120_000);
      const onAbort = () => this.#leave(waiter, new UnavailableError(this.#options.system, "The caller gave up waiting for the budget; nothing was sent."));
      const off = () => call.signal?.removeEventListener("abort", onAbort);
      const waiter: Waiter = {
        call,
        since: now,
        until,
        retryAt: now,
        because: "turn",
        resolve: (permit) => {
          off();
          resolve(permit);
        },
        reject: (error) => {
          off();
          reject(error);
        },
      };
      this.#enqueue(waiter);
      call.signal?.addEventListener("abort", onAbort, { once: true });
      if (call.signal?.aborted) return onAbort();
      this.#pump();
    });
  }

  async windows(): Promise<readonly BudgetWindow[]> {
    return windowsOf(await this.#options.store.read(), this.#clock(), this.#rules);
  }

  /** Who waits here for a turn, by class, and how long the first of them has. */
  waiting(): readonly WaitingCalls[] {
    const now = this.#clock();
    return callClasses.map((of) => {
      const ours = this.#waiting.filter(({ call }) => call.class === of);
      return { class: of, count: ours.length, oldestMs: Math.max(0, ...ours.map(({ since }) => now - since)) };
    });
  }

  /** Sends everybody home who still waits, so that a process can end; nothing was sent for them. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    for (const waiter of [...this.#waiting]) this.#leave(waiter, new UnavailableError(this.#options.system, stopping));
  }

  #enqueue(waiter: Waiter): void {
    const rank = callClasses.indexOf(waiter.call.class);
    const before = this.#waiting.findIndex((other) => callClasses.indexOf(other.call.class) > rank);
    this.#waiting.splice(before < 0 ? this.#waiting.length : before, 0, waiter);
  }

  #leave(waiter: Waiter, error: Error): void {
    const index = this.#waiting.indexOf(waiter);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    waiter.reject(error);
  }

  /** One pass at a time over those who wait; whatever happens meanwhile causes another. */
  #pump(): void {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = this.#pass().finally(() => {
      this.#pumping = null;
      if (this.#again) {
        this.#again = false;
        this.#pump();
      } else {
        this.#setTimer();
      }
    });
  }

  async #pass(): Promise<void> {
    const refused = new Set<string>();
    for (const waiter of [...this.#waiting]) {
      // Who is alike gets the same answer; asking once keeps the number of scripts small and the order kept.
      const kind = `${waiter.call.class} ${waiter.call.counted} ${waiter.call.endpoint}`;
      if (!this.#waiting.includes(waiter) || refused.has(kind)) continue;
      const now = this.#clock();
      // The process stood still meanwhile: whoever asked may count on it that nothing is sent any more.
      if (now > waiter.until) this.#leave(waiter, this.#refusal(waiter, now));
      else if (!(await this.#tryAdmit(waiter))) refused.add(kind);
    }
    for (const waiter of [...this.#waiting]) {
      const now = this.#clock();
      if (now >= waiter.until || (waiter.because !== "turn" && waiter.retryAt > waiter.until)) this.#leave(waiter, this.#refusal(waiter, now));
    }
  }

  async #tryAdmit(waiter: Waiter): Promise<boolean> {
    const { call } = waiter;
    const isBackground = call.class !== "interactive";
    if (call.counted !== "none") {
      const slots = isBackground ? Math.max(1, this.#maxConcurrent - 1) : this.#maxConcurrent;
      if (this.#active >= this.#maxConcurrent || (isBackground && this.#activeBackground >= slots)) {
        waiter.because = "turn";
        return false;
      }
    }
    const now = this.#clock();
    // Not yet: the store would say the same again.
    if (waiter.because !== "turn" && waiter.retryAt > now && waiter.because !== "errors") return false;
    const permitId = this.#options.newId();
    this.#take(call, 1);
    try {
      const admission = await this.#options.store.admit(permitId, call, now);
      if (admission.admitted) {
        const index = this.#waiting.indexOf(waiter);
        const permit = this.#permit(permitId, call, this.#clock());
        if (index < 0) {
          // Its caller gave up during the step: it was counted, and no call is made.
          await permit.done({ status: null, headers: {} });
          return true;
        }
        this.#waiting.splice(index, 1);
        waiter.resolve(permit);
        return true;
      }
      this.#take(call, -1);
      const alike = this.#waiting.filter((one) => one.call.class === call.class && one.call.counted === call.counted && one.call.endpoint === call.endpoint);
      for (const one of alike) {
        one.retryAt = admission.retryAt;
        one.because = admission.because;
      }
      return false;
    } catch (error) {
      this.#take(call, -1);
      this.#leave(waiter, error instanceof Error ? error : new Error(String(error)));
      return true;
    }
  }

  #permit(permitId: string, call: BudgetCall, sentAt: number): Permit {
    let isOpen = true;
    return {
      done: async (outcome) => {
        if (!isOpen) return;
        isOpen = false;
        this.#take(call, -1);
        try {
          const now = this.#clock();
          await this.#options.store.settle(permitId, call, reportOf(outcome, sentAt, now), now);
        } catch (error) {
          this.#options.onError?.(error);
        }
        this.#pump();
      },
    };
  }

  /** A call that counts nowhere, such as one for a token, takes no turn from the others. */
  #take(call: BudgetCall, by: 1 | -1): void {
    if (call.counted === "none") return;
    this.#active += by;
    if (call.class !== "interactive") this.#activeBackground += by;
  }

  /** Wakes up for whoever may go first, or must be told that it is too late. */
  #setTimer(): void {
    this.#cancelTimer();
    if (this.#waiting.length === 0) return;
    const now = this.#clock();
    const next = Math.min(...this.#waiting.map((waiter) => (waiter.because === "turn" ? waiter.until : Math.min(waiter.retryAt, waiter.until))));
    this.#cancelTimer = this.#schedule(Math.max(1, Math.ceil(next - now)), () => this.#pump());
  }

  #refusal(waiter: Waiter, now: number): RateLimitedError {
    const retryAt = isoTime(Math.ceil(Math.max(waiter.retryAt, now + 1_000)));
    const why: { readonly [because in Waiter["because"]]: string } = {
      minute: "its calls of this minute are used up",
      day: "its calls of this day are used up",
      errors: `too many calls to ${waiter.call.endpoint} have failed in the last hour`,
      blocked: "it asked for a pause",
      turn: "other calls are under way",
    };
    return new RateLimitedError(
      this.#options.system,
      retryAt,
      `${this.#options.system} is not called before ${retryAt} (${waiter.call.class}): ${why[waiter.because]}.`,
    );
  }
}

const stopping = "The gateway is stopping; nothing was sent.";

function windowsOf(state: BudgetState, now: number, rules: BudgetRules): readonly BudgetWindow[] {
  const t = now + state.offsetMs;
  const counted = (window: string, counts: BudgetState["minutes"], limit: number | undefined, lengthMs: number): BudgetWindow => {
    const start = floorTo(t, lengthMs);
    return {
      window,
      endpoint: null,
      limit: limit ?? null,
      remaining: limit === undefined ? null : Math.max(0, limit - countOf(counts, start).used),
      resetsAt: isoTime(start + lengthMs - state.offsetMs),
    };
  };
  const errors = Object.entries(state.errors).map(([endpoint, all]): BudgetWindow => {
    const times = all.filter((at) => at > t - rules.errorWindowMs);
    const limit = limits.exact.errorsPerHour;
    const oldest = times[0];
    return {
      window: "errors",
      endpoint,
      limit,
      remaining: limit - times.length,
      resetsAt: oldest === undefined ? null : isoTime(oldest + rules.errorWindowMs - state.offsetMs),
    };
  });
  return [counted("minute", state.minutes, state.minuteLimit, 60_000), counted("day", state.days, state.dayLimit, 86_400_000), ...errors];
}

/** For a system that names no limits: every call may go. */
export function unlimitedBudget(_system: System): Budget {
  const permit: Permit = { done: async () => {} };
  return { admit: async () => permit, windows: async () => [] };
}
