import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dataflowOf } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { createServer, type Server } from "../../src/server/server.js";
import { RedisStore } from "../../src/store/redis.js";
import { announced } from "../../src/sync/announce.js";
import { writeOf } from "../../src/sync/document.js";
import { entity } from "../contracts/store-samples.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { FakeConnector } from "../resolvers/fake-connector.js";
import { type Client, sseClient, wsClient } from "./clients.js";

interface Replica {
  readonly server: Server;
  readonly store: RedisStore;
  /** Writes an entity, as whoever does in this process. */
  write(entity: Entity, remove?: readonly { id: string; revision: number; into: string | null }[]): Promise<void>;
}

async function replicaOf(redis: TestRedis, tenant: string): Promise<Replica> {
  const store = await RedisStore.connect({ url: redis.url, tenant, encryptionKey: "k".repeat(32) });
  const telling = announced(store, Date.now, (error) => {
    throw error;
  });
  const server = await createServer({
    store: telling,
    connectors: { CUSTOMCRM: new FakeConnector("CUSTOMCRM"), EXACT: new FakeConnector("EXACT") },
    settings: defaultSettings,
    clock: Date.now,
    host: "127.0.0.1",
    port: 0,
    log: pino({ level: "silent" }),
  });
  return {
    server,
    store,
    async write(one, remove = []) {
      const result = await telling.entities.commit({ put: [writeOf(dataflowOf(defaultSettings.flows, "ACCOUNT"), one, [])], remove });
      expect(result).toMatchObject({ ok: true });
    },
  };
}

describeWithRedis("two replicas on one Redis", () => {
  let redis: TestRedis;
  let here: Replica;
  let there: Replica;
  const clients: Client[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    const tenant = redis.newTenant();
    [here, there] = await Promise.all([replicaOf(redis, tenant), replicaOf(redis, tenant)]);
  });
  afterAll(async () => {
    for (const client of clients) client.dispose();
    for (const replica of [here, there]) {
      await replica?.server.stop();
      await replica?.store.stop();
    }
    await redis?.stop();
  });

  const crm = (id: string, name: string, more: Partial<Entity> = {}) =>
    entity(id, { records: { CUSTOMCRM: `crm-${id}`, EXACT: null }, fields: { name }, ...more });
  const query = "subscription Watch($ids: [ID!]) { entityChanged(ids: $ids) { id kind fields entity { ... on Account { name } } } }";

  it.each([
    ["graphql-ws", wsClient],
    ["graphql-sse", sseClient],
  ])("tell the clients of either what happens in any, by %s", async (name, clientOf) => {
    const watchers = [here, there].map(({ server }) => {
      const client = clientOf(server.url);
      clients.push(client);
      return client.subscribe(query);
    });
    // Whoever listens is told of what is written from now on.
    let revision = 0;
    await expect
      .poll(async () => {
        await here.write(crm(`ready-${name}`, `Ready ${revision}`, { revision: revision++ }));
        return watchers.every(({ told }) => told.length > 0);
      })
      .toBe(true);
    await there.write(crm(`a-${name}`, "Written there"));
    const change = { id: `a-${name}`, kind: "CREATED", fields: ["name"], entity: { name: "Written there" } };
    for (const { told } of watchers) await expect.poll(() => told.map(({ data }) => data?.entityChanged)).toContainEqual(change);
    await here.write(crm(`a-${name}`, "Written here", { revision: 1 }));
    const next = { id: `a-${name}`, kind: "UPDATED", fields: ["name"], entity: { name: "Written here" } };
    for (const { told } of watchers) await expect.poll(() => told.map(({ data }) => data?.entityChanged)).toContainEqual(next);
  });

  it("follow an entity whose id is joined with another by the other replica", async () => {
    await here.write(crm("survivor", "A"));
    await here.write(entity("former", { records: { CUSTOMCRM: null, EXACT: "exact-1" }, fields: { name: "A" } }));
    const client = wsClient(there.server.url);
    clients.push(client);
    const watcher = client.subscribe(query, { ids: ["former"] });
    let revision = 1;
    await expect
      .poll(async () => {
        await here.write(entity("former", { revision, records: { CUSTOMCRM: null, EXACT: "exact-1" }, fields: { name: `A${revision++}` } }));
        return watcher.told.length;
      })
      .toBeGreaterThan(0);
    const joined = crm("survivor", "Joined", { revision: 1, records: { CUSTOMCRM: "crm-survivor", EXACT: "exact-1" } });
    await here.write(joined, [{ id: "former", revision, into: "survivor" }]);
    await here.write({ ...joined, revision: 2, fields: { name: "Later" } });
    await expect
      .poll(() => watcher.told.slice(-3).map(({ data }) => data?.entityChanged))
      .toMatchObject([
        { id: "former", kind: "DELETED", entity: null },
        { id: "survivor", kind: "UPDATED" },
        { id: "survivor", kind: "UPDATED", entity: { name: "Later" } },
      ]);
  });
});
