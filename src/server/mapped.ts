/**
 * What `map` makes of each item, one after the other. An item that fails, or a source that does, ends both: `last` makes the
 * final value of the error. `return` takes effect at once, also while an item is waited for, which that of an async generator
 * does not.
 */
export function mapped<A, B>(source: AsyncIterableIterator<A>, map: (item: A) => Promise<B>, last: (error: unknown) => B): AsyncIterableIterator<B> {
  let isEnded = false;
  const results: AsyncIterableIterator<B> = {
    async next() {
      if (isEnded) return { value: undefined, done: true };
      try {
        const step = await source.next();
        if (!step.done) return { value: await map(step.value), done: false };
        isEnded = true;
        return { value: undefined, done: true };
      } catch (error) {
        isEnded = true;
        await source.return?.();
        return { value: last(error), done: false };
      }
    },
    async return() {
      isEnded = true;
      await source.return?.();
      return { value: undefined, done: true };
    },
    // Some libraries take for a generator, which can be ended, only what has this as well.
    async throw(error) {
      await results.return?.();
      throw error;
    },
    [Symbol.asyncIterator]: () => results,
  };
  return results;
}
