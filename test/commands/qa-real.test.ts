import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type QaWorld, qaCommand } from "../../src/commands/qa.js";
import { type Config, parseConfig } from "../../src/config.js";
import { linksOf, tenantOf } from "../../src/connect.js";
import { exactBudgetRules } from "../../src/connectors/budget.js";
import { dataflows } from "../../src/domain/dataflow.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { type Sandboxes, startSandboxes } from "../../src/sandbox/index.js";
import { RedisStore } from "../../src/store/redis.js";
import { describeWithOwnRedis, startOwnRedis, type TestRedis } from "../helpers/redis.js";

const rules = { ...exactBudgetRules, minuteLimit: 1_000_000, dayLimit: 1_000_000 };
const redirectUri = "http://127.0.0.1:1/auth/exact/callback";

describeWithOwnRedis("the checklist on systems that are reached as real ones are", () => {
  let redis: TestRedis;
  let sandboxes: Sandboxes;
  let config: Config;
  let env: Readonly<Record<string, string>>;
  let cwd: string;
  let said: string;
  beforeAll(async () => {
    redis = await startOwnRedis();
    sandboxes = await startSandboxes({ exactSettings: { minuteLimit: null, dayLimit: null, fairUseLimit: null } });
    cwd = mkdtempSync(join(tmpdir(), "tandem-qa-real-"));
    env = {
      EXACT_BASE_URL: sandboxes.exact.origin,
      EXACT_CLIENT_ID: sandboxes.exact.settings.clientId,
      EXACT_CLIENT_SECRET: sandboxes.exact.settings.clientSecret,
      EXACT_REDIRECT_URI: redirectUri,
      CUSTOMCRM_BASE_URL: `${sandboxes.customcrm.origin}/api/v1`,
      CUSTOMCRM_TOKEN: sandboxes.customcrm.settings.token,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
      REDIS_URL: redis.url,
    };
    config = parseConfig(env);
    await giveConsent();
  }, 60_000);
  afterAll(async () => {
    await sandboxes?.stop();
    await redis?.stop();
    rmSync(cwd, { recursive: true, force: true });
  }, 60_000);

  /** As an operator does at the gateway, whose tokens the checklist then uses. */
  async function giveConsent(): Promise<void> {
    const store = await RedisStore.connect({ url: redis.url, tenant: tenantOf(config), encryptionKey: config.encryptionKeys, clock: Date.now, log: () => {} });
    const links = linksOf({ config, store, clock: Date.now, log: pino({ level: "silent" }), rules, flows: dataflows });
    const state = new URL(await links.exact.authorizationUrl()).searchParams.get("state") ?? "";
    await links.exact.completeConsent(new URLSearchParams({ code: sandboxes.exact.issueCode(redirectUri), state }).toString(), { class: "interactive" });
    await links.stop();
    await store.stop();
  }

  const everything = () => ({
    customcrm: (["Customer", "Contact", "Product"] as const).map((type) => sandboxes.customcrm.core.all(type)),
    exact: (["Accounts", "Contacts"] as const).map((type) =>
      structuredClone([...sandboxes.exact.core.table(type).all()].map(({ id, versions }) => ({ id, versions }))),
    ),
  });

  /** `npm run qa` as an operator runs it, but for the pace of the real Exact. */
  const qa = (args: readonly string[], more: Partial<QaWorld> = {}) => {
    said = "";
    const print = (text: string) => {
      said += text;
    };
    const real = { rules, patience: { attempts: 2, pauseMs: 0 } };
    return qaCommand(["--yes-write-to-real-systems", ...args], { cwd, env, now: Date.now, print, real, ...more });
  };
  const creates = () =>
    [...sandboxes.exact.calls.all(), ...sandboxes.customcrm.calls.all()].filter(
      ({ method, path }) => method === "POST" && /\/(crm\/(Accounts|Contacts)|(customers|contacts|products))$/i.test(path.split("?")[0] ?? ""),
    );

  it("holds, and leaves every record as it was that it has not made", { timeout: 180_000 }, async () => {
    const before = everything();
    sandboxes.exact.calls.reset();
    sandboxes.customcrm.calls.reset();
    expect(await qa([])).toBe(0);
    expect(said).toMatch(/\d{3} checks hold, 0 failed/);
    expect(said).toContain("✓ Everything that the checklist has made is removed.");
    expect(everything()).toEqual(before);
    expect(before.customcrm.every((records) => records.length > 50)).toBe(true);
    expect(creates().length).toBeGreaterThan(20);
    expect(creates().filter(({ body }) => !body?.includes("Tandem QA"))).toEqual([]);
    expect(readFileSync(join(cwd, "qa-report.html"), "utf8")).toContain(`Tried on ${env.CUSTOMCRM_BASE_URL?.replace("/api/v1", "")}`);
  });

  it("fails, with what it has made removed, when the mapping is broken and Exact fails half way", { timeout: 120_000 }, async () => {
    const before = everything();
    const flows = dataflows.map((flow) =>
      flow.type === "PRODUCT" ? { ...flow, rows: flow.rows.map((row) => (row.field === "phone" ? { ...row, exact: "Mobile" } : row)) } : flow,
    );
    sandboxes.exact.faults.add({ method: "PUT", path: "/api/v1/\\d+/crm/Contacts", nth: 4, times: 1_000, fault: { kind: "status", status: 500 } });
    expect(await qa(["--only", "product"], { settings: { ...defaultSettings, flows } })).toBe(1);
    expect(sandboxes.exact.faults.list().map(({ fired }) => fired > 0)).toEqual([true]);
    sandboxes.exact.faults.clear();
    expect(said).toMatch(/✗ The document says what runs\.\n.*phone: Phone ⇄ Phone.*Phone ⇄ Mobile/);
    expect(said).toContain("✓ Everything that the checklist has made is removed.");
    expect(everything()).toEqual(before);
  });

  it("ends when it is told to, with what it has made removed, and fails", { timeout: 60_000 }, async () => {
    const before = everything();
    const stopping = new AbortController();
    const print = (text: string) => {
      said += text;
      if (text.startsWith("Trying")) stopping.abort(new Error("It was stopped by hand."));
    };
    sandboxes.exact.calls.reset();
    sandboxes.customcrm.calls.reset();
    expect(await qa([], { print, stopped: stopping.signal })).toBe(1);
    expect(said).toMatch(/✗ The checklist came to its end\.\n +It was stopped by hand\./);
    expect(creates().length).toBe(1);
    expect(everything()).toEqual(before);
  });

  it("writes nothing without being told so by name", async () => {
    const calls = sandboxes.exact.calls.count() + sandboxes.customcrm.calls.count();
    const print = (text: string) => {
      said = text;
    };
    expect(await qaCommand([], { cwd, env, now: Date.now, print })).toBe(1);
    expect(said).toBe("The real systems are configured. To make, edit and delete records there, say --yes-write-to-real-systems.\n");
    expect(sandboxes.exact.calls.count() + sandboxes.customcrm.calls.count()).toBe(calls);
  });
});
