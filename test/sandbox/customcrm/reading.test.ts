import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Api, startTestSandbox, type TestSandbox } from "./helpers.js";

let sandbox: TestSandbox;
let api: Api;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  api = sandbox.api;
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.reset());

interface Item {
  Id: string;
  ModifiedAt: string;
}

async function allPages(path: string): Promise<Item[][]> {
  const pages: Item[][] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body } = await api("GET", `${path}${path.includes("?") ? "&" : "?"}${cursor === "" ? "" : `cursor=${cursor}`}`.replace(/[?&]$/, ""));
    pages.push(body.items);
    cursor = body.nextCursor;
  }
  return pages;
}

describe("lists", () => {
  it("gives the seed in the order of (ModifiedAt, Id), 100 a page", async () => {
    const pages = await allPages("/contacts");
    expect(pages.map((page) => page.length)).toEqual([100, 100, 100, 100, 100, 100]);
    const items = pages.flat();
    expect(items).toEqual(items.toSorted((a, b) => (`${a.ModifiedAt} ${a.Id}` < `${b.ModifiedAt} ${b.Id}` ? -1 : 1)));
    expect(new Set(items.map((item) => item.Id)).size).toBe(600);
  });

  it("orders records of one moment by Id", async () => {
    const made = [];
    for (let count = 0; count < 12; count += 1) made.push((await sandbox.made("products", { Name: "Zelfde tijd" })).Id);
    const listed = (await allPages("/products?name=zelfde&limit=5")).flat().map((item) => item.Id);
    expect(listed).toEqual(made.toSorted());
  });

  it("shows a record that changes during the paging again at the end, and leaves none out", async () => {
    const first = await api("GET", "/customers?limit=200");
    const moved = first.body.items[0].Id;
    await sandbox.pass(1000);
    await api("PATCH", `/customers/${moved}`, { body: { City: "Elders" } });
    const second = await api("GET", `/customers?limit=200&cursor=${first.body.nextCursor}`);
    expect(second.body.items).toHaveLength(101);
    expect(second.body.items.at(-1)).toMatchObject({ Id: moved, City: "Elders" });
    expect(second.body.nextCursor).toBeNull();
  });

  it.each(["0", "201", "-1", "ten", "1.5", ""])("refuses limit=%s", async (limit) => {
    expect(await api("GET", `/customers?limit=${limit}`)).toMatchObject({ status: 400, body: { errors: [{ property: "limit" }] } });
  });

  it("goes on with the cursor alone, or with the same filters; not with others", async () => {
    const { nextCursor } = (await api("GET", "/customers?name=b&limit=2")).body;
    const alone = await api("GET", `/customers?cursor=${nextCursor}&limit=2`);
    expect(alone.body.items).toEqual((await api("GET", `/customers?name=b&cursor=${nextCursor}&limit=2`)).body.items);
    expect((await api("GET", `/customers?name=c&cursor=${nextCursor}`)).status).toBe(400);
    expect((await api("GET", `/contacts?cursor=${nextCursor}`)).status).toBe(400);
    expect((await api("GET", "/customers?cursor=nonsense")).status).toBe(400);
  });

  it("keeps a cursor for 24 hours", async () => {
    const { nextCursor } = (await api("GET", "/customers?limit=2")).body;
    await sandbox.pass(24 * 3_600_000);
    expect((await api("GET", `/customers?cursor=${nextCursor}`)).status).toBe(200);
    await sandbox.pass(1);
    expect((await api("GET", `/customers?cursor=${nextCursor}`)).status).toBe(400);
  });
});

describe("filters", () => {
  it("ids: up to 100, missing and deleted ones left out, equal ones once", async () => {
    const all = (await api("GET", "/contacts?limit=200")).body.items.map((item: Item) => item.Id);
    await api("DELETE", `/contacts/${all[0]}`);
    const asked = [...all.slice(0, 98), all[5], "missing"];
    expect((await api("GET", `/contacts?ids=${asked.join(",")}`)).body).toMatchObject({ nextCursor: null, items: { length: 97 } });
    expect((await api("GET", `/contacts?ids=${all.slice(0, 101).join(",")}`)).status).toBe(400);
    expect((await api("GET", `/contacts?ids=${all[1]}&email=a@b.example`)).status).toBe(400);
    expect((await api("GET", "/contacts?ids=")).body.items).toEqual([]);
  });

  it("modifiedSince: that moment included, in any zone", async () => {
    const items: Item[] = (await api("GET", "/products")).body.items;
    const since = items[40]?.ModifiedAt ?? "";
    expect((await api("GET", `/products?modifiedSince=${since}`)).body.items).toHaveLength(20);
    const elsewhere = new Date(Date.parse(since) + 2 * 3_600_000).toISOString().replace("Z", "%2B02:00");
    expect((await api("GET", `/products?modifiedSince=${elsewhere}`)).body.items).toHaveLength(20);
    for (const wrong of ["yesterday", "2024-01-01", "2024-13-01T00:00:00Z"]) expect((await api("GET", `/products?modifiedSince=${wrong}`)).status).toBe(400);
  });

  it("email: exactly, whatever the case", async () => {
    const { Id } = await sandbox.made("customers", { Name: "A", Email: "Info@Devries.Example" });
    expect((await api("GET", "/customers?email=info@devries.example")).body.items.map((item: Item) => item.Id)).toEqual([Id]);
    expect((await api("GET", "/customers?email=nfo@devries.example")).body.items).toEqual([]);
  });

  it("name: the beginning of Name, of LastName for contacts, whatever the case", async () => {
    const { Id } = await sandbox.made("customers", { Name: "Ångström & Fils" });
    const contact = await sandbox.made("contacts", { FirstName: "Zebedeus", LastName: "Zonneveld", CustomerId: Id });
    expect((await api("GET", `/customers?name=${encodeURIComponent("ångström &")}`)).body.items.map((item: Item) => item.Id)).toEqual([Id]);
    expect((await api("GET", "/contacts?name=zonne")).body.items.map((item: Item) => item.Id)).toEqual([contact.Id]);
    expect((await api("GET", "/contacts?name=zebe")).body.items).toEqual([]);
    expect((await api("GET", "/contacts?name=veld")).body.items).toEqual([]);
  });

  it("customerId for contacts and products, externalId for all; together they narrow", async () => {
    const { Id } = await sandbox.made("customers", { Name: "A", ExternalId: "9f6c" });
    const contact = await sandbox.made("contacts", { LastName: "Bos", CustomerId: Id, Email: "bos@a.example" });
    await sandbox.made("contacts", { LastName: "Vos", CustomerId: Id });
    const product = await sandbox.made("products", { Name: "P", CustomerId: Id });
    expect((await api("GET", `/contacts?customerId=${Id}`)).body.items).toHaveLength(2);
    expect((await api("GET", `/contacts?customerId=${Id}&email=BOS@a.example`)).body.items.map((item: Item) => item.Id)).toEqual([contact.Id]);
    expect((await api("GET", `/products?customerId=${Id}`)).body.items.map((item: Item) => item.Id)).toEqual([product.Id]);
    expect((await api("GET", "/customers?externalId=9f6c")).body.items.map((item: Item) => item.Id)).toEqual([Id]);
    expect((await api("GET", `/customers?customerId=${Id}`)).status).toBe(400);
  });

  it("refuses parameters that the contract does not have", async () => {
    expect((await api("GET", "/customers?orderBy=Name")).status).toBe(400);
    expect((await api("GET", "/changes?cursor=x")).status).toBe(400);
  });
});

describe("/changes", () => {
  const changes = async (query = "") => (await api("GET", `/changes${query}`)).body;
  const head = () => sandbox.head();

  it("goes through everything once from the start, in strictly growing positions", async () => {
    const seen: { Position: string; Id: string }[] = [];
    let page = await changes();
    expect(page.changes).toHaveLength(200);
    for (;;) {
      seen.push(...page.changes);
      if (!page.more) break;
      page = await changes(`?since=${page.position}`);
    }
    expect(seen).toHaveLength(960);
    expect(new Set(seen.map((change) => change.Id)).size).toBe(960);
    for (const [index, change] of seen.entries()) expect(index === 0 || change.Position > (seen[index - 1]?.Position ?? "")).toBe(true);
  });

  it("shows each record once, at its newest change and as it is now", async () => {
    const since = await head();
    const { Id } = await sandbox.made("customers", { Name: "A" });
    const other = await sandbox.made("customers", { Name: "B" });
    await api("PATCH", `/customers/${Id}`, { body: { City: "Gent" } });
    const page = await changes(`?since=${since}`);
    expect(page.changes.map((change: { Id: string; Action: string }) => [change.Id, change.Action])).toEqual([
      [other.Id, "Upsert"],
      [Id, "Upsert"],
    ]);
    expect(page.changes[1].Record).toEqual((await api("GET", `/customers/${Id}`)).body);
    expect(await changes(`?since=${page.position}`)).toEqual({ changes: [], position: page.position, more: false });
    expect((await changes(`?since=${page.changes[0].Position}`)).changes).toHaveLength(1);
  });

  it("tells deletions without a record", async () => {
    const since = await head();
    const { Id } = await sandbox.made("products", { Name: "P" });
    await api("DELETE", `/products/${Id}`);
    expect((await changes(`?since=${since}`)).changes).toEqual([{ Position: expect.any(String), Type: "Product", Id, Action: "Delete" }]);
  });

  it("narrows to types, and takes the reader past changes of others", async () => {
    expect((await changes("?types=Product&limit=500")).changes).toHaveLength(60);
    expect((await changes("?types=Customer,Product&limit=500")).changes).toHaveLength(360);
    expect((await changes("?types=Product&limit=500")).position).toBe(await head());
    for (const query of ["?types=Supplier", "?types=", "?limit=501", "?limit=0", "?since=abc"]) expect((await api("GET", `/changes${query}`)).status).toBe(400);
  });

  it("keeps deletions for 30 days; then an older position has expired, a newer one and a fresh start have not", async () => {
    const before = await head();
    const doomed = await sandbox.made("products", { Name: "P" });
    const between = await head();
    await api("DELETE", `/products/${doomed.Id}`);
    const after = await head();
    await sandbox.pass(30 * 24 * 3_600_000);
    expect((await changes(`?since=${between}`)).changes).toHaveLength(1);
    await sandbox.pass(1);
    for (const since of [before, between])
      expect(await api("GET", `/changes?since=${since}`)).toMatchObject({ status: 410, body: { type: "urn:customcrm:position-expired" } });
    expect((await api("GET", `/changes?since=${after}`)).status).toBe(200);
    expect(await head()).toBeTruthy();
  });

  it("lets a reader who began from the start finish, also where old deletions are gone", async () => {
    const doomed = await sandbox.made("products", { Name: "P" });
    await api("DELETE", `/products/${doomed.Id}`);
    await sandbox.pass(31 * 24 * 3_600_000);
    let page = await changes();
    let count = page.changes.length;
    while (page.more) {
      page = await changes(`?since=${page.position}`);
      count += page.changes.length;
    }
    expect(count).toBe(960);
  });

  it("tells that reader of what was deleted since it began", async () => {
    const page = await changes();
    const id = page.changes[0].Id;
    const type = { Customer: "customers", Contact: "contacts", Product: "products" }[page.changes[0].Type as "Customer"];
    const gone = type === "customers" ? (await sandbox.made("products", { Name: "P" })).Id : id;
    await api("DELETE", `/${type === "customers" ? "products" : type}/${gone}`);
    await sandbox.pass(31 * 24 * 3_600_000);
    expect((await api("GET", `/changes?since=${page.position}`)).status).toBe(410);
  });

  it("answers 410 to a position that it never gave, as after a reset", async () => {
    expect((await api("GET", "/changes?since=000000999999")).status).toBe(410);
  });

  it("shows changes late where it is told to, at most 5 s, and then behind later ones", async () => {
    sandbox.set({ changesLateMs: 5000 });
    const since = await head();
    const ids = [];
    for (let count = 0; count < 40; count += 1) {
      ids.push((await sandbox.made("products", { Name: `Laat ${count}` })).Id);
      await sandbox.pass(100);
    }
    const early = await changes(`?since=${since}`);
    expect(early.changes.length).toBeGreaterThan(0);
    expect(early.changes.length).toBeLessThan(40);
    await sandbox.pass(5000);
    const missed = ids.length - early.changes.length - (await changes(`?since=${early.position}`)).changes.length;
    expect(missed).toBeGreaterThan(0);
    expect((await changes(`?since=${since}`)).changes.map((change: { Id: string }) => change.Id)).toEqual(ids);
  });

  it("shows the change before, as long as the newest is not visible", async () => {
    const { Id } = await sandbox.made("products", { Name: "P" });
    const before = (await changes("?types=Product&limit=500")).changes.at(-1);
    sandbox.set({ changesLateMs: 5000 });
    await api("PATCH", `/products/${Id}`, { body: { Description: "nieuw" } });
    const during = (await changes("?types=Product&limit=500")).changes.at(-1);
    expect(during).toMatchObject({ Position: before.Position, Id, Record: { Description: "nieuw" } });
    await sandbox.pass(5000);
    expect((await changes("?types=Product&limit=500")).changes.at(-1).Position > before.Position).toBe(true);
  });
});

describe("capabilities that are switched off", () => {
  const off = (capability: string) => sandbox.set({ capabilities: { ...sandbox.settings.capabilities, [capability]: false } });

  it("changes: there is no feed", async () => {
    off("changes");
    expect((await api("GET", "/changes")).status).toBe(404);
  });

  it("ifMatch: no ETag anywhere, and If-Match is ignored", async () => {
    off("ifMatch");
    const made = await api("POST", "/customers", { body: { Name: "A" } });
    expect(made.headers.get("etag")).toBeNull();
    expect(made.body).not.toHaveProperty("ETag");
    expect((await api("PATCH", `/customers/${made.body.Id}`, { body: { City: "Gent" }, headers: { "If-Match": '"stale"' } })).status).toBe(200);
    expect((await api("DELETE", `/customers/${made.body.Id}`, { headers: { "If-Match": '"stale"' } })).status).toBe(204);
  });

  it("idempotencyKey: the header is ignored, and a repeat makes another record", async () => {
    off("idempotencyKey");
    const headers = { "Idempotency-Key": "key-12345678" };
    const [first, second] = [
      await api("POST", "/products", { body: { Name: "P" }, headers }),
      await api("POST", "/products", { body: { Name: "P" }, headers }),
    ];
    expect(second.status).toBe(201);
    expect(second.body.Id).not.toBe(first.body.Id);
  });

  it("webhooks: there are none", async () => {
    off("webhooks");
    expect((await api("GET", "/webhooks")).status).toBe(404);
    expect((await api("POST", "/webhooks", { body: { Url: "http://127.0.0.1:9/", Secret: "s".repeat(16), Types: ["Customer"] } })).status).toBe(404);
    expect((await api("DELETE", "/webhooks/x")).status).toBe(404);
  });

  it("ids: not a parameter", async () => {
    off("ids");
    expect((await api("GET", "/customers?ids=a,b")).status).toBe(400);
  });
});

describe("another site's habits", () => {
  it("shows no value as null, as nothing or as an empty text", async () => {
    const { Id } = await sandbox.made("products", { Name: "P" });
    const read = async () => (await api("GET", `/products/${Id}`)).body;
    expect(await read()).toMatchObject({ Number: null });
    sandbox.set({ noValue: "absent" });
    expect(await read()).not.toHaveProperty("Number");
    sandbox.set({ noValue: "empty" });
    expect(await read()).toMatchObject({ Number: "", CustomerId: "" });
  });

  it("neither shows nor takes an extension that it does not have", async () => {
    sandbox.set({ omitted: ["Customer.VatNumber", "Customer.ExternalId"] });
    const made = await api("POST", "/customers", { body: { Name: "A", OrganisationNumber: "12345678" } });
    expect(made.status).toBe(201);
    expect(made.body).not.toHaveProperty("VatNumber");
    expect((await api("PATCH", `/customers/${made.body.Id}`, { body: { VatNumber: "NL1" } })).status).toBe(400);
  });
});
