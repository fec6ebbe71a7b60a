import type { Clock } from "../../domain/words.js";
import type { Connection, Log } from "./connection.js";
import type { RedisDocuments } from "./documents.js";
import { infoField, readPersistence } from "./persistence.js";

/** The life of the Redis server that the link map was last seen in, and when it was seen to have begun with the map of the one before. */
interface Life {
  readonly runId: string;
  readonly lostAt: number | null;
}

const key = "redis-life";

/**
 * Knows when Redis may last have lost what it had acknowledged: it was started again, and does not put every write on disk first
 * (assumption A3). All processes share what one has seen.
 */
export class Losses {
  #at: number | null = null;
  #losesNoLast = false;
  #runId: string | null = null;

  private constructor(
    private readonly connection: Connection,
    private readonly documents: RedisDocuments,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  static async watch(connection: Connection, documents: RedisDocuments, clock: Clock, log: Log): Promise<Losses> {
    const losses = new Losses(connection, documents, clock, log);
    await losses.#look();
    connection.client.on("ready", () => {
      if (losses.#losesNoLast) return;
      // Until it is known whether it is the same server: before that nothing can have been sent to it.
      losses.#at = clock();
      losses.#look().catch((error) => log("It could not be seen whether Redis was started again; it is taken for so.", error));
    });
    return losses;
  }

  /** ms since 1970; null: nothing was lost as far as anybody knows. */
  get at(): number | null {
    return this.#at;
  }

  async #look(): Promise<void> {
    const { appendonly, appendfsync } = await readPersistence(this.connection);
    // Without a file it loses not its last writes but all of them.
    this.#losesNoLast = appendfsync === "always" || appendonly === false;
    if (this.#losesNoLast) return;
    const runId = infoField(await this.connection.call(() => this.connection.client.info("server")).catch(() => null), "run_id");
    const found = await this.documents.get<Life>("meta", key);
    if (runId === null) return;
    const isNew = found === null && this.#runId === null;
    this.#runId = runId;
    if (found?.value.runId === runId) {
      this.#at = found.value.lostAt;
      return;
    }
    // A map that nobody has seen before is new: there was nothing to lose.
    const life: Life = { runId, lostAt: isNew ? null : this.clock() };
    if (life.lostAt !== null) this.log("Redis was started again and may have lost its last writes: what was to be created is looked for before it is created.");
    if (await this.documents.set("meta", key, life, found?.version ?? 0)) this.#at = life.lostAt;
    else await this.#look();
  }
}
