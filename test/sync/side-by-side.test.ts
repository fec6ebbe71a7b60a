import { afterEach, describe, expect, it } from "vitest";
import type { Commit, CommitResult } from "../../src/store/store.js";
import { settle } from "../../src/sync/settle.js";
import { accountRow, customerRow, guid, OperatorWorld } from "./operator-world.js";
import { withMethods } from "./submit-world.js";

let world: OperatorWorld;
afterEach(() => world?.stop());

const firms = 8;
const numbers = Array.from({ length: firms }, (_, i) => i + 1);

async function readBoth(): Promise<readonly string[]> {
  world = await OperatorWorld.start({ customers: numbers.map((n) => customerRow(n)), accounts: numbers.map((n) => accountRow(n)) });
  for (const system of ["CUSTOMCRM", "EXACT"] as const) await world.engine.poll(system);
  const all = await Promise.all(numbers.map((n) => world.of("ACCOUNT", "CUSTOMCRM", `cus${n}`)));
  return all.map(({ id }) => id);
}

type Store = ReturnType<OperatorWorld["parts"]>["store"];

/** With a store whose commits go through `commit`, and whose leases are released by `release`. */
function partsWith(commit: (write: Commit, store: (write: Commit) => Promise<CommitResult>) => Promise<CommitResult>, onRelease: () => void = () => {}) {
  const { store, ...others } = world.parts();
  const entities: Store["entities"] = withMethods(store.entities, { commit: (write: Commit) => commit(write, (one) => store.entities.commit(one)) });
  const release: Store["leases"]["release"] = (lease) => {
    onRelease();
    return store.leases.release(lease);
  };
  return { ...others, store: withMethods(store, { entities, leases: withMethods(store.leases, { release }) }) };
}

describe("what one round of settling stores", () => {
  it("is stored side by side: no entity waits until another one is stored", async () => {
    const ids = await readBoth();
    const waiting: (() => void)[] = [];
    const parts = partsWith(async (write, store) => {
      // Nobody's is stored before all have asked.
      if (waiting.length < firms) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === firms) for (const go of waiting) go();
        });
      }
      return store(write);
    });
    await settle(parts, ids, { class: "change", withoutPush: true });
    for (const n of numbers) expect(await world.of("ACCOUNT", "CUSTOMCRM", `cus${n}`)).toMatchObject({ state: "LINKED", records: { EXACT: guid(n) } });
  });

  it("comes to its end under its leases, also when one of them fails", async () => {
    const ids = await readBoth();
    const log: string[] = [];
    const commit: Parameters<typeof partsWith>[0] = async (write, store) => {
      if (log.push("asked") === 1) throw new Error("no room left");
      await new Promise((resolve) => setImmediate(resolve));
      const result = await store(write);
      log.push("stored");
      return result;
    };
    const parts = partsWith(commit, () => log.push("released"));
    await expect(settle(parts, ids, { class: "change", withoutPush: true })).rejects.toThrow("no room left");
    expect(log.filter((one) => one === "stored")).toHaveLength(firms - 1);
    expect(log.indexOf("released")).toBeGreaterThan(log.lastIndexOf("stored"));
  });
});

describe("what a create stores", () => {
  it("is its intent as being sent, in one step before the call, and its outcome in one after it", async () => {
    world = await OperatorWorld.start({ customers: [customerRow(1)] });
    for (const system of ["CUSTOMCRM", "EXACT"] as const) await world.engine.poll(system);
    const log: string[] = [];
    const parts = partsWith((write, store) => {
      for (const { entity } of write.put) {
        log.push(`stored: ${entity.intents.map(({ operation, sentAt }) => `${operation} ${sentAt === null ? "owed" : "being sent"}`)}`);
      }
      return store(write);
    });
    const { EXACT } = parts.connectors;
    const create: typeof EXACT.create = (...args) => {
      log.push("called");
      return EXACT.create(...args);
    };
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    await settle({ ...parts, connectors: { ...parts.connectors, EXACT: withMethods(EXACT, { create }) } }, [id], { class: "change" });
    expect(log.slice(0, 3)).toEqual(["stored: CREATE being sent", "called", expect.stringMatching(/^stored: /)]);
    expect(log.filter((one) => one === "called")).toHaveLength(1);
    expect(await world.of("ACCOUNT", "CUSTOMCRM", "cus1")).toMatchObject({ records: { EXACT: expect.any(String) } });
  });
});
