import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { createClient } from "redis";
import { afterEach, describe, expect, it } from "vitest";
import { describeWithOwnRedis, startOwnRedis } from "../helpers/redis.js";
import { decideInBrowser } from "./browser.js";
import { type SmallWorld, type SmallWorldOptions, startSmallWorld, until } from "./small-world.js";

let world: SmallWorld;
afterEach(() => world?.stop(), 60_000);

async function start(options: SmallWorldOptions = {}): Promise<void> {
  world = await startSmallWorld({ mode: "real", ...options });
  await world.start();
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

interface Page {
  readonly status: number;
  readonly text: string;
  readonly title: string;
}

async function open(address: string): Promise<Page> {
  const answer = await fetch(address, { redirect: "manual" });
  const text = await answer.text();
  return { status: answer.status, text, title: /<h1>(.*?)<\/h1>/.exec(text)?.[1] ?? "" };
}

const decide = (decision: "allow" | "deny") => decideInBrowser(world.app.url, world.exact.origin, decision);
const consent = async (): Promise<Page> => open(await decide("allow"));
const tokenCalls = (): number => world.exact.calls.count("POST /api/oauth2/token");
const feedReads = (): number => world.exact.calls.all().filter((call) => call.path.includes("/sync/CRM/Accounts") && call.status === 200).length;

interface Status {
  readonly authorized: boolean;
  readonly reachable: boolean;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

async function exactStatus(): Promise<Status | undefined> {
  const data = (await world.ask("{ systems { system authorized reachable problem { code message } } }")) as {
    systems: readonly (Status & { system: string })[];
  };
  return data.systems.flatMap(({ system, ...status }) => (system === "EXACT" ? [status] : []))[0];
}

const ready = async () => {
  const answer = await fetch(`${world.app.url}/health/ready`);
  return { status: answer.status, ...((await answer.json()) as { reasons: readonly string[] }) };
};
const storedTokens = async () =>
  JSON.parse((await world.app.store.secrets.get("exact-tokens"))?.value ?? "null") as { accessToken: string; refreshToken: string } | null;

describe("a gateway that nobody has let in yet", { timeout: 60_000 }, () => {
  it("serves, says what is missing and where to go, and calls Exact for nothing", async () => {
    await start();
    await until(() => world.customcrm.calls.all().some((call) => call.path.includes("/changes")), "it works on what it can");
    expect(await world.ask("{ accounts(first: 1) { totalCount } }")).toMatchObject({ accounts: { totalCount: expect.any(Number) } });
    expect(await exactStatus()).toEqual({
      authorized: false,
      reachable: true,
      problem: { code: "NOT_AUTHORIZED", message: "Exact Online is not connected yet. Open GET /auth/exact and consent." },
    });
    expect(await ready()).toMatchObject({ status: 503, reasons: ["Exact Online is not connected yet. Open GET /auth/exact and consent."] });
    // Its jobs have been tried again meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(world.exact.calls.count()).toBe(0);
    expect((await fetch(`${world.app.url}/health/live`)).status).toBe(200);
  });
});

describe("consent", { timeout: 60_000 }, () => {
  it("connects, names the division, says what happens next, and the sync begins soon after", async () => {
    await start();
    const page = await consent();
    expect(page).toMatchObject({ status: 200, title: "Exact Online is connected" });
    expect(page.text).toContain(`Division ${world.exact.settings.division}, by Sanne de Boer.`);
    expect(page.text).toMatch(/reads both systems.*Nothing is written.*resumeDataflow/);
    await until(() => feedReads() > 0, "Exact is read", 8_000);
    await world.app.ready;
    expect(await exactStatus()).toEqual({ authorized: true, reachable: true, problem: null });
    expect((await ready()).status).toBe(200);
    // Webhooks can be arranged only now.
    await until(async () => (await (await fetch(`${world.exact.origin}/_control/webhooks`)).text()).includes("/webhooks/exact"), "Exact's webhooks lead here");
    // First contact with real systems writes nothing (R11).
    const writes = world.exact.calls.all().filter(({ method, path }) => method !== "GET" && /crm/i.test(path));
    expect(writes).toEqual([]);
  });

  it("that was given once is not taken twice", async () => {
    await start();
    const callback = await decide("allow");
    expect((await open(callback)).status).toBe(200);
    const before = tokenCalls();
    const again = await open(callback);
    expect(again).toMatchObject({ status: 400, title: "Exact Online is not connected" });
    expect(again.text).toMatch(/used before.*Begin again at GET \/auth\/exact.*a connection that stood before stands/);
    expect(tokenCalls()).toBe(before);
    expect((await exactStatus())?.authorized).toBe(true);
  });

  it.each([
    ["with a state that was made up", (callback: URL) => callback.searchParams.set("state", "made-up")],
    ["without a state", (callback: URL) => callback.searchParams.delete("state")],
    ["with a query that is no query", (callback: URL) => (callback.search = "?code=%E0%A4%A")],
    ["with a script for a state", (callback: URL) => callback.searchParams.set("state", "<script>alert(1)</script>")],
  ])("is refused %s, with a page that says so and no token call", async (_case, forge) => {
    await start();
    const callback = new URL(await decide("allow"));
    forge(callback);
    const page = await open(callback.href);
    expect(page).toMatchObject({ status: 400, title: "Exact Online is not connected" });
    expect(page.text).toContain("Begin again at GET /auth/exact");
    expect(page.text).not.toContain("<script>");
    expect(tokenCalls()).toBe(0);
    expect((await exactStatus())?.authorized).toBe(false);
  });

  it("is refused with a code that Exact does not know, and with one that is too old", async () => {
    await start();
    const callback = new URL(await decide("allow"));
    callback.searchParams.set("code", "stampNL001.made!up");
    expect(await open(callback.href)).toMatchObject({ status: 400, text: expect.stringMatching(/invalid_grant/) });
    const late = await decide("allow");
    await world.clock.advance(4 * minuteMs);
    expect(await open(late)).toMatchObject({ status: 400, text: expect.stringMatching(/invalid_grant/) });
    await world.clock.advance(12 * minuteMs);
    expect(await open(late)).toMatchObject({ status: 400, text: expect.stringMatching(/belongs to no consent/) });
  });

  it("that the user does not give leaves things as they were, and says so", async () => {
    await start();
    const page = await open(await decide("deny"));
    expect(page).toMatchObject({ status: 400, title: "Exact Online is not connected" });
    expect(page.text).toMatch(/did not give its consent \(access_denied\)/);
    expect(tokenCalls()).toBe(0);
    // Somebody who has thought it over begins anew.
    expect((await consent()).status).toBe(200);
  });

  it("stands though Exact does not tell the division at once: the page says so, and it is asked again", async () => {
    await start();
    world.exact.faults.add({ path: "/api/v1/current/Me", times: 1, fault: { kind: "status", status: 503 } });
    const page = await consent();
    expect(page).toMatchObject({ status: 200, title: "Exact Online is connected" });
    expect(page.text).toMatch(/could not be found yet; the gateway asks again by itself/);
    await until(() => feedReads() > 0, "Exact is read", 15_000);
  });

  it("says so when Exact does not answer, and leaves the way open", async () => {
    await start();
    const callback = await decide("allow");
    await world.exact.setDown(true);
    const page = await open(callback);
    expect(page).toMatchObject({ status: 503, title: "Exact Online is not connected" });
    await world.exact.setDown(false);
    // The code may be spent; a new consent is not.
    await until(async () => (await consent()).status === 200, "a new consent is taken", 15_000);
  });
});

describe("a chain of tokens that is dead", { timeout: 60_000 }, () => {
  async function connected(options: SmallWorldOptions = {}): Promise<void> {
    await start(options);
    expect((await consent()).status).toBe(200);
    await world.app.ready;
    // What failed before the consent has been tried again by now: no later reading comes of that.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
  }

  async function healsByConsent(): Promise<void> {
    const calls = tokenCalls();
    await world.ask("{ accounts(first: 1, maxAge: 0) { nodes { exact { name } } } }");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    // It is known to be dead: nobody tries it again.
    expect(tokenCalls()).toBe(calls);
    expect((await ready()).status).toBe(503);
    const reads = feedReads();
    expect((await consent()).status).toBe(200);
    await until(() => feedReads() > reads, "Exact is read again", 8_000);
    expect(await exactStatus()).toEqual({ authorized: true, reachable: true, problem: null });
    expect((await ready()).status).toBe(200);
  }

  it("after 30 days without use is a problem on systems, and a new consent heals it without a restart", async () => {
    await connected();
    await world.clock.advance(31 * dayMs);
    const status = await exactStatus();
    expect(status).toMatchObject({ authorized: false, problem: { code: "NOT_AUTHORIZED" } });
    expect(status?.problem?.message).toMatch(/expired after 30 days.*open GET \/auth\/exact and consent/);
    await healsByConsent();
  });

  it("as somebody else has used its refresh token is a problem on systems, and a new consent heals it", async () => {
    await connected();
    const { clientId, clientSecret } = world.exact.settings;
    await world.clock.advance(9.6 * minuteMs);
    const form = { grant_type: "refresh_token", client_id: clientId, client_secret: clientSecret, refresh_token: (await storedTokens())?.refreshToken ?? "" };
    const thief = await fetch(`${world.exact.origin}/api/oauth2/token`, { method: "POST", body: new URLSearchParams(form) });
    expect(thief.status).toBe(200);
    await world.clock.advance(minuteMs);
    await world.ask("{ accounts(first: 1, maxAge: 0) { nodes { exact { name } } } }");
    const status = await exactStatus();
    expect(status).toMatchObject({ authorized: false, problem: { code: "NOT_AUTHORIZED" } });
    expect(status?.problem?.message).toMatch(/unauthorized_client: Old refresh token used.*open GET \/auth\/exact and consent/);
    await healsByConsent();
  });

  it("as the user has withdrawn the consent is a problem on systems, and a new consent heals it", async () => {
    await connected();
    world.exact.revokeConsent();
    for (let i = 0; i < 2; i++) await world.ask("{ accounts(first: 1, maxAge: 0) { nodes { exact { name } } } }");
    expect(await exactStatus()).toMatchObject({ authorized: false, problem: { code: "NOT_AUTHORIZED" } });
    await healsByConsent();
  });

  it("is healed in the division whose records are linked, though the user is in another one meanwhile", async () => {
    await connected();
    const first = world.exact.settings.division;
    await world.clock.advance(31 * dayMs);
    world.exact.settings.division = first + 1;
    const page = await consent();
    expect(page.text).toContain(`The gateway goes on with division ${first}, whose records it knows, though division ${first + 1} is the one open in Exact`);
    const paths = world.exact.calls.last(5).map(({ path }) => path);
    expect(paths.filter((path) => path.includes(String(first + 1)))).toEqual([]);
  });
});

describe("the log", { timeout: 60_000 }, () => {
  it("has a line for each call to either system, with neither addresses nor people nor secrets in it", async () => {
    const lines: string[] = [];
    await start({ log: pino({ level: "debug", base: null }, { write: (line) => void lines.push(line) }) });
    await consent();
    await world.app.ready;
    const calls = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === "A call was made.");
    expect(new Set(calls.map(({ system }) => system))).toEqual(new Set(["EXACT", "CUSTOMCRM"]));
    for (const call of calls) expect(Object.keys(call)).toEqual(["level", "time", "system", "method", "route", "status", "ms", "msg"]);
    expect(calls).toContainEqual(expect.objectContaining({ system: "EXACT", method: "POST", route: "/api/oauth2/token", status: 200 }));
    const { clientSecret } = world.exact.settings;
    const { accessToken, refreshToken } = (await storedTokens()) ?? { accessToken: "?", refreshToken: "?" };
    for (const secret of [clientSecret, accessToken, refreshToken, "vosmetaal", "Vos"]) expect(lines.join("")).not.toContain(secret);
    for (const call of calls) expect(JSON.stringify(call)).not.toMatch(/http:|127\.0\.0\.1|\d{7}\/|guid'/);
  });
});

describeWithOwnRedis("the tokens on Redis", () => {
  it("are nowhere in plain text: not in what is stored, nor in what was ever written", { timeout: 90_000 }, async () => {
    const redis = await startOwnRedis({ durable: true });
    const client = await createClient({ url: redis.url }).connect();
    try {
      await start({ redisUrl: redis.url });
      expect((await consent()).status).toBe(200);
      const first = await storedTokens();
      await world.app.ready;
      // A refresh is stored too, and so is the attempt before it.
      await world.clock.advance(9.7 * minuteMs);
      await world.ask("{ accounts(first: 1, maxAge: 0) { nodes { exact { name } } } }");
      const second = await storedTokens();
      expect(second?.refreshToken).not.toBe(first?.refreshToken);

      const { dir } = await client.configGet("dir");
      const folder = join(dir ?? "", "appendonlydir");
      const written = Buffer.concat(await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))).toString("latin1");
      expect(written).toContain("exact-tokens");
      const secrets = [first, second].flatMap((tokens) => [tokens?.accessToken ?? "", tokens?.refreshToken ?? ""]);
      expect(secrets.every((secret) => secret.length > 20)).toBe(true);
      for (const secret of [...secrets, world.exact.settings.clientSecret]) {
        expect(written.includes(secret)).toBe(false);
        expect(written.includes(Buffer.from(secret).toString("base64").slice(4, -6))).toBe(false);
      }
    } finally {
      client.destroy();
      await world.stop();
      await redis.stop();
    }
  });
});
