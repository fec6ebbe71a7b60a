import { InvalidInputError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import type { MaxAge } from "./record-loaders.js";

/** How many items a page is to have. Out of bounds is an error, never clamped: a client must not take a short page for the whole. */
export function firstOf(first: number | null | undefined, usual: number = limits.list.defaultFirst): number {
  const wanted = first ?? usual;
  const { maxFirst } = limits.list;
  if (wanted >= 1 && wanted <= maxFirst) return wanted;
  throw new InvalidInputError(`\`first\` must be between 1 and ${maxFirst}; got ${wanted}.`, { excess: { what: "first", got: wanted, limit: maxFirst } });
}

/** Throws when a list of ids is longer than `limit`; `more` says what to do instead. */
export function checkIds(ids: readonly unknown[], limit: number, more = ""): void {
  if (ids.length <= limit) return;
  throw new InvalidInputError(`\`ids\` takes at most ${limit} ids; got ${ids.length}.${more}`, { excess: { what: "ids", got: ids.length, limit } });
}

export function maxAgeOf(maxAge: number | null | undefined): MaxAge {
  if (maxAge === null || maxAge === undefined) return null;
  if (maxAge < 0) throw new InvalidInputError(`\`maxAge\` must be 0 or more seconds; got ${maxAge}.`);
  return maxAge;
}

/** The one member that a @oneOf input gives. */
export function oneOf<K extends string>(
  input: { readonly [P in K]?: string | null },
  names: readonly K[],
  what: string,
): { readonly name: K; readonly value: string } {
  const given = names.flatMap((name) => {
    const value = input[name];
    return typeof value === "string" ? [{ name, value }] : [];
  });
  const [only] = given;
  if (!only || given.length > 1) {
    const came = given.length === 0 ? "none" : given.map(({ name }) => name).join(" and ");
    throw new InvalidInputError(`\`${what}\` takes exactly one of ${names.join(", ")}; got ${came}.`);
  }
  return only;
}
