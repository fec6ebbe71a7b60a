import { limits } from "../../domain/limits.js";
import type { Run, RunCounts } from "../../domain/run.js";
import type { EntityReader, TallyStore } from "../../store/store.js";
import { Recorder } from "./recorder.js";

export const keptMs = limits.mutation.operationKeptMs;

/** One process's part in the tally of a run. */
export class RunTally {
  readonly recorder: Recorder;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly tallies: TallyStore,
    private readonly run: Run,
    private readonly entities: EntityReader,
  ) {
    this.recorder = new Recorder(run.types);
  }

  /** Adds what was done here since the last time. When it returns, all that was taken before stands in the tally as well. */
  async tell(): Promise<void> {
    await this.#inOrder(async () => {
      const notes = await this.recorder.take(this.entities);
      if (notes.length > 0) await this.#note(notes);
    });
  }

  /** The same; gives the counts over all processes. null: the tally was closed. */
  counts(): Promise<RunCounts | null> {
    return this.#inOrder(async () => this.#note(await this.recorder.take(this.entities)));
  }

  async #note(notes: Parameters<TallyStore["note"]>[1]): Promise<RunCounts | null> {
    try {
      return await this.tallies.note(this.run.id, notes, keptMs);
    } catch (error) {
      this.recorder.giveBack(notes);
      throw error;
    }
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => {});
    return mine;
  }
}
