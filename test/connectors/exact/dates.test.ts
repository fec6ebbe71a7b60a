import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeDate, WallClock } from "../../../src/connectors/exact/dates.js";

/** The wall clock: reference section 3, dates. */

const minute = 60_000;
const hour = 60 * minute;
const instants = fc.date({ min: new Date("2016-01-01T00:00:00Z"), max: new Date("2036-01-01T00:00:00Z"), noInvalidDate: true }).map((date) => date.getTime());
/** Around a change of the clocks, in quarters of an hour. */
const aroundChanges = fc
  .tuple(fc.constantFrom("2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2027-03-28T01:00:00Z", "2031-10-26T01:00:00Z"), fc.integer({ min: -16, max: 16 }))
  .map(([change, quarters]) => Date.parse(change) + quarters * 15 * minute);
const zones = ["Europe/Amsterdam", "Europe/London", "UTC"];

describe.each(zones)("the wall clock of %s", (zone) => {
  const clock = new WallClock(zone);

  it("comes back as the instant it was made of, or, in autumn's repeated hour, as the one an hour before", () => {
    fc.assert(
      fc.property(fc.oneof(instants, aroundChanges), (at) => {
        const wall = clock.toWall(at);
        const back = clock.toUtc(wall);
        const isRepeated = clock.toWall(at - hour) === wall;
        expect(back).toBe(isRepeated ? at - hour : at);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("has a lower bound for what is created from an instant on", () => {
    fc.assert(
      fc.property(fc.oneof(instants, aroundChanges), fc.integer({ min: 0, max: 5 * 60 }), (from, minutes) => {
        expect(clock.toWall(from + minutes * minute)).toBeGreaterThanOrEqual(clock.earliestWall(from));
      }),
      { numRuns: 500, seed: 2 },
    );
  });
});

it("reads a time that spring skips as an hour later on the clock", () => {
  const clock = new WallClock("Europe/Amsterdam");
  expect(clock.toUtc(Date.parse("2026-03-29T02:30:00Z"))).toBe(Date.parse("2026-03-29T01:30:00Z"));
});

it.each([
  ["1990-02-28", "1990-02-28T00:00:00"],
  ["2024-02-29", "2024-02-29T00:00:00"],
  ["2026-06-25T14:21:04.260Z", "2026-06-25T16:21:04"],
  ["2026-06-25T14:21:04+02:00", "2026-06-25T14:21:04"],
  ["2023-02-29", null],
  ["2026-13-01", null],
  ["2026-06-25T14:21:04", null],
  ["tomorrow", null],
  ["", null],
])("writes %j as %j", (value, written) => {
  expect(encodeDate(value, new WallClock("Europe/Amsterdam"))).toBe(written);
});
