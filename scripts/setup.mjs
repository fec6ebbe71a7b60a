import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installDependencies } from "./setup/dependencies.mjs";
import { checkNode } from "./setup/node-version.mjs";
import { findRedisServer } from "./setup/redis.mjs";
import { root } from "./setup/root.mjs";
import { script } from "./setup/script.mjs";

/**
 * Makes a fresh clone ready to run; does nothing where all is there. Plain Node, as it runs before anything is installed.
 * Leaves the Redis to start in REDIS_SERVER_BIN, for the process that starts it.
 */
export async function setUp() {
  checkNode();
  process.chdir(root);
  await installDependencies();
}

/** As `setUp`, for what keeps data: also finds a Redis server, unless REDIS_URL names one that runs. */
export async function setUpToServe() {
  await setUp();
  readDotEnv();
  if (process.env.REDIS_URL) return;
  const server = await findRedisServer();
  if (server !== null) process.env.REDIS_SERVER_BIN = server;
}

function readDotEnv() {
  const file = join(root, ".env");
  if (existsSync(file)) process.loadEnvFile(file);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await script(async () => {
    await setUpToServe();
    const redis = process.env.REDIS_URL ? "REDIS_URL" : process.env.REDIS_SERVER_BIN || "no Redis (the store will be kept in memory)";
    process.stdout.write(`Set up: Node ${process.versions.node}, dependencies, ${redis}.\n`);
  });
}
