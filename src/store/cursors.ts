import { InvalidInputError } from "../domain/errors.js";
import { type EntityType, entityTypes, type IsoTime } from "../domain/words.js";
import type { EntityQuery } from "./store.js";

/**
 * Where an entity stands in a list: what it is sorted by, a NUL, its id. Compared by bytes, as Redis does it; the NUL is lower
 * than anything, so equal names are told apart by their ids.
 */
export const namePosition = (sortName: string, id: string): string => `${sortName}\0${id}`;
export const modifiedPosition = (modifiedAt: IsoTime, id: string): string => `${modifiedAt}\0${id}`;
export const linkPosition = (type: EntityType, id: string): string => `${type}\0${id}`;

export const idOfPosition = (position: string): string => position.slice(position.lastIndexOf("\0") + 1);

export function typeOfPosition(position: string): EntityType {
  const found = entityTypes.find((type) => position.startsWith(`${type}\0`));
  if (!found) throw badCursor();
  return found;
}

/** The order of strings by their UTF-8 bytes, which is that of their code points; JavaScript's own differs beyond U+FFFF. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (isSurrogate(x) !== isSurrogate(y)) return isSurrogate(x) ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

export type ListOrder = EntityQuery["order"] | "LINKS";

/** The position as an opaque text that says of which order it is. */
export const cursorOf = (order: ListOrder, position: string): string => Buffer.from(`${letters[order]}${position}`).toString("base64url");

export function positionOf(order: ListOrder, cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString();
  // Decoding forgives much; only what encodes to the same again is ours.
  if (Buffer.from(text).toString("base64url") !== cursor || text[0] !== letters[order] || !text.includes("\0")) throw badCursor();
  return text.slice(1);
}

const letters: { readonly [O in ListOrder]: string } = { NAME_ASC: "n", NAME_DESC: "N", MODIFIED_ASC: "m", MODIFIED_DESC: "M", LINKS: "l" };

const badCursor = () => new InvalidInputError("`after` must be a cursor of this list, with the same order. What was given is not.");

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
