import type { EdmType } from "../../domain/exact-properties.js";
import { midnightOf, parseWall } from "./dates.js";
import { isGuid, zeroGuid } from "./guid-order.js";
import type { Fault } from "./messages.js";
import { entityTypeNames, isWritable, paddingOf, properties } from "./properties.js";
import { badBody } from "./refusal.js";
import type { ExactSettings } from "./settings.js";
import type { Cell, Cells, RecordKind } from "./types.js";

/**
 * A body's properties as the store keeps them, in the body's order. What may not be written is left out without a word; what
 * the type doesn't have, or can't hold, is refused.
 */
export function readBody(body: unknown, kind: RecordKind, operation: "create" | "update", settings: ExactSettings): { values: Cells; faults: Fault[] } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw badBody("The request body is not a valid object.");
  const values: Cells = {};
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (name === "__metadata") continue;
    const property = properties[kind][name];
    if (!property) throw badBody(`The property name '${name}' specified for type '${entityTypeNames[kind]}' is not valid.`);
    if (property.edm === "Collection") continue;
    const cell = convert(name, value, property.edm);
    if (!isWritable(kind, name, operation)) continue;
    if (cell === null && operation === "update" && settings.nullInPut === "ignored") continue;
    const fitting = fitted(cell, kind, name, settings);
    if (fitting === undefined) faults.push({ kind: "too-long", property: name });
    else values[name] = fitting;
  }
  return { values, faults };
}

/** Undefined: too long, and that is an error here. */
function fitted(cell: Cell, kind: RecordKind, name: string, settings: ExactSettings): Cell | undefined {
  if (typeof cell !== "string") return cell;
  const isBinary = properties[kind][name]?.edm === "Binary";
  const max = settings.maxLengths[`${kind}.${name}`] ?? properties[kind][name]?.maxLength;
  const padded = paddingOf(kind, name);
  const text = padded ? cell.trim() : cell;
  if (text === "") return null;
  if (isBinary || max === undefined || text.length <= max) return (padded ?? same)(text);
  return settings.tooLong === "truncate" ? (padded ?? same)(text.slice(0, max)) : undefined;
}

const same = (text: string): string => text;

function convert(name: string, value: unknown, edm: EdmType): Cell {
  if (value === null) return null;
  const result = conversions[edm](value);
  if (result !== undefined) return result;
  throw badBody(
    `Error encountered in converting the value from request payload for property '${name}' to type '${edm}', which is the property's expected type. ` +
      "See inner exception for more detail.",
  );
}

const whole =
  (min: number, max: number) =>
  (value: unknown): number | undefined =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? value : undefined;

const conversions: Readonly<Record<EdmType, (value: unknown) => Cell | undefined>> = {
  Guid: (value) => (typeof value === "string" && isGuid(value) ? (value === zeroGuid ? null : value.toLowerCase()) : undefined),
  String: (value) => (typeof value === "string" ? value : undefined),
  Binary: (value) => (typeof value === "string" ? value : undefined),
  Boolean: (value) => (typeof value === "boolean" ? value : undefined),
  Byte: whole(0, 255),
  Int16: whole(-(2 ** 15), 2 ** 15 - 1),
  Int32: whole(-(2 ** 31), 2 ** 31 - 1),
  Int64: (value) => (typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : whole(-(2 ** 53), 2 ** 53)(value)),
  Double: (value) =>
    typeof value === "number" ? value : typeof value === "string" && value !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined,
  DateTime: readDate,
  Collection: () => undefined,
};

/** Every date that can be written is one without a time. */
function readDate(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const ticks = /^\/Date\((-?\d{1,15})\)\/$/.exec(value)?.[1];
  const wall = ticks === undefined ? parseWall(value) : Number(ticks);
  return wall === null ? undefined : midnightOf(wall);
}
