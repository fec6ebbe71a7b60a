import { existsSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../../config.js";
import type { RedisStore } from "../../store/redis.js";
import { awaitRedis } from "../../store/redis-probe.js";
import { socketPath } from "../../store/socket-path.js";
import { type Finding, fail, ok, sentenceOf, warn } from "./finding.js";

type Persistence = Awaited<ReturnType<RedisStore["persistence"]>>;

/** REDIS_URL, or where the gateway's private Redis listens while it runs; null: there is none. */
export function redisUrlOf({ redis, dataDir }: Config): string | null {
  if (redis.url !== null) return redis.url;
  const folder = join(dataDir, "redis");
  if (!existsSync(folder)) return null;
  const { path } = socketPath(realpathSync(folder), tmpdir());
  return existsSync(path) ? `unix://${pathToFileURL(path).pathname}` : null;
}

export async function checkRedis(url: string | null, config: Config): Promise<Finding> {
  const isPrivate = config.redis.url === null;
  try {
    if (url === null) throw new Error("The gateway's private Redis does not run.");
    await awaitRedis(url, 3_000);
    return ok("Redis", isPrivate ? `the gateway's own answers, its data in ${config.dataDir}/redis` : "the one of REDIS_URL answers");
  } catch (error) {
    const seen = sentenceOf(error);
    if (!isPrivate) return fail("Redis", seen, "Start it, or correct REDIS_URL.");
    const todo =
      "It runs as long as the gateway does: start that with npm start. If that says that it keeps all in memory, install redis-server or set REDIS_URL.";
    return warn("Redis", seen, todo);
  }
}

export function persistenceFinding({ appendonly, appendfsync }: Persistence): Finding {
  const what = "Redis persistence";
  if (appendonly === null) return warn(what, "it does not tell", "Make sure that it runs with appendonly yes: it holds the link map.");
  if (!appendonly) return fail(what, "appendonly no", "Run it with appendonly yes: if it restarts, all links are lost.");
  const seen = `appendonly yes, appendfsync ${appendfsync ?? "unknown"}`;
  if (appendfsync === null || appendfsync === "always") return ok(what, seen);
  return warn(what, seen, "Set appendfsync always: if its machine is lost, so are the last writes.");
}

export function evictionFinding({ eviction }: Persistence): Finding {
  const what = "Redis eviction";
  if (eviction === null) return warn(what, "it does not tell", "Make sure that maxmemory-policy is noeviction.");
  const seen = `maxmemory-policy ${eviction}`;
  return eviction === "noeviction" ? ok(what, seen) : fail(what, seen, "Set maxmemory-policy noeviction: it may drop links when memory is short.");
}
