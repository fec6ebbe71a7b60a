import type { DirtyMark, MarksPage } from "../store.js";

/** Dirty marks, in the order in which they were last set. A mark set again gets a new generation, which is its place. */
export class Marks {
  readonly #marks = new Map<string, DirtyMark>();
  #last = 0;

  mark(ids: readonly string[]): void {
    for (const entityId of ids) this.#put({ entityId, generation: ++this.#last });
  }

  markForRun(ids: readonly string[], runId: string): void {
    for (const entityId of ids) {
      const held = this.#marks.get(entityId);
      if (!held) this.#put({ entityId, generation: ++this.#last, runId });
      else if (held.runId && held.runId !== runId) this.mark([entityId]);
    }
  }

  clear(marks: readonly DirtyMark[]): void {
    for (const mark of marks) if (this.stands(mark)) this.#marks.delete(mark.entityId);
  }

  stands({ entityId, generation }: DirtyMark): boolean {
    return this.#marks.get(entityId)?.generation === generation;
  }

  drop(id: string): void {
    this.#marks.delete(id);
  }

  oldest(limit: number): readonly DirtyMark[] {
    return [...this.#marks.values()].slice(0, Math.max(0, limit));
  }

  page(prefix: string, from: number, limit: number): MarksPage {
    const behind = [...this.#marks.values()].filter((mark) => mark.generation > from);
    const marks = behind.filter((mark) => mark.entityId.startsWith(prefix)).slice(0, limit);
    const next = (marks.length === limit ? marks : behind).at(-1)?.generation ?? from;
    return { marks, next, isMore: behind.some((mark) => mark.generation > next) };
  }

  get size(): number {
    return this.#marks.size;
  }

  #put(mark: DirtyMark): void {
    this.#marks.delete(mark.entityId);
    this.#marks.set(mark.entityId, mark);
  }
}
