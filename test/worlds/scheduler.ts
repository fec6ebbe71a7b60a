import type { Random } from "../../src/sandbox/kit/index.js";

/** The process has been killed: nothing that it still does has an effect. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** One process of ours. */
export interface Host {
  readonly id: number;
  isAlive: boolean;
}

interface Waiter {
  readonly host: Host;
  readonly label: string;
  /** When it began to wait, by the world's clock. */
  readonly since: number;
  /** A write that is about to leave: it may not be held up for longer than assumption A1 allows. Called if it leaves all the same. */
  readonly leaves: (() => void) | null;
  readonly resume: () => void;
  readonly kill: () => void;
}

/** The world goes on and on: whatever is at it never comes to an end. */
export class Endless extends Error {}

/**
 * Whatever the engine does outside itself stops here first, and goes on when it is picked. So the order of all calls and
 * commits, and what happens between them, is one row of choices from one seed.
 */
export class Scheduler {
  readonly trace: string[] = [];
  step = 0;
  #waiting: Waiter[] = [];

  constructor(
    private readonly random: Random,
    private readonly now: () => number,
    private readonly mostSteps: number,
  ) {}

  log(line: string): void {
    this.trace.push(`${this.step} ${line}`);
  }

  point(host: Host, label: string, leaves: (() => void) | null = null): Promise<void> {
    if (!host.isAlive) return Promise.reject(new Killed());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ host, label, since: this.now(), leaves, resume: resolve, kill: () => reject(new Killed()) });
    });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How long a request has been about to leave. */
  longestSendMs(): number {
    return this.#waiting.reduce((longest, one) => (one.leaves ? Math.max(longest, this.now() - one.since) : longest), 0);
  }

  /** Lets one go on: mostly the one that waits longest. */
  resumeOne(): void {
    const at = this.random.next() < 0.6 ? 0 : this.random.int(this.#waiting.length);
    const [one] = this.#waiting.splice(at, 1);
    if (!one) return;
    this.log(`#${one.host.id} ${one.label}`);
    one.resume();
  }

  /** Kills a process wherever it is. A write that was about to leave may have left. */
  kill(host: Host, hasLeft: () => boolean): void {
    host.isAlive = false;
    const own = this.#waiting.filter((one) => one.host === host);
    this.#waiting = this.#waiting.filter((one) => one.host !== host);
    for (const one of own) {
      if (one.leaves && hasLeft()) one.leaves();
      one.kill();
    }
  }

  /** Resolves when nothing can go on without being picked. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (++this.step > this.mostSteps) throw new Endless(`more than ${this.mostSteps} steps`);
  }
}
