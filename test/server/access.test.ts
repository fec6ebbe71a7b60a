import { request as httpRequest } from "node:http";
import { createClient } from "graphql-ws";
import { SignJWT, UnsecuredJWT } from "jose";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { buildTandemSchema } from "../../src/resolvers/build-schema.js";
import type { ResolverParts } from "../../src/resolvers/parts.js";
import { Access, type AccessOptions } from "../../src/server/access.js";
import { Doorkeeper } from "../../src/server/doorkeeper.js";
import { scopeOf } from "../../src/server/permissions.js";
import type { ServerParts } from "../../src/server/server.js";
import { firms, World } from "../resolvers/helpers.js";
import { IdentityProvider, keyOf } from "./access-helpers.js";

const secrets = { reader: "reader-0123456789abcdef", writer: "writer-0123456789abcdef", operator: "operator-0123456789abc" };
const apiKeys = [keyOf("reports", secrets.reader, ["read"]), keyOf("shop", secrets.writer, ["read", "write"]), keyOf("ops", secrets.operator)];

let world: World;
const lines: string[] = [];
const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
beforeEach(() => {
  lines.length = 0;
  world = new World();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.stop();
});

async function serve(access: Partial<AccessOptions> | null = { apiKeys }, parts: Partial<ServerParts> = {}): Promise<void> {
  const options = access && { apiKeys: [], jwksUrl: null, jwtIssuer: null, jwtAudiences: [], ...access };
  const doorkeeper = new Doorkeeper({ access: options && new Access(options, world.clock, log), counter: null, ratePerMinute: null, clock: world.clock });
  await world.serve({ doorkeeper, ...parts });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { data?: Record<string, unknown> | null; errors?: { message: string; extensions: Record<string, unknown> }[] };
  readonly code: unknown;
}

async function send(query: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${world.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query }),
  });
  const body = (await response.json()) as Answer["body"];
  return { status: response.status, headers: response.headers, body, code: body.errors?.[0]?.extensions.code ?? null };
}

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
const list = "{ accounts { totalCount } }";

describe("a gateway that asks for credentials", () => {
  it.each<[string, Record<string, string>]>([
    ["none", {}],
    ["a key that is not known", bearer("reader-0123456789abcdeX")],
    ["part of a key", bearer(secrets.reader.slice(0, -1))],
    ["a key's name", bearer("reports")],
    ["a key's digest", bearer(apiKeys[0]?.digest ?? "")],
    ["an endless one", bearer("x".repeat(15_000))],
    ["half a token", bearer("a.b.c")],
    ["another scheme", { authorization: `Digest ${secrets.reader}` }],
    ["an empty key", { "x-api-key": "" }],
  ])("refuses %s as UNAUTHENTICATED, and says so over HTTP too", async (_what, headers) => {
    await serve();
    const answer = await send(list, headers);
    expect([answer.status, answer.code, answer.headers.get("www-authenticate")]).toEqual([401, "UNAUTHENTICATED", "Bearer"]);
    expect(Object.keys(answer.body)).toEqual(["errors"]);
    expect(JSON.stringify(answer.body)).not.toContain("http");
  });

  it("refuses even what touches no data, so that nothing can be found out", async () => {
    await serve();
    for (const query of ["{ __typename }", "{ __schema { queryType { name } } }", "{ _service { sdl } }", "{ no such", "{ nothing }"]) {
      expect((await send(query)).code, query).toBe("UNAUTHENTICATED");
    }
  });

  it.each<[string, Record<string, string>]>([
    ["as a bearer token", bearer(secrets.reader)],
    ["whatever the scheme's case", { authorization: `bearer ${secrets.reader}` }],
    ["in a header of its own", { "x-api-key": secrets.reader }],
    ["as a password", { authorization: `Basic ${Buffer.from(`eva:${secrets.reader}`).toString("base64")}` }],
  ])("takes a key %s", async (_what, headers) => {
    await serve();
    expect(await send(list, headers)).toMatchObject({ status: 200, body: { data: { accounts: { totalCount: 0 } } } });
  });

  it("tells resolvers who asks, as idempotency keys belong to the credential", async () => {
    const asked: (string | null)[] = [];
    await serve(undefined, {
      operationOfKey: async (_key, caller) => {
        asked.push(caller);
        return null;
      },
    });
    const query = '{ operation(by: { idempotencyKey: "key-12345678" }) { id } }';
    await send(query, bearer(secrets.reader));
    await send(query, bearer(secrets.writer));
    expect(asked).toEqual(["key:reports", "key:shop"]);
  });

  it("refuses by WebSocket with the same error, and takes a key from connectionParams", async () => {
    await serve();
    const ask = async (connectionParams: Record<string, unknown>) => {
      const client = createClient({ url: world.url.replace("http", "ws").concat("/graphql"), webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
      try {
        const results: unknown[] = [];
        for await (const result of client.iterate({ query: list })) results.push(result);
        return results;
      } catch (error) {
        return error;
      } finally {
        await client.dispose();
      }
    };
    expect(JSON.stringify(await ask({}))).toContain("UNAUTHENTICATED");
    expect(await ask({ authorization: `Bearer ${secrets.reader}` })).toEqual([{ data: { accounts: { totalCount: 0 } } }]);
  });
});

describe("scopes", () => {
  it("has one for every root field: read for queries and subscriptions, write for entities, sync for all that operates the sync", () => {
    const schema = buildTandemSchema({} as ResolverParts);
    const of = (kind: "query" | "mutation" | "subscription") =>
      Object.keys(
        (kind === "query" ? schema.getQueryType() : kind === "mutation" ? schema.getMutationType() : schema.getSubscriptionType())?.getFields() ?? {},
      );
    expect(new Set(of("query").map((field) => scopeOf("query", "Query", true, field)))).toEqual(new Set(["read"]));
    expect(new Set(of("subscription").map((field) => scopeOf("subscription", "Subscription", true, field)))).toEqual(new Set(["read"]));
    const writing = of("mutation").filter((field) => scopeOf("mutation", "Mutation", true, field) === "write");
    const expected = ["Account", "Contact", "Product"].flatMap((type) => [`create${type}`, `delete${type}`, `update${type}`]);
    expect(writing.sort()).toEqual(expected.sort());
    const operating = of("mutation").filter((field) => scopeOf("mutation", "Mutation", true, field) === "sync");
    expect(operating).toEqual(expect.arrayContaining(["sync", "unlink", "resumeDataflow", "takeBack"]));
    expect(writing.length + operating.length).toBe(of("mutation").length);
  });

  it("names only fields that there are", () => {
    const schema = buildTandemSchema({} as ResolverParts);
    for (const [type, field] of [
      ["Link", "history"],
      ["SyncRun", "plan"],
    ] as const) {
      expect(scopeOf("query", type, false, field)).toBe("sync");
      const object = schema.getType(type);
      expect(object && "getFields" in object && Object.keys(object.getFields())).toContain(field);
    }
  });

  const update = 'mutation { updateAccount(input: { id: "acc_x", idempotencyKey: "key-12345678", set: { name: "Other" } }) { operation { id } } }';

  it("refuses a mutation to who may only read, as FORBIDDEN with what is missing", async () => {
    await serve();
    const answer = await send(update, bearer(secrets.reader));
    expect([answer.status, answer.code]).toEqual([403, "FORBIDDEN"]);
    expect(answer.body.errors?.[0]?.message).toBe("`updateAccount` needs the scope write; these credentials have read.");
    expect(answer.body.data).toBeUndefined();
  });

  it("refuses to operate the sync to who may only write", async () => {
    await serve();
    const answer = await send('mutation { pauseDataflow(type: ACCOUNT, reason: "because") { dataflow { type } } }', bearer(secrets.writer));
    expect([answer.status, answer.code]).toEqual([403, "FORBIDDEN"]);
  });

  it.each([
    ["directly", "{ accounts { nodes { link { history { totalCount } } } } }"],
    ["under another name", "{ accounts { nodes { link { before: history { totalCount } } } } }"],
    ["in a fragment of a fragment", "{ accounts { nodes { ...A } } } fragment A on Account { link { ...L } } fragment L on Link { history { totalCount } }"],
    ["behind an interface", "{ nodes(ids: []) { ... on Entity { link { history { totalCount } } } } }"],
    ["even if it is skipped", "query ($no: Boolean = false) { accounts { nodes { link { history @include(if: $no) { totalCount } } } } }"],
  ])("shows the history of a link, with the values that lost, to who may operate only: %s", async (_how, query) => {
    await serve();
    expect((await send(query, bearer(secrets.writer))).code).toBe("FORBIDDEN");
    expect((await send(query, bearer(secrets.operator))).body.errors).toBeUndefined();
  });

  it("runs nothing of an operation of which a part is not allowed", async () => {
    await serve();
    await world.given(...firms(1, 1));
    const answer = await send("{ accounts(maxAge: 0) { nodes { name link { history { totalCount } } } } }", bearer(secrets.reader));
    expect(answer.code).toBe("FORBIDDEN");
    expect([...world.exact.calls, ...world.customcrm.calls]).toEqual([]);
  });

  it("asks only for what the operation that is executed needs", async () => {
    await serve();
    const response = await fetch(`${world.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(secrets.reader) },
      body: JSON.stringify({ query: `query A ${list} query B { accounts { nodes { link { history { totalCount } } } } }`, operationName: "A" }),
    });
    expect(await response.json()).toEqual({ data: { accounts: { totalCount: 0 } } });
  });
});

describe("tokens", () => {
  let provider: IdentityProvider;
  beforeEach(async () => {
    provider = await new IdentityProvider().start();
  });
  afterEach(() => provider.stop());

  const served = (more: Partial<AccessOptions> = {}) =>
    serve({ jwksUrl: provider.url, jwtIssuer: "https://id.example", jwtAudiences: ["tandem", "gateway"], ...more });
  const minuteMs = 60_000;

  it("are taken when a key of the set signed them, with the scopes that they claim", async () => {
    await served();
    const reading = await provider.token({ scope: "openid read" }, world.now + minuteMs);
    expect(await send(list, bearer(reading))).toMatchObject({ status: 200, body: { data: { accounts: { totalCount: 0 } } } });
    const operating = "{ accounts { nodes { link { history { totalCount } } } } }";
    expect((await send(operating, bearer(reading))).code).toBe("FORBIDDEN");
    const operator = await provider.token({ scp: ["tandem:read", "tandem:sync"] }, world.now + minuteMs);
    expect((await send(operating, bearer(operator))).code).toBeNull();
  });

  it("without scopes may nothing", async () => {
    await served();
    const answer = await send(list, bearer(await provider.token({}, world.now + minuteMs)));
    expect(answer.body.errors?.[0]?.message).toBe("`accounts` needs the scope read; these credentials have none.");
  });

  it("are taken up to half a minute after they ended, as clocks differ, and not longer", async () => {
    await served();
    const token = await provider.token({ scope: "read" }, world.now - 20_000);
    expect((await send(list, bearer(token))).status).toBe(200);
    world.now += 11_000;
    const answer = await send(list, bearer(token));
    expect([answer.status, answer.code, answer.body.errors?.[0]?.message]).toEqual([401, "UNAUTHENTICATED", "The token is not taken: it has expired."]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["another issuer", { iss: "https://evil.example" }, "iss"],
    ["another service", { aud: "shop" }, "aud"],
    ["nobody", { sub: undefined }, "sub"],
    ["ever", { exp: undefined }, "exp"],
    ["a later time", { nbf: 4_000_000_000 }, "nbf"],
  ])("for %s are refused, with the claim", async (_whom, claims, claim) => {
    await served();
    const answer = await send(list, bearer(await provider.token({ scope: "read", ...claims }, world.now + minuteMs)));
    expect([answer.status, answer.body.errors?.[0]?.message]).toEqual([
      401,
      `The token is not taken: its claim \`${claim}\` is missing or not what is expected here.`,
    ]);
  });

  it("that nobody signed, that a foreign key signed, or that the public key was made a secret for, are refused", async () => {
    await served();
    const claims = { sub: "eva", iss: "https://id.example", aud: "tandem", scope: "read", exp: Math.floor(world.now / 1000) + 60 };
    const good = await provider.token({ scope: "read" }, world.now + minuteMs);
    const [head, , signature] = good.split(".");
    const bent = [head, Buffer.from(JSON.stringify({ ...claims, scope: "read write sync" })).toString("base64url"), signature].join(".");
    const { kid } = JSON.parse(Buffer.from(head ?? "", "base64url").toString()) as { kid: string };
    const published = await (await fetch(provider.url)).text();
    const confused = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid }).sign(Buffer.from(published));
    const other = new IdentityProvider();
    await other.rotate();
    const foreign = await other.token({ scope: "read" }, world.now + minuteMs);
    for (const token of [new UnsecuredJWT(claims).encode(), bent, confused, foreign]) {
      expect(await send(list, bearer(token))).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
    }
  });

  it("are checked with keys that are read once, and again when a token names a new one", async () => {
    await served();
    const token = await provider.token({ scope: "read" }, world.now + minuteMs);
    for (let i = 0; i < 5; i++) expect((await send(list, bearer(token))).status).toBe(200);
    expect(provider.reads).toBe(1);
    await provider.rotate();
    const next = await provider.token({ scope: "read" }, world.now + minuteMs);
    // So soon nobody can make us read the keys again by naming some.
    expect((await send(list, bearer(next))).status).toBe(401);
    expect(provider.reads).toBe(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
    expect((await send(list, bearer(next))).status).toBe(200);
    expect(provider.reads).toBe(2);
    expect((await send(list, bearer(token))).status).toBe(401);
  });

  it("can't be checked while the keys can't be read: that is no fault of the client, and the log tells why", async () => {
    provider.isBroken = true;
    await served();
    const token = await provider.token({ scope: "read" }, world.now + minuteMs);
    expect(await send(list, bearer(token))).toMatchObject({ status: 503, code: "SERVICE_UNAVAILABLE" });
    expect(lines.join("")).toContain("JWT_JWKS_URL");
    provider.isBroken = false;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
    expect((await send(list, bearer(token))).status).toBe(200);
  });

  it("name their caller by a digest, so that no e-mail address is stored beside idempotency keys", async () => {
    const access = new Access({ apiKeys: [], jwksUrl: provider.url, jwtIssuer: null, jwtAudiences: [] }, world.clock, log);
    const callerOf = async (claims: Record<string, unknown>) =>
      access.callerOf(bearer(await provider.token({ sub: "eva@vosmetaal.nl", scope: "read", ...claims }, world.now + minuteMs)));
    const eva = await callerOf({});
    expect(eva.name).toMatch(/^jwt:[0-9a-f]{32}$/);
    expect(eva.until).toBe(world.now + minuteMs);
    expect((await callerOf({ scope: "write" })).name).toBe(eva.name);
    expect((await callerOf({ iss: "https://other.example" })).name).not.toBe(eva.name);
  });
});

describe("a gateway that asks for no credentials", () => {
  const askAs = (host: string, path = "/graphql") =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const body = JSON.stringify({ query: list });
      const request = httpRequest(`${world.url}${path}`, { method: "POST", headers: { host, "content-type": "application/json" } }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, body: text }));
      });
      request.on("error", reject).end(body);
    });

  it("answers this machine, and lets whoever asks do everything", async () => {
    await serve(null);
    for (const host of ["localhost", "localhost:4000", "127.0.0.1:4000", "[::1]:4000", "app.localhost"]) expect((await askAs(host)).status, host).toBe(200);
    expect((await send("{ accounts { nodes { link { history { totalCount } } } } }")).code).toBeNull();
  });

  it("refuses a name that somebody else has bent to this machine, or made public", async () => {
    await serve(null);
    for (const host of ["evil.example", "gateway.example:443", "localhost.evil.example", "127.0.0.1.evil.example"]) {
      const { status, body } = await askAs(host);
      expect([status, JSON.parse(body)], host).toMatchObject([403, { errors: [{ extensions: { code: "FORBIDDEN" } }] }]);
    }
  });
});
