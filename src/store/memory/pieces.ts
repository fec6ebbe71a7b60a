import type { RecordRef } from "../../domain/record.js";
import { ObjectPieces, piecesOfSnapshot } from "../pieces.js";
import type { PageQuery, PiecePage, PieceReader, Pieces, RecordPieces } from "../store.js";
import type { MemoryEntities } from "./entities.js";
import type { MemorySnapshots } from "./snapshots.js";

/** Pieces of the objects in this process. */
export class MemoryPieces implements PieceReader {
  readonly #entities: MemoryEntities;
  readonly #snapshots: MemorySnapshots;

  constructor(entities: MemoryEntities, snapshots: MemorySnapshots) {
    this.#entities = entities;
    this.#snapshots = snapshots;
  }

  async entities(ids: readonly string[]): Promise<readonly (Pieces | undefined)[]> {
    return (await this.#entities.get(ids)).map((entity, i) => (entity && entity.id === ids[i] ? new ObjectPieces(entity) : undefined));
  }

  async records(refs: readonly RecordRef[]): Promise<readonly (RecordPieces | null | undefined)[]> {
    return (await this.#snapshots.get(refs)).map((snapshot) => (snapshot ? piecesOfSnapshot(snapshot) : undefined));
  }

  pages(queries: readonly PageQuery[]): Promise<readonly PiecePage[]> {
    return Promise.all(
      queries.map(async ({ query, first, after }) => {
        const { entities, cursors, ...rest } = await this.#entities.list(query, first, after);
        return { ...rest, entities: entities.map((entity) => new ObjectPieces(entity)), cursors: () => cursors };
      }),
    );
  }
}
