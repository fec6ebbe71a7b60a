import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dataflow } from "../../src/domain/dataflow.js";
import { type ConflictPolicy, otherSystem, type System, systems } from "../../src/domain/words.js";
import { plan } from "../../src/sync/plan.js";
import { account, withRows } from "./decide-helpers.js";
import { type Fate, fates, PairWorld } from "./pair-world.js";

/** A few fields of each nature: alone, in a group, for a person to decide. */
const fields = ["name", "email", "phone", "city", "postcode"] as const;
const flowWith = (phone: ConflictPolicy): Dataflow => withRows(account, { phone: { policy: phone } });
const flowOfPolicy = (policy: ConflictPolicy): Dataflow => withRows(account, Object.fromEntries(account.rows.map(({ field }) => [field, { policy }])));

type Step =
  | { readonly do: "edit"; readonly system: "CUSTOMCRM" | "EXACT"; readonly field: (typeof fields)[number]; readonly clear: boolean }
  | { readonly do: "mutate"; readonly field: (typeof fields)[number] }
  | { readonly do: "pass"; readonly seconds: number }
  | { readonly do: "pause"; readonly isPaused: boolean }
  | { readonly do: "settle"; readonly fates: readonly Fate[] };

const field = fc.constantFrom(...fields);
const step = (allowed: readonly Fate[]): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("edit" as const), system: fc.constantFrom(...systems), field, clear: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("mutate" as const), field }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), seconds: fc.constantFrom(1, 30, 130, 299, 400) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("pause" as const), isPaused: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("settle" as const), fates: fc.array(fc.constantFrom(...allowed), { maxLength: 3 }) }) },
  );
const walk = (allowed: readonly Fate[]) =>
  fc.record({
    steps: fc.array(step(allowed), { minLength: 1, maxLength: 25 }),
    isLinked: fc.boolean(),
    phone: fc.constantFrom("MANUAL" as const, "EXACT" as const, "NEWEST" as const),
  });

interface Walk {
  readonly steps: readonly Step[];
  readonly isLinked: boolean;
  readonly phone: ConflictPolicy;
}

/** Lives through the walk, each value its own word, and then lets everything come to rest. */
function live(one: Walk, { graceMs, flow = flowWith(one.phone) }: { readonly graceMs?: number; readonly flow?: Dataflow } = {}): PairWorld {
  const world = new PairWorld(flow, { name: "start", email: "start@a.nl" }, one.isLinked, graceMs);
  let word = 0;
  for (const what of one.steps) {
    if (what.do === "edit") world.edit(what.system, what.field, what.clear && what.field !== "name" ? null : `${what.system[0]}${++word}`);
    else if (what.do === "mutate") world.mutate(what.field, `G${++word}`);
    else if (what.do === "pass") world.pass(what.seconds);
    else if (what.do === "pause") world.isPaused = what.isPaused;
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

  it("R3: of two edits of one field the policy's choice stands on both sides, and the other in the history; one alone stands whatever the policy", () => {
    const clash = fc.record({
      policy: fc.constantFrom("NEWEST" as const, "CUSTOMCRM" as const, "EXACT" as const, "MANUAL" as const),
      name: field,
      first: fc.constantFrom(...systems),
      // Both sides of the clocks' tolerance of two minutes; null: nobody edits the other side.
      seconds: fc.constantFrom(0, 60, 119, 121, 400, null),
    });
    const decided = new Set<string>();
    fc.assert(
      fc.property(walk(withoutRefusals), clash, (one, { policy, name, first, seconds }) => {
        const world = live(one, { flow: flowOfPolicy(policy) });
        fc.pre(world.entity.state === "LINKED");
        const second = otherSystem(first);
        const values = { [first]: "the first", [second]: "the second" } as Record<System, string>;
        world.edit(first, name, values[first]);
        if (seconds !== null) {
          world.pass(seconds);
          world.edit(second, name, values[second]);
        }
        world.calm();
        const stand = systems.map((system) => world.value(system, name));
        const newest = (seconds ?? 0) > 120 ? second : "CUSTOMCRM";
        const winner = seconds === null ? first : policy === "NEWEST" ? newest : policy;
        decided.add(`${policy} ${seconds === null ? "alone" : winner}`);
        if (winner === "MANUAL") {
          expect(stand).toEqual([values.CUSTOMCRM, values.EXACT]);
          expect(world.entity.conflicts.map((conflict) => conflict.field)).toContain(name);
          return;
        }
        expect(stand).toEqual([values[winner], values[winner]]);
        const lost = world.history.flatMap((event) => event.fields).filter((change) => change.lost === values[otherSystem(winner)]);
        expect(lost.map((change) => change.after)).toEqual(seconds === null ? [] : [values[winner]]);
      }),
      { numRuns: 250 },
    );
    // Every policy has had to decide both ways that it knows, and had nothing to decide.
    expect(decided.size).toBe(9);
  });

  it("a paused dataflow sends nothing but what a mutation asks for", () => {
    let held = 0;
    fc.assert(
      fc.property(walk(fates), (one) => {
        const { sent } = live(one);
        for (const { operation, fields: names, wanted } of sent.filter((write) => write.isPaused)) {
          held++;
          expect(operation).toBe("UPDATE");
          const units = (list: readonly string[]) => new Set(list.map((name) => account.rows.find((row) => row.field === name)?.group ?? name));
          expect([...units(wanted ?? [])]).toEqual(expect.arrayContaining([...units(names)]));
        }
      }),
      { numRuns: 250 },
    );
    expect(held).toBeGreaterThan(0);
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
        const world = live({ ...one, isLinked: true }, { graceMs: 900_000 });
        const waiting = world.entity.conflicts.map((conflict) => conflict.field);
        expect(apart(world)).toEqual(waiting);
      }),
      { numRuns: 200 },
    );
  });
});
