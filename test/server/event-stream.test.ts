import { once } from "node:events";
import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firms, World } from "../resolvers/helpers.js";
import { type Client, publish, type Subscribed, sseClient, updated } from "./clients.js";

let world: World;
const clients: Client[] = [];
beforeEach(() => {
  world = new World();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.dispose();
  await world.stop();
});

function connect(...rest: [path?: string, headers?: Record<string, string>]): Client {
  const client = sseClient(world.url, ...rest);
  clients.push(client);
  return client;
}

const changed =
  "subscription Watch($types: [EntityType!], $ids: [ID!]) { entityChanged(types: $types, ids: $ids) { id kind entity { ... on Account { name } } } }";

async function isWatching(subscribed: Subscribed): Promise<void> {
  await expect
    .poll(async () => {
      await publish(world.store.events, updated("account-000"));
      return subscribed.told.length;
    })
    .toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  subscribed.told.length = 0;
}

describe("a subscription by graphql-sse", () => {
  it.each(["/graphql", "/graphql/stream"])("is told of a change at %s", async (path) => {
    await world.serve();
    await world.given(...firms(2, 0));
    const watcher = connect(path).subscribe(changed, { ids: ["account-000", "account-001"] });
    await isWatching(watcher);
    await publish(world.store.events, updated("account-001"));
    await expect.poll(() => watcher.told).toEqual([{ data: { entityChanged: { id: "account-001", kind: "UPDATED", entity: { name: "Firm 001" } } } }]);
  });

  it("leaves nothing behind when it is ended", async () => {
    await world.serve();
    let listeners = 0;
    const subscribe = world.store.events.subscribe.bind(world.store.events);
    world.store.events.subscribe = (handler) => {
      listeners++;
      const leave = subscribe(handler);
      return () => {
        listeners--;
        leave();
      };
    };
    const watcher = connect().subscribe(changed);
    await isWatching(watcher);
    expect(listeners).toBe(1);
    watcher.stop();
    await expect.poll(() => listeners).toBe(0);
  });

  it("is told in the stream why it was refused", async () => {
    await world.serve();
    const refused = connect().subscribe("subscription { everything { id } }");
    await expect.poll(refused.end).toBeNull();
    expect(refused.told).toMatchObject([{ errors: [{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }] }]);
  });

  it("is ended without its last word when the server stops, so that the client goes on elsewhere", async () => {
    await world.serve();
    const watcher = connect().subscribe(changed);
    await isWatching(watcher);
    const before = Date.now();
    await world.stop();
    expect(Date.now() - before).toBeLessThan(3_000);
    await expect.poll(watcher.end).toBeInstanceOf(Error);
  });
});

describe("other operations by graphql-sse", () => {
  it("are answered as over HTTP", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
    const query = "{ accounts { nodes { name } } }";
    const asked = connect().subscribe(query);
    await expect.poll(asked.end).toBeNull();
    expect(asked.told).toEqual([{ data: (await world.send({ query })).data }]);
  });

  it("can't change anything by GET, which a page of another site could send", async () => {
    await world.serve();
    const query = encodeURIComponent('mutation { cancelSync(id: "run-1") { run { id } } }');
    const response = await fetch(`${world.url}/graphql/stream?query=${query}`);
    expect(await response.text()).toContain("A GET can't carry a mutation");
  });

  it("are taken as JSON only", async () => {
    await world.serve();
    const init = { method: "POST", headers: { accept: "text/event-stream", "content-type": "text/plain" }, body: '{"query":"{ syncRuns { id } }"}' };
    expect((await fetch(`${world.url}/graphql/stream`, init)).status).toBe(415);
  });
});

describe("what a client accepts at /graphql", () => {
  const typeOf = async (accept: string, query: string) => {
    const controller = new AbortController();
    const headers = { accept, "content-type": "application/json" };
    const response = await fetch(`${world.url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }), signal: controller.signal });
    const type = response.headers.get("content-type")?.split(";")[0];
    const body = type === "application/json" ? ((await response.json()) as { errors?: { message: string }[] }) : {};
    controller.abort();
    return [response.status, type, body.errors?.[0]?.message];
  };
  const all = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
  const query = "{ syncRuns { id } }";
  const subscription = "subscription { entityChanged { id } }";

  it.each([
    ["events", "text/event-stream", query, [200, "text/event-stream", undefined]],
    ["events and parts, as some clients say for subscriptions", "text/event-stream, multipart/mixed", subscription, [200, "text/event-stream", undefined]],
    ["everything, with a subscription", all, subscription, [200, "text/event-stream", undefined]],
    ["everything, with a query", all, query, [200, "application/graphql-response+json", undefined]],
    ["JSON, with a query", "application/json", query, [200, "application/json", undefined]],
    [
      "JSON, with a subscription, which is told where to go",
      "application/json",
      subscription,
      [400, "application/json", expect.stringMatching(/^A subscription needs a connection that stays open: use graphql-ws/)],
    ],
  ])("decides the form of the answer: %s", async (_what, accept, document, expected) => {
    await world.serve();
    expect(await typeOf(accept, document)).toEqual(expected);
  });
});

describe("a client that does not take what is sent", () => {
  async function stuck(streaming: { waiting?: number; stalledMs?: number }) {
    await world.serve({ streaming });
    const [firm] = firms(1, 0);
    if (!firm) throw new Error("no firm");
    await world.given({ ...firm, customcrm: { Id: "C000", Name: "Firm 000", Description: "x".repeat(500_000) } });
    const body = JSON.stringify({ query: "subscription { entityChanged { id entity { ... on Account { description } } } }" });
    const headers = { accept: "text/event-stream", "content-type": "application/json" };
    const asked = request(`${world.url}/graphql/stream`, { method: "POST", headers });
    asked.on("error", () => {});
    asked.end(body);
    const [response] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
    const text: string[] = [];
    response.setEncoding("utf8").on("data", (chunk: string) => text.push(chunk));
    response.on("error", () => {});
    await expect
      .poll(async () => {
        await publish(world.store.events, updated("account-000"));
        return text.join("").includes("event: next");
      })
      .toBe(true);
    response.pause();
    for (let i = 0; i < 100; i++) {
      await publish(world.store.events, updated("account-000"));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return { response, text };
  }

  it("is dropped with a reason, once it takes something again", async () => {
    const { response, text } = await stuck({ waiting: 20 });
    response.resume();
    await once(response, "end");
    const events = text
      .join("")
      .split("\n\n")
      .filter((event) => event.startsWith("event:"));
    expect(events.at(-1)).toContain("event: complete");
    expect(events.at(-2)).toContain("SLOW_SUBSCRIBER");
    expect(events.length).toBeLessThan(100);
  });

  it("is cut off, if it never does", async () => {
    const { response } = await stuck({ waiting: 20, stalledMs: 200 });
    await expect.poll(() => world.log.map(({ msg }) => msg)).toContain("A subscriber took nothing for too long, and was cut off.");
    response.resume();
    await expect.poll(() => response.closed).toBe(true);
    expect(response.complete).toBe(false);
  });
});
