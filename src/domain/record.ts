import type { IsoTime, RecordType, System } from "./words.js";

/** A property's value as the connectors give it: padding trimmed, "" read as null, times in UTC, dates as YYYY-MM-DD. */
export type PropertyValue = string | number | boolean | null;
export type Properties = { readonly [property: string]: PropertyValue };

/** One row of one system, under its own property names. */
export interface SystemRecord {
  readonly system: System;
  readonly type: RecordType;
  readonly id: string;
  /** For display and for NEWEST only; never evidence of a change (R2). */
  readonly modifiedAt: IsoTime | null;
  readonly createdAt: IsoTime | null;
  /** Customcrm's ETag; null where the system has none. */
  readonly etag: string | null;
  readonly properties: Properties;
}

export interface RecordRef {
  readonly system: System;
  readonly type: RecordType;
  readonly id: string;
}

/** One string for one record, for maps and sets. */
export const refKey = (ref: RecordRef): string => `${ref.system}:${ref.type}:${ref.id}`;
