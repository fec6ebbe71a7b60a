import { createClient } from "redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithOwnRedis, type OwnRedis, startOwnRedis } from "../helpers/redis.js";
import type { Running } from "../setup/helpers.js";
import { startLinkedWorld, startReplica } from "./replicas.js";
import { type SmallWorld, until } from "./small-world.js";

const created = 40;

describeWithOwnRedis("a gateway that is told to stop in the middle of its work", () => {
  let redis: OwnRedis;
  let world: SmallWorld;
  beforeAll(async () => {
    redis = await startOwnRedis();
    world = await startLinkedWorld(redis.url);
  });
  afterAll(async () => {
    await world?.stop();
    await redis?.stop();
  });

  async function start(): Promise<{ readonly gateway: Running; ask(query: string): Promise<unknown> }> {
    const { gateway, port } = await startReplica(world, redis.url, 0);
    const headers = { "content-type": "application/json" };
    const ask = async (query: string) =>
      ((await (await fetch(`http://127.0.0.1:${port}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }) })).json()) as { data: unknown })
        .data;
    return { gateway, ask };
  }
  const posts = () => world.exact.calls.all().filter(({ method, path }) => method === "POST" && path.includes("/crm/Accounts")).length;
  const namesInExact = () => {
    const { accounts } = world.exact.core;
    return [...accounts.all()].map(({ id }) => String(accounts.get(id)?.Name)).filter((name) => name.startsWith("Import"));
  };
  async function leases(): Promise<readonly string[]> {
    const client = await createClient({ url: redis.url }).connect();
    const found = await client.keys("*:lease:*");
    await client.close();
    return found.filter((key) => /:lease:(entity|run):/.test(key));
  }

  it("finishes what it has begun, leaves no lease behind, and the next one goes on with its run and makes nothing twice", { timeout: 120_000 }, async () => {
    for (let n = 1; n <= created; n++) world.customcrm.core.create("Customer", { Name: `Import ${n}` });
    world.exact.faults.add({ method: "POST", path: "/api/v1/", fault: { kind: "slow", ms: 100 } });
    const first = await start();
    const { sync } = (await first.ask("mutation { sync(input: { mode: FULL }) { run { id } } }")) as { sync: { run: { id: string } } };
    await until(() => posts() >= 5, "it is at work");
    first.gateway.child.kill("SIGTERM");
    expect(await first.gateway.ended).toMatchObject({ code: 0, signal: null });
    const begun = posts();
    expect(begun).toBeLessThan(created);
    // Every answer was waited for, and noted.
    expect(namesInExact()).toHaveLength(begun);
    expect(await leases()).toEqual([]);

    const second = await start();
    const stateOf = async () => ((await second.ask(`{ syncRun(id: "${sync.run.id}") { state } }`)) as { syncRun: unknown }).syncRun;
    await until(async () => JSON.stringify(await stateOf()).includes("DONE"), "the run is over", 60_000);
    await until(() => namesInExact().length === created, "all are made", 60_000);
    expect(new Set(namesInExact()).size).toBe(created);
    expect(posts()).toBe(created);
    const { links } = (await second.ask("{ links(first: 200, types: [ACCOUNT]) { nodes { state } } }")) as { links: { nodes: { state: string }[] } };
    expect(links.nodes.map(({ state }) => state)).toEqual(Array.from({ length: created + 3 }, () => "LINKED"));
    second.gateway.child.kill("SIGTERM");
    expect(await second.gateway.ended).toMatchObject({ code: 0 });
  });
});
