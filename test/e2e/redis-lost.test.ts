import { afterEach, beforeEach, expect, it } from "vitest";
import { holdings } from "../helpers/promises.js";
import { describeWithOwnRedis, type OwnRedis, startOwnRedis } from "../helpers/redis.js";
import { customcrmId, type SmallWorld, startSmallWorld, until } from "./small-world.js";

describeWithOwnRedis("a Redis that lost its last second (A3, appendfsync everysec)", { timeout: 60_000 }, () => {
  let redis: OwnRedis;
  let world: SmallWorld;
  beforeEach(async () => {
    redis = await startOwnRedis({ durable: "everysec" });
    world = await startSmallWorld({ redisUrl: redis.url });
    await world.start();
    await world.app.ready;
    await until(
      async () => (await fetch(`${world.exact.origin}/_control/webhooks`).then((answer) => answer.json() as Promise<unknown[]>)).length > 0,
      "subscribed",
    );
  }, 60_000);
  afterEach(async () => {
    await world.stop();
    await redis.stop();
  });

  const make = async (type: string, row: object) =>
    (await (await fetch(`${world.customcrm.origin}/_control/records/${type}`, { method: "POST", body: JSON.stringify(row) })).json()) as { Id: string };
  const namesInExact = async () =>
    [...(await holdings(world.exact, world.customcrm)).EXACT.values()].map(({ properties }) => properties.Name ?? properties.LastName);
  const inExact = async (name: string) => (await namesInExact()).filter((one) => one === name).length;
  const stateOf = async (type: "ACCOUNT" | "PRODUCT", id: string) => (await world.app.store.entities.ofRecords(type, "CUSTOMCRM", [id]))[0]?.state;

  /** A firm and a product that no key can match are made in Exact, and Redis forgets it. */
  async function madeAndForgotten(before: () => Promise<void> = async () => {}): Promise<{ readonly firm: string; readonly product: string }> {
    const disk = redis.disk();
    const firm = (await make("Customer", { Name: "Forgotten BV" })).Id;
    const product = (await make("Product", { Name: "Forgotten thing", CustomerId: customcrmId(1) })).Id;
    await until(async () => (await inExact("Forgotten BV")) === 1 && (await inExact("Forgotten thing")) === 1, "both are made in Exact");
    await before();
    await redis.crash();
    redis.loseSince(disk);
    return { firm, product };
  }

  async function areAdopted({ firm, product }: { readonly firm: string; readonly product: string }): Promise<void> {
    await until(
      async () => {
        // It is looked for once it can't land any more.
        await world.clock.advance(30_000);
        await world.app.engine.poll("EXACT").catch(() => {});
        await world.app.engine.poll("CUSTOMCRM").catch(() => {});
        await world.app.engine.sweep().catch(() => {});
        await world.app.engine.drain().catch(() => {});
        return (await stateOf("ACCOUNT", firm).catch(() => "")) === "LINKED" && (await stateOf("PRODUCT", product).catch(() => "")) === "LINKED";
      },
      "both are linked",
      30_000,
    );
    expect(await inExact("Forgotten BV")).toBe(1);
    expect(await inExact("Forgotten thing")).toBe(1);
  }

  it("under a running gateway: what was created and forgotten is found and adopted, not made again", async () => {
    const forgotten = await madeAndForgotten();
    await redis.restart();
    await areAdopted(forgotten);
  });

  it("together with the gateway: the next one finds and adopts it as well, and what comes later is made at once", async () => {
    const forgotten = await madeAndForgotten(() => world.stopApp());
    await redis.restart();
    await world.start();
    await areAdopted(forgotten);
    await world.clock.advance(10 * 60_000);
    await make("Customer", { Name: "Later BV" });
    await until(async () => (await inExact("Later BV")) === 1, "it is made in Exact");
  });
});
