/** A window that slides: what was counted in the window before weighs as much as of it still lies within the last `windowMs`. */
interface Window {
  readonly start: number;
  readonly current: number;
  readonly previous: number;
}

/** Counts what clients send, in one process; the twin of `RedisRateCounter`. */
export class MemoryRateCounter {
  readonly #windows = new Map<string, Window>();
  #sweptAt = 0;

  /** Counts `amount` for a client, unless that would be more than `limit` within `windowMs`: then how long to wait, else 0. */
  async take(client: string, amount: number, limit: number, windowMs: number, now: number): Promise<number> {
    this.#sweep(windowMs, now);
    const { window, waitMs } = taken(this.#windows.get(client), amount, limit, windowMs, now);
    this.#windows.set(client, window);
    return waitMs;
  }

  #sweep(windowMs: number, now: number): void {
    if (now - this.#sweptAt < windowMs) return;
    this.#sweptAt = now;
    for (const [client, { start }] of this.#windows) if (now - start >= 2 * windowMs) this.#windows.delete(client);
  }
}

/** What `rate-take.lua` does. */
function taken(before: Window | undefined, amount: number, limit: number, windowMs: number, now: number): { window: Window; waitMs: number } {
  const at = Math.max(now, before?.start ?? 0);
  const start = Math.floor(at / windowMs) * windowMs;
  const current = before?.start === start ? before.current : 0;
  const previous = before?.start === start ? before.previous : before?.start === start - windowMs ? before.current : 0;
  const elapsed = at - start;
  if (previous * (1 - elapsed / windowMs) + current + amount <= limit) return { window: { start, current: current + amount, previous }, waitMs: 0 };
  const waitMs =
    current + amount <= limit
      ? windowMs * (1 - (limit - current - amount) / previous) - elapsed
      : windowMs - elapsed + (amount <= limit ? windowMs * Math.max(0, 1 - (limit - amount) / current) : windowMs);
  return { window: { start, current, previous }, waitMs: Math.max(1, Math.ceil(waitMs)) };
}
