import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { pino } from "pino";
import { type App, type AppParts, createApp } from "../../src/app.js";
import { parseConfig } from "../../src/config.js";
import { exactBudgetRules } from "../../src/connectors/budget.js";
import { systems } from "../../src/domain/words.js";
import { type Sandboxes, type SandboxOptions, startSandboxes } from "../../src/sandbox/index.js";
import type { TestRedis } from "../helpers/redis.js";

export interface World {
  readonly app: App;
  readonly sandboxes: Sandboxes;
  /** Sends a query and gives its answer, errors and all. */
  query<R, V>(document: TypedDocumentNode<R, V> | string, variables?: V): Promise<{ data: R; errors?: readonly QueryError[] }>;
  /** Another gateway on the same Redis and systems; it stops with the world. */
  beside(): Promise<App>;
  stop(): Promise<void>;
}

export interface QueryError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code?: string; readonly system?: string };
}

/** Exact's limits are tested where they are the subject; here they would only make time pass. */
const withoutLimits = { minuteLimit: null, dayLimit: null, fairUseLimit: null };

/** Both sandboxes and a gateway, over HTTP on loopback; in memory, or on Redis. */
export async function startWorld(
  options: { readonly redis?: TestRedis | null; readonly sandbox?: SandboxOptions; readonly env?: Record<string, string> } = {},
): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), "tandem-e2e-"));
  const sandboxes = await startSandboxes({ exactSettings: withoutLimits, ...options.sandbox });
  const key = Buffer.alloc(32, 7).toString("base64");
  const config = parseConfig({ PORT: "0", TANDEM_DATA_DIR: dataDir, ENCRYPTION_KEY: key, SYNC_INTERVAL_SECONDS: "3600", ...options.env });
  const parts: AppParts = {
    redisUrl: options.redis?.url ?? null,
    ...(options.redis ? { tenant: options.redis.newTenant() } : {}),
    budgetRules: { ...exactBudgetRules, minuteLimit: 1_000_000, dayLimit: 1_000_000 },
    log: pino({ level: process.env.TEST_LOG ?? "silent" }),
    sandboxes,
  };
  const app = await createApp(config, parts).catch(async (error) => {
    await sandboxes.stop();
    throw error;
  });
  const others: App[] = [];
  return {
    app,
    sandboxes,
    query: async (document, variables) => {
      const body = JSON.stringify({ query: typeof document === "string" ? document : print(document), variables });
      const response = await fetch(`${app.url}/graphql`, { method: "POST", headers: { "content-type": "application/json" }, body });
      return (await response.json()) as never;
    },
    beside: async () => {
      const other = await createApp(config, parts);
      others.push(other);
      return other;
    },
    stop: async () => {
      for (const one of [...others, app]) await one.stop();
      await sandboxes.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A quarantine in the sandbox, and a little more. */
const quarantineMs = 65_000;

/**
 * Waits until nothing is marked and nothing is due: longer than a quarantine, as a busy machine may lose an answer. What was lost is
 * looked for only once the feeds were read after that, and no poll comes here by itself.
 */
export async function quiet(world: World, timeoutMs = 150_000): Promise<void> {
  const { store, engine } = world.app;
  const until = Date.now() + timeoutMs;
  let pollAt = Date.now() + quarantineMs;
  while (Date.now() < until) {
    if (
      (await store.feeds.countDirty()) === 0 &&
      (await store.entities.counts("PRODUCT")).PENDING === 0 &&
      (await store.entities.counts("CONTACT")).PENDING === 0
    )
      return;
    if (Date.now() >= pollAt) {
      await Promise.all(systems.map((system) => engine.poll(system)));
      pollAt = Date.now() + 5_000;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Not quiet after ${timeoutMs} ms: ${await store.feeds.countDirty()} marks.`);
}
