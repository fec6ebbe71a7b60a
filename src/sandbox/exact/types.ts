import type { EdmType } from "../../domain/exact-properties.js";

export const recordKinds = ["Accounts", "Contacts", "Items"] as const;
export type RecordKind = (typeof recordKinds)[number];
export const isRecordKind = (name: string): name is RecordKind => (recordKinds as readonly string[]).includes(name);

/**
 * A value as filters compare it and as the store keeps it: a time as milliseconds of the clock on the wall (but Created and
 * Modified are kept as UTC), an Int64 as a number, a guid in lower case.
 */
export type Cell = string | number | boolean | null;
export type Cells = { [property: string]: Cell };

export type PropertyTypes = Readonly<Record<string, { readonly edm: EdmType }>>;

/** A row of a list, its properties worked out as they are asked for. */
export interface RowView {
  /** For `__metadata`. */
  readonly id: string;
  cell(property: string): Cell;
}

/** Who writes: an app by the API, or a person at the page. */
export type Author = "app" | "person";
