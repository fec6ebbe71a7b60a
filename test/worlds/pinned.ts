import { ablationOf } from "./ablations.js";
import { runWorld, type WorldOptions } from "./world.js";

/** A safeguard, the promise that breaks without it, and worlds that are whole with it and show that. */
export interface Pin {
  readonly name: string;
  readonly seeds: readonly number[];
  readonly breaks: string;
}

/**
 * Several worlds for each safeguard, as a change of the product draws another world from the same seed: the first in which the promise
 * breaks will do. When none is left, `npm run worlds -- --find` finds new ones, and says what to write here.
 */
export const pinned: readonly Pin[] = [
  { name: "quarantine", seeds: [6, 13, 16], breaks: "I3" },
  { name: "adopt", seeds: [6, 9, 11], breaks: "I3" },
  { name: "three-way merge", seeds: [0, 2, 14], breaks: "I4" },
  { name: "read-back", seeds: [10, 22, 30], breaks: "I4" },
  { name: "lease", seeds: [2, 7, 17], breaks: "I3" },
  { name: "overlap", seeds: [2, 4, 13], breaks: "R12" },
  { name: "edit beats delete", seeds: [33, 35, 55], breaks: "R9" },
  { name: "guards", seeds: [1, 7, 18], breaks: "R10" },
  { name: "reasons", seeds: [0, 1, 2], breaks: "I7" },
  { name: "budget", seeds: [0, 2, 4], breaks: "I8" },
];

const worldOf = ({ name }: Pin, seed: number): WorldOptions => ({ seed: `without-${seed}`, faults: 3, budget: name === "budget" });

/** Whether the promise breaks in this world without the safeguard. */
async function breaksWithout(pin: Pin, seed: number): Promise<boolean> {
  const { violations } = await runWorld({ ...worldOf(pin, seed), ablation: ablationOf(pin.name) });
  return violations.some((one) => one.startsWith(`${pin.breaks} `));
}

/** What is broken in this world with all safeguards. */
export const brokenWith = async (pin: Pin, seed: number): Promise<readonly string[]> => (await runWorld(worldOf(pin, seed))).violations;

/** The first of these worlds in which the promise breaks without the safeguard; null: none. */
export async function firstBreak(pin: Pin): Promise<number | null> {
  for (const seed of pin.seeds) if (await breaksWithout(pin, seed)) return seed;
  return null;
}

/** Worlds that may be pinned, from the first seed on: as many as are pinned, or those among the first so many. */
export async function findSeeds(pin: Pin, most = 400): Promise<readonly number[]> {
  const found: number[] = [];
  for (let seed = 0; seed < most && found.length < pin.seeds.length; seed++)
    if ((await breaksWithout(pin, seed)) && (await brokenWith(pin, seed)).length === 0) found.push(seed);
  return found;
}

/** As it stands in the table above. */
export const pinText = ({ name, seeds, breaks }: Pin): string =>
  `{ name: ${JSON.stringify(name)}, seeds: [${seeds.join(", ")}], breaks: ${JSON.stringify(breaks)} },`;
