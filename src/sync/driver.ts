import { setMaxListeners } from "node:events";
import { type System, systems } from "../domain/words.js";
import type { Queue } from "../queue/queue.js";
import type { Engine } from "./engine.js";

export interface DriverOptions {
  /** The safety interval of the polls; hints bring most changes sooner. */
  readonly intervalMs: number;
  /** How soon marks are looked at when nobody has hinted. */
  readonly sweepMs: number;
  /** Hints that come within this time are one. */
  readonly hintMs: number;
  /** Works on a run. It settles by itself what it has to. */
  readonly onRun?: (runId: string, signal: AbortSignal) => Promise<void>;
  /** Called when what could be done has been done. */
  readonly onDrained?: () => Promise<void>;
  /** When the store may last have lost what it had acknowledged. */
  readonly lostAt?: () => number | null;
  readonly onError: (error: unknown, what: string) => void;
}

/** Decides when the engine works: at once at the start, then on schedule and on hints. The queue carries it to a worker. */
export class Driver {
  readonly ready: Promise<void>;
  #isReady: () => void = () => {};
  /** Since which loss of the store both systems were read; undefined: not since this process began. */
  #readSince: number | null | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly queue: Queue,
    private readonly options: DriverOptions,
  ) {
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
  }

  async start(): Promise<void> {
    this.queue.work((job, signal) => this.#work(job, signal), 3);
    const { intervalMs, sweepMs } = this.options;
    for (const system of systems) {
      await this.queue.repeat({ kind: "poll", system }, `poll:${system}`, intervalMs);
      await this.queue.add({ kind: "poll", system }, { key: `first-poll:${system}` });
    }
    await this.queue.repeat({ kind: "sweep" }, "sweep", sweepMs);
  }

  /** Something has changed there: look soon. Equal hints that wait are one. */
  async hint(system: System): Promise<void> {
    await this.queue.add({ kind: "poll", system, isHinted: true }, { key: `hint:${system}`, delayMs: this.options.hintMs, priority: 1 });
  }

  /** Something is marked: begin with it now, not at the next sweep. */
  async nudge(): Promise<void> {
    await this.queue.add({ kind: "sweep" }, { key: "nudge", priority: 1 });
  }

  /**
   * Redis may have lost its last writes, together with the process before or under this one, and with them that a create was
   * sent: what stands in both systems is read, and so can be matched, before this process writes for the first time after it.
   */
  async #readFirst(signal: AbortSignal): Promise<void> {
    const lostAt = this.options.lostAt?.() ?? null;
    if (this.#readSince === lostAt) return;
    await Promise.all(systems.map((system) => this.engine.poll(system, { signal })));
    this.#readSince = lostAt;
  }

  async #work(job: Parameters<Parameters<Queue["work"]>[0]>[0], signal: AbortSignal): Promise<void> {
    // Every call that is under way listens to it.
    setMaxListeners(0, signal);
    try {
      if (job.kind === "poll") await this.engine.poll(job.system, { signal, isHinted: job.isHinted ?? false });
      if (job.kind === "sweep") await this.engine.sweep();
      if (job.kind === "run") return await this.options.onRun?.(job.runId, signal);
      await this.#readFirst(signal);
      await this.engine.drain(signal, () => this.#isReady());
      await this.options.onDrained?.();
    } catch (error) {
      this.options.onError(error, job.kind);
      // The queue tries again, later and later; the marks keep what is still to do (R14).
      throw error;
    }
  }
}
