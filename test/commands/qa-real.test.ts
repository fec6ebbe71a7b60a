import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startRealBench } from "../../src/commands/qa-bench.js";
import { type Config, parseConfig } from "../../src/config.js";
import { linksOf, tenantOf } from "../../src/connect.js";
import { exactBudgetRules } from "../../src/connectors/budget.js";
import { dataflows } from "../../src/domain/dataflow.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { runChecklist } from "../../src/qa/checklist.js";
import { type Sandboxes, startSandboxes } from "../../src/sandbox/index.js";
import { RedisStore } from "../../src/store/redis.js";
import { describeWithOwnRedis, startOwnRedis, type TestRedis } from "../helpers/redis.js";

const rules = { ...exactBudgetRules, minuteLimit: 1_000_000, dayLimit: 1_000_000 };
const redirectUri = "http://127.0.0.1:1/auth/exact/callback";

describeWithOwnRedis("the checklist on systems that are reached as real ones are", () => {
  let redis: TestRedis;
  let sandboxes: Sandboxes;
  let config: Config;
  beforeAll(async () => {
    redis = await startOwnRedis();
    sandboxes = await startSandboxes({ exactSettings: { minuteLimit: null, dayLimit: null, fairUseLimit: null } });
    config = parseConfig({
      EXACT_BASE_URL: sandboxes.exact.origin,
      EXACT_CLIENT_ID: sandboxes.exact.settings.clientId,
      EXACT_CLIENT_SECRET: sandboxes.exact.settings.clientSecret,
      EXACT_REDIRECT_URI: redirectUri,
      CUSTOMCRM_BASE_URL: `${sandboxes.customcrm.origin}/api/v1`,
      CUSTOMCRM_TOKEN: sandboxes.customcrm.settings.token,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
      REDIS_URL: redis.url,
    });
    await giveConsent();
  }, 60_000);
  afterAll(async () => {
    await sandboxes?.stop();
    await redis?.stop();
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

  it("holds, and leaves every record as it was that it has not made", { timeout: 180_000 }, async () => {
    const before = everything();
    const mark = "Tandem QA test";
    const { bench, stop } = await startRealBench(config, { settings: defaultSettings, mark, rules });
    try {
      const results = await runChecklist(bench, { agreed: dataflows, mark });
      expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
      expect(results.filter(({ outcome }) => outcome === "passed").length).toBeGreaterThan(400);
    } finally {
      await stop();
    }
    expect(everything()).toEqual(before);
    expect(before.customcrm.every((records) => records.length > 50)).toBe(true);
  });
});
