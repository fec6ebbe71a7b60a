/** A handler that ignores its signal is not waited for longer than this. */
const handBackMs = 250;

export type Outcome = "DONE" | "GIVEN_UP" | { readonly error: unknown };

/** The jobs that are being handled, and the way to end them all. */
export class Running {
  readonly #endings = new Set<() => void>();
  readonly #later: (run: () => void, ms: number) => void;

  constructor(later: (run: () => void, ms: number) => void) {
    this.#later = later;
  }

  get size(): number {
    return this.#endings.size;
  }

  /** How a handler ended. `lost` tells that the job is no longer ours, and is passed on to the handler. */
  async run(handler: (signal: AbortSignal) => Promise<void>, lost?: AbortSignal): Promise<Outcome> {
    const controller = new AbortController();
    lost?.addEventListener("abort", () => controller.abort(lost.reason), { once: true });
    let isGivenUp = false;
    let end = () => {};
    const givenUp = new Promise<Outcome>((resolve) => {
      end = () => {
        isGivenUp = true;
        controller.abort();
        this.#later(() => resolve("GIVEN_UP"), handBackMs);
      };
    });
    this.#endings.add(end);
    try {
      const handled = (async () => handler(controller.signal))().then(
        (): Outcome => "DONE",
        (error: unknown): Outcome => (isGivenUp ? "GIVEN_UP" : { error }),
      );
      return await Promise.race([handled, givenUp]);
    } finally {
      this.#endings.delete(end);
    }
  }

  /** Every handler is told to end; whoever does not soon is left alone. */
  giveUp(): void {
    for (const end of [...this.#endings]) end();
  }
}
