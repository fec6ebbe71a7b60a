import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type CustomcrmSandbox, type CustomcrmSandboxOptions, startCustomcrmSandbox } from "../../../src/sandbox/customcrm/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { apiOf } from "./helpers.js";

const started: CustomcrmSandbox[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const sandbox of started.splice(0)) await sandbox.stop();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function start(options: CustomcrmSandboxOptions = {}) {
  const sandbox = await startCustomcrmSandbox({ clock: new VirtualClock(Date.parse("2026-03-02T09:00:00Z")), ...options });
  started.push(sandbox);
  return { sandbox, api: apiOf(sandbox.origin) };
}

async function dataFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "customcrm-"));
  folders.push(folder);
  return join(folder, "deep", "customcrm.json");
}

async function control(sandbox: CustomcrmSandbox, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${sandbox.origin}/_control${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
}

describe("what is kept between starts", () => {
  it("is everything: records, deletions, positions, keys, webhooks and granted tokens", async () => {
    const file = await dataFile();
    const first = await start({ dataFile: file });
    const headers = { "Idempotency-Key": "key-12345678" };
    const made = await first.api("POST", "/customers", { body: { Name: "Blijft", City: "Gent" }, headers });
    const doomed = await first.api("POST", "/products", { body: { Name: "Gaat" } });
    await first.api("DELETE", `/products/${doomed.body.Id}`);
    await first.api("POST", "/webhooks", { body: { Url: "http://127.0.0.1:9/", Secret: "s".repeat(16), Types: ["Contact"] } });
    const changes = (await first.api("GET", "/changes?since=000000000960")).body;
    const granted = await fetch(`${first.sandbox.origin}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "client_credentials", client_id: "sandbox-client", client_secret: "sandbox-secret" }),
    });
    const { access_token: token } = (await granted.json()) as { access_token: string };
    await first.sandbox.stop();

    const { api } = await start({ dataFile: file });
    expect((await api("GET", `/customers/${made.body.Id}`, { headers: { Authorization: `Bearer ${token}` } })).body).toEqual(made.body);
    expect((await api("GET", `/products/${doomed.body.Id}`)).status).toBe(410);
    expect((await api("GET", "/changes?since=000000000960")).body).toEqual(changes);
    expect((await api("POST", "/customers", { body: { Name: "Blijft", City: "Gent" }, headers })).body.Id).toBe(made.body.Id);
    expect((await api("GET", "/webhooks")).body).toHaveLength(1);
    expect((await api("POST", "/customers", { body: { Name: "Nieuw" } })).body.Id).not.toBe(made.body.Id);
  });

  it("is the time as well: a clock that was put forward is not put back", async () => {
    const file = await dataFile();
    const { sandbox } = await start({ dataFile: file });
    await sandbox.clock.advance(86_400_000);
    sandbox.core.create("Product", { Name: "Morgen" });
    await sandbox.stop();
    const again = await start({ dataFile: file });
    expect(again.sandbox.clock.now()).toBe(Date.parse("2026-03-03T09:00:00Z"));
  });

  it("is nothing without a file", async () => {
    const first = await start();
    await first.api("POST", "/customers", { body: { Name: "Vergeten" } });
    await first.sandbox.stop();
    const { api } = await start();
    expect((await api("GET", "/customers?name=Vergeten")).body.items).toEqual([]);
  });

  it("stops with a sentence when the file holds something else", async () => {
    const file = await dataFile();
    await start({ dataFile: file }).then(({ sandbox }) => sandbox.stop());
    expect(JSON.parse(await readFile(file, "utf8")).position).toBe(960);
    await writeFile(file, '{"records":[]}');
    await expect(start({ dataFile: file })).rejects.toThrow(`${file} does not hold a Customcrm's state. Remove it to start anew.`);
  });

  it("is the same at every fresh start from one seed, and other with another", async () => {
    const names = async (seed: string) =>
      (await (await start({ seed })).api("GET", "/customers?limit=200")).body.items.map((item: { Name: string }) => item.Name);
    expect(await names("a")).toEqual(await names("a"));
    expect(await names("a")).not.toEqual(await names("b"));
  });
});

describe("faults", () => {
  it("lose the answer to a create that happened; the same key finds it again", async () => {
    const { sandbox, api } = await start();
    sandbox.faults.add({ method: "POST", path: "/api/v1/customers", nth: 1, fault: { kind: "reset-after" } });
    const call = { body: { Name: "Toch gemaakt" }, headers: { "Idempotency-Key": "key-12345678" } };
    await expect(api("POST", "/customers", call)).rejects.toThrow();
    const again = await api("POST", "/customers", call);
    expect(again.status).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await api("GET", "/customers?name=Toch")).body.items).toHaveLength(1);
  });

  it("refuse before anything happened", async () => {
    const { sandbox, api } = await start();
    sandbox.faults.add({ method: "POST", nth: 1, fault: { kind: "status", status: 503 } });
    expect((await api("POST", "/customers", { body: { Name: "Niet" } })).status).toBe(503);
    expect((await api("GET", "/customers?name=Niet")).body.items).toEqual([]);
  });

  it("carry a write out long after its answer was lost", async () => {
    const { sandbox, api } = await start();
    const { Id } = (await api("GET", "/customers?limit=1")).body.items[0];
    sandbox.faults.add({ method: "PATCH", nth: 1, fault: { kind: "late", ms: 60_000 } });
    await expect(api("PATCH", `/customers/${Id}`, { body: { City: "Laat" } })).rejects.toThrow();
    expect((await api("GET", `/customers/${Id}`)).body.City).not.toBe("Laat");
    await sandbox.clock.advance(60_000);
    expect((await api("GET", `/customers/${Id}`)).body.City).toBe("Laat");
  });

  it("empty a list; a page of changes names the position of what it should have shown", async () => {
    const { sandbox, api } = await start();
    const whole = (await api("GET", "/changes?since=000000000001")).body;
    expect(whole.changes).toHaveLength(200);
    sandbox.faults.add({ path: "/api/v1/", times: 2, fault: { kind: "empty-list" } });
    expect((await api("GET", "/customers")).body).toEqual({ items: [], nextCursor: null });
    expect((await api("GET", "/changes?since=000000000001")).body).toEqual({ changes: [], position: whole.position, more: false });
  });
});

it("refuses connections while it is down, and goes on after", async () => {
  const { sandbox, api } = await start();
  await sandbox.setDown(true);
  await expect(api("GET", "/customers")).rejects.toThrow();
  await sandbox.setDown(false);
  expect((await api("GET", "/customers")).status).toBe(200);
});

it("counts calls by method and route, ids left out", async () => {
  const { sandbox, api } = await start();
  const { Id } = (await api("GET", "/customers?limit=1")).body.items[0];
  await api("GET", `/customers/${Id}`);
  await api("GET", "/customers/other");
  await api("GET", "/changes");
  expect(sandbox.calls.counts()).toEqual({ "GET /api/v1/changes": 1, "GET /api/v1/customers": 1, "GET /api/v1/customers/{id}": 2 });
});

it("accepts the token of its settings only", async () => {
  const { api } = await start({ settings: { token: "another-token" } });
  expect((await api("GET", "/customers")).status).toBe(401);
  expect((await api("GET", "/customers", { headers: { Authorization: "Bearer another-token" } })).status).toBe(200);
});

describe("a person at the page", () => {
  it("gets a page that loads nothing from elsewhere", async () => {
    const { sandbox } = await start();
    const answer = await fetch(sandbox.origin);
    expect(answer.headers.get("content-type")).toContain("text/html");
    expect(await answer.text()).not.toMatch(/(src|href)="?https?:/);
  });

  it("finds records, newest first, contacts with their customer's name", async () => {
    const { sandbox } = await start();
    const { body } = await control(sandbox, "GET", "/records?type=Contact&limit=600");
    expect(body.total).toBe(600);
    const times = body.rows.map((row: { ModifiedAt: string }) => row.ModifiedAt);
    expect(times).toEqual(times.toSorted().reverse());
    const { Customer } = body.rows[0];
    expect(Customer).toEqual(expect.any(String));
    const found = await control(sandbox, "GET", `/records?type=Customer&q=${encodeURIComponent(Customer.toUpperCase())}`);
    expect(found.body.rows[0].Name.toLowerCase()).toContain(Customer.toLowerCase());
  });

  it("edits by the CRM's own rules: the change is in the feed, a refusal comes in words", async () => {
    const { sandbox, api } = await start();
    const { Id, ETag } = (await api("GET", "/customers?limit=1")).body.items[0];
    await sandbox.clock.advance(1000);
    const saved = await control(sandbox, "PUT", `/records/Customer/${Id}`, { Phone: "010-9999999" });
    expect(saved).toMatchObject({ status: 200, body: { Id, Phone: "010-9999999", ModifiedAt: "2026-03-02T09:00:01.000Z" } });
    expect((await api("GET", "/changes?since=000000000960")).body.changes).toMatchObject([{ Id, Record: { Phone: "010-9999999" } }]);
    expect((await api("PATCH", `/customers/${Id}`, { body: { Phone: null }, headers: { "If-Match": ETag } })).status).toBe(412);
    expect(await control(sandbox, "PUT", `/records/Customer/${Id}`, { Country: "nl" })).toEqual({
      status: 400,
      body: { error: "Country must be an ISO 3166-1 alpha-2 code in upper case." },
    });
  });

  it("adds a contact by its customer's name, and deletes it", async () => {
    const { sandbox, api } = await start();
    const customer = (await api("POST", "/customers", { body: { Name: "Enige van zijn naam" } })).body;
    const added = await control(sandbox, "POST", "/records/Contact", { LastName: "Nieuw", CustomerId: "Enige van zijn naam" });
    expect(added).toMatchObject({ status: 200, body: { CustomerId: customer.Id, Customer: "Enige van zijn naam" } });
    expect((await control(sandbox, "DELETE", `/records/Customer/${customer.Id}`)).body.error).toContain("has 1 contacts or products");
    expect((await control(sandbox, "DELETE", `/records/Contact/${added.body.Id}`)).status).toBe(204);
    expect((await api("GET", `/contacts/${added.body.Id}`)).status).toBe(410);
  });

  it("is not played by a page of another site", async () => {
    const { sandbox } = await start();
    expect((await control(sandbox, "POST", "/reset", undefined, { Origin: "http://elsewhere.example" })).status).toBe(403);
  });
});

describe("the control API", () => {
  it("changes settings, and refuses what they can't be", async () => {
    const { sandbox, api } = await start();
    expect(await control(sandbox, "PATCH", "/settings", { capabilities: { changes: false }, noValue: "absent" })).toMatchObject({
      status: 200,
      body: { capabilities: { changes: false, ids: true }, noValue: "absent" },
    });
    expect((await api("GET", "/changes")).status).toBe(404);
    for (const wrong of [{ changesLateMs: 5001 }, { colour: "red" }, { capabilities: { fax: true } }, { omitted: ["Customer.Name"] }]) {
      expect((await control(sandbox, "PATCH", "/settings", wrong)).status).toBe(400);
    }
    expect((await control(sandbox, "GET", "/settings")).body).toMatchObject({ changesLateMs: 0, omitted: [] });
  });

  it("withdraws granted tokens", async () => {
    const { sandbox, api } = await start();
    const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "sandbox-client", client_secret: "sandbox-secret" });
    const { access_token } = (await (await fetch(`${sandbox.origin}/oauth/token`, { method: "POST", body: form })).json()) as { access_token: string };
    const headers = { Authorization: `Bearer ${access_token}` };
    expect((await api("GET", "/customers", { headers })).status).toBe(200);
    expect((await control(sandbox, "POST", "/revoke")).status).toBe(204);
    expect((await api("GET", "/customers", { headers })).status).toBe(401);
  });

  it("goes back to the start: records, settings, faults and all", async () => {
    const { sandbox, api } = await start();
    await api("POST", "/customers", { body: { Name: "Weg" } });
    await control(sandbox, "PATCH", "/settings", { noValue: "absent" });
    await control(sandbox, "POST", "/faults", { fault: { kind: "status", status: 503 } });
    expect((await control(sandbox, "POST", "/reset")).status).toBe(204);
    expect((await api("GET", "/customers?name=Weg")).body.items).toEqual([]);
    expect((await api("GET", "/products?limit=1")).body.items[0]).toHaveProperty("ExternalId", null);
  });
});
