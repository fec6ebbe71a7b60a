import { noCounts, type RunCounts } from "../../domain/run.js";
import type { Keys } from "../keys.js";
import type { TallyNote, TallyStore } from "../store.js";
import { type Connection, Script } from "./connection.js";
import { asTexts } from "./replies.js";

const scripts = { note: new Script("tally-note"), close: new Script("tally-close") };

/** Notes that one script takes: more would hold up everybody else for long. */
const atMost = 500;

export class RedisTallies implements TallyStore {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async open(runId: string): Promise<void> {
    await this.#connection.call((client) => client.sAdd(this.#keys.tallies, runId));
  }

  opened(): Promise<readonly string[]> {
    return this.#connection.call((client) => client.sMembers(this.#keys.tallies));
  }

  async note(runId: string, notes: readonly TallyNote[], ttlMs: number): Promise<RunCounts | null> {
    for (let from = 0; ; from += atMost) {
      const args = notes.slice(from, from + atMost).flatMap(noteArgs);
      const counts = countsOf(await this.#connection.run(scripts.note, this.#tally(runId), [runId, String(ttlMs), ...args]));
      if (counts === null || from + atMost >= notes.length) return counts;
    }
  }

  async close(runId: string, ttlMs: number): Promise<RunCounts | null> {
    return countsOf(await this.#connection.run(scripts.close, this.#tally(runId), [runId, String(ttlMs)]));
  }

  #tally(runId: string): readonly string[] {
    const { tallies, tallyCounts, tallyEntities, tallyStanding, items } = this.#keys;
    return [tallies, tallyCounts(runId), tallyEntities(runId), tallyStanding(runId), items("plan", runId)];
  }
}

const noteArgs = (note: TallyNote): readonly string[] => [
  note.entityId,
  String(note.revision),
  note.kind,
  note.counted ?? "",
  note.kind === "done" ? note.alike : "",
  "item" in note ? JSON.stringify(note.item) : "",
];

function countsOf(reply: unknown): RunCounts | null {
  if (reply === null) return null;
  const flat = asTexts(reply);
  const counts: { [name: string]: number } = { ...noCounts };
  for (let i = 0; i + 1 < flat.length; i += 2) counts[flat[i] ?? ""] = Number(flat[i + 1]);
  return counts as RunCounts;
}
