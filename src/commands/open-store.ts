import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { pino } from "pino";
import { type Config, parseConfig } from "../config.js";
import { linksOf, tenantOf } from "../connect.js";
import { exactBudgetRules } from "../connectors/budget.js";
import { readDataflowFile } from "../dataflow-file.js";
import { InvalidInputError } from "../domain/errors.js";
import { withEncryptionKey } from "../encryption-key.js";
import { startSandboxes } from "../sandbox/index.js";
import { DataInUseError } from "../store/data-lock.js";
import { startPrivateRedis } from "../store/private-redis.js";
import { RedisStore } from "../store/redis.js";
import type { Store } from "../store/store.js";
import { idPrefixes } from "../sync/engine.js";
import type { RebuildParts } from "../sync/link-map/rebuild.js";
import { dataflowState, planSettings } from "../sync/policy.js";
import { redisUrlOf } from "./doctor/redis.js";

export interface Opened<T> {
  readonly value: T;
  /** Closes all that was opened, last first. */
  stop(): Promise<void>;
}

export interface OpenedStore {
  readonly store: Store;
  readonly config: Config;
}

/** What reads beside a gateway may share its Redis; what rewrites the link map may not. */
export type Sharing = "shared" | "alone";

/** The store that the gateway of these variables uses. Where it has a Redis of its own, that is started if it does not run. */
export async function openStore(env: NodeJS.ProcessEnv, sharing: Sharing): Promise<Opened<OpenedStore>> {
  const config = withEncryptionKey(parseConfig(env));
  const redis = await redisOf(config, sharing);
  try {
    const store = await RedisStore.connect({
      url: redis.value,
      tenant: tenantOf(config),
      encryptionKey: config.encryptionKeys,
      flows: readDataflowFile().flows,
    });
    const stop = async () => {
      await store.stop();
      await redis.stop();
    };
    return { value: { store, config }, stop };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

async function redisOf(config: Config, sharing: Sharing): Promise<Opened<string>> {
  const { url, binary } = config.redis;
  const nothing = async () => {};
  if (url !== null) return { value: url, stop: nothing };
  try {
    if (binary === null)
      throw new InvalidInputError("There is no Redis: set REDIS_URL, or install redis-server. A gateway without one keeps no links between starts.");
    const started = await startPrivateRedis({ dataDir: join(config.dataDir, "redis"), binary });
    return { value: started.url, stop: () => started.stop() };
  } catch (error) {
    const running = error instanceof DataInUseError && sharing === "shared" ? redisUrlOf(config) : null;
    if (running === null) throw error;
    return { value: running, stop: nothing };
  }
}

/** The parts of the sync that work on the link map, with both systems at hand. */
export async function openParts(env: NodeJS.ProcessEnv, { store, config }: OpenedStore): Promise<Opened<RebuildParts>> {
  const settings = readDataflowFile();
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const one of stops.reverse()) await one();
  };
  try {
    const { exactPort, customcrmPort } = config.mode === "sandbox" ? config.sandbox : { exactPort: 0, customcrmPort: 0 };
    const sandboxes = config.mode === "sandbox" ? await startSandboxes({ exactPort, customcrmPort, dataDir: join(config.dataDir, "sandbox") }) : null;
    if (sandboxes) stops.push(() => sandboxes.stop());
    const log = pino({ level: env.LOG_LEVEL ?? "warn" }, pino.destination(2));
    const links = linksOf({ config, store, clock: Date.now, log, rules: exactBudgetRules, flows: settings.flows, ...(sandboxes ? { sandboxes } : {}) });
    stops.push(() => links.stop());
    await links.consentWithoutBrowser();
    const value: RebuildParts = {
      store,
      connectors: { CUSTOMCRM: links.customcrm, EXACT: links.exact },
      settings,
      clock: Date.now,
      newId: (type) => `${idPrefixes[type]}${randomUUID().replaceAll("-", "")}`,
      newIntentId: randomUUID,
      random: Math.random,
      policy: async (type) => planSettings(settings, await dataflowState(store, type, config.firstContact)),
      firstContact: config.firstContact,
    };
    return { value, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
