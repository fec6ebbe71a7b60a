import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dataflow } from "../../src/domain/dataflow.js";
import { systems } from "../../src/domain/words.js";
import { plan } from "../../src/sync/plan.js";
import { account, withRows } from "./decide-helpers.js";
import { type Fate, fates, PairWorld } from "./pair-world.js";

/** A few fields of each nature: alone, in a group, one-way, for a person to decide. */
const fields = ["name", "email", "phone", "city", "postcode"] as const;
const flowWith = (phone: "MANUAL" | "EXACT" | "NEWEST"): Dataflow => withRows(account, { phone: { policy: phone } });

type Step =
  | { readonly do: "edit"; readonly system: "CUSTOMCRM" | "EXACT"; readonly field: (typeof fields)[number]; readonly clear: boolean }
  | { readonly do: "mutate"; readonly field: (typeof fields)[number] }
  | { readonly do: "pass"; readonly seconds: number }
  | { readonly do: "settle"; readonly fates: readonly Fate[] };

const field = fc.constantFrom(...fields);
const step = (allowed: readonly Fate[]): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("edit" as const), system: fc.constantFrom(...systems), field, clear: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("mutate" as const), field }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), seconds: fc.constantFrom(1, 30, 130, 299, 400) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("settle" as const), fates: fc.array(fc.constantFrom(...allowed), { maxLength: 3 }) }) },
  );
const walk = (allowed: readonly Fate[]) =>
  fc.record({
    steps: fc.array(step(allowed), { minLength: 1, maxLength: 25 }),
    isLinked: fc.boolean(),
    phone: fc.constantFrom("MANUAL" as const, "EXACT" as const, "NEWEST" as const),
  });

/** Lives through the walk, each value its own word, and then lets everything come to rest. */
function live(one: { steps: readonly Step[]; isLinked: boolean; phone: "MANUAL" | "EXACT" | "NEWEST" }, graceMs?: number): PairWorld {
  const world = new PairWorld(flowWith(one.phone), { name: "start", email: "start@a.nl" }, one.isLinked, graceMs);
  let word = 0;
  for (const what of one.steps) {
    if (what.do === "edit") world.edit(what.system, what.field, what.clear && what.field !== "name" ? null : `${what.system[0]}${++word}`);
    else if (what.do === "mutate") world.mutate(what.field, `G${++word}`);
    else if (what.do === "pass") world.pass(what.seconds);
    else world.settle(what.fates);
  }
  world.calm();
  return world;
}

const apart = (world: PairWorld) => fields.filter((name) => world.value("CUSTOMCRM", name) !== world.value("EXACT", name));
const withoutRefusals = fates.filter((fate) => fate !== "refused");

describe("whatever people edit and whatever happens to writes", () => {
  it("I2: when it comes to rest, both sides agree on every field that waits for nobody, and with both shadows", () => {
    fc.assert(
      fc.property(walk(withoutRefusals), (one) => {
        const world = live(one);
        const waiting = world.entity.conflicts.map((conflict) => conflict.field);
        expect(apart(world)).toEqual(waiting);
        expect(world.entity.state).toBe(waiting.length > 0 ? "CONFLICT" : "LINKED");
        for (const name of fields.filter((candidate) => !waiting.includes(candidate))) {
          for (const system of systems) expect(world.entity.shadows[system]?.[name]).toBe(world.value(system, name));
        }
      }),
      { numRuns: 400 },
    );
  });

  it("I5: at rest, the same look again plans nothing and changes nothing", () => {
    fc.assert(
      fc.property(walk(fates), (one) => {
        const world = live(one);
        const again = plan(world.observe());
        expect(again.writes).toEqual([]);
        expect(again.changed).toBe(false);
        expect(again.history).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("I3: one record made by a person leads to one counterpart, whatever is lost or crashes", () => {
    fc.assert(
      fc.property(walk(fates), (one) => {
        const world = live({ ...one, isLinked: false });
        expect(world.records.EXACT.size).toBeLessThanOrEqual(1);
        expect(world.records.CUSTOMCRM.size).toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  it("I4: every value that was read stands on a side at the end, or in the history, or was replaced by a person in its place", () => {
    fc.assert(
      fc.property(walk(fates), (one) => {
        const world = live(one);
        const kept = new Set(systems.flatMap((system) => fields.map((name) => world.value(system, name))));
        for (const change of world.history.flatMap((event) => event.fields)) for (const value of [change.before, change.after, change.lost]) kept.add(value);
        const waiting = world.entity.conflicts.flatMap((conflict) => [conflict.customcrm, conflict.exact]);
        for (const seen of world.read) {
          const value = seen.split(" ")[2] ?? "";
          if (!value.startsWith("start") && !world.replaced.has(value)) expect([...kept, ...waiting]).toContain(value);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("I4: an edit that was read while a write to its field was out, and that this write then replaces, stands in the history", () => {
    const world = live({
      steps: [
        { do: "mutate", field: "city" },
        { do: "settle", fates: ["lost before", "lands late"] },
        { do: "edit", system: "CUSTOMCRM", field: "city", clear: false },
        { do: "settle", fates: [] },
      ],
      isLinked: true,
      phone: "MANUAL",
    });
    expect([world.value("CUSTOMCRM", "city"), world.value("EXACT", "city")]).toEqual(["G1", "G1"]);
    const losses = world.history.flatMap((event) => event.fields).filter((change) => change.lost !== null);
    expect(losses).toMatchObject([{ field: "city", after: "G1", lost: "C2", lostFrom: "CUSTOMCRM" }]);
  });

  it('a write that is answered three times with "changed meanwhile" is planned again each time, and ends', () => {
    const steps: Step[] = [
      { do: "mutate", field: "name" },
      { do: "settle", fates: ["modified", "modified", "modified"] },
    ];
    const world = live({ steps, isLinked: true, phone: "MANUAL" });
    expect([world.value("CUSTOMCRM", "name"), world.value("EXACT", "name")]).toEqual(["G1", "G1"]);
  });

  it("I6: without faults, no write carries a field that did not need it", () => {
    fc.assert(
      fc.property(walk(["taken"]), (one) => {
        expect(live(one).writes.filter((write) => write.needless)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("writes no more than twice per edit and side, and not for ever", () => {
    fc.assert(
      fc.property(walk(["taken"]), (one) => {
        const world = live(one);
        const edits = one.steps.filter((what) => what.do === "edit" || what.do === "mutate").length;
        // The first agreement, a create and telling its id come on top.
        expect(world.writes.length).toBeLessThanOrEqual(2 * edits * 2 + 4);
      }),
      { numRuns: 200 },
    );
  });

  it("the version never goes back, and stands still for an echo", () => {
    fc.assert(
      fc.property(walk(withoutRefusals), (one) => {
        const world = live(one);
        const version = world.entity.version;
        world.settle();
        world.calm();
        expect(world.entity.version).toBe(version);
      }),
      { numRuns: 100 },
    );
  });

  it("even a write that lands after its quarantine (A1 broken) is put right, not spread", () => {
    fc.assert(
      fc.property(walk(withoutRefusals.filter((fate) => !fate.startsWith("crash"))), (one) => {
        const world = live({ ...one, isLinked: true }, 900_000);
        const waiting = world.entity.conflicts.map((conflict) => conflict.field);
        expect(apart(world)).toEqual(waiting);
      }),
      { numRuns: 200 },
    );
  });
});
