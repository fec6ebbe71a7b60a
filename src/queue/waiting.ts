import { Heap } from "./heap.js";
import type { Job } from "./queue.js";

export interface Entry {
  readonly job: Job;
  readonly key: string | null;
  /** The key of its repetition. */
  readonly repeat: string | null;
  readonly failures: number;
  readonly dueAt: number;
  readonly priority: number;
}

type Numbered = Entry & { readonly number: number };

/** The jobs that wait: of equal keys one, at the earlier time and with the more urgent priority. */
export class Waiting {
  readonly #all = new Set<Numbered>();
  readonly #byKey = new Map<string, Numbered>();
  /** An entry that was replaced stays in its heap until it comes up. */
  readonly #delayed = new Heap<Numbered>((a, b) => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.number < b.number));
  readonly #due = new Heap<Numbered>((a, b) => (a.priority - b.priority || a.dueAt - b.dueAt || a.number - b.number) < 0);
  #last = 0;

  put(entry: Entry): void {
    const same = entry.key === null ? undefined : this.#byKey.get(entry.key);
    if (same && same.dueAt <= entry.dueAt && same.priority <= entry.priority) return;
    if (same) this.#all.delete(same);
    const kept = same
      ? { ...same, dueAt: Math.min(same.dueAt, entry.dueAt), priority: Math.min(same.priority, entry.priority) }
      : { ...entry, number: ++this.#last };
    this.#all.add(kept);
    if (kept.key !== null) this.#byKey.set(kept.key, kept);
    this.#delayed.push(kept);
  }

  /** The most urgent of those whose time has come. */
  take(now: number): Entry | null {
    for (let next = this.#delayed.first(); next && next.dueAt <= now; next = this.#delayed.first()) {
      this.#delayed.pop();
      this.#due.push(next);
    }
    for (let entry = this.#due.pop(); entry; entry = this.#due.pop()) {
      if (!this.#all.delete(entry)) continue;
      if (entry.key !== null) this.#byKey.delete(entry.key);
      return entry;
    }
    return null;
  }

  /** When the next one is due; null when none waits. */
  nextAt(): number | null {
    const [due, delayed] = [this.#due, this.#delayed].map((heap) => {
      while (heap.first() && !this.#all.has(heap.first() as Numbered)) heap.pop();
      return heap.first()?.dueAt ?? Number.POSITIVE_INFINITY;
    });
    const at = Math.min(due ?? Number.POSITIVE_INFINITY, delayed ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(at) ? at : null;
  }

  dropRepeats(key: string): void {
    for (const entry of this.#all) if (entry.repeat === key) this.#all.delete(entry);
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#all.values();
  }
}
