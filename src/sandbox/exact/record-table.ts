import type { Cells, RecordKind } from "./types.js";

/** A record as one change left it. Until that change is visible, readers of feeds see the version before it. */
export interface Version {
  readonly values: Cells;
  readonly timestamp: number;
  readonly visibleAt: number;
}

export interface StoredRecord {
  readonly id: string;
  /** Oldest first; the last is the record as it is. */
  versions: readonly Version[];
}

/** Where row versions come from, and how late a change is seen. */
export interface RowVersions {
  next(): number;
  /** When a change made now is seen by feeds. */
  visibleAt(): number;
  now(): number;
}

/** The records of one kind. */
export class RecordTable {
  private readonly records = new Map<string, StoredRecord>();

  constructor(
    readonly kind: RecordKind,
    private readonly rowVersions: RowVersions,
    kept: readonly StoredRecord[] = [],
  ) {
    for (const record of kept) this.records.set(record.id, record);
  }

  get size(): number {
    return this.records.size;
  }

  has(id: string): boolean {
    return this.records.has(id);
  }

  /** The record's properties as they are stored; undefined: there is no such record. */
  get(id: string): Readonly<Cells> | undefined {
    const record = this.records.get(id);
    return record && newest(record).values;
  }

  record(id: string): StoredRecord | undefined {
    return this.records.get(id);
  }

  timestampOf(id: string): number | undefined {
    const record = this.records.get(id);
    return record && newest(record).timestamp;
  }

  all(): IterableIterator<StoredRecord> {
    return this.records.values();
  }

  insert(id: string, values: Cells): void {
    this.records.set(id, { id, versions: [this.version(values)] });
  }

  /** The record's new values, under a new row version. */
  replace(id: string, values: Cells): void {
    const record = this.records.get(id);
    if (!record) throw new Error(`There is no ${this.kind} ${id}.`);
    const now = this.rowVersions.now();
    const next = this.version(values);
    record.versions = next.visibleAt <= now ? [next] : [...stillNeeded(record, now), next];
  }

  /** New values without a new row version: nothing tells that something changed. */
  replaceSilently(id: string, values: Cells): void {
    const record = this.records.get(id);
    if (record) record.versions = [...record.versions.slice(0, -1), { ...newest(record), values }];
  }

  /** The same values under a new row version. */
  touch(id: string): void {
    const values = this.get(id);
    if (values) this.replace(id, { ...values });
  }

  remove(id: string): void {
    this.records.delete(id);
  }

  /** Gives each record a new row version, in the order of the old ones. */
  renumber(): void {
    const inOrder = [...this.records.values()].sort((a, b) => newest(a).timestamp - newest(b).timestamp);
    for (const record of inOrder) record.versions = [{ ...newest(record), timestamp: this.rowVersions.next(), visibleAt: 0 }];
  }

  private version(values: Cells): Version {
    return { values, timestamp: this.rowVersions.next(), visibleAt: this.rowVersions.visibleAt() };
  }
}

export function newest(record: StoredRecord): Version {
  const last = record.versions.at(-1);
  if (!last) throw new Error(`The record ${record.id} has no version.`);
  return last;
}

/** What a feed shows of a record: its newest visible version, if any. */
export function visible(record: StoredRecord, now: number): Version | undefined {
  return record.versions.findLast((version) => version.visibleAt <= now);
}

function stillNeeded(record: StoredRecord, now: number): Version[] {
  const from = record.versions.findLastIndex((version) => version.visibleAt <= now);
  return record.versions.slice(Math.max(0, from));
}
