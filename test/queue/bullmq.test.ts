import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { InvalidInputError, StoreUnavailableError } from "../../src/domain/errors.js";
import { BullmqQueue } from "../../src/queue/bullmq.js";
import type { Job } from "../../src/queue/queue.js";
import { describeWithOwnRedis, type OwnRedis, startOwnRedis } from "../helpers/redis.js";
import { depthOf } from "./depth.js";

const settle = (entityId: string): Job => ({ kind: "settle", entityId });

describeWithOwnRedis("the queue on BullMQ", () => {
  let redis: OwnRedis;
  let queue: BullmqQueue;
  const log = vi.fn();
  beforeEach(async () => {
    redis = await startOwnRedis({ durable: true });
    queue = await BullmqQueue.connect({ url: redis.url, tenant: "acme", commandTimeoutMs: 300, stalledAfterMs: 400, log });
  });
  afterEach(async () => {
    await queue.stop(0);
    await redis.stop();
  });

  it("gives the job of a worker that was killed to another one", async () => {
    const child = spawn(process.execPath, ["--import", "tsx", fileURLToPath(new URL("./stalled-worker.ts", import.meta.url)), redis.url, "acme", "400"]);
    const ended = once(child, "exit");
    await queue.add(settle("a"), { key: "a" });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await ended;
    expect(await depthOf(queue)).toMatchObject({ active: 1, waiting: 0 });

    const handler = vi.fn(async () => {});
    queue.work(handler, 1);
    await vi.waitFor(() => expect(handler).toHaveBeenCalledWith(settle("a"), expect.anything()), { timeout: 5_000 });
    await vi.waitFor(async () => expect(await depthOf(queue)).toEqual({ waiting: 0, active: 0, delayed: 0, oldestMs: null }));
  });

  it("keeps what waits over a crash of Redis, says that it can't be reached meanwhile, and goes on", async () => {
    const done: Job[] = [];
    queue.work(async (job) => {
      done.push(job);
    }, 2);
    await queue.add(settle("before"));
    await vi.waitFor(() => expect(done).toHaveLength(1));
    await queue.add(settle("waits"), { delayMs: 1_500 });

    await redis.crash();
    await expect(queue.add(settle("lost"))).rejects.toThrow(StoreUnavailableError);
    await expect(queue.depth()).rejects.toThrow(StoreUnavailableError);
    await redis.restart();

    await vi.waitFor(() => queue.add(settle("after")), { timeout: 10_000 });
    await vi.waitFor(() => expect(done.map((job) => job.kind === "settle" && job.entityId).toSorted()).toEqual(["after", "before", "waits"]), {
      timeout: 18_000,
    });
  }, 40_000);

  it("leaves nothing of a finished job behind, and puts the tenant's hash tag on every key", async () => {
    const handler = vi.fn(async () => {});
    queue.work(handler, 5);
    for (let i = 0; i < 10; i++) await queue.add(settle(`e${i}`), { key: `e${i}` });
    await vi.waitFor(() => expect(handler).toHaveBeenCalledTimes(10));
    await vi.waitFor(async () => expect(await depthOf(queue)).toMatchObject({ active: 0, waiting: 0 }));
    const client = await createClient({ url: redis.url }).connect();
    const keys = await client.keys("*");
    await client.close();
    expect(keys.filter((key) => !key.startsWith("tandem:{acme}:queue:work:"))).toEqual([]);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.length).toBeLessThan(10);
  });

  it("drops a job that fails too often, and says so", async () => {
    const handler = vi.fn(async () => {
      throw new Error("never");
    });
    queue.work(handler, 1);
    await queue.repeat({ kind: "sweep" }, "sweep", 60_000);
    await vi.waitFor(() => expect(log).toHaveBeenCalledWith("A job (sweep) failed 2 of 2 times.", expect.objectContaining({ message: "never" })), {
      timeout: 5_000,
    });
    expect(handler).toHaveBeenCalledTimes(2);
    expect(await depthOf(queue)).toMatchObject({ active: 0, waiting: 0, delayed: 1 });
  });

  it("is told in time when Redis is not there at the start, and refuses a tenant that would break its keys", async () => {
    await expect(BullmqQueue.connect({ url: "redis://127.0.0.1:1", tenant: "t", commandTimeoutMs: 200 })).rejects.toThrow(StoreUnavailableError);
    await expect(BullmqQueue.connect({ url: redis.url, tenant: "a}b" })).rejects.toThrow(InvalidInputError);
  });
});
