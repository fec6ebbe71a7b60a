import type { Entity } from "../../domain/entity.js";
import type { RecordRef, SystemRecord } from "../../domain/record.js";
import type { IsoTime } from "../../domain/words.js";
import { letterOf, nameOf } from "./packed-names.js";

/**
 * Documents as they stand in Redis, in about a third of what they take as plain JSON. An object is a list: first a text with
 * one letter for each of its members, then their values. What is empty has no value but a sign before its letter. A shadow is
 * what differs from the unified fields.
 */

type Packed = unknown[] | object;
type Members = { readonly [name: string]: unknown };

const signs = { null: "-", emptyList: "~", no: "!" } as const;
const [nullCode, emptyListCode, noCode] = Object.values(signs).map((sign) => sign.charCodeAt(0));

export function packEntity(entity: Entity): string {
  const { records, fields, shadows } = entity;
  return JSON.stringify(
    packed({
      ...entity,
      records: packed(records),
      fields: packed(fields),
      shadows: [packedShadow(shadows.CUSTOMCRM, fields), packedShadow(shadows.EXACT, fields)],
    }),
  );
}

/** What stands behind a line feed is the scripts' own. */
export function unpackEntity(text: string): Entity {
  const end = text.indexOf("\n");
  const entity = unpacked(JSON.parse(end < 0 ? text : text.slice(0, end))) as { -readonly [K in keyof Entity]: unknown };
  const fields = unpacked(entity.fields as Packed) as Entity["fields"];
  const [customcrm, exact] = entity.shadows as [PackedShadow, PackedShadow];
  entity.records = unpacked(entity.records as Packed);
  entity.fields = fields;
  entity.shadows = { CUSTOMCRM: unpackedShadow(customcrm, fields), EXACT: unpackedShadow(exact, fields) };
  return entity as Entity;
}

/** What a record's key does not say of it. */
export const packRecord = ({ modifiedAt, createdAt, etag, properties }: SystemRecord): string =>
  JSON.stringify([modifiedAt, createdAt, etag, packed(properties)]);

export function unpackRecord({ system, type, id }: RecordRef, text: string): SystemRecord {
  const [modifiedAt, createdAt, etag, properties] = JSON.parse(text) as [IsoTime | null, IsoTime | null, string | null, Packed];
  return { system, type, id, modifiedAt, createdAt, etag, properties: unpacked(properties) as SystemRecord["properties"] };
}

/** An object with a member that has no letter stays as it is. */
function packed(object: Members): Packed {
  let letters = "";
  const values: unknown[] = [];
  for (const name in object) {
    const value = object[name];
    if (value === undefined) continue;
    const letter = letterOf(name);
    if (letter === undefined) return object;
    if (value === null) letters += signs.null + letter;
    else if (value === false) letters += signs.no + letter;
    else if (Array.isArray(value) && value.length === 0) letters += signs.emptyList + letter;
    else {
      letters += letter;
      values.push(value);
    }
  }
  return [letters, ...values];
}

function unpacked(packed: Packed): Members {
  if (!Array.isArray(packed)) return packed as Members;
  const letters = packed[0] as string;
  const object: { [name: string]: unknown } = {};
  let at = 0;
  for (let i = 0; i < letters.length; i++) {
    const code = letters.charCodeAt(i);
    if (code === nullCode) object[nameOf(letters.charCodeAt(++i))] = null;
    else if (code === noCode) object[nameOf(letters.charCodeAt(++i))] = false;
    else if (code === emptyListCode) object[nameOf(letters.charCodeAt(++i))] = [];
    else object[nameOf(code)] = packed[++at];
  }
  return object;
}

/** The members that letters stand for, in order: each with the value that its sign gives it, or undefined. */
export const membersOf = (letters: string): readonly (readonly [string, unknown])[] => Object.entries(unpacked([letters]));

/** No shadow; or what differs from the fields; or, where it has other members than they have, all of it. */
type PackedShadow = null | { readonly 0: Packed; readonly 1?: "all" };

function packedShadow(shadow: Entity["fields"] | null, fields: Entity["fields"]): PackedShadow {
  if (shadow === null) return null;
  const names = Object.keys(shadow);
  if (names.length !== Object.keys(fields).length || !names.every((name) => name in fields)) return [packed(shadow), "all"];
  return [packed(Object.fromEntries(names.filter((name) => shadow[name] !== fields[name]).map((name) => [name, shadow[name]])))];
}

function unpackedShadow(shadow: PackedShadow, fields: Entity["fields"]): Entity["fields"] | null {
  if (shadow === null) return null;
  const own = unpacked(shadow[0]) as Entity["fields"];
  return shadow[1] === "all" ? own : { ...fields, ...own };
}
