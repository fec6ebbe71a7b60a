import type { Clock } from "../domain/words.js";
import { type AddOptions, depthsOf, type Job, type Queue } from "./queue.js";
import { retries, retryDelayMs } from "./retries.js";
import { Running } from "./running.js";
import { type Entry, Waiting } from "./waiting.js";

/** Calls `run` after `ms`; what is returned prevents it. */
export type SetTimer = (run: () => void, ms: number) => () => void;

interface InProcessQueueOptions {
  readonly clock?: Clock;
  /** A simulated world passes its own, and steps the queue by it: nothing runs but in one of its timers. */
  readonly setTimer?: SetTimer;
  readonly random?: () => number;
  /** Told of jobs that are tried again or dropped. */
  readonly log?: (message: string, error: unknown) => void;
}

type Handler = (job: Job, signal: AbortSignal) => Promise<void>;

/** The queue within one process; what waits is lost with it. Deterministic, given its clock, timer and chance. */
export class InProcessQueue implements Queue {
  readonly #clock: Clock;
  readonly #setTimer: SetTimer;
  readonly #random: () => number;
  readonly #log: (message: string, error: unknown) => void;
  readonly #waiting = new Waiting();
  readonly #repeats = new Map<string, number>();
  readonly #running: Running;
  readonly #runs = new Map<Promise<void>, Job["kind"]>();
  #worker: { readonly handler: Handler; readonly concurrency: number } | null = null;
  #wake: { readonly at: number; readonly cancel: () => void } | null = null;
  #stopped = false;

  constructor({ clock = Date.now, setTimer = timer, random = Math.random, log = () => {} }: InProcessQueueOptions = {}) {
    this.#clock = clock;
    this.#setTimer = setTimer;
    this.#random = random;
    this.#log = log;
    this.#running = new Running(setTimer);
  }

  async add(job: Job, { key, delayMs = 0, priority = 0 }: AddOptions = {}): Promise<void> {
    this.#put({ job, key: key ?? null, repeat: null, failures: 0, dueAt: this.#clock() + delayMs, priority });
  }

  async repeat(job: Job, key: string, everyMs: number): Promise<void> {
    if (this.#repeats.get(key) === everyMs) return;
    this.#repeats.set(key, everyMs);
    this.#waiting.dropRepeats(key);
    this.#put({ job, key: null, repeat: key, failures: 0, dueAt: this.#clock(), priority: 0 });
  }

  work(handler: Handler, concurrency: number): void {
    if (this.#worker) throw new Error("The queue has a worker already.");
    this.#worker = { handler, concurrency };
    this.#schedule();
  }

  async depth() {
    const now = this.#clock();
    const waiting = [...this.#waiting].map(({ job: { kind }, dueAt }) => ({ kind, dueAt }));
    return depthsOf([...waiting, ...[...this.#runs.values()].map((kind) => ({ kind, dueAt: now, isActive: true }))], now);
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#wake?.cancel();
    if (this.#runs.size === 0) return;
    const cancel = this.#setTimer(() => this.#running.giveUp(), graceMs);
    await Promise.all(this.#runs.keys());
    cancel();
  }

  #put(entry: Entry): void {
    this.#waiting.put(entry);
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#worker || this.#stopped || this.#runs.size >= this.#worker.concurrency) return;
    const at = this.#waiting.nextAt();
    if (at === null || (this.#wake && this.#wake.at <= at)) return;
    this.#wake?.cancel();
    const cancel = this.#setTimer(() => this.#take(), Math.max(0, at - this.#clock()));
    this.#wake = { at, cancel };
  }

  /** Starts as many of the due jobs as there is room for. */
  #take(): void {
    this.#wake = null;
    if (!this.#worker || this.#stopped) return;
    const now = this.#clock();
    while (this.#runs.size < this.#worker.concurrency) {
      const entry = this.#waiting.take(now);
      if (!entry) break;
      this.#repeatAfter(entry, now);
      this.#start(entry, this.#worker.handler);
    }
    this.#schedule();
  }

  #start(entry: Entry, handler: Handler): void {
    const run: Promise<void> = this.#run(entry, handler).finally(() => {
      this.#runs.delete(run);
      this.#schedule();
    });
    this.#runs.set(run, entry.job.kind);
  }

  /** The next one is at the next whole interval, however long this one was waited for. */
  #repeatAfter(entry: Entry, now: number): void {
    const everyMs = entry.repeat === null ? undefined : this.#repeats.get(entry.repeat);
    if (everyMs === undefined || entry.failures > 0) return;
    const missed = Math.floor((now - entry.dueAt) / everyMs);
    this.#put({ ...entry, dueAt: entry.dueAt + (missed + 1) * everyMs });
  }

  async #run(entry: Entry, handler: Handler): Promise<void> {
    const outcome = await this.#running.run((signal) => handler(entry.job, signal));
    if (outcome === "GIVEN_UP") this.#put({ ...entry, dueAt: this.#clock() });
    else if (outcome !== "DONE") this.#retry(entry, outcome.error);
  }

  #retry(entry: Entry, error: unknown): void {
    const failures = entry.failures + 1;
    const attempts = entry.repeat === null ? retries.attempts : retries.attemptsOfRepeated;
    const again = failures < attempts;
    this.#log(`A job (${entry.job.kind}) failed ${failures} of ${attempts} times${again ? "" : " and is dropped"}.`, error);
    if (again) this.#put({ ...entry, failures, dueAt: this.#clock() + retryDelayMs(failures, this.#random) });
  }
}

const timer: SetTimer = (run, ms) => {
  const handle = setTimeout(run, ms);
  return () => clearTimeout(handle);
};
