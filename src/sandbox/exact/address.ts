import { decoded } from "../kit/index.js";
import { isGuid } from "./guid-order.js";

/** What a path below `/api/v1` names. */
export interface Address {
  /** Null: a path without one, as `current/Me`. */
  readonly division: number | null;
  /** As `crm/Accounts`, case as sent. */
  readonly resource: string;
  /** What stands in the brackets; null: there are none. */
  readonly key: string | null;
  readonly isCount: boolean;
}

/** Null: not a path of the API. */
export function parseAddress(path: string): Address | null {
  const found = /^\/api\/v1\/(?:(\d{1,10})\/)?([A-Za-z][A-Za-z/]*(?:\/\$metadata)?)(?:\((.*)\))?(\/\$count)?$/.exec(decoded(path));
  if (!found?.[2]) return null;
  const [, division, resource, key, count] = found;
  return { division: division === undefined ? null : Number(division), resource, key: key ?? null, isCount: count !== undefined };
}

/** The guid of `(guid'…')`; null: the key is no guid. */
export function guidOfKey(key: string): string | null {
  const guid = /^(?:ID=)?guid'([^']*)'$/.exec(key)?.[1] ?? "";
  return isGuid(guid) ? guid.toLowerCase() : null;
}

/** For the counts of the call log. */
export function routeTemplate(path: string): string {
  const address = parseAddress(path);
  if (!address) return path;
  const division = address.division === null ? "" : "{division}/";
  return `/api/v1/${division}${address.resource}${address.key === null ? "" : "(guid)"}${address.isCount ? "/$count" : ""}`;
}
