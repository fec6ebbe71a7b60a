import { once } from "node:events";
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Run } from "../../src/domain/run.js";
import type { Caller } from "../../src/server/access.js";
import type { Incoming } from "../../src/server/incoming.js";
import { refusal } from "../../src/server/refusal.js";
import { firms, World } from "../resolvers/helpers.js";
import { type Client, publish, type Subscribed, updated, wsClient } from "./clients.js";

let world: World;
const clients: Client[] = [];
beforeEach(() => {
  world = new World();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.dispose();
  await world.stop();
});

function connect(options?: Parameters<typeof wsClient>[1]): Client {
  const client = wsClient(world.url, options);
  clients.push(client);
  return client;
}

const changed = "subscription Watch($types: [EntityType!], $ids: [ID!]) { entityChanged(types: $types, ids: $ids) { id kind fields entity { id } } }";

/** Until the server listens for it; by then nothing is missed. */
async function isWatching(subscribed: Subscribed, store = world.store): Promise<void> {
  await expect
    .poll(async () => {
      await publish(store.events, updated("account-000", { fields: ["ready"] }));
      return subscribed.told.length;
    })
    .toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  subscribed.told.length = 0;
}

describe("a subscription by graphql-ws", () => {
  it("is told of a change, with the entity as it is now", async () => {
    await world.serve();
    await world.given(...firms(2, 0));
    const watcher = connect().subscribe(
      "subscription { entityChanged { id type kind state source fields at entity { id link { state } ... on Account { name city } } } }",
    );
    await isWatching(watcher);
    await publish(world.store.events, updated("account-001"));
    await expect
      .poll(() => watcher.told)
      .toEqual([
        {
          data: {
            entityChanged: {
              id: "account-001",
              type: "ACCOUNT",
              kind: "UPDATED",
              state: "LINKED",
              source: "EXACT",
              fields: ["name"],
              at: "2026-03-01T12:00:00.000Z",
              entity: { id: "account-001", link: { state: "LINKED" }, name: "Firm 001", city: null },
            },
          },
        },
      ]);
  });

  it("is told only of the types and ids that it names, a former id among them", async () => {
    await world.serve();
    await world.given(...firms(3, 1));
    const [joined] = await world.store.entities.get(["account-001"]);
    await world.store.entities.commit({ put: [], remove: [{ id: "account-001", revision: joined?.revision ?? 0, into: "account-000" }] });
    const client = connect();
    const former = client.subscribe(changed, { ids: ["account-001"] });
    const contacts = client.subscribe(changed, { types: ["CONTACT"] });
    await isWatching(former);
    for (const id of ["account-002", "account-000"]) await publish(world.store.events, updated(id));
    await publish(world.store.events, updated("contact-000-0", { type: "CONTACT" }));
    await expect.poll(() => [former.told.length, contacts.told.length]).toEqual([1, 1]);
    expect(former.told[0]?.data?.entityChanged).toMatchObject({ id: "account-000", entity: { id: "account-000" } });
    expect(contacts.told[0]?.data?.entityChanged).toMatchObject({ id: "contact-000-0" });
  });

  it("has neither entity nor state of what is gone", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
    const watcher = connect().subscribe("subscription { entityChanged { id kind state entity { id } } }");
    await isWatching(watcher);
    await publish(world.store.events, updated("account-000", { kind: "DELETED" }));
    await expect.poll(() => watcher.told[0]?.data?.entityChanged).toEqual({ id: "account-000", kind: "DELETED", state: null, entity: null });
  });

  it("reads what an event names once for all who are told of it, and anew for the next event", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
    const client = connect();
    const watchers = Array.from({ length: 30 }, () => client.subscribe(changed, { types: ["ACCOUNT"] }));
    for (const watcher of watchers) await isWatching(watcher);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const watcher of watchers) watcher.told.length = 0;
    const reads: unknown[] = [];
    const get = world.store.entities.get.bind(world.store.entities);
    world.store.entities.get = async (ids) => {
      reads.push(ids);
      return get(ids);
    };
    for (let event = 1; event <= 2; event++) {
      await publish(world.store.events, updated("account-000"));
      await expect.poll(() => watchers.every(({ told }) => told.length === event)).toBe(true);
    }
    expect(reads).toEqual([["account-000"], ["account-000"]]);
  });

  it("follows a run to its end", async () => {
    await world.serve();
    const run: Run = {
      id: "run-1",
      mode: "FULL",
      dryRun: false,
      types: ["ACCOUNT"],
      state: "RUNNING",
      startedAt: "2026-03-01T12:00:00.000Z",
      finishedAt: null,
      progress: { read: 1, total: 9, linked: 0, created: 0, updated: 0, deleted: 0, unchanged: 0, review: 0, failed: 0, etaSeconds: null },
      cost: [],
      problem: null,
      cancelRequested: false,
    };
    await world.store.documents.set("run", run.id, run, 0);
    const watcher = connect().subscribe('subscription { syncProgress(runId: "run-1") { id state progress { read } } }');
    await expect.poll(() => watcher.told).toEqual([{ data: { syncProgress: { id: "run-1", state: "RUNNING", progress: { read: 1 } } } }]);
    await world.store.documents.set("run", run.id, { ...run, state: "DONE" }, 1);
    await world.store.events.publish({ topic: "run", runId: run.id });
    await expect.poll(watcher.end).toBeNull();
    expect(watcher.told.at(-1)).toMatchObject({ data: { syncProgress: { state: "DONE" } } });
  });

  it.each([
    ["a run that there is not", 'subscription { syncProgress(runId: "x") { id } }', "There is no run x.", "BAD_USER_INPUT"],
    ["what is not in the schema", "subscription { everything { id } }", 'Cannot query field "everything" on type "Subscription".', "GRAPHQL_VALIDATION_FAILED"],
    ["half a document", "subscription {", "Syntax Error: Expected Name, found <EOF>.", "GRAPHQL_PARSE_FAILED"],
    ["too many ids", `subscription { entityChanged(ids: [${'"a",'.repeat(1001)}]) { id } }`, "`ids` takes at most 1000 ids; got 1001.", "BAD_USER_INPUT"],
  ])("refuses %s", async (_what, query, message, code) => {
    await world.serve();
    const refused = connect().subscribe(query);
    await expect.poll(refused.end).toMatchObject([{ message, extensions: { code } }]);
  });

  it("leaves nothing behind when it is ended", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
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
    const client = connect();
    const watcher = client.subscribe(changed);
    await isWatching(watcher);
    expect(listeners).toBe(1);
    watcher.stop();
    await expect.poll(() => listeners).toBe(0);
    await isWatching(client.subscribe(changed));
    client.dispose();
    await expect.poll(() => listeners).toBe(0);
  });

  it("tells of a fault of ours by an id that the log has", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
    const watcher = connect().subscribe(changed);
    await isWatching(watcher);
    world.store.entities.get = async () => {
      throw new Error("secret: 42");
    };
    await publish(world.store.events, updated("account-000"));
    await expect.poll(() => watcher.told).toHaveLength(1);
    const [error] = watcher.told[0]?.errors ?? [];
    expect(error).toMatchObject({ message: expect.stringMatching(/^Something went wrong inside the gateway/), extensions: { code: "INTERNAL_SERVER_ERROR" } });
    expect(watcher.told[0]?.data).toEqual({ entityChanged: { id: "account-000", kind: "UPDATED", fields: ["name"], entity: null } });
    expect(JSON.stringify(world.log)).toContain("secret: 42");
  });
});

describe("a query by graphql-ws", () => {
  it("is answered as over HTTP, with the errors beside its data", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
    world.exact.stop();
    const query = "{ accounts(maxAge: 0) { nodes { name exact { name } } } }";
    const asked = connect().subscribe(query);
    await expect.poll(asked.end).toBeNull();
    const { data, errors } = await world.send({ query });
    expect(asked.told).toEqual([{ data, errors }]);
    expect(errors).toMatchObject([{ extensions: { code: "SYSTEM_UNAVAILABLE", system: "EXACT" } }]);
  });

  it("is answered before the server stops, which takes no more of them", async () => {
    await world.serve();
    await world.given(...firms(1, 0));
    let open = () => {};
    world.exact.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = connect();
    const asked = client.subscribe("{ accounts(maxAge: 0) { nodes { name } } }");
    await expect.poll(() => world.exact.calls).toHaveLength(1);
    const stopped = world.stop();
    const late = client.subscribe("{ syncRuns { id } }");
    await expect.poll(late.end).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    open();
    await stopped;
    await expect.poll(() => asked.told).toMatchObject([{ data: { accounts: { nodes: [{ name: "Firm 000" }] } } }]);
  });
});

describe("a connection", () => {
  const raw = (headers: Record<string, string> = {}, path = "/graphql") =>
    new WebSocket(`${world.url.replace("http", "ws")}${path}`, GRAPHQL_TRANSPORT_WS_PROTOCOL, { headers });
  const outcome = (socket: WebSocket) =>
    new Promise((resolve) => {
      socket.on("open", () => resolve("open"));
      socket.on("error", (error) => resolve(error.message));
    });

  it("is refused to pages of other sites, which a browser would let connect", async () => {
    await world.serve({ corsOrigins: ["https://app.example"] });
    const host = new URL(world.url).host;
    const from = (origin: string) => outcome(raw({ origin }));
    expect(await Promise.all([from(`http://${host}`), from("https://app.example"), outcome(raw())])).toEqual(["open", "open", "open"]);
    for (const origin of ["https://evil.example", "null", `http://${host}.evil.example`]) {
      expect([origin, await from(origin)]).toEqual([origin, "Unexpected server response: 403"]);
    }
  });

  it("is made at /graphql only", async () => {
    await world.serve();
    expect(await outcome(raw({}, "/other"))).toBe("Unexpected server response: 404");
  });

  it("is told to go when the server stops, which does not wait for it, and goes on elsewhere", async () => {
    await world.serve();
    const idle = raw();
    const closed = once(idle, "close");
    await outcome(idle);
    const watcher = connect().subscribe(changed);
    await isWatching(watcher);
    const before = Date.now();
    await world.stop();
    expect(Date.now() - before).toBeLessThan(3_000);
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([1001, "The server stops. Connect again."]);
    await expect.poll(watcher.end).toMatchObject({ code: 1001 });
  });

  it("of somebody who is not known is ended soon, so that nobody can keep many open; one that can't be judged now is not", async () => {
    let code = "UNAUTHENTICATED";
    const callerOf = async (): Promise<Caller> => {
      throw refusal(code, "No.", 401);
    };
    await world.serve({ callerOf, streaming: { strangerMs: 30 } });
    const begun = async () => {
      const socket = raw();
      await once(socket, "open");
      socket.send(JSON.stringify({ type: "connection_init" }));
      return socket;
    };
    const [closed, reason] = await once(await begun(), "close");
    expect([closed, String(reason)]).toEqual([4401, "These credentials are not known here."]);
    code = "SERVICE_UNAVAILABLE";
    const kept = await begun();
    await once(await begun(), "message");
    code = "UNAUTHENTICATED";
    await once(await begun(), "close");
    expect(kept.readyState).toBe(kept.OPEN);
  });

  it("is ended when it does not answer a ping", async () => {
    await world.serve({ streaming: { pingMs: 30 } });
    const socket = raw();
    const closed = once(socket, "close");
    socket.pong = () => {};
    await outcome(socket);
    (socket as unknown as { _receiver: { removeAllListeners(event: string): void } })._receiver.removeAllListeners("ping");
    expect((await closed)[0]).toBe(1006);
  });

  it("takes no more than a hundred operations at a time", async () => {
    await world.serve();
    const client = connect();
    const watchers = Array.from({ length: 101 }, () => client.subscribe(changed));
    await expect.poll(() => watchers.filter(({ end }) => end() !== undefined)).toHaveLength(1);
    expect(watchers.at(-1)?.end()).toMatchObject([{ extensions: { code: "REQUEST_TOO_LARGE", what: "operations", got: 101, limit: 100 } }]);
  });
});

describe("a slow subscriber", () => {
  it("is dropped with a reason, while others go on", async () => {
    await world.serve({ streaming: { waiting: 20 } });
    const [firm] = firms(1, 0);
    if (!firm) throw new Error("no firm");
    // Long answers fill what the system buffers of a connection.
    await world.given({ ...firm, customcrm: { Id: "C000", Name: "Firm 000", Description: "x".repeat(500_000) } });
    const long = "subscription { entityChanged { id entity { ... on Account { description } } } }";
    const quick = connect().subscribe("subscription { entityChanged { id } }");
    const socket = new WebSocket(`${world.url.replace("http", "ws")}/graphql`, GRAPHQL_TRANSPORT_WS_PROTOCOL);
    const messages: { type: string; payload?: { errors?: unknown } }[] = [];
    socket.on("message", (text) => messages.push(JSON.parse(String(text))));
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init" }));
    await expect.poll(() => messages).toHaveLength(1);
    socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: long } }));
    await expect
      .poll(async () => {
        await publish(world.store.events, updated("account-000"));
        return messages.filter(({ type }) => type === "next").length;
      })
      .toBeGreaterThan(0);
    socket.pause();
    for (let i = 0; i < 100; i++) {
      await publish(world.store.events, updated("account-000"));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    socket.resume();
    await expect.poll(() => messages.at(-1)?.type, { timeout: 5_000 }).toBe("complete");
    expect(messages.at(-2)?.payload).toMatchObject({ data: null, errors: [{ extensions: { code: "SLOW_SUBSCRIBER" } }] });
    expect(quick.told.length).toBeGreaterThan(100);
    expect(quick.end()).toBeUndefined();
    socket.close();
  });
});

describe("who subscribes", () => {
  /** Whoever says anything, until they are not let in any more. */
  function door(until: number | null = null) {
    const asked: (string | undefined)[] = [];
    const closed = { is: false };
    const callerOf = async ({ headers }: Incoming): Promise<Caller> => {
      asked.push(headers.authorization);
      if (!headers.authorization || closed.is) throw refusal("UNAUTHENTICATED", "These credentials are not known here.", 401);
      return { name: headers.authorization, scopes: ["read"], until };
    };
    return { asked, closed, callerOf };
  }

  it("says so in connectionParams, as a browser can set no headers", async () => {
    const { asked, callerOf } = door();
    await world.serve({ callerOf });
    for (const params of [{ Authorization: "Bearer one" }, { headers: { authorization: "Bearer two" } }]) {
      const query = connect({ params }).subscribe("{ syncRuns { id } }");
      await expect.poll(query.end).toBeNull();
    }
    // When it connects, and with each operation.
    expect(asked).toEqual(["Bearer one", "Bearer one", "Bearer two", "Bearer two"]);
  });

  it("is told by an error of GraphQL that they are not known, without what belongs to HTTP", async () => {
    await world.serve({ callerOf: door().callerOf });
    for (const query of ["{ syncRuns { id } }", changed]) {
      const refused = connect().subscribe(query);
      await expect.poll(refused.end).toEqual([{ message: "These credentials are not known here.", extensions: { code: "UNAUTHENTICATED" } }]);
    }
  });

  it.each([
    ["a minute later", null, 60_000],
    ["when the credential has ended", 5_000, 5_000],
  ])("is asked for again %s, and no longer told if not let in any more", async (_when, lastsMs, passMs) => {
    const { closed, callerOf } = door(lastsMs === null ? null : world.now + lastsMs);
    await world.serve({ callerOf });
    await world.given(...firms(1, 0));
    const watcher = connect({ params: { authorization: "Bearer one" } }).subscribe(changed);
    await isWatching(watcher);
    closed.is = true;
    world.now += passMs - 1;
    await publish(world.store.events, updated("account-000"));
    await expect.poll(() => watcher.told).toHaveLength(1);
    world.now += 1;
    await publish(world.store.events, updated("account-000"));
    await expect.poll(watcher.end).toBeNull();
    expect(watcher.told.slice(1)).toMatchObject([{ data: null, errors: [{ extensions: { code: "UNAUTHENTICATED" } }] }]);
  });
});
