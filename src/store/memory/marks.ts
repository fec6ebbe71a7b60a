import type { DirtyMark } from "../store.js";

/** Dirty marks, oldest first. A mark set again keeps its place and gets a new generation. */
export class Marks {
  readonly #marks = new Map<string, DirtyMark>();
  #last = 0;

  mark(ids: readonly string[]): void {
    for (const entityId of ids) this.#marks.set(entityId, { entityId, generation: ++this.#last });
  }

  markForRun(ids: readonly string[], runId: string): void {
    for (const entityId of ids) {
      const held = this.#marks.get(entityId);
      if (!held) this.#marks.set(entityId, { entityId, generation: ++this.#last, runId });
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

  get size(): number {
    return this.#marks.size;
  }
}
