import type { Keys } from "../keys.js";
import type { Lease, LeaseStore } from "../store.js";
import { type Connection, Script } from "./connection.js";

const scripts = { acquire: new Script("lease-acquire"), renew: new Script("lease-renew") };

/** Leases run out by Redis' own clock, so that no replica's matters. */
export class RedisLeases implements LeaseStore {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async acquire(key: string, ttlMs: number): Promise<Lease | null> {
    const token = await this.#connection.run(scripts.acquire, [this.#keys.lease(key), this.#keys.leaseToken], [String(ttlMs)]);
    return token === null ? null : { key, token: Number(token) };
  }

  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    return (await this.#connection.run(scripts.renew, [this.#keys.lease(lease.key)], [String(lease.token), String(ttlMs)])) === 1;
  }

  async release(lease: Lease): Promise<void> {
    await this.renew(lease, 0);
  }
}
