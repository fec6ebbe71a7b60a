import { setMaxListeners } from "node:events";

/** Commands begun within so many ms, and at most so many, share a signal. */
const slotMs = 100;
const slotSize = 200;

/** What commands are sent with, and what takes back those of them that still wait to be sent. */
interface Slot<T> {
  readonly clients: T;
  takeBack(): void;
}

/**
 * Signals that take back what was not sent in time. One serves the commands of a short while, and ends with the first of them that
 * is given up: for node-redis to make one for each costs eight times the command itself.
 */
export class Deadlines<T> {
  #current: Slot<T> | null = null;
  #until = 0;
  #left = 0;

  constructor(private readonly withSignal: (signal: AbortSignal) => T) {}

  next(): Slot<T> {
    const now = performance.now();
    if (this.#current === null || now >= this.#until || this.#left === 0) {
      const ending = new AbortController();
      setMaxListeners(0, ending.signal);
      this.#current = { clients: this.withSignal(ending.signal), takeBack: () => this.#takeBack(ending) };
      this.#until = now + slotMs;
      this.#left = slotSize;
    }
    this.#left--;
    return this.#current;
  }

  #takeBack(ending: AbortController): void {
    this.#until = 0;
    ending.abort();
  }
}
