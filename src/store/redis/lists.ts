import type { Entity } from "../../domain/entity.js";
import { type EntityType, entityTypes, type LinkState, linkStates } from "../../domain/words.js";
import { compareBytes, cursorOf, idOfPosition, type ListOrder, linkPosition, positionOf, typeOfPosition } from "../cursors.js";
import { sortableTime, wantedName, wantedTerm } from "../indexed.js";
import type { Keys } from "../keys.js";
import type { EntityPage, EntityQuery, PageQuery } from "../store.js";
import { type Connection, Script } from "./connection.js";
import { asList, asTexts, entitiesOf, entityIn } from "./replies.js";
import { together } from "./together.js";

const scripts = { list: new Script("list"), links: new Script("links"), pages: new Script("pages") };

/** Where the entities of a page stand, and their documents. An entity that was removed in between has none. */
export interface StoredPage {
  readonly positions: readonly Buffer[];
  readonly documents: readonly (Buffer | null)[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Lists and their counts, by the sorted sets that a commit keeps. */
export class RedisLists {
  readonly #connection: Connection;
  readonly #keys: Keys;
  /** The lists of one level of a query are asked for side by side. */
  readonly #plain = together((asked: readonly PageQuery[]) => this.plainPages(asked));

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async list(query: EntityQuery, first: number, after: string | null): Promise<EntityPage> {
    const cursor = after === null ? "" : positionOf(query.order, after);
    const plain = stretchOf(this.#keys, { query, first, after }) && (await this.#plain.load({ query, first, after }));
    if (plain) {
      const positions = plain.positions.map((position) => position.toString());
      return pageWith(query.order, positions, plain.documents.map(entityIn), plain.hasNextPage, plain.hasPreviousPage);
    }
    const descending = query.order.endsWith("_DESC");
    // One more than the page tells whether there is a next one.
    const found = await this.#run(query, ["page", formOf(query), descending ? "1" : "0", String(first + 1), cursor]);
    const [how, before, ...lists] = asList(found);
    if (how === "ordered") {
      const positions = asTexts(lists[0]).slice(0, first);
      return pageWith(query.order, positions, entitiesOf(lists[1]), asList(lists[0]).length > first, before === 1);
    }
    const compare = descending ? (a: string, b: string) => compareBytes(b, a) : compareBytes;
    const positions = asTexts(lists[0]).toSorted(compare);
    const rest = cursor === "" ? positions : positions.filter((position) => compare(position, cursor) > 0);
    return this.#page(query.order, rest.slice(0, first), rest.length > first, rest.length < positions.length);
  }

  /** Pages of lists that are one stretch of one index each, in two round trips; undefined: a list takes more than that. */
  async plainPages(asked: readonly PageQuery[]): Promise<readonly (StoredPage | undefined)[]> {
    const stretches = asked.map((one) => stretchOf(this.#keys, one));
    const read = stretches.filter((one) => one !== null);
    if (read.length === 0) return stretches.map(() => undefined);
    const keys = read.flatMap(({ key, without }) => [key, without ?? key]);
    const args = read.flatMap(({ prefix, isCut, cursor, isDescending, limit, without }) => [
      ...[prefix, isCut ? "1" : "", cursor, isDescending ? "1" : "", String(limit), without === null ? "" : "1"],
    ]);
    const found = asList(await this.#connection.runForBytes(scripts.pages, keys, args)).map(standingOf);
    const wanted = found.flatMap((one) => one?.positions ?? []).map((position) => this.#keys.entity(idOfPosition(position.toString())));
    const documents = await this.#connection.getManyBytes(wanted);
    let to = 0;
    const pages = found
      .map((one) => {
        to += one?.positions.length ?? 0;
        return one && { ...one, documents: documents.slice(to - one.positions.length, to) };
      })
      .values();
    return stretches.map((one) => (one === null ? undefined : pages.next().value));
  }

  async count(query: EntityQuery): Promise<number> {
    return Number(await this.#run(query, ["count", formOf(query), "0", "0", ""]));
  }

  /** Entities of an index by id, beginning after an id. */
  async walk(key: string, limit: number, afterId: string): Promise<readonly Entity[]> {
    if (limit <= 0) return [];
    const args = ["page", "id", "0", String(limit), afterId, "0"];
    const reply = asList(await this.#connection.run(scripts.list, [this.#keys.entity(""), key], args));
    return entitiesOf(reply[3]).filter((entity) => entity !== null);
  }

  async listLinks(types: readonly EntityType[], states: readonly LinkState[] | null, first: number, after: string | null): Promise<EntityPage> {
    const cursor = after === null ? null : positionOf("LINKS", after);
    const cursorType = cursor === null ? null : typeOfPosition(cursor);
    const indexes = this.linkIndexes(types, states);
    const starts = indexes.map(({ type }) => startOf(type, cursor, cursorType));
    if (indexes.length === 0) return { entities: [], cursors: [], hasNextPage: false, hasPreviousPage: false };
    const reply = asList(
      await this.#connection.run(
        scripts.links,
        indexes.map(({ key }) => key),
        [String(first + 1), ...starts],
      ),
    ).map(asList);
    const byType = entityTypes.flatMap((type) => {
      const ids = indexes.flatMap((index, i) => (index.type === type ? asTexts(reply[i]?.[1]) : []));
      return ids.sort(compareBytes).map((id) => linkPosition(type, id));
    });
    const hasPrevious = reply.some(([before]) => before === 1);
    return this.#page("LINKS", byType.slice(0, first), byType.length > first, hasPrevious);
  }

  linkIndexes(types: readonly EntityType[], states: readonly LinkState[] | null): readonly { readonly type: EntityType; readonly key: string }[] {
    return entityTypes
      .filter((type) => types.includes(type))
      .flatMap((type) =>
        states === null
          ? [{ type, key: this.#keys.byId(type) }]
          : linkStates.filter((state) => states.includes(state)).map((state) => ({ type, key: this.#keys.byId(type, state) })),
      );
  }

  #run(query: EntityQuery, args: readonly string[]): Promise<unknown> {
    const keys = this.#keys;
    const all = formOf(query) === "name" ? keys.byName(query.type) : keys.byModified(query.type);
    const filters = filterArgs(keys, query);
    return this.#connection.run(scripts.list, [keys.entity(""), all], [...args, String(filters.length), ...filters.flat()]);
  }

  async #page(order: ListOrder, positions: readonly string[], hasNext: boolean, hasPrevious: boolean): Promise<EntityPage> {
    const documents = await this.#connection.getMany(positions.map((position) => this.#keys.entity(idOfPosition(position))));
    return pageWith(order, positions, entitiesOf(documents), hasNext, hasPrevious);
  }
}

/** What stands in one index in the order of a list: the members that begin with a prefix. */
interface Stretch {
  readonly key: string;
  readonly prefix: string;
  /** The prefix is no part of a position. */
  readonly isCut: boolean;
  /** Holds all of the list only where this index has nothing with the same prefix. */
  readonly without: string | null;
  readonly cursor: string;
  readonly isDescending: boolean;
  readonly limit: number;
}

/** null: the list is no such stretch, or the cursor stands outside of it. Throws where `after` is no cursor of the list. */
function stretchOf(keys: Keys, { query, first, after }: PageQuery): Stretch | null {
  const { type, name, states, modifiedAfter, terms, order } = query;
  const cursor = after === null ? "" : positionOf(order, after);
  const [term, ...others] = Object.entries(terms);
  const isByName = formOf(query) === "name";
  if (first < 1 || states || modifiedAfter !== undefined || others.length > 0 || (term && (name || !isByName))) return null;
  const page = { cursor, isDescending: order.endsWith("_DESC"), limit: first, isCut: term !== undefined, without: null };
  if (term) return { ...page, key: keys.term(type, term[0]), prefix: `${wantedTerm(term[1])}\0` };
  if (!name) return { ...page, key: isByName ? keys.byName(type) : keys.byModified(type), prefix: "" };
  const { text, whole } = wantedName(name);
  if (!isByName || whole || text === "" || (cursor !== "" && !cursor.startsWith(text))) return null;
  return { ...page, key: keys.byName(type), prefix: text, without: keys.names(type) };
}

function standingOf(reply: unknown): Omit<StoredPage, "documents"> | undefined {
  if (reply === null) return undefined;
  const [before, after, positions] = asList(reply);
  return { positions: positionsIn(positions as Buffer), hasNextPage: after === 1, hasPreviousPage: before === 1 };
}

/** Each has two parts, with a NUL between them as between one and the next. */
function positionsIn(joined: Buffer): readonly Buffer[] {
  const positions: Buffer[] = [];
  for (let from = 0; from < joined.length; ) {
    const end = joined.indexOf(0, joined.indexOf(0, from) + 1);
    positions.push(joined.subarray(from, end < 0 ? joined.length : end));
    from = end < 0 ? joined.length : end + 1;
  }
  return positions;
}

const formOf = (query: EntityQuery): "name" | "modified" => (query.order.startsWith("NAME") ? "name" : "modified");

function filterArgs(keys: Keys, { type, name, terms, states, modifiedAfter }: EntityQuery): readonly (readonly string[])[] {
  const filters: (readonly string[])[] = Object.entries(terms).map(([filter, value]) => ["term", keys.term(type, filter), wantedTerm(value)]);
  if (states) {
    const asked = linkStates.filter((state) => states.includes(state));
    filters.push(["state", String(asked.length), ...asked.map((state) => keys.byId(type, state))]);
  }
  if (name) {
    const { text, whole } = wantedName(name);
    filters.push(["name", keys.byName(type), keys.names(type), text, whole ? "1" : "0"]);
  }
  if (modifiedAfter !== undefined) filters.push(["after", keys.byModified(type), sortableTime(modifiedAfter)]);
  return filters;
}

/** Types before the cursor's are behind us: nothing of them comes again, but whether they hold anything counts. */
function startOf(type: EntityType, cursor: string | null, cursorType: EntityType | null): string {
  if (cursor === null || cursorType === null || entityTypes.indexOf(type) > entityTypes.indexOf(cursorType)) return "-";
  return type === cursorType ? `(${idOfPosition(cursor)}` : "+";
}

/** An entity that was removed between the index and its document is left out. */
function pageWith(
  order: ListOrder,
  positions: readonly string[],
  entities: readonly (Entity | null)[],
  hasNextPage: boolean,
  hasPreviousPage: boolean,
): EntityPage {
  const rows = positions.flatMap((position, i) => {
    const entity = entities[i];
    return entity ? [{ entity, cursor: cursorOf(order, position) }] : [];
  });
  return { entities: rows.map((row) => row.entity), cursors: rows.map((row) => row.cursor), hasNextPage, hasPreviousPage };
}
