import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { probeRedis } from "./redis-probe.js";

/** The private Redis did not come up, or does not go away; the message says what it said itself. */
export class PrivateRedisError extends Error {
  override readonly name = "PrivateRedisError";
}

export interface RedisServer {
  readonly process: ChildProcess;
  /** The last that it printed, for a message; "" if it was silent. */
  lastLines(): string;
}

export interface RedisServerOptions {
  readonly binary: string;
  readonly dataDir: string;
  /** False: nothing is written to disk. `everysec`: at most a second late. */
  readonly durable: boolean | "everysec";
  readonly socket: string;
  readonly url: string;
}

const probeTimeoutMs = 1_000;
/** Replaying a large append-only file takes its time. */
const startTimeoutMs = 120_000;
const stopTimeoutMs = 10_000;

/** Starts a server on a unix socket and waits until it takes commands. */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const child = spawnServer(options);
  const lines: string[] = [];
  const keep = (chunk: Buffer) => {
    lines.push(...chunk.toString().trimEnd().split("\n"));
    lines.splice(0, lines.length - 10);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const lastLines = () => (lines.length === 0 ? "" : `It said: ${lines.join(" / ")}`);

  const giveUp = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    child.once("error", (error) => reject(new PrivateRedisError(`The private Redis can't be started: ${error.message}.`)));
    child.once("close", (code, signal) =>
      reject(new PrivateRedisError(`The private Redis (${options.binary}) ended at once (${signal ?? `exit code ${code}`}). ${lastLines()}`)),
    );
  });
  try {
    await Promise.race([ended, untilReady(options.url, giveUp.signal)]);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    giveUp.abort();
    ended.catch(() => {});
  }
  return { process: child, lastLines };
}

export async function endRedisServer({ process: child }: RedisServer): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}

function spawnServer({ binary, dataDir, durable, socket }: RedisServerOptions) {
  const durability = durable ? ["--appendonly", "yes", "--appendfsync", durable === true ? "always" : durable] : ["--appendonly", "no"];
  const listen = ["--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"];
  const args = [...listen, "--dir", dataDir, ...durability, "--save", "", "--loglevel", "warning"];
  // A group of its own: the Ctrl-C that ends the gateway must not end its store first.
  const options = { detached: true, stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"] };
  return diesWithParent() ? spawn("setpriv", ["--pdeathsig", "TERM", binary, ...args], options) : spawn(binary, args, options);
}

let hasParentDeathSignal: boolean | undefined;

/** Whether util-linux's setpriv is at hand: with it the kernel ends the server when this process dies, even of SIGKILL. */
function diesWithParent(): boolean {
  hasParentDeathSignal ??= process.platform === "linux" && spawnSync("setpriv", ["--pdeathsig", "TERM", "true"]).status === 0;
  return hasParentDeathSignal;
}

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const end = performance.now() + startTimeoutMs;
  while (performance.now() < end && !signal.aborted) {
    const state = await probeRedis(url, probeTimeoutMs).catch(() => null);
    if (state === "READY") return;
    await sleep(state === "LOADING" ? 100 : 10);
  }
  throw new PrivateRedisError(`The private Redis was not ready after ${startTimeoutMs / 1000} s.`);
}
