import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dataflowOf } from "../../src/domain/dataflow.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { isoTime } from "../../src/domain/words.js";
import { createLog } from "../../src/log.js";
import { Access } from "../../src/server/access.js";
import { Doorkeeper } from "../../src/server/doorkeeper.js";
import { Metrics } from "../../src/server/metrics.js";
import type { ServerParts } from "../../src/server/server.js";
import { writeOf } from "../../src/sync/document.js";
import { firms, World } from "../resolvers/helpers.js";
import { keyOf } from "./access-helpers.js";

let world: World;
let metrics: Metrics;
let openBreaker: string | null;
const idle = { waiting: 0, active: 0, delayed: 0, oldestMs: null };
const queue = { depth: async () => ({ poll: { waiting: 7, active: 2, delayed: 1, oldestMs: 90_000 }, settle: idle, run: idle, sweep: idle }) };
const waitingCalls = () => [{ class: "poll" as const, count: 3, oldestMs: 4_500 }];

beforeEach(() => {
  world = new World();
  metrics = new Metrics();
  openBreaker = null;
});
afterEach(() => world.stop());

async function serve(parts: Partial<ServerParts> = {}): Promise<void> {
  const gauges = {
    store: world.store,
    connectors: { CUSTOMCRM: world.customcrm, EXACT: world.exact },
    settings: defaultSettings,
    queue,
    clock: world.clock,
    isBreakerOpen: (system: string) => system === openBreaker,
    waitingCalls,
  };
  await world.serve({ metrics, gauges, ...parts });
}

/** Every series with its value, as Prometheus reads them. */
async function scrape(headers: Record<string, string> = {}): Promise<Map<string, number>> {
  const response = await fetch(`${world.url}/metrics`, { headers });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/plain")]);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe("/metrics", () => {
  it("counts operations by kind, name and outcome", async () => {
    await serve();
    await world.given(...firms(1, 1));
    await world.send({ query: "query Names { accounts { nodes { name } } }" });
    await world.send({ query: "query Names { accounts { nodes { name } } }" });
    await world.send({ query: "{ syncRuns { id } }" });
    await world.send({ query: "query Broken { nothing }" });
    world.exact.stop();
    await world.send({ query: "query Stale { accounts(maxAge: 0) { nodes { exact { name } } } }" });
    const series = await scrape();
    const countOf = (labels: string) => series.get(`tandem_graphql_operation_seconds_count{${labels}}`);
    expect(countOf('kind="query",name="Names",outcome="ok"')).toBe(2);
    expect(countOf('kind="query",name="anonymous",outcome="ok"')).toBe(1);
    expect(countOf('kind="none",name="none",outcome="error"')).toBe(1);
    expect(countOf('kind="query",name="Stale",outcome="partial"')).toBe(1);
  });

  it("has a bounded number of names, whatever clients call their operations", async () => {
    await serve();
    for (let i = 0; i < 130; i++) await world.send({ query: `query Q${i} { __typename }` });
    await world.send({ query: `query ${"L".repeat(200)} { __typename }` });
    const names = [...(await scrape()).keys()].flatMap((key) => /^tandem_graphql_operation_seconds_count\{.*name="(\w+)"/.exec(key)?.[1] ?? []);
    expect(names).toHaveLength(101);
    expect(names).toContain("other");
  });

  it("counts what was refused, and calls to the systems by route and outcome", async () => {
    await serve();
    metrics.called({ system: "EXACT", method: "GET", route: "/crm/Accounts", status: 200, ms: 40 });
    metrics.called({ system: "EXACT", method: "GET", route: "/crm/Accounts", status: 429, ms: 5 });
    metrics.called({ system: "CUSTOMCRM", method: "PATCH", route: "/customers/{id}", status: null, ms: 5_000 });
    await world.send({ query: "{ accounts(first: 200) { nodes { contacts(first: 200) { nodes { id } } } } }" });
    const series = await scrape();
    expect(series.get('tandem_upstream_call_seconds_count{system="EXACT",method="GET",route="/crm/Accounts",outcome="2xx"}')).toBe(1);
    expect(series.get('tandem_upstream_call_seconds_count{system="EXACT",method="GET",route="/crm/Accounts",outcome="refused_429"}')).toBe(1);
    expect(series.get('tandem_upstream_call_seconds_sum{system="CUSTOMCRM",method="PATCH",route="/customers/{id}",outcome="no_answer"}')).toBe(5);
    expect(series.get('tandem_requests_refused_total{reason="items"}')).toBe(1);
  });

  it("tells of budgets, breakers, the queue, links, feeds and drift", async () => {
    await serve();
    await world.given(...firms(3, 2));
    openBreaker = "CUSTOMCRM";
    const budget = [
      { window: "minute", endpoint: null, limit: 60, remaining: 41, resetsAt: null },
      { window: "errors", endpoint: "crm/Accounts", limit: 10, remaining: 8, resetsAt: null },
      { window: "day", endpoint: null, limit: null, remaining: null, resetsAt: null },
    ];
    world.exact.state = { reachable: true, authorized: true, problem: null, budget };
    const state = { position: "1", low: "1", seen: [], epoch: null, polledAt: isoTime(world.now - 250_000), lastChangeAt: null };
    await world.store.feeds.advance("EXACT", "all", state, ["acc_1"]);
    await world.store.documents.set("compare", "EXACT:Accounts", { at: isoTime(world.now - 3_600_000), ids: ["a", "b"] }, null);
    const series = await scrape();
    expect(series.get('tandem_budget_remaining{system="EXACT",window="minute",endpoint=""}')).toBe(41);
    expect(series.get('tandem_budget_remaining{system="EXACT",window="errors",endpoint="crm/Accounts"}')).toBe(8);
    expect(series.has('tandem_budget_remaining{system="EXACT",window="day",endpoint=""}')).toBe(false);
    expect(series.get('tandem_breaker_open{system="CUSTOMCRM"}')).toBe(1);
    expect(series.get('tandem_breaker_open{system="EXACT"}')).toBe(0);
    expect(series.get('tandem_queue_jobs{kind="poll",state="waiting"}')).toBe(7);
    expect(series.get('tandem_queue_jobs{kind="run",state="waiting"}')).toBe(0);
    expect(series.get('tandem_queue_oldest_seconds{kind="poll"}')).toBe(90);
    expect(series.get('tandem_calls_waiting{class="poll"}')).toBe(3);
    expect(series.get('tandem_calls_waiting_oldest_seconds{class="poll"}')).toBe(4.5);
    expect(series.get("tandem_entities_marked")).toBe(1);
    expect(series.get("tandem_entities_overdue_seconds")).toBe(0);
    expect(series.get('tandem_links{type="ACCOUNT",state="LINKED"}')).toBe((await world.store.entities.counts("ACCOUNT")).LINKED);
    expect(series.get('tandem_links{type="ACCOUNT",state="CONFLICT"}')).toBe(0);
    expect(series.get('tandem_feed_lag_seconds{system="EXACT",feed="all"}')).toBe(250);
    expect(series.get('tandem_feed_unread{system="CUSTOMCRM",feed="all"}')).toBe(1);
    expect(series.has('tandem_feed_lag_seconds{system="CUSTOMCRM",feed="all"}')).toBe(false);
    expect(series.get('tandem_drift_records{system="EXACT",type="Accounts"}')).toBe(2);
    expect(series.get('tandem_compare_age_seconds{system="EXACT",type="Accounts"}')).toBe(3600);
  });

  it("tells how late the first of what is owed is", async () => {
    await serve();
    await world.given(...firms(1, 0));
    const [entity] = await world.store.entities.get(["account-000"]);
    if (!entity) throw new Error("no firm");
    const owed = { ...entity, nextActionAt: isoTime(world.now - 30_000) };
    await world.store.entities.commit({ put: [writeOf(dataflowOf(defaultSettings.flows, "ACCOUNT"), owed, [])] });
    const series = await scrape();
    expect([series.get("tandem_entities_due"), series.get("tandem_entities_overdue_seconds")]).toEqual([1, 30]);
  });

  it("leaves out what can't be read, says so, and has it again when it can", async () => {
    await serve();
    await world.given(...firms(1, 1));
    const { counts } = world.store.entities;
    expect((await scrape()).has('tandem_links{type="ACCOUNT",state="LINKED"}')).toBe(true);
    world.store.entities.counts = async () => Promise.reject(new Error("Redis does not answer."));
    const without = await scrape();
    expect(without.has('tandem_links{type="ACCOUNT",state="LINKED"}')).toBe(false);
    expect(without.get('tandem_metrics_unreadable_total{group="links"}')).toBe(1);
    expect(without.get('tandem_queue_jobs{kind="poll",state="waiting"}')).toBe(7);
    world.store.entities.counts = counts;
    expect((await scrape()).has('tandem_links{type="ACCOUNT",state="LINKED"}')).toBe(true);
  });

  it("names nobody: no id and no value of any record", async () => {
    await serve();
    await world.given(...firms(5, 5));
    await world.send({ query: "{ accounts { nodes { name } } }" });
    const response = await fetch(`${world.url}/metrics`);
    expect(await response.text()).not.toMatch(/Firm|acc_/);
  });
});

describe("asked for", () => {
  const apiKeys = [keyOf("prometheus", "prometheus-0123456789", ["read"]), keyOf("shop", "shop-0123456789abcdef", ["write"])];
  const closed = async (): Promise<Partial<ServerParts>> => {
    const access = new Access({ apiKeys, jwksUrl: null, jwtIssuer: null, jwtAudiences: [] }, world.clock, { warn: () => {} });
    return { doorkeeper: new Doorkeeper({ access, counter: null, ratePerMinute: null, clock: world.clock }), monitoring: "read" };
  };
  const get = async (path: string, secret?: string) => {
    const response = await fetch(`${world.url}${path}`, { headers: secret ? { authorization: `Bearer ${secret}` } : {} });
    return { status: response.status, asks: response.headers.get("www-authenticate"), text: await response.text() };
  };

  it("metrics are for callers with the scope read, and refused with GraphQL's codes", async () => {
    await serve(await closed());
    const none = await get("/metrics");
    expect([none.status, none.asks, JSON.parse(none.text)]).toMatchObject([
      401,
      expect.stringContaining("Basic"),
      { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] },
    ]);
    const other = await get("/metrics", "shop-0123456789abcdef");
    expect([other.status, JSON.parse(other.text)]).toMatchObject([403, { errors: [{ extensions: { code: "FORBIDDEN" } }] }]);
    expect((await get("/metrics", "prometheus-0123456789")).text).toContain("tandem_links");
  });

  it("health tells others only whether it is ready", async () => {
    await serve(await closed());
    world.exact.state = { ...world.exact.state, authorized: false };
    for (const secret of [undefined, "shop-0123456789abcdef", "wrong-0123456789abcdef"]) {
      expect(await get("/health/ready", secret)).toMatchObject({ status: 503, text: '{"ready":false}' });
    }
    expect((await get("/health/ready", "prometheus-0123456789")).text).toContain("An operator must connect it.");
    expect((await get("/health/live")).status).toBe(200);
  });

  it("both are open where nothing else is said", async () => {
    await serve({ ...(await closed()), monitoring: "open" });
    expect((await get("/metrics")).status).toBe(200);
    expect((await get("/health/ready")).text).toContain("systems");
  });
});

describe("/health/ready", () => {
  it("tells of feeds that lie behind, and why; they keep nobody from being ready", async () => {
    await serve({ feedIntervalMs: 60_000 });
    const state = { position: "1", low: "1", seen: [], epoch: null, polledAt: isoTime(world.now - 60_000), lastChangeAt: null };
    await world.store.feeds.advance("EXACT", "all", state, []);
    const feeds = async () => (await (await fetch(`${world.url}/health/ready`)).json()) as { feeds: object[]; ready: boolean };
    expect(await feeds()).toMatchObject({
      ready: true,
      feeds: [
        { system: "CUSTOMCRM", feed: "all", polledAt: null, late: true, reason: "It has not been read to its end yet." },
        { system: "EXACT", feed: "all", polledAt: state.polledAt, late: false, reason: null },
      ],
    });
    world.now += 121_000;
    const { ready, feeds: after } = await feeds();
    expect([ready, after[1]]).toMatchObject([
      true,
      { late: true, reason: "It was last read 181 s ago, though it is read every 60 s. See whether a worker runs, and what the system's problem is." },
    ]);
  });

  it("says what troubles a system that lets the gateway in", async () => {
    await serve();
    const problem = { code: "SYSTEM_UNAVAILABLE" as const, message: "Exact Online did not answer.", since: isoTime(world.now) };
    world.exact.state = { reachable: false, authorized: true, problem, budget: [] };
    expect(await (await fetch(`${world.url}/health/ready`)).json()).toMatchObject({
      ready: true,
      systems: { EXACT: { problem: "Exact Online did not answer." } },
    });
  });
});

describe("each request", () => {
  it("has an id, its own or a new one, in its answer and in every line of the log that it causes", async () => {
    const lines: Record<string, unknown>[] = [];
    await serve({ log: createLog("debug", { write: (line: string) => void lines.push(JSON.parse(line)) }) });
    const send = (headers: Record<string, string>) =>
      fetch(`${world.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ query: "query Mine { syncRuns { id } }" }),
      });
    expect((await send({ "x-request-id": "order-17" })).headers.get("x-request-id")).toBe("order-17");
    const bad = (await send({ "x-request-id": "a b\tc" })).headers.get("x-request-id");
    expect(bad).toMatch(/^[0-9a-f-]{36}$/);
    const own = (await send({})).headers.get("x-request-id");
    expect(own).not.toBe(bad);
    expect(lines.filter(({ requestId }) => requestId === "order-17")).toMatchObject([{ operation: "query", name: "Mine", ms: expect.any(Number) }]);
  });
});
