import { createHash } from "node:crypto";

/** Chance from a seed: the same seed gives the same row of answers. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, n. */
  int(n: number): number;
  /** Lower case, of version 4. */
  guid(): string;
  pick<T>(choices: readonly T[]): T;
}

export function createRandom(seed: string): Random {
  const next = smallFastCounter(createHash("sha256").update(seed).digest());
  const int = (n: number) => Math.floor(next() * n);
  const hex = (digits: number) => Array.from({ length: digits }, () => int(16).toString(16)).join("");
  return {
    next,
    int,
    guid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + int(4)).toString(16)}${hex(3)}-${hex(12)}`,
    pick<T>(choices: readonly T[]): T {
      if (choices.length === 0) throw new RangeError("There is nothing to pick from.");
      return choices[int(choices.length)] as T;
    },
  };
}

/** Chris Doty-Humphrey's sfc32 (public domain): small, fast, and passes PractRand. */
function smallFastCounter(state: Buffer): () => number {
  let [a, b, c, counter] = [state.readUInt32LE(0), state.readUInt32LE(4), state.readUInt32LE(8), 1];
  const step = () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    return (result >>> 0) / 2 ** 32;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) step();
  return step;
}
