import { type RecordRef, refKey } from "../../domain/record.js";
import { type System, systems } from "../../domain/words.js";
import { cursorOf } from "../cursors.js";
import type { Keys } from "../keys.js";
import type { EntityPieces, PageQuery, PiecePage, PieceReader, Pieces, RecordPieces, RecordTypes } from "../store.js";
import { type Connection, Script } from "./connection.js";
import type { RedisLists, StoredPage } from "./lists.js";
import { entityPieces, recordPieces } from "./pieces.js";

const withSnapshots = new Script("entity-with-snapshots");

/** The entity, then a snapshot for each system that is wanted. */
type Found = readonly (Buffer | null)[];

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

  async entity(id: string, types: RecordTypes): Promise<EntityPieces | undefined> {
    const wanted = systems.filter((system) => types[system] !== undefined);
    const begins = wanted.map((system) => `${system}:${types[system]}:`);
    const [stored, ...found] = (await this.#connection.runForBytes(withSnapshots, [this.#keys.entity(id), this.#keys.snapshot("")], begins)) as Found;
    const snapshots: { [S in System]?: RecordPieces | null } = {};
    for (const [i, system] of wanted.entries()) {
      const snapshot = found[i];
      if (snapshot) snapshots[system] = recordPieces(snapshot);
    }
    return stored ? entityPieces(stored, snapshots) : undefined;
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
