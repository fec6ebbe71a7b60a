import type { Snapshot } from "../../domain/entity.js";
import type { RecordRef } from "../../domain/record.js";
import { type System, systems } from "../../domain/words.js";
import { ObjectPieces, piecesOfSnapshot } from "../pieces.js";
import type { EntityPieces, PageQuery, PiecePage, PieceReader, Pieces, RecordPieces, RecordTypes } from "../store.js";
import type { MemoryEntities } from "./entities.js";
import type { MemorySnapshots } from "./snapshots.js";

const pieceOf = (snapshot: Snapshot | null | undefined) => (snapshot ? piecesOfSnapshot(snapshot) : undefined);

/** Pieces of the objects in this process. */
export class MemoryPieces implements PieceReader {
  readonly #entities: MemoryEntities;
  readonly #snapshots: MemorySnapshots;

  constructor(entities: MemoryEntities, snapshots: MemorySnapshots) {
    this.#entities = entities;
    this.#snapshots = snapshots;
  }

  async entity(id: string, types: RecordTypes): Promise<EntityPieces | undefined> {
    const [entity] = await this.#entities.get([id]);
    if (entity?.id !== id) return undefined;
    const snapshots: { [S in System]?: RecordPieces | null | undefined } = {};
    for (const system of systems) {
      const [type, record] = [types[system], entity.records[system]];
      if (type !== undefined && record !== null) snapshots[system] = pieceOf((await this.#snapshots.get([{ system, type, id: record }]))[0]);
    }
    return new ObjectPieces(entity, snapshots);
  }

  async entities(ids: readonly string[]): Promise<readonly (Pieces | undefined)[]> {
    return (await this.#entities.get(ids)).map((entity, i) => (entity && entity.id === ids[i] ? new ObjectPieces(entity) : undefined));
  }

  async records(refs: readonly RecordRef[]): Promise<readonly (RecordPieces | null | undefined)[]> {
    return (await this.#snapshots.get(refs)).map(pieceOf);
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
