import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";
import { MemoryStore } from "../../src/store/memory.js";
import { RedisStore } from "../../src/store/redis.js";
import type { Store } from "../../src/store/store.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";

export interface Subject {
  readonly store: Store;
  /** The store of another process on the same data; in memory there is only one. */
  readonly other: Store;
  now(): number;
  /** Lets time pass: in memory its clock moves, for Redis it must really pass. Keep it short. */
  pass(ms: number): Promise<void>;
}

/** Runs a suite on every implementation; `subject` is of the test under way, on data that nobody else has touched. */
export function onEveryStore(title: string, suite: (subject: Subject) => void): void {
  describe(`${title}, in memory`, () => {
    suite(memorySubject());
  });
  describeWithRedis(`${title}, in Redis`, () => {
    suite(redisSubject());
  });
}

function memorySubject(): Subject {
  let now = Date.parse("2026-11-02T09:00:00.000Z");
  let store: MemoryStore;
  beforeEach(() => {
    store = new MemoryStore({ clock: () => now, encryptionKey: "a key for tests" });
  });
  return {
    get store() {
      return store;
    },
    get other() {
      return store;
    },
    now: () => now,
    async pass(ms) {
      now += ms;
    },
  };
}

function redisSubject(): Subject {
  let redis: TestRedis;
  let store: RedisStore;
  let other: RedisStore;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    const options = { url: redis.url, tenant: redis.newTenant(), encryptionKey: "a key for tests" };
    [store, other] = await Promise.all([RedisStore.connect(options), RedisStore.connect(options)]);
  });
  afterEach(async () => {
    await Promise.all([store.stop(), other.stop()]);
  });
  afterAll(async () => {
    await redis.stop();
  });
  return {
    get store() {
      return store;
    },
    get other() {
      return other;
    },
    now: () => Date.now(),
    pass: (ms) => sleep(ms),
  };
}
