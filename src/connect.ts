import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Config, CustomcrmConfig, ExactConfig } from "./config.js";
import { SharedBudget } from "./connectors/budget.js";
import type { WaitingCalls } from "./connectors/connector.js";
import { allCapabilities } from "./connectors/customcrm/capabilities.js";
import { type CustomcrmConnector, createCustomcrmConnector } from "./connectors/customcrm/connector.js";
import { readCustomcrmWebhook } from "./connectors/customcrm/webhook.js";
import { createExactConnector, type ExactConnector, readWebhook } from "./connectors/exact/index.js";
import { type CallRecord, HttpClient } from "./connectors/http.js";
import { type Dataflow, exactTypesOf, ownPropertiesOf } from "./domain/dataflow.js";
import { NotAuthorizedError } from "./domain/errors.js";
import type { Clock, ExactType, System } from "./domain/words.js";
import type { ConsentDoor } from "./server/consent.routes.js";
import type { WebhookDoor } from "./server/webhook.routes.js";
import type { BudgetRules } from "./store/budget.js";
import { MemoryBudgetStore } from "./store/budget-memory.js";
import { RedisBudgetStore } from "./store/budget-redis.js";
import { RedisStore } from "./store/redis.js";
import type { Store } from "./store/store.js";

/** Whose data it is, in a Redis that several share. */
export const tenantOf = ({ mode }: Config): string => (mode === "sandbox" ? "sandbox" : "live");

/** What connecting needs of the sandboxes: where they are, and a consent that nobody has to click. */
export interface SandboxParts {
  readonly exact: { readonly origin: string; issueCode(redirectUri: string): string };
  readonly customcrm: { readonly origin: string };
}

export interface LinkParts {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rules: BudgetRules;
  /** The site's table: which of Exact's records are read, and which properties of Customcrm's. */
  readonly flows: readonly Dataflow[];
  /** Told of every call to a system. */
  readonly onCall?: ((call: CallRecord) => void) | undefined;
  readonly sandboxes?: SandboxParts;
}

export interface Links {
  readonly exact: ExactConnector;
  readonly customcrm: CustomcrmConnector;
  readonly origins: { readonly exact: string; readonly customcrm: string };
  /** Our app, as Exact knows it. */
  readonly exactApp: Pick<ExactConfig, "baseUrl" | "clientId" | "redirectUri">;
  readonly consent: ConsentDoor;
  readonly webhooks: readonly WebhookDoor[];
  /** The sandbox's own: gets in without anybody clicking, unless the gateway is let in already. */
  consentWithoutBrowser(): Promise<void>;
  /** Whether calls to a system fail at once now, as it did not answer. */
  isBreakerOpen(system: System): boolean;
  /** Calls that wait here for Exact's budget. */
  waitingCalls(): readonly WaitingCalls[];
  /** Sends home who waits for Exact's budget, so that the process can end. */
  stopWaiting(): void;
  stop(): Promise<void>;
}

/** Receipts are kept a little longer than a message can come again. */
const exactReceiptMs = 24 * 3_600_000;
const interactive = { class: "interactive" } as const;

/** The two connectors, and the doors through which the systems reach us. */
export function linksOf({ config, store, clock, log, rules, flows, onCall, sandboxes }: LinkParts): Links {
  const exactConfig = sandboxes ? sandboxExact(config, sandboxes) : realPart(config).exact;
  const crmConfig = sandboxes ? sandboxCustomcrm(sandboxes) : realPart(config).customcrm;
  const logCall = (call: CallRecord) => {
    const { system, method, route, status, ms } = call;
    log.debug({ system, method, route, status, ms }, "A call was made.");
    onCall?.(call);
  };
  const http = new HttpClient({ system: "EXACT", baseUrl: exactConfig.baseUrl, clock, log: logCall });
  const customcrmHttp = new HttpClient({ system: "CUSTOMCRM", baseUrl: crmConfig.baseUrl, clock, log: logCall });
  const budgetStore = store instanceof RedisStore ? new RedisBudgetStore(store.client, store.keys.other, "exact", rules) : new MemoryBudgetStore(rules);
  const budget = new SharedBudget({
    system: "EXACT",
    store: budgetStore,
    rules,
    clock,
    newId: randomUUID,
    maxConcurrent: 2,
    onError: (error) => log.warn(error, "The budget could not be noted."),
  });
  const exact = createExactConnector({
    ...exactConfig,
    types: exactTypesOf(flows),
    secrets: store.secrets,
    leases: store.leases,
    documents: store.documents,
    budget,
    http,
    clock,
  });
  const customcrm = createCustomcrmConnector({
    baseUrl: crmConfig.baseUrl,
    ...crmConfig.auth,
    capabilities: crmConfig.capabilities,
    own: ownPropertiesOf(flows),
    http: customcrmHttp,
    clock,
    documents: store.documents,
  });
  return {
    exact,
    customcrm,
    exactApp: exactConfig,
    origins: { exact: exactConfig.baseUrl, customcrm: sandboxes?.customcrm.origin ?? crmConfig.baseUrl },
    consent: {
      authorizationUrl: () => exact.authorizationUrl(),
      complete: (query) => exact.takeConsent(query, interactive),
      user: () => exact.findDivision(interactive),
    },
    webhooks: [...exactDoor(exactConfig, exact, exactTypesOf(flows)), ...customcrmDoor(crmConfig, customcrm, clock)],
    consentWithoutBrowser: async () => {
      if (sandboxes) await consentOf(exact, exactConfig, sandboxes);
    },
    isBreakerOpen: (system) => (system === "EXACT" ? http : customcrmHttp).status().open,
    waitingCalls: () => budget.waiting(),
    stopWaiting: () => budget.stop(),
    stop: async () => {
      await Promise.all([http.stop(), customcrm.stop()]);
    },
  };
}

async function consentOf(exact: ExactConnector, { redirectUri }: ExactConfig, { exact: sandbox }: SandboxParts): Promise<void> {
  try {
    return await exact.probe(interactive);
  } catch (error) {
    // Never let in, or the sandbox was begun anew and knows its old tokens no longer.
    if (!(error instanceof NotAuthorizedError)) throw error;
  }
  const state = new URL(await exact.authorizationUrl()).searchParams.get("state") ?? "";
  await exact.completeConsent(new URLSearchParams({ code: sandbox.issueCode(redirectUri), state }).toString(), interactive);
}

function exactDoor({ clientId, division, webhookSecret }: ExactConfig, exact: ExactConnector, topics: readonly ExactType[]): readonly WebhookDoor[] {
  if (webhookSecret === null) return [];
  return [
    {
      system: "EXACT",
      path: "/webhooks/exact",
      read: (body) => {
        const message = readWebhook(body, { secret: webhookSecret, clientId, division, topics });
        return message.kind === "hint" ? { kind: "hint", receipt: message.replayKey, keepMs: exactReceiptMs } : message;
      },
      subscribe: async (url, options) => {
        const done = (await exact.ensureSubscriptions(url, options)).map(({ action }) => action);
        return done.includes("recreated") ? "repaired" : done.includes("created") ? "made" : "kept";
      },
    },
  ];
}

function customcrmDoor({ webhookSecret }: CustomcrmConfig, { subscriptions }: CustomcrmConnector, clock: Clock): readonly WebhookDoor[] {
  if (webhookSecret === null || subscriptions === null) return [];
  return [
    {
      system: "CUSTOMCRM",
      path: "/webhooks/customcrm",
      read: (body, headers) => {
        const signature = headers["x-customcrm-signature"];
        const delivery = readCustomcrmWebhook({ body, signature: Array.isArray(signature) ? signature[0] : signature }, webhookSecret, clock());
        return delivery.ok ? { kind: "hint", receipt: delivery.receipt, keepMs: delivery.keepReceiptMs } : { kind: "refused", reason: delivery.reason };
      },
      subscribe: (url, options) => subscriptions.ensure(url, webhookSecret, options),
    },
  ];
}

function realPart(config: Config): { readonly exact: ExactConfig; readonly customcrm: CustomcrmConfig } {
  if (config.mode !== "real") throw new Error("The real systems are not configured.");
  return config;
}

const sandboxWebhookSecret = "sandbox-webhook-secret";

const sandboxExact = (config: Config, { exact }: SandboxParts): ExactConfig => ({
  clientId: "sandbox-client",
  clientSecret: "sandbox-secret",
  redirectUri: `http://127.0.0.1:${config.port}/auth/exact/callback`,
  baseUrl: exact.origin,
  division: null,
  webhookSecret: sandboxWebhookSecret,
});

const sandboxCustomcrm = ({ customcrm }: SandboxParts): CustomcrmConfig => ({
  baseUrl: `${customcrm.origin}/api/v1`,
  auth: { token: "sandbox-token" },
  webhookSecret: sandboxWebhookSecret,
  capabilities: allCapabilities,
});
