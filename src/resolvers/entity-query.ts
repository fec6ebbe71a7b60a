import { folded } from "../domain/canonical.js";
import type { EntityType, IsoTime, LinkState } from "../domain/words.js";
import type { TextFilter } from "../schema/filter.input.js";
import type { EntityQuery } from "../store/store.js";
import { termOf } from "../sync/index-entry.js";
import { oneOf } from "./arguments.js";

/** The filters of all three lists; each has its own part of them. */
export interface Filter {
  readonly name?: TextFilter | null;
  readonly state?: readonly LinkState[] | null;
  readonly modifiedAfter?: Date | IsoTime | null;
  readonly email?: string | null;
  readonly country?: string | null;
  readonly postcode?: string | null;
  readonly vatNumber?: string | null;
  readonly chamberOfCommerce?: string | null;
  readonly number?: string | null;
  readonly accountId?: string | null;
}

const termFilters = ["email", "country", "postcode", "vatNumber", "chamberOfCommerce", "number", "accountId"] as const;

/** What the store is asked for; null when nothing can fit. A filter given as null is no filter. */
export function entityQueryOf(type: EntityType, filter: Filter | null | undefined, orderBy: EntityQuery["order"] | null | undefined): EntityQuery | null {
  const given = filter ?? {};
  const terms: Record<string, string> = {};
  for (const name of termFilters) {
    const value = given[name];
    if (value === null || value === undefined) continue;
    const term = termOf(name, value);
    // Nothing but spaces and punctuation: no value reads like that.
    if (term === null) return null;
    terms[name] = term;
  }
  if (given.state?.length === 0) return null;
  const name = given.name ? nameFilter(given.name) : null;
  return {
    type,
    terms,
    order: orderBy ?? "NAME_ASC",
    ...(name ? { name } : {}),
    ...(given.state ? { states: given.state } : {}),
    ...(given.modifiedAfter ? { modifiedAfter: new Date(given.modifiedAfter).toISOString() } : {}),
  };
}

function nameFilter(filter: TextFilter): NonNullable<EntityQuery["name"]> | null {
  const { name, value } = oneOf(filter, ["equals", "startsWith"], "name");
  if (name === "equals") return { equals: value };
  // Every name starts with nothing.
  return folded(value) === "" ? null : { startsWith: value };
}
