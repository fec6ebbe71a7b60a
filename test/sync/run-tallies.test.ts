import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { PlannedAction } from "../../src/domain/run.js";
import { RedisStore } from "../../src/store/redis.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { accountRow, customerRow, guid, OperatorWorld } from "./operator-world.js";

/** Two to link, one to create, three in review, and two that are linked already. */
const firms = {
  customers: [customerRow(1), customerRow(2), customerRow(3, { Name: "Only here" }), customerRow(4)],
  accounts: [accountRow(1), accountRow(2), accountRow(4), { ...accountRow(4), ID: guid(5) }],
};

describeWithRedis("a run that two workers share", { timeout: 60_000 }, () => {
  let redis: TestRedis;
  let stores: RedisStore[];
  let world: OperatorWorld;
  let connect: () => Promise<RedisStore>;

  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    stores = [];
    const tenant = redis.newTenant();
    connect = async () => {
      const store = await RedisStore.connect({ url: redis.url, tenant, encryptionKey: "a key for tests" });
      stores.push(store);
      return store;
    };
    world = await OperatorWorld.start({ ...firms, store: await connect() });
  });
  afterEach(async () => {
    await world.stop();
    for (const store of stores) await store.stop();
  });
  afterAll(() => redis.stop());

  const planOf = async (id: string) => (await world.store.documents.slice<PlannedAction>("plan", id, 0, 100)).items;
  const told = async (id: string) => (await planOf(id)).map(({ kind, label }) => `${kind} ${label.split(" (")[0]}`).toSorted();
  const whole = { linked: 2, created: 2, review: 3, failed: 0, deleted: 0 };
  const wholePlan = ["CREATE Later", "CREATE Only here", "LINK Firm 1", "LINK Firm 2", "REVIEW Firm 4", "REVIEW Firm 4", "REVIEW Firm 4"];
  const withoutUpdates = (plan: readonly string[]) => plan.filter((one) => !one.startsWith("UPDATE"));

  /** What there is to settle, as the other worker finds it, and then one firm more for this one. */
  async function sharedWith(other: { engine: OperatorWorld["engine"] }, after: () => void = () => {}): Promise<void> {
    const drain = world.engine.drain.bind(world.engine);
    vi.spyOn(world.engine, "drain").mockImplementationOnce(async (signal) => {
      await other.engine.drain();
      world.customcrm.core.create("Customer", { Name: "Later", Email: "info@later.nl" });
      after();
      if (signal?.aborted) return;
      await world.engine.poll("CUSTOMCRM");
      await drain(signal);
    });
  }

  it("tells what both have done", async () => {
    const other = world.process(await connect());
    await sharedWith(other);
    const { id } = await world.runs.start({ mode: "FULL" });
    await world.work();
    const run = await world.run(id);
    expect(run).toMatchObject({ state: "DONE", progress: whole });
    expect(withoutUpdates(await told(id))).toEqual(wholePlan);
    expect(await world.store.tallies.opened()).toEqual([]);
  });

  it("shows what the other one does while it runs", async () => {
    const other = world.process(await connect());
    const seen: number[] = [];
    const drain = world.engine.drain.bind(world.engine);
    vi.spyOn(world.engine, "drain").mockImplementationOnce(async (signal) => {
      await other.engine.drain();
      await expect.poll(async () => (await world.run(id)).progress, { timeout: 10_000 }).toMatchObject({ linked: 2, created: 1, review: 3 });
      seen.push(1);
      await drain(signal);
    });
    const { id } = await world.runs.start({ mode: "FULL" });
    await world.work();
    expect(seen).toEqual([1]);
    expect(await world.run(id)).toMatchObject({ state: "DONE", progress: { linked: 2, created: 1, review: 3 } });
  });

  it("tells of both also when the one that began it ends, and the next one goes on", async () => {
    const other = world.process(await connect());
    const ending = new AbortController();
    await sharedWith(other, () => ending.abort());
    const { id } = await world.runs.start({ mode: "FULL" });
    await world.work(ending.signal).catch(() => {});
    expect(await world.run(id)).toMatchObject({ state: "RUNNING" });

    world.store = await connect();
    world.restart();
    await world.runs.resume();
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "DONE", progress: whole });
    expect(withoutUpdates(await told(id))).toEqual(wholePlan);
  });

  it("is handed to the queue by a process that is told to end, so that one that runs already goes on with it", async () => {
    const { id } = await world.runs.start({ mode: "FULL" });
    vi.spyOn(world.engine, "drain").mockImplementationOnce(async () => world.engine.halt());
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "RUNNING" });
    expect(world.jobs).toEqual([{ kind: "run", runId: id }]);
    // It takes it once more before it is gone.
    await world.work();
    expect(world.jobs).toEqual([{ kind: "run", runId: id }]);
    const other = world.process(await connect());
    for (const job of world.jobs.splice(0)) if (job.kind === "run") await other.runs.work(job.runId, new AbortController().signal);
    expect(await world.run(id)).toMatchObject({ state: "DONE", progress: { linked: 2, created: 1, review: 3 } });
    expect(world.jobs).toEqual([]);
  });

  it("leaves no tally open that nobody ends", async () => {
    const { id } = await world.runs.start({ mode: "CHANGES" });
    await world.work();
    // Whoever closed the run ended before it closed the tally.
    await world.store.tallies.open(id);
    await world.store.tallies.open("of a run that is long forgotten");
    await world.cycle();
    expect(await world.store.tallies.opened()).toEqual([]);
  });
});
