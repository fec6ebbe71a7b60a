import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestSandbox, type TestSandbox } from "./helpers.js";

let test: TestSandbox;
let account: string;
beforeAll(async () => {
  test = await startTestSandbox({}, { initial: { accounts: [{ Name: "Bakery", City: "Gent", Country: "BE", createdDaysAgo: 3 }], contacts: [] } });
  account = (await test.control("GET", "/records?type=Accounts")).body.rows[0].ID;
});
afterAll(() => test.sandbox.stop());

describe("a person at the page", () => {
  it("sees records as a screen shows them, newest first, and finds them by their text", async () => {
    test.sandbox.core.createAccount({ Name: "Florist", City: "Lyon" });
    const { total, rows } = (await test.control("GET", "/records?type=Accounts&limit=1")).body;
    expect([total, rows.length, rows[0].Name]).toEqual([2, 1, "Florist"]);
    const [found] = (await test.control("GET", "/records?type=Accounts&q=gent")).body.rows;
    expect(found).toMatchObject({ Name: "Bakery", Code: "0000001", Country: "BE", StartDate: "2026-06-25", Modified: "2026-06-22 14:14:02" });
  });

  it("is offered what can be edited, and the obsolete aliases to look at only", async () => {
    const types = (await test.control("GET", "/types")).body;
    const field = (type: string, name: string) =>
      types.find((one: { name: string }) => one.name === type).fields.find((one: { name: string }) => one.name === name);
    expect(field("Accounts", "Name")).toEqual({ name: "Name", input: "text", readOnly: false, main: true });
    expect(field("Accounts", "EndDate")).toMatchObject({ input: "date", readOnly: false });
    expect(field("Accounts", "Code")).toMatchObject({ readOnly: true });
    expect(field("Contacts", "BirthName")).toMatchObject({ readOnly: true, main: false });
    expect(field("Contacts", "City")).toMatchObject({ readOnly: true });
  });

  it("edits, and the API shows it with a new Modified and Timestamp", async () => {
    const before = test.sandbox.core.accounts.timestampOf(account) ?? 0;
    await test.clock.advance(1_000);
    const { status, body } = await test.control("PUT", `/records/Accounts/${account}`, { City: "Brugge", EndDate: "2026-12-31" });
    expect([status, body.City, body.EndDate]).toEqual([200, "Brugge", "2026-12-31"]);
    expect(await test.read("Accounts", account)).toMatchObject({ City: "Brugge", EndDate: "/Date(1798675200000)/" });
    expect(test.sandbox.core.accounts.timestampOf(account)).toBeGreaterThan(before);
  });

  it("creates and deletes", async () => {
    const { body } = await test.control("POST", "/records/Contacts", { Account: account, LastName: "Jansen" });
    expect(body).toMatchObject({ FullName: "Jansen", AccountName: "Bakery" });
    expect((await test.read("Contacts", body.ID)).LastName).toBe("Jansen");
    expect((await test.control("DELETE", `/records/Contacts/${body.ID}`)).status).toBe(204);
    expect((await test.get(`crm/Contacts(guid'${body.ID}')`)).status).toBe(404);
    expect(await test.rows("sync/Deleted?$select=EntityKey")).toMatchObject([{ EntityKey: body.ID }]);
  });

  it("is refused by the same rules, in words", async () => {
    expect(await test.control("PUT", `/records/Accounts/${account}`, { Name: null })).toMatchObject({ status: 400, body: { error: "Verplicht: Naam" } });
    expect((await test.control("PUT", "/records/Accounts/none", { Name: "x" })).status).toBe(404);
    expect((await test.control("GET", "/records?type=Nonsense")).status).toBe(404);
  });
});

describe("the control API", () => {
  it("changes settings all or none, and at once", async () => {
    expect((await test.control("PATCH", "/settings", { minuteLimit: 1, lateShare: 5 })).status).toBe(400);
    expect(test.sandbox.settings.minuteLimit).toBeNull();
    expect((await test.control("PATCH", "/settings", { nonsense: 1 })).status).toBe(400);
    await test.control("PATCH", "/settings", { postStatus: 200 });
    expect((await test.api("POST", "crm/Accounts", { body: { Name: "a" } })).status).toBe(200);
  });

  it("withdraws the consent", async () => {
    const { access_token } = await test.consent();
    expect((await test.control("POST", "/oauth/revoke")).status).toBe(204);
    const refused = await fetch(`${test.sandbox.origin}/api/v1/current/Me`, { headers: { authorization: `Bearer ${access_token}` } });
    expect(refused.status).toBe(401);
  });

  it("counts calls by their route", async () => {
    await test.clock.advance(600_000);
    test.sandbox.calls.reset();
    await test.get(`crm/Accounts(guid'${account}')`);
    await test.get("crm/Accounts/$count?$filter=City eq 'Gent'", { accept: "text/plain" });
    await test.get("/api/v1/current/Me");
    expect(test.sandbox.calls.counts()).toEqual({
      "GET /api/v1/current/Me": 1,
      "GET /api/v1/{division}/crm/Accounts(guid)": 1,
      "GET /api/v1/{division}/crm/Accounts/$count": 1,
      "POST /api/oauth2/token": 1,
    });
  });
});

describe("faults", () => {
  it("empty a list in either envelope", async () => {
    test.sandbox.faults.add({ path: "/api", fault: { kind: "empty-list" } });
    expect((await test.get("crm/Contacts?$top=5")).body).toEqual({ d: [] });
    expect((await test.get("bulk/CRM/Accounts?$select=ID")).body).toEqual({ d: { results: [] } });
    expect((await test.get(`crm/Accounts(guid'${account}')`)).body.d.ID).toBe(account);
    test.sandbox.faults.clear();
  });

  it("lose the answer to a create that lands later", async () => {
    test.sandbox.faults.add({ method: "POST", path: "crm/Accounts$", fault: { kind: "late", ms: 60_000 } });
    await expect(test.api("POST", "crm/Accounts", { body: { Name: "Zombie" } })).rejects.toThrow();
    test.sandbox.faults.clear();
    const find = () => test.rows("crm/Accounts?$select=ID&$filter=Name eq 'Zombie'");
    expect(await find()).toEqual([]);
    await test.clock.advance(60_000);
    expect(await find()).toHaveLength(1);
  });
});
