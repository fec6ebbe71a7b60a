import { folded } from "../../domain/canonical.js";
import { InvalidInputError } from "../../domain/errors.js";
import { exactProperties } from "../../domain/exact-properties.js";
import type { ExactType, IsoTime } from "../../domain/words.js";
import type { Condition } from "../connector.js";
import { literalOfWall, parseWireDate, type WallClock } from "./dates.js";
import { dateTimeLiteral, guidLiteral, isGuid, pathWith, type Row, stringLiteral } from "./odata.js";
import { places } from "./places.js";
import { selectOf } from "./properties.js";

/** A search as one filter, and what must be compared afterwards. */
export interface Search {
  readonly endpoint: string;
  readonly path: string;
  /** Whether a row that Exact found fits all of it. */
  readonly fits: (row: Row) => boolean;
  /** False: the filter does not hold all conditions, so that all pages must be read to know that nothing fits. */
  readonly isComplete: boolean;
}

/**
 * Accounts and items are searched where filters are documented, with at least one of them, as `crm/Accounts` may demand one. Contacts
 * filter on their account and id only, and a thousand a page in bulk; the rest is compared here. A search for contacts without
 * either reads them all, so callers had better know the account.
 */
export function searchOf(type: ExactType, division: number, where: readonly Condition[], createdSince: IsoTime | null, clock: WallClock): Search {
  for (const { property } of where) {
    const isKnown = Object.hasOwn(exactProperties[type], property);
    if (!isKnown) throw new InvalidInputError(`Exact Online's ${type} cannot be searched by ${property}: there is no such property.`);
  }
  const sinceWall = createdSince === null ? null : clock.earliestWall(Date.parse(createdSince));
  const filters = where.filter(({ property }) => isFilterable(type, property));
  const terms = filters.map((condition) => termOf(type, condition));
  if (type !== "Contacts" && sinceWall !== null) terms.push(`Created ge ${dateTimeLiteral(literalOfWall(sinceWall))}`);
  const rest = where.filter((condition) => !filters.includes(condition));
  const isBulk = type === "Contacts" || terms.length === 0;
  const endpoint = isBulk ? places[type].bulk : places[type].one;
  const selected = selectOf(type).split(",");
  const compared = rest.map(({ property }) => property).filter((property) => !selected.includes(property));
  return {
    endpoint,
    path: pathWith(`/api/v1/${division}/${endpoint}`, { $select: selectOf(type, compared), $filter: terms.join(" and ") }),
    fits: (row) => isCreatedSince(row, sinceWall) && rest.every((condition) => equals(row[condition.property], condition.equals)),
    isComplete: rest.length === 0 && (sinceWall === null || type !== "Contacts"),
  };
}

const contactFilters = ["Account", "ID"];
const isFilterable = (type: ExactType, property: string): boolean =>
  type === "Contacts" ? contactFilters.includes(property) : (exactProperties[type][property]?.flags.includes("f") ?? false);

/** Exact pads some texts to a fixed width, and what a filter must say then is not the same for each. */
function termOf(type: ExactType, { property, equals: value }: Condition): string {
  const known = exactProperties[type][property];
  switch (known?.edm) {
    case "Guid":
      if (!isGuid(value)) throw new InvalidInputError(`Exact Online's ${type}.${property} is searched by a guid.`);
      return `${property} eq ${guidLiteral(value.toLowerCase())}`;
    case "Boolean":
      return `${property} eq ${value === "true"}`;
    case "String":
      break;
    default:
      throw new InvalidInputError(`Exact Online's ${type}.${property} is not searched by equality.`);
  }
  const text = value.trim();
  // Padded on the left, and the spaces belong to the value.
  if (property === "Code" && type !== "Items") return `Code eq ${stringLiteral(text.padStart(codeWidth, " "))}`;
  if (property === "SearchCode") return `trim(SearchCode) eq ${stringLiteral(text)}`;
  const width = paddedRight[property];
  // Padded on the right; whether the comparison sees that is not established, so both are asked for.
  if (width !== undefined && text.length < width) {
    return `(${property} eq ${stringLiteral(text)} or ${property} eq ${stringLiteral(text.padEnd(width, " "))})`;
  }
  return `${property} eq ${stringLiteral(text)}`;
}

const codeWidth = 18;
const paddedRight: Readonly<Record<string, number>> = { Country: 3, State: 3, Language: 10 };

/** As a database compares that is blind to case and to spaces at the end. */
const equals = (value: unknown, wanted: string): boolean => typeof value !== "object" && folded(String(value ?? "")) === folded(wanted);

/** Compares wall clocks, so that autumn's repeated hour hides nothing. */
function isCreatedSince(row: Row, sinceWall: number | null): boolean {
  const wall = parseWireDate(row.Created);
  return sinceWall === null || wall === null || wall >= Math.floor(sinceWall / 1000) * 1000;
}
