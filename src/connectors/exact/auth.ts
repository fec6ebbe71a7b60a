import { createHash } from "node:crypto";
import { NotAuthorizedError, RateLimitedError, StoreUnavailableError, UnavailableError } from "../../domain/errors.js";
import { type Clock, isoTime } from "../../domain/words.js";
import type { LeaseStore, SecretStore } from "../../store/store.js";
import type { Budget } from "../budget.js";
import type { CallOptions } from "../connector.js";
import type { HttpClient } from "../http.js";
import { wayOut } from "./errors.js";
import { refreshTokens, type TokenAnswer, type TokenClient } from "./token-endpoint.js";
import {
  attempted,
  failedForGood,
  failedForNow,
  type Grant,
  parseTokenState,
  stateOf,
  type TokenState,
  type TokenStep,
  tokenStep,
  tooEarly,
} from "./tokens.js";

export interface AuthParts {
  readonly client: TokenClient;
  readonly secrets: SecretStore;
  readonly leases: LeaseStore;
  readonly http: Pick<HttpClient, "request">;
  readonly budget: Budget;
  readonly clock: Clock;
  /** Waits in real time, for another process's refresh. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface AuthStatus {
  readonly isAuthorized: boolean;
  readonly problem: { readonly message: string; readonly since: string } | null;
}

/** A state as read: a write with `version` succeeds only if nobody wrote meanwhile. */
interface Stored {
  readonly state: TokenState | null;
  readonly version: number;
  /** Something is stored that cannot be read: sealed with another key, or not by us. */
  readonly isUnreadable?: boolean;
}

/** A change to the state that holds this refresh token; to another it means nothing. */
interface Change {
  readonly refreshToken: string;
  readonly next: (state: TokenState) => TokenState;
}

/** When a refresh was sent, and when an earlier one was whose answer was lost. */
interface Attempt {
  readonly sentAt: number;
  readonly lostAt: number | null;
}

const secretName = "exact-tokens";
const leaseKey = "exact-tokens";
const leaseMs = 30_000;
const waitStepMs = 100;
const waitSteps = 100;

/**
 * The tokens of the one connection with Exact, shared by all replicas through the secret store.
 *
 * A refresh retires the token that it is made with, so: one process at a time (a lease, and the state read again within it),
 * never before 570 s, and the new tokens are stored before they are used. That a refresh is being tried is stored before it is
 * sent. If its answer is lost, or the process dies before the new tokens are stored, the old refresh token is tried once more,
 * 10 s later: Exact may not have had the first, or still accept the old one. If it has retired the old one, the chain is dead;
 * that is stored as a problem that says so, and no token call is made until somebody consents anew.
 */
export class ExactAuth {
  readonly #parts: AuthParts;
  /** Stands for the client settings without telling them. */
  readonly #clientKey: string;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #startedAt: string;
  #refreshing: Promise<TokenState> | null = null;
  /** Granted, but the store did not take it yet. Goes before anything else, else the chain would break. */
  #unsaved: Change | null = null;
  /** The access token that Exact refused last, to be told apart from one slip. */
  #refusedOnce: string | null = null;

  constructor(parts: AuthParts) {
    this.#parts = parts;
    this.#clientKey = createHash("sha256").update(`${parts.client.clientId}\n${parts.client.clientSecret}`).digest("hex").slice(0, 16);
    this.#sleep = parts.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#startedAt = isoTime(parts.clock());
  }

  /** An access token that may be used now. Refreshes it when that is due. */
  async authorize(options: CallOptions): Promise<string> {
    const stored = await this.#read();
    const step = this.#step(stored);
    if (step.kind === "use" && stored.state) return stored.state.accessToken;
    const isDue = step.kind === "refresh" || (step.kind === "wait" && step.isUnderWay);
    if (!isDue) throw await this.#refusal(stored, step);
    return (await this.#refreshOnce(options)).accessToken;
  }

  /**
   * Exact answered 401 to this token. Gives another one to repeat the call with, or null if there is none now: another process
   * may have refreshed, or a refresh may be due. A token refused twice running is not used again before its refresh is due,
   * as each refusal counts towards Exact's error block.
   */
  async rejected(accessToken: string, options: CallOptions): Promise<string | null> {
    const stored = await this.#read();
    const { state } = stored;
    if (!state || state.problem) return null;
    if (state.accessToken !== accessToken) return state.accessToken;
    if (this.#parts.clock() >= state.refreshAt) {
      if (!state.isRejected) await this.#write({ ...state, isRejected: true }, stored.version);
      return await this.authorize(options);
    }
    if (this.#refusedOnce === accessToken && !state.isRejected) await this.#write({ ...state, isRejected: true }, stored.version);
    this.#refusedOnce = accessToken;
    return null;
  }

  /** Exact took the token: what it refused before was a slip. */
  accepted(): void {
    this.#refusedOnce = null;
  }

  /**
   * Begins a new chain with the tokens of a consent; whatever was stored is void, but for the division: it is the one whose records
   * are linked, and whoever consents anew may be in another one at the moment.
   */
  async adopt(grant: Grant): Promise<void> {
    this.#unsaved = null;
    for (;;) {
      const { state, version, isUnreadable } = await this.#readRaw();
      if (isUnreadable) await this.#parts.secrets.delete(secretName);
      if (await this.#write(stateOf(grant, state?.division ?? null), version)) return;
    }
  }

  /** The division found at the first consent. */
  async division(): Promise<number | null> {
    return (await this.#read()).state?.division ?? null;
  }

  /** Only where none is known. */
  async setDivision(division: number): Promise<void> {
    for (;;) {
      const { state, version } = await this.#read();
      if (!state || state.division !== null || (await this.#write({ ...state, division }, version))) return;
    }
  }

  async status(): Promise<AuthStatus> {
    const stored = await this.#read();
    const { state } = stored;
    const step = this.#step(stored);
    if (step.kind === "use" || step.kind === "refresh") return { isAuthorized: true, problem: null };
    const since = (step.kind === "dead" ? step.since : state && isoTime(state.expiresAt)) ?? this.#startedAt;
    return { isAuthorized: step.kind === "wait" && !state?.isRejected, problem: { message: step.message, since } };
  }

  /** Callers of one process share one refresh. */
  #refreshOnce(options: CallOptions): Promise<TokenState> {
    this.#refreshing ??= this.#refresh(options).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(options: CallOptions): Promise<TokenState> {
    for (let i = 0; i < waitSteps; i++) {
      const lease = await this.#parts.leases.acquire(leaseKey, leaseMs);
      if (lease) {
        try {
          return await this.#refreshHolding(options);
        } finally {
          await this.#parts.leases.release(lease).catch(() => {});
        }
      }
      const stored = await this.#read();
      const step = this.#step(stored);
      if (stored.state && (step.kind === "use" || (step.kind === "refresh" && step.isUsable))) return stored.state;
      if (step.kind === "dead" || (step.kind === "wait" && !step.isUnderWay)) throw await this.#refusal(stored, step);
      if (options.signal?.aborted || (options.deadline !== undefined && this.#parts.clock() >= options.deadline)) break;
      await this.#sleep(waitStepMs);
    }
    throw new UnavailableError("EXACT", "Another process is refreshing Exact Online's tokens and has not finished.");
  }

  /** Within the lease: reads again, as somebody else may have just done it. */
  async #refreshHolding(options: CallOptions): Promise<TokenState> {
    const { clock } = this.#parts;
    const before = await this.#read();
    const step = this.#step(before);
    if (before.state && step.kind === "use") return before.state;
    if (step.kind !== "refresh" || !before.state) throw await this.#refusal(before, step);

    const { refreshToken, attemptedAt: lostAt } = before.state;
    const sentAt = clock();
    const isOurTurn = await this.#replace({ refreshToken, next: (state) => attempted(state, sentAt) });
    return isOurTurn ? this.#send(refreshToken, { sentAt, lostAt }, options) : this.#present();
  }

  async #send(refreshToken: string, times: Attempt, options: CallOptions): Promise<TokenState> {
    const answer = await refreshTokens(this.#parts, refreshToken, options);
    const change: Change = { refreshToken, next: (state) => this.#after(state, times, answer) };
    if (answer.kind === "granted") this.#unsaved = change;
    // A new consent meanwhile, or a process that took an overdue lease over, leaves this without effect: what is stored counts.
    await this.#replace(change);
    if (answer.kind === "granted") this.#unsaved = null;

    return this.#present();
  }

  /** What is stored now, if it serves: in its last seconds the old token is as good as a new one, should the refresh have failed. */
  async #present(): Promise<TokenState> {
    const stored = await this.#read();
    const step = this.#step(stored);
    if (stored.state && (step.kind === "use" || (step.kind === "refresh" && step.isUsable))) return stored.state;
    throw await this.#refusal(stored, step);
  }

  #after(state: TokenState, { sentAt, lostAt }: Attempt, answer: TokenAnswer): TokenState {
    const now = this.#parts.clock();
    switch (answer.kind) {
      case "granted":
        return stateOf(answer.grant, state.division);
      case "tooEarly":
        return tooEarly(state, lostAt, now);
      case "later": {
        const { message, isLimited, retryAt, isLost } = answer;
        return failedForNow(state, lostAt ?? (isLost ? sentAt : null), { message, isLimited }, retryAt, now);
      }
      case "never":
        return failedForGood(state, lostAt, answer.message, answer.isClient ? this.#clientKey : null, now);
    }
  }

  #step(stored: Stored): TokenStep {
    if (stored.isUnreadable) {
      const message = `The stored tokens of Exact Online cannot be read; they were probably sealed with another ENCRYPTION_KEY. Give that one too, or: ${wayOut}`;
      return { kind: "dead", message, since: null, isNew: false };
    }
    return tokenStep(stored.state, this.#parts.clock(), this.#clientKey);
  }

  async #refusal(stored: Stored, step: TokenStep): Promise<Error> {
    if (step.kind === "dead") {
      if (step.isNew && stored.state) {
        await this.#write(
          { ...stored.state, problem: { message: step.message, since: step.since ?? isoTime(this.#parts.clock()), client: null } },
          stored.version,
        );
      }
      return new NotAuthorizedError("EXACT", step.message);
    }
    if (step.kind === "wait" && stored.state?.isRejected) return new NotAuthorizedError("EXACT", step.message);
    if (step.kind === "wait" && step.isLimited) return new RateLimitedError("EXACT", isoTime(step.until), step.message);
    const message = step.kind === "wait" ? step.message : "Exact Online's tokens are being refreshed by another process.";
    return new UnavailableError("EXACT", message);
  }

  async #read(): Promise<Stored> {
    const unsaved = this.#unsaved;
    if (unsaved) {
      await this.#replace(unsaved);
      if (this.#unsaved === unsaved) this.#unsaved = null;
    }
    return this.#readRaw();
  }

  async #readRaw(): Promise<Stored> {
    try {
      const found = await this.#parts.secrets.get(secretName);
      return found ? { state: parseTokenState(found.value), version: found.version } : { state: null, version: 0 };
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      return { state: null, version: 0, isUnreadable: true };
    }
  }

  /** False: somebody else was first. */
  #write(state: TokenState, version: number): Promise<boolean> {
    return this.#parts.secrets.set(secretName, JSON.stringify(state), version);
  }

  /** Changes the state while it still holds this refresh token, whatever else was noted in it meanwhile. */
  async #replace({ refreshToken, next }: Change): Promise<boolean> {
    for (;;) {
      const { state, version } = await this.#readRaw();
      if (state?.refreshToken !== refreshToken) return false;
      if (await this.#write(next(state), version)) return true;
    }
  }
}
