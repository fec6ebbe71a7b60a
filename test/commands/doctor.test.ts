import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { examine } from "../../src/commands/doctor/examine.js";
import type { Finding } from "../../src/commands/doctor/finding.js";
import { variables } from "../../src/env.js";
import { type SmallWorld, startSmallWorld, until, withoutLimits } from "../e2e/small-world.js";
import { describeWithOwnRedis, type OwnRedis, startOwnRedis } from "../helpers/redis.js";

const look = (world: SmallWorld, env: Readonly<Record<string, string>> = {}, aheadMs = 0): Promise<readonly Finding[]> =>
  examine({ ...world.env, ...env }, { clock: () => world.clock.now() + aheadMs, budgetRules: withoutLimits });

/** What is not fine, a line each, without what to do. */
const complaints = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ state }) => state !== "ok").map(({ what, state, seen }) => `${state} ${what}: ${seen}`);

describeWithOwnRedis("the doctor at real systems", () => {
  let world: SmallWorld;
  let redis: OwnRedis;
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    redis = await startOwnRedis({ durable: true });
    client = createClient({ url: redis.url });
    await client.connect();
    world = await startSmallWorld({ mode: "real", redisUrl: redis.url, env: { REDIS_URL: redis.url }, exactSettings: { errorLimit: null } });
    await world.start();
    await consent();
    await until(async () => (await look(world)).every(({ what, state }) => state === "ok" || !/subscription/.test(what)), "the webhooks are arranged", 30_000);
  }, 60_000);
  afterAll(async () => {
    await world?.stop();
    client?.destroy();
    await redis?.stop();
  }, 60_000);

  async function consent(): Promise<void> {
    const begin = await fetch(`${world.app.url}/auth/exact`, { redirect: "manual" });
    const asked = new URL(begin.headers.get("location") ?? "").searchParams;
    const redirectUri = asked.get("redirect_uri") ?? "";
    const query = new URLSearchParams({ code: world.exact.issueCode(redirectUri), state: asked.get("state") ?? "" });
    expect((await fetch(`${redirectUri}?${query}`)).status).toBe(200);
  }

  it("finds all well where all is well, row by row, and writes nothing", { timeout: 30_000 }, async () => {
    const methods = () => [...world.exact.calls.all(), ...world.customcrm.calls.all()].filter(({ method }) => method !== "GET").length;
    const before = methods();
    const findings = await look(world);
    expect(complaints(findings)).toEqual([]);
    expect(findings.map(({ what }) => what)).toEqual([
      ...["Configuration", "Gateway", "Redis", "Redis persistence", "Redis eviction"],
      ...["Customcrm", "Customcrm token", "Customcrm changes", "Customcrm ifMatch", "Customcrm idempotencyKey", "Customcrm webhooks", "Customcrm ids"],
      ...["Exact Online", "Exact consent", "Exact division", "Exact accounts", "Exact contacts", "Exact sync", "Exact deletions", "Exact webhooks"],
      ...["Exact clock", "Exact time zone", "Exact calls, this minute", "Exact calls, this day"],
      ...["PUBLIC_URL", "Exact receiver", "Exact subscriptions", "Customcrm receiver", "Customcrm subscription"],
    ]);
    expect(methods()).toBe(before);
  });

  interface Case {
    readonly broken: string;
    readonly env?: () => Readonly<Record<string, string>>;
    readonly aheadMs?: number;
    readonly spoil?: () => unknown;
    readonly heal?: () => unknown;
    readonly expected: readonly RegExp[];
  }
  const me = (more: object) => ({ d: { results: [{ CurrentDivision: world.exact.settings.division, UserName: "Sanne", ...more }] } });
  const wall = (offsetSeconds: number) => new Date(world.clock.now() + offsetSeconds * 1000).toISOString().slice(0, 19);
  const cases: readonly Case[] = [
    {
      broken: "Redis does not persist",
      spoil: () => client.configSet("appendonly", "no"),
      heal: () => client.configSet("appendonly", "yes"),
      expected: [/^fail Redis persistence: appendonly no$/],
    },
    {
      broken: "Redis writes to disk once a second",
      spoil: () => client.configSet("appendfsync", "everysec"),
      heal: () => client.configSet("appendfsync", "always"),
      expected: [/^warn Redis persistence: appendonly yes, appendfsync everysec$/],
    },
    {
      broken: "Redis evicts",
      spoil: () => client.configSet("maxmemory-policy", "allkeys-lru"),
      heal: () => client.configSet("maxmemory-policy", "noeviction"),
      expected: [/^fail Redis eviction: maxmemory-policy allkeys-lru$/],
    },
    {
      broken: "there is no such Redis",
      env: () => ({ REDIS_URL: "unix:///nowhere/redis.sock" }),
      expected: [/^fail Redis: Redis at unix:\/\/\/nowhere\/redis\.sock does not answer/],
    },
    {
      broken: "Customcrm does not answer",
      spoil: () => world.customcrm.setDown(true),
      heal: () => world.customcrm.setDown(false),
      expected: [/^fail Customcrm: Customcrm did not answer/, /^fail Customcrm subscription: /],
    },
    {
      broken: "Customcrm does not take the token",
      env: () => ({ CUSTOMCRM_TOKEN: "another-token" }),
      expected: [/^fail Customcrm token: /, /^fail Customcrm subscription: /],
    },
    {
      broken: "Customcrm is somewhere else",
      env: () => ({ CUSTOMCRM_BASE_URL: `${world.customcrm.origin}/api/v2` }),
      expected: [/^fail Customcrm: .*check CUSTOMCRM_BASE_URL/i, /^fail Customcrm subscription: /],
    },
    ...(["changes", "ifMatch", "ids"] as const).map((name) => ({
      broken: `Customcrm has no ${name}, which is relied on`,
      spoil: () => Object.assign(world.customcrm.settings.capabilities, { [name]: false }),
      heal: () => Object.assign(world.customcrm.settings.capabilities, { [name]: true }),
      expected: [new RegExp(`^fail Customcrm ${name}: relied on, and not there$`)],
    })),
    {
      broken: "Customcrm has no webhooks, which are relied on",
      spoil: () => Object.assign(world.customcrm.settings.capabilities, { webhooks: false }),
      heal: () => Object.assign(world.customcrm.settings.capabilities, { webhooks: true }),
      expected: [/^fail Customcrm webhooks: relied on, and not there$/, /^fail Customcrm subscription: /],
    },
    {
      broken: "Customcrm has more than is relied on",
      env: () => ({ CUSTOMCRM_CAPABILITIES: "webhooks,ids,idempotencyKey" }),
      expected: [/^warn Customcrm changes: there, and not relied on$/, /^warn Customcrm ifMatch: there, and not relied on$/],
    },
    {
      broken: "Exact does not answer",
      spoil: () => world.exact.setDown(true),
      heal: () => world.exact.setDown(false),
      expected: [/^fail Exact Online: Exact Online did not answer/],
    },
    {
      broken: "Exact does not know the app",
      env: () => ({ EXACT_CLIENT_ID: "another-app" }),
      // Its own subscriptions it has none.
      expected: [/^warn Exact Online: it answers 400/, /^fail Exact subscriptions: Accounts and Contacts are missing$/],
    },
    {
      broken: "the tokens were sealed with another key",
      env: () => ({ ENCRYPTION_KEY: "x".repeat(32) }),
      expected: [/^fail Exact consent: The stored tokens of Exact Online cannot be read/],
    },
    {
      broken: "the user may not work in the division",
      env: () => ({ EXACT_DIVISION: "1" }),
      expected: ["division", "accounts", "contacts", "sync", "deletions", "webhooks"].map((what) => new RegExp(`^fail Exact ${what}: Exact Online forbids`)),
    },
    {
      broken: "the app has no scope for accounts",
      spoil: () => Object.assign(world.exact.settings, { scopes: ["organization administration"] }),
      heal: () => Object.assign(world.exact.settings, { scopes: ["crm accounts", "organization administration"] }),
      expected: ["accounts", "contacts", "sync", "deletions"].map((what) => new RegExp(`^fail Exact ${what}: Exact Online forbids .*'crm\\.accounts' scope`)),
    },
    {
      broken: "the app has no scope for webhooks",
      spoil: () => Object.assign(world.exact.settings, { scopes: ["crm accounts"] }),
      heal: () => Object.assign(world.exact.settings, { scopes: ["crm accounts", "organization administration"] }),
      expected: [/^fail Exact webhooks: Exact Online forbids .*'organization\.administration' scope/],
    },
    {
      broken: "the user may not read what was deleted",
      spoil: () => Object.assign(world.exact.settings, { mayReadDeleted: false }),
      heal: () => Object.assign(world.exact.settings, { mayReadDeleted: true }),
      expected: [/^fail Exact deletions: Exact Online forbids GET sync\/Deleted/],
    },
    { broken: "our clock is a minute off", aheadMs: 60_000, expected: [/^warn Exact clock: (59|60) s behind ours$/] },
    { broken: "our clock is minutes off", aheadMs: -200_000, expected: [/^fail Exact clock: (199|200) s ahead of ours$/] },
    {
      broken: "Exact's clock is of another zone",
      spoil: () =>
        world.exact.faults.add({
          path: "/api/v1/current/Me",
          fault: { kind: "status", status: 200, body: me({ ServerTime: wall(18_000), ServerUtcOffset: 18_000 }) },
        }),
      heal: () => world.exact.faults.clear(),
      expected: [/^fail Exact time zone: not that of Europe\/Amsterdam/],
    },
    {
      broken: "PUBLIC_URL leads nowhere",
      env: () => ({ PUBLIC_URL: "http://127.0.0.1:10099" }),
      expected: [/^fail PUBLIC_URL: http:\/\/127\.0\.0\.1:10099 is not reached from here/],
    },
    {
      broken: "PUBLIC_URL leads to something else",
      env: () => ({ PUBLIC_URL: world.customcrm.origin }),
      expected: [/^fail PUBLIC_URL: .* answers 40\d, and is not the gateway$/],
    },
    {
      broken: "webhooks are not set up",
      env: () => ({ PUBLIC_URL: "" }),
      expected: [/^warn Webhooks: a secret is set, but not PUBLIC_URL/],
    },
    {
      broken: "the gateway is not there",
      env: () => ({ PORT: "9" }),
      expected: [/^warn Gateway: none answers at http:\/\/127\.0\.0\.1:9$/],
    },
  ];
  it.each(cases)("sees that $broken, and only that", { timeout: 30_000 }, async ({ env, aheadMs = 0, spoil, heal, expected }) => {
    await spoil?.();
    try {
      const findings = await look(world, env?.(), aheadMs);
      const found = complaints(findings).filter((line) => !/ (Gateway: at|Exact errors)/.test(line));
      expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
      // Whoever reads a complaint reads what to do.
      for (const { state, todo } of findings) expect(todo !== "").toBe(state !== "ok");
    } finally {
      await heal?.();
    }
  });

  it("sees that PUBLIC_URL is a gateway that takes no webhooks, and that the systems send elsewhere", { timeout: 30_000 }, async () => {
    const other = createServer((request, response) => {
      const isLive = request.url === "/health/live";
      response.writeHead(isLive ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify({ live: isLive }));
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    try {
      expect(complaints(await look(world, { PUBLIC_URL: url }))).toEqual([
        `fail Exact receiver: ${url}/webhooks/exact answers 404`,
        `fail Exact subscriptions: Accounts and Contacts lead to ${world.app.url}/webhooks/exact`,
        `fail Customcrm receiver: ${url}/webhooks/customcrm answers 404`,
        "fail Customcrm subscription: is missing",
      ]);
    } finally {
      other.closeAllConnections();
      other.close();
    }
  });

  it("tells all faults of the variables at once, and looks at nothing else", async () => {
    const before = world.exact.calls.count();
    const findings = await look(world, { EXACT_CLIENT_SECRET: "", PORT: "many", CUSTOMCRM_TOKN: "x" });
    expect(complaints(findings)).toEqual([
      "fail Configuration: it has faults; nothing else is looked at",
      'fail PORT: got "many"',
      "fail CUSTOMCRM_TOKN: got this one",
      "fail EXACT_CLIENT_SECRET: got nothing",
    ]);
    expect(world.exact.calls.count()).toBe(before);
  });

  it("sees a budget that goes to its end", { timeout: 30_000 }, async () => {
    const used = world.exact.calls.count();
    world.exact.settings.dayLimit = used + 200;
    await look(world);
    const line = (await look(world)).find(({ what }) => what === "Exact calls, this day");
    expect(line?.seen).toMatch(new RegExp(`of ${used + 200} left$`));
    expect(["ok", "warn"]).toContain(line?.state);
    world.exact.settings.dayLimit = null;
  });

  it("sees that the consent was withdrawn, as the gateway does, and that a new one heals it", { timeout: 30_000 }, async () => {
    world.exact.revokeConsent();
    // One refusal may be a slip, so the gateway believes the second.
    for (let i = 0; i < 2; i++) await world.ask("{ accounts(first: 1, maxAge: 0) { nodes { exact { name } } } }");
    const lines = complaints(await look(world));
    expect(lines).toContainEqual(expect.stringMatching(/^fail Gateway: at .*not ready: Exact Online refuses its access token/));
    expect(lines).toContainEqual(expect.stringMatching(/^fail Exact consent: Exact Online refuses its access token.*\/auth\/exact/));
    await consent();
    expect(complaints(await look(world)).filter((line) => !/Exact errors|this day/.test(line))).toEqual([]);
  });
});

describe("the doctor without a configuration", () => {
  let world: SmallWorld;
  afterEach(() => world?.stop(), 60_000);

  it("says that no sandbox gateway runs where none does, and looks no further", async () => {
    world = await startSmallWorld();
    const findings = await look(world);
    expect(findings.map(({ what, state }) => `${state} ${what}`)).toEqual(["ok Configuration", "fail Gateway"]);
    expect(world.exact.calls.count() + world.customcrm.calls.count()).toBe(0);
  });

  it("looks at the sandbox gateway that runs, though it keeps all in memory", { timeout: 60_000 }, async () => {
    world = await startSmallWorld();
    await world.start();
    await world.app.ready;
    const findings = await look(world);
    expect(complaints(findings)).toEqual(["warn Redis: The gateway's private Redis does not run."]);
    expect(findings.find(({ what }) => what === "Exact consent")?.seen).toMatch(/given, says the gateway/);
    expect(findings.map(({ what }) => what)).toEqual(expect.arrayContaining(["Customcrm changes", "Exact receiver", "Customcrm subscription"]));
  });
});

describe("npm run doctor", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tandem-doctor-"));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  async function run(env: Readonly<Record<string, string>>): Promise<{ readonly code: number; readonly output: string }> {
    // A variable that is set to nothing is not taken from a .env either.
    const none = Object.fromEntries(variables.map((name) => [name, ""]));
    const child = spawn(process.execPath, ["scripts/doctor.mjs"], { env: { ...process.env, ...none, TANDEM_DATA_DIR: dataDir, ...env } });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    const [code] = (await once(child, "close")) as [number];
    return { code, output };
  }

  it("prints a table, and ends with 1 where something fails", { timeout: 60_000 }, async () => {
    const { code, output } = await run({ PORT: "9" });
    expect(output).toMatch(/WHAT +SEEN +WHAT TO DO\nConfiguration +ok +none, so the sandbox\nGateway +fail +no sandbox gateway runs/);
    expect(output).toMatch(/Of 2 checks 1 failed\.\n$/);
    expect(code).toBe(1);
  });

  it("ends with 1 for faulty variables, and shows no secret", { timeout: 60_000 }, async () => {
    const { code, output } = await run({ EXACT_CLIENT_SECRET: "very-secret-indeed", ENCRYPTION_KEY: "short-and-secret" });
    expect(code).toBe(1);
    expect(output).toMatch(/ENCRYPTION_KEY +fail/);
    expect(output).toMatch(/EXACT_CLIENT_ID +fail/);
    expect(output).not.toMatch(/very-secret|short-and/);
  });

  it("ends with 0 where all is well enough", { timeout: 90_000 }, async () => {
    const world = await startSmallWorld();
    try {
      await world.start();
      await world.app.ready;
      await until(async () => complaints(await look(world)).length === 1, "the webhooks are arranged", 30_000);
      const { code, output } = await run(world.env);
      expect(output).toMatch(/Of \d+ checks 1 with a warning\.\n$/);
      expect(code).toBe(0);
    } finally {
      await world.stop();
    }
  });
});
