import type { BusMessage } from "./store.js";

/** Who listens to the bus within this process. One that throws does not keep a message from the others. */
export class Subscribers {
  readonly #handlers = new Set<{ readonly handle: (message: BusMessage) => void }>();
  readonly #log: (message: string, error: unknown) => void;

  constructor(log: (message: string, error: unknown) => void) {
    this.#log = log;
  }

  add(handle: (message: BusMessage) => void): () => void {
    const entry = { handle };
    this.#handlers.add(entry);
    return () => {
      this.#handlers.delete(entry);
    };
  }

  tell(message: BusMessage | null): void {
    if (message === null) return;
    for (const { handle } of [...this.#handlers]) {
      try {
        handle(message);
      } catch (error) {
        this.#log(`A subscriber failed on a message of topic "${message.topic}".`, error);
      }
    }
  }

  clear(): void {
    this.#handlers.clear();
  }
}
