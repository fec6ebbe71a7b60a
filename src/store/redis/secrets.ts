import type { Keys } from "../keys.js";
import type { Sealer } from "../sealer.js";
import type { SecretStore } from "../store.js";
import { type Connection, Script } from "./connection.js";

const scripts = { set: new Script("secret-set") };

export class RedisSecrets implements SecretStore {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #sealer: Sealer;

  constructor(connection: Connection, keys: Keys, sealer: Sealer) {
    this.#connection = connection;
    this.#keys = keys;
    this.#sealer = sealer;
  }

  async get(name: string): Promise<{ readonly value: string; readonly version: number } | null> {
    const [version, value] = await this.#connection.call((client) => client.hmGet(this.#keys.secret(name), ["version", "value"]));
    return value ? { value: this.#sealer.open(name, value), version: Number(version) } : null;
  }

  async set(name: string, value: string, version: number): Promise<boolean> {
    return (await this.#connection.run(scripts.set, [this.#keys.secret(name)], [String(version), this.#sealer.seal(name, value)])) === 1;
  }

  /** The version stays behind, so that who read it before the deletion can't write over what comes after it. */
  async delete(name: string): Promise<void> {
    await this.#connection.call((client) => client.hDel(this.#keys.secret(name), "value"));
  }
}
