import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { limits } from "../../src/domain/limits.js";
import { createLog } from "../../src/log.js";
import { decideInBrowser } from "../e2e/browser.js";
import { type SmallWorld, startSmallWorld, until } from "../e2e/small-world.js";
import { root } from "../setup/helpers.js";
import { sseClient, type Told, wsClient } from "./clients.js";

/** A whole gateway as an operator sets it up, met by somebody who tries everything. Nothing is set but variables. */
const keys = { reports: "reader-0123456789abcdef", shop: "writer-0123456789abcdef", ops: "operator-0123456789abc" };
const guess = "guessed-0123456789abcdef";
let world: SmallWorld;
const log: string[] = [];
/** All that anybody was answered. */
const answers: string[] = [];

beforeAll(async () => {
  const env = { API_KEYS: `reports:${keys.reports}:read,shop:${keys.shop}:read+write,ops:${keys.ops}`, MONITORING_ACCESS: "read" };
  world = await startSmallWorld({ mode: "real", env, log: createLog("trace", { write: (line: string) => void log.push(line) }) });
  const app = await world.start();
  const authorization = `Bearer ${keys.ops}`;
  expect((await fetch(await decideInBrowser(app.url, world.exact.origin, "allow", { authorization }))).status).toBe(200);
  await until(async () => (await app.store.entities.counts("ACCOUNT")).LINKED === 3, "the firms are linked");
}, 60_000);
afterAll(() => world?.stop(), 60_000);

type Error = NonNullable<Told["errors"]>[number];
interface Answered {
  readonly status: number;
  readonly text: string;
  readonly errors: readonly Error[];
}

const bearer = (credential: string | null): Record<string, string> => (credential === null ? {} : { authorization: `Bearer ${credential}` });

async function ask(path: string, init: RequestInit = {}): Promise<Answered> {
  const answer = await fetch(`${world.app.url}${path}`, { redirect: "manual", ...init });
  const text = await answer.text();
  answers.push(text);
  const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
  return { status: answer.status, text, errors: (isJson ? (JSON.parse(text) as { errors?: Error[] }).errors : undefined) ?? [] };
}

const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  ask(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers }, duplex: "half" } as RequestInit);

/** The first error that an operation gets, by each way that it can come. */
const ways: { readonly [way: string]: (query: string, credential: string | null) => Promise<Error | undefined> } = {
  POST: async (query, credential) => (await post("/graphql", JSON.stringify({ query }), bearer(credential))).errors[0],
  "server-sent events": (query, credential) => streamed(query, sseClient(world.app.url, "/graphql/stream", bearer(credential))),
  WebSocket: (query, credential) => streamed(query, wsClient(world.app.url, { params: bearer(credential) })),
};

async function streamed(query: string, client: ReturnType<typeof wsClient>): Promise<Error | undefined> {
  const { told, end } = client.subscribe(query);
  await expect.poll(() => told.length > 0 || end() !== undefined, { timeout: 5_000, interval: 5 }).toBe(true);
  client.dispose();
  const ended = end();
  answers.push(JSON.stringify([told, ended]));
  return told[0]?.errors?.[0] ?? (Array.isArray(ended) ? (ended[0] as Error) : undefined);
}

const each = Object.entries(ways);
const list = "{ accounts { nodes { name } } }";

describe("somebody without credentials", () => {
  /** What every route answers them. */
  const doors: { readonly [route: string]: () => Promise<unknown> } = {
    "GET /": async () => expect((await ask("/")).status).toBe(200),
    "GET /explorer": async () => expect((await ask("/explorer")).status).toBe(200),
    "GET /health/live": async () => expect((await ask("/health/live")).text).toBe('{"live":true}'),
    "GET /health/ready": async () => expect((await ask("/health/ready")).text).toBe('{"ready":true}'),
    "GET /metrics": async () => expect(await ask("/metrics")).toMatchObject({ status: 401, errors: [{ extensions: { code: "UNAUTHENTICATED" } }] }),
    "GET /graphql": async () =>
      expect(await ask(`/graphql?query=${encodeURIComponent(list)}`, { headers: { "apollo-require-preflight": "1" } })).toMatchObject({
        status: 401,
        errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
      }),
    "POST /graphql": async () => expect((await post("/graphql", JSON.stringify({ query: list }))).status).toBe(401),
    "GET /graphql/stream": async () =>
      expect((await ask(`/graphql/stream?query=${encodeURIComponent(list)}`, { headers: { accept: "text/event-stream" } })).text).toContain("UNAUTHENTICATED"),
    "POST /graphql/stream": async () => expect((await post("/graphql/stream", JSON.stringify({ query: list }))).text).toContain("UNAUTHENTICATED"),
    "GET /auth/exact": async () => {
      const spellings = ["/auth/exact", "/auth/exact?", "/auth/ex%61ct", "/%61uth/exact", "/auth/exact?x=/graphql"];
      expect(await Promise.all(spellings.map(async (path) => [path, (await ask(path)).status]))).toEqual(spellings.map((path) => [path, 401]));
    },
    "GET /auth/exact/callback": async () => {
      const before = world.exact.calls.count("POST /api/oauth2/token");
      expect((await ask("/auth/exact/callback?code=stolen&state=forged")).status).toBe(400);
      expect(world.exact.calls.count("POST /api/oauth2/token")).toBe(before);
    },
    "POST /webhooks/exact": async () => {
      const content = '{"Topic":"Accounts","Action":"Update","Key":"00000000-0000-4000-8000-000000000001"}';
      const forged = createHmac("sha256", "another-secret").update(content).digest("hex");
      expect((await post("/webhooks/exact", `{"Content":${content},"HashCode":"${forged}"}`)).status).toBe(401);
    },
    "POST /webhooks/customcrm": async () => {
      const t = Math.floor(world.clock.now() / 1000);
      const signed = (at: number, secret: string) => ({
        "x-customcrm-signature": `t=${at},v1=${createHmac("sha256", secret).update(`${at}.{}`).digest("hex")}`,
      });
      expect((await post("/webhooks/customcrm", "{}", signed(t, "another-secret"))).status).toBe(401);
      // What somebody has seen go by, sent again much later.
      expect((await post("/webhooks/customcrm", "{}", signed(t - 600, world.env.CUSTOMCRM_WEBHOOK_SECRET ?? ""))).status).toBe(401);
    },
  };

  it.each(Object.keys(doors))("%s: gets nothing that is not for everybody", async (route) => {
    await doors[route]?.();
  });

  it("has been to every route that there is", () => {
    const files = readdirSync(join(root, "src/server")).map((name) => join(root, "src/server", name));
    const source = [...files, join(root, "src/connect.ts")].map((name) => readFileSync(name, "utf8")).join("\n");
    const simple = [...source.matchAll(/\b(?:app|scope)\.(get|post|put|patch|delete)\(\s*"(\/[^"]*)"/g)].map(
      ([, method = "", path]) => `${method.toUpperCase()} ${path}`,
    );
    const listed = [...source.matchAll(/route\(\{ method: (\[[^\]]+\]), url: "([^"]+)"/g)].flatMap(([, methods = "[]", path]) =>
      (JSON.parse(methods) as string[]).filter((method) => method !== "OPTIONS").map((method) => `${method} ${path}`),
    );
    const webhooks = [...source.matchAll(/path: "(\/webhooks\/[^"]+)"/g)].map(([, path]) => `POST ${path}`);
    expect([...new Set([...simple, ...listed, ...webhooks])].sort()).toEqual(Object.keys(doors).sort());
  });

  it.each(each)("is told by %s what is missing, and one who guesses that it is not known", async (_way, answered) => {
    expect(await answered(list, null)).toMatchObject({ message: expect.stringContaining("needs credentials"), extensions: { code: "UNAUTHENTICATED" } });
    expect(await answered(list, guess)).toMatchObject({ message: "These credentials are not known here.", extensions: { code: "UNAUTHENTICATED" } });
    expect(await answered(list, "e30.e30.e30")).toMatchObject({ extensions: { code: "UNAUTHENTICATED" } });
  });
});

describe("somebody with too few scopes", () => {
  const update = 'mutation { updateAccount(input: { id: "acc_x", set: { name: "X" } }) { status } }';
  const tries: readonly (readonly [what: string, key: string, query: string, needed: string])[] = [
    ["a reader who writes", keys.reports, update, "write"],
    ["a reader who looks at what has lost", keys.reports, "{ accounts { nodes { link { history { totalCount } } } } }", "sync"],
    ["a writer who operates", keys.shop, 'mutation { pauseDataflow(type: ACCOUNT, reason: "x") { dataflow { type } } }', "sync"],
  ];
  it.each(each.flatMap(([way, answered]) => tries.map(([what, key, query, needed]) => [way, what, needed, answered, key, query] as const)))(
    "by %s: %s is told that it needs %s",
    async (_way, _what, needed, answered, key, query) => {
      expect(await answered(query, key)).toMatchObject({ message: expect.stringContaining(`needs the scope ${needed}`), extensions: { code: "FORBIDDEN" } });
    },
  );

  it("may not begin a consent, and may see metrics and health with the scope read", async () => {
    expect(await ask("/auth/exact", { headers: bearer(keys.shop) })).toMatchObject({ status: 403, errors: [{ extensions: { code: "FORBIDDEN" } }] });
    expect((await ask("/metrics", { headers: bearer(keys.reports) })).status).toBe(200);
    expect((await ask("/health/ready", { headers: bearer(keys.reports) })).text).toContain('"systems"');
  });
});

describe("a bomb", () => {
  const many = (count: number, text: (i: number) => string) => Array.from({ length: count }, (_, i) => text(i)).join(" ");
  const { maxTokens, maxDepth, maxAliases, maxBreadth, maxItems, maxBatch, maxBodyBytes } = limits.request;
  const bombs: readonly (readonly [what: string, limit: number, query: string])[] = [
    ["depth", maxDepth, `{ accounts { nodes { ${"link { entity { ... on Account { ".repeat(20)} name ${"} } }".repeat(20)} } } }`],
    ["aliases", maxAliases, `{ ${many(150, (i) => `a${i}: syncRuns { id }`)} }`],
    ["breadth", maxBreadth, `{ accounts { nodes { ${many(300, () => "name")} } } }`],
    ["tokens", maxTokens, `{ accounts { nodes { ${many(20_000, () => "name")} } } }`],
    ["items", maxItems, "{ accounts(first: 200) { nodes { contacts(first: 200) { nodes { id } } } } }"],
  ];
  it.each(each.flatMap(([way, answered]) => bombs.map(([what, limit, query]) => [way, what, limit, answered, query] as const)))(
    "by %s of %s is refused, with the limit of %i",
    async (_way, what, limit, answered, query) => {
      const error = await answered(query, keys.reports);
      expect(error).toMatchObject({ message: expect.stringContaining(String(limit)), extensions: { code: "REQUEST_TOO_LARGE", what, limit } });
    },
  );

  it("of a batch is refused, and one of values within values does no harm", async () => {
    const batch = JSON.stringify(Array(1_000).fill({ query: list }));
    expect((await post("/graphql", batch, bearer(keys.reports))).errors).toMatchObject([
      { extensions: { code: "REQUEST_TOO_LARGE", what: "operations in a batch", got: 1_000, limit: maxBatch } },
    ]);
    for (const nested of [`${"[".repeat(300_000)}${"]".repeat(300_000)}`, `${'{"a":'.repeat(120_000)}1${"}".repeat(120_000)}`]) {
      const { errors } = await post(
        "/graphql",
        `{"query":"query ($ids: [ID!]!) { nodes(ids: $ids) { id } }","variables":{"ids":${nested}}}`,
        bearer(keys.reports),
      );
      expect(errors[0]?.extensions?.code).not.toBe("INTERNAL_SERVER_ERROR");
    }
    expect((await post("/graphql", '{"query":"{ __typename }","__proto__":{"a":1}}', bearer(keys.reports))).status).toBe(400);
  });

  it.each([
    ["/graphql", maxBodyBytes],
    ["/graphql/stream", maxBodyBytes],
    ["/webhooks/exact", 262_144],
    ["/webhooks/customcrm", 262_144],
  ])("of ten megabytes is refused at %s, whether its length is told or not", async (path, limit) => {
    const bytes = new Uint8Array(10_000_000).fill(32);
    const length = await post(path, bytes, bearer(keys.reports)).catch(hungUp);
    if (length) expect(length).toMatchObject({ status: 413, errors: [{ extensions: { code: "REQUEST_TOO_LARGE", what: "bytes", got: 10_000_000, limit } }] });
    const pieces = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 100; i++) controller.enqueue(bytes.subarray(0, 100_000));
        controller.close();
      },
    });
    const none = await post(path, pieces, bearer(keys.reports)).catch(hungUp);
    if (none) expect(none).toMatchObject({ status: 413, errors: [{ extensions: { code: "REQUEST_TOO_LARGE", what: "bytes", limit } }] });
  });

  /** The answer may be lost where the gateway hangs up on who goes on sending. */
  function hungUp(error: unknown): null {
    expect(String((error as { cause?: unknown }).cause)).toMatch(/ECONNRESET|EPIPE|closed/);
    return null;
  }

  it("of ten megabytes by WebSocket ends the connection", async () => {
    const socket = new WebSocket(`${world.app.url.replace("http", "ws")}/graphql`, GRAPHQL_TRANSPORT_WS_PROTOCOL);
    await once(socket, "open");
    socket.send(`{"type":"connection_init","payload":"${"x".repeat(10_000_000)}"}`);
    expect((await once(socket, "close"))[0]).toBe(1009);
  });

  it("of headers is refused", async () => {
    const { hostname, port } = new URL(world.app.url);
    const socket = connect(Number(port), hostname, () => socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(100_000)}\r\n\r\n`));
    let said = "";
    socket.on("data", (chunk) => {
      said += String(chunk);
    });
    await once(socket, "close").catch(() => {});
    expect(said).toMatch(/^HTTP\/1.1 431 .*REQUEST_TOO_LARGE/s);
  });
});

describe("after all of it", () => {
  it("nothing was written, nobody was answered by a fault, and the gateway goes on", async () => {
    const writes = [...world.exact.calls.all(), ...world.customcrm.calls.all()].filter(
      ({ method, path }) => method !== "GET" && !/oauth2|webhooks|subscriptions/i.test(path),
    );
    expect(writes).toEqual([]);
    expect(answers.filter((text) => /INTERNAL_SERVER_ERROR|Error:|node_modules|\n\s+at /.test(text) && !text.includes("<!doctype"))).toEqual([]);
    expect(await post("/graphql", JSON.stringify({ query: list }), bearer(keys.reports))).toMatchObject({
      status: 200,
      text: expect.stringContaining("Vos Metaal"),
    });
  });

  it("neither the log nor any answer has a key, a guess, a token or a secret, and the log has nobody's name", async () => {
    const tokens = JSON.parse((await world.app.store.secrets.get("exact-tokens"))?.value ?? "{}") as { accessToken: string; refreshToken: string };
    expect(tokens.refreshToken).toBeTruthy();
    const secrets = [...Object.values(keys), guess, "e30.e30.e30", "stolen", "forged", tokens.accessToken, tokens.refreshToken];
    const set = ["EXACT_CLIENT_SECRET", "EXACT_WEBHOOK_SECRET", "CUSTOMCRM_TOKEN", "CUSTOMCRM_WEBHOOK_SECRET", "ENCRYPTION_KEY"].map(
      (name) => world.env[name] ?? name,
    );
    const found = (text: string, words: readonly string[]) => words.filter((word) => text.includes(word));
    expect(found(answers.join("\n"), [...secrets, ...set])).toEqual([]);
    expect(found(log.join("\n"), [...secrets, ...set, "Vos Metaal", "De Haan Bouw", "Bakkerij Smit", "vosmetaal", "Eva"])).toEqual([]);
    expect(log.length).toBeGreaterThan(50);
  });
});
