import type { Snapshot } from "../../domain/entity.js";
import { type RecordRef, refKey, type SystemRecord } from "../../domain/record.js";
import type { IsoTime } from "../../domain/words.js";
import { unreadRecord } from "../indexed.js";
import type { SnapshotStore } from "../store.js";
import { kept } from "./frozen.js";

export class MemorySnapshots implements SnapshotStore {
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #written = new Map<string, number>();
  #last = 0;

  async ticket(): Promise<number> {
    return ++this.#last;
  }

  async get(refs: readonly RecordRef[]): Promise<readonly (Snapshot | null)[]> {
    return refs.map((ref) => this.#snapshots.get(refKey(ref)) ?? null);
  }

  async put(records: readonly SystemRecord[], asOf: IsoTime, ticket: number): Promise<readonly boolean[]> {
    return records.map((record) => this.#isNews(record, ticket) && this.#keep({ record, asOf, deletedAt: null, ticket }));
  }

  async putDeleted(refs: readonly RecordRef[], at: IsoTime, ticket: number): Promise<void> {
    for (const ref of refs) {
      if (!this.#isNews(ref, ticket)) continue;
      const known = this.#snapshots.get(refKey(ref)) ?? { record: unreadRecord(ref), asOf: at, deletedAt: null };
      this.#keep({ record: known.record, asOf: known.asOf, deletedAt: known.deletedAt ?? at, ticket });
    }
  }

  async noteWrite(ref: RecordRef, ticket: number): Promise<void> {
    this.#written.set(refKey(ref), Math.max(ticket, this.#written.get(refKey(ref)) ?? 0));
  }

  forget(ref: RecordRef): void {
    this.#snapshots.delete(refKey(ref));
    this.#written.delete(refKey(ref));
  }

  #isNews(ref: RecordRef, ticket: number): boolean {
    const key = refKey(ref);
    return ticket > (this.#snapshots.get(key)?.ticket ?? 0) && ticket > (this.#written.get(key) ?? 0);
  }

  #keep(snapshot: Snapshot): true {
    this.#snapshots.set(refKey(snapshot.record), kept(snapshot));
    return true;
  }
}
