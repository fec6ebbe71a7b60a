import { afterEach, describe, expect, it, vi } from "vitest";
import type { Commit } from "../../src/store/store.js";
import { guid, OperatorWorld, pairs } from "./operator-world.js";

let world: OperatorWorld;
afterEach(() => world?.stop());

const edited = (numbers: readonly number[]) => {
  for (const n of numbers) world.customcrm.core.patch("Customer", `cus${n}`, { City: `Town ${n}` });
};

/** Calls `act` right before each write to Exact. */
function atEachWrite(act: () => Promise<unknown>): void {
  const { exact } = world.links;
  const update = exact.update.bind(exact);
  vi.spyOn(exact, "update").mockImplementation(async (...args) => {
    await act();
    return update(...args);
  });
}

describe("an edit of a linked pair", { timeout: 60_000 }, () => {
  it("is stored twice: as being sent, after the look and before the call, and with what came of it", async () => {
    world = await OperatorWorld.start(pairs(1));
    await world.cycle();
    edited([1]);
    const log: string[] = [];
    const { entities } = world.store;
    const commit = entities.commit.bind(entities);
    vi.spyOn(entities, "commit").mockImplementation((write: Commit) => {
      for (const { entity } of write.put) log.push(`${entity.state}: ${entity.intents.map(({ sentAt }) => (sentAt === null ? "owed" : "being sent"))}`);
      return commit(write);
    });
    const { exact } = world.links;
    const getMany = exact.getMany.bind(exact);
    vi.spyOn(exact, "getMany").mockImplementation((...args) => {
      log.push("read");
      return getMany(...args);
    });
    atEachWrite(async () => log.push("called"));
    await world.cycle();
    expect(log).toEqual(["read", "PENDING: being sent", "called", "read", "LINKED: "]);
    expect(world.account(guid(1))).toMatchObject({ City: "Town 1" });
  });

  it("shows that it waits once its turn has not come for half a minute", async () => {
    const numbers = Array.from({ length: 120 }, (_, i) => i + 1);
    world = await OperatorWorld.start(pairs(numbers.length));
    await world.cycle();
    edited(numbers);
    const shown: number[] = [];
    let calls = 0;
    atEachWrite(async () => {
      const isFirst = calls++ === 0;
      shown.push((await world.store.entities.counts("ACCOUNT")).PENDING);
      if (isFirst) await world.clock.advance(30_000);
    });
    await world.cycle();
    const together = 48;
    expect(shown[0]).toBeLessThanOrEqual(together);
    expect(Math.max(...shown)).toBeGreaterThan(together);
    expect(await world.store.entities.counts("ACCOUNT")).toMatchObject({ LINKED: numbers.length, PENDING: 0 });
    expect(numbers.filter((n) => world.account(guid(n))?.City !== `Town ${n}`)).toEqual([]);
    expect(shown).toHaveLength(numbers.length);
  });
});
