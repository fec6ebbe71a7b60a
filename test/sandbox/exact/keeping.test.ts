import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ExactSeed } from "../../../src/sandbox/exact/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { begin, dayMs, startTestSandbox, type TestSandbox, wall } from "./helpers.js";
import { startReceiver } from "./receiver.js";

let folder: string;
let dataFile: string;
const running: TestSandbox[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exact-"));
  dataFile = join(folder, "exact.json");
});
afterEach(async () => {
  for (const { sandbox } of running.splice(0)) await sandbox.stop();
  await rm(folder, { recursive: true });
});

const start = async (options: Parameters<typeof startTestSandbox>[1] = {}, settings: Parameters<typeof startTestSandbox>[0] = {}) => {
  const test = await startTestSandbox(settings, { dataFile, ...options });
  running.push(test);
  return test;
};

const initial: ExactSeed = {
  accounts: [
    { ID: "aaaaaaaa-1111-4111-8111-111111111111", Name: "Young", Status: "C", createdDaysAgo: 10, modifiedDaysAgo: 1 },
    { ID: "bbbbbbbb-1111-4111-8111-111111111111", Name: "Old", createdDaysAgo: 400 },
  ],
  contacts: [{ Account: "bbbbbbbb-1111-4111-8111-111111111111", LastName: "Jansen", BirthDate: "1990-05-17", createdDaysAgo: 5 }],
};

describe("what is there at the start", () => {
  it("has its IDs, ages and the rules' consequences", async () => {
    const test = await start({ initial });
    const young = await test.read("Accounts", "aaaaaaaa-1111-4111-8111-111111111111");
    expect(young).toMatchObject({ Name: "Young", IsSales: true });
    expect([wall(young.Created).slice(0, 10), wall(young.Modified).slice(0, 10)]).toEqual(["2026-06-15", "2026-06-24"]);
    const [contact] = await test.rows("crm/Contacts?$select=ID,BirthDate,IsMainContact");
    expect(contact).toMatchObject({ BirthDate: "/Date(642902400000)/", IsMainContact: true });
    expect((await test.read("Accounts", "bbbbbbbb-1111-4111-8111-111111111111")).MainContact).toBe(contact.ID);
  });

  it("has row versions in the order of its changes", async () => {
    const test = await start({ initial });
    expect((await test.rows("sync/CRM/Accounts?$select=Name&$filter=Timestamp gt 1L")).map(({ Name }) => Name)).toEqual(["Old", "Young"]);
  });

  it("must keep the rules", async () => {
    await expect(start({ initial: { accounts: [{ Status: "C" }], contacts: [] } })).rejects.toThrow("Verplicht: Naam");
  });
});

describe("what is kept between two starts", () => {
  it("is every record with its row version, and the deletions", async () => {
    const first = await start({ initial });
    const gone = first.sandbox.core.createAccount({ Name: "Gone" });
    first.sandbox.core.deleteAccount(gone);
    first.sandbox.core.editAccount("aaaaaaaa-1111-4111-8111-111111111111", { City: "Gent" });
    const rows = "sync/CRM/Accounts?$select=ID,Timestamp,Name,City,Modified&$orderby=Name";
    const strip = (list: { __metadata: unknown }[]) => list.map(({ __metadata, ...row }) => row);
    const before = [strip(await first.rows(rows)), strip(await first.rows("sync/Deleted?$select=EntityKey,Timestamp"))];
    await first.sandbox.stop();
    const second = await start({ initial: { accounts: [{ Name: "Not again" }], contacts: [] } });
    expect([strip(await second.rows(rows)), strip(await second.rows("sync/Deleted?$select=EntityKey,Timestamp"))]).toEqual(before);
  });

  it("makes new IDs and higher row versions than before", async () => {
    const first = await start();
    const ids = [first.sandbox.core.createAccount({ Name: "a" }), first.sandbox.core.createAccount({ Name: "b" })];
    const highest = first.sandbox.core.accounts.timestampOf(ids[1] ?? "") ?? 0;
    await first.sandbox.stop();
    const second = await start();
    const next = second.sandbox.core.createAccount({ Name: "c" });
    expect(ids).not.toContain(next);
    expect(second.sandbox.core.accounts.timestampOf(next)).toBeGreaterThan(highest);
    expect((await second.read("Accounts", next)).Code).toBe("0000003".padStart(18));
    await second.sandbox.stop();
    expect((await start()).sandbox.core.createAccount({ Name: "d" })).not.toBe(next);
  });

  it("is the consent: tokens go on, and a retired one is still known", async () => {
    const first = await start();
    const { refresh_token: retired } = await first.consent();
    await first.clock.advance(580_000);
    const { refresh_token } = (await first.refresh(retired)).body;
    await first.sandbox.stop();
    const second = await start({ clock: new VirtualClock(begin + 1_200_000) });
    expect((await second.refresh(retired)).status).toBe(401);
    expect((await second.refresh(refresh_token)).status).toBe(200);
  });

  it("is the day's use, the blocked endpoints and the subscriptions", async () => {
    const hook = await startReceiver();
    const settings = { dayLimit: 100, errorLimit: 1 };
    const first = await start({}, settings);
    await first.api("POST", "webhooks/WebhookSubscriptions", { body: { Topic: "Accounts", CallbackURL: hook.url } });
    for (let failed = 0; failed < 2; failed++) await first.get("crm/Contacts?$select=Nonsense");
    await first.sandbox.stop();
    const second = await start({}, settings);
    expect((await second.get("crm/Contacts")).status).toBe(429);
    expect((await second.get("system/Divisions")).headers.get("x-ratelimit-remaining")).toBe("96");
    second.sandbox.core.createAccount({ Name: "a" });
    await second.clock.advance(5_000);
    expect(hook.notes()).toHaveLength(1);
    await hook.stop();
  });

  it("is the time: it does not go back", async () => {
    const first = await start();
    await first.clock.advance(40 * dayMs);
    first.sandbox.core.createAccount({ Name: "a" });
    await first.sandbox.stop();
    const second = await start({ clock: new VirtualClock(begin) });
    expect(second.clock.now()).toBe(begin + 40 * dayMs);
  });

  it("is refused in plain words if it is another system's", async () => {
    await writeFile(dataFile, '{"version":1,"customers":[]}');
    await expect(start()).rejects.toThrow(`${dataFile} does not hold an Exact sandbox's state`);
  });

  it("is nothing without a file", async () => {
    const test = await start({ dataFile: null });
    test.sandbox.core.createAccount({ Name: "a" });
    await test.sandbox.stop();
    await expect(readFile(dataFile)).rejects.toThrow("ENOENT");
  });
});
