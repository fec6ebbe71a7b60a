import type { PlannedActionKind } from "../domain/run.js";
import type { DirtyMark } from "../store/store.js";

/** More than these are not kept in memory: what is beyond is planned again once these are written. */
const most = 50_000;

/** Marks of what is known to owe writes, so that it is not planned again before its turn: edits first, each as it came. */
export class Backlog {
  readonly #edits = new Map<string, DirtyMark>();
  readonly #creates = new Map<string, DirtyMark>();
  readonly #begun = new Map<string, DirtyMark>();
  readonly #unplanned = new Map<string, DirtyMark>();

  add(mark: DirtyMark, kind: PlannedActionKind): void {
    this.#edits.delete(mark.entityId);
    this.#creates.delete(mark.entityId);
    this.#unplanned.delete(mark.entityId);
    if (this.#edits.size + this.#creates.size < most) (kind === "CREATE" ? this.#creates : this.#edits).set(mark.entityId, mark);
  }

  /** An edit that is planned only when its turn comes: until then nothing shows that it waits. */
  addUnplanned(mark: DirtyMark): void {
    this.add(mark, "UPDATE");
    if (this.#edits.get(mark.entityId) === mark) this.#unplanned.set(mark.entityId, mark);
  }

  /** It waits here for this very mark, and nothing shows that it does. */
  isUnplanned({ entityId, generation }: DirtyMark): boolean {
    return this.#unplanned.get(entityId)?.generation === generation;
  }

  /** It waits here, or is being written, for this very mark. */
  knows({ entityId, generation }: DirtyMark): boolean {
    return [this.#edits, this.#creates, this.#begun].some((marks) => marks.get(entityId)?.generation === generation);
  }

  /** The next ones, at most so many; they count as being written until they are given back by `end`. */
  take(count: number): readonly DirtyMark[] {
    const taken = [...first(this.#edits, count), ...first(this.#creates, count)].slice(0, count);
    for (const mark of taken) {
      this.#edits.delete(mark.entityId);
      this.#creates.delete(mark.entityId);
      this.#unplanned.delete(mark.entityId);
      this.#begun.set(mark.entityId, mark);
    }
    return taken;
  }

  end(marks: readonly DirtyMark[]): void {
    for (const mark of marks) if (this.#begun.get(mark.entityId) === mark) this.#begun.delete(mark.entityId);
  }
}

function* first(marks: ReadonlyMap<string, DirtyMark>, count: number): Generator<DirtyMark> {
  for (const mark of marks.values()) {
    if (count-- <= 0) return;
    yield mark;
  }
}
