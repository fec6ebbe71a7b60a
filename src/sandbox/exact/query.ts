import type { EdmType } from "../../domain/exact-properties.js";
import { tokensOf } from "./filter-lexer.js";
import { type Expression, parseFilter, propertiesOf } from "./filter-parser.js";
import { badQuery } from "./refusal.js";
import type { Resource } from "./resource.js";
import type { Cell } from "./types.js";

export interface Query {
  /** Null: all. */
  readonly select: readonly string[] | null;
  readonly expand: readonly string[];
  readonly filter: Expression | null;
  readonly orderBy: readonly { readonly name: string; readonly descending: boolean }[];
  readonly top: number | null;
  readonly skip: number;
  readonly hasSkip: boolean;
  /** The order's values of the last row of the page before. */
  readonly after: readonly Cell[] | null;
  readonly counts: boolean;
}

const options = ["$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$skiptoken", "$inlinecount"];

/** The OData options of a request for this list; 400 for what it does not take. */
export function parseQuery(query: URLSearchParams, resource: Resource): Query {
  for (const name of query.keys()) {
    if (name.startsWith("$") && !options.includes(name)) {
      throw badQuery(`The query parameter '${name}' begins with a system-reserved '$' character but is not recognized.`);
    }
    if (options.includes(name) && query.getAll(name).length > 1)
      throw badQuery(`Query parameter '${name}' is specified, but it should be specified exactly once.`);
  }
  const orderBy = parseOrder(query.get("$orderby"), resource);
  const top = count(query.get("$top"), "$top");
  if (query.has("$skip") && resource.refusesSkip) throw badQuery("The query parameter '$skip' is not supported for this resource. Use '$skiptoken' instead.");
  return {
    select: parseSelect(query.get("$select"), top, resource),
    expand: names(query.get("$expand")).map((name) => checkExpand(name, resource)),
    filter: parseFilterOf(query.get("$filter"), resource),
    orderBy,
    top,
    skip: count(query.get("$skip"), "$skip") ?? 0,
    hasSkip: query.has("$skip"),
    after: parseToken(query.get("$skiptoken"), keyTerms(orderBy, resource), resource),
    counts: parseInlineCount(query.get("$inlinecount")),
  };
}

/** The order that makes each row's place certain: what was asked for, then the list's own. */
export function keyTerms(orderBy: Query["orderBy"], resource: Resource): Query["orderBy"] {
  return orderBy.some(({ name }) => name === resource.order) ? orderBy : [...orderBy, { name: resource.order, descending: false }];
}

/** $select alone, for a row read by its key. */
export function parseSelect(text: string | null, top: number | null, resource: Resource): readonly string[] | null {
  if (text === null || text.trim() === "") {
    if (resource.needsSelect && top !== 1) throw badQuery("Please add a $select or a $top=1 statement to the query string.");
    return null;
  }
  const selected = names(text);
  if (selected.includes("*")) {
    if (resource.refusesSelectAll) throw badQuery("The use of $select=* is not supported for this resource.");
    return null;
  }
  for (const name of selected) requireProperty(name, resource);
  return selected;
}

function parseFilterOf(text: string | null, resource: Resource): Expression | null {
  const mandatory = resource.mandatoryFilter;
  if (text === null) {
    if (mandatory) throw badQuery(mandatoryFilterText(mandatory));
    return null;
  }
  const filter = parseFilter(text, resource.properties, resource.typeName);
  const used = propertiesOf(filter);
  const refused = [...new Set(used)].filter((name) => !resource.canFilter(name));
  if (refused.length > 0) throw badQuery(`Filtering on these fields is not supported: ${refused.join(", ")}`);
  if (mandatory && !used.some((name) => mandatory.includes(name))) throw badQuery(mandatoryFilterText(mandatory));
  return filter;
}

const mandatoryFilterText = (fields: readonly string[]): string =>
  `This endpoint has mandatory filtering applied. Please add a $filter statement with at least one of these fields to the query string: ${fields.join(", ")}`;

function parseOrder(text: string | null, resource: Resource): Query["orderBy"] {
  return names(text).map((term) => {
    const [name = "", direction = "asc", ...rest] = term.split(/\s+/);
    if (rest.length > 0 || (direction !== "asc" && direction !== "desc")) throw badQuery();
    requireProperty(name, resource);
    return { name, descending: direction === "desc" };
  });
}

/** One literal for each part of the order, each of its type. */
function parseToken(text: string | null, terms: Query["orderBy"], resource: Resource): readonly Cell[] | null {
  if (text === null) return null;
  const tokens = tokensOf(text);
  const values = terms.map(({ name }, index) => {
    const [token, separator] = [tokens[index * 2], tokens[index * 2 + 1]];
    const isPlace = token?.kind === "literal" && (token.type === "Null" || fitsType(token.type, resource.properties[name]?.edm));
    if (!isPlace || separator?.kind !== (index === terms.length - 1 ? "end" : ",")) throw badQuery("Error in query syntax: $skiptoken.");
    return token.value;
  });
  return values;
}

const numbers: readonly (EdmType | undefined)[] = ["Byte", "Int16", "Int32", "Int64", "Double"];
const fitsType = (type: string, edm: EdmType | undefined): boolean => type === edm || (numbers.includes(type as EdmType) && numbers.includes(edm));

function parseInlineCount(text: string | null): boolean {
  if (text !== null && text !== "allpages" && text !== "none") throw badQuery(`Unknown $inlinecount option '${text}'; use 'allpages' or 'none'.`);
  return text === "allpages";
}

function checkExpand(name: string, resource: Resource): string {
  if (resource.expandable?.includes(name)) return name;
  requireProperty(name, resource);
  throw badQuery(`The property '${name}' cannot be expanded.`);
}

function requireProperty(name: string, resource: Resource): void {
  if (!Object.hasOwn(resource.properties, name)) throw badQuery(`No property '${name}' exists in type '${resource.typeName}' at position 0.`);
}

function count(text: string | null, option: string): number | null {
  if (text === null) return null;
  if (!/^\d{1,9}$/.test(text)) throw badQuery(`Incorrect format for ${option} argument '${text}'.`);
  return Number(text);
}

const names = (text: string | null): string[] =>
  (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
