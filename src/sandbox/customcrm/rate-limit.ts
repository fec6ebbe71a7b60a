import { Problem } from "./problem.js";
import type { CustomcrmSettings } from "./settings.js";

/** Counts calls in fixed windows; the call over the limit is told when the window ends. */
export class RateLimit {
  private windowEndsAt = 0;
  private taken = 0;

  constructor(
    private readonly now: () => number,
    private readonly settings: () => CustomcrmSettings,
  ) {}

  take(): void {
    const limit = this.settings().rateLimit;
    if (limit === null) return;
    const now = this.now();
    if (now >= this.windowEndsAt) {
      const length = limit.windowSeconds * 1000;
      this.windowEndsAt = (Math.floor(now / length) + 1) * length;
      this.taken = 0;
    }
    this.taken += 1;
    if (this.taken <= limit.calls) return;
    const seconds = Math.max(1, Math.ceil((this.windowEndsAt - now) / 1000));
    throw new Problem(429, "too-many-requests", `At most ${limit.calls} calls in ${limit.windowSeconds} s are taken.`, {
      headers: { "Retry-After": String(seconds) },
    });
  }
}
