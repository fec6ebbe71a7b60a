/** One who waits for an answer. */
interface Waiting {
  readonly until: number;
  readonly onSilence: () => void;
}

/** Tells who waits for longer than `timeoutMs`. One timer serves all of them: they give up in the order in which they began. */
export class Silences {
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly timeoutMs: number) {}

  /** Waits from now on. Give back what this gives when the answer is there. */
  begin(onSilence: () => void): Waiting {
    const waiting = { until: performance.now() + this.timeoutMs, onSilence };
    this.#waiting.add(waiting);
    this.#timer ??= setTimeout(this.#look, this.timeoutMs).unref();
    return waiting;
  }

  end(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  /** It keeps no process alive: the connection that is waited for does. */
  readonly #look = (): void => {
    this.#timer = null;
    const now = performance.now();
    for (const waiting of this.#waiting) {
      if (waiting.until > now) {
        this.#timer = setTimeout(this.#look, Math.ceil(waiting.until - now)).unref();
        return;
      }
      this.#waiting.delete(waiting);
      waiting.onSilence();
    }
  };
}
