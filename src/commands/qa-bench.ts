import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { type Config, parseConfig } from "../config.js";
import { type Links, linksOf, tenantOf } from "../connect.js";
import { exactBudgetRules } from "../connectors/budget.js";
import { dataflowOf } from "../domain/dataflow.js";
import { InvalidInputError } from "../domain/errors.js";
import type { SyncSettings } from "../domain/settings.js";
import { type Clock, type System, systems } from "../domain/words.js";
import type { Bench, Hands, Patience } from "../qa/bench.js";
import { Fence } from "../qa/fence.js";
import type { ExactSettings } from "../sandbox/exact/index.js";
import { startSandboxes } from "../sandbox/index.js";
import type { BudgetRules } from "../store/budget.js";
import { MemoryStore } from "../store/memory.js";
import { startPrivateRedis } from "../store/private-redis.js";
import { RedisStore } from "../store/redis.js";
import { Engine, idPrefixes } from "../sync/engine.js";
import { planSettings } from "../sync/policy.js";
import { connectorHands, sandboxHands } from "./qa-hands.js";

export interface StartedBench {
  readonly bench: Bench;
  stop(): Promise<void>;
}

export interface BenchOptions {
  readonly settings: SyncSettings;
  /** In the name of every record that is made. */
  readonly mark: string;
  /** How the sandbox's Exact differs from the usual. */
  readonly exactSettings?: Partial<ExactSettings>;
  readonly stopped?: AbortSignal;
  /** Exact's limits, where they are not the usual ones. */
  readonly rules?: BudgetRules;
  /** How long to wait for what a real system has not shown yet. */
  readonly patience?: Patience;
}

const realPatience: Patience = { attempts: 6, pauseMs: 20_000 };

/** Both sandboxes, seeded, and a sync between them that sees the checklist's own records only. All in memory. */
export async function startSandboxBench({ settings, mark, exactSettings, stopped }: BenchOptions): Promise<StartedBench> {
  // Limits are a matter of pace, which is tested elsewhere.
  const sandboxes = await startSandboxes({ exactSettings: { minuteLimit: null, dayLimit: null, fairUseLimit: null, ...exactSettings } });
  const clock = () => sandboxes.exact.clock.now();
  const store = new MemoryStore({ clock, flows: settings.flows, encryptionKey: [randomBytes(32).toString("base64")] });
  const rules = { ...exactBudgetRules, minuteLimit: 1_000_000, dayLimit: 1_000_000 };
  const links = linksOf({ config: parseConfig({ PORT: "0" }), store, clock, log: silent(), rules, flows: settings.flows, sandboxes });
  const stop = async () => {
    links.stopWaiting();
    await links.stop();
    await store.stop();
    await sandboxes.stop();
  };
  try {
    await links.consentWithoutBrowser();
    const fence = new Fence(mark);
    const hands = sandboxHands(sandboxes, (made) => fence.note(made));
    const bench = await benchOf({
      name: "the sandbox: an Exact Online and a Customcrm on this machine",
      mark,
      links,
      store,
      fence,
      hands,
      settings: { ...settings, overlapMs: 60_000, quarantineMs: 60_000 },
      clock,
      patience: { attempts: 2, pauseMs: 0 },
      ...(stopped ? { stopped } : {}),
      passTime: (ms) => sandboxes.exact.clock.advance(ms),
    });
    return { bench, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The systems that are configured, with the tokens and the budget of the gateway, and a sync in memory that sees the
 * checklist's own records only: no other record of theirs is linked, written or deleted.
 */
export async function startRealBench(config: Config, options: BenchOptions): Promise<StartedBench> {
  const { settings, mark, stopped, rules = exactBudgetRules, patience = realPatience } = options;
  const started: { stop(): Promise<unknown> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const shared = await RedisStore.connect({
      url: await redisOf(config, started),
      tenant: tenantOf(config),
      encryptionKey: config.encryptionKeys,
      clock: Date.now,
      log: () => {},
    });
    started.push(shared);
    const links = linksOf({ config, store: shared, clock: Date.now, log: silent(), rules, flows: settings.flows });
    started.push(links, { stop: async () => links.stopWaiting() });
    for (const connector of [links.customcrm, links.exact]) await connector.probe({ class: "interactive" });
    const fence = new Fence(mark);
    const hands = {
      CUSTOMCRM: connectorHands(links.customcrm, (made) => fence.note(made)),
      EXACT: connectorHands(links.exact, (made) => fence.note(made)),
    };
    const name = `${links.origins.customcrm} and ${links.origins.exact}`;
    const own = new MemoryStore({ clock: Date.now, flows: settings.flows, encryptionKey: [randomBytes(32).toString("base64")] });
    const stopping = stopped ? { stopped } : {};
    return { bench: await benchOf({ name, mark, links, store: own, fence, hands, settings, clock: Date.now, patience, passTime: null, ...stopping }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface BenchParts extends Pick<Bench, "name" | "hands" | "settings" | "patience" | "passTime" | "stopped"> {
  readonly links: Links;
  readonly store: MemoryStore;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly mark: string;
  readonly hands: { readonly [S in System]: Hands };
}

async function benchOf(parts: BenchParts): Promise<Bench> {
  const { links, store, fence, hands, clock } = parts;
  // Products without a customer need a place in Exact; a record of the checklist's own is it.
  const account = dataflowOf(parts.settings.flows, "ACCOUNT").exact;
  const defaultAccount = await hands.EXACT.create(account, { Name: `${parts.mark}: products without a customer` });
  const settings = { ...parts.settings, defaultAccount };
  const engine = new Engine({
    store,
    connectors: { CUSTOMCRM: fence.around(links.customcrm), EXACT: fence.around(links.exact) },
    settings,
    clock,
    policy: async () => planSettings(settings, { state: { paused: null, confirmed: true, held: [] }, version: 0 }),
    newId: (type) => `${idPrefixes[type]}${randomUUID().replaceAll("-", "")}`,
    newIntentId: randomUUID,
    random: Math.random,
  });
  return {
    ...parts,
    settings,
    made: () => fence.made(),
    calls: () => ({ ...fence.calls }),
    settle: async () => {
      await Promise.all(systems.map((system) => engine.poll(system, { class: "change" })));
      await engine.sweep();
      await engine.drain();
    },
  };
}

/** The tokens lie where the gateway keeps them. */
async function redisOf({ redis, dataDir }: Config, started: { stop(): Promise<unknown> }[]): Promise<string> {
  if (redis.url !== null) return redis.url;
  if (redis.binary === null) throw new InvalidInputError("The tokens of the real systems are kept in Redis: set REDIS_URL, or install redis-server.");
  const server = await startPrivateRedis({ dataDir: join(dataDir, "redis"), binary: redis.binary });
  started.push(server);
  return server.url;
}

const silent = (): Logger => pino({ level: "silent" });
