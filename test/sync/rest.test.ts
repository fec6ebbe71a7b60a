import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entity } from "../../src/domain/entity.js";
import { systems } from "../../src/domain/words.js";
import type { Observation } from "../../src/sync/decide/observation.js";
import { isAtRest, mayRest, planAtRest } from "../../src/sync/decide/rest.js";
import { plan } from "../../src/sync/plan.js";
import { account, at, contact, entityOf, now, present, referencesOf, settings } from "./decide-helpers.js";
import { type Fate, fates, PairWorld } from "./pair-world.js";

const rests = (one: Observation) => isAtRest(one, one.settings.defaultAccount);

const names = ["name", "email", "city"] as const;
const step = fc.oneof(
  fc.record({ system: fc.constantFrom(...systems), field: fc.constantFrom(...names), value: fc.constantFrom("a", "b") }),
  fc.record({ mutate: fc.constantFrom(...names) }),
  fc.record({ fates: fc.array(fc.constantFrom<Fate>(...fates), { maxLength: 3 }) }),
);

describe("a pair that is told to be at rest by comparing its records", () => {
  it("is one of which the plan says the same, whatever has happened to it; and once all is calm it mostly is one", () => {
    let calm = 0;
    let asked = 0;
    const check = (world: PairWorld) => {
      const seen = world.observe();
      if (rests(seen)) expect(plan(seen)).toEqual(planAtRest(seen.entity));
      return seen;
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.boolean(), (steps, isLinked) => {
        const world = new PairWorld(account, { name: "start" }, isLinked);
        for (const one of steps) {
          if ("system" in one) world.edit(one.system, one.field, one.value);
          else if ("mutate" in one) world.mutate(one.mutate, "g");
          else world.settle(one.fates);
          check(world);
        }
        world.calm();
        const seen = check(world);
        if (rests(seen)) calm++;
        else if (mayRest(seen.entity)) asked++;
      }),
      { numRuns: 300 },
    );
    expect(calm).toBeGreaterThan(50 * asked);
  });

  const values = {
    firstName: "Ann",
    lastName: "Visser",
    email: "ann@visser.nl",
    phone: null,
    mobile: null,
    birthDate: null,
    jobTitle: null,
    description: null,
  };
  const sides = { CUSTOMCRM: { ...values, account: "crm-acc" }, EXACT: { ...values, account: "ex-acc" } };
  const calm: Entity = entityOf({
    type: "CONTACT",
    fields: { ...values, account: "acc" },
    shadows: { CUSTOMCRM: sides.CUSTOMCRM, EXACT: sides.EXACT },
    modifiedAt: at(-60),
  });
  const known = { entityId: "acc", customcrm: "crm-acc", exact: "ex-acc" };
  const seen = (over: Partial<Observation> = {}): Observation => ({
    flow: contact,
    entity: calm,
    sides: { CUSTOMCRM: present(contact, "CUSTOMCRM", "c1", sides.CUSTOMCRM), EXACT: present(contact, "EXACT", "x1", sides.EXACT) },
    references: referencesOf([known]),
    settings,
    match: { kind: "none" },
    now,
    ...over,
  });

  it("refers to the same on both sides", () => {
    expect(rests(seen())).toBe(true);
    expect(plan(seen())).toEqual(planAtRest(calm));
  });

  const shown = (system: "CUSTOMCRM" | "EXACT", fields: object, over: Parameters<typeof present>[4] = {}) => ({
    sides: { ...seen().sides, [system]: present(contact, system, system === "EXACT" ? "x1" : "c1", { ...sides[system], ...fields }, over) },
  });
  it.each<readonly [string, Partial<Observation>]>([
    ["was edited on a side", shown("EXACT", { phone: "1" })],
    ["was cleared on a side", shown("CUSTOMCRM", { email: null })],
    ["was changed at another time", shown("EXACT", {}, { modifiedAt: at(-1) })],
    ["was anonymised", shown("EXACT", {}, { properties: { IsAnonymised: 1 } })],
    [
      "was moved to another account on one side",
      { ...shown("EXACT", { account: "ex-other" }), references: referencesOf([known, { entityId: "b", customcrm: null, exact: "ex-other" }]) },
    ],
    ["refers to what nobody knows", { references: referencesOf([]) }],
    ["refers to an account that goes by another id now", { references: referencesOf([{ ...known, entityId: "new", former: "acc" }]) }],
    ["is gone on a side", { sides: { ...seen().sides, EXACT: { kind: "gone", at: at(-5), evidence: "TOMBSTONE" } } }],
    ["was not read on a side", { sides: { ...seen().sides, EXACT: { kind: "none" } } }],
    ["shows another value than its records", { entity: { ...calm, fields: { ...calm.fields, phone: "2" } } }],
    [
      "lacks a field that its table has by now",
      { entity: { ...calm, fields: Object.fromEntries(Object.entries(calm.fields).filter(([name]) => name !== "mobile")) } },
    ],
    ["has agreed on one side only", { entity: { ...calm, shadows: { ...calm.shadows, EXACT: null } } }],
    ["waits for something", { entity: { ...calm, nextActionAt: at(5) } }],
    [
      "has a problem",
      {
        entity: {
          ...calm,
          state: "FAILED",
          problem: { code: "REFUSED_BY_SYSTEM", message: "", system: null, field: null, since: at(-1), attempts: 0, nextAttemptAt: null },
        },
      },
    ],
    ["owes an id", { entity: { ...calm, externalIdOwed: true } }],
  ])("is not one that %s", (_, over) => {
    expect(rests(seen(over))).toBe(false);
  });
});
