import type { CustomcrmType } from "../../domain/words.js";
import { Feed } from "./feed.js";
import { Problem } from "./problem.js";
import type { State, StoredRecord, Tombstone } from "./state.js";
import type { Surroundings } from "./surroundings.js";
import { checkBody, type Values } from "./validate.js";

export type Action = "Create" | "Update" | "Delete";

/** A change that was accepted. */
export interface Changed {
  readonly type: CustomcrmType;
  readonly id: string;
  readonly action: Action;
  readonly at: number;
}

/**
 * The records of a Customcrm and the rules of its contract, without HTTP. API clients and persons at the page go through the
 * same four operations, each of which happens wholly or not at all.
 */
export class CustomcrmCore {
  readonly feed: Feed;
  private readonly records = new Map<string, StoredRecord>();
  private readonly tombstones = new Map<string, Tombstone>();
  private readonly listeners: ((change: Changed) => void)[] = [];

  constructor(
    private readonly world: Surroundings,
    state: Pick<State, "records" | "tombstones" | "feed" | "position" | "forgotten">,
  ) {
    for (const record of state.records) this.records.set(keyOf(record.type, record.id), record);
    for (const tombstone of state.tombstones) this.tombstones.set(keyOf(tombstone.type, tombstone.id), tombstone);
    this.feed = new Feed(world, state);
  }

  onChange(listener: (change: Changed) => void): void {
    this.listeners.push(listener);
  }

  all(type: CustomcrmType): StoredRecord[] {
    return [...this.records.values()].filter((record) => record.type === type);
  }

  find(type: CustomcrmType, id: string): StoredRecord | null {
    return this.records.get(keyOf(type, id)) ?? null;
  }

  /** 410 for a record that was deleted, 404 for one that never was. */
  get(type: CustomcrmType, id: string): StoredRecord {
    const record = this.find(type, id);
    if (record) return record;
    if (this.tombstones.has(keyOf(type, id))) throw new Problem(410, "gone", `The ${type} ${id} was deleted.`);
    throw notFound(type, id);
  }

  create(type: CustomcrmType, body: unknown): StoredRecord {
    const values = this.check(type, body, "create");
    const at = this.world.now();
    const record: StoredRecord = { type, id: this.freshId(type), version: 1, createdAt: at, modifiedAt: at, values };
    this.put(record, "Create");
    return record;
  }

  /** A merge patch. One that changes nothing leaves the record, its time and its ETag as they are. */
  patch(type: CustomcrmType, id: string, body: unknown, ifMatch: string | null = null): StoredRecord {
    const record = this.existing(type, id);
    const values = this.check(type, body, "patch");
    this.precondition(record, ifMatch);
    if (Object.entries(values).every(([name, value]) => (record.values[name] ?? null) === value)) return record;
    const patched: StoredRecord = {
      ...record,
      version: record.version + 1,
      // Two changes within a millisecond still move the time.
      modifiedAt: Math.max(this.world.now(), record.modifiedAt + 1),
      values: { ...record.values, ...values },
    };
    this.put(patched, "Update");
    return patched;
  }

  remove(type: CustomcrmType, id: string, ifMatch: string | null = null): void {
    const record = this.existing(type, id);
    this.precondition(record, ifMatch);
    const dependents = type === "Customer" ? [...this.all("Contact"), ...this.all("Product")].filter((other) => other.values.CustomerId === id) : [];
    if (dependents.length > 0) throw new Problem(409, "has-dependents", `The Customer ${id} has ${dependents.length} contacts or products.`);
    const at = this.world.now();
    this.records.delete(keyOf(type, id));
    this.tombstones.set(keyOf(type, id), { type, id, deletedAt: at });
    this.feed.add(type, id, "Delete");
    this.tell({ type, id, action: "Delete", at });
  }

  /** What must be kept to go on later. */
  state(): Pick<State, "records" | "tombstones" | "feed" | "position" | "forgotten"> {
    return { records: [...this.records.values()], tombstones: [...this.tombstones.values()], ...this.feed.state() };
  }

  private put(record: StoredRecord, action: Action): void {
    this.records.set(keyOf(record.type, record.id), record);
    this.feed.add(record.type, record.id, "Upsert");
    this.tell({ type: record.type, id: record.id, action, at: record.modifiedAt });
  }

  /** The contract lists no 410 for writes: a record that was deleted is not found. */
  private existing(type: CustomcrmType, id: string): StoredRecord {
    const record = this.find(type, id);
    if (!record) throw notFound(type, id);
    return record;
  }

  private check(type: CustomcrmType, body: unknown, kind: "create" | "patch"): Values {
    return checkBody(type, body, kind, this.world.settings().omitted, (id) => this.find("Customer", id) !== null);
  }

  private precondition(record: StoredRecord, ifMatch: string | null): void {
    if (ifMatch === null || !this.world.settings().capabilities.ifMatch) return;
    const wanted = ifMatch.split(",").map((tag) => tag.trim());
    if (wanted.includes("*") || wanted.includes(etagOf(record))) return;
    throw new Problem(412, "precondition-failed", `The ${record.type} ${record.id} has changed: its ETag is ${etagOf(record)}.`);
  }

  private freshId(type: CustomcrmType): string {
    for (;;) {
      const id = this.world.newId(type);
      if (!this.records.has(keyOf(type, id)) && !this.tombstones.has(keyOf(type, id))) return id;
    }
  }

  private tell(change: Changed): void {
    for (const listener of this.listeners) listener(change);
  }
}

/** Strong, quoted, and never the same again for one record: versions only grow. */
export const etagOf = (record: StoredRecord): string => `"${record.version.toString(36)}-${record.modifiedAt.toString(36)}"`;

const keyOf = (type: CustomcrmType, id: string): string => `${type}/${id}`;
const notFound = (type: CustomcrmType, id: string): Problem => new Problem(404, "not-found", `There is no ${type} ${id}.`);
