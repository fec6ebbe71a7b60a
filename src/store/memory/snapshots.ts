import type { Snapshot } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import { type RecordRef, refKey, type SystemRecord } from "../../domain/record.js";
import type { Clock, IsoTime } from "../../domain/words.js";
import { unreadRecord } from "../indexed.js";
import type { SnapshotStore } from "../store.js";
import { kept } from "./frozen.js";
import type { Marks } from "./marks.js";

export class MemorySnapshots implements SnapshotStore {
  readonly #snapshots = new Map<string, { readonly snapshot: Snapshot; readonly until: number }>();
  readonly #written = new Map<string, number>();
  readonly #clock: Clock;
  #last = 0;

  constructor(
    clock: Clock,
    private readonly marks: Marks,
  ) {
    this.#clock = clock;
  }

  async ticket(): Promise<number> {
    return ++this.#last;
  }

  async get(refs: readonly RecordRef[]): Promise<readonly (Snapshot | null)[]> {
    return refs.map((ref) => this.#of(ref) ?? null);
  }

  async put(records: readonly SystemRecord[], asOf: IsoTime, ticket: number, dirty: readonly string[] = []): Promise<readonly boolean[]> {
    if (records.length > 0) this.marks.mark(dirty);
    return records.map((record) => this.#isNews(record, ticket) && this.#keep({ record, asOf, deletedAt: null, ticket }));
  }

  async putDeleted(refs: readonly RecordRef[], at: IsoTime, ticket: number, dirty: readonly string[] = []): Promise<void> {
    if (refs.length > 0) this.marks.mark(dirty);
    for (const ref of refs) {
      if (!this.#isNews(ref, ticket)) continue;
      const known = this.#of(ref) ?? { record: unreadRecord(ref), asOf: at, deletedAt: null };
      this.#keep({ record: known.record, asOf: known.asOf, deletedAt: known.deletedAt ?? at, ticket });
    }
  }

  async noteWrite(ref: RecordRef, at: IsoTime, shown: SystemRecord | "gone" | null): Promise<void> {
    this.#written.set(refKey(ref), await this.ticket());
    if (shown === "gone") await this.putDeleted([ref], at, await this.ticket());
    else if (shown) await this.put([shown], at, await this.ticket());
  }

  forget(ref: RecordRef): void {
    this.#snapshots.delete(refKey(ref));
    this.#written.delete(refKey(ref));
  }

  #isNews(ref: RecordRef, ticket: number): boolean {
    const key = refKey(ref);
    return ticket > (this.#of(ref)?.ticket ?? 0) && ticket > (this.#written.get(key) ?? 0);
  }

  #keep(snapshot: Snapshot): true {
    // What is gone is kept for as long as histories are.
    const until = snapshot.deletedAt === null ? Number.POSITIVE_INFINITY : this.#clock() + limits.history.keptMs;
    this.#snapshots.set(refKey(snapshot.record), { snapshot: kept(snapshot), until });
    return true;
  }

  #of(ref: RecordRef): Snapshot | undefined {
    const found = this.#snapshots.get(refKey(ref));
    return found && found.until > this.#clock() ? found.snapshot : undefined;
  }
}
