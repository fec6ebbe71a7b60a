import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";
import { LRUCache } from "lru-cache";
import { limits } from "../domain/limits.js";
import type { Clock } from "../domain/words.js";
import { type Access, type Caller, type Scope, scopes } from "./access.js";
import { refusal } from "./refusal.js";

/** Counts what clients send, over all replicas. */
export interface RateCounter {
  /** Counts `amount` for a client, unless that would be more than `limit` within `windowMs`: then how long to wait, else 0. */
  take(client: string, amount: number, limit: number, windowMs: number, now: number): Promise<number>;
}

export interface DoorkeeperParts {
  /** null: nobody has to identify themselves. */
  readonly access: Access | null;
  readonly counter: RateCounter | null;
  /** Operations that one client may send a minute; null: any number. */
  readonly ratePerMinute: number | null;
  readonly clock: Clock;
  readonly onRefused?: (reason: RefusedAt) => void;
}

export type RefusedAt = "credentials" | "rate";

/** What tells who asks, whichever way a request came. */
interface Incoming {
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly body?: unknown;
}

const minuteMs = 60_000;

/** Says who sends a request, and whether they have sent too many. */
export class Doorkeeper {
  readonly #parts: DoorkeeperParts;

  constructor(parts: DoorkeeperParts) {
    this.#parts = parts;
  }

  /** Throws a GraphQL error when the request is not to be answered. A batch counts as the operations that are in it. */
  async admit(incoming: Incoming): Promise<Caller> {
    const { ratePerMinute, access } = this.#parts;
    const caller = access ? await this.#identified(access, incoming) : ofThisMachine(incoming);
    if (ratePerMinute === null) return caller;
    const operations = Array.isArray(incoming.body) ? Math.max(1, incoming.body.length) : 1;
    await this.#count(caller.name ?? addressOf(incoming), operations, ratePerMinute);
    return caller;
  }

  /** A hook for routes that are for callers with a scope; the answer to others has the form of a GraphQL answer. */
  needs(scope: Scope): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
    return async (request, reply) => {
      const error = await this.admit(request).then(
        (caller) => (caller.scopes.includes(scope) ? null : refusal("FORBIDDEN", `This needs the scope ${scope}.`, 403)),
        (error: unknown) => error,
      );
      return error === null ? undefined : answerRefusal(reply, error);
    };
  }

  async #identified(access: Access, incoming: Incoming): Promise<Caller> {
    try {
      return await access.callerOf(incoming.headers);
    } catch (error) {
      this.#parts.onRefused?.("credentials");
      await this.#count(addressOf(incoming), 1, limits.request.guessesPerMinute);
      throw error;
    }
  }

  async #count(client: string, amount: number, limit: number): Promise<void> {
    const { counter, clock, onRefused } = this.#parts;
    // Without Redis nothing can be answered anyway, and what goes wrong is said there.
    const waitMs = counter ? await counter.take(client, amount, limit, minuteMs, clock()).catch(() => 0) : 0;
    if (waitMs === 0) return;
    onRefused?.("rate");
    const seconds = Math.ceil(waitMs / 1000);
    const message = `A client may send ${limit} operations a minute. Try again in ${seconds} s.`;
    throw refusal("TOO_MANY_REQUESTS", message, 429, { "retry-after": String(seconds) }, { what: "operations a minute", limit, retryAfterSeconds: seconds });
  }
}

export const anyone: Caller = { name: null, scopes, until: null };

/**
 * Where nobody has to identify themselves, only this machine is to get answers. A name that a foreign page has had resolved to this
 * machine (DNS rebinding), or a proxy that makes it public, shows in the Host header; an address that somebody typed is no such name.
 */
function ofThisMachine({ headers: { host } }: Incoming): Caller {
  if (host === undefined || isOwnName(host)) return anyone;
  const message = "Without API_KEYS or JWT_JWKS_URL only this machine gets answers, by its own name: localhost or 127.0.0.1. Set one of them to serve others.";
  throw refusal("FORBIDDEN", message, 403);
}

/** Requests come by the same few names again and again. */
const ownNames = new LRUCache<string, boolean>({ max: 100 });

function isOwnName(host: string): boolean {
  const known = ownNames.get(host);
  if (known !== undefined) return known;
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : "";
  const isOwn = name === "localhost" || name.endsWith(".localhost") || isIP(name.replace(/^\[|\]$/g, "")) > 0;
  ownNames.set(host, isOwn);
  return isOwn;
}

/** Answers with a refusal over plain HTTP; throws what is none. */
function answerRefusal(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof GraphQLError)) throw error;
  const { http, ...extensions } = error.extensions;
  const headers = new Map(http?.headers as unknown as ReadonlyMap<string, string>);
  // Browsers ask the person for a key, and send it as a password.
  if (headers.has("www-authenticate")) headers.set("www-authenticate", 'Basic realm="Tandem", charset="UTF-8"');
  return reply
    .code(http?.status ?? 403)
    .headers(Object.fromEntries(headers))
    .send({ errors: [{ message: error.message, extensions }] });
}

/** An address says where somebody is, so only its digest is kept. */
const addressOf = ({ ip }: Incoming): string => `ip:${createHash("sha256").update(ip).digest("hex").slice(0, 32)}`;
