import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FeedPage } from "../../../src/connectors/connector.js";
import { InvalidInputError, NotAuthorizedError, UnavailableError } from "../../../src/domain/errors.js";
import { accountRow, contactRow, guid, now, type Rig, results, startRig, wall } from "./helpers.js";

/** Feeds: reference section 4. */

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  await rig.connect();
});
afterEach(() => rig.stop());

const base = "/api/v1/123456";
const lastCall = () => rig.server.apiCalls.at(-1);
const nextPage = (n: number) => `https://start.exactonline.nl${base}/sync/CRM/Accounts?$skiptoken=${n}L`;
const account = (n: number, timestamp: number | string, more = {}) => accountRow(n, { Timestamp: String(timestamp), ...more });
const deleted = (timestamp: number, entityType: number, n: number) => ({
  Timestamp: String(timestamp),
  ID: guid(9000 + timestamp),
  EntityType: entityType,
  EntityKey: guid(n),
  DeletedDate: wall("2026-06-25T16:21:04.260"),
});
const idsOf = (page: FeedPage) => page.changes.map((change) => (change.kind === "upsert" ? change.record.id : change.ref.id));

describe("what changed", () => {
  it("has a feed for each type, and one for what was deleted, read last", () => {
    expect(rig.exact.feeds.map((feed) => feed.name)).toEqual(["Accounts", "Contacts", "Deleted"]);
    expect(rig.exact.feeds.find((feed) => feed.name === "Deleted")).toMatchObject({ keptMs: 60 * 24 * 3_600_000 });
  });

  it("begins at 1, and filters by nothing but Timestamp", async () => {
    rig.server.answer(results([account(1, 10)]));
    const page = await rig.exact.readFeed("Accounts", null, now);
    expect(lastCall()?.path).toContain(`${base}/sync/CRM/Accounts?`);
    expect(lastCall()?.query.get("$filter")).toBe("Timestamp gt 1L");
    expect(lastCall()?.query.get("$select")?.split(",")).toContain("Timestamp");
    expect(page).toMatchObject({ position: "10", more: false });
  });

  it("goes on after the highest Timestamp, beyond what a number can hold", async () => {
    rig.server.answer(results([account(1, "9223372036854775806"), account(2, "9007199254740993")]), results([]));
    const page = await rig.exact.readFeed("Accounts", "9007199254740992", now);
    expect(page.position).toBe("9223372036854775806");
    const empty = await rig.exact.readFeed("Accounts", page.position, now);
    expect(lastCall()?.query.get("$filter")).toBe("Timestamp gt 9223372036854775806L");
    expect(empty).toEqual({ changes: [], position: "9223372036854775806", more: false, isUnmoved: true });
  });

  it("passes over a row that can't be read, by name, and gives the others (R14)", async () => {
    rig.server.answer(results([account(1, 30, { EndDate: "yesterday" }), account(2, 20)]));
    const page = await rig.exact.readFeed("Accounts", "5", now);
    expect(idsOf(page)).toEqual([guid(2)]);
    expect(page.position).toBe("30");
    expect(page.unreadable).toEqual([{ type: "Accounts", id: guid(1), message: expect.any(String) }]);
  });

  it.each<[string, Record<string, unknown> | null]>([
    ["text that is an object", { Name: { value: "Ann" } }],
    ["text that is a truth", { City: false }],
    ["no object at all", null],
  ])("passes over a row with %s, which would read as an edit", async (_what, wrong) => {
    rig.server.answer(results([wrong && accountRow(1, wrong), accountRow(2)]));
    expect([...(await rig.exact.getMany("Accounts", [guid(1), guid(2)], now)).keys()]).toEqual([guid(2)]);
  });

  it("passes over a contact whose account is no id, which would read as none", async () => {
    rig.server.answer(results([contactRow(1, { Account: 17 }), contactRow(2)]));
    expect([...(await rig.exact.getMany("Contacts", [guid(1), guid(2)], now)).keys()]).toEqual([guid(2)]);
  });

  it("sorts the rows, as Exact promises no order, and keeps the highest of each record", async () => {
    rig.server.answer(results([account(1, 30, { Name: "new" }), account(2, 20), account(1, 10, { Name: "old" })]));
    const page = await rig.exact.readFeed("Accounts", "5", now);
    expect(idsOf(page)).toEqual([guid(2), guid(1)]);
    expect(page.changes.map((change) => change.position)).toEqual(["20", "30"]);
    expect(page.changes[1]).toMatchObject({ record: { properties: { Name: "new" } } });
  });

  it("gives a record as a read by id gives it, so that both can be compared", async () => {
    rig.server.answer(results([account(1, 30)]), results([accountRow(1)]));
    const page = await rig.exact.readFeed("Accounts", "5", now);
    const byId = (await rig.exact.getMany("Accounts", [guid(1)], now)).get(guid(1));
    expect(page.changes[0]).toMatchObject({ kind: "upsert", record: byId });
    expect(page.changes[0]?.kind === "upsert" && page.changes[0].record).toEqual(byId);
  });

  it("moves the position only once all pages are read, to the highest of all of them", async () => {
    rig.server.answer(results([account(1, 900)], nextPage(1)), results([account(2, 40)], nextPage(2)), results([account(3, 50)]));
    const first = await rig.exact.readFeed("Accounts", "5", now);
    expect(first.more).toBe(true);
    const second = await rig.exact.readFeed("Accounts", first.position, now);
    expect(lastCall()?.path).toBe(`${base}/sync/CRM/Accounts?$skiptoken=1L`);
    const third = await rig.exact.readFeed("Accounts", second.position, now);
    expect(lastCall()?.path).toBe(`${base}/sync/CRM/Accounts?$skiptoken=2L`);
    expect(third).toMatchObject({ position: "900", more: false });
    expect([first, second, third].flatMap(idsOf)).toEqual([guid(1), guid(2), guid(3)]);
  });

  it("goes on within the pages after a failure, and in another process", async () => {
    rig.server.answer(results([account(1, 900)], nextPage(1)), { status: 503, text: "" }, results([account(2, 40)]));
    const first = await rig.exact.readFeed("Accounts", "5", now);
    await expect(rig.exact.readFeed("Accounts", first.position, now)).rejects.toThrow(UnavailableError);
    expect(await rig.replica().readFeed("Accounts", first.position, now)).toMatchObject({ position: "900", more: false });
  });

  it("does not put an older row of a record, on a later page, after the newer one", async () => {
    rig.server.answer(results([account(1, 900, { Name: "new" })], nextPage(1)), results([account(1, 40, { Name: "old" }), account(2, 41)]));
    const first = await rig.exact.readFeed("Accounts", "5", now);
    expect(idsOf(await rig.exact.readFeed("Accounts", first.position, now))).toEqual([guid(2)]);
  });

  it("gives the same again from the same position", async () => {
    rig.server.answer(results([account(1, 10)]), results([account(1, 10)]));
    expect(await rig.exact.readFeed("Accounts", "5", now)).toEqual(await rig.exact.readFeed("Accounts", "5", now));
  });

  it("reads contacts by their own name", async () => {
    rig.server.answer(results([contactRow(4, { Timestamp: "7" })]));
    expect((await rig.exact.readFeed("Contacts", null, now)).changes[0]).toMatchObject({ record: { type: "Contacts", id: guid(4) } });
    expect(lastCall()?.path).toContain(`${base}/sync/CRM/Contacts?`);
  });

  it.each(["soon", "-1", "5:", "5:https://elsewhere.example/"])("refuses %s, which is no position", async (position) => {
    await expect(rig.exact.readFeed("Accounts", position, now)).rejects.toThrow(InvalidInputError);
  });
});

describe("what was deleted", () => {
  it("tells accounts and contacts, passes over the rest, and moves over all of them", async () => {
    rig.server.answer(results([deleted(12, 5, 2), deleted(11, 2, 1), deleted(14, 9, 3), deleted(13, 48, 4)]));
    const page = await rig.exact.readFeed("Deleted", "10", now);
    expect(page).toEqual({
      changes: [
        { kind: "delete", ref: { system: "EXACT", type: "Accounts", id: guid(1) }, at: "2026-06-25T14:21:04.260Z", position: "11" },
        { kind: "delete", ref: { system: "EXACT", type: "Contacts", id: guid(2) }, at: "2026-06-25T14:21:04.260Z", position: "12" },
      ],
      position: "14",
      more: false,
    });
    expect(lastCall()?.path).toContain(`${base}/sync/Deleted?`);
    expect(lastCall()?.query.get("$filter")).toBe("Timestamp gt 10L");
  });

  it("pages too", async () => {
    rig.server.answer(results([deleted(12, 5, 2)], `${rig.server.url}${base}/sync/Deleted?$skiptoken=12L`), results([deleted(13, 5, 3)]));
    const first = await rig.exact.readFeed("Deleted", null, now);
    const second = await rig.exact.readFeed("Deleted", first.position, now);
    expect([first, second].flatMap(idsOf)).toEqual([guid(2), guid(3)]);
    expect(second.position).toBe("13");
  });
});

describe("the epoch (division move)", () => {
  const divisions = (date: string | null) => results([{ Code: 123456, DivisionMoveDate: date }]);

  it("changes when the division is moved to another database", async () => {
    rig.server.answer(divisions(null), divisions(null), divisions(wall("2026-06-20T03:00:00")));
    const [before, same, moved] = [await rig.exact.feedEpoch(now), await rig.exact.feedEpoch(now), await rig.exact.feedEpoch(now)];
    expect(before).toBe(same);
    expect(moved).not.toBe(before);
    expect(lastCall()?.path).toContain(`${base}/system/Divisions?`);
  });

  it("differs between divisions", async () => {
    rig.server.answer(divisions(null), results([{ Code: 9, DivisionMoveDate: null }]));
    expect(await rig.exact.feedEpoch(now)).not.toBe(await rig.replica({ division: 9 }).feedEpoch(now));
  });

  it("says so when the division is out of reach", async () => {
    rig.server.answer(results([{ Code: 9, DivisionMoveDate: null }]));
    await expect(rig.exact.feedEpoch(now)).rejects.toThrow(NotAuthorizedError);
  });
});
