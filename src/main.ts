import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Config, parseConfig } from "./config.js";
import { withEncryptionKey } from "./encryption-key.js";
import { firstScreen, type Running } from "./first-screen.js";
import { createLog } from "./log.js";
import { checkPorts } from "./ports.js";
import { showProgress } from "./progress.js";
import { explain } from "./startup-error.js";
import { startPrivateRedis } from "./store/private-redis.js";
import { awaitRedis } from "./store/redis-probe.js";

const redisTimeoutMs = 3_000;
/** What is still open this long after all was stopped is cut off. */
const lingerMs = 3_000;
/** Signals that come this soon after the first are the same wish: a terminal and npm may both send it. */
const sameWishMs = 1_000;

const sinceMs = () => performance.now();
const asked = new AbortController();
const askedToStop = new Promise<void>((resolve) => asked.signal.addEventListener("abort", () => resolve()));
let askedAt = Number.POSITIVE_INFINITY;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stopOrForce);

let config: Config | null = null;
/** What was started, in that order; stopped in the opposite one. */
const started: { stop(): Promise<void> }[] = [];
try {
  if (existsSync(".env")) process.loadEnvFile();
  config = parseConfig(process.env);
  await serve(withEncryptionKey(config));
} catch (error) {
  report(error);
  process.exitCode = 1;
} finally {
  for (const part of started.reverse()) await part.stop().catch(report);
  setTimeout(() => process.exit(), lingerMs).unref();
}

function report(error: unknown): void {
  process.stderr.write(`${explain(error, config) ?? (error instanceof Error ? error.stack : String(error))}\n`);
}

/** The first signal asks for an end in order, one that comes later does not wait for it. */
function stopOrForce(): void {
  if (sinceMs() - askedAt > sameWishMs) process.exit(130);
  askedAt = Math.min(askedAt, sinceMs());
  asked.abort();
}

/** Starts everything, says so, and returns when somebody asks for the end. */
async function serve(config: Config): Promise<void> {
  await checkPorts(config);
  const log = createLog(config.logLevel);
  // Loaded only where traces are wanted.
  if (config.tracing) started.push((await import("./tracing.js")).startTracing(config.tracing, config.role, log));
  // The application is loaded while Redis starts.
  const [{ createApp }, { redisUrl, store }] = await Promise.all([import("./app.js"), connectStore(config, (message) => log.error(message))]);
  if (asked.signal.aborted) return;

  const app = await createApp(config, { redisUrl, log });
  started.push(app);
  if (asked.signal.aborted) return;

  process.stdout.write(firstScreen({ config, url: app.url, systems: app.systems, store }));
  showProgress(app, process.stdout, sinceMs, asked.signal).catch(report);
  await askedToStop;
  process.stdout.write("\nStopping …\n");
  app.drain();
  await sleep(config.drainSeconds * 1000);
}

/** REDIS_URL if it is set, else a private server if a program for it is at hand, else memory. */
async function connectStore(config: Config, onLost: (message: string) => void): Promise<{ redisUrl: string | null; store: Running["store"] }> {
  const { url, binary } = config.redis;
  if (url !== null) {
    await awaitRedis(url, redisTimeoutMs);
    return { redisUrl: url, store: "external" };
  }
  if (binary === null) return { redisUrl: null, store: "memory" };
  const redis = await startPrivateRedis({ dataDir: join(config.dataDir, "redis"), binary, onLost });
  started.push(redis);
  return { redisUrl: redis.url, store: "private" };
}
