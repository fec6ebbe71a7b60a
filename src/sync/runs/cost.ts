import type { BudgetWindow } from "../../connectors/connector.js";
import type { PlanCost } from "../../domain/run.js";
import type { System } from "../../domain/words.js";

/** What interactive use is left with comes off the background's pace. */
const share = 0.7;
/** Where a system has named no limit: one call after the other, over the internet. */
const callsPerSecond = 5;
const daySeconds = 86_400;

/** How long so many calls take at the pace that the system allows now: by the minute while the day lasts, then by the day. Pure. */
export function costOf(system: System, calls: { readonly reads: number; readonly writes: number }, budget: readonly BudgetWindow[]): PlanCost {
  const total = calls.reads + calls.writes;
  const of = (window: string) => budget.find((one) => one.window === window && one.endpoint === null);
  const perMinute = of("minute")?.limit ?? null;
  const pace = perMinute === null ? callsPerSecond : Math.max((perMinute * share) / 60, 1 / 60);
  const day = of("day");
  const perDay = day?.limit ? day.limit * share : null;
  const today = day?.remaining ?? perDay;
  if (perDay === null || today === null || total <= today) return { system, ...calls, seconds: whole(total / pace) };
  const beyond = total - today;
  const fullDays = Math.ceil(beyond / perDay);
  const last = beyond - (fullDays - 1) * perDay;
  return { system, ...calls, seconds: whole(fullDays * daySeconds + last / pace) };
}

/** Rounded up, but for the dust of binary fractions. */
const whole = (seconds: number): number => Math.ceil(Number(seconds.toFixed(6)));
