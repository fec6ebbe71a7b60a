import { afterEach, describe, expect, it } from "vitest";
import { InProcessQueue } from "../../src/queue/in-process.js";
import { Driver } from "../../src/sync/driver.js";
import { guid, OperatorWorld, pairs } from "./operator-world.js";

const minuteMs = 60_000;
const stepMs = 5_000;

let world: OperatorWorld;
let queue: InProcessQueue;
afterEach(async () => {
  await queue?.stop(0);
  await world?.stop();
});

/** The gateway's own schedule, in the sandboxes' time. */
async function begin(firms: number): Promise<void> {
  world = await OperatorWorld.start(pairs(firms));
  queue = new InProcessQueue({ clock: () => world.clock.now(), setTimer: (run, ms) => world.clock.setTimer(run, ms), random: () => 0.5 });
  const driver = new Driver(world.engine, queue, { intervalMs: minuteMs, sweepMs: stepMs, hintMs: 500, onError: () => {} });
  await driver.start();
}

async function idle(): Promise<void> {
  for (;;) {
    const depths = Object.values(await queue.depth());
    if (depths.some(({ active }) => active > 0)) await new Promise((resolve) => setTimeout(resolve, 2));
    else if (depths.some(({ waiting }) => waiting > 0)) await world.clock.advance(0);
    else return;
  }
}

/** Lets time go by, and gives the calls to Exact in each minute of it. */
async function pass(minutes: number): Promise<readonly number[]> {
  const calls: number[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    const before = world.exact.calls.all().length;
    for (let at = 0; at < minuteMs; at += stepMs) {
      await world.clock.advance(stepMs);
      await idle();
    }
    calls.push(world.exact.calls.all().length - before);
  }
  return calls;
}

describe("a system that is down for an hour", { timeout: 120_000 }, () => {
  it("is asked now and then, and no oftener the more there is to bring it; then everything arrives, once", async () => {
    const firms = 40;
    await begin(firms);
    await pass(2);
    expect((await world.store.entities.counts("ACCOUNT")).LINKED).toBe(firms);
    // It still gives tokens, and answers every other call with 503: nothing else slows the gateway down.
    world.exact.faults.add({ path: "/api/v1/", fault: { kind: "status", status: 503 } });
    for (let n = 1; n <= firms; n++) world.customcrm.core.patch("Customer", `cus${n}`, { City: `Town ${n}` });
    for (let n = 1; n <= 5; n++) world.customcrm.core.create("Customer", { Name: `New ${n}` });
    const before = writes();

    const down = await pass(60);
    expect(Math.max(...down)).toBeLessThanOrEqual(20);
    // A poll a minute, tried twice, and of what waits a look every ten minutes at the most.
    expect(sum(down.slice(15))).toBeLessThanOrEqual(45 * 4);
    expect(await world.store.entities.counts("ACCOUNT")).toMatchObject({ LINKED: 0, PENDING: firms + 5 });
    // Sent once each: from then on they are looked for. No edit is sent without a look that has shown the record.
    expect(writes() - before).toBe(5);

    world.exact.faults.clear();
    const after = await pass(15);
    expect(Math.max(...after)).toBeLessThanOrEqual(60);
    expect(await world.store.entities.counts("ACCOUNT")).toMatchObject({ LINKED: firms + 5, PENDING: 0 });
    for (let n = 1; n <= firms; n++) expect(world.account(guid(n))?.City).toBe(`Town ${n}`);
    expect([...world.exact.core.accounts.all()]).toHaveLength(firms + 5);
    expect(writes() - before).toBe(5 + firms + 5);
  });
});

/** Calls that create or change a record of Exact. */
const writes = (): number => world.exact.calls.all().filter(({ method, path }) => ["POST", "PUT"].includes(method) && path.startsWith("/api/v1/")).length;
const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
