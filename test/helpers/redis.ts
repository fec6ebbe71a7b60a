import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { describe } from "vitest";
import { endRedisServer, startRedisServer } from "../../src/store/redis-server.js";

const given = process.env.TEST_REDIS_URL;
const binary = ["redis-server", "valkey-server"].find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;
const available = Boolean(given) || binary !== null;

if (!available) {
  const notice = "No redis-server is installed and TEST_REDIS_URL is not set";
  if (process.env.CI === "true") throw new Error(`${notice}: the tests on Redis can't run, and under CI they must.`);
  console.warn(`${notice}: the tests on Redis are skipped.`);
}

/** `describe` for what needs Redis. */
export const describeWithRedis = available ? describe : describe.skip;

/** `describe` for what stops, starts or reconfigures its Redis, which one that was given must not suffer. */
export const describeWithOwnRedis = binary !== null ? describe : describe.skip;

export interface TestRedis {
  readonly url: string;
  /** A tenant that nobody else uses. */
  newTenant(): string;
  /** Removes what its tenants have left, and ends the server if it was started for the test. */
  stop(): Promise<void>;
}

export interface OwnRedis extends TestRedis {
  readonly pid: number;
  /** Ends the server at once, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  /** What its disk has now. */
  disk(): string;
  /** The disk of a server that has ended is what it was then: what was written since is lost, as with a machine that fails. */
  loseSince(disk: string): void;
}

export const startRedis = (): Promise<TestRedis> => (given ? Promise.resolve(givenRedis(given)) : startOwnRedis());

/** A private server on a unix socket. The folder's name is short: a socket's path must have less than 108 bytes. */
export async function startOwnRedis({ durable = false }: { readonly durable?: boolean | "everysec" } = {}): Promise<OwnRedis> {
  if (binary === null) throw new Error("There is no redis-server to start.");
  const dir = mkdtempSync(join(tmpdir(), "tr-"));
  const socket = join(dir, "s");
  const url = `unix://${socket}`;
  const start = () => startRedisServer({ binary, dataDir: dir, durable, socket, url });
  let server = await start();
  return {
    url,
    newTenant,
    get pid() {
      return server.process.pid ?? 0;
    },
    async crash() {
      const ended = new Promise((resolve) => server.process.once("exit", resolve));
      server.process.kill("SIGKILL");
      await ended;
    },
    async restart() {
      server = await start();
    },
    disk() {
      const copy = mkdtempSync(join(dir, "disk-"));
      cpSync(join(dir, "appendonlydir"), copy, { recursive: true });
      return copy;
    },
    loseSince(disk) {
      rmSync(join(dir, "appendonlydir"), { recursive: true });
      cpSync(disk, join(dir, "appendonlydir"), { recursive: true });
    },
    async stop() {
      await endRedisServer(server);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const newTenant = (): string => `test-${randomUUID().slice(0, 8)}`;

function givenRedis(url: string): TestRedis {
  const tenants: string[] = [];
  return {
    url,
    newTenant() {
      const tenant = newTenant();
      tenants.push(tenant);
      return tenant;
    },
    async stop() {
      const client = await createClient({ url }).connect();
      for (const tenant of tenants) {
        for await (const keys of client.scanIterator({ MATCH: `tandem:{${tenant}}:*`, COUNT: 1000 })) {
          if (keys.length > 0) await client.unlink(keys);
        }
      }
      await client.close();
    },
  };
}
