import type { Snapshot } from "../domain/entity.js";
import type { EntityPieces, Pieces, RecordPieces } from "./store.js";

/** Text with one character for each byte of its UTF-8. */
const asBytes = (text: string): string => Buffer.from(text).toString("latin1");

/** The pieces of an object in memory. `write` makes JSON of a value. */
export class ObjectPieces implements EntityPieces {
  readonly #object: { readonly [name: string]: unknown };
  readonly #write: (value: unknown) => string;
  #names: readonly string[] | undefined;

  constructor(
    object: object,
    readonly snapshots: EntityPieces["snapshots"] = undefined,
    write = (value: unknown) => asBytes(JSON.stringify(value)),
  ) {
    this.#object = object as { readonly [name: string]: unknown };
    this.#write = write;
  }

  get names(): readonly string[] {
    this.#names ??= Object.keys(this.#object);
    return this.#names;
  }

  json(name: string): string | undefined {
    const value = Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
    return value === undefined ? undefined : this.#write(value);
  }

  of(name: string): Pieces | null {
    const value = Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
    return typeof value === "object" && value !== null ? new ObjectPieces(value, undefined, this.#write) : null;
  }
}

export const piecesOfSnapshot = ({ record, asOf, deletedAt }: Snapshot): RecordPieces | null =>
  deletedAt === null ? { asOf, modifiedAt: JSON.stringify(record.modifiedAt), properties: new ObjectPieces(record.properties) } : null;
