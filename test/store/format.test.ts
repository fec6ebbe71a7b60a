import { afterAll, beforeAll, expect, it } from "vitest";
import { RedisStore } from "../../src/store/redis.js";
import { named } from "../contracts/store-samples.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";

describeWithRedis("a link map in Redis", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const open = (tenant: string) => RedisStore.connect({ url: redis.url, tenant, encryptionKey: "k" });

  it("is opened again by the version that kept it", async () => {
    const tenant = redis.newTenant();
    const store = await open(tenant);
    await store.entities.commit({ put: [named("a", "acme")] });
    await store.stop();
    const again = await open(tenant);
    expect((await again.entities.get(["a"]))[0]?.fields).toEqual({ name: "acme" });
    await again.stop();
  });

  it.each(["1, before formats were noted", "99, of a later version"])("is refused in format %s, and told how to bring it over", async (what) => {
    const tenant = redis.newTenant();
    const store = await open(tenant);
    await store.entities.commit({ put: [named("a", "acme")] });
    if (what.startsWith("99")) await store.client.set(store.keys.format, "99");
    else await store.client.del(store.keys.format);
    const number = what.split(",")[0];
    await expect(open(tenant)).rejects.toThrow(new RegExp(`format ${number}, .* export.* import`, "s"));
    await store.stop();
  });
});
