import { noCounts, type Run, type RunProgress } from "../../domain/run.js";
import type { Clock } from "../../domain/words.js";
import type { RunTally } from "./run-tally.js";

/** One process's work on a run: it reads, marks, and tells how far the run has come. */
export class Pass {
  total: number | null = null;
  onCancel: () => void = () => {};
  readonly #controller = new AbortController();
  readonly #startedMs: number;
  #counts = noCounts;
  #read: number;

  constructor(
    readonly run: Run,
    readonly tally: RunTally,
    private readonly clock: Clock,
  ) {
    this.#startedMs = clock();
    // The lists are read anew by whoever takes a run over; the feeds are read on.
    this.#read = run.mode === "CHANGES" && !run.dryRun ? run.progress.read : 0;
  }

  get cancelled(): AbortSignal {
    return this.#controller.signal;
  }

  get isCancelled(): boolean {
    return this.#controller.signal.aborted;
  }

  cancel(): void {
    this.#controller.abort();
    this.onCancel();
  }

  read(count: number): void {
    this.#read += count;
  }

  /** How far the run has come, over all processes. */
  async progress(): Promise<RunProgress> {
    this.#counts = (await this.tally.counts()) ?? this.#counts;
    const total = this.total === null ? null : Math.max(this.total, this.#read);
    const elapsed = (this.clock() - this.#startedMs) / 1000;
    const isTelling = total !== null && this.#read > 0 && elapsed > 1 && total > this.#read;
    return { ...this.#counts, read: this.#read, total, etaSeconds: isTelling ? Math.ceil(((total - this.#read) * elapsed) / this.#read) : null };
  }
}
