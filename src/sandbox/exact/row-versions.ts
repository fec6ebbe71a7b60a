import type { Random, VirtualClock } from "../kit/index.js";
import type { RowVersions } from "./record-table.js";
import type { ExactSettings } from "./settings.js";

/** The division's row versions: every change of any record takes the next. */
export class RowVersionCounter implements RowVersions {
  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
    private readonly settings: ExactSettings,
    public last: number,
  ) {}

  /** Other tables of the same database use numbers up, too. */
  next(): number {
    this.last += 1 + this.random.int(5);
    return this.last;
  }

  visibleAt(): number {
    const { lateShare, lateMs } = this.settings;
    const isLate = lateShare > 0 && this.random.next() < lateShare;
    return this.clock.now() + (isLate ? lateMs : 0);
  }

  now(): number {
    return this.clock.now();
  }

  /** Another database, another counter: it begins low. */
  restart(): void {
    this.last = 1_000 + this.random.int(1_000);
  }
}
