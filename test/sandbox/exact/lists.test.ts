import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { guidSortKey } from "../../../src/sandbox/exact/guid-order.js";
import { errorText, startTestSandbox, type TestSandbox } from "./helpers.js";

let test: TestSandbox;
let account: string;
beforeAll(async () => {
  test = await startTestSandbox({ mandatoryFilter: false });
  const { core } = test.sandbox;
  account = core.createAccount({ Name: "Main", Status: "C", City: "Utrecht" });
  for (let made = 1; made < 130; made++) core.createAccount({ Name: `Account ${made}`, City: made % 2 ? "Gent" : "Lyon" });
  for (let made = 0; made < 61; made++) core.createContact({ Account: account, LastName: `Person ${made}` });
});
afterAll(() => test.sandbox.stop());
beforeEach(() => {
  Object.assign(test.sandbox.settings, { mandatoryFilter: false, selectRequired: false, bareArrays: "top-up-to-60", userSecurityLevel: 100 });
});

const ids = (rows: { ID: string }[]) => rows.map(({ ID }) => ID);

describe("the form of an answer", () => {
  it("is Atom unless JSON is asked for", async () => {
    const list = await test.get("crm/Contacts?$top=1", { accept: "*/*" });
    expect(list.headers.get("content-type")).toContain("application/atom+xml");
    expect(list.text).toContain("<d:FullName>");
    const error = await test.get("crm/Contacts?$select=Nonsense", { accept: "application/xml" });
    expect(error.headers.get("content-type")).toContain("application/xml");
    expect(error.text).toContain("<m:message");
  });

  it("is `results`, with the next page's address while there is one", async () => {
    const { body } = await test.get("crm/Contacts?$select=ID");
    expect(body.d.results).toHaveLength(60);
    const last = await test.get(body.d.__next);
    expect(last.body.d.results).toHaveLength(1);
    expect(last.body.d).not.toHaveProperty("__next");
  });

  it.each([
    ["$top=60", true],
    ["$top=5", true],
    ["$top=0", true],
    ["$top=5&$filter=LastName eq 'nobody'", true],
    ["$top=61", false],
    ["$top=1000", false],
    ["$top=60&$skip=0", false],
    ["$top=5&$inlinecount=allpages", false],
    ["", false],
  ])("is a bare array for $top up to 60: %s", async (options, isBare) => {
    const { body } = await test.get(`crm/Contacts?$select=ID&${options}`);
    expect(Array.isArray(body.d)).toBe(isBare);
    expect(Array.isArray(isBare ? body.d : body.d.results)).toBe(true);
  });

  it("is never a bare array if so set", async () => {
    test.sandbox.settings.bareArrays = "never";
    expect((await test.get("crm/Contacts?$top=5")).body.d.results).toHaveLength(5);
  });

  it("is one object for a record by its key", async () => {
    const { body } = await test.get(`crm/Accounts(guid'${account}')?$select=Name`);
    expect(Object.keys(body.d)).toEqual(["__metadata", "Name"]);
    expect(body.d.__metadata).toEqual({ uri: `${test.sandbox.origin}/api/v1/3141592/crm/Accounts(guid'${account}')`, type: "Exact.Web.Api.Models.Account" });
  });

  it("takes the key percent-encoded too", async () => {
    expect((await test.get(`crm/Accounts(guid%27${account}%27)`)).status).toBe(200);
  });

  it("defers the bank accounts, unless they are expanded", async () => {
    const [plain] = await test.rows("crm/Accounts?$top=1");
    expect(plain.BankAccounts.__deferred.uri).toContain("/BankAccounts");
    const [expanded] = await test.rows("crm/Accounts?$top=1&$expand=BankAccounts");
    expect(expanded.BankAccounts).toEqual({ results: [] });
    expect((await test.get("crm/Accounts?$top=1&$expand=MainContact")).status).toBe(400);
  });

  it("holds the list of the one user's facts in results, with Int64 as text", async () => {
    const { body } = await test.get("/api/v1/current/Me?$select=CurrentDivision,Legislation,ServerTime,ServerUtcOffset");
    expect(body.d.results).toMatchObject([{ CurrentDivision: 3141592, Legislation: "1", ServerTime: "2026-06-25T14:14:02", ServerUtcOffset: 7200 }]);
  });

  it("may hold properties that no page names, unless others are selected", async () => {
    test.sandbox.settings.undocumented = ["ShinyNewField"];
    expect((await test.rows("crm/Contacts?$top=1"))[0]).toHaveProperty("ShinyNewField", null);
    expect((await test.rows("crm/Contacts?$top=1&$select=ID"))[0]).not.toHaveProperty("ShinyNewField");
    test.sandbox.settings.undocumented = [];
  });

  it("counts in line as a text, over all pages and whatever $top is", async () => {
    expect((await test.get("crm/Contacts?$select=ID&$inlinecount=allpages&$top=2")).body.d.__count).toBe("61");
    expect((await test.get("crm/Contacts?$select=ID&$inlinecount=some")).status).toBe(400);
  });

  it("counts alone as plain text, and dislikes to be asked for JSON", async () => {
    const counted = await test.get("crm/Accounts/$count?$filter=City eq 'Gent'", { accept: "text/plain" });
    expect([counted.text, counted.headers.get("content-type")?.split(";")[0]]).toEqual(["65", "text/plain"]);
    expect((await test.get("crm/Accounts/$count")).status).toBe(415);
  });
});

describe("paging", () => {
  it("goes in SQL Server's order of guids, not in the order of their text", async () => {
    const listed = ids((await test.pages("crm/Accounts?$select=ID")).flat());
    const sorted = [...listed].sort((a, b) => (guidSortKey(a) < guidSortKey(b) ? -1 : 1));
    expect(listed).toHaveLength(130);
    expect(listed).toEqual(sorted);
    expect(listed).not.toEqual([...listed].sort());
  });

  it("continues after the last ID and keeps what was asked", async () => {
    const { body } = await test.get("crm/Accounts?$select=ID,Name&$filter=City ne 'Rome'&$top=100");
    const next = new URL(body.d.__next);
    expect(body.d.__next).toContain(`$skiptoken=guid'${body.d.results.at(-1).ID}'`);
    expect(Object.fromEntries(next.searchParams)).toMatchObject({ $select: "ID,Name", $filter: "City ne 'Rome'", $top: "40" });
    expect((await test.pages("crm/Accounts?$select=ID&$top=100")).map((page) => page.length)).toEqual([60, 40]);
  });

  it("by another order continues after that order's value and the ID", async () => {
    const { body } = await test.get("crm/Accounts?$select=ID,Modified&$orderby=Modified asc");
    const last = body.d.results.at(-1);
    expect(body.d.__next).toContain(`$skiptoken=datetime'2026-06-25T14%3A14%3A02.26',guid'${last.ID}'`);
    const listed = ids((await test.pages("crm/Accounts?$select=ID&$orderby=City desc,Name")).flat());
    expect(new Set(listed).size).toBe(130);
  });

  it("sorts by more than one property, both ways", async () => {
    const rows = (await test.pages("crm/Accounts?$select=City,Name&$orderby=City desc,Name asc")).flat();
    expect(rows[0].City).toBe("Utrecht");
    expect(rows.slice(1, 3)).toMatchObject([
      { City: "Lyon", Name: "Account 10" },
      { City: "Lyon", Name: "Account 100" },
    ]);
    expect(rows.at(-1).City).toBe("Gent");
    expect((await test.get("crm/Contacts?$orderby=LastName up")).status).toBe(400);
  });

  it("misses what comes in behind it, and by Modified meets again what changes", async () => {
    const first = (await test.get("crm/Accounts?$select=ID,Modified&$orderby=Modified")).body.d;
    const changed = first.results[0].ID;
    await test.clock.advance(1_000);
    test.sandbox.core.editAccount(changed, { City: "Gent" });
    expect(ids((await test.pages(first.__next)).flat())).toContain(changed);
  });

  it("skips rows in crm, and not on the newer endpoints", async () => {
    const all = ids(await test.rows("crm/Contacts?$select=ID"));
    expect(ids(await test.rows("crm/Contacts?$select=ID&$skip=58&$top=2"))).toEqual(all.slice(58, 60));
    expect((await test.get("bulk/CRM/Contacts?$select=ID&$skip=1")).status).toBe(400);
    expect((await test.get("sync/CRM/Contacts?$select=ID&$skip=1")).status).toBe(400);
  });

  it.each(["$skiptoken=5", "$skiptoken=guid'x'", "$skiptoken=", "$top=-1", "$top=many", "$foo=1", "$select=Nope", "$orderby=Nope", "$top=1&$top=2"])(
    "refuses %s",
    async (options) => {
      const refused = await test.get(`crm/Contacts?${options}`);
      expect([refused.status, typeof errorText(refused)]).toEqual([400, "string"]);
    },
  );
});

describe("what a list demands", () => {
  it("is a filter on a listed property, for accounts", async () => {
    test.sandbox.settings.mandatoryFilter = true;
    const refused = await test.get("crm/Accounts?$select=ID");
    expect(errorText(refused)).toMatch(/^This endpoint has mandatory filtering applied\. .*: ID, Accountant, .*VATNumber/);
    expect(errorText(refused).split(": ")[1]?.split(", ")).toHaveLength(47);
    expect((await test.get("crm/Accounts?$select=ID&$filter=Modified ge datetime'2026-01-01'")).status).toBe(200);
    expect((await test.get("crm/Accounts/$count", { accept: "text/plain" })).status).toBe(400);
    expect((await test.get(`crm/Accounts(guid'${account}')`)).status).toBe(200);
    expect((await test.get("crm/Contacts?$select=ID")).status).toBe(200);
  });

  it("is $select or $top=1, for bulk and sync, and for crm if so set", async () => {
    for (const path of ["bulk/CRM/Accounts", "sync/CRM/Accounts", "sync/Deleted"]) {
      expect(errorText(await test.get(path))).toBe("Please add a $select or a $top=1 statement to the query string.");
      expect((await test.get(`${path}?$top=1`)).status).toBe(200);
    }
    test.sandbox.settings.selectRequired = true;
    expect((await test.get("crm/Contacts")).status).toBe(400);
  });

  it("is the caller's right to see a record", async () => {
    const secret = test.sandbox.core.createAccount({ Name: "Secret", SecurityLevel: 50 });
    test.sandbox.settings.userSecurityLevel = 20;
    expect((await test.get(`crm/Accounts(guid'${secret}')`)).status).toBe(404);
    expect(await test.rows(`crm/Accounts?$select=ID&$filter=ID eq guid'${secret}'`)).toEqual([]);
    expect((await test.pages("sync/CRM/Accounts?$select=ID")).flat()).toHaveLength(130);
    test.sandbox.core.deleteAccount(secret);
  });
});

describe("bulk", () => {
  it("shows what crm shows, a thousand a page", async () => {
    const bulk = await test.rows("bulk/CRM/Accounts?$select=ID,Name");
    const crm = (await test.pages("crm/Accounts?$select=ID,Name")).flat();
    expect(bulk.map(({ ID, Name }) => [ID, Name])).toEqual(crm.map(({ ID, Name }) => [ID, Name]));
    const { core } = test.sandbox;
    const extra = Array.from({ length: 950 }, (_, index) => core.createContact({ Account: account, LastName: `Extra ${index}` }));
    expect((await test.pages("bulk/CRM/Contacts?$select=ID")).map((page) => page.length)).toEqual([1000, 11]);
    for (const id of extra) core.deleteContact(id);
  });

  it("filters accounts as crm does, and contacts by little", async () => {
    expect(await test.rows("bulk/CRM/Accounts?$select=ID&$filter=Name eq 'Main'")).toHaveLength(1);
    expect(await test.rows(`bulk/CRM/Contacts?$select=ID&$filter=Account eq guid'${account}'`)).toHaveLength(61);
    expect(errorText(await test.get("bulk/CRM/Contacts?$select=ID&$filter=Modified ge datetime'2026-01-01'"))).toBe(
      "Filtering on these fields is not supported: Modified",
    );
  });

  it("is read only", async () => {
    expect((await test.api("POST", "bulk/CRM/Accounts", { body: { Name: "x" } })).status).toBe(405);
  });
});

describe("addresses", () => {
  it.each([
    ["GET", "crm/accounts", 404],
    ["GET", "CRM/Accounts", 404],
    ["GET", "crm/Nothing", 404],
    ["GET", "$batch", 404],
    ["GET", "/api/v2/whatever", 404],
    ["GET", "crm/Accounts(guid'11111111-1111-1111-1111-111111111111')", 404],
    ["PUT", "crm/Accounts(guid'11111111-1111-1111-1111-111111111111')", 404],
    ["DELETE", "crm/Accounts(guid'11111111-1111-1111-1111-111111111111')", 404],
    ["GET", "crm/Accounts(12)", 400],
    ["DELETE", "crm/Accounts", 405],
    ["PATCH", "crm/Accounts(guid'11111111-1111-1111-1111-111111111111')", 405],
    ["POST", "sync/CRM/Accounts", 405],
  ])("%s %s answers %i", async (method, path, status) => {
    const answer = await test.api(method, path, method === "GET" ? {} : { body: {} });
    expect(answer.status).toBe(status);
    expect(answer.body.error.code).toBe("");
  });

  it("describe their service in $metadata", async () => {
    const { text, headers } = await test.get("crm/$metadata");
    expect(headers.get("content-type")).toContain("xml");
    expect(text).toContain('<Property Name="VATNumber" Type="Edm.String"/>');
    expect((await test.get("sync/$metadata")).text).toContain('Name="EntityKey"');
  });
});
