import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StoreUnavailableError } from "../../src/domain/errors.js";
import { RedisStore } from "../../src/store/redis.js";
import { entity, write } from "../contracts/store-samples.js";
import { describeWithOwnRedis, type OwnRedis, startOwnRedis } from "../helpers/redis.js";

const commandTimeoutMs = 300;

/**
 * Passes bytes on; those of the connections that are open when it is silenced go nowhere from then on. When it is held, those that
 * are open end, and the bytes of new ones wait until it is released.
 */
async function cuttableProxy(url: string) {
  const target = url.replace("unix://", "");
  const path = join(dirname(target), "p");
  const pairs = new Set<readonly [Socket, Socket]>();
  let released = Promise.resolve();
  let release = () => {};
  const end = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  const server = createServer(async (client) => {
    const upstream = connect(target);
    pairs.add([client.on("error", () => {}), upstream.on("error", () => {})]);
    await released;
    client.pipe(upstream);
    upstream.pipe(client);
  }).listen(path);
  await once(server, "listening");
  return {
    url: `unix://${path}`,
    silence() {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        client.resume();
        upstream.resume();
      }
    },
    hold() {
      released = new Promise((resolve) => {
        release = resolve;
      });
      end();
    },
    release: () => release(),
    async stop() {
      end();
      server.close();
      await once(server, "close");
    },
  };
}

describeWithOwnRedis("a Redis that fails", () => {
  let redis: OwnRedis;
  let store: RedisStore;
  const log = vi.fn();
  beforeEach(async () => {
    log.mockClear();
    redis = await startOwnRedis({ durable: true });
    store = await RedisStore.connect({ url: redis.url, tenant: "t", encryptionKey: "k", commandTimeoutMs, log });
  });
  afterEach(async () => {
    await store.stop();
    await redis.stop();
  });

  it("is told as StoreUnavailableError in time, and is used again when it is back, with all that was stored", async () => {
    await store.entities.commit({ put: [write(entity("a"))] });
    await redis.crash();
    const began = performance.now();
    const failures = await Promise.all(
      [
        store.entities.get(["a"]),
        store.entities.commit({ put: [write(entity("b"))] }),
        store.leases.acquire("x", 1000),
        store.ping(),
        store.entities.counts("ACCOUNT"),
      ].map((call) => call.then(() => null).catch((error: unknown) => error)),
    );
    expect(performance.now() - began).toBeLessThan(commandTimeoutMs * 3);
    for (const failure of failures) expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect(String(failures[0])).toMatch(/^StoreUnavailableError: Redis does not answer: .+\. Try again later\.$/);
    expect(log).toHaveBeenCalledTimes(1);

    await redis.restart();
    await vi.waitFor(() => store.ping(), { timeout: 10_000 });
    expect((await store.entities.get(["a"]))[0]?.id).toBe("a");
    // What was given up is not sent late.
    await sleep(100);
    expect(await store.entities.get(["b"])).toEqual([null]);
    await vi.waitFor(() => expect(log).toHaveBeenLastCalledWith("Redis answers again."));
  });

  it("tells its bus again after it was back", async () => {
    const heard = vi.fn();
    store.events.subscribe(heard);
    await redis.crash();
    await redis.restart();
    await vi.waitFor(
      async () => {
        await store.events.publish({ topic: "run", runId: "1" });
        expect(heard).toHaveBeenCalled();
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  it("may hang with its connections open: calls end in time, and a new connection is made", async () => {
    process.kill(redis.pid, "SIGSTOP");
    try {
      for (let i = 0; i < 4; i++) await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    } finally {
      process.kill(redis.pid, "SIGCONT");
    }
    await vi.waitFor(() => store.ping(), { timeout: 10_000 });
    expect(await store.entities.commit({ put: [write(entity("a"))] })).toMatchObject({ ok: true });
  });

  it("may be cut off without a word: after some silent commands a new connection is made", async () => {
    const cut = await cuttableProxy(redis.url);
    const through = await RedisStore.connect({ url: cut.url, tenant: "t", encryptionKey: "k", commandTimeoutMs: 150 });
    try {
      cut.silence();
      for (let i = 0; i < 3; i++) await expect(through.ping()).rejects.toThrow("no answer within 150 ms");
      await vi.waitFor(() => through.ping(), { timeout: 3_000 });
    } finally {
      await through.stop();
      await cut.stop();
    }
  });

  it("is never sent what was given up, also where it answers the moment after", async () => {
    const cut = await cuttableProxy(redis.url);
    const through = await RedisStore.connect({ url: cut.url, tenant: "t", encryptionKey: "k", commandTimeoutMs });
    try {
      cut.hold();
      await vi.waitFor(() => expect(through.client.isReady).toBe(false));
      await expect(through.entities.commit({ put: [write(entity("b"))] })).rejects.toThrow(StoreUnavailableError);
      cut.release();
      await vi.waitFor(() => through.ping(), { timeout: 3_000 });
      expect(await through.entities.get(["b"])).toEqual([null]);
    } finally {
      await through.stop();
      await cut.stop();
    }
  });

  it("may have lost its scripts, and gets them again", async () => {
    await store.client.scriptFlush();
    expect(await store.entities.commit({ put: [write(entity("a"))] })).toMatchObject({ ok: true });
  });

  it("is told in one sentence when it is not there at the start", async () => {
    const connecting = RedisStore.connect({ url: "redis://127.0.0.1:1", tenant: "t", encryptionKey: "k", commandTimeoutMs });
    await expect(connecting).rejects.toThrow(/^Redis does not answer: connect ECONNREFUSED 127\.0\.0\.1:1\. Try again later\.$/);
    await expect(connecting).rejects.toThrow(StoreUnavailableError);
  });

  it("is asked whether it keeps what it is given", async () => {
    expect(await store.persistence()).toEqual({ appendonly: true, appendfsync: "always", eviction: "noeviction", warnings: [] });
    await store.client.configSet({ appendfsync: "everysec", "maxmemory-policy": "allkeys-lru" });
    const everysec = await store.persistence();
    expect(everysec).toMatchObject({ appendonly: true, appendfsync: "everysec", eviction: "allkeys-lru" });
    expect(everysec.warnings).toEqual([expect.stringContaining("the last second of writes"), expect.stringContaining("must be noeviction")]);
    await store.client.configSet("appendonly", "no");
    expect((await store.persistence()).warnings[0]).toContain("all links are lost");
  });

  it("may forbid to be asked, and still tells what it can", async () => {
    await store.client.aclSetUser("guest", ["on", ">pw", "~*", "&*", "+@all", "-config"]);
    const guest = async (rules: string[]) => {
      await store.client.aclSetUser("guest", rules);
      const seen = await RedisStore.connect({ url: redis.url.replace("unix://", "unix://guest:pw@"), tenant: "t", encryptionKey: "k" });
      try {
        return await seen.persistence();
      } finally {
        await seen.stop();
      }
    };
    expect(await guest(["-config"])).toEqual({ appendonly: true, appendfsync: null, eviction: "noeviction", warnings: [] });
    const blind = await guest(["-config", "-info"]);
    expect(blind).toMatchObject({ appendonly: null, appendfsync: null, eviction: null });
    expect(blind.warnings).toHaveLength(2);
  });

  it("never sees a secret's text", async () => {
    await store.secrets.set("exact-token", "plain-and-secret", 0);
    const raw = await createClient({ url: redis.url }).connect();
    const stored = await raw.hGetAll(store.keys.secret("exact-token"));
    await raw.close();
    expect(JSON.stringify(stored)).not.toContain("plain-and-secret");
    expect(stored.value).toMatch(/^v1\./);
  });
});
