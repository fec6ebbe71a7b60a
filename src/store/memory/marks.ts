import type { DirtyMark } from "../store.js";

/** Dirty marks, oldest first. A mark set again keeps its place and gets a new generation. */
export class Marks {
  readonly #generations = new Map<string, number>();
  #last = 0;

  mark(ids: readonly string[]): void {
    for (const id of ids) this.#generations.set(id, ++this.#last);
  }

  clear(marks: readonly DirtyMark[]): void {
    for (const { entityId, generation } of marks) {
      if (this.#generations.get(entityId) === generation) this.#generations.delete(entityId);
    }
  }

  drop(id: string): void {
    this.#generations.delete(id);
  }

  oldest(limit: number): readonly DirtyMark[] {
    const marks: DirtyMark[] = [];
    for (const [entityId, generation] of this.#generations) {
      if (marks.length >= limit) break;
      marks.push({ entityId, generation });
    }
    return marks;
  }

  get size(): number {
    return this.#generations.size;
  }
}
