import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen, IterableBackoff } from "cockatiel";
import { Agent } from "undici";
import { AmbiguousError, InvalidInputError, UnavailableError, UnexpectedAnswerError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import { type Clock, type IsoTime, isoTime, type System } from "../domain/words.js";
import { openSpan } from "../spans.js";
import { exchange, type HttpAnswer, TransportFault } from "./exchange.js";

export type { HttpAnswer } from "./exchange.js";

export interface HttpOptions {
  readonly system: System;
  /** May have a path of its own; `path` of a request is appended to it. */
  readonly baseUrl: string;
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly log?: (call: CallRecord) => void;
  /** How long the breaker stays open before a call may try again: the first time, the second time in a row, … */
  readonly halfOpenAfterMs?: readonly number[];
  /** Between 0 and 1; spreads the retry of a read. */
  readonly random?: () => number;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path?: string;
  /** Absolute, instead of `path`; must lie on the host of `baseUrl`, so that a credential never goes elsewhere. */
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** What the log and the metrics call it; holds no ids and no values. */
  readonly route: string;
  readonly deadline?: number;
  readonly leaveBy?: number;
  readonly signal?: AbortSignal;
}

/** One exchange, or one that did not come about. Neither addresses nor bodies are in it: they hold people's data. */
export interface CallRecord {
  readonly system: System;
  readonly method: string;
  readonly route: string;
  /** null: no answer came. */
  readonly status: number | null;
  readonly ms: number;
  readonly error: string | null;
}

export interface HttpStatus {
  /** True while calls fail at once, without being tried. */
  readonly open: boolean;
  /** Why the last call got no answer; null after one that did. */
  readonly lastError: string | null;
  readonly since: IsoTime | null;
}

const names: { readonly [S in System]: string } = { CUSTOMCRM: "Customcrm", EXACT: "Exact Online" };

/**
 * Calls one system. Returns whatever status the system answers; throws `UnavailableError` when a call certainly had no effect,
 * and `AmbiguousError` when a write may have had one. A write is never sent twice.
 *
 * The breaker opens on the first timeout or refused connection, so that nobody waits for the same silence a second time; it
 * lets one call through after 2 s, then 4 s, then every 8 s, and closes when that one is answered. Any HTTP status is an answer:
 * Exact says 500 for what it refuses. Resets don't open it, as they cost no time.
 */
export class HttpClient {
  readonly #options: HttpOptions;
  readonly #system: System;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #agent: Agent;
  readonly #breaker;
  #probing = false;
  #trouble: { readonly message: string; readonly since: IsoTime } | null = null;
  #stopped: Promise<void> | null = null;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#system = options.system;
    this.#timeoutMs = options.timeoutMs ?? limits.http.timeoutMs;
    this.#clock = options.clock ?? Date.now;
    const connectTimeoutMs = Math.min(limits.http.connectTimeoutMs, this.#timeoutMs);
    this.#agent = new Agent({
      connect: { timeout: connectTimeoutMs },
      connections: 50,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeoutThreshold: limits.http.idleMarginMs,
    });
    this.#breaker = circuitBreaker(
      handleWhen((error) => error instanceof TransportFault && (this.#probing || this.#opens(error))),
      { breaker: new ConsecutiveBreaker(1), halfOpenAfter: new IterableBackoff(options.halfOpenAfterMs ?? [2_000, 4_000, 8_000]) },
    );
    this.#breaker.onStateChange((state) => {
      this.#probing = state === CircuitState.HalfOpen;
    });
  }

  async request(request: HttpRequest): Promise<HttpAnswer> {
    const isWrite = request.method !== "GET";
    try {
      // Cockatiel lets callers wait for the probe; they would wait out a timeout that is known to be likely.
      if (this.#stopped || this.#breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
      const answer = await this.#breaker.execute(() => (isWrite ? this.#once(request) : this.#twice(request)));
      this.#trouble = null;
      return answer;
    } catch (error) {
      throw this.#named(request, isWrite, error);
    }
  }

  status(): HttpStatus {
    const open = this.#breaker.state !== CircuitState.Closed;
    return { open, lastError: this.#trouble?.message ?? null, since: this.#trouble?.since ?? null };
  }

  /** Waits for what is under way, at most one timeout long; then every call fails at once. */
  stop(): Promise<void> {
    this.#stopped ??= this.#agent.close();
    return this.#stopped;
  }

  /**
   * A read that was cut off costs nothing to repeat once, mostly because an idle socket was closed under it. Both tries together
   * have the time of one.
   */
  async #twice(request: HttpRequest): Promise<HttpAnswer> {
    const until = Math.min(this.#clock() + this.#timeoutMs, request.deadline ?? Number.POSITIVE_INFINITY);
    try {
      return await this.#once(request);
    } catch (error) {
      if (!(error instanceof TransportFault) || error.kind !== "reset" || request.signal?.aborted) throw error;
      const pauseMs = 10 + (this.#options.random ?? Math.random)() * 40;
      if (this.#clock() + pauseMs >= until) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      return this.#once({ ...request, deadline: until });
    }
  }

  async #once(request: HttpRequest): Promise<HttpAnswer> {
    const startedAt = this.#clock();
    const span = openSpan({
      name: `${request.method} ${request.route}`,
      kind: "client",
      attributes: { "tandem.system": this.#system, "http.request.method": request.method, "url.template": request.route },
    });
    const log = (status: number | null, error: string | null) =>
      this.#options.log?.({ system: this.#system, method: request.method, route: request.route, status, ms: this.#clock() - startedAt, error });
    try {
      const url = addressOf(this.#options.baseUrl, request);
      if (startedAt >= (request.leaveBy ?? Number.POSITIVE_INFINITY)) {
        throw new TransportFault("aborted", "it was too late to send it", { sent: false, waitedMs: 0 });
      }
      const timeoutMs = Math.min(this.#timeoutMs, (request.deadline ?? Number.POSITIVE_INFINITY) - startedAt);
      const answer = await exchange(this.#agent, { ...request, url, timeoutMs, maxBodyBytes: limits.http.maxBodyBytes });
      log(answer.status, null);
      span.end({ "http.response.status_code": answer.status });
      return answer;
    } catch (error) {
      log(null, error instanceof Error ? error.message : String(error));
      span.end({}, error);
      throw error;
    }
  }

  /** A timeout that the caller's own deadline cut short says little about the system. */
  #opens(fault: TransportFault): boolean {
    return fault.kind === "refused" || (fault.kind === "timeout" && fault.waitedMs >= Math.min(this.#timeoutMs / 2, limits.http.connectTimeoutMs));
  }

  #named(request: HttpRequest, isWrite: boolean, error: unknown): Error {
    const name = names[this.#system];
    const what = `${request.method} ${request.route}`;
    if (error instanceof BrokenCircuitError) {
      const why = this.#stopped ? "the gateway is stopping" : (this.#trouble?.message ?? "it did not answer just now");
      return new UnavailableError(this.#system, `${name} was not called (${what}): ${why}`, { cause: error });
    }
    if (!(error instanceof TransportFault)) {
      return new UnavailableError(this.#system, `${name} could not be called (${what}): ${error instanceof Error ? error.message : error}.`, { cause: error });
    }
    if (error.kind === "unsendable") return new InvalidInputError(`${what} cannot be sent to ${name}: ${error.message}.`, { cause: error });
    const message = `${name} did not answer ${what}: ${error.message}.`;
    if (error.kind !== "aborted") this.#trouble = { message, since: this.#trouble?.since ?? isoTime(this.#clock()) };
    if (isWrite && error.sent) return new AmbiguousError(this.#system, `${message} The write may or may not have happened.`, { cause: error });
    if (error.kind === "garbage") return new UnexpectedAnswerError(this.#system, message, { cause: error });
    return new UnavailableError(this.#system, message, { cause: error });
  }
}

function addressOf(baseUrl: string, request: HttpRequest): URL {
  if (request.url === undefined) return new URL(baseUrl.replace(/\/+$/, "") + (request.path ?? ""));
  const url = new URL(request.url);
  if (url.origin === new URL(baseUrl).origin) return url;
  throw new TransportFault("garbage", "it named a page on another host", { sent: false, waitedMs: 0 });
}
