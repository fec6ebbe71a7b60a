import { describe, expect, it } from "vitest";
import { limits } from "../../src/domain/limits.js";
import { forgottenSince } from "../../src/sync/decide/forgotten.js";
import { alone, at, intentOf, now, wantedOf } from "./decide-helpers.js";

const create = intentOf({ operation: "CREATE", sentAt: null });
/** When the store lost its last writes: ten minutes ago. */
const lost = now - 10 * 60_000;
const made = (createdAt: string | null) => {
  const observation = alone({ system: "CUSTOMCRM", fields: { name: "Acme" } });
  const { CUSTOMCRM: side } = observation.sides;
  if (side.kind !== "present") throw new Error("It has a record in Customcrm.");
  return { ...observation, sides: { ...observation.sides, CUSTOMCRM: { ...side, record: { ...side.record, createdAt } } } };
};
const asked = (minutes: number) => alone({ system: "CUSTOMCRM", fields: {}, entity: { wanted: wantedOf({}, { kind: "CREATE", at: at(minutes) }) } });
const lookedFor = (minutes: number) => ({
  ...made(null),
  entity: { ...made(null).entity, intents: [intentOf({ operation: "CREATE", givenUpAt: at(minutes) })] },
});
const dayBefore = new Date(lost - limits.sync.forgottenMs).toISOString();
const tolerance = limits.sync.clockToleranceMs / 60_000;

describe("since when a create may have been sent and forgotten (A3)", () => {
  it.each([
    ["nothing was lost", made(at(-60)), create, null, null],
    ["an update: it shows by its values", made(at(-60)), intentOf({ sentAt: null }), lost, null],
    ["its source was made before the loss", made(at(-60)), create, lost, at(-60 - tolerance)],
    ["its source was made after it", made(at(-5)), create, lost, null],
    ["its source was made so soon after it that the clocks can't tell", made(at(-9)), create, lost, at(-9 - tolerance)],
    ["nobody knows when its source was made", made(null), create, lost, dayBefore],
    ["its source is older than what is looked for", made(at(-3 * 24 * 60)), create, lost, dayBefore],
    ["a mutation asked for it before the loss", asked(-20), create, lost, at(-20)],
    ["a mutation asked for it after it", asked(-9), create, lost, null],
    ["it was looked for after the loss, and is not there", lookedFor(-2), create, lost, null],
    ["it was looked for before the loss only", lookedFor(-20), create, lost, dayBefore],
  ])("%s", (_, observation, intent, lostAt, since) => {
    expect(forgottenSince(observation, intent, lostAt)).toBe(since);
  });
});
