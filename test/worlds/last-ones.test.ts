import { expect, it } from "vitest";
import { VirtualClock } from "../../src/sandbox/kit/index.js";
import { LastOnes } from "./last-ones.js";
import { Oracle } from "./oracle.js";
import { Systems } from "./systems.js";

const systems = () =>
  new Systems(new VirtualClock(), "last", {
    exact: { minuteLimit: null, dayLimit: null, errorLimit: null, lateMs: 0, lateShare: 0, moveContact: "allow" },
    customcrm: { changesLateMs: 0, capabilities: { ifMatch: true, changes: false } },
  });

it("of what clients ask to delete and people delete, in whatever order, one record of each type is left in Customcrm (I11)", () => {
  const [both, oracle] = [systems(), new Oracle()];
  const things = ["Vos", "Bos", "Mos"].map((Name) => {
    const thing = oracle.newThing();
    oracle.things.set(`CUSTOMCRM:${both.customcrm.create("Customer", { Name }).id}`, thing);
    return thing;
  });
  const [vos = 0, bos = 0, mos = 0] = things;
  const [kept, free] = [new LastOnes(both, oracle, true), new LastOnes(both, oracle, false)];
  expect(things.map((one) => kept.isKept(one))).toEqual([false, false, false]);
  kept.asked(vos);
  expect(things.map((one) => kept.isKept(one))).toEqual([false, false, false]);
  // Deleted in Exact: that is still to come to Customcrm.
  oracle.deletedByPeople.add(bos);
  expect(kept.isKept(mos)).toBe(true);
  expect(free.isKept(mos)).toBe(false);
});
