import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { customcrmId, exactId, type SmallWorld, type SmallWorldOptions, startSmallWorld, until } from "./small-world.js";

let world: SmallWorld;

/** A gateway whose webhooks are arranged and whose links are made. Its interval is an hour: what arrives sooner came by a hint. */
async function start(options: SmallWorldOptions = {}): Promise<void> {
  world = await startSmallWorld(options);
  await world.start();
  await world.app.ready;
  await until(async () => (await subscribed()).length === 3, "both systems are subscribed to", 30_000);
  await settled();
}

/** Where the systems send to, one line a subscription. */
async function subscribed(): Promise<readonly string[]> {
  const crm = await fetch(`${world.customcrm.origin}/api/v1/webhooks`, { headers: { authorization: `Bearer ${world.customcrm.settings.token}` } });
  const there = (await crm.json()) as readonly { Types: string[]; Url: string }[];
  return [...(await inExact()).map(({ topic, callbackUrl }) => `${topic} ${callbackUrl}`), ...there.map(({ Types, Url }) => `${Types.join("+")} ${Url}`)];
}
const inExact = async () =>
  (await (await fetch(`${world.exact.origin}/_control/webhooks`)).json()) as readonly { id: string; topic: string; callbackUrl: string }[];

const phoneInExact = (n: number) => world.exact.core.table("Accounts").get(exactId(n))?.Phone;
const phoneInCustomcrm = (n: number) => world.customcrm.core.find("Customer", customcrmId(n))?.values.Phone;
const phoneInGateway = async (n: number) => {
  const [entity] = await world.app.store.entities.ofRecords("ACCOUNT", "CUSTOMCRM", [customcrmId(n)]);
  return entity?.fields.phone;
};
const syncReads = () => world.exact.calls.all().filter((call) => call.path.includes("/sync/CRM/Accounts")).length;

/** Nothing more is read or written for a while. */
async function settled(): Promise<void> {
  let before = -1;
  await until(
    async () => {
      const now = world.exact.calls.count() + world.customcrm.calls.count();
      const isStill = now === before && (await world.app.store.feeds.countDirty()) === 0;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 900));
      return isStill;
    },
    "all is still",
    30_000,
  );
}

const post = (path: string, body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
  fetch(`${world.app.url}${path}`, { method: "POST", headers, body });

/** A message as Exact sends it; `n` tells one from the other. */
function exactMessage(n: number, secret = world.exact.settings.webhookSecret): string {
  const content = JSON.stringify({
    Topic: "Accounts",
    ClientId: world.exact.settings.clientId,
    Division: world.exact.settings.division,
    Action: "Update",
    Key: exactId(1),
    EventCreatedOn: `2026-06-25T12:00:${n}`,
  });
  return `{"Content":${content},"HashCode":"${createHmac("sha256", secret).update(content).digest("hex").toUpperCase()}"}`;
}

function customcrmMessage(secret: string, t = Math.floor(world.clock.now() / 1000)): { readonly body: string; readonly headers: Record<string, string> } {
  const body = JSON.stringify({ Events: [{ Type: "Customer", Id: customcrmId(1), Action: "Update", At: new Date(t * 1000).toISOString() }] });
  const v1 = createHmac("sha256", secret).update(`${t}.${body}`).digest("hex");
  return { body, headers: { "content-type": "application/json", "x-customcrm-signature": `t=${t},v1=${v1}` } };
}

describe("an edit made by a person", { timeout: 60_000 }, () => {
  beforeAll(() => start(), 60_000);
  afterAll(() => world.stop(), 60_000);

  it("in Exact arrives in the gateway and in Customcrm within seconds, by a webhook", async () => {
    world.exact.core.editAccount(exactId(1), { Phone: "020 555 0199" });
    await until(() => phoneInCustomcrm(1) === "020 555 0199", "Customcrm has the bookkeeper's number");
    await until(async () => (await phoneInGateway(1)) === "020 555 0199", "the gateway has it");
  });

  it("in Customcrm arrives in the gateway and in Exact within seconds, by a webhook", async () => {
    world.customcrm.core.patch("Customer", customcrmId(2), { Phone: "020 555 0188" });
    await until(() => phoneInExact(2) === "020 555 0188", "Exact has the seller's number");
    await until(async () => (await phoneInGateway(2)) === "020 555 0188", "the gateway has it");
  });

  it("arrives though its webhook comes while a reading is under way that has passed it", async () => {
    await settled();
    world.exact.faults.add({ path: "/api/v1/\\d+/sync/Deleted", times: 1, fault: { kind: "slow", ms: 3_000 } });
    const before = syncReads();
    expect((await post("/webhooks/exact", exactMessage(1))).status).toBe(204);
    await until(() => syncReads() > before, "the accounts have been read");
    world.exact.core.editAccount(exactId(3), { Phone: "020 555 0133" });
    await until(() => phoneInCustomcrm(3) === "020 555 0133", "Customcrm has the bookkeeper's number");
  });

  it("arrives though webhooks come twice and in disorder", async () => {
    Object.assign(world.exact.settings, { webhookDoubles: 1, webhookDisorderMs: 400 });
    Object.assign(world.customcrm.settings.webhooks, { doubles: 1, disorder: 0.5 });
    world.exact.core.editAccount(exactId(1), { Phone: "020 555 0111" });
    world.customcrm.core.patch("Customer", customcrmId(2), { Phone: "020 555 0122" });
    await until(() => phoneInCustomcrm(1) === "020 555 0111" && phoneInExact(2) === "020 555 0122", "both edits have arrived");
    await settled();
    expect([phoneInExact(1), phoneInCustomcrm(2)]).toEqual(["020 555 0111", "020 555 0122"]);
  });
});

describe("an edit whose webhook is lost", { timeout: 60_000 }, () => {
  afterAll(() => world.stop(), 60_000);

  it("arrives with the next poll", async () => {
    await start({ env: { SYNC_INTERVAL_SECONDS: "3" }, exactSettings: { webhookLoss: 1 }, customcrmSettings: { webhooks: { loss: 1 } } });
    world.exact.core.editAccount(exactId(1), { Phone: "020 555 0199" });
    world.customcrm.core.patch("Customer", customcrmId(2), { Phone: "020 555 0188" });
    await until(() => phoneInCustomcrm(1) === "020 555 0199" && phoneInExact(2) === "020 555 0188", "both edits have arrived");
  });
});

describe("subscriptions", { timeout: 60_000 }, () => {
  afterEach(() => world.stop(), 60_000);

  it("are made at the start, one a topic, and repaired at the next: what is missing is made, what leads elsewhere is made anew", async () => {
    await start();
    const { url } = world.app;
    const right = [`Accounts ${url}/webhooks/exact`, `Contacts ${url}/webhooks/exact`, `Customer+Contact+Product ${url}/webhooks/customcrm`];
    expect((await subscribed()).toSorted()).toEqual(right);
    await world.stopApp();

    const there = await inExact();
    const base = `${world.exact.origin}/api/v1/${world.exact.settings.division}/webhooks/WebhookSubscriptions`;
    const headers = { authorization: `Bearer ${await accessToken()}`, accept: "application/json", "content-type": "application/json" };
    for (const { id } of there) expect((await fetch(`${base}(guid'${id}')`, { method: "DELETE", headers })).status).toBe(204);
    // An address that answers the handshake, and is not the gateway's.
    const taker = createServer((_request, response) => response.writeHead(204).end()).listen(0, "127.0.0.1");
    await once(taker, "listening");
    const CallbackURL = `http://127.0.0.1:${(taker.address() as AddressInfo).port}/elsewhere`;
    expect((await fetch(base, { method: "POST", headers, body: JSON.stringify({ Topic: "Accounts", CallbackURL }) })).status).toBe(201);
    taker.close();
    world.customcrm.reset();
    expect(await subscribed()).toEqual([`Accounts ${CallbackURL}`]);

    await world.start();
    await until(async () => String((await subscribed()).toSorted()) === String(right), "all are as they were", 30_000);
    await world.app.ready;
    world.exact.core.editAccount(exactId(1), { Phone: "020 555 0177" });
    await until(() => phoneInCustomcrm(1) === "020 555 0177", "an edit arrives by a webhook again");
  });

  it("are not made for a system whose secret is not set, nor without PUBLIC_URL", async () => {
    world = await startSmallWorld({ mode: "real", env: { PUBLIC_URL: "", EXACT_WEBHOOK_SECRET: "" } });
    await world.start();
    await until(() => world.customcrm.calls.all().some((call) => call.path.includes("/changes")), "the gateway works");
    expect(await subscribed()).toEqual([]);
    expect((await post("/webhooks/exact", "", {})).status).toBe(404);
  });
});

describe("a message", { timeout: 60_000 }, () => {
  beforeAll(() => start(), 60_000);
  afterAll(() => world.stop(), 60_000);

  it("is answered with 204 and makes the gateway look; the same message again is answered alike and dropped", async () => {
    const before = syncReads();
    expect((await post("/webhooks/exact", exactMessage(1))).status).toBe(204);
    await until(() => syncReads() === before + 1, "Exact is read");
    await settled();
    expect((await post("/webhooks/exact", exactMessage(1))).status).toBe(204);
    await settled();
    expect(syncReads()).toBe(before + 1);
  });

  it("of many within a moment leads to one reading for all", async () => {
    const before = syncReads();
    const statuses = await Promise.all(Array.from({ length: 9 }, async (_, n) => (await post("/webhooks/exact", exactMessage(10 + n))).status));
    expect(new Set(statuses)).toEqual(new Set([204]));
    await settled();
    expect(syncReads()).toBe(before + 1);
  });

  it("without a body is Exact's handshake and is answered with success; Customcrm sends none", async () => {
    const before = syncReads();
    expect((await post("/webhooks/exact", "")).status).toBe(204);
    expect((await post("/webhooks/exact", "", {})).status).toBe(204);
    expect((await post("/webhooks/customcrm", "")).status).toBe(401);
    await settled();
    expect(syncReads()).toBe(before);
  });

  it("that is not right gets a clear status and has no effect", async () => {
    const secret = "sandbox-webhook-secret";
    const json = { "content-type": "application/json" };
    const now = Math.floor(world.clock.now() / 1000);
    const good = exactMessage(20);
    const crm = customcrmMessage(secret);
    const huge = `{"Content":${JSON.stringify({ Topic: "x".repeat(400_000) })},"HashCode":"${"A".repeat(64)}"}`;
    const wrong: readonly (readonly [string, number, string, string, Record<string, string>])[] = [
      ["signed with another secret", 401, "/webhooks/exact", exactMessage(20, "the-client-secret-perhaps"), json],
      ["one byte changed", 401, "/webhooks/exact", good.replace('"Update"', '"update"'), json],
      ["one byte more", 401, "/webhooks/exact", good.replace('{"Content":{', '{"Content": {'), json],
      ["without a signature", 401, "/webhooks/exact", '{"Content":{"Topic":"Accounts"}}', json],
      ["garbage", 401, "/webhooks/exact", "\u0000\u0001garbage\uffff", { "content-type": "application/octet-stream" }],
      ["a form", 401, "/webhooks/exact", "a=b", { "content-type": "application/x-www-form-urlencoded" }],
      ["huge", 413, "/webhooks/exact", huge, json],
      ["signed with another secret", 401, "/webhooks/customcrm", crm.body, customcrmMessage("another-secret-of-theirs").headers],
      ["of another body", 401, "/webhooks/customcrm", crm.body.replace("Update", "Delete"), crm.headers],
      ["too old", 401, "/webhooks/customcrm", customcrmMessage(secret, now - 400).body, customcrmMessage(secret, now - 400).headers],
      ["of the future", 401, "/webhooks/customcrm", customcrmMessage(secret, now + 400).body, customcrmMessage(secret, now + 400).headers],
      [
        "of another t",
        401,
        "/webhooks/customcrm",
        crm.body,
        { ...json, "x-customcrm-signature": (crm.headers["x-customcrm-signature"] ?? "").replace(/t=\d+/, `t=${now - 1}`) },
      ],
      ["without a t", 401, "/webhooks/customcrm", crm.body, { ...json, "x-customcrm-signature": "v1=00" }],
      ["unsigned", 401, "/webhooks/customcrm", crm.body, json],
      ["huge", 413, "/webhooks/customcrm", huge, json],
    ];
    const before = world.exact.calls.count() + world.customcrm.calls.count();
    for (const [what, status, path, body, headers] of wrong) {
      const answer = await post(path, body, headers);
      expect([what, path, answer.status]).toEqual([what, path, status]);
      // It says what was wrong, and nothing of ours.
      expect(await answer.text()).not.toMatch(/sandbox-webhook-secret|node_modules/);
    }
    expect((await fetch(`${world.app.url}/webhooks/exact`)).status).toBe(404);
    await settled();
    expect(world.exact.calls.count() + world.customcrm.calls.count()).toBe(before);
    // And the right ones are still taken, by their signature, whatever they call their content.
    expect([(await post("/webhooks/exact", good)).status, (await post("/webhooks/customcrm", crm.body, crm.headers)).status]).toEqual([204, 204]);
    expect((await post("/webhooks/exact", exactMessage(21), { "content-type": "json" })).status).toBe(204);
  });
});

async function accessToken(): Promise<string> {
  const stored = await fetch(`${world.exact.origin}/api/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: world.exact.settings.clientId,
      client_secret: world.exact.settings.clientSecret,
      redirect_uri: world.exact.origin,
      code: world.exact.issueCode(world.exact.origin),
    }),
  });
  return ((await stored.json()) as { access_token: string }).access_token;
}
