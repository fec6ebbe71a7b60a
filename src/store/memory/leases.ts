import type { Clock } from "../../domain/words.js";
import type { Lease, LeaseStore } from "../store.js";

export class MemoryLeases implements LeaseStore {
  readonly #held = new Map<string, { readonly token: number; readonly until: number }>();
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async acquire(key: string, ttlMs: number): Promise<Lease | null> {
    if (this.#holder(key) !== null) return null;
    const token = ++this.#last;
    this.#held.set(key, { token, until: this.#clock() + ttlMs });
    return { key, token };
  }

  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    if (this.#holder(lease.key) !== lease.token) return false;
    this.#held.set(lease.key, { token: lease.token, until: this.#clock() + ttlMs });
    return true;
  }

  async release(lease: Lease): Promise<void> {
    if (this.#holder(lease.key) === lease.token) this.#held.delete(lease.key);
  }

  isHeld(key: string): boolean {
    return this.#holder(key) !== null;
  }

  #holder(key: string): number | null {
    const held = this.#held.get(key);
    return held && held.until > this.#clock() ? held.token : null;
  }
}
