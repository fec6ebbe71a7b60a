import { type RecordRef, refKey, type SystemRecord } from "../domain/record.js";
import type { RecordType, System } from "../domain/words.js";
import { callOptions, type SettleOptions, type SettleParts } from "./parts.js";
import { readNow } from "./send.js";

interface Asked {
  readonly ref: RecordRef;
  readonly resolve: (record: SystemRecord | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads records now, for writers that work side by side: looks before their writes and reads back after them (R5). It waits
 * until every writer that is under way has asked or left, then reads all at once, so that a wave of sixteen updates costs two
 * reads and not thirty-two. A writer alone waits for nobody.
 */
export class Reader {
  #writers = 0;
  #asked: Asked[] = [];

  constructor(
    private readonly parts: Pick<SettleParts, "store" | "connectors" | "clock">,
    private readonly options: SettleOptions,
  ) {}

  /** Runs one writer; all writers of a wave must be begun in the same turn. */
  async writer<T>(work: () => Promise<T>): Promise<T> {
    this.#writers++;
    // All of the wave are counted before the first asks.
    await Promise.resolve();
    try {
      return await work();
    } finally {
      this.#writers--;
      this.#readIfComplete();
    }
  }

  /** null: the system does not show it, which alone proves no deletion (R9). */
  read(ref: RecordRef): Promise<SystemRecord | null> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ ref, resolve, reject });
      this.#readIfComplete();
    });
  }

  #readIfComplete(): void {
    if (this.#asked.length === 0 || this.#asked.length < this.#writers) return;
    const asked = this.#asked;
    this.#asked = [];
    const groups = new Map<string, Asked[]>();
    for (const one of asked) {
      const key = `${one.ref.system}:${one.ref.type}`;
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    for (const group of groups.values()) void this.#readGroup(group);
  }

  async #readGroup(group: readonly Asked[]): Promise<void> {
    const first = group[0]?.ref;
    if (!first) return;
    try {
      const found = await this.#readMany(first.system, first.type, [...new Map(group.map(({ ref }) => [refKey(ref), ref.id])).values()]);
      for (const { ref, resolve } of group) resolve(found.get(ref.id) ?? null);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  #readMany(system: System, type: RecordType, ids: readonly string[]) {
    const { store, clock, connectors } = this.parts;
    return readNow({ snapshots: store.snapshots, clock }, connectors[system], type, ids, callOptions(this.options));
  }
}
