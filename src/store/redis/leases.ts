import type { Keys } from "../keys.js";
import type { Lease, LeaseStore } from "../store.js";
import { type Connection, Script } from "./connection.js";
import { asList } from "./replies.js";
import { together } from "./together.js";

const scripts = { acquire: new Script("lease-acquire"), renew: new Script("lease-renew") };

/** Leases run out by Redis' own clock, so that no replica's matters. What is asked for side by side is asked for at once. */
export class RedisLeases implements LeaseStore {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #acquiring = together((asked: readonly { readonly key: string; readonly ttlMs: number }[]) => this.#acquire(asked));
  readonly #releasing = together((leases: readonly Lease[]) => this.#renew(leases, 0));

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  acquire(key: string, ttlMs: number): Promise<Lease | null> {
    return this.#acquiring.load({ key, ttlMs });
  }

  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    return (await this.#renew([lease], ttlMs))[0] ?? false;
  }

  async release(lease: Lease): Promise<void> {
    await this.#releasing.load(lease);
  }

  async #acquire(asked: readonly { readonly key: string; readonly ttlMs: number }[]): Promise<readonly (Lease | null)[]> {
    const keys = [this.#keys.leaseToken, ...asked.map(({ key }) => this.#keys.lease(key))];
    const tokens = asList(
      await this.#connection.run(
        scripts.acquire,
        keys,
        asked.map(({ ttlMs }) => String(ttlMs)),
      ),
    );
    return asked.map(({ key }, i) => (tokens[i] === null ? null : { key, token: Number(tokens[i]) }));
  }

  async #renew(leases: readonly Lease[], ttlMs: number): Promise<readonly boolean[]> {
    const keys = leases.map(({ key }) => this.#keys.lease(key));
    const reply = await this.#connection.run(scripts.renew, keys, [String(ttlMs), ...leases.map(({ token }) => String(token))]);
    return asList(reply).map((one) => one === 1);
  }
}
