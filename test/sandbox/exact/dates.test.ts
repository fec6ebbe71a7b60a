import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseWall, sqlDateTime, wallOf, wallText } from "../../../src/sandbox/exact/dates.js";
import { guidSortKey } from "../../../src/sandbox/exact/guid-order.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { startTestSandbox, type TestSandbox, wall } from "./helpers.js";

describe("the clock on the wall", () => {
  it.each([
    ["winter", "2026-01-29T12:00:00.000Z", "2026-01-29T13:00:00.000Z"],
    ["summer", "2026-06-25T14:21:04.260Z", "2026-06-25T16:21:04.260Z"],
    ["the last millisecond of winter", "2026-03-29T00:59:59.999Z", "2026-03-29T01:59:59.999Z"],
    ["the first of summer", "2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00.000Z"],
    ["the repeated hour, first time", "2026-10-25T00:30:00.000Z", "2026-10-25T02:30:00.000Z"],
    ["the repeated hour, second time", "2026-10-25T01:30:00.000Z", "2026-10-25T02:30:00.000Z"],
    ["a year of another rule", "1995-10-01T12:00:00.000Z", "1995-10-01T13:00:00.000Z"],
  ])("in %s", (_when, utc, shown) => {
    expect(new Date(wallOf(Date.parse(utc))).toISOString()).toBe(shown);
  });

  it("writes a fraction without zeros at its end, and none if it is zero", () => {
    const at = Date.UTC(2018, 8, 21, 4, 18, 50);
    expect([617, 610, 600, 7, 0].map((ms) => wallText(at + ms))).toEqual([
      "2018-09-21T04:18:50.617",
      "2018-09-21T04:18:50.61",
      "2018-09-21T04:18:50.6",
      "2018-09-21T04:18:50.007",
      "2018-09-21T04:18:50",
    ]);
  });

  it.each(["2026-02-29", "2026-13-01", "2026-01-01T24:00:00", "29-01-2026", "2026-01-01 10:00", "yesterday", ""])("does not read %s", (text) => {
    expect(parseWall(text)).toBeNull();
  });

  it("knows 300 instants in a second: the milliseconds end in 0, 3 or 7", () => {
    const start = Date.UTC(2026, 0, 1);
    const seen = new Set(Array.from({ length: 1_000 }, (_, ms) => sqlDateTime(start + ms) % 1_000));
    expect(seen.size).toBe(300);
    expect([...seen].every((ms) => [0, 3, 7].includes(ms % 10))).toBe(true);
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((ms) => sqlDateTime(start + ms) - start)).toEqual([0, 0, 3, 3, 3, 7, 7, 7, 7, 10]);
    expect(sqlDateTime(start + 999) - start).toBe(1_000);
  });
});

describe("guids", () => {
  it("sort by their last group, then the fourth, then the third to first with their bytes in reverse", () => {
    const inOrder = [
      "ffffffff-ffff-ffff-ffff-000000000001",
      "ffffffff-ffff-ffff-0001-000000000002",
      "ffffffff-ffff-ff01-0002-000000000002",
      "ffffffff-ffff-01ff-0002-000000000002",
      "ff000000-0000-ffff-0003-000000000002",
      "000000ff-0000-ffff-0003-000000000002",
    ];
    // The third group's last byte counts before its first.
    expect(guidSortKey(inOrder[2] ?? "") < guidSortKey(inOrder[3] ?? "")).toBe(true);
    expect([...inOrder].reverse().sort((a, b) => (guidSortKey(a) < guidSortKey(b) ? -1 : 1))).toEqual(inOrder);
  });
});

describe("dates on the wire", () => {
  let test: TestSandbox;
  beforeAll(async () => {
    test = await startTestSandbox({}, { clock: new VirtualClock(Date.UTC(2026, 5, 25, 22, 30, 0, 5)) });
  });
  afterAll(() => test.sandbox.stop());

  it("are times of the wall, in the resolution of the database", async () => {
    const { Created, Modified } = await test.read("Accounts", await test.made("Accounts", { Name: "a" }));
    expect(wall(Created)).toBe("2026-06-26T00:30:00.007Z");
    expect(Modified).toBe(Created);
  });

  it("are midnights without a shift where they are days, and today is the wall's today", async () => {
    const { StartDate } = await test.read("Accounts", await test.made("Accounts", { Name: "a" }));
    expect(wall(StartDate)).toBe("2026-06-26T00:00:00.000Z");
  });

  it.each([
    ["2026-01-29", "2026-01-29"],
    ["2026-01-29T00:00:00", "2026-01-29"],
    ["2026-01-29T15:30:00", "2026-01-29"],
    ["2026-01-29T23:30:00Z", "2026-01-30"],
    ["2026-06-29T22:30:00.000Z", "2026-06-30"],
    ["/Date(1769644800000)/", "2026-01-29"],
  ])("can be written as %s", async (written, day) => {
    const id = await test.made("Accounts", { Name: "a", EndDate: written });
    expect(wall((await test.read("Accounts", id)).EndDate)).toBe(`${day}T00:00:00.000Z`);
  });

  it("that are none are refused", async () => {
    const refused = await test.api("POST", "crm/Accounts", { body: { Name: "a", EndDate: "soon" } });
    expect(refused.status).toBe(400);
    expect(refused.body.error.message.value).toContain("for property 'EndDate' to type 'DateTime'");
  });
});
