import { InvalidInputError, UnexpectedAnswerError } from "../../domain/errors.js";
import { type EdmType, exactProperties } from "../../domain/exact-properties.js";
import type { Properties, PropertyValue, SystemRecord } from "../../domain/record.js";
import { type ExactType, isoTime } from "../../domain/words.js";
import { dateOfWall, encodeDate, parseWireDate, type WallClock } from "./dates.js";
import { isGuid, type Row } from "./odata.js";
import { neverWritten, recordProperties, type WritableProperty, type WriteKind } from "./properties.js";

/** A row as a record: padding trimmed, "" as null, dates in UTC. Properties that were not asked for are ignored. */
export function decodeRow(type: ExactType, row: Row, clock: WallClock): SystemRecord {
  const table = exactProperties[type];
  const properties: Record<string, PropertyValue> = {};
  for (const name of recordProperties[type]) properties[name] = decodeValue(table[name]?.edm ?? "String", row[name], `${type}.${name}`);
  return {
    system: "EXACT",
    type,
    id: idOf(row, type),
    modifiedAt: instantOf(row.Modified, clock),
    createdAt: instantOf(row.Created, clock),
    etag: null,
    properties,
  };
}

export function idOf(row: Row, what: string): string {
  const id = readableId(row);
  if (id !== null) return id;
  throw new UnexpectedAnswerError("EXACT", `Exact Online sent a row of ${what} without an ID.`);
}

/** The id of a row of which something else may be wrong. */
export const readableId = (row: Row): string | null => (typeof row.ID === "string" && isGuid(row.ID) ? row.ID.toLowerCase() : null);

/** An Int64 comes as a string; a number is taken too, as long as it is exact. */
export function int64Of(value: unknown, what: string): bigint {
  if (typeof value === "string" && /^\d{1,19}$/.test(value)) return BigInt(value);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw new UnexpectedAnswerError("EXACT", `Exact Online sent a row of ${what} without a whole number in it.`);
}

export function instantOf(value: unknown, clock: WallClock): string | null {
  const wallMs = parseWireDate(value);
  return wallMs === null ? null : isoTime(clock.toUtc(wallMs));
}

/** A value of another type than Exact's own would be taken for an edit by a person, so that it makes its row unreadable. */
function decodeValue(edm: EdmType, value: unknown, what: string): PropertyValue {
  if (value === null || value === undefined) return null;
  const no = (kind: string) => new UnexpectedAnswerError("EXACT", `Exact Online sent ${what} in a form that is no ${kind}.`);
  switch (edm) {
    case "DateTime": {
      const wallMs = parseWireDate(value);
      if (wallMs === null) throw no("date");
      return dateOfWall(wallMs);
    }
    case "Guid":
      if (value === "") return null;
      if (typeof value !== "string" || !isGuid(value)) throw no("id");
      return value.toLowerCase();
    case "Boolean":
      return typeof value === "boolean" ? value : value === 1 || value === "true";
    case "Int16":
    case "Int32":
    case "Byte":
    case "Double":
      if ((typeof value !== "number" && typeof value !== "string") || !Number.isFinite(Number(value))) throw no("number");
      return Number(value);
    default: {
      if (typeof value !== "string" && !(edm === "Int64" && typeof value === "number")) throw no("text");
      const text = String(value).trim();
      return text === "" ? null : text;
    }
  }
}

/**
 * The body of a create or an update. Written through this face, a property that Exact lacks, ignores or that does harm does not
 * compile; `encode` refuses the same when it runs.
 */
export function encodeTyped<T extends ExactType, K extends WriteKind>(
  type: T,
  kind: K,
  properties: { readonly [P in WritableProperty<T, K>]?: PropertyValue },
  clock: WallClock,
): Properties {
  const given: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries<PropertyValue | undefined>(properties)) if (value !== undefined) given[name] = value;
  return encode(type, kind, given, clock);
}

/** null clears a property in an update, and is left out of a create. */
export function encode(type: ExactType, kind: WriteKind, properties: Properties, clock: WallClock): Properties {
  const body: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries(properties)) {
    const property = Object.hasOwn(exactProperties[type], name) ? exactProperties[type][name] : undefined;
    if (!property) throw refused(type, name, "Exact Online has no such property");
    const isWritable = property.flags.includes(kind === "create" ? "c" : "u") && property.edm !== "Collection";
    if (!isWritable) throw refused(type, name, "Exact Online ignores it in what is written");
    const isDangerous = (neverWritten[type][kind] as readonly string[]).includes(name);
    if (isDangerous) throw refused(type, name, `it is never sent in ${kind === "create" ? "a create" : "an update"}, as it changes or breaks something else`);
    const encoded = value === null || value === "" ? null : encodeValue(type, name, property.edm, value, clock);
    if (encoded !== null || kind === "update") body[name] = encoded;
  }
  return body;
}

function encodeValue(type: ExactType, name: string, edm: EdmType, value: Exclude<PropertyValue, null>, clock: WallClock): PropertyValue {
  switch (edm) {
    case "DateTime": {
      const encoded = encodeDate(String(value), clock);
      if (encoded === null) throw refused(type, name, "a date (YYYY-MM-DD) or a time with a zone was expected");
      return encoded;
    }
    case "Guid":
      if (!isGuid(String(value))) throw refused(type, name, "a guid was expected");
      return String(value).toLowerCase();
    case "Boolean":
      if (typeof value !== "boolean") throw refused(type, name, "true or false was expected");
      return value;
    case "Int16":
    case "Int32":
    case "Byte":
      if (typeof value !== "number" || !Number.isInteger(value)) throw refused(type, name, "a whole number was expected");
      return value;
    case "Double":
      if (typeof value !== "number" || !Number.isFinite(value)) throw refused(type, name, "a number was expected");
      return value;
    default:
      return String(value);
  }
}

const refused = (type: ExactType, name: string, why: string) => new InvalidInputError(`${type}.${name} cannot be written to Exact Online: ${why}.`);
