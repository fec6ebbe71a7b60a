import type { z } from "zod";
import { RateLimitedError, SystemError, UnexpectedAnswerError } from "../../domain/errors.js";
import { type Clock, type CustomcrmType, isoTime } from "../../domain/words.js";
import type { Budget } from "../budget.js";
import { type CallOptions, type ConnectorStatus, turnEnds } from "../connector.js";
import type { HttpAnswer, HttpClient, HttpRequest } from "../http.js";
import { readRows } from "../unreadable.js";
import type { TokenSource } from "./auth.js";
import { errorOf, unexpected } from "./errors.js";
import { parsed, readableId } from "./wire.js";

export interface ApiCall {
  readonly method: HttpRequest["method"];
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | null | undefined>>;
  readonly route: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** One call to Customcrm with its token and budget. Any answer but a success becomes the error that it stands for. */
export class CustomcrmApi {
  readonly #http: HttpClient;
  readonly #tokens: TokenSource;
  readonly #budget: Budget;
  readonly #clock: Clock;
  #pausedUntil = 0;
  #problem: ConnectorStatus["problem"] = null;

  constructor(parts: { readonly http: HttpClient; readonly tokens: TokenSource; readonly budget: Budget; readonly clock: Clock }) {
    this.#http = parts.http;
    this.#tokens = parts.tokens;
    this.#budget = parts.budget;
    this.#clock = parts.clock;
  }

  /** The answer, if its status is one of `accepted`. */
  async call(call: ApiCall, options: CallOptions, accepted: readonly number[]): Promise<HttpAnswer> {
    const isWrite = call.method !== "GET";
    try {
      const answer = await this.#authorized(call, options);
      if (!accepted.includes(answer.status)) throw errorOf(answer, `${call.method} ${call.route}`, isWrite, this.#clock());
      this.#problem = null;
      return answer;
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  /** As `call`, and reads the answer. */
  async read<S extends z.ZodType>(schema: S, call: ApiCall, options: CallOptions): Promise<z.infer<S>> {
    return this.parse(schema, call, await this.callList(call, options, [200]));
  }

  /** A list that is not there is no missing record: the address or the capabilities are set wrong. */
  async callList(call: ApiCall, options: CallOptions, accepted: readonly number[]): Promise<HttpAnswer> {
    const answer = await this.call(call, options, [...accepted, 404]);
    return this.checked(call, () => {
      if (answer.status !== 404) return answer;
      throw unexpected(`Customcrm has no ${call.route}: check CUSTOMCRM_BASE_URL and CUSTOMCRM_CAPABILITIES.`, false);
    });
  }

  parse<S extends z.ZodType>(schema: S, call: ApiCall, answer: HttpAnswer): z.infer<S> {
    return this.checked(call, () => parsed(schema, jsonOf(answer), `${call.method} ${call.route}`));
  }

  /** Runs a reading of an answer; what it can't read becomes a known problem, and ambiguous if it was a write's. */
  checked<T>(call: ApiCall, read: () => T): T {
    try {
      return read();
    } catch (error) {
      const known = error instanceof UnexpectedAnswerError && call.method !== "GET" ? unexpected(error.message, true, error) : error;
      this.#note(known);
      throw known;
    }
  }

  /** Reads a page's rows one by one. One that is passed over stands as the system's problem until an answer is whole again. */
  rows<T>(call: ApiCall, rows: readonly unknown[], read: (row: unknown) => T, typeOf: (row: unknown) => CustomcrmType) {
    const result = this.checked(call, () => readRows(rows, read, (row) => ({ type: typeOf(row), id: readableId(row) })));
    const [first] = result.unreadable ?? [];
    if (first) this.#note(new UnexpectedAnswerError("CUSTOMCRM", first.message));
    return result;
  }

  async status(): Promise<ConnectorStatus> {
    const { open, lastError, since } = this.#http.status();
    const transport = lastError === null || since === null ? null : { code: "SYSTEM_UNAVAILABLE" as const, message: lastError, since };
    const problem = transport ?? this.#problem;
    return {
      reachable: !open && problem?.code !== "SYSTEM_UNAVAILABLE",
      authorized: problem?.code !== "NOT_AUTHORIZED",
      problem,
      budget: await this.#budget.windows(),
    };
  }

  /** A token that has just expired is replaced once; 401 says that nothing was done. */
  async #authorized(call: ApiCall, options: CallOptions): Promise<HttpAnswer> {
    const token = await this.#tokens.get(options.deadline);
    const answer = await this.#send(call, options, token);
    if (answer.status !== 401 || !this.#tokens.rejected(token)) return answer;
    return this.#send(call, options, await this.#tokens.get(options.deadline));
  }

  async #send(call: ApiCall, options: CallOptions, token: string): Promise<HttpAnswer> {
    if (this.#pausedUntil > this.#clock()) throw new RateLimitedError("CUSTOMCRM", isoTime(this.#pausedUntil));
    const permit = await this.#budget.admit({ endpoint: call.route, counted: "all", ...options, ...turnEnds(options) });
    let outcome: Pick<HttpAnswer, "headers"> & { readonly status: number | null } = { status: null, headers: {} };
    try {
      const answer = await this.#http.request({
        method: call.method,
        path: call.path + queryOf(call.query ?? {}),
        route: call.route,
        headers: { accept: "application/json, application/problem+json", authorization: `Bearer ${token}`, ...typeOf(call), ...call.headers },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
        ...(options.leaveBy === undefined ? {} : { leaveBy: options.leaveBy }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      outcome = answer;
      return answer;
    } finally {
      await permit.done(outcome);
    }
  }

  #note(error: unknown): void {
    if (!(error instanceof SystemError)) return;
    if (error instanceof RateLimitedError) this.#pausedUntil = Math.max(this.#pausedUntil, Date.parse(error.retryAt));
    // A refusal shows that the system works.
    const code = error.code === "AMBIGUOUS" ? "SYSTEM_UNAVAILABLE" : error.code;
    if (code !== "SYSTEM_UNAVAILABLE" && code !== "NOT_AUTHORIZED" && code !== "RATE_LIMITED" && code !== "UNEXPECTED_ANSWER") {
      this.#problem = null;
      return;
    }
    this.#problem = { code, message: error.message, since: this.#problem?.code === code ? this.#problem.since : isoTime(this.#clock()) };
  }
}

function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (cause) {
    const kind = answer.headers["content-type"] ?? "no content type";
    throw new UnexpectedAnswerError("CUSTOMCRM", `Customcrm answered ${answer.status} with something that is not JSON (${kind}).`, { cause });
  }
}

const typeOf = (call: ApiCall): Readonly<Record<string, string>> =>
  call.body === undefined ? {} : { "content-type": call.method === "PATCH" ? "application/merge-patch+json" : "application/json" };

function queryOf(query: NonNullable<ApiCall["query"]>): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length === 0 ? "" : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}
