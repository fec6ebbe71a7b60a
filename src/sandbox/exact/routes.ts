import type { Answer, KitRequest } from "../kit/index.js";
import { type Address, guidOfKey } from "./address.js";
import type { Call } from "./call.js";
import type { ExactCore } from "./core.js";
import { wantsJson } from "./envelope.js";
import { metadata } from "./metadata.js";
import { services } from "./properties.js";
import { list, one, readOnly, wrongVerb } from "./reads.js";
import { bulkResource, crmResource, deletedResource, oneRecord, syncResource } from "./record-resources.js";
import { badQuery, Refusal } from "./refusal.js";
import type { Subscriptions } from "./subscriptions.js";
import { divisionsResource, meResource, subscriptionsResource, syncTimestampResource } from "./system.js";
import { type RecordKind, recordKinds } from "./types.js";
import { createRecord, createSubscription, removeSubscription, updateRecord } from "./writes.js";

type Result = Answer | Promise<Answer>;
type Route = (call: Call) => Result;

/** Answers a call to the API that was let in. Names are told apart by case. */
export function dispatch(request: KitRequest, address: Address, core: ExactCore, subscriptions: Subscriptions): Result {
  const place = { origin: `http://${request.headers.host ?? "127.0.0.1"}`, division: core.settings.division };
  const call: Call = { request, address, core, place, asJson: wantsJson(request.headers.accept) };
  const routes = address.division === null ? withoutDivision : routesOf(subscriptions);
  const route = Object.hasOwn(routes, address.resource) ? routes[address.resource] : undefined;
  if (!route) throw new Refusal(404, "Resource not found.");
  return route(call);
}

const withoutDivision: Readonly<Record<string, Route>> = { "current/Me": (call) => readOnly(call, meResource(call.core)) };

const crmScope = "crm accounts";
const scopes: Readonly<Record<RecordKind, string>> = { Accounts: crmScope, Contacts: crmScope, Items: "logistics items" };

/** Where records of a kind are: one by one, in bulk, and as a feed. */
const recordRoutes = (kind: RecordKind): Readonly<Record<string, Route>> => ({
  [`${services[kind].toLowerCase()}/${kind}`]: scoped(scopes[kind], (call) => crm(call, kind)),
  [`bulk/${services[kind]}/${kind}`]: scoped(scopes[kind], (call) => readOnly(call, bulkResource(call.core, kind))),
  [`sync/${services[kind]}/${kind}`]: scoped(scopes[kind], (call) => readOnly(call, syncResource(call.core, kind))),
});

function routesOf(subscriptions: Subscriptions): Readonly<Record<string, Route>> {
  return {
    ...Object.assign({}, ...recordKinds.map(recordRoutes)),
    "sync/Deleted": scoped(crmScope, deleted),
    "read/sync/Sync/SyncTimestamp": scoped(crmScope, syncTimestamp),
    "system/Divisions": (call) => readOnly(call, divisionsResource(call.core)),
    "webhooks/WebhookSubscriptions": scoped("organization administration", (call) => webhooks(call, subscriptions)),
    "crm/$metadata": ({ core }) => metadata([crmResource(core, "Accounts"), crmResource(core, "Contacts")]),
    "logistics/$metadata": ({ core }) => metadata([crmResource(core, "Items")]),
    "sync/$metadata": ({ core }) => metadata([...recordKinds.map((kind) => syncResource(core, kind)), deletedResource(core)]),
  };
}

/** What the app was not granted is refused by the scope's name. */
function scoped(scope: string, route: Route): Route {
  return (call) => {
    if (call.core.settings.scopes.includes(scope)) return route(call);
    const verb = call.request.method === "GET" ? "read" : "manage";
    throw new Refusal(403, `Forbidden - Application Scope Violated. Cannot ${verb} '${scope.replace(" ", ".")}' scope.`);
  };
}

function crm(call: Call, kind: RecordKind): Result {
  const { request, address, core } = call;
  const resource = crmResource(core, kind);
  if (address.key === null) {
    if (request.method === "GET") return list(call, resource);
    if (request.method === "POST" && !address.isCount) return createRecord(call, kind, resource);
    throw wrongVerb("GET, POST");
  }
  const id = keyOf(address.key);
  if (request.method === "PUT") return updateRecord(call, kind, id);
  if (request.method === "DELETE") {
    core.remove(kind, id, "app");
    return { status: 204 };
  }
  if (request.method !== "GET") throw wrongVerb("GET, PUT, DELETE");
  const row = oneRecord(core, kind, id);
  if (!row) throw new Refusal(404, `Resource not found for the segment '${kind}'.`);
  return one(call, resource, row);
}

function webhooks(call: Call, subscriptions: Subscriptions): Result {
  const { request, address } = call;
  const resource = subscriptionsResource(call.core, subscriptions);
  if (address.key === null) {
    if (request.method === "GET") return list(call, resource);
    if (request.method === "POST") return createSubscription(call, resource, subscriptions);
    throw wrongVerb("GET, POST");
  }
  // PUT is documented, and refused: delete and make anew.
  if (request.method !== "DELETE") throw wrongVerb("DELETE");
  return removeSubscription(keyOf(address.key), subscriptions);
}

function deleted(call: Call): Answer {
  if (!call.core.settings.mayReadDeleted) throw new Refusal(403, "Forbidden - The user has no right to read deleted records.");
  return readOnly(call, deletedResource(call.core));
}

/** Its parameters stand beside the OData options. */
const syncTimestamp: Route = (call) => readOnly(call, syncTimestampResource(call.core, call.request.query));

function keyOf(key: string): string {
  const id = guidOfKey(key);
  if (id === null) throw badQuery();
  return id;
}
