import type { Clock } from "../../domain/words.js";
import type { Keys } from "../keys.js";
import type { DocumentKind, DocumentStore } from "../store.js";
import { type Connection, Script } from "./connection.js";
import { asList, asTexts } from "./replies.js";

const scripts = {
  set: new Script("document-set"),
  delete: new Script("document-delete"),
  list: new Script("document-list"),
  append: new Script("items-append"),
  slice: new Script("items-slice"),
};

export class RedisDocuments implements DocumentStore {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;

  constructor(connection: Connection, keys: Keys, clock: Clock) {
    this.#connection = connection;
    this.#keys = keys;
    this.#clock = clock;
  }

  async get<T>(kind: DocumentKind, key: string): Promise<{ readonly value: T; readonly version: number } | null> {
    const [version, value] = await this.#connection.call((client) => client.hmGet(this.#keys.document(kind, key), ["version", "value"]));
    return value ? { value: JSON.parse(value) as T, version: Number(version) } : null;
  }

  async set<T>(
    kind: DocumentKind,
    key: string,
    value: T,
    version: number | null,
    options: { readonly ttlMs?: number | null; readonly order?: number } = {},
  ): Promise<boolean> {
    const { ttlMs, order } = options;
    const ttl = ttlMs === undefined ? "" : ttlMs === null ? "-" : String(ttlMs);
    const reply = await this.#connection.run(
      scripts.set,
      [this.#keys.document(kind, key), this.#keys.documents(kind), this.#keys.documentExpiry(kind)],
      [
        key,
        version === null ? "" : String(version),
        JSON.stringify(value),
        ttl,
        order === undefined ? "" : String(order),
        String(this.#clock()),
        this.#keys.document(kind, ""),
      ],
    );
    return reply === 1;
  }

  async delete(kind: DocumentKind, key: string): Promise<void> {
    const keys = [this.#keys.document(kind, key), this.#keys.documents(kind), this.#keys.documentExpiry(kind), this.#keys.items(kind, key)];
    await this.#connection.run(scripts.delete, keys, [key]);
  }

  async list<T>(kind: DocumentKind, first: number): Promise<readonly { readonly key: string; readonly value: T; readonly version: number }[]> {
    const keys = [this.#keys.documents(kind), this.#keys.documentExpiry(kind), this.#keys.document(kind, "")];
    const flat = asTexts(await this.#connection.run(scripts.list, keys, [String(first)]));
    const found: { key: string; value: T; version: number }[] = [];
    for (let i = 0; i + 2 < flat.length; i += 3) {
      found.push({ key: flat[i] ?? "", version: Number(flat[i + 1]), value: JSON.parse(flat[i + 2] ?? "null") as T });
    }
    return found;
  }

  async append(kind: DocumentKind, key: string, items: readonly unknown[], ttlMs: number | null): Promise<void> {
    const args = [ttlMs === null ? "-" : String(ttlMs), ...items.map((item) => JSON.stringify(item))];
    if (items.length > 0) await this.#connection.run(scripts.append, [this.#keys.items(kind, key)], args);
  }

  async slice<T>(kind: DocumentKind, key: string, from: number, count: number): Promise<{ readonly items: readonly T[]; readonly total: number }> {
    const reply = await this.#connection.run(scripts.slice, [this.#keys.items(kind, key)], [String(from), String(from + count - 1)]);
    const [total, items] = asList(reply);
    return { items: count <= 0 ? [] : asTexts(items).map((item) => JSON.parse(item) as T), total: Number(total) };
  }
}
