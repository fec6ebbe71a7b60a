import { type HttpAnswer, HttpClient, type HttpRequest, type HttpStatus } from "../../src/connectors/http.js";
import { AmbiguousError, UnavailableError } from "../../src/domain/errors.js";
import type { System } from "../../src/domain/words.js";
import { wireForm } from "../../src/sandbox/kit/exchange.js";
import { type Answer, jsonBody, type KitRequest } from "../../src/sandbox/kit/index.js";
import type { ReadFate, WriteFate } from "./faults.js";
import type { Host } from "./scheduler.js";
import { origins } from "./systems.js";

/** A request, and when it left. */
export interface Sent extends KitRequest {
  readonly leftAt: number;
  /** The property that it has lost on the way. */
  readonly dropped?: string;
}

/** What the wire needs of the world around it. */
export interface Net {
  /** A point of the schedule; `leaves`: what becomes of a write that has left when its process dies here. */
  point(host: Host, label: string, leaves: (() => void) | null): Promise<void>;
  handle(host: Host, system: System, request: Sent): Promise<Answer>;
  /** The request lands by itself, some time before the quarantine ends. */
  landLater(host: Host, system: System, request: Sent): void;
  answered(host: Host, system: System, request: KitRequest, answer: Answer): void;
  emptied(system: System, answer: Answer): Answer;
  writeFate(): WriteFate;
  readFate(): ReadFate;
  /** What is refused or dropped from here on has a cause. */
  troubled(system: System, request: KitRequest): void;
  pick(count: number): number;
  /** What Exact says of its minute when it takes no more calls in it. */
  usedUp(): { readonly limit: number; readonly reset: number };
  log(line: string): void;
  now(): number;
}

/** A connector's way to a sandbox without sockets: the world decides what becomes of each call. */
export class WorldHttp extends HttpClient {
  readonly #system: System;
  readonly #host: Host;
  readonly #net: Net;

  constructor(system: System, host: Host, net: Net) {
    super({ system, baseUrl: origins[system], clock: () => net.now() });
    this.#system = system;
    this.#host = host;
    this.#net = net;
  }

  override status(): HttpStatus {
    return { open: false, lastError: null, since: null };
  }

  override async request(request: HttpRequest): Promise<HttpAnswer> {
    const sent: Sent = { ...requestOf(this.#system, request), leftAt: this.#net.now() };
    const label = `${this.#system} ${sent.method} ${decodeURIComponent(sent.url)}${sent.method === "GET" ? "" : ` ${sent.body.toString()}`}`;
    const isToken = sent.path.includes("/oauth");
    const isWrite = sent.method !== "GET";
    const leaves = isWrite && !isToken ? () => this.#net.landLater(this.#host, this.#system, sent) : null;
    await this.#net.point(this.#host, label, leaves);
    const answer = isWrite ? await this.#write(sent, isToken) : await this.#read(sent);
    await this.#net.point(this.#host, `answer ${answer.status} to ${sent.method} ${sent.path}`, null);
    return answer;
  }

  async #read(sent: Sent): Promise<HttpAnswer> {
    const net = this.#net;
    const drawn = net.readFate();
    const fate = drawn === "emptyList" && !mayBeEmpty(this.#system, sent) ? "done" : drawn;
    if (fate !== "done") net.log(`fault ${fate}`);
    if (fate === "unreachable") throw new UnavailableError(this.#system, "No connection.");
    if (fate === "refused") return this.#throttled();
    if (fate === "unauthorized") return unauthorized;
    if (fate === "badGateway") return badGateway;
    const answer = await net.handle(this.#host, this.#system, sent);
    if (fate === "garbage") return { status: 200, headers: { "content-type": "application/json" }, text: '\u0000{"d":' };
    const given = fate === "emptyList" ? net.emptied(this.#system, answer) : answer;
    net.answered(this.#host, this.#system, sent, given);
    return flat(given);
  }

  async #write(sent: Sent, isToken: boolean): Promise<HttpAnswer> {
    const net = this.#net;
    const fate = isToken ? "done" : net.writeFate();
    if (fate !== "done") net.log(`fault ${fate}`);
    const lost = () => new AmbiguousError(this.#system, "The answer was lost.");
    const handle = async (request: Sent) => {
      const answer = await net.handle(this.#host, this.#system, request);
      if (!isToken) net.answered(this.#host, this.#system, request, answer);
      return answer;
    };
    switch (fate) {
      case "refused":
        return this.#throttled();
      case "unauthorized":
        return unauthorized;
      case "unreachable":
        throw new UnavailableError(this.#system, "No connection.");
      case "lost":
        throw lost();
      case "zombie":
        net.landLater(this.#host, this.#system, sent);
        throw lost();
      case "answerLost":
        await net.handle(this.#host, this.#system, sent);
        throw lost();
      case "badGateway":
        if (net.pick(2) === 0) await net.handle(this.#host, this.#system, sent);
        return badGateway;
      case "garbage": {
        const { status } = await net.handle(this.#host, this.#system, sent);
        // What is cut short is the body: a refusal is still told as one.
        return { status: status < 300 ? 200 : status, headers: { "content-type": "application/json" }, text: '\u0000{"d":' };
      }
      case "dropField":
        net.troubled(this.#system, sent);
        return flat(await handle(withoutOne(sent, net)));
      case "done":
        return flat(await handle(sent));
    }
  }

  #throttled(): HttpAnswer {
    const { limit, reset } = this.#net.usedUp();
    const headers: Record<string, string> =
      this.#system === "EXACT"
        ? { "x-ratelimit-minutely-limit": String(limit), "x-ratelimit-minutely-remaining": "0", "x-ratelimit-minutely-reset": String(reset) }
        : { "retry-after": "5" };
    return { status: 429, headers, text: "" };
  }
}

const badGateway: HttpAnswer = { status: 502, headers: { "content-type": "text/html" }, text: "<html><body>502 Bad Gateway</body></html>" };
const unauthorized: HttpAnswer = { status: 401, headers: { "www-authenticate": "Bearer" }, text: "" };

function requestOf(system: System, { method, path = "", url, headers = {}, body }: HttpRequest): KitRequest {
  const full = url === undefined ? path : new URL(url).pathname + new URL(url).search;
  const at = full.indexOf("?");
  // Customcrm's connector knows its collections below a base address of their own.
  const prefixed = system === "CUSTOMCRM" ? `/api/v1${full}` : full;
  return {
    method,
    path: at < 0 ? prefixed : prefixed.slice(0, prefixed.indexOf("?")),
    url: prefixed,
    query: new URLSearchParams(at < 0 ? "" : full.slice(at + 1)),
    headers,
    body: Buffer.from(body ?? ""),
  };
}

/** Feeds, compares and reads by id; a search that finds nothing for no reason is beyond what R8 rests on. */
function mayBeEmpty(system: System, { path, query }: KitRequest): boolean {
  if (system === "CUSTOMCRM") return path.endsWith("/changes") || query.has("ids") || [...query.keys()].every((name) => name === "limit" || name === "cursor");
  if (path.includes("/sync/")) return true;
  const filter = query.get("$filter") ?? "";
  return path.includes("/bulk/") ? filter === "" : path.includes("/crm/") && /\bID eq/.test(filter);
}

function withoutOne(sent: Sent, net: Net): Sent {
  const body = jsonBody(sent);
  if (typeof body !== "object" || body === null) return sent;
  const names = Object.keys(body);
  const name = names[net.pick(names.length)] ?? "";
  const { [name]: _dropped, ...rest } = body as Record<string, unknown>;
  net.log(`dropped ${name}`);
  return Object.keys(rest).length === 0 ? sent : { ...sent, body: Buffer.from(JSON.stringify(rest)), dropped: name };
}

function flat(answer: Answer): HttpAnswer {
  const { headers, body } = wireForm(answer);
  return {
    status: answer.status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    text: body.toString("utf8"),
  };
}
