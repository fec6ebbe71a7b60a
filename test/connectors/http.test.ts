import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exchange } from "../../src/connectors/exchange.js";
import { type CallRecord, HttpClient, type HttpOptions, type HttpRequest } from "../../src/connectors/http.js";
import { AmbiguousError, InvalidInputError, UnavailableError, UnexpectedAnswerError } from "../../src/domain/errors.js";
import { halfABody, halfABodyInChunks, hang, reset, type ScriptedServer, startScriptedServer } from "../helpers/scripted-server.js";

let server: ScriptedServer;
let log: CallRecord[];
const clients: HttpClient[] = [];

beforeEach(async () => {
  server = await startScriptedServer();
  log = [];
});
afterEach(async () => {
  await server.stop();
  await Promise.all(clients.splice(0).map((client) => client.stop()));
});

function client(options: Partial<HttpOptions> = {}): HttpClient {
  const made = new HttpClient({
    system: "CUSTOMCRM",
    baseUrl: `${server.origin}/api/v1/`,
    timeoutMs: 200,
    halfOpenAfterMs: [100],
    random: () => 0,
    log: (call) => log.push(call),
    ...options,
  });
  clients.push(made);
  return made;
}

const get: HttpRequest = { method: "GET", path: "/customers/1?x=y", route: "/customers/{id}" };
const post: HttpRequest = { method: "POST", path: "/customers", route: "/customers", body: '{"Name":"a"}', headers: { "content-type": "application/json" } };

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`expected an error, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
async function timed<T>(run: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const startedAt = performance.now();
  const value = await run();
  return { ms: performance.now() - startedAt, value };
}

describe("an answer", () => {
  it.each([200, 204, 302, 404, 429, 500, 503])("of status %i is returned as it is, and a redirect is not followed", async (status) => {
    server.script({ status, headers: { Location: "/elsewhere", "X-Two": "1" }, ...(status === 204 ? {} : { text: "words" }) });
    const answer = await client().request(get);
    expect(answer).toMatchObject({ status, text: status === 204 ? "" : "words", headers: { location: "/elsewhere", "x-two": "1" } });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /api/v1/customers/1"]);
  });

  it("carries what was sent: method, query, headers and body", async () => {
    const http = client();
    await http.request(get);
    await http.request(post);
    expect(server.requests[0]?.query.get("x")).toBe("y");
    expect(server.requests[1]).toMatchObject({
      method: "POST",
      path: "/api/v1/customers",
      body: '{"Name":"a"}',
      headers: { "content-type": "application/json" },
    });
  });

  it("reuses connections", async () => {
    const http = client();
    for (let count = 0; count < 8; count++) await http.request(get);
    expect(new Set(server.requests.map(({ socket }) => socket)).size).toBeLessThanOrEqual(2);
  });

  it("is logged by its route, without ids, values or addresses", async () => {
    await client().request(get);
    expect(log).toEqual([{ system: "CUSTOMCRM", method: "GET", route: "/customers/{id}", status: 200, ms: expect.any(Number), error: null }]);
  });

  it("of status 500 leaves the breaker closed: Exact says so to what it refuses", async () => {
    const http = client();
    server.otherwise({ status: 500, text: "no" });
    for (let count = 0; count < 5; count++) expect((await http.request(post)).status).toBe(500);
    expect(http.status()).toEqual({ open: false, lastError: null, since: null });
  });

  it("that is too long is given up: a read is not what the contract says, a write is ambiguous", async () => {
    const http = client({ timeoutMs: 5_000 });
    server.otherwise((_request, response) => {
      response.on("error", () => {});
      response.writeHead(200);
      const chunk = Buffer.alloc(1_000_000);
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", pour);
      pour();
    });
    expect(await caught(http.request(get))).toBeInstanceOf(UnexpectedAnswerError);
    expect(await caught(http.request(post))).toBeInstanceOf(AmbiguousError);
  });
});

describe("a call without an answer", () => {
  it("certainly had no effect when nobody listens, also for a write", async () => {
    await server.stop();
    expect(await caught(client().request(post))).toBeInstanceOf(UnavailableError);
    expect(await caught(client().request(get))).toBeInstanceOf(UnavailableError);
    server = await startScriptedServer();
  });

  it("certainly had no effect when there is no such host", async () => {
    const error = await caught(client({ baseUrl: "http://no-such-host.invalid", timeoutMs: 2_000 }).request(post));
    expect(error).toBeInstanceOf(UnavailableError);
  });

  it.each([
    ["silence", hang],
    ["a reset", reset],
    ["half a body", halfABody],
    ["half a body in chunks", halfABodyInChunks],
  ])("by %s is unavailable for a read and ambiguous for a write, which is sent once", async (_what, reply) => {
    server.otherwise(reply);
    expect(await caught(client().request(get))).toBeInstanceOf(UnavailableError);
    server.requests.length = 0;
    expect(await caught(client().request(post))).toBeInstanceOf(AmbiguousError);
    expect(server.requests).toHaveLength(1);
  });

  it("is no silence while this process was too busy to read an answer that was there in time", async () => {
    server.script((_request, response) => {
      response.end("taken");
      const until = performance.now() + 300;
      while (performance.now() < until);
    });
    expect(await client().request(post)).toMatchObject({ status: 200, text: "taken" });
  });

  it("is not sent once its time is over, though a connection has come about while this process was busy", async () => {
    const agent = new Agent();
    const asked = caught(exchange(agent, { method: "POST", url: new URL(server.origin), timeoutMs: 200, maxBodyBytes: 1_000 }));
    const until = performance.now() + 300;
    while (performance.now() < until);
    expect(await asked).toMatchObject({ kind: "timeout", sent: false });
    await agent.close();
    expect(server.requests).toHaveLength(0);
  });

  it.each(["PUT", "PATCH", "DELETE"] as const)("is ambiguous for %s too", async (method) => {
    server.otherwise(reset);
    expect(await caught(client().request({ method, path: "/x", route: "/x" }))).toBeInstanceOf(AmbiguousError);
  });

  it("by a line that is not HTTP is not what the contract says for a read, ambiguous for a write", async () => {
    const raw = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("SSH-2.0-garbage\r\n\r\n"));
    });
    raw.listen(0, "127.0.0.1");
    await once(raw, "listening");
    const http = client({ baseUrl: `http://127.0.0.1:${(raw.address() as AddressInfo).port}` });
    expect(await caught(http.request(get))).toBeInstanceOf(UnexpectedAnswerError);
    expect(await caught(http.request(post))).toBeInstanceOf(AmbiguousError);
    raw.close();
  });

  it("after a reset is repeated once if it only reads", async () => {
    server.script(reset, { text: "second" });
    expect((await client().request(get)).text).toBe("second");
    server.script(reset, reset, { text: "third" });
    expect(await caught(client().request(get))).toBeInstanceOf(UnavailableError);
    expect(log.map(({ status }) => status)).toEqual([null, 200, null, null]);
  });

  it("after a late reset is not given a second timeout", async () => {
    server.script((request) => void setTimeout(() => request.socket.destroy(), 150), hang);
    const { ms, value } = await timed(() => caught(client({ timeoutMs: 250 }).request(get)));
    expect(value).toBeInstanceOf(UnavailableError);
    expect(ms).toBeLessThan(380);
    expect(server.requests).toHaveLength(2);
  });

  it("is a write that never left, if it still waited for a connection", async () => {
    server.otherwise(hang);
    const http = client({ timeoutMs: 600 });
    const hanging = Array.from({ length: 50 }, () => caught(http.request(get)));
    await expect.poll(() => server.requests.length).toBe(50);
    const error = await caught(http.request({ ...post, deadline: Date.now() + 100 }));
    expect(error).toBeInstanceOf(UnavailableError);
    await Promise.all(hanging);
    // The connections are free now; what was given up must not go out after all.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.requests.filter(({ method }) => method === "POST")).toEqual([]);
  });

  it("that its caller gave up ends at once and does not open the breaker", async () => {
    server.otherwise(hang);
    const http = client({ timeoutMs: 5_000 });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    const { ms, value } = await timed(() => caught(http.request({ ...get, signal: abort.signal })));
    expect(value).toBeInstanceOf(UnavailableError);
    expect(ms).toBeLessThan(1_000);
    expect(http.status().open).toBe(false);
  });

  it("is not made at all when its deadline has passed", async () => {
    expect(await caught(client().request({ ...post, deadline: Date.now() - 1 }))).toBeInstanceOf(UnavailableError);
    expect(server.requests).toEqual([]);
  });

  it("is not made to another host than its own, so that no credential goes there", async () => {
    const other = await startScriptedServer();
    const error = await caught(client().request({ method: "GET", url: `${other.origin}/api/v1/x`, route: "/x", headers: { authorization: "Bearer s" } }));
    expect(error).toBeInstanceOf(UnexpectedAnswerError);
    expect(other.requests).toEqual([]);
    await other.stop();
    await client().request({ method: "GET", url: `${server.origin}/api/v1/x?y=1`, route: "/x" });
    expect(server.requests[0]?.path).toBe("/api/v1/x");
  });

  it("is the caller's mistake when a header can't be sent, and the breaker stays closed", async () => {
    const http = client();
    expect(await caught(http.request({ ...get, headers: { "if-match": "a\nb" } }))).toBeInstanceOf(InvalidInputError);
    expect(http.status().open).toBe(false);
  });
});

describe("the breaker", () => {
  it("opens on the first timeout: the second call fails at once and is not sent", async () => {
    server.otherwise(hang);
    const http = client();
    await caught(http.request(get));
    const { ms, value } = await timed(() => caught(http.request(post)));
    expect(value).toBeInstanceOf(UnavailableError);
    expect(ms).toBeLessThan(100);
    expect(server.requests).toHaveLength(1);
    expect(http.status()).toMatchObject({ open: true, lastError: expect.stringContaining("Customcrm did not answer GET /customers/{id}") });
  });

  it("lets calls that started together wait for one timeout only", async () => {
    server.otherwise(hang);
    const http = client();
    const { ms } = await timed(() => Promise.all(Array.from({ length: 20 }, () => caught(http.request(get)))));
    expect(ms).toBeLessThan(350);
  });

  it("lets one call through after a while; the others don't wait for it", async () => {
    server.otherwise(hang);
    const http = client();
    await caught(http.request(get));
    await new Promise((resolve) => setTimeout(resolve, 110));
    const probe = caught(http.request(get));
    const { ms } = await timed(() => Promise.all([caught(http.request(get)), caught(http.request(post))]));
    expect(ms).toBeLessThan(100);
    await probe;
    expect(server.requests).toHaveLength(2);
    expect(http.status().open).toBe(true);
  });

  it("waits longer after each failed try, and closes with the first answer", async () => {
    server.otherwise(hang);
    const http = client({ timeoutMs: 50, halfOpenAfterMs: [30, 400] });
    await caught(http.request(get));
    await new Promise((resolve) => setTimeout(resolve, 40));
    await caught(http.request(get));
    await new Promise((resolve) => setTimeout(resolve, 40));
    await caught(http.request(get));
    expect(server.requests).toHaveLength(2);
    server.otherwise({ status: 404 });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await http.request(get)).status).toBe(404);
    expect((await http.request(get)).status).toBe(404);
    expect(http.status()).toEqual({ open: false, lastError: null, since: null });
  });

  it("opens on a refused connection and closes when the system is back", async () => {
    const { origin } = server;
    await server.stop();
    const http = client({ baseUrl: origin });
    await caught(http.request(get));
    expect(http.status().open).toBe(true);
    server = await startScriptedServer(Number(new URL(origin).port));
    expect(await caught(http.request(get))).toBeInstanceOf(UnavailableError);
    await new Promise((resolve) => setTimeout(resolve, 110));
    expect((await http.request(get)).status).toBe(200);
    expect(http.status().open).toBe(false);
  });

  it("stays open when the one call that it let through is cut off", async () => {
    server.otherwise(hang);
    const http = client();
    await caught(http.request(get));
    server.otherwise(reset);
    await new Promise((resolve) => setTimeout(resolve, 110));
    await caught(http.request(get));
    expect(http.status().open).toBe(true);
  });

  it("does not open when a caller's own short deadline ran out", async () => {
    server.otherwise(hang);
    const http = client({ timeoutMs: 5_000 });
    await caught(http.request({ ...get, deadline: Date.now() + 50 }));
    expect(http.status().open).toBe(false);
  });

  it("does not open on a reset, which costs no time", async () => {
    server.script(reset, reset);
    const http = client();
    await caught(http.request(get));
    expect((await http.request(get)).status).toBe(200);
  });
});

describe("stopping", () => {
  it("lets what is under way finish and refuses the rest; twice is harmless", async () => {
    server.script((_request, response) => void setTimeout(() => response.end("late"), 50));
    const http = client();
    const answer = http.request(get);
    await expect.poll(() => server.requests.length).toBe(1);
    const stopped = http.stop();
    expect(await caught(http.request(get))).toBeInstanceOf(UnavailableError);
    expect((await answer).text).toBe("late");
    await stopped;
    await http.stop();
  });
});
