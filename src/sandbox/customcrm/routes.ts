import type { CustomcrmType } from "../../domain/words.js";
import type { Answer, KitRequest } from "../kit/index.js";
import type { Auth } from "./auth.js";
import { type CustomcrmCore, etagOf } from "./core.js";
import { positionOf } from "./feed.js";
import { fingerprintOf, type Idempotency } from "./idempotency.js";
import { invalid, limitOf, listPage, refuseUnknown } from "./list.js";
import { badRequest, Problem } from "./problem.js";
import type { RateLimit } from "./rate-limit.js";
import { type CustomcrmSettings, contract } from "./settings.js";
import type { StoredRecord, Subscription } from "./state.js";
import type { Values } from "./validate.js";
import { propertiesOf } from "./validate.js";
import type { Webhooks } from "./webhooks.js";

export interface Parts {
  readonly core: CustomcrmCore;
  readonly auth: Auth;
  readonly idempotency: Idempotency;
  readonly webhooks: Webhooks;
  readonly rateLimit: RateLimit;
  readonly settings: () => CustomcrmSettings;
  readonly now: () => number;
}

const collections: Readonly<Record<string, CustomcrmType>> = { customers: "Customer", contacts: "Contact", products: "Product" };
export const prefix = "/api/v1";

/** One call, by the contract; a problem is an answer too. */
export function answer(request: KitRequest, parts: Parts): Answer {
  return settled(() => {
    if (request.path === "/oauth/token") return token(request, parts);
    parts.auth.check(request.headers.authorization);
    parts.rateLimit.take();
    return route(request, parts);
  });
}

type Handler = () => Answer;

function route(request: KitRequest, parts: Parts): Answer {
  const segments = segmentsOf(request.path);
  const [first = "", id, ...more] = segments ?? [];
  const { capabilities } = parts.settings();
  const type = Object.hasOwn(collections, first) ? collections[first] : undefined;
  let methods: Record<string, Handler> | null = null;
  if (segments === null || more.length > 0) methods = null;
  else if (first === "changes" && id === undefined && capabilities.changes) methods = { GET: () => changes(request, parts) };
  else if (first === "webhooks" && capabilities.webhooks)
    methods = id === undefined ? webhookMethods(request, parts) : { DELETE: () => removeWebhook(id, parts) };
  else if (type) methods = id === undefined ? collectionMethods(type, request, parts) : recordMethods(type, id, request, parts);
  if (methods === null) throw new Problem(404, "not-found", `There is nothing at ${request.path}.`);
  const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (!handler) throw new Problem(405, "method-not-allowed", `${request.method} is not offered here.`, { headers: { Allow: Object.keys(methods).join(", ") } });
  return handler();
}

/** The parts of the path after the prefix, decoded; null for any other path. */
function segmentsOf(path: string): string[] | null {
  if (!path.startsWith(`${prefix}/`)) return null;
  try {
    return path
      .slice(prefix.length + 1)
      .split("/")
      .map(decodeURIComponent);
  } catch {
    return null;
  }
}

function collectionMethods(type: CustomcrmType, request: KitRequest, parts: Parts): Record<string, Handler> {
  return {
    GET: () => {
      const page = listPage(parts.core.all(type), type, request.query, parts.settings(), parts.now());
      return json(200, { items: page.records.map((record) => shown(record, parts.settings())), nextCursor: page.nextCursor });
    },
    POST: () => create(type, request, parts),
  };
}

function recordMethods(type: CustomcrmType, id: string, request: KitRequest, parts: Parts): Record<string, Handler> {
  const ifMatch = request.headers["if-match"] ?? null;
  refuseUnknown(request.query, []);
  return {
    GET: () => one(200, parts.core.get(type, id), parts.settings()),
    PATCH: () => {
      // A missing record is told before a body that can't be read.
      if (!parts.core.find(type, id)) throw new Problem(404, "not-found", `There is no ${type} ${id}.`);
      const body = jsonBody(request, ["application/json", "application/merge-patch+json"]);
      return one(200, parts.core.patch(type, id, body, ifMatch), parts.settings());
    },
    DELETE: () => {
      parts.core.remove(type, id, ifMatch);
      return { status: 204, headers: {} };
    },
  };
}

function create(type: CustomcrmType, request: KitRequest, parts: Parts): Answer {
  refuseUnknown(request.query, []);
  const body = jsonBody(request, ["application/json"]);
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string" || !parts.settings().capabilities.idempotencyKey) return created(type, body, parts);
  const fingerprint = fingerprintOf(request.path, body);
  const kept = parts.idempotency.find(key, fingerprint);
  if (kept) return { status: kept.status, headers: { ...kept.headers, "Idempotency-Replayed": "true" }, body: kept.body };
  const first = settled(() => created(type, body, parts));
  parts.idempotency.keep(key, fingerprint, first);
  return first;
}

function created(type: CustomcrmType, body: unknown, parts: Parts): Answer {
  const record = parts.core.create(type, body);
  const collection = Object.keys(collections).find((name) => collections[name] === type);
  const made = one(201, record, parts.settings());
  return { ...made, headers: { ...made.headers, Location: `${prefix}/${collection}/${record.id}` } };
}

/** A refusal is an answer like any other; under an Idempotency-Key it is given again. */
function settled(handler: Handler): Answer {
  try {
    return handler();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { status: error.status, headers: { "Content-Type": "application/problem+json", ...error.headers }, body: error.body() };
  }
}

function changes({ query }: KitRequest, { core, settings }: Parts): Answer {
  refuseUnknown(query, ["since", "types", "limit"]);
  const limit = limitOf(query, contract.changes.defaultLimit, contract.changes.maxLimit);
  const page = core.feed.read(query.get("since"), typesOf(query.get("types")), limit, (entry) => core.find(entry.type, entry.id) !== null);
  const shownChanges = page.entries.map((entry) => {
    const record = entry.action === "Upsert" ? core.find(entry.type, entry.id) : null;
    return { Position: positionOf(entry), Type: entry.type, Id: entry.id, Action: entry.action, ...(record && { Record: shown(record, settings()) }) };
  });
  return json(200, { changes: shownChanges, position: page.position, more: page.more });
}

function typesOf(text: string | null): CustomcrmType[] {
  const all = Object.values(collections);
  if (text === null) return all;
  return text.split(",").map((name) => {
    const type = all.find((each) => each === name);
    if (!type) throw invalid("types", `types must be a list of ${all.join(", ")}.`);
    return type;
  });
}

function webhookMethods(request: KitRequest, { webhooks }: Parts): Record<string, Handler> {
  return {
    GET: () => json(200, webhooks.list().map(withoutSecret)),
    POST: () => json(201, { Id: webhooks.create(jsonBody(request, ["application/json"])).id }),
  };
}

const withoutSecret = ({ id, url, types }: Subscription) => ({ Id: id, Url: url, Types: types });

function removeWebhook(id: string, { webhooks }: Parts): Answer {
  webhooks.remove(id);
  return { status: 204, headers: {} };
}

function token(request: KitRequest, { auth }: Parts): Answer {
  if (request.method !== "POST") throw new Problem(405, "method-not-allowed", "Ask for a token with POST.", { headers: { Allow: "POST" } });
  if (mediaType(request) !== "application/x-www-form-urlencoded") throw badRequest("invalid-request", "Send the grant as application/x-www-form-urlencoded.");
  return auth.grant(new URLSearchParams(request.body.toString()), request.headers.authorization);
}

function jsonBody(request: KitRequest, accepted: readonly string[]): unknown {
  if (!accepted.includes(mediaType(request))) throw new Problem(415, "unsupported-media-type", `Send the body as ${accepted.join(" or ")}.`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(request.body));
  } catch (error) {
    throw badRequest("invalid-json", `The body is not JSON in UTF-8: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const mediaType = (request: KitRequest): string => (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

const json = (status: number, body: object): Answer => ({ status, headers: {}, body });

function one(status: number, record: StoredRecord, settings: CustomcrmSettings): Answer {
  return { status, headers: settings.capabilities.ifMatch ? { ETag: etagOf(record) } : {}, body: shown(record, settings) };
}

/** A record as this CRM shows it: with what it has, and with its own way of showing nothing. */
export function shown(record: StoredRecord, settings: CustomcrmSettings): Values {
  const names = Object.keys(propertiesOf(record.type, settings.omitted));
  const values = names.flatMap((name) => {
    const value = record.values[name] ?? null;
    if (value === null && settings.noValue === "absent") return [];
    return [[name, value ?? (settings.noValue === "empty" ? "" : null)] as const];
  });
  return {
    Id: record.id,
    ...(settings.capabilities.ifMatch && { ETag: etagOf(record) }),
    CreatedAt: new Date(record.createdAt).toISOString(),
    ModifiedAt: new Date(record.modifiedAt).toISOString(),
    ...Object.fromEntries(values),
  };
}
