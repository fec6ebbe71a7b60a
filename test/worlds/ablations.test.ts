import { describe, expect, it } from "vitest";
import { ablationOf } from "./ablations.js";
import { runWorld } from "./world.js";

/** For each safeguard a world that is whole with it, and the promise that breaks without it. */
const pinned = [
  { name: "quarantine", seed: "without-12", breaks: "I3" },
  { name: "adopt", seed: "without-1", breaks: "I3" },
  { name: "three-way merge", seed: "without-0", breaks: "I4" },
  { name: "read-back", seed: "without-20", breaks: "I4" },
  { name: "lease", seed: "without-1", breaks: "I3" },
  { name: "overlap", seed: "without-13", breaks: "R12" },
  { name: "edit beats delete", seed: "without-6", breaks: "R9" },
] as const;

describe("a safeguard taken away is missed", { timeout: 60_000 }, () => {
  it.each(pinned)("$name: without it $breaks is found broken, with it the same world is whole", async ({ name, seed, breaks }) => {
    const whole = await runWorld({ seed, faults: 3 });
    expect(whole.violations).toEqual([]);
    const without = await runWorld({ seed, faults: 3, ablation: ablationOf(name) });
    expect(without.violations).toContainEqual(expect.stringMatching(new RegExp(`^${breaks} `)));
  });
});
