import type { System } from "../../domain/words.js";
import { type DirtyMark, type FeedState, type FeedStore, type MarksPage, type RestedMark, unreadFeed } from "../store.js";
import { kept } from "./frozen.js";
import type { Marks } from "./marks.js";

export class MemoryFeeds implements FeedStore {
  readonly #states = new Map<string, FeedState>();
  readonly #marks: Marks;
  readonly #isFree: (mark: RestedMark) => boolean;

  /** `isFree`: nobody holds it, and it stands at that revision. */
  constructor(marks: Marks, isFree: (mark: RestedMark) => boolean) {
    this.#marks = marks;
    this.#isFree = isFree;
  }

  async get(system: System, feed: string): Promise<FeedState> {
    return this.#states.get(`${system}:${feed}`) ?? unreadFeed;
  }

  async advance(system: System, feed: string, state: FeedState, dirty: readonly string[]): Promise<void> {
    this.#states.set(`${system}:${feed}`, kept(state));
    this.#marks.mark(dirty);
  }

  async markDirty(entityIds: readonly string[]): Promise<void> {
    this.#marks.mark(entityIds);
  }

  async markForRun(entityIds: readonly string[], runId: string): Promise<void> {
    this.#marks.markForRun(entityIds, runId);
  }

  async dirty(limit: number): Promise<readonly DirtyMark[]> {
    return this.#marks.oldest(limit);
  }

  async dirtyPage(prefix: string, from: number, limit: number): Promise<MarksPage> {
    return this.#marks.page(prefix, from, limit);
  }

  async clearDirty(marks: readonly DirtyMark[]): Promise<void> {
    this.#marks.clear(marks);
  }

  async clearRested(marks: readonly RestedMark[]): Promise<void> {
    this.#marks.clear(marks.filter(this.#isFree));
  }

  async stillDirty(marks: readonly DirtyMark[]): Promise<readonly boolean[]> {
    return marks.map((mark) => this.#marks.stands(mark));
  }

  async countDirty(): Promise<number> {
    return this.#marks.size;
  }
}
