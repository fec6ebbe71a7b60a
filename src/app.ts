import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "./config.js";
import { type LinkParts, type Links, linksOf, type SandboxParts, tenantOf } from "./connect.js";
import { exactBudgetRules } from "./connectors/budget.js";
import { readDataflowFile } from "./dataflow-file.js";
import type { Dataflow } from "./domain/dataflow.js";
import { limits } from "./domain/limits.js";
import type { SyncSettings } from "./domain/settings.js";
import { type Clock, type EntityType, entityTypes, isoTime } from "./domain/words.js";
import type { Summary } from "./first-screen.js";
import { withLogFields } from "./log.js";
import { BullmqQueue } from "./queue/bullmq.js";
import { InProcessQueue } from "./queue/in-process.js";
import type { Queue } from "./queue/queue.js";
import { traced } from "./queue/traced.js";
import { Access, isAccessRequired } from "./server/access.js";
import { consentRoutes } from "./server/consent.routes.js";
import { Doorkeeper } from "./server/doorkeeper.js";
import { Metrics } from "./server/metrics.js";
import { PersistedDocuments } from "./server/persisted-documents.js";
import { createServer } from "./server/server.js";
import { Subscriptions } from "./server/subscriptions.js";
import { webhookRoutes } from "./server/webhook.routes.js";
import type { BudgetRules } from "./store/budget.js";
import { MemoryStore } from "./store/memory.js";
import { MemoryRateCounter } from "./store/rate-counter.js";
import { RedisRateCounter } from "./store/rate-counter-redis.js";
import { RedisStore } from "./store/redis.js";
import type { Store } from "./store/store.js";
import { Actions } from "./sync/actions.js";
import { announced } from "./sync/announce.js";
import { Driver } from "./sync/driver.js";
import { Engine, idPrefixes } from "./sync/engine.js";
import { Guard } from "./sync/guards.js";
import { checkTargets } from "./sync/link-map/retarget.js";
import type { SettleParts } from "./sync/parts.js";
import { dataflowState, planSettings, whyPaused } from "./sync/policy.js";
import { Runs } from "./sync/runs.js";
import { operationOfKey } from "./sync/submit/idempotency.js";
import { submit } from "./sync/submit.js";

export interface AppParts {
  /** null: everything is kept in memory. */
  readonly redisUrl: string | null;
  readonly log: Logger;
  /** Sandboxes that run already, for tests; else they are started where the config asks for them. */
  readonly sandboxes?: SandboxParts;
  readonly clock?: Clock;
  /** Whose keys in Redis; default: the sandbox's or the real systems' own, so that they never mix. */
  readonly tenant?: string;
  /** Exact's limits as they are taken to be until its headers say otherwise. */
  readonly budgetRules?: BudgetRules;
  /** Beside what `dataflow.yml` says: times that a test can wait for. */
  readonly settings?: Partial<SyncSettings>;
}

export interface App {
  readonly url: string;
  readonly systems: { readonly exact: string; readonly customcrm: string };
  /** Settles when the links of what both systems hold are made. */
  readonly ready: Promise<void>;
  readonly store: Store;
  readonly engine: Engine;
  summary(): Promise<Summary>;
  /** Still answers, and says that it is not ready any more. */
  drain(): void;
  stop(): Promise<void>;
}

/** Wires everything, top to bottom: the only place that names concrete classes. What was started is stopped if a later part fails. */
export async function createApp(config: Config, parts: AppParts): Promise<App> {
  const { log, redisUrl, clock = Date.now } = parts;
  const started: { stop(): Promise<unknown> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const startedAt = isoTime(clock());
    const settings = { ...siteSettings(config), ...parts.settings };
    const tenant = parts.tenant ?? tenantOf(config);
    const { store: kept, queue: plain } = await openStore(config, settings.flows, redisUrl, tenant, clock, log);
    const queue = traced(plain);
    started.push(kept);
    await checkTargets(kept, settings.flows);
    const metrics = new Metrics();
    const links = await linkUp(config, { ...parts, flows: settings.flows, onCall: (call) => metrics.called(call) }, kept, clock, started);
    const store = announced(kept, clock, (error) => log.warn(error, "A change could not be announced."));
    const connectors = { CUSTOMCRM: links.customcrm, EXACT: links.exact };
    const policy = async (type: EntityType) => planSettings(settings, await dataflowState(store, type, config.firstContact));

    const lostAt = () => (kept instanceof RedisStore ? kept.lostAt : null);
    const guard = new Guard({
      store,
      clock,
      levels: settings.guards,
      firstContact: config.firstContact,
      onFired: (type, message) => log.warn(`The dataflow of ${type} is paused: ${message}`),
    });
    const settling: SettleParts = {
      store,
      connectors,
      settings,
      clock,
      policy,
      lostAt,
      newId: (type) => `${idPrefixes[type]}${shortId()}`,
      newIntentId: randomUUID,
      random: Math.random,
      onSettled: (before, after, plan) => {
        log.debug({ entityId: before.id, type: before.type, was: before.state, state: after?.state ?? null, plan: plan.kind }, "An entity was settled.");
        runs.settled(before, after, plan);
      },
      onPlanned: (observation, plan) => runs.planned(observation, plan),
      onMarksRead: () => runs.attend(),
      onHandled: () => runs.tell(),
      guard: (entity, plan) => guard.check(entity, plan),
      onEmptySide: (types, system, links) => guard.emptySide(types, system, links),
      onUnreadable: (system, rows) => {
        for (const { type, id, message } of rows) log.warn({ system, type, recordId: id }, `A record was passed over, as it can't be read. ${message}`);
      },
    };
    const engine = new Engine(settling);
    const runs = new Runs({ ...settling, engine, queue, newRunId: randomUUID });
    // Work that is begun by a request, and goes on after it, is logged as nobody's.
    const nudge = () => void withLogFields({}, () => driver.nudge()).catch((error) => log.warn(error, "The queue could not be told of new work."));
    const actions = new Actions({ ...settling, firstContact: config.firstContact, nudge });
    const driver = new Driver(engine, queue, {
      intervalMs: config.syncIntervalSeconds * 1000,
      sweepMs: 5_000,
      hintMs: config.mode === "sandbox" ? 500 : 20_000,
      onRun: (runId, signal) => runs.work(runId, signal),
      lostAt,
      onDrained: () => guard.quiet(),
      onError: (error, what) => log.warn(error, `The ${what} could not be done now and is tried again.`),
    });
    const hint = (system: "CUSTOMCRM" | "EXACT") => withLogFields({}, () => driver.hint(system));
    const subscriptions = new Subscriptions({ doors: links.webhooks, leases: store.leases, clock, log });
    const onConsent = () =>
      withLogFields({}, async () => {
        void subscriptions.check();
        await queue.add({ kind: "poll", system: "EXACT", isHinted: true }, { key: "consent:EXACT", priority: 1 });
      });

    const doorkeeper = doorkeeperOf(config, kept, clock, log, metrics);
    const server = await createServer({
      doorkeeper,
      corsOrigins: config.access.corsOrigins,
      monitoring: config.access.monitoring,
      isProduction: config.isProduction,
      federatedTraces: config.federatedTraces,
      // Compiled operations do not tell how long each field took.
      compileOn: config.isJitOn && !config.federatedTraces ? limits.compiled.onMeeting : null,
      feedIntervalMs: config.syncIntervalSeconds * 1000,
      metrics,
      gauges: { store, connectors, settings, queue, clock, isBreakerOpen: links.isBreakerOpen, waitingCalls: links.waitingCalls },
      store,
      connectors,
      settings,
      clock,
      log,
      host: config.host,
      port: config.port,
      pausedProblem: async (type) => whyPaused(await dataflowState(store, type, config.firstContact), startedAt),
      submit: (submission) => submit({ ...settling, newOperationId: randomUUID, onError: (error) => log.error(error, "A mutation met a fault.") }, submission),
      operationOfKey: (key, caller) => operationOfKey(store.documents, key, caller),
      actions,
      runs,
      documents: persistedDocuments(config),
      routes: [
        async (app) => consentRoutes(app, { door: links.consent, firstContact: config.firstContact, mayBegin: doorkeeper.needs("sync"), onConsent }),
        async (app) => webhookRoutes(app, links.webhooks, store.documents, hint),
      ],
    });
    const halt = async () => {
      engine.halt();
      links.stopWaiting();
    };
    started.push(server, { stop: () => queue.stop(5_000) }, subscriptions, { stop: halt });
    const receiver = receiverOf(config, server.port);
    if (receiver !== null && config.role !== "worker") subscriptions.start(receiver);
    if (config.role !== "api") {
      await driver.start();
      await runs.resume();
    }
    return {
      url: server.url,
      systems: links.origins,
      ready: config.role === "api" ? Promise.resolve() : driver.ready,
      store,
      engine,
      summary: () => summaryOf(store),
      drain: () => server.drain(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Read at the start, so that a fault of the manifest is told then. */
function persistedDocuments({ persisted: { path, isOnly } }: Config): PersistedDocuments {
  return path === null ? PersistedDocuments.none : PersistedDocuments.read(path, isOnly);
}

/** The table as this site has it: `dataflow.yml` beside the process, if there is one. */
function siteSettings(config: Config): SyncSettings {
  const settings = readDataflowFile();
  return config.mode === "sandbox" ? { ...settings, overlapMs: 60_000, quarantineMs: 60_000 } : settings;
}

async function openStore(
  config: Config,
  flows: readonly Dataflow[],
  url: string | null,
  tenant: string,
  clock: Clock,
  log: Logger,
): Promise<{ store: Store; queue: Queue }> {
  const say = (message: string, error?: unknown) => log.warn(error, message);
  if (url === null)
    return { store: new MemoryStore({ clock, encryptionKey: config.encryptionKeys, flows, log: say }), queue: new InProcessQueue({ clock, log: say }) };
  const store = await RedisStore.connect({ url, tenant, encryptionKey: config.encryptionKeys, clock, flows, log: say });
  try {
    for (const warning of (await store.persistence()).warnings) log.warn(warning);
    return { store, queue: await BullmqQueue.connect({ url, tenant, log: say }) };
  } catch (error) {
    await store.stop();
    throw error;
  }
}

/** Says who is let in, and how often. */
function doorkeeperOf({ access }: Config, store: Store, clock: Clock, log: Logger, metrics: Metrics): Doorkeeper {
  if (!isAccessRequired(access)) log.info("Nobody has to identify themselves: only this machine gets answers. Set API_KEYS or JWT_JWKS_URL to serve others.");
  const tokensOfOthers = access.jwksUrl !== null && access.jwtAudiences.length === 0;
  if (tokensOfOthers) log.warn("JWT_AUDIENCE is not set: tokens that the identity provider made for other services are taken too.");
  return new Doorkeeper({
    access: isAccessRequired(access) ? new Access(access, clock, log) : null,
    counter: store instanceof RedisStore ? new RedisRateCounter(store.client, store.keys) : new MemoryRateCounter(),
    ratePerMinute: access.ratePerMinute,
    clock,
    onRefused: (reason) => metrics.refused(reason),
  });
}

async function linkUp(
  config: Config,
  parts: AppParts & Pick<LinkParts, "onCall" | "flows">,
  store: Store,
  clock: Clock,
  started: { stop(): Promise<unknown> }[],
): Promise<Links> {
  const rules = parts.budgetRules ?? exactBudgetRules;
  if (config.mode === "real") {
    const links = linksOf({ config, store, clock, log: parts.log, rules, flows: parts.flows, onCall: parts.onCall });
    started.push({ stop: links.stop });
    return links;
  }
  const { exactPort, customcrmPort } = config.sandbox;
  const own = async () => {
    // Loaded only where it is used.
    const { startSandboxes } = await import("./sandbox/index.js");
    const ours = await startSandboxes({ exactPort, customcrmPort, dataDir: join(config.dataDir, "sandbox") });
    started.push(ours);
    return ours;
  };
  const sandboxes = parts.sandboxes ?? (await own());
  const links = linksOf({ config, store, clock, log: parts.log, rules, flows: parts.flows, onCall: parts.onCall, sandboxes });
  started.push({ stop: links.stop });
  await links.consentWithoutBrowser();
  return links;
}

/** 120 random bits in 24 letters and digits: short, as every index entry holds one. */
const shortId = (): string =>
  BigInt(`0x${randomBytes(15).toString("hex")}`)
    .toString(36)
    .padStart(24, "0");

/** Where the systems reach us; null: nowhere. The sandboxes run on this machine, and take plain http from loopback. */
function receiverOf({ mode, host, publicUrl }: Config, port: number): string | null {
  if (mode === "real") return publicUrl;
  const loopback = host === "0.0.0.0" ? "127.0.0.1" : host.includes(":") ? "[::1]" : host;
  return `http://${loopback}:${port}`;
}

async function summaryOf(store: Store): Promise<Summary> {
  const counts = await Promise.all(entityTypes.map(async (type) => [type, await store.entities.counts(type)] as const));
  return { counts: Object.fromEntries(counts) as unknown as Summary["counts"] };
}
