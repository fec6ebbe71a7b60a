import { describe, expect, it } from "vitest";
import { ablationOf } from "./ablations.js";
import { runWorld } from "./world.js";

/**
 * For each safeguard worlds that are whole with it, and the promise that breaks in one of them without it. There are several, as a
 * change of the product draws another world from the same seed: when none is left, `npm run worlds -- --ablation` finds new ones.
 */
const pinned = [
  { name: "quarantine", seeds: [6, 9, 12], breaks: "I3" },
  { name: "adopt", seeds: [1, 5], breaks: "I3" },
  { name: "three-way merge", seeds: [0, 1, 2], breaks: "I4" },
  { name: "read-back", seeds: [4, 20, 23], breaks: "I4" },
  { name: "lease", seeds: [10, 27, 33], breaks: "I3" },
  { name: "overlap", seeds: [6, 10, 21], breaks: "R12" },
  { name: "edit beats delete", seeds: [19, 32, 42], breaks: "R9" },
] as const;

describe("a safeguard taken away is missed", { timeout: 60_000 }, () => {
  it.each(pinned)("$name: without it $breaks is found broken, with it the same worlds are whole", async ({ name, seeds, breaks }) => {
    const found: string[] = [];
    for (const number of seeds) {
      const seed = `without-${number}`;
      expect((await runWorld({ seed, faults: 3 })).violations).toEqual([]);
      found.push(...(await runWorld({ seed, faults: 3, ablation: ablationOf(name) })).violations);
    }
    expect(found).toContainEqual(expect.stringMatching(new RegExp(`^${breaks} `)));
  });
});
