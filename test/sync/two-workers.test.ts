import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { RedisStore } from "../../src/store/redis.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { accountRow, customerRow, guid, OperatorWorld } from "./operator-world.js";

const firms = 150;

describeWithRedis("two workers on one Redis", { timeout: 60_000 }, () => {
  let redis: TestRedis;
  let world: OperatorWorld;
  const stores: RedisStore[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await world?.stop();
    for (const store of stores.splice(0)) await store.stop();
  });
  afterAll(() => redis.stop());

  it("share the work, and neither does what the other has done: every record is made once, and every edit is written once", async () => {
    const tenant = redis.newTenant();
    const connect = async () => {
      const store = await RedisStore.connect({ url: redis.url, tenant, encryptionKey: "a key for tests" });
      stores.push(store);
      return store;
    };
    // Every other firm is known to both, and was edited; the others are known to Customcrm only.
    const numbers = Array.from({ length: firms }, (_, i) => i + 1);
    world = await OperatorWorld.start({
      customers: numbers.map((n) => customerRow(n, { City: `Town ${n}` })),
      accounts: numbers.filter((n) => n % 2 === 0).map((n) => accountRow(n)),
      store: await connect(),
    });
    const other = world.process(await connect());
    const settledBy = { one: 0, other: 0 };
    world.onSettled = (store) => void settledBy[store === world.store ? "one" : "other"]++;
    await Promise.all([world.engine, other.engine].flatMap((engine) => [engine.poll("CUSTOMCRM"), engine.poll("EXACT")]));
    for (let rounds = 0; rounds < 5 && (await world.store.feeds.countDirty()) > 0; rounds++) {
      await Promise.all([world.engine.drain(), other.engine.drain()]);
    }
    expect(settledBy.one).toBeGreaterThan(0);
    expect(settledBy.other).toBeGreaterThan(0);
    expect(await world.store.entities.counts("ACCOUNT")).toMatchObject({ LINKED: firms, PENDING: 0 });
    const writes = world.exact.calls.all().filter(({ method, path }) => ["POST", "PUT"].includes(method) && path.includes("/crm/Accounts"));
    expect(writes.filter(({ method }) => method === "POST")).toHaveLength(firms / 2);
    expect(writes.filter(({ method }) => method === "PUT")).toHaveLength(firms / 2);
    expect([...world.exact.core.accounts.all()]).toHaveLength(firms);
    expect(numbers.filter((n) => n % 2 === 0 && world.account(guid(n))?.City !== `Town ${n}`)).toEqual([]);
  });
});
