/**
 * Does work in so many lanes side by side: whichever comes free asks for the next piece, until there is none (null). When a piece
 * fails, nothing more is begun; what was begun comes to its end, and then the first failure is thrown.
 */
export async function inLanes(count: number, next: () => (() => Promise<void>) | null): Promise<void> {
  const failures: unknown[] = [];
  const lane = async () => {
    for (let work = next(); work !== null; work = failures.length === 0 ? next() : null) {
      await work().catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  if (failures.length > 0) throw failures[0];
}
