import type { Answer, KitRequest } from "../kit/index.js";

/**
 * The same answer with nothing in its list. A page of `/changes` leaves the reader where it was: a position is a promise that
 * everything before it has been shown, and a CRM that broke it could not be read at all.
 */
export function emptyList(answer: Answer, { query }: Pick<KitRequest, "query">): Answer {
  const { body } = answer;
  if (typeof body !== "object" || Buffer.isBuffer(body)) return answer;
  if ("items" in body) return { ...answer, body: { items: [], nextCursor: null } };
  if (!("changes" in body) || !("position" in body) || !Array.isArray(body.changes)) return answer;
  const position = query.get("since") ?? String(body.position).replace(/^\d{12}/, "0".repeat(12));
  return { ...answer, body: { changes: [], position, more: false } };
}
