import { type Answer, jsonBody, type KitRequest } from "../kit/index.js";
import type { Call } from "./call.js";
import { rowAnswer } from "./envelope.js";
import { oneRecord } from "./record-resources.js";
import { badBody, Refusal } from "./refusal.js";
import type { Resource } from "./resource.js";
import { facts } from "./settings.js";
import { type Subscriptions, subscriptionView } from "./subscriptions.js";
import type { RecordKind, RowView } from "./types.js";
import { bareCreated, wireRow } from "./wire.js";

/** 201 with the new row: its ID only, unless the whole was asked for. */
export function createRecord(call: Call, kind: RecordKind, resource: Resource): Answer {
  const id = call.core.create(kind, bodyOf(call.request), "app");
  const row = oneRecord(call.core, kind, id);
  if (!row) throw new Refusal(404, `Resource not found for the segment '${kind}'.`);
  return created(call, row, resource);
}

/** The parts that the body names are changed; nothing comes back. */
export function updateRecord({ core, request }: Call, kind: RecordKind, id: string): Answer {
  if (!core.table(kind).has(id)) throw new Refusal(404, `Resource not found for the segment '${kind}'.`);
  core.edit(kind, id, bodyOf(request), "app");
  return { status: 204 };
}

export async function createSubscription(call: Call, resource: Resource, subscriptions: Subscriptions): Promise<Answer> {
  const made = await subscriptions.create(bodyOf(call.request));
  return created(call, subscriptionView(made, call.core.settings, call.core.user), resource);
}

export function removeSubscription(id: string, subscriptions: Subscriptions): Answer {
  if (!subscriptions.remove(id)) throw new Refusal(404, "Resource not found for the segment 'WebhookSubscriptions'.");
  return { status: 204 };
}

function created({ request, core, place, asJson }: Call, row: RowView, resource: Resource): Answer {
  const isWhole = /return=representation/i.test(String(request.headers.prefer ?? ""));
  const wire = isWhole ? wireRow(row, resource, null, [], place) : bareCreated(row, resource, place);
  const location = `${place.origin}/api/v1/${place.division}/${resource.path}(guid'${row.id}')`;
  return rowAnswer(wire, asJson, core.settings.postStatus, { location });
}

function bodyOf(request: KitRequest): unknown {
  if (request.body.length > facts.maxBodyBytes) throw new Refusal(413, null);
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) throw new Refusal(415, "Unsupported media type requested.");
  const body = jsonBody(request);
  if (body === undefined) throw badBody("The request body is not valid JSON.");
  return body;
}
