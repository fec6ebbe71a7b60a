/** A binary heap: the first by `isBefore` is at hand, and adding or taking one costs the logarithm of how many there are. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let at = this.#items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBeforeAt(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return last;
    this.#items[0] = last;
    for (let at = 0; ; ) {
      let next = at;
      for (const below of [2 * at + 1, 2 * at + 2]) if (below < this.#items.length && this.#isBeforeAt(below, next)) next = below;
      if (next === at) return first;
      this.#swap(at, next);
      at = next;
    }
  }

  #isBeforeAt(a: number, b: number): boolean {
    return this.#isBefore(this.#items[a] as T, this.#items[b] as T);
  }

  #swap(a: number, b: number): void {
    [this.#items[a], this.#items[b]] = [this.#items[b] as T, this.#items[a] as T];
  }
}
