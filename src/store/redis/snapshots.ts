import type { Snapshot } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import { type RecordRef, refKey, type SystemRecord } from "../../domain/record.js";
import type { IsoTime } from "../../domain/words.js";
import { unreadRecord } from "../indexed.js";
import type { Keys } from "../keys.js";
import type { SnapshotStore } from "../store.js";
import { type Connection, Script } from "./connection.js";
import { packRecord, unpackRecord } from "./packing.js";
import { asList } from "./replies.js";

const scripts = { put: new Script("snapshots-put"), noteWrite: new Script("note-write"), ticket: new Script("ticket") };

/** A read that began before a write takes minutes at most; a week is beyond doubt. */
const writtenKeptMs = 7 * 86_400_000;

/** Snapshots in Redis: `<ticket> <asOf> <deletedAt or -> <packed record>`. */
export class RedisSnapshots implements SnapshotStore {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async ticket(): Promise<number> {
    return Number(await this.#connection.run(scripts.ticket, [this.#keys.ticket]));
  }

  async get(refs: readonly RecordRef[]): Promise<readonly (Snapshot | null)[]> {
    const found = await this.#connection.getMany(refs.map((ref) => this.#keys.snapshot(refKey(ref))));
    return refs.map((ref, i) => snapshotOf(ref, found[i] ?? null));
  }

  put(records: readonly SystemRecord[], asOf: IsoTime, ticket: number, dirty: readonly string[] = []): Promise<readonly boolean[]> {
    return this.#put(records, [String(ticket), asOf, "-"], dirty);
  }

  async putDeleted(refs: readonly RecordRef[], at: IsoTime, ticket: number, dirty: readonly string[] = []): Promise<void> {
    await this.#put(refs.map(unreadRecord), [String(ticket), at, at], dirty);
  }

  async noteWrite(ref: RecordRef, at: IsoTime, shown: SystemRecord | "gone" | null): Promise<void> {
    const keys = [this.#keys.ticket, this.#keys.written(refKey(ref)), ...(shown ? [this.#keys.snapshot(refKey(ref))] : [])];
    const record = packRecord(shown === "gone" || shown === null ? unreadRecord(ref) : shown);
    const args = [String(writtenKeptMs), at, shown === "gone" ? at : "-", String(limits.history.keptMs), record];
    await this.#connection.run(scripts.noteWrite, keys, args);
  }

  async #put(records: readonly SystemRecord[], when: readonly [ticket: string, asOf: IsoTime, deletedAt: string], dirty: readonly string[]) {
    if (records.length === 0) return [];
    const ofRecords = records.map(refKey).flatMap((ref) => [this.#keys.snapshot(ref), this.#keys.written(ref)]);
    const keys = [this.#keys.dirty, this.#keys.dirtyGenerations, this.#keys.dirtyCount, ...ofRecords];
    const args = [...when, String(limits.history.keptMs), ...records.map(packRecord), ...dirty];
    return asList(await this.#connection.run(scripts.put, keys, args)).map((stored) => stored === 1);
  }
}

function snapshotOf(ref: RecordRef, text: string | null): Snapshot | null {
  if (text === null) return null;
  const parts = /^(\d+) (\S+) (\S+) (.*)$/s.exec(text);
  if (!parts) throw new Error(`A snapshot in Redis begins with "${text.slice(0, 60)}", not with its ticket and times.`);
  const [, ticket, asOf = "", deletedAt = "-", record = ""] = parts;
  return { record: unpackRecord(ref, record), asOf, deletedAt: deletedAt === "-" ? null : deletedAt, ticket: Number(ticket) };
}
