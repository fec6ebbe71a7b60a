/** How a job that threw is tried again. After the last attempt it is dropped: the sweep queues again what is still owed. */
export const retries = {
  attempts: 8,
  /** A job that comes again anyway is not worth more. */
  attemptsOfRepeated: 2,
  /** Doubled with every attempt; up to half of it is left to chance, so that what failed together does not come back together. */
  firstDelayMs: 1_000,
  jitter: 0.5,
} as const;

export function retryDelayMs(failures: number, random: () => number): number {
  const longest = retries.firstDelayMs * 2 ** (failures - 1);
  return Math.floor(longest * (1 - retries.jitter * random()));
}
