import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PersistedDocuments } from "../../src/server/persisted-documents.js";
import { firms, World } from "../resolvers/helpers.js";
import { publish, sseClient, updated, wsClient } from "./clients.js";

const names = "query Names {\n  accounts { nodes { name } }\n}";
const watch = "subscription Watch { entityChanged { id } }";
const texts = { "hash-of-names": names, "hash-of-watch": watch };
const data = { accounts: { nodes: [{ name: "Firm 000" }] } };

const apollo = {
  format: "apollo-persisted-query-manifest",
  version: 1,
  operations: Object.entries(texts).map(([id, body]) => ({ id, name: "Some", type: "query", body })),
};

let dir: string;
let world: World;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tandem-manifest-"));
  world = new World();
});
afterEach(async () => {
  await world.stop();
  rmSync(dir, { recursive: true });
});

function manifest(content: unknown): string {
  const path = join(dir, "manifest.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const serve = async (isOnly: boolean, content: unknown = texts) => {
  await world.serve({ documents: PersistedDocuments.read(manifest(content), isOnly) });
  await world.given(...firms(1, 0));
};

const get = async (params: Record<string, string>) => {
  const response = await fetch(`${world.url}/graphql?${new URLSearchParams(params)}`, { headers: { "apollo-require-preflight": "1" } });
  return (await response.json()) as unknown;
};
const byHash = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

describe("a document of the manifest", () => {
  it.each([
    ["documents by their ids", texts],
    ["Apollo's manifest", apollo],
  ])("is found in %s", async (_form, content) => {
    await serve(false, content);
    expect(await world.send({ documentId: "hash-of-names" })).toMatchObject({ data, errors: [] });
  });

  it.each([
    ["documentId", { documentId: "hash-of-names" }],
    ["documentId with the name of its hash", { documentId: "sha256:hash-of-names" }],
    ["the extension of persisted queries", { extensions: byHash("hash-of-names") }],
  ])("is asked for by %s, by POST and by GET", async (_how, request) => {
    await serve(true);
    expect(await world.send(request)).toMatchObject({ data, errors: [] });
    const params = Object.entries(request).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
    expect(await get(Object.fromEntries(params))).toEqual({ data });
  });

  it("is asked for by WebSocket and by events as well", async () => {
    await serve(true);
    const clients = [wsClient(world.url), sseClient(world.url)];
    // These libraries always send a text; an empty one says nothing.
    const watchers = clients.map((client) => client.subscribe("", undefined, byHash("hash-of-watch")));
    await expect
      .poll(async () => {
        await publish(world.store.events, updated("account-000"));
        return watchers.every(({ told }) => told.length > 0);
      })
      .toBe(true);
    expect(watchers[0]?.told[0]).toEqual({ data: { entityChanged: { id: "account-000" } } });
    for (const client of clients) client.dispose();
  });

  it("is an error when there is no such document, and others are still taken", async () => {
    await serve(false);
    expect((await world.send({ documentId: "other" })).errors).toMatchObject([
      { message: "There is no persisted document other.", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } },
    ]);
    expect(await world.send({ query: "{ accounts { nodes { name } } }" })).toMatchObject({ data });
  });
});

describe("where only these are executed", () => {
  const refused = [
    { message: "Only documents of the manifest are executed here, and this is none of them.", extensions: { code: "PERSISTED_DOCUMENTS_ONLY" } },
  ];

  it("their text will do, whatever its blanks and comments", async () => {
    await serve(true);
    expect(await world.send({ query: "query Names { # all of them\n accounts{nodes{name}} }" })).toMatchObject({ data, errors: [] });
    expect(await get({ query: names })).toEqual({ data });
  });

  it.each(["{ accounts { nodes { id } } }", "{ __schema { queryType { name } } }", "query Names {", "{ nothingLikeThis }"])("%s is refused", async (query) => {
    await serve(true);
    expect(await world.send({ query })).toMatchObject({ status: 400, errors: refused });
    expect(await get({ query })).toEqual({ errors: refused });
  });

  it("others can't be kept for later by their hash", async () => {
    await serve(true);
    const extensions = byHash("0".repeat(64));
    expect((await world.send({ extensions })).errors).toMatchObject([{ extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }]);
    expect((await world.send({ query: "{ __typename }", extensions })).errors).toMatchObject(refused);
  });

  it("each operation of a batch must be one", async () => {
    await serve(true);
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const send = async (batch: unknown) => (await fetch(`${world.url}/graphql`, { ...init, body: JSON.stringify(batch) })).json();
    expect(await send([{ documentId: "hash-of-names" }, { query: "{ __typename }" }])).toEqual({ errors: refused });
    expect(await send([{ documentId: "hash-of-names" }, { query: names }])).toEqual([{ data }, { data }]);
  });

  it.each([wsClient, sseClient])("others are refused by every way: %o", async (clientOf) => {
    await serve(true);
    const client = clientOf(world.url);
    const other = client.subscribe("subscription { entityChanged { id kind } }");
    await expect.poll(() => other.told[0]?.errors ?? other.end()).toMatchObject(refused);
    client.dispose();
  });
});

describe("a manifest", () => {
  it.each([
    ["is not there", null, /which must hold an object of documents by their ids.*ENOENT/],
    ["is no JSON", "{", /must hold .*JSON/],
    ["is something else", ["a"], /must hold .*: it holds something else\./],
    ["is of another version", { ...apollo, version: 2 }, /it holds something else/],
    ["has a document that is none", { broken: "query {" }, /has a document that is not GraphQL, under broken: /],
  ])("that %s stops the start, with its path", (_what, content, message) => {
    const path = content === null ? join(dir, "nowhere.json") : manifest(content);
    expect(() => PersistedDocuments.read(path, false)).toThrow(message);
    expect(() => PersistedDocuments.read(path, false)).toThrow(path);
  });

  it("that has a document which is answered no longer is told of in the log", async () => {
    await serve(false, { ...texts, old: "{ formerField }" });
    expect(world.log.map(({ msg }) => msg)).toContain('The persisted document old can\'t be answered: Cannot query field "formerField" on type "Query".');
  });
});
