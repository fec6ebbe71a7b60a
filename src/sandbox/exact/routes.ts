import type { Answer, KitRequest } from "../kit/index.js";
import { type Address, guidOfKey } from "./address.js";
import type { ExactCore } from "./core.js";
import { listAnswer, rowAnswer, wantsJson } from "./envelope.js";
import { countList, readList } from "./list.js";
import { metadata } from "./metadata.js";
import { parseSelect } from "./query.js";
import { bulkResource, crmResource, deletedResource, oneRecord, syncResource } from "./record-resources.js";
import { badQuery, Refusal } from "./refusal.js";
import type { Resource } from "./resource.js";
import type { Subscriptions } from "./subscriptions.js";
import { divisionsResource, meResource, subscriptionsResource, syncTimestampResource } from "./system.js";
import type { RecordKind } from "./types.js";
import { type Place, wireRow } from "./wire.js";
import { createRecord, createSubscription, removeSubscription, updateRecord } from "./writes.js";

export interface Parts {
  readonly core: ExactCore;
  readonly subscriptions: Subscriptions;
}

/** Answers a call to the API that was let in. */
export function dispatch(request: KitRequest, address: Address, parts: Parts): Answer | Promise<Answer> {
  const { core, subscriptions } = parts;
  const place: Place = { origin: `http://${request.headers.host ?? "127.0.0.1"}`, division: core.settings.division };
  const { resource } = address;
  if (address.division === null) {
    if (resource !== "current/Me") throw new Refusal(404, "Resource not found.");
    return readOnly(request, address, meResource(core), place);
  }
  const kind = kindOf(resource);
  if (kind && resource === `crm/${kind}`) return crm(request, address, kind, core, place);
  if (kind && resource === `bulk/CRM/${kind}`) return withScope("crm accounts", request, core, () => readOnly(request, address, bulkResource(core, kind), place));
  if (kind && resource === `sync/CRM/${kind}`) return withScope("crm accounts", request, core, () => readOnly(request, address, syncResource(core, kind), place));
  switch (resource) {
    case "sync/Deleted":
      if (!core.settings.mayReadDeleted) throw new Refusal(403, "Forbidden - The user has no right to read deleted records.");
      return withScope("crm accounts", request, core, () => readOnly(request, address, deletedResource(core), place));
    case "system/Divisions":
      return readOnly(request, address, divisionsResource(core), place);
    case "read/sync/Sync/SyncTimestamp":
      return readOnly(request, address, syncTimestampResource(core, request.query), place);
    case "webhooks/WebhookSubscriptions":
      return withScope("organization administration", request, core, () => webhooks(request, address, core, subscriptions, place));
    case "crm/$metadata":
      return metadata([crmResource(core, "Accounts"), crmResource(core, "Contacts")]);
    case "sync/$metadata":
      return metadata([syncResource(core, "Accounts"), syncResource(core, "Contacts"), deletedResource(core)]);
    default:
      throw new Refusal(404, "Resource not found.");
  }
}

/** Names are told apart by case. */
function kindOf(resource: string): RecordKind | null {
  const last = resource.split("/").at(-1);
  return last === "Accounts" || last === "Contacts" ? last : null;
}

function crm(request: KitRequest, address: Address, kind: RecordKind, core: ExactCore, place: Place): Answer | Promise<Answer> {
  return withScope("crm accounts", request, core, () => {
    const resource = crmResource(core, kind);
    if (address.key === null) {
      if (request.method === "GET") return list(request, address, resource, place, core);
      if (request.method === "POST" && !address.isCount) return createRecord(request, kind, resource, core, place);
      throw wrongVerb("GET, POST");
    }
    const id = keyOf(address.key);
    if (request.method === "PUT") return updateRecord(request, kind, id, core);
    if (request.method === "DELETE") {
      core.remove(kind, id, "app");
      return { status: 204 };
    }
    if (request.method !== "GET") throw wrongVerb("GET, PUT, DELETE");
    const row = oneRecord(core, kind, id);
    if (!row) throw new Refusal(404, `Resource not found for the segment '${kind}'.`);
    const select = parseSelect(request.query.get("$select"), 1, resource);
    const expand = (request.query.get("$expand") ?? "").split(",").filter((name) => resource.expandable?.includes(name));
    return rowAnswer(wireRow(row, resource, select, expand, place), wantsJson(request.headers.accept));
  });
}

function webhooks(request: KitRequest, address: Address, core: ExactCore, subscriptions: Subscriptions, place: Place): Answer | Promise<Answer> {
  const resource = subscriptionsResource(core, subscriptions);
  if (address.key === null) {
    if (request.method === "GET") return list(request, address, resource, place, core);
    if (request.method === "POST") return createSubscription(request, resource, subscriptions, core, place);
    throw wrongVerb("GET, POST");
  }
  // PUT is documented, and refused: delete and make anew.
  if (request.method !== "DELETE") throw wrongVerb("DELETE");
  return removeSubscription(keyOf(address.key), subscriptions);
}

function readOnly(request: KitRequest, address: Address, resource: Resource, place: Place): Answer {
  if (address.key !== null) throw new Refusal(404, "Resource not found.");
  if (request.method !== "GET") throw wrongVerb("GET");
  return list(request, address, resource, place, null);
}

function list(request: KitRequest, address: Address, resource: Resource, place: Place, core: ExactCore | null): Answer {
  const asJson = wantsJson(request.headers.accept);
  if (address.isCount) {
    if (asJson) throw new Refusal(415, "Unsupported media type requested.");
    return { status: 200, headers: { "content-type": "text/plain;charset=utf-8" }, body: String(countList(request.query, resource)) };
  }
  void core;
  return listAnswer(readList(request.query, resource, place), asJson);
}

/** What the app was not granted is refused by the scope's name. */
function withScope<T>(scope: string, request: KitRequest, { settings }: ExactCore, go: () => T): T {
  if (settings.scopes.includes(scope)) return go();
  const verb = request.method === "GET" ? "read" : "manage";
  throw new Refusal(403, `Forbidden - Application Scope Violated. Cannot ${verb} '${scope.replace(" ", ".")}' scope.`);
}

function keyOf(key: string): string {
  const id = guidOfKey(key);
  if (id === null) throw badQuery();
  return id;
}

const wrongVerb = (allowed: string): Refusal => new Refusal(405, "The requested resource does not support this http method.", { Allow: allowed });
