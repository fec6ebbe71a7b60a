import { Refusal } from "./refusal.js";
import type { ExactSettings } from "./settings.js";

export interface Usage {
  minute: number;
  usedInMinute: number;
  day: number;
  usedInDay: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The calls of one app to one company: so many in a minute of the clock, and so many in a day of UTC. */
export class RateLimits {
  private readonly usage: Usage;

  constructor(
    private readonly settings: ExactSettings,
    private readonly now: () => number,
    kept: Usage | null,
  ) {
    this.usage = kept ? { ...kept } : { minute: 0, usedInMinute: 0, day: 0, usedInDay: 0 };
  }

  /** Counts the call and returns the headers of its answer; 429 if a window is used up, with the headers of that window only. */
  admit(): Record<string, string> {
    this.turnWindows();
    const { minuteLimit, dayLimit, fairUseLimit } = this.settings;
    if (fairUseLimit !== null && this.usage.usedInDay >= fairUseLimit) throw this.throttled({}, this.dayEnd());
    if (dayLimit !== null && this.usage.usedInDay >= dayLimit) throw this.throttled(this.dayHeaders(), this.dayEnd());
    if (minuteLimit !== null && this.usage.usedInMinute >= minuteLimit) throw this.throttled(this.minuteHeaders(), this.minuteEnd());
    this.usage.usedInMinute++;
    this.usage.usedInDay++;
    return { ...this.dayHeaders(), ...this.minuteHeaders() };
  }

  state(): Usage {
    return { ...this.usage };
  }

  private turnWindows(): void {
    const minute = Math.floor(this.now() / minuteMs);
    const day = Math.floor(this.now() / dayMs);
    if (minute !== this.usage.minute) Object.assign(this.usage, { minute, usedInMinute: 0 });
    if (day !== this.usage.day) Object.assign(this.usage, { day, usedInDay: 0 });
  }

  private throttled(headers: Record<string, string>, until: number): Refusal {
    const { throttledBody, throttledHeaders, retryAfter } = this.settings;
    const wait: Record<string, string> = retryAfter ? { "Retry-After": String(Math.ceil((until - this.now()) / 1000)) } : {};
    return new Refusal(429, throttledBody === "none" ? null : "Too many requests.", { ...(throttledHeaders ? headers : {}), ...wait });
  }

  private readonly minuteEnd = (): number => (this.usage.minute + 1) * minuteMs;
  private readonly dayEnd = (): number => (this.usage.day + 1) * dayMs;

  private minuteHeaders(): Record<string, string> {
    return headers("X-RateLimit-Minutely", this.settings.minuteLimit, this.usage.usedInMinute, this.minuteEnd());
  }

  private dayHeaders(): Record<string, string> {
    return headers("X-RateLimit", this.settings.dayLimit, this.usage.usedInDay, this.dayEnd());
  }
}

function headers(prefix: string, limit: number | null, used: number, resetAt: number): Record<string, string> {
  if (limit === null) return {};
  return { [`${prefix}-Limit`]: String(limit), [`${prefix}-Remaining`]: String(Math.max(0, limit - used)), [`${prefix}-Reset`]: String(resetAt) };
}
