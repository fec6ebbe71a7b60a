import { UnexpectedAnswerError } from "../../domain/errors.js";
import { limits } from "../../domain/limits.js";

export type Row = Readonly<Record<string, unknown>>;

export interface RowsPage {
  readonly rows: readonly Row[];
  /** The path and query of the next page, as Exact wrote them; null on the last page. */
  readonly next: string | null;
}

/**
 * Reads a list. Exact answers `{"d":{"results":[…],"__next"}}` or, mostly with a small `$top`, the bare `{"d":[…]}`; which of
 * them is not established, so both are read always. Anything else is no list, and must not be taken for an empty one (I11).
 */
export function parseRows(text: string, what: string): RowsPage {
  const d = envelope(text, what);
  if (Array.isArray(d)) return { rows: d.map(rowOf), next: null };
  const { results, __next } = objectOf(d, what);
  if (!Array.isArray(results)) throw unexpected(what, "a list has no `results`");
  return { rows: results.map(rowOf), next: nextOf(__next, what) };
}

/** Reads one entity: `{"d":{…}}`, as by key and after a POST. Me answers with a list of one. */
export function parseEntity(text: string, what: string): Row {
  const d = envelope(text, what);
  const list = Array.isArray(d) ? d : objectOf(d, what).results;
  if (!Array.isArray(list)) return objectOf(d, what);
  if (list.length !== 1) throw unexpected(what, `one row was expected, ${list.length} came`);
  return objectOf(list[0], what);
}

function envelope(text: string, what: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw unexpected(what, "the answer is not JSON", cause);
  }
  if (!isObject(body) || !("d" in body)) throw unexpected(what, "the answer has no `d`");
  return body.d;
}

/** What is no row reads as one without an id: its reader passes it over, and no other with it (R14). */
const rowOf = (value: unknown): Row => (isObject(value) ? value : {});

function objectOf(value: unknown, what: string): Row {
  if (!isObject(value)) throw unexpected(what, "a row is not an object");
  return value;
}

const isObject = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * `__next` is absolute. Only its path and query are used, to the letter: the token then never leaves the configured host, and
 * a host that calls itself by another name, behind a proxy, does no harm.
 */
function nextOf(next: unknown, what: string): string | null {
  if (next === undefined || next === null || next === "") return null;
  const found = typeof next === "string" ? /^(?:https?:\/\/[^/?#]+)?(\/[^\s]*)$/i.exec(next) : null;
  const path = found?.[1];
  if (!path) throw unexpected(what, "`__next` is not an address");
  const api = path.indexOf("/api/");
  if (api < 0) throw unexpected(what, "`__next` does not lead to the API");
  return path.slice(api);
}

const unexpected = (what: string, problem: string, cause?: unknown) =>
  new UnexpectedAnswerError("EXACT", `Exact Online's answer to ${what} cannot be read: ${problem}.`, { cause });

export const guidLiteral = (id: string): string => `guid'${id}'`;
export const stringLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const dateTimeLiteral = (local: string): string => `datetime'${local}'`;
export const int64Literal = (value: bigint): string => `${value}L`;

export const isGuid = (text: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);

export type Query = { readonly [option: `$${string}`]: string };

/** The path with its query, encoded. An empty `$filter=` is an error to Exact, so empty options are left out. */
export function pathWith(path: string, query: Query): string {
  const options = Object.entries(query).filter(([, value]) => value !== "");
  return options.length === 0 ? path : `${path}?${options.map(([name, value]) => `${name}=${encode(value)}`).join("&")}`;
}

/** Also the quote, which URL parsers encode by themselves, so that the length is what goes over the wire. A comma may stay. */
const encode = (value: string): string => encodeURIComponent(value).replaceAll("'", "%27").replaceAll("%2C", ",");

/**
 * Lists of ids such that each filter fits one page and its whole URL is within Exact's 6,000 characters after encoding.
 * Equal ids once. `rest` is the length of the URL without the filter.
 */
export function chunksOfIds(ids: readonly string[], property: string, rest: number): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let chunk: string[] = [];
  for (const id of new Set(ids.map((one) => one.toLowerCase()))) {
    const longer = [...chunk, id];
    const length = rest + encode(filterOfIds(longer, property)).length;
    if (chunk.length > 0 && (longer.length > limits.exact.pageSize || length > limits.exact.maxUrlLength)) {
      chunks.push(chunk);
      chunk = [id];
    } else {
      chunk = longer;
    }
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

export const filterOfIds = (ids: readonly string[], property: string): string => ids.map((id) => `${property} eq ${guidLiteral(id)}`).join(" or ");
