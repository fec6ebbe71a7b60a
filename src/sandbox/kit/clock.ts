type Work = () => void | Promise<void>;
interface Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly work: Work;
}

/** The longest delay that setTimeout keeps. */
const longestTimeoutMs = 2 ** 31 - 1;

/**
 * The time of a sandbox. Started with "real" it is the machine's time plus what was advanced; started with a number it
 * stands still and moves only by `advance`. Time never goes back.
 */
export class VirtualClock {
  private readonly frozen: boolean;
  /** Frozen: the time. Real: what to add to the machine's time. */
  private offset: number;
  private timers: Timer[] = [];
  private made = 0;
  private wakeUp: NodeJS.Timeout | null = null;
  private advancing: Promise<void> = Promise.resolve();

  constructor(start: number | "real" = "real") {
    this.frozen = start !== "real";
    this.offset = start === "real" ? 0 : start;
  }

  now(): number {
    return this.frozen ? this.offset : Date.now() + this.offset;
  }

  /**
   * Moves the time on and runs the timers that fall due on the way, each at its own time, in order, one after the other;
   * resolves when the last has finished. Calls wait for each other, so a timer must not await one.
   */
  advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`Time can't be advanced by ${ms} ms.`);
    const run = this.advancing.then(() => this.moveTo(this.now() + ms));
    this.advancing = run.catch(() => {});
    return run;
  }

  /** Runs the work once, ms from now; the answer calls it off. */
  setTimer(work: Work, ms: number): () => void {
    const timer: Timer = { dueAt: this.now() + Math.max(0, ms), order: this.made++, work };
    this.timers.push(timer);
    this.timers.sort((a, b) => a.dueAt - b.dueAt || a.order - b.order);
    this.arm();
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
      this.arm();
    };
  }

  /** Timers that can be called off together, by whoever stops. */
  group(): TimerGroup {
    return new TimerGroup(this);
  }

  private async moveTo(target: number): Promise<void> {
    for (let timer = this.takeDue(target); timer; timer = this.takeDue(target)) {
      this.offset += Math.max(0, timer.dueAt - this.now());
      await timer.work();
    }
    this.offset += Math.max(0, target - this.now());
    this.arm();
  }

  private takeDue(until: number): Timer | undefined {
    const [first] = this.timers;
    return first && first.dueAt <= until ? this.timers.shift() : undefined;
  }

  /** A real clock wakes itself for the next timer. */
  private arm(): void {
    if (this.frozen) return;
    if (this.wakeUp) clearTimeout(this.wakeUp);
    const [next] = this.timers;
    this.wakeUp = next ? setTimeout(() => this.runDue(), Math.min(Math.max(0, next.dueAt - this.now()), longestTimeoutMs)).unref() : null;
  }

  private runDue(): void {
    for (let timer = this.takeDue(this.now()); timer; timer = this.takeDue(this.now())) void timer.work();
    this.arm();
  }
}

/** The timers of one owner. */
export class TimerGroup {
  private readonly cancels = new Set<() => void>();

  constructor(private readonly clock: VirtualClock) {}

  setTimer(work: Work, ms: number): () => void {
    const cancel = () => {
      this.cancels.delete(cancel);
      cancelTimer();
    };
    const cancelTimer = this.clock.setTimer(() => {
      this.cancels.delete(cancel);
      return work();
    }, ms);
    this.cancels.add(cancel);
    return cancel;
  }

  /** Resolves after ms of the clock, or never if the group is cancelled before. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(resolve, ms));
  }

  cancelAll(): void {
    for (const cancel of this.cancels) cancel();
  }
}
