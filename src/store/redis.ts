import { type Dataflow, dataflows } from "../domain/dataflow.js";
import type { Clock } from "../domain/words.js";
import { RecordRefs } from "./indexed.js";
import { type Keys, keysOf } from "./keys.js";
import { type Client, Connection, type Log } from "./redis/connection.js";
import { RedisDocuments } from "./redis/documents.js";
import { RedisEntities } from "./redis/entities.js";
import { RedisEvents } from "./redis/events.js";
import { RedisFeeds } from "./redis/feeds.js";
import { checkFormat } from "./redis/format.js";
import { RedisLeases } from "./redis/leases.js";
import { RedisLists } from "./redis/lists.js";
import { Losses } from "./redis/losses.js";
import { type Persistence, readPersistence } from "./redis/persistence.js";
import { RedisPieces } from "./redis/piece-reader.js";
import { RedisSecrets } from "./redis/secrets.js";
import { RedisSnapshots } from "./redis/snapshots.js";
import { RedisTallies } from "./redis/tallies.js";
import { Sealer } from "./sealer.js";
import type { Store } from "./store.js";

interface RedisStoreOptions {
  /** `redis://`, `rediss://` or `unix:///path`. */
  readonly url: string;
  readonly tenant: string;
  /** The first seals secrets, all of them open; see `Sealer`. */
  readonly encryptionKey: string | readonly string[];
  readonly clock?: Clock;
  /** The site's table; as shipped where nothing is said. */
  readonly flows?: readonly Dataflow[];
  readonly commandTimeoutMs?: number;
  /** Told of outages, once each, and of subscribers that fail. */
  readonly log?: Log;
}

/** The store in Redis, for any number of processes. Whatever must hold together is one Lua script. */
export class RedisStore implements Store {
  readonly kind = "redis";
  readonly entities: RedisEntities;
  readonly snapshots: RedisSnapshots;
  readonly pieces: RedisPieces;
  readonly feeds: RedisFeeds;
  readonly leases: RedisLeases;
  readonly secrets: RedisSecrets;
  readonly documents: RedisDocuments;
  readonly tallies: RedisTallies;
  readonly events: RedisEvents;
  readonly keys: Keys;
  readonly #connection: Connection;
  #losses: Losses | null = null;

  private constructor(connection: Connection, events: RedisEvents, keys: Keys, sealer: Sealer, clock: Clock, flows: readonly Dataflow[]) {
    this.#connection = connection;
    this.keys = keys;
    const lists = new RedisLists(connection, keys);
    this.entities = new RedisEntities(connection, keys, clock, new RecordRefs(flows), lists);
    this.snapshots = new RedisSnapshots(connection, keys);
    this.pieces = new RedisPieces(connection, keys, lists);
    this.feeds = new RedisFeeds(connection, keys);
    this.leases = new RedisLeases(connection, keys);
    this.secrets = new RedisSecrets(connection, keys, sealer);
    this.documents = new RedisDocuments(connection, keys, clock);
    this.tallies = new RedisTallies(connection, keys);
    this.events = events;
  }

  /** Throws `StoreUnavailableError` if Redis does not answer, `StoreFormatError` if another version's data stands there. Afterwards it reconnects by itself. */
  static async connect(options: RedisStoreOptions): Promise<RedisStore> {
    const { url, tenant, encryptionKey, clock = Date.now, flows = dataflows, commandTimeoutMs = 2_500, log = () => {} } = options;
    const keys = keysOf(tenant);
    const sealer = new Sealer(encryptionKey, tenant);
    const connection = await Connection.open(url, commandTimeoutMs, log);
    try {
      await checkFormat(connection, keys);
      const store = new RedisStore(connection, await RedisEvents.open(connection, keys, log), keys, sealer, clock, flows);
      store.#losses = await Losses.watch(connection, store.documents, clock, log);
      return store;
    } catch (error) {
      await connection.stop();
      throw error;
    }
  }

  /** For parts that keep something of their own in Redis, such as the budget. */
  get client(): Client {
    return this.#connection.client;
  }

  async ping(): Promise<void> {
    await this.#connection.call(() => this.client.ping());
  }

  /** When Redis may last have lost what it had acknowledged, in ms since 1970; null: nothing is known to be lost. */
  get lostAt(): number | null {
    return this.#losses?.at ?? null;
  }

  /** Whether Redis keeps what it is given; asked at the start. */
  persistence(): Promise<Persistence> {
    return readPersistence(this.#connection);
  }

  async stop(): Promise<void> {
    this.events.stop();
    await this.#connection.stop();
  }
}
