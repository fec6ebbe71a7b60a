import { type RecordRef, refKey } from "../../domain/record.js";
import { cursorOf } from "../cursors.js";
import type { Keys } from "../keys.js";
import type { PageQuery, PiecePage, PieceReader, Pieces, RecordPieces } from "../store.js";
import type { Connection } from "./connection.js";
import type { RedisLists, StoredPage } from "./lists.js";
import { entityPieces, recordPieces } from "./pieces.js";

/** Pieces of what stands in Redis, each call in one round trip. */
export class RedisPieces implements PieceReader {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #lists: RedisLists;

  constructor(connection: Connection, keys: Keys, lists: RedisLists) {
    this.#connection = connection;
    this.#keys = keys;
    this.#lists = lists;
  }

  async entities(ids: readonly string[]): Promise<readonly (Pieces | undefined)[]> {
    const found = await this.#connection.getManyBytes(ids.map((id) => this.#keys.entity(id)));
    return found.map((one) => (one === null ? undefined : entityPieces(one)));
  }

  async records(refs: readonly RecordRef[]): Promise<readonly (RecordPieces | null | undefined)[]> {
    const found = await this.#connection.getManyBytes(refs.map((ref) => this.#keys.snapshot(refKey(ref))));
    return found.map((one) => (one === null ? undefined : recordPieces(one)));
  }

  async pages(queries: readonly PageQuery[]): Promise<readonly (PiecePage | undefined)[]> {
    const found = await this.#lists.plainPages(queries);
    return queries.map((query, i) => piecePage(query, found[i]));
  }
}

function piecePage({ query }: PageQuery, page: StoredPage | undefined): PiecePage | undefined {
  const entities = page?.documents.map((one) => (one === null ? undefined : entityPieces(one))) ?? [];
  if (!page || entities.includes(undefined)) return undefined;
  return {
    entities: entities as Pieces[],
    cursors: () => page.positions.map((position) => cursorOf(query.order, position.toString())),
    hasNextPage: page.hasNextPage,
    hasPreviousPage: page.hasPreviousPage,
  };
}
