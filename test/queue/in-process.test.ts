import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { Heap } from "../../src/queue/heap.js";
import { InProcessQueue, type SetTimer } from "../../src/queue/in-process.js";
import type { Job } from "../../src/queue/queue.js";
import { depthOf } from "./depth.js";

const settle = (entityId: string): Job => ({ kind: "settle", entityId });

/** A world whose time moves only when it is told to. */
function world() {
  let now = 1_000_000;
  let timers: { at: number; run: () => void }[] = [];
  const setTimer: SetTimer = (run, ms) => {
    const timer = { at: now + ms, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  };
  /** Runs what is due, each with all that follows from it, until `ms` have passed. */
  const pass = async (ms: number) => {
    const end = now + ms;
    for (;;) {
      const next = timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      timers = timers.filter((one) => one !== next);
      now = Math.max(now, next.at);
      next.run();
      await new Promise(setImmediate);
    }
    now = end;
  };
  const log = vi.fn();
  const queue = new InProcessQueue({ clock: () => now, setTimer, random: () => 0, log });
  const seen: string[] = [];
  const note = (job: Job) => seen.push(`${now - 1_000_000} ${job.kind === "settle" ? job.entityId : job.kind}`);
  return { queue, pass, seen, note, log, timers: () => timers.length };
}

it("does nothing but in its timers", async () => {
  const { queue, pass, seen, note } = world();
  queue.work(async (job) => void note(job), 1);
  await queue.add(settle("a"));
  await new Promise(setImmediate);
  expect(seen).toEqual([]);
  await pass(0);
  expect(seen).toEqual(["0 a"]);
});

it("runs jobs at their times, and repeated ones at whole intervals however long a run takes", async () => {
  const { queue, pass, seen, note } = world();
  queue.work(async (job) => void note(job), 1);
  await queue.repeat({ kind: "sweep" }, "sweep", 100);
  await queue.add(settle("late"), { delayMs: 250 });
  await queue.add(settle("early"), { delayMs: 50 });
  await pass(320);
  expect(seen).toEqual(["0 sweep", "50 early", "100 sweep", "200 sweep", "250 late", "300 sweep"]);
});

it("leaves out the repetitions that were missed", async () => {
  const { queue, pass, seen, note } = world();
  await queue.repeat({ kind: "sweep" }, "sweep", 100);
  await pass(1_030);
  queue.work(async (job) => void note(job), 1);
  await pass(100);
  expect(seen).toEqual(["1030 sweep", "1100 sweep"]);
});

it("backs off twice as long with every failure, then drops the job and says so", async () => {
  const { queue, pass, seen, note, log } = world();
  queue.work(async (job) => {
    note(job);
    throw new Error("never");
  }, 1);
  await queue.add(settle("a"), { key: "a" });
  await pass(10_000_000);
  expect(seen).toEqual([0, 1, 3, 7, 15, 31, 63, 127].map((seconds) => `${seconds * 1_000} a`));
  expect(log).toHaveBeenCalledTimes(8);
  expect(log).toHaveBeenLastCalledWith("A job (settle) failed 8 of 8 times and is dropped.", expect.objectContaining({ message: "never" }));
  expect(await depthOf(queue)).toEqual({ waiting: 0, active: 0, delayed: 0, oldestMs: null });
});

it("takes a handler that throws before its first await for one that failed", async () => {
  const { queue, pass, log } = world();
  queue.work(() => {
    throw new Error("at once");
  }, 1);
  await queue.add(settle("a"));
  await pass(0);
  expect(log).toHaveBeenCalledOnce();
});

it("starts nothing any more after it was stopped, and leaves no timer behind", async () => {
  const { queue, pass, seen, note, timers } = world();
  queue.work(async (job) => void note(job), 1);
  await queue.repeat({ kind: "sweep" }, "sweep", 100);
  await pass(0);
  await queue.stop(1_000);
  await queue.add(settle("a"));
  await pass(1_000);
  expect(seen).toEqual(["0 sweep"]);
  expect(timers()).toBe(0);
});

it("works off ten thousand jobs quickly", async () => {
  const { queue, pass, seen, note } = world();
  queue.work(async (job) => void note(job), 10);
  const began = performance.now();
  for (let i = 0; i < 10_000; i++) await queue.add(settle(`e${i % 9_000}`), { key: `e${i % 9_000}`, priority: i % 7 });
  await pass(0);
  expect(seen).toHaveLength(9_000);
  expect(performance.now() - began).toBeLessThan(5_000);
});

it("keeps a heap's first one first", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((a, b) => a < b);
      for (const number of numbers) heap.push(number);
      const taken = numbers.map(() => heap.pop());
      expect(taken).toEqual(numbers.toSorted((a, b) => a - b));
      expect([heap.first(), heap.pop()]).toEqual([undefined, undefined]);
    }),
  );
});
