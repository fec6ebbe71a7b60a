import type { System } from "../../domain/words.js";
import type { Keys } from "../keys.js";
import { type DirtyMark, type FeedState, type FeedStore, type MarksPage, type RestedMark, unreadFeed } from "../store.js";
import { type Connection, Script } from "./connection.js";
import { asList, asTexts } from "./replies.js";

const scripts = {
  mark: new Script("mark-dirty"),
  markForRun: new Script("mark-for-run"),
  clear: new Script("clear-dirty"),
  clearRested: new Script("clear-rested"),
  page: new Script("dirty-page"),
};

/** Marks that one script gives: more would hold up everybody else for long. */
const pageSize = 10_000;

export class RedisFeeds implements FeedStore {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async get(system: System, feed: string): Promise<FeedState> {
    const found = await this.#connection.call((client) => client.get(this.#keys.feed(system, feed)));
    return found === null ? unreadFeed : (JSON.parse(found) as FeedState);
  }

  async advance(system: System, feed: string, state: FeedState, dirty: readonly string[]): Promise<void> {
    const { dirty: marks, dirtyGenerations, dirtyCount } = this.#keys;
    await this.#connection.run(scripts.mark, [marks, dirtyGenerations, dirtyCount, this.#keys.feed(system, feed)], [JSON.stringify(state), ...dirty]);
  }

  async markDirty(entityIds: readonly string[]): Promise<void> {
    const { dirty, dirtyGenerations, dirtyCount } = this.#keys;
    if (entityIds.length > 0) await this.#connection.run(scripts.mark, [dirty, dirtyGenerations, dirtyCount], ["", ...entityIds]);
  }

  async markForRun(entityIds: readonly string[], runId: string): Promise<void> {
    const { dirty, dirtyGenerations, dirtyCount } = this.#keys;
    if (entityIds.length > 0) await this.#connection.run(scripts.markForRun, [dirty, dirtyGenerations, dirtyCount], [runId, ...entityIds]);
  }

  async dirty(limit: number): Promise<readonly DirtyMark[]> {
    const found: DirtyMark[] = [];
    for (let from = 0, isMore = true; isMore && found.length < limit; ) {
      const page = await this.dirtyPage("", from, Math.min(limit - found.length, pageSize));
      found.push(...page.marks);
      ({ next: from, isMore } = page);
    }
    return found;
  }

  async dirtyPage(prefix: string, from: number, limit: number): Promise<MarksPage> {
    const reply = await this.#connection.run(scripts.page, [this.#keys.dirty, this.#keys.dirtyGenerations], [String(from), String(limit), prefix]);
    const [next, isMore, flat] = asList(reply);
    const texts = asTexts(flat);
    const marks: DirtyMark[] = [];
    for (let i = 0; i + 1 < texts.length; i += 2) marks.push({ entityId: texts[i] ?? "", ...markOf(texts[i + 1] ?? "") });
    return { marks, next: Number(next), isMore: isMore === 1 };
  }

  async clearDirty(marks: readonly DirtyMark[]): Promise<void> {
    const args = marks.flatMap(({ entityId, generation }) => [entityId, String(generation)]);
    if (args.length > 0) await this.#connection.run(scripts.clear, [this.#keys.dirty, this.#keys.dirtyGenerations], args);
  }

  async clearRested(marks: readonly RestedMark[]): Promise<void> {
    if (marks.length === 0) return;
    const { dirty, dirtyGenerations, entity, lease } = this.#keys;
    const args = marks.flatMap(({ entityId, generation, revision, leaseKey }) => [entityId, String(generation), String(revision), leaseKey]);
    await this.#connection.run(scripts.clearRested, [dirty, dirtyGenerations, entity(""), lease("")], args);
  }

  async stillDirty(marks: readonly DirtyMark[]): Promise<readonly boolean[]> {
    if (marks.length === 0) return [];
    const ids = marks.map(({ entityId }) => entityId);
    const held = await this.#connection.call((client) => client.hmGet(this.#keys.dirtyGenerations, ids));
    return marks.map(({ generation }, i) => markOf(held[i] ?? "").generation === generation);
  }

  countDirty(): Promise<number> {
    return this.#connection.call((client) => client.zCard(this.#keys.dirty));
  }
}

/** As it stands in the hash of generations: see scripts/include/dirty.lua. */
function markOf(held: string): Omit<DirtyMark, "entityId"> {
  const [generation, runId] = held.split(" ", 2);
  return { generation: Number(generation), ...(runId === undefined ? {} : { runId }) };
}
