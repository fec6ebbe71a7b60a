import { noCounts, type RunCounts } from "../../domain/run.js";
import type { TallyNote, TallyStore } from "../store.js";
import type { MemoryDocuments } from "./documents.js";

interface Noted {
  readonly revision: number;
  readonly status: keyof RunCounts | null;
  readonly last: string | null;
}

interface Tally {
  readonly counts: { -readonly [K in keyof RunCounts]: number };
  readonly entities: Map<string, Noted>;
  readonly standing: Map<string, unknown>;
}

export class MemoryTallies implements TallyStore {
  readonly #open = new Map<string, Tally>();

  constructor(private readonly documents: MemoryDocuments) {}

  async open(runId: string): Promise<void> {
    if (!this.#open.has(runId)) this.#open.set(runId, { counts: { ...noCounts }, entities: new Map(), standing: new Map() });
  }

  async opened(): Promise<readonly string[]> {
    return [...this.#open.keys()];
  }

  async note(runId: string, notes: readonly TallyNote[], ttlMs: number): Promise<RunCounts | null> {
    const tally = this.#open.get(runId);
    if (!tally) return null;
    const items = notes.flatMap((note) => noted(tally, note));
    await this.documents.append("plan", runId, items, ttlMs);
    return { ...tally.counts };
  }

  async close(runId: string, ttlMs: number): Promise<RunCounts | null> {
    const tally = this.#open.get(runId);
    if (!tally) return null;
    this.#open.delete(runId);
    await this.documents.append("plan", runId, [...tally.standing.values()], ttlMs);
    return tally.counts;
  }
}

/** Takes a note in; gives what it adds to the plan. */
function noted({ counts, entities, standing }: Tally, note: TallyNote): readonly unknown[] {
  const count = (name: keyof RunCounts | null, by: number) => {
    if (name) counts[name] += by;
  };
  const known = entities.get(note.entityId) ?? { revision: 0, status: null, last: null };
  let { status, last } = known;
  const added: unknown[] = [];
  if (note.kind === "done" && note.alike !== last) {
    count(note.counted, 1);
    added.push(note.item);
    last = note.alike;
  } else if (note.kind === "undone" && last !== null) {
    count(note.counted, -1);
    last = null;
  }
  const isNewest = note.revision >= known.revision;
  if (isNewest && note.kind !== "undone") {
    count(status, -1);
    status = note.kind === "stands" || (note.kind === "rests" && last === null) ? note.counted : null;
    count(status, 1);
    if (note.kind === "stands") standing.set(note.entityId, note.item);
    else standing.delete(note.entityId);
  }
  entities.set(note.entityId, { revision: isNewest ? note.revision : known.revision, status, last });
  return added;
}
