import { existsSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { type Config, ConfigError, parseConfig } from "../../config.js";
import { type Links, linksOf, tenantOf } from "../../connect.js";
import { exactBudgetRules } from "../../connectors/budget.js";
import { allCapabilities } from "../../connectors/customcrm/capabilities.js";
import { type Dataflow, dataflows } from "../../domain/dataflow.js";
import type { Clock } from "../../domain/words.js";
import { withEncryptionKey } from "../../encryption-key.js";
import type { Env } from "../../env.js";
import type { BudgetRules } from "../../store/budget.js";
import { MemoryStore } from "../../store/memory.js";
import { RedisStore } from "../../store/redis.js";
import { checkCustomcrm } from "./customcrm.js";
import { budgetFindings, checkExact, checkExactAnswers } from "./exact.js";
import { type Finding, fail, ok, sentenceOf, warn } from "./finding.js";
import { askGateway, checkPublicUrl, gatewayFinding, gatewayUrlOf, type Readiness } from "./gateway.js";
import { checkRedis, evictionFinding, persistenceFinding, redisUrlOf } from "./redis.js";
import { checkWebhooks, webhookConfigFindings } from "./webhooks.js";

export interface ExamineOptions {
  readonly clock?: Clock;
  /** Exact's limits as they are taken to be until its headers say otherwise. */
  readonly budgetRules?: BudgetRules;
  /** The site's table; as shipped where nothing is said. */
  readonly flows?: readonly Dataflow[];
}

/** Looks at everything that the gateway of these variables needs. Starts nothing and writes nothing. */
export async function examine(env: Env, options: ExamineOptions = {}): Promise<readonly Finding[]> {
  const config = configIn(env);
  if (Array.isArray(config)) return config;
  const url = gatewayUrlOf(config);
  const gateway = await askGateway(url);
  const first = [configFinding(config), gatewayFinding(url, gateway, config.mode)];
  // The sandbox is part of the gateway.
  if (config.mode === "sandbox" && !gateway) return first;

  const redisUrl = redisUrlOf(config);
  const redis = await checkRedis(redisUrl, config);
  const opened = redis.state === "ok" && redisUrl !== null ? await openStore(config, redisUrl, options) : null;
  const findings = [...first, redis];
  if (opened instanceof RedisStore) {
    const persistence = await opened.persistence();
    findings.push(persistenceFinding(persistence), evictionFinding(persistence));
  } else if (opened) findings.push(opened);
  const store = opened instanceof RedisStore ? opened : null;
  try {
    return [...findings, ...(await examineSystems(config, store, gateway, options))];
  } finally {
    await store?.stop();
  }
}

function configIn(env: Env): Config | Finding[] {
  try {
    return parseConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = error.advice.length > 0 ? error.advice.join(" ") : "Correct these variables, in the environment or in .env.";
    const faults = error.faults.map(({ variable, expected, came }) => fail(variable, `got ${came}`, `Give ${expected}.`));
    return [fail("Configuration", "it has faults; nothing else is looked at", advice), ...faults];
  }
}

function configFinding(config: Config): Finding {
  const division = config.mode === "real" && config.exact.division !== null ? `, division ${config.exact.division}` : "";
  return ok("Configuration", config.mode === "sandbox" ? "none, so the sandbox" : `real systems, Exact at ${config.exact.baseUrl}${division}`);
}

async function openStore(config: Config, url: string, { clock = Date.now }: ExamineOptions): Promise<RedisStore | Finding> {
  const hasKey = config.encryptionKeys.length > 0 || existsSync(join(config.dataDir, "encryption-key"));
  if (!hasKey) return fail("Encryption key", `none in ${config.dataDir}`, "Run this where the gateway runs, or set TANDEM_DATA_DIR as there.");
  try {
    return await RedisStore.connect({ url, tenant: tenantOf(config), encryptionKey: withEncryptionKey(config).encryptionKeys, clock });
  } catch (error) {
    return fail("Redis", sentenceOf(error), "See what its log says.");
  }
}

/** Without the store of the gateway there are no tokens for Exact, and no budget to keep to. */
async function examineSystems(config: Config, store: RedisStore | null, gateway: Readiness | null, options: ExamineOptions): Promise<readonly Finding[]> {
  const { clock = Date.now } = options;
  const log = pino({ level: "silent" });
  const spare = new MemoryStore({ clock });
  const links = linksOf({
    config,
    store: store ?? spare,
    clock,
    log,
    rules: options.budgetRules ?? exactBudgetRules,
    flows: options.flows ?? dataflows,
    ...sandboxesOf(config),
  });
  const callOptions = () => ({ class: "interactive", deadline: clock() + 10_000 }) as const;
  const receiver = config.mode === "sandbox" ? gatewayUrlOf(config) : config.publicUrl;
  try {
    const capabilities = config.mode === "real" ? config.customcrm.capabilities : allCapabilities;
    const customcrm = await checkCustomcrm(links.customcrm, capabilities, callOptions);
    const needsWebhooks = receiver !== null && (config.mode === "sandbox" || config.exact.webhookSecret !== null);
    const answers = await checkExactAnswers(links.exactApp);
    const exact = answers.state === "fail" ? [] : store ? await checkExact(links.exact, needsWebhooks, callOptions) : [unseenConsent(gateway)];
    const isAuthorized = exact.some(({ what, state }) => what === "Exact webhooks" && state === "ok");
    const budget = store && exact.length > 0 ? budgetFindings((await links.exact.status()).budget, clock) : [];
    const arranged = { config, exact: links.exact, customcrm: links.customcrm, isAuthorized, options: callOptions };
    const publicUrl = config.mode === "real" && receiver !== null ? [await checkPublicUrl(receiver)] : [];
    // Nothing to knock at where nothing answers.
    const isReached = publicUrl.every(({ state }) => state === "ok");
    const webhooks = receiver !== null && isReached ? await checkWebhooks({ ...arranged, baseUrl: receiver }) : [];
    return [...customcrm, answers, ...exact, ...budget, ...webhookConfigFindings(config), ...publicUrl, ...webhooks];
  } finally {
    await stop(links);
    await spare.stop();
  }
}

function unseenConsent(gateway: Readiness | null): Finding {
  const what = "Exact consent";
  if (gateway?.systems.EXACT?.authorized) return ok(what, "given, says the gateway; what it allows can't be seen from here without Redis");
  return warn(what, "the tokens are kept with the gateway, and can't be seen from here without Redis", "See the rows on the gateway and on Redis.");
}

/** The sandbox's two systems are on this machine, on the ports of the configuration. */
function sandboxesOf(config: Config) {
  if (config.mode === "real") return {};
  const { exactPort, customcrmPort } = config.sandbox;
  const issueCode = () => {
    throw new Error("The doctor gives no consent.");
  };
  return { sandboxes: { exact: { origin: `http://127.0.0.1:${exactPort}`, issueCode }, customcrm: { origin: `http://127.0.0.1:${customcrmPort}` } } };
}

async function stop(links: Links): Promise<void> {
  links.stopWaiting();
  await links.stop();
}
