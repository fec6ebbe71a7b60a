import { describe, expect, it } from "vitest";
import { exactBudgetRules as rules, SharedBudget, type SharedBudgetOptions, unlimitedBudget } from "../../../src/connectors/budget.js";
import type { CallClass } from "../../../src/connectors/connector.js";
import { RateLimitedError, StoreUnavailableError, UnavailableError } from "../../../src/domain/errors.js";
import type { BudgetStore } from "../../../src/store/budget.js";
import { MemoryBudgetStore } from "../../../src/store/budget-memory.js";
import { callThrough, ExactLimits, settled, VirtualTime } from "./helpers.js";

const minute = Date.parse("2026-03-10T12:00:00.000Z");

function world(at = minute + 10_000) {
  const time = new VirtualTime(at);
  const store = new MemoryBudgetStore(rules);
  let ids = 0;
  const budget = (options: Partial<SharedBudgetOptions> = {}) =>
    new SharedBudget({ system: "EXACT", store, clock: time.clock, schedule: time.schedule, newId: () => `p${ids++}`, maxConcurrent: 100, ...options });
  return { time, store, budget };
}

const ask = (callClass: CallClass, more: { deadline?: number; signal?: AbortSignal; endpoint?: string; counted?: "all" | "minute" | "none" } = {}) => ({
  endpoint: "crm/Accounts",
  class: callClass,
  counted: "all" as const,
  ...more,
});
const ok = { status: 200, headers: {} };
const outcomeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "admitted",
    (error: unknown) => error,
  );

/** Uses up what background may use of this minute. */
async function fill(budget: SharedBudget, count = 40) {
  for (let index = 0; index < count; index++) await (await budget.admit(ask("change", { endpoint: `fill${index}` }))).done(ok);
}

describe("a call", () => {
  it("goes at once while there is room", async () => {
    const { budget, time } = world();
    await budget().admit(ask("compare"));
    expect(time.now).toBe(minute + 10_000);
  });

  it("of background waits for the loan, and goes then by itself", async () => {
    const { budget, time } = world();
    const shared = budget();
    await fill(shared);
    const waiting = shared.admit(ask("change")).then(() => time.now);
    await time.until(minute + 60_000);
    expect(await waiting).toBe(minute + 59_500 - 11_400);
  });

  it("that waits is told of by its class, with how long it has", async () => {
    const { budget, time } = world();
    const shared = budget();
    await fill(shared);
    void shared.admit(ask("change"));
    await time.until(minute + 14_000);
    void shared.admit(ask("change"));
    void shared.admit(ask("poll"));
    const since = time.now;
    await time.until(since + 2_000);
    expect(shared.waiting()).toEqual([
      { class: "interactive", count: 0, oldestMs: 0 },
      { class: "repair", count: 0, oldestMs: 0 },
      { class: "change", count: 2, oldestMs: time.now - (minute + 10_000) },
      { class: "poll", count: 1, oldestMs: 2_000 },
      { class: "compare", count: 0, oldestMs: 0 },
    ]);
  });

  it("of a person goes at once beside it", async () => {
    const { budget, time } = world();
    const shared = budget();
    await fill(shared);
    void shared.admit(ask("change"));
    await settled();
    expect(await outcomeOf(shared.admit(ask("interactive")))).toBe("admitted");
    expect(time.now).toBe(minute + 10_000);
  });

  it("that can't go before its deadline is told so at once, with the time to come back", async () => {
    const { budget, time } = world();
    const shared = budget();
    await fill(shared);
    const error = await outcomeOf(shared.admit(ask("change", { deadline: minute + 20_000 })));
    expect(error).toBeInstanceOf(RateLimitedError);
    expect(error).toMatchObject({ retryAt: "2026-03-10T12:00:48.100Z", message: expect.stringContaining("calls of this minute") });
    expect(time.now).toBe(minute + 10_000);
  });

  it("of a person that finds the minute full and has time waits for the next minute", async () => {
    const { budget, time } = world();
    const shared = budget();
    for (let index = 0; index < 60; index++) await (await shared.admit(ask("interactive"))).done(ok);
    expect(await outcomeOf(shared.admit(ask("interactive", { deadline: minute + 20_000 })))).toBeInstanceOf(RateLimitedError);
    const waiting = shared.admit(ask("interactive", { deadline: minute + 70_000 })).then(() => time.now);
    await time.until(minute + 65_000);
    expect(await waiting).toBe(minute + 60_500);
  });

  it("that names no deadline is not kept for hours", async () => {
    const { budget, time } = world();
    const shared = budget();
    await (await shared.admit(ask("interactive"))).done({ status: 429, headers: { "retry-after": "7200" } });
    const error = await outcomeOf(shared.admit(ask("interactive")));
    expect(error).toMatchObject({ name: "RateLimitedError", retryAt: "2026-03-10T14:00:10.000Z" });
    expect(time.now).toBe(minute + 10_000);
  });

  it("whose process stood still until after its deadline does not go any more, whatever room there is", async () => {
    const { budget, time } = world();
    const shared = budget();
    await fill(shared);
    const waiting = outcomeOf(shared.admit(ask("change", { deadline: minute + 55_000 })));
    await settled();
    time.now = minute + 310_000;
    await time.until(time.now);
    expect(await waiting).toBeInstanceOf(RateLimitedError);
  });

  it("whose caller gives up leaves the queue and is not counted", async () => {
    const { budget, time, store } = world();
    const shared = budget();
    await fill(shared);
    const abort = new AbortController();
    const waiting = outcomeOf(shared.admit(ask("change", { signal: abort.signal })));
    await settled();
    abort.abort();
    expect(await waiting).toBeInstanceOf(UnavailableError);
    expect(await outcomeOf(shared.admit(ask("change", { signal: abort.signal })))).toBeInstanceOf(UnavailableError);
    await time.until(minute + 59_000);
    expect((await store.read()).minutes[String(minute)]?.used).toBe(40);
  });

  it("goes before less urgent ones that wait longer, and after equal ones", async () => {
    const { budget, time } = world();
    const shared = budget({ maxConcurrent: 1 });
    const first = await shared.admit(ask("compare"));
    const order: string[] = [];
    for (const [name, callClass] of [
      ["compare", "compare"],
      ["poll", "poll"],
      ["change 1", "change"],
      ["change 2", "change"],
      ["repair", "repair"],
      ["interactive", "interactive"],
    ] as const) {
      void shared.admit(ask(callClass)).then(async (permit) => {
        order.push(name);
        await time.sleep(10);
        await permit.done(ok);
      });
    }
    await settled();
    await first.done(ok);
    await time.until(minute + 12_000);
    expect(order).toEqual(["interactive", "repair", "change 1", "change 2", "poll", "compare"]);
  });

  it("to an endpoint that failed too often does not stop the others", async () => {
    const { budget } = world();
    const shared = budget();
    for (let index = 0; index < 6; index++) await (await shared.admit(ask("poll", { endpoint: "sync/Deleted" }))).done({ status: 403, headers: {} });
    expect(await outcomeOf(shared.admit(ask("poll", { endpoint: "sync/Deleted" })))).toMatchObject({
      name: "RateLimitedError",
      retryAt: "2026-03-10T13:00:10.000Z",
    });
    expect(await outcomeOf(shared.admit(ask("poll")))).toBe("admitted");
  });
});

describe("calls at the same time", () => {
  it("are no more than allowed, and background leaves one of them to people", async () => {
    const { budget } = world();
    const shared = budget({ maxConcurrent: 2 });
    const admitted: string[] = [];
    const wait = (name: string, callClass: CallClass) => void shared.admit(ask(callClass)).then(() => admitted.push(name));
    wait("compare 1", "compare");
    wait("compare 2", "compare");
    await settled();
    expect(admitted).toEqual(["compare 1"]);
    wait("interactive 1", "interactive");
    wait("interactive 2", "interactive");
    await settled();
    expect(admitted).toEqual(["compare 1", "interactive 1"]);
  });

  it("are one by one where that is asked for, and a call for a token takes no turn", async () => {
    const { budget } = world();
    const shared = budget({ maxConcurrent: 1 });
    const first = await shared.admit(ask("compare"));
    const second = shared.admit(ask("interactive"));
    expect(await outcomeOf(shared.admit(ask("interactive", { endpoint: "oauth2/token", counted: "none" })))).toBe("admitted");
    expect(await Promise.race([second.then(() => "admitted"), settled().then(() => "waits")])).toBe("waits");
    await first.done(ok);
    expect(await outcomeOf(second)).toBe("admitted");
  });

  it("that wait for their turn are told when their deadline comes", async () => {
    const { budget, time } = world();
    const shared = budget({ maxConcurrent: 1 });
    await shared.admit(ask("compare"));
    const waiting = outcomeOf(shared.admit(ask("interactive", { deadline: minute + 13_000 })));
    await time.until(minute + 13_000);
    expect(await waiting).toMatchObject({ name: "RateLimitedError", retryAt: "2026-03-10T12:00:14.000Z" });
  });
});

describe("stopping", () => {
  it("sends home who waits, and who comes later", async () => {
    const { budget, time } = world();
    const shared = budget();
    await fill(shared);
    const waiting = outcomeOf(shared.admit(ask("change")));
    await settled();
    shared.stop();
    expect(await waiting).toBeInstanceOf(UnavailableError);
    expect(await outcomeOf(shared.admit(ask("interactive")))).toBeInstanceOf(UnavailableError);
    expect(time.pending).toBe(0);
  });
});

describe("the bookkeeping", () => {
  const failing = (what: "admit" | "settle", inner: BudgetStore): BudgetStore => ({
    admit: (...args) => (what === "admit" ? Promise.reject(new StoreUnavailableError("Redis is away.")) : inner.admit(...args)),
    settle: (...args) => (what === "settle" ? Promise.reject(new StoreUnavailableError("Redis is away.")) : inner.settle(...args)),
    read: () => inner.read(),
  });

  it("lets no call go that it can't count", async () => {
    const { budget, store } = world();
    expect(await outcomeOf(budget({ store: failing("admit", store) }).admit(ask("interactive")))).toBeInstanceOf(StoreUnavailableError);
  });

  it("never hides what a call has done, and gives its turn back", async () => {
    const { budget, store } = world();
    const errors: unknown[] = [];
    const shared = budget({ store: failing("settle", store), maxConcurrent: 1, onError: (error) => errors.push(error) });
    const permit = await shared.admit(ask("interactive"));
    await permit.done(ok);
    await permit.done(ok);
    expect(errors).toHaveLength(1);
    expect(await outcomeOf(shared.admit(ask("interactive")))).toBe("admitted");
  });

  it("tells what is left, and null for what the system has not said", async () => {
    const { budget } = world();
    const shared = budget();
    expect(await shared.windows()).toEqual([
      { window: "minute", endpoint: null, limit: null, remaining: null, resetsAt: "2026-03-10T12:01:00.000Z" },
      { window: "day", endpoint: null, limit: null, remaining: null, resetsAt: "2026-03-11T00:00:00.000Z" },
    ]);
    const headers = {
      "x-ratelimit-minutely-limit": "60",
      "x-ratelimit-minutely-remaining": "51",
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": "4321",
    };
    await (await shared.admit(ask("poll"))).done({ status: 404, headers });
    expect(await shared.windows()).toEqual([
      { window: "minute", endpoint: null, limit: 60, remaining: 51, resetsAt: "2026-03-10T12:01:00.000Z" },
      { window: "day", endpoint: null, limit: 5_000, remaining: 4_321, resetsAt: "2026-03-11T00:00:00.000Z" },
      { window: "errors", endpoint: "crm/Accounts", limit: 10, remaining: 9, resetsAt: "2026-03-10T13:00:10.000Z" },
    ]);
  });
});

describe("two replicas and a hard limit, over five minutes", () => {
  const start = minute + 17_000;
  const firstWhole = minute / 60_000 + 1;
  const minutes = Array.from({ length: 5 }, (_, index) => firstWhole + index);

  function run(options: { skewMs?: number; latencyMs?: number; foreignPerMinute?: number; interactiveEveryMs?: number }) {
    const { time, budget } = world(start);
    const limits = new ExactLimits(() => time.now + (options.skewMs ?? 0));
    const latencyMs = options.latencyMs ?? 120;
    const end = (firstWhole + 5) * 60_000;
    const waits: number[] = [];
    for (const shared of [budget({ maxConcurrent: 2 }), budget({ maxConcurrent: 2 })]) {
      void (async () => {
        while (time.now < end) await callThrough(shared, limits, time, "compare", latencyMs);
      })();
    }
    const person = budget({ maxConcurrent: 2 });
    const every = options.interactiveEveryMs;
    void (async () => {
      while (every !== undefined && time.now < end) {
        void callThrough(person, limits, time, "interactive", latencyMs).then((waited) => waits.push(waited));
        await time.sleep(every);
      }
    })();
    void (async () => {
      while (options.foreignPerMinute && time.now < end) {
        limits.arrive();
        await time.sleep(60_000 / options.foreignPerMinute);
      }
    })();
    return time
      .until(end)
      .then(() => ({ limits, waits, refusedByMinute: limits.refusedByMinute, perMinute: minutes.map((one) => limits.minutes.get(one) ?? 0) }));
  }

  it.each([20, 120, 450])("background alone uses 95 %% of each minute and meets no 429 (a call takes %i ms)", async (latencyMs) => {
    const { limits, perMinute } = await run({ latencyMs });
    for (const count of perMinute) expect(count).toBeGreaterThanOrEqual(57);
    expect(limits.refused).toBe(0);
  });

  it("ten calls of people a minute wait under a second while a full compare runs", async () => {
    const { limits, waits, perMinute } = await run({ interactiveEveryMs: 6_000 });
    expect(waits.length).toBeGreaterThanOrEqual(50);
    expect(Math.max(...waits)).toBeLessThan(1_000);
    for (const count of perMinute) expect(count).toBeGreaterThanOrEqual(56);
    expect(limits.refused).toBe(0);
  });

  it.each([-400, -150, 150, 400])("a clock that differs by %i ms leads to no 429", async (skewMs) => {
    const { limits, perMinute } = await run({ skewMs, interactiveEveryMs: 5_700 });
    expect(limits.refused).toBe(0);
    expect(Math.min(...perMinute)).toBeGreaterThanOrEqual(54);
  });

  it.each([-20_000, -3_000, 3_000, 20_000])("a clock that differs by %i ms is found out from the headers within three minutes", async (skewMs) => {
    const { limits, refusedByMinute } = await run({ skewMs });
    expect(limits.refused).toBeLessThanOrEqual(5);
    expect([...refusedByMinute.keys()].filter((one) => one >= firstWhole + 3)).toEqual([]);
  });

  it("another application's calls are seen in the headers; what it does between two answers of ours costs a 429 a minute at most", async () => {
    const { refusedByMinute, perMinute } = await run({ foreignPerMinute: 20 });
    expect(Math.max(0, ...refusedByMinute.values())).toBeLessThanOrEqual(1);
    expect(Math.min(...perMinute)).toBeGreaterThanOrEqual(57);
  });
});

describe("an unlimited budget", () => {
  it("lets every call go and names no windows", async () => {
    const budget = unlimitedBudget("CUSTOMCRM");
    await (await budget.admit(ask("compare"))).done(ok);
    expect(await budget.windows()).toEqual([]);
  });
});
