import { describe, expect, it } from "vitest";
import { capabilityFinding } from "../../src/commands/doctor/customcrm.js";
import { budgetFindings, clockFinding, zoneFinding } from "../../src/commands/doctor/exact.js";
import { fail, ok, warn } from "../../src/commands/doctor/finding.js";
import { evictionFinding, persistenceFinding } from "../../src/commands/doctor/redis.js";
import { renderTable, summaryOf } from "../../src/commands/doctor/table.js";
import { webhookConfigFindings } from "../../src/commands/doctor/webhooks.js";
import { parseConfig } from "../../src/config.js";
import type { BudgetWindow } from "../../src/connectors/connector.js";

describe("the doctor's table", () => {
  it("has a column for what, how it is, what was seen and what to do", () => {
    const table = renderTable([ok("Redis", "it answers"), warn("Redis persistence", "appendfsync everysec", "Set it to always.")], 90);
    expect(table.split("\n")).toEqual([
      "WHAT                     SEEN                      WHAT TO DO",
      "Redis              ok    it answers",
      "Redis persistence  warn  appendfsync everysec      Set it to always.",
    ]);
  });

  it("goes on in further lines where a cell is long, words whole, and addresses cut where they must be", () => {
    const table = renderTable([fail("A", "one two three four five six seven", `https://${"x".repeat(40)} is wrong`)], 60);
    expect(table.split("\n")).toEqual([
      "WHAT        SEEN                      WHAT TO DO",
      `A     fail  one two three four five   https://${"x".repeat(16)}`,
      `            six seven                 ${"x".repeat(24)}`,
      "                                      is wrong",
    ]);
    for (const line of table.split("\n")) expect(line.length).toBeLessThanOrEqual(62);
  });

  it("gives all room to what was seen when there is nothing to do", () => {
    const seen = "words ".repeat(12).trim();
    expect(renderTable([ok("A", seen)], 100)).toContain(seen);
  });

  it("ends with how many checks are not fine", () => {
    expect(summaryOf([ok("A", ""), ok("B", "")])).toBe("All 2 checks are fine.");
    expect(summaryOf([ok("A", ""), warn("B", "", ""), fail("C", "", ""), fail("D", "", "")])).toBe("Of 4 checks 2 failed, 1 with a warning.");
  });
});

describe("what the doctor makes of what it sees", () => {
  it.each([
    [null, null, "warn"],
    [false, null, "fail"],
    [true, "no", "warn"],
    [true, "everysec", "warn"],
    [true, "always", "ok"],
    [true, null, "ok"],
  ] as const)("appendonly %s and appendfsync %s: %s", (appendonly, appendfsync, state) => {
    expect(persistenceFinding({ appendonly, appendfsync, eviction: null, warnings: [] }).state).toBe(state);
  });

  it.each([
    [null, "warn"],
    ["noeviction", "ok"],
    ["volatile-ttl", "fail"],
  ] as const)("maxmemory-policy %s: %s", (eviction, state) => {
    expect(evictionFinding({ appendonly: true, appendfsync: "always", eviction, warnings: [] }).state).toBe(state);
  });

  it.each([
    [true, true, "ok"],
    [true, false, "fail"],
    [false, true, "warn"],
    [false, false, "ok"],
    [true, null, "ok"],
  ] as const)("a capability that is relied on (%s) and there (%s): %s", (isConfigured, isThere, state) => {
    expect(capabilityFinding("changes", isConfigured, isThere).state).toBe(state);
  });

  it.each([
    [0, "ok", "agrees with ours"],
    [-20_000, "ok", "20 s behind ours"],
    [45_000, "warn", "45 s ahead of ours"],
    [-121_000, "fail", "121 s behind ours"],
    [null, "warn", "Exact does not tell its time"],
  ] as const)("a clock %s ms off: %s", (skewMs, state, seen) => {
    expect(clockFinding(skewMs)).toMatchObject({ state, seen });
  });

  it.each([
    [true, "ok"],
    [false, "fail"],
    [null, "warn"],
  ] as const)("a zone that agrees (%s): %s", (agrees, state) => {
    expect(zoneFinding(agrees).state).toBe(state);
  });

  const now = Date.parse("2026-06-25T12:00:00.000Z");
  const window = (more: Partial<BudgetWindow>): BudgetWindow => ({
    window: "day",
    endpoint: null,
    limit: 5_000,
    remaining: 5_000,
    resetsAt: "2026-06-26T00:00:00.000Z",
    ...more,
  });
  it.each<readonly [string, Partial<BudgetWindow>, string | null]>([
    ["a day's budget that is there", {}, "ok"],
    ["a quarter of the day's budget", { remaining: 1_250 }, "warn"],
    ["a day's budget that is used up", { remaining: 0 }, "fail"],
    ["a minute's budget that is used up", { window: "minute", limit: 60, remaining: 0 }, "ok"],
    ["a limit that Exact has not told", { limit: null, remaining: null }, "ok"],
    ["no errors", { window: "errors", endpoint: "crm/Accounts", limit: 10, remaining: 10 }, null],
    ["a few errors", { window: "errors", endpoint: "crm/Accounts", limit: 10, remaining: 7 }, "ok"],
    ["many errors", { window: "errors", endpoint: "crm/Accounts", limit: 10, remaining: 4 }, "warn"],
  ])("%s: %s", (_what, more, state) => {
    expect(budgetFindings([window(more)], () => now).map((finding) => finding.state)).toEqual(state === null ? [] : [state]);
  });

  const real = {
    EXACT_CLIENT_ID: "id",
    EXACT_CLIENT_SECRET: "secret",
    EXACT_REDIRECT_URI: "https://tandem.example/auth/exact/callback",
    CUSTOMCRM_BASE_URL: "https://crm.example/api/v1",
    CUSTOMCRM_TOKEN: "token",
    ENCRYPTION_KEY: "k".repeat(32),
  };
  const secrets = { EXACT_WEBHOOK_SECRET: "s", CUSTOMCRM_WEBHOOK_SECRET: "t" };
  it.each<readonly [string, Record<string, string>, readonly string[]]>([
    ["no webhooks", {}, ["warn not set up: changes are found by asking every 300 s"]],
    ["secrets without PUBLIC_URL", secrets, ["warn a secret is set, but not PUBLIC_URL: changes are found by asking every 300 s"]],
    ["all of it", { ...secrets, PUBLIC_URL: "https://tandem.example" }, []],
    [
      "one secret missing",
      { PUBLIC_URL: "https://tandem.example", EXACT_WEBHOOK_SECRET: "s" },
      ["warn CUSTOMCRM_WEBHOOK_SECRET is not set: changes are found by asking every 300 s there"],
    ],
    ["a Customcrm without webhooks", { PUBLIC_URL: "https://tandem.example", EXACT_WEBHOOK_SECRET: "s", CUSTOMCRM_CAPABILITIES: "ids" }, []],
    ["plain http", { ...secrets, PUBLIC_URL: "http://tandem.example" }, ["fail PUBLIC_URL is not https, and Exact calls nothing else"]],
    ["another host", { ...secrets, PUBLIC_URL: "https://hooks.example" }, ["fail PUBLIC_URL is on hooks.example, EXACT_REDIRECT_URI is not"]],
  ])("variables with %s", (_what, more, expected) => {
    expect(webhookConfigFindings(parseConfig({ ...real, ...more })).map(({ state, seen }) => `${state} ${seen}`)).toEqual(expected);
  });
});
