import { lstatSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { createClient } from "redis";
import { takeDataLock } from "./data-lock.js";
import { probeRedis } from "./redis-probe.js";
import { endRedisServer, PrivateRedisError, type RedisServerOptions, startRedisServer } from "./redis-server.js";
import { socketPath } from "./socket-path.js";

export interface PrivateRedis {
  /** `unix:///path`, as node-redis takes it. */
  readonly url: string;
  /** Ends the server, its data on disk and its socket gone. Idempotent. */
  stop(): Promise<void>;
}

export interface PrivateRedisOptions {
  /** Where its append-only file lies; made if it is not there. */
  readonly dataDir: string;
  /** The `redis-server` or `valkey-server` to run. */
  readonly binary: string;
  /** False: nothing is written to disk, for tests. Default: every write is on disk before it is acknowledged. */
  readonly durable?: boolean;
  /** Told when the server ended by itself; it is started again. */
  readonly onLost?: (message: string) => void;
}

const probeTimeoutMs = 1_000;
const orphanTimeoutMs = 10_000;
const maxRestartDelayMs = 5_000;

/**
 * Starts a Redis that only this process knows: on a unix socket, its data in one folder, for as long as this process lives.
 * Throws `DataInUseError` if another process has a server on the same data, `PrivateRedisError` if it does not come up.
 */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<PrivateRedis> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  // One folder may have several names, and the lock and the socket belong to the folder.
  const dataDir = realpathSync(options.dataDir);
  const lock = takeDataLock(dataDir, join(dataDir, "lock"));
  try {
    const socket = socketPath(dataDir, tmpdir());
    if (socket.folder !== dataDir) makePrivateFolder(socket.folder);
    const url = `unix://${pathToFileURL(socket.path).pathname}`;
    await endOrphan(url);
    const stopServer = await keepRunning({ binary: options.binary, dataDir, durable: options.durable ?? true, socket: socket.path, url }, options.onLost);

    const stop = async () => {
      await stopServer();
      rmSync(socket.path, { force: true });
      if (socket.folder !== dataDir) rmSync(socket.folder, { recursive: true, force: true });
      lock.release();
    };
    let stopped: Promise<void> | undefined;
    return { url, stop: () => (stopped ??= stop()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Starts the server, and again whenever it ends by itself; clients reconnect. Returns what ends it for good. */
async function keepRunning(options: RedisServerOptions, onLost: (message: string) => void = () => {}): Promise<() => Promise<void>> {
  let server = await startRedisServer(options);
  let stopping = false;
  let restarted: Promise<void> = Promise.resolve();
  const restart = async () => {
    for (let delayMs = 100; !stopping; delayMs = Math.min(delayMs * 2, maxRestartDelayMs)) {
      try {
        server = await startRedisServer(options);
        return restartWhenLost();
      } catch (error) {
        onLost(error instanceof Error ? error.message : String(error));
        await sleep(delayMs);
      }
    }
  };
  const restartWhenLost = () => {
    server.process.once("exit", (code, signal) => {
      if (stopping) return;
      onLost(`The private Redis ended by itself (${signal ?? `exit code ${code}`}) and is started again. ${server.lastLines()}`);
      restarted = restart();
    });
  };
  restartWhenLost();

  // Where the kernel does not do it, a process that ends in order still takes its server along.
  const endWithUs = () => server.process.kill("SIGTERM");
  process.on("exit", endWithUs);
  return async () => {
    stopping = true;
    await restarted;
    await endRedisServer(server);
    process.off("exit", endWithUs);
  };
}

/** A server that outlived its gateway still writes to the data that we hold the lock of: it is ended before a new one starts. */
async function endOrphan(url: string): Promise<void> {
  const end = performance.now() + orphanTimeoutMs;
  while (await probeRedis(url, probeTimeoutMs).catch(() => null)) {
    if (performance.now() > end) throw new PrivateRedisError(`An earlier Redis on ${url} does not end: stop it by hand and start again.`);
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    client.on("error", () => {});
    await client.connect().catch(() => {});
    // It answers by closing the connection.
    await client.sendCommand(["SHUTDOWN"]).catch(() => {});
    client.destroy();
    await sleep(20);
  }
}

/** Under a shared folder such as /tmp somebody else may have made it first: only one that is ours alone will do. */
function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new PrivateRedisError(`${folder} is needed for the private Redis and is open to others: remove it and start again.`);
  }
}
