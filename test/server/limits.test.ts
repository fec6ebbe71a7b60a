import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { getIntrospectionQuery, parse } from "graphql";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../src/domain/limits.js";
import { Access } from "../../src/server/access.js";
import { Doorkeeper, type RateCounter } from "../../src/server/doorkeeper.js";
import { firstQuery } from "../../src/server/explorer.js";
import { oversizeOf } from "../../src/server/limits.js";
import { MemoryRateCounter } from "../../src/store/rate-counter.js";
import { RedisRateCounter } from "../../src/store/rate-counter-redis.js";
import { RedisStore } from "../../src/store/redis.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { firms, World } from "../resolvers/helpers.js";
import { keyOf } from "./access-helpers.js";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

const many = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i)).join(" ");
const post = async (body: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${world.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown> & { errors?: { message: string; extensions: object }[] },
  };
};

describe("an operation that asks for too much", () => {
  const deep = (levels: number) => `{ accounts { nodes { ${"contacts { nodes { account { ".repeat(levels)} name ${"} } }".repeat(levels)} } } }`;
  const loop = (count: number) => `{ ${many(count, (i) => `a${i}: syncRun(id: "${i}") { id }`)} }`;

  it.each<[string, string, string, number, number]>([
    ["depth", "levels deep", deep(7), 24, limits.request.maxDepth],
    ["aliases", "aliases", loop(101), 101, limits.request.maxAliases],
    [
      "aliases",
      "aliases",
      `{ accounts { nodes { ${many(11, (i) => `... on Account { link { ...L } contacts { nodes { n${i}: id link { ...L } } } }`)} } } } fragment L on Link { ${many(10, (i) => `s${i}: state`)} }`,
      231,
      limits.request.maxAliases,
    ],
    ["breadth", "fields beside each other", `{ accounts { nodes { ${many(101, () => "name city")} } } }`, 202, limits.request.maxBreadth],
    [
      "breadth",
      "fields beside each other",
      `{ accounts { nodes { ${many(5, () => "...A")} } } } fragment A on Account { ${many(41, () => "name")} }`,
      205,
      limits.request.maxBreadth,
    ],
    [
      "selections",
      "selects",
      `{ ${many(60, () => "accounts { nodes { ...A } }")} } fragment A on Account { ${many(90, () => "name")} }`,
      60 * 92,
      limits.request.maxSelections,
    ],
  ])("is refused for its %s, with how much and the limit", async (what, words, query, got, limit) => {
    await world.serve();
    const { status, body } = await post({ query });
    expect(status).toBe(400);
    const error = body.errors?.find(({ extensions }) => "what" in extensions);
    expect(error).toMatchObject({ extensions: { code: "REQUEST_TOO_LARGE", what, got, limit } });
    expect(error?.message).toContain(words);
    expect(error?.message).toContain(String(limit));
    expect(body.data).toBeUndefined();
  });

  it("is refused for its tokens before it is parsed to the end", async () => {
    await world.serve();
    const { status, body } = await post({ query: `{ accounts { nodes { ${many(limits.request.maxTokens, () => "name")} } } }` });
    expect(status).toBe(400);
    const { maxTokens: limit } = limits.request;
    expect(body.errors).toMatchObject([
      { message: `The document has more than the ${limit} tokens that are taken.`, extensions: { code: "REQUEST_TOO_LARGE", what: "tokens", limit } },
    ]);
  });

  it("is measured in no time, however its fragments are nested", () => {
    const bomb = `{ a { ...F0 } } ${many(300, (i) => `fragment F${i} on A { a { ...F${i + 1} ...F${i + 1} } b { ...F${i + 1} } }`)} fragment F300 on A { a }`;
    const began = performance.now();
    expect(oversizeOf(parse(bomb))).not.toBeNull();
    expect(oversizeOf(parse("{ a { ...F } } fragment F on A { a { ...G } } fragment G on A { ...F }"))).toBeNull();
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("is taken at each limit", async () => {
    await world.serve();
    const deepest = `{ accounts { nodes { ${"link { entity { ... on Account { ".repeat(8)} name ${"} } }".repeat(8)} } } }`;
    for (const query of [deepest, loop(100), `{ accounts { nodes { ${many(100, () => "name city")} } } }`]) {
      expect((await post({ query })).body.errors).toBeUndefined();
    }
  });

  it("is not what explorers and routers send", async () => {
    await world.serve();
    for (const query of [getIntrospectionQuery(), firstQuery, "{ _service { sdl } }"]) expect((await post({ query })).body.errors).toBeUndefined();
  });
});

describe("lists within lists", () => {
  const itemsOf = async (query: string, variables?: object) => {
    const { body } = await post({ query, variables });
    const facts = body.errors?.[0]?.extensions as { what?: string; got?: number; limit?: number } | undefined;
    return facts?.what === "items" ? facts.got : null;
  };

  it.each<[string, string, object | undefined, number]>([
    ["as they stand there", "{ accounts(first: 200) { nodes { contacts(first: 200) { nodes { id } } } } }", undefined, 200 * 201],
    ["in variables", "query ($n: Int!) { accounts(first: $n) { nodes { contacts(first: $n) { nodes { id } } } } }", { n: 180 }, 180 * 181],
    [
      "in a variable's default",
      "query ($n: Int = 170) { accounts(first: $n) { edges { node { contacts(first: $n) { nodes { id } } } } } }",
      undefined,
      170 * 171,
    ],
    [
      "where nothing is said",
      "{ accounts(first: 200) { nodes { contacts { nodes { account { products { nodes { id } } } } } } } }",
      undefined,
      200 * (1 + 50 * 51),
    ],
    ["in fragments", "{ accounts(first: 200) { nodes { ...A } } } fragment A on Account { contacts(first: 150) { nodes { id } } }", undefined, 200 * 151],
    [
      "beside each other",
      `{ ${many(90, (i) => `a${i}: accounts(first: 200) { nodes { id } }`)} b: accounts(first: 199) { nodes { contacts(first: 50) { nodes { id } } } } }`,
      undefined,
      90 * 200 + 199 * 51,
    ],
    [
      "of ids",
      "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Account { contacts(first: 200) { nodes { id } } } } }",
      { ids: Array(150).fill("acc_1") },
      150 * 201,
    ],
    [
      "of a router",
      "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Account { contacts(first: 200) { nodes { id } } } } }",
      { r: Array(200).fill({ __typename: "Account", id: "acc_1" }) },
      200 * 201,
    ],
  ])("are refused when their `first`, multiplied, gives too much: %s", async (_where, query, variables, got) => {
    await world.serve();
    await world.given(...firms(1, 1));
    expect(await itemsOf(query, variables)).toBe(got);
    expect([...world.exact.calls, ...world.customcrm.calls]).toEqual([]);
  });

  it("are answered where they stay below, and a page that is too large says so itself", async () => {
    await world.serve();
    expect(await itemsOf("{ accounts(first: 200) { nodes { contacts { nodes { id } } products { nodes { id } } } } }")).toBeNull();
    const { body } = await post({ query: "{ accounts(first: 100000) { nodes { id } } }" });
    expect(body.errors).toMatchObject([
      { message: "`first` must be between 1 and 200; got 100000.", extensions: { code: "BAD_USER_INPUT", what: "first", got: 100_000, limit: 200 } },
    ]);
  });

  it("are refused with a sentence that says what to do", async () => {
    await world.serve();
    const { status, body } = await post({ query: "{ accounts(first: 200) { nodes { contacts(first: 200) { nodes { id } } } } }" });
    expect(status).toBe(400);
    expect(body.errors?.[0]?.message).toBe(
      "The operation may give 40200 items, the `first` of its lists multiplied; at most 25000 are taken. Ask for smaller pages.",
    );
  });
});

describe("a batch", () => {
  it("is answered in its order, each operation by itself", async () => {
    await world.serve();
    await world.given(...firms(1, 1));
    world.exact.stop();
    const { body } = await post([
      { query: "{ accounts(maxAge: 0) { nodes { exact { name } } } }" },
      { query: "{ syncRuns { id } }" },
      { query: "{ nothing }" },
    ]);
    expect(body).toMatchObject([
      { data: { accounts: { nodes: [{ exact: { name: "Firm 000" } }] } }, errors: [{ extensions: { system: "EXACT" } }] },
      { data: { syncRuns: [] } },
      { errors: [{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }] },
    ]);
    expect((body as unknown as object[])[1]).not.toHaveProperty("errors");
  });

  it("of more operations than are taken is refused, with how many", async () => {
    await world.serve();
    expect((await post(Array(limits.request.maxBatch).fill({ query: "{ __typename }" }))).status).toBe(200);
    const { status, body } = await post(Array(limits.request.maxBatch + 1).fill({ query: "{ __typename }" }));
    expect(status).toBe(400);
    expect(body).toMatchObject({
      errors: [{ message: "The batch has 11 operations; at most 10 are taken.", extensions: { code: "REQUEST_TOO_LARGE", got: 11, limit: 10 } }],
    });
  });
});

describe("a request that takes too long to arrive", () => {
  it.each([
    ["body", "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"],
    ["head", "POST /graphql HTTP/1.1\r\nhost: localhost\r\n"],
  ])("is cut off, if only its %s began", async (_what, text) => {
    await world.serve({ arrivalMs: 300 });
    const { hostname, port } = new URL(world.url);
    const began = performance.now();
    const answer = await new Promise<string>((resolve) => {
      let said = "";
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on("data", (chunk) => {
        said += chunk;
      });
      socket.on("close", () => resolve(said));
    });
    const told = { message: "The request did not arrive whole within 0.3 s.", extensions: { code: "REQUEST_TIMEOUT", what: "ms to arrive", limit: 300 } };
    expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\nConnection: close\r\n/);
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toEqual({ errors: [told] });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("is refused at once when its body says that it will be too long", async () => {
    await world.serve();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": 10_000_000 };
      const request = httpRequest(`${world.url}/graphql`, { method: "POST", headers }, (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on("error", reject);
      request.write("{");
    });
    expect(status).toBe(413);
  });
});

describe("how often a client asks", () => {
  const apiKeys = [keyOf("shop", "shop-0123456789abcdef"), keyOf("ops", "ops-0123456789abcdefg")];
  const serve = async (counter: RateCounter = new MemoryRateCounter(), ratePerMinute: number | null = 5) => {
    const access = new Access({ apiKeys, jwksUrl: null, jwtIssuer: null, jwtAudiences: [] }, world.clock, { warn: () => {} });
    await world.serve({ doorkeeper: new Doorkeeper({ access, counter, ratePerMinute, clock: world.clock }) });
  };
  const ask = (secret: string, body: unknown = { query: "{ __typename }" }) => post(body, { authorization: `Bearer ${secret}` });
  const statuses = async (count: number, secret: string) => {
    const all: number[] = [];
    for (let i = 0; i < count; i++) all.push((await ask(secret)).status);
    return all;
  };

  it("is limited, with when to come again; others don't suffer, and time heals", async () => {
    await serve();
    expect(await statuses(6, "shop-0123456789abcdef")).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = await ask("shop-0123456789abcdef");
    const after = Number(refused.headers.get("retry-after"));
    expect(after).toBeGreaterThan(0);
    expect(refused.body).toMatchObject({
      errors: [
        {
          message: `A client may send 5 operations a minute. Try again in ${after} s.`,
          extensions: { code: "TOO_MANY_REQUESTS", what: "operations a minute", limit: 5, retryAfterSeconds: after },
        },
      ],
    });
    expect(await statuses(1, "ops-0123456789abcdefg")).toEqual([200]);
    world.now += (after - 1) * 1000;
    expect(await statuses(1, "shop-0123456789abcdef")).toEqual([429]);
    world.now += 1000;
    expect(await statuses(2, "shop-0123456789abcdef")).toEqual([200, 429]);
  });

  it("counts each operation of a batch", async () => {
    await serve();
    expect((await ask("shop-0123456789abcdef", Array(4).fill({ query: "{ __typename }" }))).status).toBe(200);
    expect((await ask("shop-0123456789abcdef", Array(2).fill({ query: "{ __typename }" }))).status).toBe(429);
    expect(await statuses(2, "shop-0123456789abcdef")).toEqual([200, 429]);
  });

  it("has a limit for guesses of credentials too, which keeps nobody out who has one", async () => {
    await serve(undefined, null);
    const guesses = await Promise.all(Array.from({ length: 130 }, (_, i) => ask(`guess-${i}-0123456789`)));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(120);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(10);
    expect(await statuses(1, "shop-0123456789abcdef")).toEqual([200]);
  });

  it("is not held against anybody while nobody can count", async () => {
    await serve({ take: async () => Promise.reject(new Error("Redis does not answer.")) });
    expect(await statuses(7, "shop-0123456789abcdef")).toEqual(Array(7).fill(200));
  });
});

const walk: readonly (readonly [client: string, amount: number, now: number])[] = Array.from({ length: 400 }, (_, i) => [
  `client-${i % 3}`,
  1 + ((i * 7) % 4) * (i % 11 === 0 ? 9 : 1),
  1_700_000_000_000 + i * 700 + ((i * 7919) % 1300),
]);

describeWithRedis("the counter on Redis", () => {
  let redis: TestRedis;
  let store: RedisStore;
  beforeAll(async () => {
    redis = await startRedis();
    store = await RedisStore.connect({ url: redis.url, tenant: redis.newTenant(), encryptionKey: "k".repeat(32) });
  });
  afterAll(async () => {
    await store.stop();
    await redis.stop();
  });

  it("says what its twin in memory says, call by call", async () => {
    const memory = new MemoryRateCounter();
    const onRedis = new RedisRateCounter(store.client, store.keys);
    const said: [number, number][] = [];
    for (const [client, amount, now] of walk)
      said.push([await memory.take(client, amount, 20, 10_000, now), await onRedis.take(client, amount, 20, 10_000, now)]);
    expect(said.filter(([one, other]) => one !== other)).toEqual([]);
    expect(said.filter(([one]) => one > 0).length).toBeGreaterThan(20);
    expect(said.filter(([one]) => one === 0).length).toBeGreaterThan(100);
  });

  it("is one for all replicas, and forgets clients that are gone", async () => {
    const replicas = [new RedisRateCounter(store.client, store.keys), new RedisRateCounter(store.client, store.keys)];
    const now = Date.now();
    const waits = await Promise.all(Array.from({ length: 30 }, (_, i) => replicas[i % 2]?.take("many", 1, 20, 60_000, now)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(20);
    const ttl = await store.client.pTTL(store.keys.other("rate:many"));
    expect(ttl).toBeGreaterThan(60_000);
    expect(ttl).toBeLessThanOrEqual(120_000);
  });
});

it("lets as much through in any window as the limit says, give or take what slides", async () => {
  const counter = new MemoryRateCounter();
  const taken: number[] = [];
  for (let now = 0; now < 600_000; now += 100) if ((await counter.take("one", 1, 50, 60_000, now)) === 0) taken.push(now);
  const most = Math.max(...taken.map((from) => taken.filter((at) => at >= from && at < from + 60_000).length));
  expect(most).toBeLessThanOrEqual(2 * 50);
  expect(taken.length).toBeGreaterThanOrEqual(9 * 50);
  expect(taken.length).toBeLessThanOrEqual(11 * 50);
});
