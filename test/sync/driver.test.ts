import { afterEach, expect, it } from "vitest";
import { InProcessQueue } from "../../src/queue/in-process.js";
import { Driver } from "../../src/sync/driver.js";
import type { Engine } from "../../src/sync/engine.js";

const queue = new InProcessQueue({ clock: Date.now, log: () => {} });
afterEach(() => queue.stop(1_000));

it("both systems are read before a process writes for the first time, whichever job comes first", async () => {
  const done: string[] = [];
  const engine = {
    // An answer takes longer than anything that needs none.
    poll: async (system: string) => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      done.push(`poll ${system}`);
    },
    sweep: async () => {},
    drain: async (_signal?: AbortSignal, onLinked: () => void = () => {}) => {
      done.push("drain");
      onLinked();
    },
  } as unknown as Engine;
  const errors: unknown[] = [];
  const driver = new Driver(engine, queue, { intervalMs: 3_600_000, sweepMs: 3_600_000, hintMs: 0, onError: (error) => errors.push(error) });
  // It waits in the queue already when the process begins, before the first polls do.
  await driver.nudge();
  await driver.start();
  await driver.ready;
  const before = done.slice(0, done.indexOf("drain"));
  expect(errors).toEqual([]);
  expect(before).toEqual(expect.arrayContaining(["poll CUSTOMCRM", "poll EXACT"]));
});
