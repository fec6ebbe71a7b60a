import { describe, expect, it } from "vitest";
import { ablationOf } from "./ablations.js";
import { leftOutOf, leftOutText, shrink } from "./shrink.js";
import { type LeftOut, runWorld, type WorldOptions, type WorldReport } from "./world.js";

const figures = {} as WorldReport["figures"];
const reportOf = ({ seed }: WorldOptions, violations: readonly string[]): WorldReport => ({
  seed,
  violations,
  figures,
  digest: "",
  trace: [],
  pieces: { acts: 20, faults: 30, kills: 3 },
});

/** A world that breaks I3 only with two acts and a fault in it, and something else without one of them. */
const needing = async (options: WorldOptions): Promise<WorldReport> => {
  const isThere = (kind: keyof LeftOut, number: number) => !options.without?.[kind]?.includes(number);
  const isBroken = isThere("acts", 4) && isThere("acts", 17) && isThere("faults", 11);
  return reportOf(options, isBroken ? ["I3 the thing 1 was created 2 times."] : isThere("acts", 4) ? [] : ["I4 q1z is gone."]);
};

describe("a broken world", () => {
  it("is made smaller until nothing more can be left out without another end", async () => {
    const options: WorldOptions = { seed: "s" };
    const small = await shrink(options, await needing(options), 400, needing);
    expect(leftOutText(small.options.without ?? {})).toBe("faults=0-10,12-29 kills=0-2 acts=0-3,5-16,18-19");
    expect(small.report.violations).toEqual(["I3 the thing 1 was created 2 times."]);
  });

  it("is run as often as allowed, and not more", async () => {
    const options: WorldOptions = { seed: "s" };
    const small = await shrink(options, await needing(options), 5, needing);
    expect(small.tried).toBe(5);
    expect(small.report.violations).not.toEqual([]);
  });

  it("is the same again from what is left out of it", { timeout: 60_000 }, async () => {
    const options: WorldOptions = { seed: "without-1", faults: 3, ablation: ablationOf("guards") };
    const small = await shrink(options, await runWorld(options), 12);
    expect(leftOutText(small.options.without ?? {})).not.toBe("");
    const again = await runWorld({ ...options, without: leftOutOf(leftOutText(small.options.without ?? {})) });
    expect(again.digest).toBe(small.report.digest);
    expect(again.violations).toEqual(small.report.violations);
  });

  it.each(["acts", "acts=", "acts=1-", "people=1", "acts=1;2"])("--without refuses %s, and says what it takes", (text) => {
    expect(() => leftOutOf(text)).toThrow(/--without takes parts such as "acts=0-3,7 faults=0-40 kills=1"/);
  });
});
