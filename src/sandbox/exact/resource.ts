import type { PropertyTypes, RowView } from "./types.js";

/** A list that can be queried. */
export interface Resource {
  /** Below the division, as `crm/Accounts`. */
  readonly path: string;
  /** As `__metadata` and errors name the type of its rows. */
  readonly typeName: string;
  readonly properties: PropertyTypes;
  readonly pageSize: number;
  /** The property whose value is in a row's address, and that lists are ordered and paged by unless they say otherwise. */
  readonly key: string;
  readonly order: string;
  /** All rows, or those of them that have one of the ids, in any order. */
  rows(ids: ReadonlySet<string> | null): Iterable<RowView>;
  canFilter(property: string): boolean;
  /** A filter must name one of these. */
  readonly mandatoryFilter?: readonly string[];
  readonly needsSelect?: boolean;
  readonly refusesSelectAll?: boolean;
  readonly refusesSkip?: boolean;
  readonly expandable?: readonly string[];
  /** Never a bare array. */
  readonly alwaysInResults?: boolean;
}
