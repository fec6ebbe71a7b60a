import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { BullmqQueue } from "../../src/queue/bullmq.js";
import { InProcessQueue } from "../../src/queue/in-process.js";
import type { Job, Queue } from "../../src/queue/queue.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { depthOf } from "../queue/depth.js";

const settle = (entityId: string): Job => ({ kind: "settle", entityId });
const poll: Job = { kind: "poll", system: "EXACT" };

interface Subject {
  readonly queue: Queue;
  /** The queue of another process on the same work; in process there is only one. */
  readonly other: Queue;
}

describe("a queue, in process", () => {
  let queue: InProcessQueue;
  beforeEach(() => {
    queue = new InProcessQueue();
  });
  afterEach(() => queue.stop(0));
  suite({
    get queue() {
      return queue;
    },
    get other() {
      return queue;
    },
  });
});

describeWithRedis("a queue, on BullMQ", () => {
  let redis: TestRedis;
  let queue: BullmqQueue;
  let other: BullmqQueue;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    const options = { url: redis.url, tenant: redis.newTenant() };
    [queue, other] = await Promise.all([BullmqQueue.connect(options), BullmqQueue.connect(options)]);
  });
  afterEach(async () => {
    await Promise.all([queue.stop(0), other.stop(0)]);
  });
  afterAll(() => redis.stop());
  suite({
    get queue() {
      return queue;
    },
    get other() {
      return other;
    },
  });
});

function suite(subject: Subject): void {
  /** Takes jobs, and remembers them in the order in which they were begun. */
  function working(concurrency = 1, handle: (job: Job, signal: AbortSignal) => Promise<void> = async () => {}) {
    const begun: string[] = [];
    subject.queue.work(async (job, signal) => {
      begun.push(job.kind === "settle" ? job.entityId : job.kind);
      await handle(job, signal);
    }, concurrency);
    return begun;
  }
  /** Until it is so, and stays so for a moment. */
  const comes = async (seen: () => unknown, expected: unknown) => {
    await vi.waitFor(() => expect(seen()).toEqual(expected), { timeout: 5_000 });
    await sleep(60);
    expect(seen()).toEqual(expected);
  };
  const idle = { waiting: 0, active: 0, delayed: 0, oldestMs: null };

  it("hands every job to a worker once, in the order of adding", async () => {
    for (const id of ["a", "b", "c"]) await subject.other.add(settle(id));
    const begun = working();
    await subject.other.add(settle("d"));
    await comes(() => begun, ["a", "b", "c", "d"]);
    expect(await depthOf(subject.queue)).toEqual(idle);
  });

  it("gives jobs back as they were added", async () => {
    const jobs: Job[] = [poll, { kind: "run", runId: "r 1" }, { kind: "sweep" }, settle("a:b")];
    for (const job of jobs) await subject.queue.add(job);
    const seen: Job[] = [];
    working(1, async (job) => {
      seen.push(job);
    });
    await comes(() => seen, jobs);
  });

  it("takes jobs of equal key that still wait for one", async () => {
    await Promise.all([
      subject.queue.add(settle("a"), { key: "a" }),
      subject.other.add(settle("a"), { key: "a" }),
      subject.queue.add(settle("b"), { key: "b" }),
    ]);
    await subject.queue.add(settle("a"), { key: "a" });
    expect(await depthOf(subject.queue)).toMatchObject({ waiting: 2 });
    const begun = working();
    await comes(() => begun.toSorted(), ["a", "b"]);
  });

  it("runs a job again that was added while one of equal key ran, once, however often it was added", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun = working(1, () => held);
    await subject.queue.add(settle("a"), { key: "a" });
    await vi.waitFor(() => expect(begun).toEqual(["a"]));
    await sleep(20);
    for (let i = 0; i < 3; i++) await subject.other.add(settle("a"), { key: "a" });
    release();
    await comes(() => begun, ["a", "a"]);
    await subject.queue.add(settle("a"), { key: "a" });
    await comes(() => begun, ["a", "a", "a"]);
  });

  it("keeps a job back for its delay", async () => {
    const begun = working();
    await subject.queue.add(settle("later"), { delayMs: 250 });
    await subject.queue.add(settle("now"));
    expect(await depthOf(subject.queue)).toMatchObject({ delayed: 1 });
    await comes(() => begun, ["now"]);
    await comes(() => begun, ["now", "later"]);
  });

  it.each([
    ["at once, when it is added again without a delay", [60_000, 0], 0],
    ["at the earlier time, when it is added again with a shorter delay", [60_000, 200], 120],
    ["at the earlier time, when it is added again with a longer delay", [200, 60_000], 120],
  ])("runs a delayed job %s", async (_, delays, notBefore) => {
    const begun = working();
    const began = performance.now();
    for (const delayMs of delays) await subject.queue.add(settle("a"), { key: "a", delayMs });
    await vi.waitFor(() => expect(begun).toEqual(["a"]), { timeout: 3_000, interval: 10 });
    expect(performance.now() - began).toBeGreaterThanOrEqual(notBefore);
    await comes(() => begun, ["a"]);
    expect(await depthOf(subject.queue)).toEqual(idle);
  });

  it("takes the more urgent job first, and one added again with more urgency as that", async () => {
    await subject.queue.add(settle("full compare"), { priority: 9, key: "full" });
    await subject.queue.add(settle("change"), { priority: 5 });
    await subject.queue.add(settle("repair"), { priority: 3 });
    await subject.queue.add(settle("person"));
    await subject.queue.add(settle("full compare"), { priority: 4, key: "full" });
    await subject.queue.add(settle("full compare"), { priority: 8, key: "full" });
    const begun = working();
    await comes(() => begun, ["person", "repair", "full compare", "change"]);
  });

  it("runs no more jobs at once than it was told to", async () => {
    let now = 0;
    let most = 0;
    const begun = working(3, async () => {
      most = Math.max(most, ++now);
      await sleep(20);
      now--;
    });
    await Promise.all(Array.from({ length: 12 }, (_, i) => subject.queue.add(settle(`e${i}`))));
    await vi.waitFor(() => expect(begun).toHaveLength(12), { timeout: 5_000 });
    expect(most).toBe(3);
  });

  it("tries a job again that threw, later, and lets the others pass", async () => {
    let failures = 0;
    const times: number[] = [];
    const begun = working(1, async (job) => {
      if (job.kind !== "settle" || job.entityId !== "bad") return;
      times.push(performance.now());
      if (failures++ === 0) throw new Error("not now");
    });
    await subject.queue.add(settle("bad"), { key: "bad" });
    await subject.queue.add(settle("good"));
    await vi.waitFor(() => expect(begun).toEqual(["bad", "good", "bad"]), { timeout: 5_000 });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(400);
    await comes(() => begun, ["bad", "good", "bad"]);
    expect(await depthOf(subject.queue)).toEqual(idle);
  });

  it("does not wait for the back-off when the same job is added again meanwhile", async () => {
    let failures = 0;
    const times: number[] = [];
    const begun = working(1, async () => {
      times.push(performance.now());
      if (failures++ === 0) throw new Error("not now");
    });
    await subject.queue.add(settle("a"), { key: "a" });
    await vi.waitFor(async () => expect(await depthOf(subject.queue)).toMatchObject({ delayed: 1 }), { timeout: 2_000, interval: 5 });
    await subject.other.add(settle("a"), { key: "a" });
    await vi.waitFor(() => expect(begun).toHaveLength(2), { timeout: 2_000, interval: 5 });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeLessThan(450);
    await sleep(1_100);
    expect(begun).toEqual(["a", "a"]);
  });

  it("repeats a job, at first at once, and with another interval when told so", async () => {
    const begun = working();
    await subject.queue.repeat(poll, "poll:EXACT", 60_000);
    await subject.other.repeat(poll, "poll:EXACT", 60_000);
    await comes(() => begun, ["poll"]);
    expect(await depthOf(subject.queue)).toMatchObject({ delayed: 1, waiting: 0 });
    await subject.other.repeat(poll, "poll:EXACT", 100);
    await vi.waitFor(() => expect(begun.length).toBeGreaterThanOrEqual(4), { timeout: 5_000 });
    await subject.other.repeat(poll, "poll:EXACT", 60_000);
    await sleep(250);
    const settled = begun.length;
    await sleep(350);
    expect(begun).toHaveLength(settled);
  });

  it("tells how much waits, and for how long", async () => {
    await subject.queue.add(settle("a"));
    await sleep(30);
    await subject.queue.add(settle("b"), { priority: 5 });
    await subject.queue.add(settle("c"), { delayMs: 60_000 });
    const { oldestMs, ...counts } = await depthOf(subject.other);
    expect(counts).toEqual({ waiting: 2, active: 0, delayed: 1 });
    expect(oldestMs).toBeGreaterThanOrEqual(25);
    expect(oldestMs).toBeLessThan(5_000);
  });

  it("tells it kind by kind", async () => {
    await subject.queue.add(poll, { delayMs: 60_000 });
    await subject.queue.add({ kind: "sweep" }, { priority: 1 });
    const { poll: polls, sweep, run } = await subject.other.depth();
    expect([polls, run]).toEqual([{ waiting: 0, active: 0, delayed: 1, oldestMs: null }, idle]);
    expect(sweep).toMatchObject({ waiting: 1, active: 0, delayed: 0, oldestMs: expect.any(Number) });
  });

  it("counts a delayed job as waiting when its time has come and nobody took it", async () => {
    await subject.queue.add(settle("a"), { delayMs: 20 });
    await sleep(60);
    const { oldestMs, ...counts } = await depthOf(subject.other);
    expect(counts).toEqual({ waiting: 1, active: 0, delayed: 0 });
    expect(oldestMs).toBeGreaterThanOrEqual(30);
  });

  it("finishes what it holds when it stops, and takes no more", async () => {
    let finished = 0;
    const begun = working(1, async () => {
      await sleep(150);
      finished++;
    });
    await subject.queue.add(settle("a"));
    await subject.queue.add(settle("b"));
    await vi.waitFor(() => expect(begun).toEqual(["a"]));
    await subject.queue.stop(5_000);
    expect([finished, begun]).toEqual([1, ["a"]]);
    expect(await depthOf(subject.other)).toMatchObject({ waiting: 1, active: 0 });
  });

  it.each([
    ["ends at its signal", (signal: AbortSignal) => new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("told to end"))))],
    ["ignores its signal", () => new Promise<void>(() => {})],
  ])("hands a job back after the grace when its handler %s", async (_, handle) => {
    const begun = working(1, (_job, signal) => handle(signal));
    await subject.queue.add(settle("a"), { key: "a" });
    await vi.waitFor(() => expect(begun).toEqual(["a"]));
    const began = performance.now();
    await subject.queue.stop(50);
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(await depthOf(subject.other)).toMatchObject({ waiting: 1, active: 0, delayed: 0 });
    await subject.other.add(settle("a"), { key: "a" });
    expect(await depthOf(subject.other)).toMatchObject({ waiting: 1 });
  });

  it("stops at once when it has nothing, and more than once", async () => {
    working();
    const began = performance.now();
    await subject.queue.stop(10_000);
    await subject.queue.stop(10_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
}
