import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { exactBudgetRules as rules } from "../../../src/connectors/budget.js";
import { callClasses } from "../../../src/connectors/connector.js";
import { StoreUnavailableError } from "../../../src/domain/errors.js";
import type { BudgetStore, CallReport, CountedCall } from "../../../src/store/budget.js";
import { MemoryBudgetStore } from "../../../src/store/budget-memory.js";
import { RedisBudgetStore } from "../../../src/store/budget-redis.js";
import { startTestRedis, type TestClient, type TestRedis } from "./helpers.js";

const minute = Date.parse("2026-03-10T12:00:00.000Z");
const call: CountedCall = { endpoint: "crm/Accounts", class: "interactive", counted: "all" };
const answered: CallReport = { sentAt: minute, isError: false, isRefused: false };

let redis: TestRedis;
let clients: readonly [TestClient, TestClient];
let scope = 0;
beforeAll(async () => {
  redis = await startTestRedis();
  clients = [await redis.connect(), await redis.connect()];
});
afterAll(() => redis.stop());
beforeEach(() => {
  scope++;
});

const key = (name: string) => `{test}:${name}`;
const redisStore = (client = clients[0]): BudgetStore => new RedisBudgetStore(client, key, String(scope), rules);

describe.each([
  ["memory", () => new MemoryBudgetStore(rules)],
  ["Redis", () => redisStore()],
])("the budget store in %s", (_kind, create) => {
  it("begins empty", async () => {
    expect(await create().read()).toEqual({ offsetMs: 0, minutes: {}, days: {}, errors: {}, inFlight: {} });
  });

  it("counts a call when it admits it, and never admits more than the limit", async () => {
    const store = create();
    const admissions = await Promise.all(
      Array.from({ length: 80 }, (_, index) => store.admit(`p${index}`, { ...call, endpoint: `e${index}` }, minute + 10_000)),
    );
    expect(admissions.filter(({ admitted }) => admitted)).toHaveLength(60);
    expect(admissions.at(-1)).toEqual({ admitted: false, because: "minute", retryAt: minute + 60_500 });
    expect((await store.read()).minutes).toEqual({ [String(minute)]: { used: 60, interactive: 60 } });
  });

  it("counts nothing when it refuses", async () => {
    const store = create();
    await store.settle("x", call, { ...answered, minute: { remaining: 0 } }, minute + 10_000);
    const before = await store.read();
    expect((await store.admit("p", call, minute + 10_000)).admitted).toBe(false);
    expect(await store.read()).toEqual(before);
  });

  it("keeps a call as used when its holder dies, and as under way until it is settled", async () => {
    const store = create();
    await store.admit("p", call, minute + 10_000);
    expect((await store.read()).inFlight).toEqual({ p: { endpoint: "crm/Accounts", at: minute + 10_000 } });
    await store.settle("p", call, { ...answered, isError: true }, minute + 11_000);
    expect(await store.read()).toMatchObject({ inFlight: {}, errors: { "crm/Accounts": [minute + 11_000] }, minutes: { [String(minute)]: { used: 1 } } });
  });

  it("forgets windows and errors that are over", async () => {
    const store = create();
    await store.admit("p", call, minute + 10_000);
    await store.settle("p", call, { ...answered, isError: true }, minute + 11_000);
    const later = minute + 3 * 86_400_000;
    await store.admit("q", call, later + 10_000);
    await store.settle("q", call, answered, later + 11_000);
    expect(await store.read()).toEqual({
      offsetMs: 0,
      minutes: { [String(later)]: { used: 1, interactive: 1 } },
      days: { [String(Date.parse("2026-03-13T00:00:00Z"))]: { used: 1, interactive: 1 } },
      errors: {},
      inFlight: {},
    });
  });
});

describe("the budget store in Redis", () => {
  it("is one over all replicas", async () => {
    const replicas = clients.map((client) => redisStore(client));
    const admissions = await Promise.all(
      Array.from({ length: 80 }, (_, index) => replicas[index % 2]?.admit(`p${index}`, { ...call, endpoint: `e${index}` }, minute + 10_000)),
    );
    expect(admissions.filter((one) => one?.admitted)).toHaveLength(60);
    expect(await replicas[0]?.read()).toEqual(await replicas[1]?.read());
  });

  it("keeps one key with the tenant's prefix, and not for ever", async () => {
    await redisStore().admit("p", call, minute);
    expect(await clients[0].pTTL(key(`budget:${scope}`))).toBeGreaterThan(86_400_000);
  });

  it("goes on when Redis has forgotten the scripts", async () => {
    const store = redisStore();
    await store.admit("p", call, minute + 10_000);
    await clients[0].scriptFlush();
    expect(await store.admit("q", call, minute + 10_000)).toEqual({ admitted: true });
  });

  it("says so when Redis does not answer", async () => {
    const client = await redis.connect();
    client.destroy();
    const store = redisStore(client);
    await expect(store.admit("p", call, minute)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.read()).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it("does not trust what stands under its key", async () => {
    await clients[0].set(key(`budget:${scope}`), '{"offsetMs":"x"}');
    await expect(redisStore().read()).rejects.toBeInstanceOf(StoreUnavailableError);
  });
});

const times = fc.integer({ min: 0, max: 200_000 });
const window = (lengthMs: number) =>
  fc.record(
    {
      limit: fc.integer({ min: 1, max: 80 }),
      remaining: fc.integer({ min: 0, max: 80 }),
      reset: fc.integer({ min: -2, max: 4 }).map((count) => Math.floor(minute / lengthMs) * lengthMs + count * lengthMs),
    },
    { requiredKeys: [] },
  );
const calls = fc.record({
  endpoint: fc.constantFrom("a", "b"),
  class: fc.constantFrom(...callClasses),
  counted: fc.constantFrom("all", "all", "minute", "none"),
});
const steps = fc.array(
  fc.record({
    isAdmit: fc.boolean(),
    permit: fc.integer({ min: 0, max: 5 }),
    call: calls,
    after: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 1_000 }) },
      { weight: 1, arbitrary: times },
      { weight: 1, arbitrary: fc.constantFrom(500, 60_000, 3_600_000) },
    ),
    repeat: fc.integer({ min: 1, max: 12 }),
    report: fc.record(
      {
        sentAgo: fc.integer({ min: 0, max: 5_000 }),
        isError: fc.boolean(),
        isRefused: fc.boolean(),
        minute: window(60_000),
        day: window(86_400_000),
        retryAfterMs: times,
      },
      { requiredKeys: ["sentAgo", "isError", "isRefused"] },
    ),
  }),
  { minLength: 1, maxLength: 25 },
);

describe("the script and the function", () => {
  it("decide and remember alike, whatever happens", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const memory = new MemoryBudgetStore(rules);
        const shared = new RedisBudgetStore(clients[0], key, `alike:${scope}:${run++}`, rules);
        let now = minute;
        for (const step of all) {
          now += step.after;
          for (let count = 0; count < step.repeat; count++) {
            const id = `p${step.permit}.${count}`;
            if (step.isAdmit) {
              expect(await shared.admit(id, step.call, now)).toEqual(await memory.admit(id, step.call, now));
            } else {
              const { sentAgo, ...rest } = step.report;
              const report: CallReport = { ...rest, sentAt: now - sentAgo };
              await memory.settle(id, step.call, report, now);
              await shared.settle(id, step.call, report, now);
            }
          }
          expect(await shared.read()).toEqual(await memory.read());
        }
      }),
      { numRuns: 150, seed: 20_260_310 },
    );
  });
});
