import { fits, idsOf, orderOf, sortKey } from "./filter.js";
import { keyTerms, parseQuery, type Query } from "./query.js";
import type { Resource } from "./resource.js";
import type { Cell, RowView } from "./types.js";
import { edmOf, literal, type Place, type WireRow, wireRow } from "./wire.js";

export interface ListPage {
  readonly rows: readonly WireRow[];
  /** The next page's address; null: there is none. */
  readonly next: string | null;
  /** Of all that fit; null if it was not asked for. */
  readonly count: number | null;
  readonly isBareArray: boolean;
}

/** One page of a list. Pages follow each other by the last row's place in the order, so rows that come in behind it are missed. */
export function readList(query: URLSearchParams, resource: Resource, place: Place, bareArrays: boolean): ListPage {
  const asked = parseQuery(query, resource);
  const terms = keyTerms(asked.orderBy, resource);
  const fitting = matching(resource, asked.filter);
  const placed = fitting.map((row) => ({ row, keys: terms.map(({ name }) => sortable(row.cell(name), resource, name)) }));
  const compare = orderBy(terms);
  const after = asked.after?.map((cell, index) => sortable(cell, resource, terms[index]?.name ?? ""));
  const rest = (after ? placed.filter(({ keys }) => compare(keys, after) > 0) : placed).sort((a, b) => compare(a.keys, b.keys)).slice(asked.skip);
  const size = Math.min(resource.pageSize, asked.top ?? Number.POSITIVE_INFINITY);
  const page = rest.slice(0, size).map(({ row }) => row);
  const last = page.at(-1);
  const hasNext = last !== undefined && rest.length > size && (asked.top === null || asked.top > size);
  return {
    rows: page.map((row) => wireRow(row, resource, asked.select, asked.expand, place)),
    next: hasNext ? nextAddress(query, resource, place, asked, terms, last) : null,
    count: asked.counts ? fitting.length : null,
    isBareArray: bareArrays && !resource.alwaysInResults && asked.top !== null && asked.top <= 60 && !asked.hasSkip && !asked.counts,
  };
}

/** How many rows fit, over all pages. */
export const countList = (query: URLSearchParams, resource: Resource): number =>
  matching(resource, parseQuery(query, { ...resource, needsSelect: false }).filter).length;

function matching(resource: Resource, filter: Query["filter"]): RowView[] {
  const rows = [...resource.rows(filter && idsOf(filter))];
  return filter ? rows.filter((row) => fits(row, filter)) : rows;
}

type Terms = Query["orderBy"];

function orderBy(terms: Terms): (a: readonly Cell[], b: readonly Cell[]) => number {
  return (a, b) => {
    for (let index = 0; index < terms.length; index++) {
      const order = orderOf(a[index] ?? null, b[index] ?? null);
      if (order !== 0) return terms[index]?.descending ? -order : order;
    }
    return 0;
  };
}

/** Made once a row, as rows are compared often. */
const sortable = (cell: Cell, resource: Resource, name: string): Cell => sortKey(cell, edmOf(resource, name));

/** Keeps what was asked for, lowers $top by what was given, and ends with the last row's place. */
function nextAddress(query: URLSearchParams, resource: Resource, place: Place, asked: Query, terms: Terms, last: RowView): string {
  const options = ["$select", "$expand", "$filter", "$orderby"].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [`${name}=${encoded(value)}`];
  });
  if (asked.top !== null) options.push(`$top=${asked.top - resource.pageSize}`);
  if (asked.counts) options.push("$inlinecount=allpages");
  const token = terms.map(({ name }) => encoded(literal(last.cell(name), edmOf(resource, name))));
  return `${place.origin}/api/v1/${place.division}/${resource.path}?${[...options, `$skiptoken=${token.join(",")}`].join("&")}`;
}

const encoded = (text: string): string => encodeURIComponent(text).replaceAll("%2C", ",");
