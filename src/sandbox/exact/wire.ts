import type { EdmType } from "../../domain/exact-properties.js";
import { wallText } from "./dates.js";
import type { Resource } from "./resource.js";
import type { Cell, RowView } from "./types.js";

export interface Place {
  /** Where the caller reached the service. */
  readonly origin: string;
  readonly division: number;
}

export type WireRow = Readonly<Record<string, unknown>>;

/** A row as verbose JSON. */
export function wireRow(row: RowView, resource: Resource, select: readonly string[] | null, expand: readonly string[], place: Place): WireRow {
  const uri = `${place.origin}/api/v1/${place.division}/${resource.path}(${literal(row.cell(resource.key), edmOf(resource, resource.key))})`;
  const wire: Record<string, unknown> = { __metadata: { uri, type: resource.typeName } };
  for (const name of select ?? Object.keys(resource.properties)) {
    const edm = edmOf(resource, name);
    wire[name] = edm === "Collection" ? collection(name, uri, expand) : wireValue(row.cell(name), edm);
  }
  return wire;
}

/** A created row without `Prefer: return=representation`: its ID, and null for everything else, also for what was just sent. */
export function bareCreated(row: RowView, resource: Resource, place: Place): WireRow {
  const empty: RowView = { id: row.id, cell: (name) => (name === resource.key ? row.cell(name) : null) };
  return wireRow(empty, resource, null, [], place);
}

function wireValue(value: Cell, edm: EdmType): Cell {
  if (value === null) return null;
  if (edm === "DateTime") return `/Date(${value})/`;
  return edm === "Int64" ? String(value) : value;
}

/** As filters, addresses and page tokens write a value. */
export function literal(value: Cell, edm: EdmType): string {
  if (value === null) return "null";
  if (edm === "Guid") return `guid'${value}'`;
  if (edm === "DateTime") return `datetime'${wallText(Number(value))}'`;
  if (edm === "Int64") return `${value}L`;
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

export function edmOf(resource: Resource, name: string): EdmType {
  const known = resource.properties[name];
  if (!known) throw new Error(`${resource.path} has no property ${name}.`);
  return known.edm;
}

function collection(name: string, uri: string, expand: readonly string[]): unknown {
  return expand.includes(name) ? { results: [] } : { __deferred: { uri: `${uri}/${name}` } };
}
