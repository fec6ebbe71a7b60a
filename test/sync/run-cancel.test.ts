import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { defaultSettings } from "../../src/domain/settings.js";
import { RedisStore } from "../../src/store/redis.js";
import type { Store } from "../../src/store/store.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { accountRow, customerRow, guid, OperatorWorld } from "./operator-world.js";

const firms = 120;
/** Writes that a worker may have begun together when a run is cancelled. */
const together = 48;
const numbers = Array.from({ length: firms }, (_, i) => i + 1);

let world: OperatorWorld;
const stores: RedisStore[] = [];
afterEach(async () => {
  await world.stop();
  for (const store of stores.splice(0)) await store.stop();
});

/**
 * Firms that are linked while no phone travels; Customcrm knows all phones. Then a person lets it travel, so that a full run,
 * and nothing else, has a value to write for each of them.
 */
async function givenPhonesThatTravelFromNowOn(store?: Store): Promise<void> {
  world = await OperatorWorld.start({
    customers: numbers.map((n) => customerRow(n, { Phone: `crm ${n}` })),
    accounts: numbers.map((n) => accountRow(n)),
    flows: (flows) => flows.map((flow) => ({ ...flow, rows: flow.rows.filter((row) => row.field !== "phone") })),
    ...(store ? { store } : {}),
  });
  await world.cycle();
  expect((await world.store.entities.counts("ACCOUNT")).LINKED).toBe(firms);
  world.settings = defaultSettings;
  world.restart();
}

const phones = () => numbers.filter((n) => world.account(guid(n))?.Phone === `crm ${n}`).length;
const puts = () => world.exact.calls.all().filter((call) => call.method === "PUT").length;

/** Calls `act` right before the write of that number. */
function atWrite(number: number, act: () => Promise<unknown>): void {
  const { exact } = world.links;
  const update = exact.update.bind(exact);
  let writes = 0;
  vi.spyOn(exact, "update").mockImplementation(async (...args) => {
    if (++writes === number) await act();
    return update(...args);
  });
}

async function isAtRest(): Promise<void> {
  expect(await world.store.feeds.countDirty()).toBe(0);
  expect(await world.store.entities.counts("ACCOUNT")).toMatchObject({ LINKED: firms, PENDING: 0 });
}

describe("a run that is cancelled in the middle", { timeout: 60_000 }, () => {
  it("writes nothing more but what was begun, shows nobody as waiting for it, and a later run does the rest", async () => {
    await givenPhonesThatTravelFromNowOn();
    const { id } = await world.runs.start({ mode: "FULL" });
    let begun = 0;
    atWrite(20, async () => {
      begun = puts();
      expect(await world.runs.cancel(id)).toMatchObject({ cancelRequested: true });
    });
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "CANCELLED", problem: null, progress: { updated: phones() } });
    expect(phones()).toBeGreaterThanOrEqual(begun);
    expect(phones()).toBeLessThanOrEqual(begun + together);
    await isAtRest();

    const written = puts();
    await world.cycle();
    expect(puts()).toBe(written);

    const later = await world.runs.start({ mode: "FULL" });
    await world.work();
    expect(await world.run(later.id)).toMatchObject({ state: "DONE" });
    expect([phones(), puts()]).toEqual([firms, firms]);
    await isAtRest();
  });

  it("loses no news: an edit that its own poll has read, one that only its compare could find, and one that comes meanwhile get across", async () => {
    await givenPhonesThatTravelFromNowOn();
    const { customcrm } = world.links;
    world.customcrm.core.patch("Customer", "cus60", { City: "read by the poll" });
    const { id } = await world.runs.start({ mode: "FULL" });
    const list = customcrm.list.bind(customcrm);
    vi.spyOn(customcrm, "list").mockImplementationOnce(async (...args) => {
      // The feed is read already, and never shows this one again.
      world.customcrm.core.patch("Customer", "cus59", { City: "found by the compare" });
      const page = await list(...args);
      for (const { name } of customcrm.feeds) {
        const state = await world.store.feeds.get("CUSTOMCRM", name);
        const { position } = await customcrm.readFeed(name, state.position, { class: "poll" });
        await world.store.feeds.advance("CUSTOMCRM", name, { ...state, position, low: position, seen: [] }, []);
      }
      return page;
    });
    atWrite(4, async () => {
      world.customcrm.core.patch("Customer", "cus58", { City: "made meanwhile" });
      await world.engine.poll("CUSTOMCRM");
      await world.runs.cancel(id);
    });
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "CANCELLED" });
    expect(phones()).toBeLessThanOrEqual(4 + together);

    await world.settle();
    expect([60, 59, 58].map((n) => world.account(guid(n))?.City)).toEqual(["read by the poll", "found by the compare", "made meanwhile"]);
    expect(phones()).toBeLessThanOrEqual(4 + together + 3);
    await isAtRest();
  });

  it("of which no process is left is withdrawn at once, and is over when the next one comes", async () => {
    await givenPhonesThatTravelFromNowOn();
    const { id } = await world.runs.start({ mode: "FULL" });
    const ending = new AbortController();
    vi.spyOn(world.engine, "drain").mockImplementationOnce(async () => ending.abort());
    await world.work(ending.signal).catch(() => {});
    expect(await world.run(id)).toMatchObject({ state: "RUNNING" });
    expect(await world.store.feeds.countDirty()).toBe(firms);
    await world.runs.cancel(id);
    await isAtRest();
    world.restart();
    await world.runs.resume();
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "CANCELLED" });
    await world.cycle();
    expect(puts()).toBe(0);
  });

  it("leaves alone what another run looks at as well", async () => {
    await givenPhonesThatTravelFromNowOn();
    const first = await world.runs.start({ mode: "FULL" });
    const second = await world.runs.start({ mode: "FULL" });
    const drain = world.engine.drain.bind(world.engine);
    vi.spyOn(world.engine, "drain").mockImplementationOnce(async (...args) => {
      // The second one marks all of them too, and settles nothing yet.
      vi.spyOn(world.engine, "drain").mockImplementationOnce(async () => {
        await world.runs.cancel(first.id);
      });
      await world.runs.work(second.id, new AbortController().signal);
      return drain(...args);
    });
    await world.work();
    expect(await world.run(first.id)).toMatchObject({ state: "CANCELLED" });
    expect(await world.run(second.id)).toMatchObject({ state: "DONE" });
    expect([phones(), puts()]).toEqual([firms, firms]);
  });
});

describeWithRedis("a run that is cancelled while two workers are at it", { timeout: 60_000 }, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it("is left by both: neither writes more than it has begun, though both had planned it", async () => {
    const tenant = redis.newTenant();
    const connect = async () => {
      const store = await RedisStore.connect({ url: redis.url, tenant, encryptionKey: "a key for tests" });
      stores.push(store);
      return store;
    };
    await givenPhonesThatTravelFromNowOn(await connect());
    const other = world.process(await connect());
    const { id } = await world.runs.start({ mode: "FULL" });
    // The other worker has planned all of it, and is about to begin with its fourth.
    vi.spyOn(world.engine, "drain").mockImplementationOnce(() => other.engine.drain());
    let begun = 0;
    atWrite(4, async () => {
      begun = puts();
      await world.runs.cancel(id);
    });
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "CANCELLED" });
    expect(phones()).toBeLessThanOrEqual(begun + together);
    await isAtRest();
    const written = puts();
    await other.engine.drain();
    await world.cycle();
    expect(puts()).toBe(written);
  });
});
