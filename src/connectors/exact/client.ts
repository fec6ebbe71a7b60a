import { InvalidInputError, type SystemError } from "../../domain/errors.js";
import { limits } from "../../domain/limits.js";
import { type Clock, isoTime } from "../../domain/words.js";
import type { Budget } from "../budget.js";
import { type CallOptions, type ConnectorStatus, turnEnds } from "../connector.js";
import type { HttpAnswer, HttpClient, HttpRequest } from "../http.js";
import type { ExactAuth } from "./auth.js";
import { errorOf } from "./errors.js";

/** One call to the API. `path` begins after the division; `null` as division: a path that has none. */
export interface ExactCall {
  readonly method: HttpRequest["method"];
  /** What Exact counts errors by, and the name in logs: `crm/Accounts`. */
  readonly endpoint: string;
  /** Begins with `/api/`. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Else a POST answers with nulls in place of what it stored. */
  readonly returnsRepresentation?: boolean;
  /** Calls without a division are not in the day's count. */
  readonly counted?: "all" | "minute";
}

export interface ClientParts {
  readonly http: Pick<HttpClient, "request">;
  readonly budget: Budget;
  readonly auth: ExactAuth;
  readonly clock: Clock;
}

type Trouble = NonNullable<ConnectorStatus["problem"]> & {
  /** Exact refused the token, whatever the endpoint. */
  readonly isOfToken: boolean;
};

/** Makes calls: token, budget, HTTP, and the error that an answer means. Gives successes only. */
export class ExactClient {
  /** What the last answer of an endpoint complained of; empty when all is well. */
  readonly #troubles = new Map<string, Trouble>();

  constructor(private readonly parts: ClientParts) {}

  async call(call: ExactCall, options: CallOptions): Promise<HttpAnswer> {
    const { auth } = this.parts;
    if (call.path.length > limits.exact.maxUrlLength) {
      throw new InvalidInputError(`${whatOf(call)} would take an address of ${call.path.length} characters; Exact Online takes ${limits.exact.maxUrlLength}.`);
    }
    // Before the budget, so that a dead connection uses up no calls.
    const token = await auth.authorize(options);
    let answer = await this.#send(call, token, options);
    if (answer.status === 401) {
      // Not done, so that it may be repeated, a write too.
      const other = await auth.rejected(answer.token, options);
      if (other) answer = await this.#send(call, other, options);
    }
    if (answer.status !== 401) this.#accepted();
    if (answer.status >= 200 && answer.status < 300) {
      this.#troubles.delete(call.endpoint);
      return answer;
    }
    const error = errorOf(answer, { what: whatOf(call), isWrite: call.method !== "GET", now: this.parts.clock() });
    this.#note(call.endpoint, error, answer.status === 401);
    throw error;
  }

  /** What stands in the way, oldest first. */
  troubles(): readonly NonNullable<ConnectorStatus["problem"]>[] {
    const oldestFirst = [...this.#troubles.values()].sort((a, b) => (a.since < b.since ? -1 : 1));
    return oldestFirst.map(({ code, message, since }) => ({ code, message, since }));
  }

  async #send(call: ExactCall, firstToken: string, options: CallOptions): Promise<HttpAnswer & { readonly token: string }> {
    const { http, budget, auth, clock } = this.parts;
    const askedAt = clock();
    const permit = await budget.admit({
      endpoint: call.endpoint,
      class: options.class,
      counted: call.counted ?? "all",
      ...turnEnds(options),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    let outcome: Pick<HttpAnswer, "headers"> & { readonly status: number | null } = { status: null, headers: {} };
    try {
      // The budget may have kept us waiting for longer than the token lives.
      const token = clock() - askedAt < 1_000 ? firstToken : await auth.authorize(options);
      const answer = await http.request({
        method: call.method,
        path: call.path,
        route: call.endpoint,
        headers: headersOf(call, token),
        ...(call.body ? { body: JSON.stringify(call.body) } : {}),
        ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
        ...(options.leaveBy === undefined ? {} : { leaveBy: options.leaveBy }),
        ...(options.signal ? { signal: options.signal } : {}),
      });
      outcome = answer;
      return { ...answer, token };
    } finally {
      await permit.done(outcome);
    }
  }

  /** A token that serves one endpoint serves them all: what others said of the one before, as ahead of a new consent, is past. */
  #accepted(): void {
    this.parts.auth.accepted();
    for (const [endpoint, { isOfToken }] of this.#troubles) if (isOfToken) this.#troubles.delete(endpoint);
  }

  #note(endpoint: string, error: SystemError, isOfToken: boolean): void {
    if (error.code !== "NOT_AUTHORIZED" && error.code !== "RATE_LIMITED" && error.code !== "SYSTEM_UNAVAILABLE" && error.code !== "AMBIGUOUS") {
      this.#troubles.delete(endpoint);
      return;
    }
    const known = this.#troubles.get(endpoint);
    const since = known?.code === error.code ? known.since : isoTime(this.parts.clock());
    this.#troubles.set(endpoint, { code: error.code, message: error.message, since, isOfToken });
  }
}

export const whatOf = (call: Pick<ExactCall, "method" | "endpoint">): string => `${call.method} ${call.endpoint}`;

/** Without these Exact speaks Atom XML. */
const headersOf = (call: ExactCall, token: string): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  accept: "application/json",
  ...(call.body ? { "content-type": "application/json" } : {}),
  ...(call.returnsRepresentation ? { prefer: "return=representation" } : {}),
});
