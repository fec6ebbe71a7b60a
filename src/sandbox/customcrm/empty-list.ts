import type { Answer } from "../kit/index.js";

/** The same answer with nothing in its list; a page of `/changes` names the position of what it should have shown. */
export function emptyList(answer: Answer): Answer {
  const { body } = answer;
  if (typeof body !== "object" || Buffer.isBuffer(body)) return answer;
  if ("items" in body) return { ...answer, body: { items: [], nextCursor: null } };
  if (!("changes" in body) || !Array.isArray(body.changes)) return answer;
  return { ...answer, body: { ...body, changes: [], more: false } };
}
