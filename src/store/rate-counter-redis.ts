import type { Keys } from "./keys.js";
import { type Client, Script } from "./redis/connection.js";

const take = new Script("rate-take");

/** Counts what clients send, over all replicas. */
export class RedisRateCounter {
  readonly #client: Client;
  readonly #keys: Keys;

  constructor(client: Client, keys: Keys) {
    this.#client = client;
    this.#keys = keys;
  }

  /** Counts `amount` for a client, unless that would be more than `limit` within `windowMs`: then how long to wait, else 0. */
  async take(client: string, amount: number, limit: number, windowMs: number, now: number): Promise<number> {
    const options = { keys: [this.#keys.other(`rate:${client}`)], arguments: [amount, limit, windowMs, now].map(String) };
    try {
      return Number(await this.#client.evalSha(take.sha, options));
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return Number(await this.#client.eval(take.source, options));
    }
  }
}
