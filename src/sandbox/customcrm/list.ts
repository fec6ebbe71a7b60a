import type { CustomcrmType } from "../../domain/words.js";
import { badRequest, type Problem } from "./problem.js";
import { type CustomcrmSettings, contract } from "./settings.js";
import type { StoredRecord } from "./state.js";

export interface ListPage {
  readonly records: readonly StoredRecord[];
  readonly nextCursor: string | null;
}

type Filters = Readonly<Partial<Record<FilterName, string>>>;
const filterNames = ["ids", "modifiedSince", "email", "name", "customerId", "externalId"] as const;
type FilterName = (typeof filterNames)[number];

/** Where a page ended, and what was asked for: the next page needs nothing else. */
interface Cursor {
  readonly type: CustomcrmType;
  readonly filters: Filters;
  readonly after: readonly [modifiedAt: number, id: string];
  readonly issuedAt: number;
}

/** One page of a collection in the order of (ModifiedAt, Id). */
export function listPage(records: readonly StoredRecord[], type: CustomcrmType, query: URLSearchParams, settings: CustomcrmSettings, now: number): ListPage {
  const limit = limitOf(query, contract.list.defaultLimit, contract.list.maxLimit);
  refuseUnknown(query, [...filterNames.filter((name) => settings.capabilities.ids || name !== "ids"), "limit", "cursor"]);
  const cursor = cursorOf(query, type, now, settings);
  const filters = filtersOf(query, type, cursor);
  const matching = records.filter(matcherOf(filters)).sort(inOrder);
  const rest = cursor ? matching.filter((record) => compare(record, cursor.after) > 0) : matching;
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { records: page, nextCursor: last && rest.length > limit ? encode({ type, filters, after: [last.modifiedAt, last.id], issuedAt: now }) : null };
}

/** Refuses parameters that the operation does not have. */
export function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) if (!known.includes(name)) throw invalid(name, `There is no parameter ${name} here.`);
}

export function limitOf(query: URLSearchParams, byDefault: number, most: number): number {
  const text = query.get("limit");
  if (text === null) return byDefault;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > most) throw invalid("limit", `limit must be a whole number from 1 to ${most}.`);
  return limit;
}

export const invalid = (parameter: string, message: string): Problem =>
  badRequest("invalid-parameter", message, [{ property: parameter, code: "invalid-parameter", message }]);

function filtersOf(query: URLSearchParams, type: CustomcrmType, cursor: Cursor | null): Filters {
  const given: Filters = Object.fromEntries(filterNames.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ""]] : [])));
  if (cursor) {
    // A cursor knows its filters; they may be repeated, not changed.
    for (const name of filterNames)
      if (given[name] !== undefined && given[name] !== cursor.filters[name]) throw invalid(name, "A cursor goes on with the filters of its first page.");
    return cursor.filters;
  }
  if (given.ids !== undefined && Object.keys(given).length > 1) throw invalid("ids", "ids excludes the other filters.");
  if (given.ids !== undefined && given.ids.split(",").length > contract.idsPerCall) throw invalid("ids", `ids takes at most ${contract.idsPerCall} Ids.`);
  if (given.customerId !== undefined && type === "Customer") throw invalid("customerId", "customerId filters contacts and products only.");
  if (given.modifiedSince !== undefined && Number.isNaN(timeOf(given.modifiedSince))) throw invalid("modifiedSince", "modifiedSince must be an RFC 3339 time.");
  return given;
}

function matcherOf(filters: Filters): (record: StoredRecord) => boolean {
  const ids = filters.ids === undefined ? null : new Set(filters.ids.split(","));
  const since = filters.modifiedSince === undefined ? null : timeOf(filters.modifiedSince);
  const email = filters.email?.toLowerCase();
  const name = filters.name?.toLowerCase();
  return ({ id, type, modifiedAt, values }) =>
    (ids === null || ids.has(id)) &&
    (since === null || modifiedAt >= since) &&
    (email === undefined || values.Email?.toLowerCase() === email) &&
    (name === undefined || (values[type === "Contact" ? "LastName" : "Name"] ?? "").toLowerCase().startsWith(name)) &&
    (filters.customerId === undefined || values.CustomerId === filters.customerId) &&
    (filters.externalId === undefined || values.ExternalId === filters.externalId);
}

/** NaN for anything but an RFC 3339 date-time. */
function timeOf(text: string): number {
  return /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
}

function cursorOf(query: URLSearchParams, type: CustomcrmType, now: number, settings: CustomcrmSettings): Cursor | null {
  const text = query.get("cursor");
  if (text === null) return null;
  const cursor = decode(text);
  if (cursor?.type !== type) throw invalid("cursor", "cursor is not one of this collection.");
  if (now - cursor.issuedAt > settings.cursorLifeSeconds * 1000) throw invalid("cursor", "The cursor is too old; start again from the first page.");
  return cursor;
}

const encode = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString("base64url");

function decode(text: string): Cursor | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return isCursor(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isCursor(value: unknown): value is Cursor {
  const cursor = value as Partial<Cursor> | null;
  return (
    typeof cursor === "object" &&
    cursor !== null &&
    Array.isArray(cursor.after) &&
    cursor.after.length === 2 &&
    typeof cursor.filters === "object" &&
    typeof cursor.issuedAt === "number"
  );
}

const inOrder = (a: StoredRecord, b: StoredRecord): number => compare(a, [b.modifiedAt, b.id]);

function compare(record: StoredRecord, [modifiedAt, id]: readonly [number, string]): number {
  if (record.modifiedAt !== modifiedAt) return record.modifiedAt - modifiedAt;
  return record.id === id ? 0 : record.id < id ? -1 : 1;
}
