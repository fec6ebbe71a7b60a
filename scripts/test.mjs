// npm test: sets itself up, docutils included, starts a Redis of its own for the tests, and runs vitest with the arguments given.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDocutils } from "./setup/docutils.mjs";
import { findRedisServer } from "./setup/redis.mjs";
import { root } from "./setup/root.mjs";
import { runInTerminal } from "./setup/run.mjs";
import { SetUpError, script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUp } from "./setup.mjs";

await script(async () => {
  await setUp();
  const redis = await testRedis();
  try {
    const env = { ...process.env, ...redis.env, ...(await testDocutils()) };
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    process.exitCode = await runInTerminal(process.execPath, [vitest, "run", ...process.argv.slice(2)], { env });
  } finally {
    await redis.stop();
  }
});

/** TEST_REDIS_URL if it is set. REDIS_URL is never taken: it may hold real data, and the tests write, delete and flush. */
async function testRedis() {
  if (process.env.TEST_REDIS_URL) return { env: {}, stop: async () => {} };
  const binary = await findRedisServer();
  if (binary === null) return withoutRedis();

  const dataDir = mkdtempSync(join(tmpdir(), "tandem-test-"));
  const { startPrivateRedis } = await importTypeScript("src/store/private-redis.ts");
  const redis = await startPrivateRedis({ dataDir, binary, durable: false });
  const stop = async () => {
    await redis.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { env: { TEST_REDIS_URL: redis.url, REDIS_SERVER_BIN: binary }, stop };
}

function withoutRedis() {
  const wayOut = "Install redis-server or valkey-server, or set TEST_REDIS_URL to a Redis that may be emptied.";
  goOnWithout("Redis server", `the suites that need one are skipped (vitest counts them below). ${wayOut}`, wayOut);
  return { env: {}, stop: async () => {} };
}

/** The Python by which the tests read what must be reStructuredText. */
async function testDocutils() {
  const python = await findDocutils();
  if (python !== null) return { DOCUTILS_PYTHON: python };
  const wayOut = "Install python3-docutils.";
  goOnWithout("docutils", `the dataflow document is read by our own strict reader alone. ${wayOut}`, wayOut);
  return {};
}

function goOnWithout(what, consequence, wayOut) {
  if (process.env.CI === "true") throw new SetUpError(`No ${what} found, and with CI=true no suite may be skipped. ${wayOut}`);
  process.stdout.write(`No ${what} found: ${consequence}\n`);
}
