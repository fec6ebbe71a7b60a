import { InvalidInputError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import type { Run, RunState } from "../domain/run.js";
import type { BusMessage, Store } from "../store/store.js";
import { Mailbox } from "./mailbox.js";

interface Watcher {
  readonly mailbox: Mailbox<Run>;
  version: number;
}

const ended: readonly RunState[] = ["DONE", "FAILED", "CANCELLED"];

/**
 * Shows how far runs have come, to all who watch one from one reading. Of states that come faster than they are taken only the
 * newest is kept. A run is looked at when a message tells of it, and now and then without one.
 */
export class RunProgresses {
  readonly #store: Pick<Store, "documents" | "events">;
  readonly #pollMs: number;
  readonly #watched = new Map<string, Set<Watcher>>();
  #leave: (() => void) | null = null;

  constructor(store: Pick<Store, "documents" | "events">, pollMs: number = limits.subscriptions.runPollMs) {
    this.#store = store;
    this.#pollMs = pollMs;
  }

  /** The run as it stands, then whenever it has come on; ends with the run. */
  async watch(id: string): Promise<AsyncIterableIterator<Run>> {
    const watcher: Watcher = { mailbox: new Mailbox(1, () => this.#remove(id, watcher)), version: 0 };
    this.#watched.set(id, (this.#watched.get(id) ?? new Set()).add(watcher));
    this.#leave ??= this.#listen();
    try {
      if (await this.#look(id)) return watcher.mailbox;
    } catch (error) {
      watcher.mailbox.end();
      throw error;
    }
    throw new InvalidInputError(`There is no run ${id}.`);
  }

  #listen(): () => void {
    const look = (id: string) => void this.#look(id).catch(() => {});
    const leave = this.#store.events.subscribe((message: BusMessage) => {
      if (message.topic === "run" && this.#watched.has(message.runId)) look(message.runId);
    });
    const timer = setInterval(() => [...this.#watched.keys()].forEach(look), this.#pollMs);
    timer.unref();
    return () => {
      clearInterval(timer);
      leave();
    };
  }

  /** False: there is no such run, or no longer. */
  async #look(id: string): Promise<boolean> {
    const found = await this.#store.documents.get<Run>("run", id);
    for (const watcher of [...(this.#watched.get(id) ?? [])]) {
      // Readings may overtake one another.
      if (found && found.version > watcher.version) {
        watcher.version = found.version;
        watcher.mailbox.replace(found.value);
      }
      if (!found || ended.includes(found.value.state)) watcher.mailbox.end();
    }
    return found !== null;
  }

  #remove(id: string, watcher: Watcher): void {
    const watchers = this.#watched.get(id);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#watched.delete(id);
    if (this.#watched.size > 0) return;
    this.#leave?.();
    this.#leave = null;
  }
}
