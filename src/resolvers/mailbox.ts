import { SlowSubscriberError } from "../domain/errors.js";

/**
 * What waits for one subscriber, up to a bound. Who does not take it in time is dropped: what waits is thrown away at once, and
 * the next step of the iteration throws `SlowSubscriberError`.
 */
export class Mailbox<T> implements AsyncIterableIterator<T> {
  readonly #capacity: number;
  readonly #onEnd: () => void;
  readonly #items: T[] = [];
  #waiting: ((step: IteratorResult<T>) => void) | null = null;
  #isEnded = false;
  #fault: Error | null = null;

  /** `onEnd` is called once, however it ends. */
  constructor(capacity: number, onEnd: () => void) {
    this.#capacity = capacity;
    this.#onEnd = onEnd;
  }

  put(item: T): void {
    if (this.#isEnded) return;
    if (this.#waiting) this.#answer({ value: item, done: false });
    else if (this.#items.length < this.#capacity) this.#items.push(item);
    else this.#drop();
  }

  /** In place of what waits. */
  replace(item: T): void {
    this.#items.length = 0;
    this.put(item);
  }

  /** Nothing more will come; what waits is still to be taken. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
    this.#answer({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#fault) {
      const fault = this.#fault;
      this.#fault = null;
      return Promise.reject(fault);
    }
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve({ value: item, done: false });
    if (this.#isEnded) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  async return(): Promise<IteratorResult<T>> {
    this.#items.length = 0;
    this.#fault = null;
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #drop(): void {
    this.#items.length = 0;
    this.#fault = new SlowSubscriberError(this.#capacity);
    this.end();
  }

  #answer(step: IteratorResult<T>): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(step);
  }
}
