import { type Answer, jsonBody, type KitRequest } from "../kit/index.js";
import type { ExactCore } from "./core.js";
import { rowAnswer, wantsJson } from "./envelope.js";
import { oneRecord } from "./record-resources.js";
import { badBody, Refusal } from "./refusal.js";
import type { Resource } from "./resource.js";
import { facts } from "./settings.js";
import { type Subscriptions, subscriptionView } from "./subscriptions.js";
import type { RecordKind, RowView } from "./types.js";
import { bareCreated, type Place, wireRow } from "./wire.js";

/** 201 with the new row: its ID only, unless the whole was asked for. */
export function createRecord(request: KitRequest, kind: RecordKind, resource: Resource, core: ExactCore, place: Place): Answer {
  const id = core.create(kind, bodyOf(request), "app");
  const row = oneRecord(core, kind, id);
  if (!row) throw new Error(`${kind} ${id} was made and is not there.`);
  return created(request, row, resource, core.settings.postStatus, place);
}

export function updateRecord(request: KitRequest, kind: RecordKind, id: string, core: ExactCore): Answer {
  if (!core.table(kind).has(id)) throw new Refusal(404, `Resource not found for the segment '${kind}'.`);
  core.edit(kind, id, bodyOf(request), "app");
  return { status: 204 };
}

export async function createSubscription(request: KitRequest, resource: Resource, subscriptions: Subscriptions, core: ExactCore, place: Place): Promise<Answer> {
  const made = await subscriptions.create(bodyOf(request));
  const row = subscriptionView(made, core.settings, core.user);
  return created(request, row, resource, core.settings.postStatus, place);
}

export function removeSubscription(id: string, subscriptions: Subscriptions): Answer {
  if (!subscriptions.remove(id)) throw new Refusal(404, "Resource not found for the segment 'WebhookSubscriptions'.");
  return { status: 204 };
}

function created(request: KitRequest, row: RowView, resource: Resource, status: number, place: Place): Answer {
  const isWhole = /return=representation/i.test(String(request.headers.prefer ?? ""));
  const wire = isWhole ? wireRow(row, resource, null, [], place) : bareCreated(row, resource, place);
  const location = `${place.origin}/api/v1/${place.division}/${resource.path}(guid'${row.id}')`;
  return rowAnswer(wire, wantsJson(request.headers.accept), status, { location });
}

function bodyOf(request: KitRequest): unknown {
  if (request.body.length > facts.maxBodyBytes) throw new Refusal(413, null);
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) throw new Refusal(415, "Unsupported media type requested.");
  const body = jsonBody(request);
  if (body === undefined) throw badBody("The request body is not valid JSON.");
  return body;
}
