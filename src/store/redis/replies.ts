import type { Entity } from "../../domain/entity.js";
import { unpackEntity } from "./packing.js";

/** What a script returned, as a list; a reply of another shape is a fault of ours and says so. */
export function asList(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw new Error(`A script of the store answered with ${typeof reply}, not with a list.`);
  return reply;
}

export const asTexts = (reply: unknown): readonly string[] => asList(reply).map(String);

const asTextsOrNull = (reply: unknown): readonly (string | null)[] => asList(reply).map((one) => (one === null || one === undefined ? null : String(one)));

/** What stands behind the document is no text. */
export const entityIn = (stored: Buffer | null): Entity | null => (stored === null ? null : unpackEntity(stored.toString("utf8", 0, stored.indexOf("\n"))));

export const entitiesOf = (reply: unknown): readonly (Entity | null)[] => asTextsOrNull(reply).map((text) => (text === null ? null : unpackEntity(text)));
