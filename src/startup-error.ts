import type { Config } from "./config.js";
import { ConfigError } from "./config.js";
import { TandemError } from "./domain/errors.js";
import { explainPort, PortError } from "./ports.js";
import { ManifestError } from "./server/persisted-documents.js";
import { DataInUseError } from "./store/data-lock.js";
import { RedisUnreachableError } from "./store/redis-probe.js";
import { PrivateRedisError } from "./store/redis-server.js";

const understood = [ConfigError, ManifestError, PortError, DataInUseError, RedisUnreachableError, PrivateRedisError, TandemError];

/** What a person can mend, as the sentence to show; null for a fault of our own, which needs its stack. */
export function explain(error: unknown, config: Config | null): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (understood.some((kind) => cause instanceof kind)) return advised(cause);
    const port = config && explainPort(cause, config);
    if (port) return port.message;
  }
  return null;
}

function advised(error: Error): string {
  if (error instanceof RedisUnreachableError) return `${error.message} Start it, correct REDIS_URL, or leave REDIS_URL out to use a private Redis.`;
  return error.message;
}
