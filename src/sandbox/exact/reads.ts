import type { Answer } from "../kit/index.js";
import type { Call } from "./call.js";
import { listAnswer, rowAnswer } from "./envelope.js";
import { countList, readList } from "./list.js";
import { parseSelect } from "./query.js";
import { badQuery, Refusal } from "./refusal.js";
import type { Resource } from "./resource.js";
import type { RowView } from "./types.js";
import { wireRow } from "./wire.js";

/** A page of the list, or with `/$count` how long it is. */
export function list({ request, address, core, place, asJson }: Call, resource: Resource): Answer {
  if (!address.isCount) return listAnswer(readList(request.query, resource, place, core.settings.bareArrays !== "never"), asJson);
  // A count is plain text, and nothing else.
  if (asJson) throw new Refusal(415, "Unsupported media type requested.");
  return { status: 200, headers: { "content-type": "text/plain;charset=utf-8" }, body: String(countList(request.query, resource)) };
}

/** A list that is read only, and not by key. */
export function readOnly(call: Call, resource: Resource): Answer {
  if (call.address.key !== null) throw new Refusal(404, "Resource not found.");
  if (call.request.method !== "GET") throw wrongVerb("GET");
  return list(call, resource);
}

export function one({ request, place, asJson }: Call, resource: Resource, row: RowView): Answer {
  const { query } = request;
  if (query.has("$filter")) throw badQuery("Query options $filter, $orderby, $skip and $top can be applied only to collections.");
  const expand = (query.get("$expand") ?? "").split(",").filter((name) => resource.expandable?.includes(name));
  return rowAnswer(wireRow(row, resource, parseSelect(query.get("$select"), 1, resource), expand, place), asJson);
}

export const wrongVerb = (allowed: string): Refusal => new Refusal(405, "The requested resource does not support this http method.", { Allow: allowed });
