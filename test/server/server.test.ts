import { createServer } from "node:http";
import type { FastifyInstance } from "fastify";
import { parse, validate } from "graphql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../../src/domain/errors.js";
import { createLog } from "../../src/log.js";
import { buildTandemSchema } from "../../src/resolvers/build-schema.js";
import type { ResolverParts } from "../../src/resolvers/parts.js";
import { firstQuery } from "../../src/server/explorer.js";
import { firms, startWorld, World } from "../resolvers/helpers.js";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${world.url}${path}`, { headers });
const post = (body: string, headers: Record<string, string>) => fetch(`${world.url}/graphql`, { method: "POST", headers, body });
const json = { "content-type": "application/json" };

describe("health", () => {
  it("is live and ready when the store answers and both systems let it in", async () => {
    await world.serve();
    expect([(await get("/health/live")).status, (await get("/health/ready")).status]).toEqual([200, 200]);
    expect(await (await get("/health/ready")).json()).toEqual({
      ready: true,
      reasons: [],
      store: "memory",
      systems: { CUSTOMCRM: { authorized: true, reachable: true }, EXACT: { authorized: true, reachable: true } },
    });
  });

  it("is ready while a system does not answer: queries are answered without it", async () => {
    await world.serve();
    world.exact.state = { ...world.exact.state, reachable: false };
    const response = await get("/health/ready");
    expect([response.status, await response.json()]).toMatchObject([200, { ready: true, systems: { EXACT: { reachable: false } } }]);
  });

  it("says everything that keeps it from being ready, and stays live", async () => {
    await world.serve({ reasonsNotReady: async () => ["The first links are being made."] });
    world.store.ping = async () => {
      throw new StoreUnavailableError("Redis does not answer.");
    };
    const since = "2026-03-01T10:00:00.000Z";
    world.exact.state = {
      reachable: true,
      authorized: false,
      problem: { code: "NOT_AUTHORIZED", message: "Connect Exact Online at /auth/exact.", since },
      budget: [],
    };
    world.customcrm.state = { reachable: true, authorized: false, problem: null, budget: [] };
    const response = await get("/health/ready");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      ready: false,
      reasons: [
        "Redis does not answer.",
        "CUSTOMCRM does not let the gateway in. An operator must connect it.",
        "Connect Exact Online at /auth/exact.",
        "The first links are being made.",
      ],
    });
    expect((await get("/health/live")).status).toBe(200);
  });
});

describe("the explorer", () => {
  it("opens with a page that tries Apollo Sandbox and knows the way to the other one", async () => {
    await world.serve();
    const response = await get("/");
    const html = await response.text();
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(html).toContain("embeddable-sandbox");
    expect(html).toContain('location.replace("/explorer")');
  });

  it("has GraphiQL in one page, zipped for who takes it", async () => {
    await world.serve();
    const response = await get("/explorer", { "accept-encoding": "identity" });
    const html = await response.text();
    expect(html).toContain("/graphql");
    expect(html.match(/<(script|link)[^>]*(src|href)="https?:/g)).toBeNull();
    const zipped = await get("/explorer");
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect((await zipped.text()).length).toBe(html.length);
  });

  it("begins with a query that this schema answers", async () => {
    const schema = buildTandemSchema({} as ResolverParts);
    expect(validate(schema, parse(firstQuery))).toEqual([]);
    await world.serve();
    await world.given(...firms(1, 1));
    expect(await world.send({ query: firstQuery })).toMatchObject({ errors: [], data: { accounts: { totalCount: 1, nodes: [{ name: "Firm 000" }] } } });
  });
});

describe("/graphql", () => {
  it("answers a GET that says it is no form of another site", async () => {
    await world.serve();
    const query = `/graphql?query=${encodeURIComponent("{ syncRuns { id } }")}`;
    expect((await get(query)).status).toBe(400);
    expect(await (await get(query, { "apollo-require-preflight": "1" })).json()).toEqual({ data: { syncRuns: [] } });
  });

  it.each([
    ["text instead of JSON", "{ syncRuns { id } }", { "content-type": "text/plain" }, 415],
    ["half a body", '{ "query": ', json, 400],
    ["no query", "{}", json, 400],
  ])("refuses %s in the form of a GraphQL answer", async (_what, body, headers, status) => {
    await world.serve();
    const response = await post(body, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.any(String), extensions: { code: "BAD_REQUEST" } }] });
  });

  it("can be introspected", async () => {
    await world.serve();
    expect(await world.send({ query: "{ __schema { queryType { name } } }" })).toMatchObject({
      data: { __schema: { queryType: { name: "Query" } } },
      errors: [],
    });
  });
});

describe("the server", () => {
  it("tells of a fault in any of its routes by an id that the log has, and by nothing else", async () => {
    const lines: string[] = [];
    const broken = async (app: FastifyInstance) => {
      app.get("/broken", async () => {
        throw new TypeError("The secret of Eva Vos can't be read.");
      });
    };
    await world.serve({ routes: [broken], log: createLog("info", { write: (line: string) => void lines.push(line) }), newId: () => "fault-1" });
    const response = await get("/broken");
    expect([response.status, await response.json()]).toEqual([
      500,
      {
        errors: [
          {
            message: "Something went wrong inside the gateway. Its log tells what, under fault-1.",
            extensions: { code: "INTERNAL_SERVER_ERROR", errorId: "fault-1" },
          },
        ],
      },
    ]);
    expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ errorId: "fault-1", route: "/broken", err: expect.objectContaining({ type: "TypeError" }) }),
    );
  });

  it("rejects when its port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await expect(world.serve({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await new Promise((resolve) => other.close(resolve));
  });

  it("answers what is under way before it stops, and can be stopped twice", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
    let open = () => {};
    world.exact.gate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = world.send({ query: "{ accounts(maxAge: 0) { nodes { name } } }" });
    await expect.poll(() => world.exact.calls).toHaveLength(1);
    const stopped = Promise.all([world.stop(), world.stop()]);
    open();
    expect(await asked).toMatchObject({ errors: [], data: { accounts: { nodes: [{ name: "Firm 000" }] } } });
    await stopped;
    await expect(get("/health/live")).rejects.toThrow();
  });

  it("says that it is not ready while it drains, still answers, and ends each connection with its answer", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
    expect([(await get("/health/ready")).status, (await get("/health/live")).headers.get("connection")]).toEqual([200, "keep-alive"]);
    world.drain();
    const ready = await get("/health/ready");
    expect([ready.status, ((await ready.json()) as { reasons: string[] }).reasons]).toEqual([503, ["The gateway is stopping: send requests to another one."]]);
    expect((await get("/health/live")).headers.get("connection")).toBe("close");
    expect(await world.send({ query: "{ accounts { nodes { name } } }" })).toMatchObject({ status: 200, errors: [] });
  });

  it("serves further routes beside its own", async () => {
    world = await startWorld({
      routes: [
        async (app) => {
          app.get("/auth/exact", async () => "consent");
        },
      ],
    });
    expect(await (await get("/auth/exact")).text()).toBe("consent");
  });
});
