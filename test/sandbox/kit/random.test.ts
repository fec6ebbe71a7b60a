import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/sandbox/kit/index.js";

const row = (seed: string) => {
  const random = createRandom(seed);
  return Array.from({ length: 50 }, () => random.next());
};

describe("chance from a seed", () => {
  it("repeats itself for the same seed, and differs for another", () => {
    expect(row("a")).toEqual(row("a"));
    expect(row("a")).not.toEqual(row("b"));
  });

  it("stays within its bounds and reaches them all", () => {
    const random = createRandom("bounds");
    const drawn = new Set(Array.from({ length: 500 }, () => random.int(6)));
    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(row("unit").every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it("spreads evenly enough for probabilities to mean what they say", () => {
    const random = createRandom("even");
    const hits = Array.from({ length: 10_000 }, () => random.next()).filter((value) => value < 0.3).length;
    expect(hits).toBeGreaterThan(2_800);
    expect(hits).toBeLessThan(3_200);
  });

  it("makes distinct guids of version 4, in lower case", () => {
    const random = createRandom("guids");
    const guids = Array.from({ length: 1_000 }, () => random.guid());
    expect(new Set(guids).size).toBe(1_000);
    expect(guids.every((guid) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(guid))).toBe(true);
  });

  it("refuses to pick from nothing", () => {
    expect(() => createRandom("x").pick([])).toThrow("nothing to pick");
  });
});
