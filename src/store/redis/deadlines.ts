import { setMaxListeners } from "node:events";

/** Commands begun within so many ms, and at most so many, share a signal. */
const slotMs = 100;
const slotSize = 200;

/**
 * Signals that take back what was not sent in time. One serves the commands of a short while: for node-redis to make one for each
 * costs eight times the command itself.
 */
export class Deadlines<T> {
  #current: T | null = null;
  #until = 0;
  #left = 0;

  constructor(
    private readonly timeoutMs: number,
    private readonly withSignal: (signal: AbortSignal) => T,
  ) {}

  /** What was made with a signal that aborts in `timeoutMs`, or up to a tenth of a second later. */
  next(): T {
    const now = performance.now();
    if (this.#current === null || now >= this.#until || this.#left === 0) {
      const ending = new AbortController();
      setMaxListeners(0, ending.signal);
      setTimeout(() => ending.abort(), this.timeoutMs + slotMs).unref();
      this.#current = this.withSignal(ending.signal);
      this.#until = now + slotMs;
      this.#left = slotSize;
    }
    this.#left--;
    return this.#current;
  }
}
