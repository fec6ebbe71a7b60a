import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fields } from "../../src/domain/canonical.js";
import { otherSystem, type System, systems } from "../../src/domain/words.js";
import { type MergeInput, type MergeSide, mergeUnit } from "../../src/sync/merge.js";
import { now } from "./decide-helpers.js";

const minutes = 60_000;
const side = (value: Fields, base: Fields | null, over: Partial<MergeSide> = {}): MergeSide => ({ value, base, at: now, late: false, ...over });
const email = (value: string | null): Fields => ({ email: value });

/** One unit on both sides; what is not said is NEWEST, both ways, both changed at the same time. */
const input = (customcrm: MergeSide, exact: MergeSide, over: Partial<MergeInput> = {}): MergeInput => ({
  sides: { CUSTOMCRM: customcrm, EXACT: exact },
  direction: "BOTH",
  policy: "NEWEST",
  toleranceMs: 2 * minutes,
  wanted: null,
  prefer: null,
  ...over,
});

describe("the three-way merge of one field", () => {
  // The rows of the merge table, in its order. "old" is what both sides agreed on.
  it.each([
    ["neither side changed", "old", "old", { winner: "old", write: [], lost: [], conflict: false }],
    ["only Customcrm changed", "new", "old", { winner: "new", write: ["EXACT"], lost: [], conflict: false }],
    ["only Exact changed", "old", "new", { winner: "new", write: ["CUSTOMCRM"], lost: [], conflict: false }],
    ["both changed alike", "new", "new", { winner: "new", write: [], lost: [], conflict: false }],
    ["only Customcrm cleared it", null, "old", { winner: null, write: ["EXACT"], lost: [], conflict: false }],
    ["only Exact cleared it", "old", null, { winner: null, write: ["CUSTOMCRM"], lost: [], conflict: false }],
    ["both cleared it", null, null, { winner: null, write: [], lost: [], conflict: false }],
    ["both changed, apart", "from C", "from E", { winner: "from C", write: ["EXACT"], lost: ["EXACT from E"], conflict: false }],
    ["Customcrm cleared what Exact changed", null, "from E", { winner: null, write: ["EXACT"], lost: ["EXACT from E"], conflict: false }],
  ] as const)("R3: %s", (_, customcrm, exact, expected) => {
    const merged = mergeUnit(input(side(email(customcrm), email("old")), side(email(exact), email("old"))));
    expect({
      winner: merged.winner?.email,
      write: merged.write,
      lost: merged.lost.map((one) => `${one.from} ${one.value.email}`),
      conflict: merged.conflict,
    }).toEqual(expected);
  });

  it("R5: leaves two values alone that were settled as different, until one of them changes", () => {
    const settledApart = input(side(email("a@a.nl"), email("a@a.nl")), side(email("A"), email("A")));
    expect(mergeUnit(settledApart)).toMatchObject({ winner: null, write: [] });
    expect(mergeUnit(input(side(email("b@b.nl"), email("a@a.nl")), side(email("A"), email("A"))))).toMatchObject({ winner: email("b@b.nl"), write: ["EXACT"] });
  });
});

describe("two values, apart, by policy (R3)", () => {
  const apart = (over: Partial<MergeInput>, atC: number | null = now, atE: number | null = now) =>
    mergeUnit(input(side(email("C"), email("old"), { at: atC }), side(email("E"), email("old"), { at: atE }), over));

  it.each([
    ["Exact edited 3 minutes later", now, now + 3 * minutes, "E", "NEWEST"],
    ["Customcrm edited 3 minutes later", now + 3 * minutes, now, "C", "NEWEST"],
    ["the times are as near as the clocks' tolerance", now, now + 2 * minutes, "C", "CUSTOMCRM"],
    ["one tick beyond the tolerance", now, now + 2 * minutes + 1, "E", "NEWEST"],
    ["a write of ours moved Exact's time", now, null, "C", "CUSTOMCRM"],
    ["a write of ours moved Customcrm's time, though Exact's is newer", null, now + 60 * minutes, "C", "CUSTOMCRM"],
  ] as const)("NEWEST: %s", (_, atC, atE, winner, decidedBy) => {
    const merged = apart({}, atC, atE);
    expect(merged.winner).toEqual(email(winner));
    expect(merged.decidedBy).toBe(decidedBy);
    expect(merged.lost.map((one) => one.value)).toEqual([email(winner === "C" ? "E" : "C")]);
  });

  it.each(["CUSTOMCRM", "EXACT"] as const)("%s: that side wins whatever the times say", (policy) => {
    const newerOnOther = policy === "EXACT" ? apart({ policy }, now + 60 * minutes, now) : apart({ policy }, now, now + 60 * minutes);
    expect(newerOnOther).toMatchObject({ winner: email(policy === "EXACT" ? "E" : "C"), write: [otherSystem(policy)], decidedBy: policy });
  });

  it("MANUAL: nothing is written or lost, and what was agreed stands", () => {
    expect(apart({ policy: "MANUAL" })).toMatchObject({ winner: email("old"), write: [], lost: [], conflict: true });
  });

  it("MANUAL with an unknown base shows Customcrm's value meanwhile", () => {
    expect(mergeUnit(input(side(email("C"), null), side(email("E"), null), { policy: "MANUAL" }))).toMatchObject({
      winner: email("C"),
      write: [],
      conflict: true,
    });
  });
});

describe("the first agreement, where the base is unknown (R4)", () => {
  it.each([
    ["a value beats no value, from Customcrm", "C", null, "C", ["EXACT"], []],
    ["a value beats no value, from Exact", null, "E", "E", ["CUSTOMCRM"], []],
    ["two values: the policy decides, and the loser is kept", "C", "E", "C", ["EXACT"], ["E"]],
    ["no value on either side", null, null, null, [], []],
  ])("%s", (_, customcrm, exact, winner, write, lost) => {
    const merged = mergeUnit(input(side(email(customcrm), null), side(email(exact), null)));
    expect(merged.winner).toEqual(email(winner));
    expect(merged.write).toEqual(write);
    expect(merged.lost.map((one) => one.value.email)).toEqual(lost);
  });

  it("takes a base that only one side has for unknown", () => {
    // With a base, an unchanged Exact would lose without a trace.
    expect(mergeUnit(input(side(email("C"), null), side(email("E"), email("E"))))).toMatchObject({ winner: email("C"), lost: [{ from: "EXACT" }] });
  });

  it("lets the person who linked the two say whose values stand", () => {
    expect(mergeUnit(input(side(email("C"), null), side(email("E"), null), { prefer: "EXACT" }))).toMatchObject({ winner: email("E"), decidedBy: "EXACT" });
    expect(mergeUnit(input(side(email("C"), null), side(email(null), null), { prefer: "EXACT" })).winner).toEqual(email("C"));
  });
});

describe("groups merge as one field (R3)", () => {
  const address = (street: string | null, city: string | null): Fields => ({ addressLine1: street, city });

  it("never mixes two addresses", () => {
    const merged = mergeUnit(
      input(side(address("Nieuwe weg 1", "Utrecht"), address("Oude weg 9", "Utrecht")), side(address("Oude weg 9", "Breda"), address("Oude weg 9", "Utrecht"))),
    );
    expect(merged.winner).toEqual(address("Nieuwe weg 1", "Utrecht"));
    expect(merged.lost).toEqual([{ from: "EXACT", value: address("Oude weg 9", "Breda") }]);
  });

  it("takes the fuller of two first addresses when they contradict each other nowhere", () => {
    const merged = mergeUnit(input(side(address("Weg 1", null), null), side(address("Weg 1", "Breda"), null)));
    expect(merged).toMatchObject({ winner: address("Weg 1", "Breda"), write: ["CUSTOMCRM"], lost: [] });
  });

  it("asks the policy when each knows what the other does not", () => {
    const merged = mergeUnit(input(side(address("Weg 1", null), null), side(address(null, "Breda"), null)));
    expect(merged).toMatchObject({ winner: address("Weg 1", null), lost: [{ from: "EXACT" }] });
  });
});

describe("one-way fields", () => {
  const toExact = { direction: "TO_EXACT" } as const;

  it.each([
    ["the source changed", "new", "old", { write: ["EXACT"], winner: "new", lost: 0 }],
    ["the target was edited: it stays there, and does not travel", "old", "new", { write: [], winner: "old", lost: 0 }],
    ["both changed: the source wins and the target's edit is kept in the history", "C", "E", { write: ["EXACT"], winner: "C", lost: 1 }],
    ["the source was cleared", null, "old", { write: ["EXACT"], winner: null, lost: 0 }],
  ])("TO_EXACT: %s", (_, customcrm, exact, expected) => {
    const merged = mergeUnit(input(side(email(customcrm), email("old")), side(email(exact), email("old")), toExact));
    expect({ write: merged.write, winner: merged.winner?.email ?? null, lost: merged.lost.length }).toEqual(expected);
  });

  it("TO_CUSTOMCRM is its mirror", () => {
    const merged = mergeUnit(input(side(email("C"), email("old")), side(email("E"), email("old")), { direction: "TO_CUSTOMCRM" }));
    expect(merged).toMatchObject({ winner: email("E"), write: ["CUSTOMCRM"] });
  });

  it("at first, an empty source empties nothing", () => {
    expect(mergeUnit(input(side(email(null), null), side(email("E"), null), toExact))).toMatchObject({ winner: email("E"), write: [] });
    expect(mergeUnit(input(side(email("C"), null), side(email("E"), null), toExact))).toMatchObject({
      winner: email("C"),
      write: ["EXACT"],
      lost: [{ from: "EXACT" }],
    });
  });
});

describe("a mutation is a third source", () => {
  const wanted = { set: email("W"), at: now };

  it.each([
    ["neither side changed", "old", "old", ["CUSTOMCRM", "EXACT"], []],
    ["one side holds it already", "W", "old", ["EXACT"], []],
    ["both hold it already", "W", "W", [], []],
    ["Exact was changed before", "old", "E", ["CUSTOMCRM", "EXACT"], ["EXACT"]],
    ["both were changed before: both losers are kept", "C", "E", ["CUSTOMCRM", "EXACT"], ["CUSTOMCRM", "EXACT"]],
  ])("wins over what the sides hold: %s", (_, customcrm, exact, write, lost) => {
    const merged = mergeUnit(input(side(email(customcrm), email("old")), side(email(exact), email("old")), { wanted }));
    expect(merged.winner).toEqual(email("W"));
    expect(merged.write).toEqual(write);
    expect(merged.lost.map((one) => one.from)).toEqual(lost);
  });

  it("wins under every policy, and settles a conflict that waits", () => {
    for (const policy of ["NEWEST", "CUSTOMCRM", "EXACT", "MANUAL"] as const) {
      const merged = mergeUnit(input(side(email("C"), email("old")), side(email("E"), email("old")), { wanted, policy }));
      expect(merged).toMatchObject({ winner: email("W"), conflict: false, write: ["CUSTOMCRM", "EXACT"] });
      expect(merged.lost).toHaveLength(2);
    }
  });

  it("loses to an edit that a person made clearly after it, and is kept as the loser", () => {
    const merged = mergeUnit(input(side(email("C"), email("old"), { at: now + 3 * minutes }), side(email("old"), email("old")), { wanted }));
    expect(merged).toMatchObject({ winner: email("C"), write: ["EXACT"], overtaken: true });
    expect(merged.lost).toContainEqual({ from: "GATEWAY", value: email("W") });
  });

  it("does not lose to a later time of a side that did not change this field", () => {
    const merged = mergeUnit(input(side(email("old"), email("old"), { at: now + 60 * minutes }), side(email("old"), email("old")), { wanted }));
    expect(merged).toMatchObject({ winner: email("W"), overtaken: false });
  });

  it("sets its own fields of a group, and the others merge", () => {
    const base = { addressLine1: "Weg 1", city: "Utrecht" };
    const merged = mergeUnit(input(side({ addressLine1: "Weg 2", city: "Utrecht" }, base), side(base, base), { wanted: { set: { city: "Breda" }, at: now } }));
    expect(merged.winner).toEqual({ addressLine1: "Weg 2", city: "Breda" });
  });
});

describe("our own late write (R8)", () => {
  it("is put right with the other side's value, and does not travel", () => {
    const merged = mergeUnit(input(side(email("v2"), email("v2")), side(email("v1"), email("v2"), { late: true })));
    expect(merged).toMatchObject({ winner: email("v2"), write: ["EXACT"], lost: [{ from: "EXACT", value: email("v1") }] });
  });

  it("does not count as a change against the other side's edit", () => {
    const merged = mergeUnit(input(side(email("v3"), email("v2")), side(email("v1"), email("v2"), { late: true, at: now + 60 * minutes })));
    expect(merged).toMatchObject({ winner: email("v3"), write: ["EXACT"] });
  });
});

describe("whatever the situation", () => {
  const word = fc.constantFrom(null, "a", "b", "c");
  const unit = fc.record({ x: word, y: word });
  const mergeSide = fc.record({
    value: unit,
    base: fc.option(unit),
    at: fc.option(fc.integer({ min: now - 10 * minutes, max: now + 10 * minutes })),
    late: fc.boolean(),
  });
  const situation: fc.Arbitrary<MergeInput> = fc.record({
    sides: fc.record({ CUSTOMCRM: mergeSide, EXACT: mergeSide }),
    direction: fc.constantFrom("BOTH", "TO_EXACT", "TO_CUSTOMCRM"),
    policy: fc.constantFrom("NEWEST", "CUSTOMCRM", "EXACT", "MANUAL"),
    toleranceMs: fc.constant(2 * minutes),
    wanted: fc.option(fc.record({ set: fc.oneof(fc.record({ x: word }), fc.record({ y: word }), unit), at: fc.constant(now) })),
    prefer: fc.constantFrom(null, "CUSTOMCRM" as const, "EXACT" as const),
  });
  const equal = (a: Fields, b: Fields) => Object.keys(a).every((field) => a[field] === b[field]);
  const changed = (one: MergeSide) => one.base !== null && !equal(one.value, one.base);

  /** The sides once the writes have landed and were read back. */
  const done = (before: MergeInput): MergeInput => {
    const merged = mergeUnit(before);
    const value = (system: System) => (merged.write.includes(system) ? (merged.winner ?? before.sides[system].value) : before.sides[system].value);
    const agree = equal(value("CUSTOMCRM"), value("EXACT"));
    const later = (system: System): MergeSide => ({
      ...before.sides[system],
      value: value(system),
      base: agree ? value(system) : before.sides[system].base,
      late: before.sides[system].late && !agree,
    });
    return { ...before, sides: { CUSTOMCRM: later("CUSTOMCRM"), EXACT: later("EXACT") }, wanted: null };
  };

  it("I5: once its writes have landed, nothing more is written", () => {
    fc.assert(
      fc.property(situation, (before) => {
        expect(mergeUnit(done(before)).write).toEqual([]);
      }),
    );
  });

  it("I6: writes only to a side that holds something else", () => {
    fc.assert(
      fc.property(situation, (before) => {
        const merged = mergeUnit(before);
        for (const system of merged.write) expect(equal(before.sides[system].value, merged.winner ?? {})).toBe(false);
      }),
    );
  });

  it("I4: no value that somebody entered is overwritten without being named as lost", () => {
    fc.assert(
      fc.property(situation, (before) => {
        const merged = mergeUnit(before);
        for (const system of merged.write) {
          const one = before.sides[system];
          const isEntered =
            one.late ||
            (one.base && before.sides[otherSystem(system)].base
              ? changed(one)
              : Object.keys(one.value).some((field) => one.value[field] !== null && one.value[field] !== merged.winner?.[field]));
          if (isEntered) expect(merged.lost.map((lost) => lost.from)).toContain(system);
        }
      }),
    );
  });

  it("I2: a two-way field that waits for nobody agrees in the end, unless both sides stand as settled apart", () => {
    fc.assert(
      fc.property(situation, (before) => {
        const merged = mergeUnit(before);
        const { CUSTOMCRM: c, EXACT: e } = before.sides;
        const settledApart = c.base !== null && e.base !== null && !changed(c) && !changed(e);
        const drift = before.direction !== "BOTH";
        if (merged.conflict || settledApart || drift) return;
        const ended = done(before).sides;
        const lateBoth = c.late && e.late;
        if (!lateBoth && !c.late && !e.late) expect(equal(ended.CUSTOMCRM.value, ended.EXACT.value)).toBe(true);
      }),
    );
  });

  it("never makes a value up: the winner was on a side, in the base, or asked for", () => {
    fc.assert(
      fc.property(situation, (before) => {
        const { winner } = mergeUnit(before);
        for (const field of Object.keys(winner ?? {})) {
          const known = [
            before.wanted?.set[field as "x"],
            ...systems.flatMap((system) => [before.sides[system].value[field], before.sides[system].base?.[field]]),
          ];
          expect(known).toContain(winner?.[field]);
        }
      }),
    );
  });

  it("treats both sides alike, but for the tie-break to Customcrm", () => {
    const mirrored = fc.record({ c: unit, e: unit, base: unit });
    fc.assert(
      fc.property(mirrored, ({ c, e, base }) => {
        const one = mergeUnit(input(side(c, base), side(e, base), { policy: "CUSTOMCRM" }));
        const other = mergeUnit(input(side(e, base), side(c, base), { policy: "EXACT" }));
        expect(other.winner).toEqual(one.winner);
        expect(other.write.map(otherSystem)).toEqual(one.write);
      }),
    );
  });
});
