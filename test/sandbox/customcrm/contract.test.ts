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

const customer = (more: Record<string, unknown> = {}) => sandbox.made("customers", { Name: "Bakkerij De Vries", ...more });

describe("access", () => {
  it("lets nobody in without a token, and says how to send one", async () => {
    const answer = await api("GET", "/customers", { headers: { Authorization: "" } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.body).toMatchObject({ type: "urn:customcrm:unauthorized", status: 401 });
    expect((await api("GET", "/customers", { headers: { Authorization: "Bearer wrong" } })).status).toBe(401);
  });

  it("gives a token for client credentials that works for an hour", async () => {
    const grant = await sandbox.token({ grant_type: "client_credentials", client_id: "sandbox-client", client_secret: "sandbox-secret" });
    expect(grant.body).toEqual({ access_token: expect.any(String), token_type: "Bearer", expires_in: 3600 });
    const headers = { Authorization: `Bearer ${grant.body.access_token}` };
    await sandbox.pass(3_599_000);
    expect((await api("GET", "/customers", { headers })).status).toBe(200);
    await sandbox.pass(1_000);
    expect((await api("GET", "/customers", { headers })).status).toBe(401);
  });

  it("takes the client's name and secret as Basic credentials as well", async () => {
    const basic = Buffer.from("sandbox-client:sandbox-secret").toString("base64");
    expect((await sandbox.token({ grant_type: "client_credentials" }, { Authorization: `Basic ${basic}` })).status).toBe(200);
  });

  it.each([
    ["a wrong secret", { grant_type: "client_credentials", client_id: "sandbox-client", client_secret: "no" }, 401, "invalid_client"],
    ["another grant", { grant_type: "password", client_id: "sandbox-client", client_secret: "sandbox-secret" }, 400, "unsupported_grant_type"],
    ["no grant", { client_id: "sandbox-client", client_secret: "sandbox-secret" }, 400, "invalid_request"],
  ])("refuses %s in OAuth's own words", async (_situation, form, status, error) => {
    expect(await sandbox.token(form)).toMatchObject({ status, body: { error } });
  });

  it("has no token endpoint when OAuth is switched off, and takes granted tokens no more", async () => {
    const grant = await sandbox.token({ grant_type: "client_credentials", client_id: "sandbox-client", client_secret: "sandbox-secret" });
    sandbox.set({ oauth: null });
    expect((await sandbox.token({ grant_type: "client_credentials" })).status).toBe(404);
    expect((await api("GET", "/customers", { headers: { Authorization: `Bearer ${grant.body.access_token}` } })).status).toBe(401);
  });
});

describe("creating", () => {
  it("answers 201 with the record, its Location and its ETag", async () => {
    const answer = await api("POST", "/customers", { body: { Name: "Æbler & Co", Country: "NO", Website: null } });
    expect(answer.status).toBe(201);
    const { Id, ETag } = answer.body;
    expect(answer.headers.get("location")).toBe(`/api/v1/customers/${Id}`);
    expect(answer.headers.get("etag")).toBe(ETag);
    expect(Id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(answer.body).toMatchObject({
      Name: "Æbler & Co",
      Country: "NO",
      Website: null,
      Email: null,
      CreatedAt: sandbox.nowIso(),
      ModifiedAt: sandbox.nowIso(),
    });
    expect((await api("GET", `/customers/${Id}`)).body).toEqual(answer.body);
  });

  it("refuses unknown and read-only properties with 400, all named", async () => {
    const answer = await api("POST", "/customers", { body: { Name: "A", Colour: "red", Id: "x" } });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.body.errors.map(({ property, code }: { property: string; code: string }) => [property, code])).toEqual([
      ["Colour", "unknown-property"],
      ["Id", "read-only"],
    ]);
  });

  it.each([
    ["a customer without a name", "customers", {}, "Name", "required"],
    ["an empty name", "customers", { Name: "" }, "Name", "required"],
    ["a product without a name", "products", { Name: null }, "Name", "required"],
    ["a contact without a customer", "contacts", { LastName: "Bos" }, "CustomerId", "required"],
    ["a contact of nobody", "contacts", { LastName: "Bos", CustomerId: "nobody" }, "CustomerId", "unknown-reference"],
    ["a product of nobody", "products", { Name: "P", CustomerId: "nobody" }, "CustomerId", "unknown-reference"],
    ["a name of 201 characters", "customers", { Name: "a".repeat(201) }, "Name", "too-long"],
    ["a description of 10,001 characters", "products", { Name: "P", Description: "d".repeat(10_001) }, "Description", "too-long"],
    ["a country in lower case", "customers", { Name: "A", Country: "nl" }, "Country", "not-a-country"],
    ["a country that is none", "customers", { Name: "A", Country: "XX" }, "Country", "not-a-country"],
    ["a country written out", "customers", { Name: "A", Country: "Nederland" }, "Country", "not-a-country"],
    ["a number for text", "customers", { Name: "A", Phone: 31201234567 }, "Phone", "not-a-string"],
    ["an object for text", "customers", { Name: "A", Phone: { home: "1" } }, "Phone", "not-a-string"],
  ])("refuses %s with 422", async (_situation, collection, body, property, code) => {
    const answer = await api("POST", `/${collection}`, { body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toContainEqual({ property, code, message: expect.any(String) });
  });

  it.each(["2024-02-30", "2024-1-5", "05/01/2024", "2024-01-05T00:00:00Z"])("refuses %s as a date", async (BirthDate) => {
    const { Id } = await customer();
    const answer = await api("POST", "/contacts", { body: { LastName: "Bos", CustomerId: Id, BirthDate } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ property: "BirthDate", code: "not-a-date" }] } });
    expect((await api("POST", "/contacts", { body: { LastName: "Bos", CustomerId: Id, BirthDate: "2024-02-29" } })).status).toBe(201);
  });

  it("names a reference that leads nowhere in the problem's type", async () => {
    expect((await api("POST", "/contacts", { body: { LastName: "Bos", CustomerId: "nobody" } })).body.type).toBe("urn:customcrm:unknown-reference");
    expect((await api("POST", "/contacts", { body: { LastName: "", CustomerId: "nobody" } })).body.type).toBe("urn:customcrm:validation-failed");
  });

  it("counts characters, not bytes or halves of them", async () => {
    expect((await api("POST", "/customers", { body: { Name: "🌷".repeat(200) } })).status).toBe(201);
  });

  it.each([
    ["no JSON", "{", 400],
    ["a list", "[]", 400],
    ["null", "null", 400],
  ])("refuses %s as a body", async (_situation, raw, status) => {
    expect((await api("POST", "/customers", { raw })).status).toBe(status);
  });

  it("refuses a body that is not UTF-8, or not JSON by its type", async () => {
    expect((await api("POST", "/customers", { raw: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]) })).status).toBe(400);
    expect((await api("POST", "/customers", { raw: "Name=A", headers: { "Content-Type": "application/x-www-form-urlencoded" } })).status).toBe(415);
  });
});

describe("Idempotency-Key", () => {
  const key = { "Idempotency-Key": "key-12345678" };

  it("answers a repeat as the first time, and makes nothing new", async () => {
    const first = await api("POST", "/customers", { body: { Name: "Once", City: "Gent" }, headers: key });
    await api("PATCH", `/customers/${first.body.Id}`, { body: { City: "Brugge" } });
    const again = await api("POST", "/customers", { body: { City: "Gent", Name: "Once" }, headers: key });
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect((await api("GET", "/customers?name=Once")).body.items).toHaveLength(1);
  });

  it.each([
    ["another body", "/customers", { Name: "Twice" }],
    ["another collection", "/products", { Name: "Once" }],
  ])("refuses %s under the same key", async (_situation, path, body) => {
    await api("POST", "/customers", { body: { Name: "Once" }, headers: key });
    expect(await api("POST", path, { body, headers: key })).toMatchObject({ status: 409, body: { type: "urn:customcrm:idempotency-key-reused" } });
  });

  it("gives a refusal again as well", async () => {
    const first = await api("POST", "/contacts", { body: { LastName: "Bos", CustomerId: "nobody" }, headers: key });
    expect(first.status).toBe(422);
    expect(await api("POST", "/contacts", { body: { LastName: "Bos", CustomerId: "nobody" }, headers: key })).toMatchObject({ status: 422, body: first.body });
  });

  it("forgets a key after 24 hours, not before", async () => {
    const { Id } = (await api("POST", "/customers", { body: { Name: "Once" }, headers: key })).body;
    await sandbox.pass(24 * 3_600_000 - 1);
    expect((await api("POST", "/customers", { body: { Name: "Once" }, headers: key })).body.Id).toBe(Id);
    await sandbox.pass(1);
    expect((await api("POST", "/customers", { body: { Name: "Once" }, headers: key })).body.Id).not.toBe(Id);
  });

  it.each(["1234567", "k".repeat(129)])("refuses a key of a wrong length", async (value) => {
    expect((await api("POST", "/customers", { body: { Name: "A" }, headers: { "Idempotency-Key": value } })).status).toBe(400);
  });
});

describe("changing", () => {
  it("merges: what is absent stays, null clears", async () => {
    const made = await customer({ Phone: "020-1234567", City: "Amsterdam" });
    await sandbox.pass(1000);
    const answer = await api("PATCH", `/customers/${made.Id}`, {
      body: { Phone: null, Email: "info@devries.example" },
      headers: { "Content-Type": "application/merge-patch+json" },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      Name: "Bakkerij De Vries",
      Phone: null,
      City: "Amsterdam",
      Email: "info@devries.example",
      CreatedAt: made.CreatedAt,
      ModifiedAt: sandbox.nowIso(),
    });
    expect(answer.headers.get("etag")).toBe(answer.body.ETag);
    expect(answer.body.ETag).not.toBe(made.ETag);
  });

  it("keeps ModifiedAt, ETag and position when nothing changes", async () => {
    const made = await customer({ City: "Gent" });
    const position = await sandbox.head();
    await sandbox.pass(60_000);
    const answer = await api("PATCH", `/customers/${made.Id}`, { body: { City: "Gent", Phone: null, Fax: "" } });
    expect(answer).toMatchObject({ status: 200, body: { ModifiedAt: made.ModifiedAt, ETag: made.ETag } });
    expect((await api("GET", `/changes?since=${position}`)).body.changes).toEqual([]);
  });

  it("moves ModifiedAt with every change, even within one millisecond", async () => {
    const made = await customer();
    const first = await api("PATCH", `/customers/${made.Id}`, { body: { City: "Gent" } });
    const second = await api("PATCH", `/customers/${made.Id}`, { body: { City: "Brugge" } });
    expect(made.ModifiedAt < first.body.ModifiedAt && first.body.ModifiedAt < second.body.ModifiedAt).toBe(true);
  });

  it("refuses to clear what is required, changing nothing", async () => {
    const made = await customer({ City: "Gent" });
    const contact = await sandbox.made("contacts", { LastName: "Bos", CustomerId: made.Id });
    expect((await api("PATCH", `/customers/${made.Id}`, { body: { Name: null, City: "Brugge" } })).status).toBe(422);
    expect((await api("PATCH", `/contacts/${contact.Id}`, { body: { LastName: "" } })).status).toBe(422);
    expect((await api("PATCH", `/contacts/${contact.Id}`, { body: { CustomerId: null } })).status).toBe(422);
    expect((await api("GET", `/customers/${made.Id}`)).body).toEqual(made);
  });

  it("lets a contact move to another customer, and a product leave its own", async () => {
    const [from, to] = [await customer(), await customer()];
    const contact = await sandbox.made("contacts", { LastName: "Bos", CustomerId: from.Id });
    const product = await sandbox.made("products", { Name: "Koffie", CustomerId: from.Id });
    expect((await api("PATCH", `/contacts/${contact.Id}`, { body: { CustomerId: to.Id } })).body.CustomerId).toBe(to.Id);
    expect((await api("PATCH", `/products/${product.Id}`, { body: { CustomerId: null } })).body.CustomerId).toBeNull();
  });

  it.each([
    ["an unknown property", { Colour: "red" }, 400],
    ["a read-only property", { ModifiedAt: "2024-01-01T00:00:00.000Z" }, 400],
    ["no property", {}, 422],
  ])("refuses a patch with %s", async (_situation, body, status) => {
    const { Id } = await customer();
    expect((await api("PATCH", `/customers/${Id}`, { body })).status).toBe(status);
  });
});

describe("If-Match", () => {
  it("lets a write through only where nobody wrote since", async () => {
    const made = await customer();
    const fresh = await api("PATCH", `/customers/${made.Id}`, { body: { City: "Gent" }, headers: { "If-Match": made.ETag } });
    expect(fresh.status).toBe(200);
    const stale = await api("PATCH", `/customers/${made.Id}`, { body: { City: "Brugge" }, headers: { "If-Match": made.ETag } });
    expect(stale).toMatchObject({ status: 412, body: { type: "urn:customcrm:precondition-failed" } });
    expect((await api("DELETE", `/customers/${made.Id}`, { headers: { "If-Match": made.ETag } })).status).toBe(412);
    expect((await api("DELETE", `/customers/${made.Id}`, { headers: { "If-Match": `"other", ${fresh.body.ETag}` } })).status).toBe(204);
  });

  it("takes * for any state, and no weak tags", async () => {
    const made = await customer();
    expect((await api("PATCH", `/customers/${made.Id}`, { body: { City: "Gent" }, headers: { "If-Match": "*" } })).status).toBe(200);
    const { ETag } = (await api("GET", `/customers/${made.Id}`)).body;
    expect((await api("PATCH", `/customers/${made.Id}`, { body: { City: "Gent" }, headers: { "If-Match": `W/${ETag}` } })).status).toBe(412);
  });

  it("is the same tag in the header, in lists and in changes", async () => {
    const since = await sandbox.head();
    const made = await customer();
    const single = await api("GET", `/customers/${made.Id}`);
    expect(single.headers.get("etag")).toBe(made.ETag);
    expect((await api("GET", `/customers?ids=${made.Id}`)).body.items[0].ETag).toBe(made.ETag);
    expect((await api("GET", `/changes?since=${since}`)).body.changes[0].Record.ETag).toBe(made.ETag);
  });
});

describe("deleting", () => {
  it("refuses a customer that has contacts or products", async () => {
    const { Id } = await customer();
    const contact = await sandbox.made("contacts", { LastName: "Bos", CustomerId: Id });
    const product = await sandbox.made("products", { Name: "Koffie", CustomerId: Id });
    expect(await api("DELETE", `/customers/${Id}`)).toMatchObject({ status: 409, body: { type: "urn:customcrm:has-dependents" } });
    await api("DELETE", `/contacts/${contact.Id}`);
    expect((await api("DELETE", `/customers/${Id}`)).status).toBe(409);
    await api("DELETE", `/products/${product.Id}`);
    expect(await api("DELETE", `/customers/${Id}`)).toMatchObject({ status: 204, body: null });
  });

  it("tells a record that was deleted (410) from one that never was (404) when read; a write finds neither", async () => {
    const { Id } = await customer();
    await api("DELETE", `/customers/${Id}`);
    expect((await api("GET", `/customers/${Id}`)).status).toBe(410);
    expect((await api("GET", "/customers/never")).status).toBe(404);
    for (const id of [Id, "never"]) {
      expect((await api("PATCH", `/customers/${id}`, { body: { City: "Gent" } })).status).toBe(404);
      expect((await api("DELETE", `/customers/${id}`)).status).toBe(404);
    }
  });

  it("does not find a record under another collection", async () => {
    const { Id } = await customer();
    expect((await api("GET", `/contacts/${Id}`)).status).toBe(404);
  });
});

describe("everything else", () => {
  it.each(["/", "/suppliers", "/customers/a/b", "/constructor"])("has nothing at %s", async (path) => {
    expect(await api("GET", path)).toMatchObject({ status: 404, body: { type: "urn:customcrm:not-found", status: 404 } });
  });

  it("names the methods it has", async () => {
    const answer = await api("PUT", "/customers/x", { body: {} });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, PATCH, DELETE");
  });

  it("limits calls where it is told to, and always says when to come back", async () => {
    sandbox.set({ rateLimit: { calls: 3, windowSeconds: 60 } });
    const statuses = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await api("GET", "/products?limit=1")).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const refused = await api("GET", "/changes");
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    await sandbox.pass(seconds * 1000);
    expect((await api("GET", "/changes")).status).toBe(200);
  });
});
