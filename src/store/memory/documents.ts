import type { Clock } from "../../domain/words.js";
import { compareBytes } from "../cursors.js";
import type { DocumentKind, DocumentStore } from "../store.js";
import { kept } from "./frozen.js";

interface Kept {
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
  readonly order: number;
  readonly until: number;
}

const sweepFrom = 1_000;

export class MemoryDocuments implements DocumentStore {
  readonly #documents = new Map<DocumentKind, Map<string, Kept>>();
  readonly #items = new Map<string, { readonly items: unknown[]; readonly until: number }>();
  readonly #sweepAt = new Map<DocumentKind, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get<T>(kind: DocumentKind, key: string): Promise<{ readonly value: T; readonly version: number } | null> {
    const found = this.#live(kind, key);
    return found ? { value: found.value as T, version: found.version } : null;
  }

  async set<T>(
    kind: DocumentKind,
    key: string,
    value: T,
    version: number | null,
    options: { readonly ttlMs?: number | null; readonly order?: number } = {},
  ): Promise<boolean> {
    if (!this.isAt(kind, key, version)) return false;
    this.put(kind, key, value, options);
    return true;
  }

  isAt(kind: DocumentKind, key: string, version: number | null): boolean {
    return version === null || version === (this.#live(kind, key)?.version ?? 0);
  }

  put(kind: DocumentKind, key: string, value: unknown, options: { readonly ttlMs?: number | null; readonly order?: number }): void {
    const found = this.#live(kind, key);
    const { ttlMs, order = found?.order ?? this.#clock() } = options;
    const until = ttlMs === undefined ? (found?.until ?? Number.POSITIVE_INFINITY) : this.#until(ttlMs);
    this.#sweep(kind);
    this.#of(kind).set(key, { key, value: kept(value), version: (found?.version ?? 0) + 1, order, until });
  }

  async delete(kind: DocumentKind, key: string): Promise<void> {
    this.#of(kind).delete(key);
    this.#items.delete(`${kind}:${key}`);
  }

  async list<T>(kind: DocumentKind, first: number): Promise<readonly { readonly key: string; readonly value: T; readonly version: number }[]> {
    const now = this.#clock();
    return [...this.#of(kind).values()]
      .filter(({ until }) => until > now)
      .sort((a, b) => b.order - a.order || compareBytes(b.key, a.key))
      .slice(0, first)
      .map(({ key, value, version }) => ({ key, value: value as T, version }));
  }

  async append(kind: DocumentKind, key: string, items: readonly unknown[], ttlMs: number | null): Promise<void> {
    if (items.length === 0) return;
    this.#items.set(`${kind}:${key}`, { items: [...this.#itemsOf(kind, key), ...items.map(kept)], until: this.#until(ttlMs) });
  }

  async slice<T>(kind: DocumentKind, key: string, from: number, count: number): Promise<{ readonly items: readonly T[]; readonly total: number }> {
    const items = this.#itemsOf(kind, key) as readonly T[];
    return { items: items.slice(from, from + Math.max(0, count)), total: items.length };
  }

  #of(kind: DocumentKind): Map<string, Kept> {
    const documents = this.#documents.get(kind) ?? new Map<string, Kept>();
    this.#documents.set(kind, documents);
    return documents;
  }

  #live(kind: DocumentKind, key: string): Kept | undefined {
    const found = this.#of(kind).get(key);
    return found && found.until > this.#clock() ? found : undefined;
  }

  /** Drops what has expired whenever a kind has doubled, so that it does not grow for ever. */
  #sweep(kind: DocumentKind): void {
    const documents = this.#of(kind);
    if (documents.size < (this.#sweepAt.get(kind) ?? sweepFrom)) return;
    const now = this.#clock();
    for (const { key, until } of documents.values()) if (until <= now) documents.delete(key);
    this.#sweepAt.set(kind, Math.max(sweepFrom, 2 * documents.size));
  }

  #itemsOf(kind: DocumentKind, key: string): readonly unknown[] {
    const found = this.#items.get(`${kind}:${key}`);
    return found && found.until > this.#clock() ? found.items : [];
  }

  #until(ttlMs: number | null): number {
    return ttlMs === null ? Number.POSITIVE_INFINITY : this.#clock() + ttlMs;
  }
}
