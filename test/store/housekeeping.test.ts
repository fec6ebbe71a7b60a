import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../src/domain/limits.js";
import { MemoryStore } from "../../src/store/memory.js";
import { RedisStore } from "../../src/store/redis.js";
import { entity, event, named, record, write } from "../contracts/store-samples.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";

describeWithRedis("what the store leaves in Redis", () => {
  let redis: TestRedis;
  let store: RedisStore;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    store = await RedisStore.connect({ url: redis.url, tenant: redis.newTenant(), encryptionKey: "k" });
  });
  afterEach(() => store.stop());
  afterAll(() => redis.stop());

  /** The keys that there are, without what stands before the tenant's part. */
  async function keys(): Promise<string[]> {
    const root = store.keys.other("").replace("other:", "");
    const found: string[] = [];
    for await (const some of store.client.scanIterator({ MATCH: `${root}*`, COUNT: 1_000 })) found.push(...some);
    return found.map((key) => key.slice(root.length)).toSorted();
  }

  it("is nothing of an entity that was forgotten", async () => {
    const full = named(
      "a",
      "acme",
      { records: { CUSTOMCRM: "1", EXACT: "x" }, nextActionAt: "2026-01-01T00:00:00.000Z", state: "LINKED" },
      { terms: { email: "e" }, matchKeys: ["k"] },
    );
    const { entities, snapshots } = store;
    await entities.commit({ put: [write(entity("old"), {}, [event("2026-10-01T00:00:00.000Z")])] });
    const history = [event(new Date().toISOString())];
    await entities.commit({ put: [{ ...full, history }], remove: [{ id: "old", revision: 1, into: "a" }], markDirty: ["a", "old"] });
    await snapshots.put([record("1"), record("x", { system: "EXACT", type: "Accounts" })], "2026-10-01T00:00:00.000Z", 5);
    await snapshots.noteWrite({ system: "EXACT", type: "Accounts", id: "x" }, "2026-10-01T00:00:00.000Z", null);
    expect((await keys()).length).toBeGreaterThan(20);
    await entities.forget("a");
    expect(await keys()).toEqual(["dirty-count", "format", "ticket"]);
  });

  it("is, of an entity that was removed for good, its history, which runs out by itself", async () => {
    await store.entities.commit({ put: [write(entity("a"), { names: ["x"] }, [event(new Date().toISOString())])] });
    await store.entities.commit({ put: [], remove: [{ id: "a", revision: 1, into: null }] });
    expect(await keys()).toEqual(["format", "history:a"]);
    expect(await store.client.pTTL(store.keys.history("a"))).toBeGreaterThan(0);
  });

  it("is, of a record that is gone, its snapshot, which runs out by itself, unless the record comes back", async () => {
    const { snapshots } = store;
    await snapshots.put([record("1"), record("2")], "2026-10-01T00:00:00.000Z", 5);
    const lifeOf = (id: string) => store.client.pTTL(store.keys.snapshot(`CUSTOMCRM:Customer:${id}`));
    expect(await Promise.all(["1", "2"].map(lifeOf))).toEqual([-1, -1]);
    const refs = ["1", "2", "3"].map((id) => ({ system: "CUSTOMCRM", type: "Customer", id }) as const);
    await snapshots.putDeleted(refs, "2026-10-02T00:00:00.000Z", 6);
    for (const { id } of refs) {
      expect(await lifeOf(id)).toBeGreaterThan(limits.history.keptMs - 60_000);
      expect(await lifeOf(id)).toBeLessThanOrEqual(limits.history.keptMs);
    }
    await snapshots.put([record("1")], "2026-10-03T00:00:00.000Z", 7);
    expect(await lifeOf("1")).toBe(-1);
  });

  it("makes tickets and lease tokens that outdo those of a server whose clock was ahead", async () => {
    const ahead = Date.now() * 1_000 + 3_600_000_000;
    await store.client.mSet([
      [store.keys.ticket, String(ahead)],
      [store.keys.leaseToken, String(ahead)],
    ]);
    expect([await store.snapshots.ticket(), await store.snapshots.ticket()]).toEqual([ahead + 1, ahead + 2]);
    expect(await store.leases.acquire("a", 1_000)).toEqual({ key: "a", token: ahead + 1 });
  });

  it("makes tickets that outdo those handed out before it lost its last writes", async () => {
    const ticket = await store.snapshots.ticket();
    await store.client.del(store.keys.ticket);
    expect(await store.snapshots.ticket()).toBeGreaterThan(ticket);
  });

  it("is no index entry of documents that have expired, though nobody lists them", async () => {
    for (let i = 0; i < 30; i++) await store.documents.set("idempotency", `k${i}`, i, 0, { ttlMs: 20 });
    await sleep(40);
    for (let i = 0; i < 3; i++) await store.documents.set("idempotency", `late${i}`, i, 0, { ttlMs: 60_000 });
    expect(await store.client.zCard(store.keys.documents("idempotency"))).toBe(3);
    expect(await store.client.zCard(store.keys.documentExpiry("idempotency"))).toBe(3);
  });

  it("is a list index entry of a document whose time was taken away", async () => {
    await store.documents.set("run", "a", 1, 0, { ttlMs: 20 });
    await store.documents.set("run", "a", 2, 1, { ttlMs: null });
    await sleep(40);
    await store.documents.set("run", "b", 1, 0);
    expect((await store.documents.list("run", 5)).map((one) => one.key).toSorted()).toEqual(["a", "b"]);
  });
});

describe("what the store in memory still gives 400 days later", () => {
  it("is nothing of an entity that was removed, and no snapshot of a record that is gone", async () => {
    let now = Date.parse("2026-10-01T00:00:00.000Z");
    const { entities, snapshots } = new MemoryStore({ clock: () => now });
    await entities.commit({ put: [write(entity("a"), {}, [event(new Date(now).toISOString())])] });
    await entities.commit({ put: [], remove: [{ id: "a", revision: 1, into: null }] });
    await snapshots.put([record("1"), record("2")], "2026-10-01T00:00:00.000Z", 5);
    const refs = ["1", "2"].map((id) => ({ system: "CUSTOMCRM", type: "Customer", id }) as const);
    await snapshots.putDeleted(refs.slice(0, 1), "2026-10-01T00:00:00.000Z", 6);
    const given = async () => [(await entities.history("a", 5, null)).total, ...(await snapshots.get(refs)).map((one) => one !== null)];
    now += limits.history.keptMs - 1;
    expect(await given()).toEqual([1, true, true]);
    now += 1;
    expect(await given()).toEqual([0, false, true]);
  });
});
