import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import type { Dataflow, DataflowRow } from "../../domain/dataflow.js";
import type { ConflictPolicy, Direction } from "../../domain/words.js";

/** What merges as one field: a single row, or the rows of a group such as an address (R3). */
export interface Unit {
  readonly name: string;
  readonly rows: readonly DataflowRow[];
  readonly direction: Direction;
  readonly policy: ConflictPolicy;
}

const known = new WeakMap<Dataflow, readonly Unit[]>();

/** The units of a dataflow, which does not change. Rows of a group that a site gave another direction or policy merge apart. */
export function unitsOf(flow: Dataflow): readonly Unit[] {
  const units = known.get(flow) ?? unitsIn(flow);
  known.set(flow, units);
  return units;
}

function unitsIn(flow: Dataflow): readonly Unit[] {
  const units = new Map<string, { name: string; rows: DataflowRow[]; direction: Direction; policy: ConflictPolicy }>();
  for (const row of flow.rows) {
    const key = row.group ? `${row.group} ${row.direction} ${row.policy}` : row.field;
    const unit = units.get(key);
    if (unit) unit.rows.push(row);
    else units.set(key, { name: row.group ?? row.field, rows: [row], direction: row.direction, policy: row.policy });
  }
  return [...units.values()];
}

/** These fields only; those that `fields` does not name are left out. */
export function pick(fields: Fields, names: readonly string[]): Fields {
  const picked: Record<string, CanonicalValue> = {};
  for (const name of names) if (name in fields) picked[name] = fields[name] ?? null;
  return picked;
}

/** These fields, null where there is no value. */
export function valuesOf(fields: Fields, unit: Unit): Fields {
  const values: Record<string, CanonicalValue> = {};
  for (const { field } of unit.rows) values[field] = fields[field] ?? null;
  return values;
}

/** The same, or null when one of them is not known: half a base is no base (R4). */
export const baseOf = (shadow: Fields | null, unit: Unit): Fields | null =>
  shadow !== null && unit.rows.every((row) => row.field in shadow) ? valuesOf(shadow, unit) : null;

export const equal = (a: CanonicalValue | undefined, b: CanonicalValue | undefined): boolean => (a ?? null) === (b ?? null);

export function same(a: Fields, b: Fields): boolean {
  for (const field in a) if (!equal(a[field], b[field])) return false;
  for (const field in b) if (!(field in a) && !equal(undefined, b[field])) return false;
  return true;
}

export function differing(a: Fields, b: Fields): readonly string[] {
  const fields: string[] = [];
  for (const field in a) if (!equal(a[field], b[field])) fields.push(field);
  for (const field in b) if (!(field in a) && !equal(undefined, b[field])) fields.push(field);
  return fields;
}
