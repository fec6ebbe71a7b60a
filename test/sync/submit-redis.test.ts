import { afterAll, beforeAll, expect, it } from "vitest";
import { RedisStore } from "../../src/store/redis.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { codesOf, exactId, SubmitWorld, writesOf } from "./submit-world.js";

describeWithRedis("mutations on Redis, sent to two processes", () => {
  let redis: TestRedis;
  let stores: readonly [RedisStore, RedisStore];
  let world: SubmitWorld;

  beforeAll(async () => {
    redis = await startRedis();
    const options = { url: redis.url, tenant: redis.newTenant(), encryptionKey: "a key for tests" };
    stores = await Promise.all([RedisStore.connect(options), RedisStore.connect(options)]);
    world = await SubmitWorld.start({ store: stores[0] });
  });
  afterAll(async () => {
    await world?.stop();
    for (const store of stores ?? []) await store.stop();
    await redis.stop();
  });

  it("the same key ten times at once is one operation, and one record on each side", async () => {
    const before = world.census();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        world.submit(
          { kind: "CREATE", type: "ACCOUNT", fields: { name: "Nieuw BV", vatNumber: "NL42" }, idempotencyKey: "k1" },
          world.parts(stores[i % 2 === 0 ? 0 : 1]),
        ),
      ),
    );
    expect(new Set(all.map((one) => one.operation?.id)).size).toBe(1);
    expect(all.map((one) => one.status)).toEqual(all.map(() => "APPLIED"));
    expect(world.census()).toEqual({ exact: before.exact + 1, customcrm: before.customcrm + 1 });
    expect(world.calls()).toEqual({ exact: ["GET", "POST"], customcrm: ["POST"] });
  });

  it("one company that ten clients make at once, each with a key of its own, is made once; the others hear which one it is", async () => {
    const before = world.census();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        world.submit(
          { kind: "CREATE", type: "ACCOUNT", fields: { name: "Tien BV", email: "info@tien.nl", postcode: "1010 TT" }, idempotencyKey: `ten-${i}` },
          world.parts(stores[i % 2 === 0 ? 0 : 1]),
        ),
      ),
    );
    const made = all.filter((one) => one.status === "APPLIED");
    expect(made).toHaveLength(1);
    const others = all.filter((one) => one.status !== "APPLIED");
    expect(others.map(codesOf)).toEqual(others.map(() => ["DUPLICATE"]));
    for (const { userErrors } of others) expect(userErrors[0]?.message).toContain(made[0]?.entity?.id);
    expect(world.census()).toEqual({ exact: before.exact + 1, customcrm: before.customcrm + 1 });
  });

  it("what was made and deleted again may be made anew at once", async () => {
    const fields = { name: "Weer BV", vatNumber: "NL43" };
    const first = await world.submit({ kind: "CREATE", type: "ACCOUNT", fields });
    await world.remove("ACCOUNT", first.entity?.id ?? "");
    expect(await world.submit({ kind: "CREATE", type: "ACCOUNT", fields })).toMatchObject({ status: "APPLIED" });
  });

  it("ten mutations of one entity from both are all applied", async () => {
    const id = await world.idOf("Vos Metaal");
    const fields = ["phone", "fax", "website", "description", "city", "postcode", "addressLine1", "addressLine2", "vatNumber", "chamberOfCommerce"];
    const all = await Promise.all(
      fields.map((field, i) =>
        world.submit({ kind: "UPDATE", type: "ACCOUNT", id, fields: { [field]: `value ${i}` } }, world.parts(stores[i % 2 === 0 ? 0 : 1])),
      ),
    );
    expect(all.map((one) => one.status)).toEqual(all.map(() => "APPLIED"));
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "value 0", Fax: "value 1", City: "value 4" });
  });

  it("is put back, deleted and told of as in memory", async () => {
    const id = await world.idOf("Bakkerij Smit");
    world.customcrmFault("PATCH", { kind: "status", status: 422, body: { type: "urn:customcrm:validation-failed", title: "Not valid", status: 422 } });
    const refused = await world.update("ACCOUNT", id, { phone: "odd" }, { idempotencyKey: "k2" });
    expect(writesOf(refused.operation)).toEqual(["EXACT ROLLED_BACK", "CUSTOMCRM REJECTED"]);
    expect(world.inExact(exactId(2))).toMatchObject({ Phone: "010-2" });
    expect(codesOf(await world.update("ACCOUNT", id, { phone: "even" }, { idempotencyKey: "k2" }))).toEqual(["IDEMPOTENCY_KEY_REUSED"]);
    const removed = await world.remove("ACCOUNT", id);
    expect(removed).toMatchObject({ status: "APPLIED", entity: null });
    expect(await world.entity(id)).toBeNull();
    expect(await world.operation(refused.operation?.id)).toMatchObject({ status: "REJECTED", finishedAt: expect.any(String) });
    expect(world.faultsOfOurs).toEqual([]);
  });
});
