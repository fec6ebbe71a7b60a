import type { Answer } from "../kit/index.js";

/**
 * The same answer with nothing in its list. A page of `/changes` leaves the reader where it was: a position is a promise that
 * everything before it has been shown, and a CRM that broke it could not be read at all.
 */
export function emptyList(answer: Answer): Answer {
  const { body } = answer;
  if (typeof body !== "object" || Buffer.isBuffer(body)) return answer;
  if ("items" in body) return { ...answer, body: { items: [], nextCursor: null } };
  if (!("changes" in body) || !("position" in body) || !Array.isArray(body.changes)) return answer;
  const first: unknown = body.changes[0]?.Position;
  const position = typeof first === "string" ? String(body.position).replace(/^\d{12}/, String(Number(first) - 1).padStart(12, "0")) : body.position;
  return { ...answer, body: { changes: [], position, more: false } };
}
