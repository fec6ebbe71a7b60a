import { describe, expect, it } from "vitest";
import { ablationOf } from "./ablations.js";
import { runWorld } from "./world.js";

/**
 * For each safeguard worlds that are whole with it, and the promise that breaks without it; the first in which it breaks will do. There are
 * several, as a change of the product draws another world from the same seed: when none is left, `npm run worlds -- --ablation` finds new ones.
 */
const pinned = [
  { name: "quarantine", seeds: [5, 12, 22], breaks: "I3" },
  { name: "adopt", seeds: [0, 3, 4], breaks: "I3" },
  { name: "three-way merge", seeds: [5, 10, 11], breaks: "I4" },
  { name: "read-back", seeds: [6, 14, 16], breaks: "I4" },
  { name: "lease", seeds: [8, 20, 22], breaks: "I3" },
  { name: "overlap", seeds: [0, 13, 24], breaks: "R12" },
  { name: "edit beats delete", seeds: [33, 35, 55], breaks: "R9" },
  { name: "guards", seeds: [1, 7, 18], breaks: "R10" },
  { name: "budget", seeds: [0, 2, 4], breaks: "I8" },
] as const;

describe("a safeguard taken away is missed", { timeout: 60_000 }, () => {
  it.each(pinned)("$name: without it $breaks is found broken, with it the same world is whole", async ({ name, seeds, breaks }) => {
    const found: string[] = [];
    for (const number of seeds) {
      const world = { seed: `without-${number}`, faults: 3, budget: name === "budget" };
      const { violations } = await runWorld({ ...world, ablation: ablationOf(name) });
      found.push(...violations.filter((one) => one.startsWith(`${breaks} `)));
      if (found.length === 0) continue;
      expect((await runWorld(world)).violations).toEqual([]);
      break;
    }
    expect(found).not.toEqual([]);
  });
});
