import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dayMs, errorText, minuteMs, startTestSandbox, type TestSandbox, wall } from "./helpers.js";

let test: TestSandbox;
beforeEach(async () => {
  test = await startTestSandbox();
});
afterEach(() => test.sandbox.stop());

type Row = { ID: string; Timestamp: string; Name: string };
const changes = async (since: number | string = 1): Promise<Row[]> =>
  (await test.pages(`sync/CRM/Accounts?$select=ID,Timestamp,Name&$filter=Timestamp gt ${since}L`)).flat();
const deletions = (since: number | string = 1) =>
  test.rows(`sync/Deleted?$select=EntityKey,EntityType,Timestamp,DeletedDate,DeletedBy,Division&$filter=Timestamp gt ${since}L`);
const top = (rows: { Timestamp: string }[]) => Math.max(...rows.map(({ Timestamp }) => Number(Timestamp)));
const make = (name: string) => test.sandbox.core.createAccount({ Name: name });

describe("sync", () => {
  it("shows each record once, at its newest Timestamp, as text", async () => {
    const [first, second] = [make("a"), make("b")];
    test.sandbox.core.editAccount(first, { Name: "a2" });
    const rows = await changes();
    expect(rows.map(({ ID, Name }) => [ID, Name])).toEqual([
      [second, "b"],
      [first, "a2"],
    ]);
    expect(rows.every(({ Timestamp }) => typeof Timestamp === "string" && /^\d+$/.test(Timestamp))).toBe(true);
  });

  it("gives every change a value above all earlier ones, of accounts and contacts alike", async () => {
    const account = make("a");
    const before = top(await changes());
    const contact = test.sandbox.core.createContact({ Account: account, LastName: "b" });
    const [row] = await test.rows(`sync/CRM/Contacts?$select=ID,Timestamp&$filter=Timestamp gt ${before}L`);
    expect(row.ID).toBe(contact);
    test.sandbox.core.editAccount(account, {});
    expect(top(await changes(before))).toBeGreaterThan(Number(row.Timestamp));
  });

  it("shows nothing that was seen before the cursor, and no deletes", async () => {
    const id = make("a");
    make("b");
    const cursor = top(await changes());
    expect(await changes(cursor)).toEqual([]);
    test.sandbox.core.deleteAccount(id);
    expect(await changes(cursor)).toEqual([]);
    expect(await changes()).toHaveLength(1);
  });

  it("is filtered by Timestamp only, and contacts refuse $select=*", async () => {
    expect(errorText(await test.get("sync/CRM/Accounts?$select=ID&$filter=Modified ge datetime'2026-01-01'"))).toBe(
      "Filtering on these fields is not supported: Modified",
    );
    expect((await test.get("sync/CRM/Contacts?$select=*")).status).toBe(400);
    expect((await test.get("sync/CRM/Accounts?$select=*")).status).toBe(200);
    expect(errorText(await test.get("sync/CRM/Accounts?$select=ClientGroup"))).toContain("No property 'ClientGroup'");
  });

  it("pages by a thousand; a record that changes meanwhile comes twice", async () => {
    const ids = Array.from({ length: 1_001 }, (_, index) => make(`a${index}`));
    const first = (await test.get("sync/CRM/Accounts?$select=ID,Timestamp&$filter=Timestamp gt 1L")).body.d;
    expect(first.results).toHaveLength(1_000);
    expect(first.__next).toContain(`$skiptoken=${first.results.at(-1).Timestamp}L`);
    test.sandbox.core.editAccount(ids[0] ?? "", {});
    const rest = (await test.pages(first.__next)).flat();
    expect(rest.map(({ ID }) => ID)).toEqual([ids[1_000], ids[0]]);
  });

  it("may come in the order of IDs, so that the highest Timestamp is not the last", async () => {
    test.sandbox.settings.syncOrder = "id";
    for (let made = 0; made < 20; made++) make(`a${made}`);
    const stamps = (await changes()).map(({ Timestamp }) => Number(Timestamp));
    expect(stamps).not.toEqual([...stamps].sort((a, b) => a - b));
  });
});

describe("a change that becomes visible late", () => {
  beforeEach(() => Object.assign(test.sandbox.settings, { lateMs: 10 * minuteMs }));

  it("lies below a cursor that was stored meanwhile", async () => {
    test.sandbox.settings.lateShare = 1;
    const slow = make("slow");
    test.sandbox.settings.lateShare = 0;
    make("quick");
    const cursor = top(await changes());
    expect((await changes()).map(({ Name }) => Name)).toEqual(["quick"]);
    await test.clock.advance(10 * minuteMs);
    const seen = await changes();
    expect(seen.map(({ Name }) => Name)).toEqual(["slow", "quick"]);
    expect(Number(seen.find(({ ID }) => ID === slow)?.Timestamp)).toBeLessThan(cursor);
  });

  it("leaves the record as it was, in sync alone", async () => {
    const id = make("old");
    const [before] = await changes();
    test.sandbox.settings.lateShare = 1;
    test.sandbox.core.editAccount(id, { Name: "new" });
    test.sandbox.core.editAccount(id, { Name: "newer" });
    expect(await changes()).toEqual([before]);
    expect((await test.read("Accounts", id)).Name).toBe("newer");
    expect((await test.rows(`crm/Accounts?$select=Name&$filter=ID eq guid'${id}'`))[0].Name).toBe("newer");
    test.sandbox.settings.lateInLists = true;
    expect((await test.rows(`crm/Accounts?$select=Name&$filter=ID eq guid'${id}'`))[0].Name).toBe("old");
    await test.clock.advance(10 * minuteMs);
    expect((await changes()).map(({ Name }) => Name)).toEqual(["newer"]);
  });

  it("may be a delete", async () => {
    const id = make("a");
    test.sandbox.settings.lateShare = 1;
    test.sandbox.core.deleteAccount(id);
    expect(await deletions()).toEqual([]);
    await test.clock.advance(10 * minuteMs);
    expect(await deletions()).toHaveLength(1);
  });
});

describe("the log of deletions", () => {
  it("names what was deleted, when and by whom", async () => {
    const account = make("a");
    const contact = test.sandbox.core.createContact({ Account: account, LastName: "b" });
    await test.api("DELETE", `crm/Contacts(guid'${contact}')`);
    await test.api("DELETE", `crm/Accounts(guid'${account}')`);
    const log = await deletions();
    expect(log).toMatchObject([
      { EntityKey: contact, EntityType: 5, Division: 3_141_592 },
      { EntityKey: account, EntityType: 2 },
    ]);
    expect(wall(log[0].DeletedDate).slice(0, 19)).toBe("2026-06-25T14:14:02");
    expect(log[0].DeletedBy).toBe((await test.rows("/api/v1/current/Me"))[0].UserID);
  });

  it("is filtered by Timestamp and the type, and has its own place in the row versions", async () => {
    const [first, second] = [make("a"), make("b")];
    test.sandbox.core.deleteAccount(first);
    const cursor = top(await deletions());
    test.sandbox.core.deleteAccount(second);
    expect((await deletions(cursor)).map(({ EntityKey }) => EntityKey)).toEqual([second]);
    expect(await test.rows(`sync/Deleted?$select=ID&$filter=Timestamp gt ${cursor}L and EntityType eq 5`)).toEqual([]);
    expect((await test.get("sync/Deleted?$select=ID&$filter=Division eq 1")).status).toBe(400);
  });

  it("holds other kinds of records, too", async () => {
    const key = "aaaaaaaa-1111-4111-8111-111111111111";
    expect((await test.control("POST", "/deletions", { entityType: 3, key })).status).toBe(204);
    expect(await deletions()).toMatchObject([{ EntityType: 3, EntityKey: key }]);
  });

  it("forgets after two months", async () => {
    test.sandbox.core.deleteAccount(make("a"));
    await test.clock.advance(60 * dayMs);
    expect(await deletions()).toHaveLength(1);
    await test.clock.advance(2 * dayMs);
    expect(await deletions()).toEqual([]);
  });
});

describe("a division move", () => {
  it("gives everything lower row versions and tells its date", async () => {
    const moveDate = async () => (await test.rows("system/Divisions?$select=Code,DivisionMoveDate"))[0];
    const [kept, gone] = [make("kept"), make("gone")];
    test.sandbox.core.deleteAccount(gone);
    const cursor = top(await changes());
    expect(await moveDate()).toMatchObject({ Code: 3_141_592, DivisionMoveDate: null });
    expect((await test.control("POST", "/division/move")).status).toBe(200);
    expect(wall((await moveDate()).DivisionMoveDate).slice(0, 19)).toBe("2026-06-25T14:14:02");
    make("new");
    expect(await changes(cursor)).toEqual([]);
    expect((await changes()).map(({ Name }) => Name)).toEqual(["kept", "new"]);
    expect((await deletions()).map(({ EntityKey }) => EntityKey)).toEqual([gone]);
    expect((await test.read("Accounts", kept)).Name).toBe("kept");
  });
});

describe("SyncTimestamp", () => {
  const ask = (endPoint: string, modified: string) =>
    test.get(`read/sync/Sync/SyncTimestamp?modified=${modified}&endPoint='${endPoint}'&$select=TimeStampAsBigInt`);

  it("gives the Timestamp from which a feed shows what was changed since a time", async () => {
    make("old");
    const old = top(await changes());
    await test.clock.advance(dayMs);
    make("new");
    const { body } = await ask("crm/Accounts", "datetime'2026-06-26T00:00:00'");
    const since = body.d.results[0].TimeStampAsBigInt;
    expect(since).toBe(String(old));
    expect((await changes(since)).map(({ Name }) => Name)).toEqual(["new"]);
  });

  it("refuses another endpoint and a time that is none", async () => {
    expect((await ask("crm/Nothing", "datetime'2026-06-26T00:00:00'")).status).toBe(400);
    expect((await ask("crm/Accounts", "yesterday")).status).toBe(400);
  });
});
