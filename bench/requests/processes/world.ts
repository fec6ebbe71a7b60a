import { pino } from "pino";
import { parseConfig } from "../../../src/config.js";
import { linksOf } from "../../../src/connect.js";
import { exactBudgetRules } from "../../../src/connectors/budget.js";
import { dataflows } from "../../../src/domain/dataflow.js";
import { startCustomcrmSandbox } from "../../../src/sandbox/customcrm/index.js";
import { startExactSandbox } from "../../../src/sandbox/exact/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { RedisStore } from "../../../src/store/redis.js";
import { serve } from "../../sync/rpc.js";
import { gatewayEnv, redirectUri, tenant } from "../given.js";
import { fillLinkMap } from "../link-map.js";
import { makeRows } from "../rows.js";

/** Limits that nobody reaches, told of as Exact tells of them. */
const withoutLimits = { minuteLimit: 1_000_000_000, dayLimit: 1_000_000_000, fairUseLimit: null, errorLimit: null };

async function startSystems(accounts: number) {
  const clock = new VirtualClock();
  const rows = makeRows(accounts);
  const customcrm = await startCustomcrmSandbox({ clock, initial: rows.customcrm, settings: { webhooks: { loss: 1 } } });
  const exact = await startExactSandbox({ clock, initial: rows.exact, settings: { ...withoutLimits, webhookDelayMs: 24 * 3_600_000 } });
  return { customcrm, exact };
}

let systems: Awaited<ReturnType<typeof startSystems>> | null = null;
const running = () => {
  if (!systems) throw new Error("The systems do not run.");
  return systems;
};
const originsOf = () => ({ exact: running().exact.origin, customcrm: running().customcrm.origin });

const work = {
  start: async (accounts: number) => {
    systems = await startSystems(accounts);
    return originsOf();
  },
  /** A consent of its own, for whoever calls Exact beside the gateway. */
  consent: () => running().exact.issueCode(redirectUri),
  /** Consents in the gateway's name, and fills the link map. Gives how many pairs it has. */
  fill: async (redisUrl: string, key: string) => {
    const config = parseConfig({ ...gatewayEnv(redisUrl, originsOf(), key) });
    const store = await RedisStore.connect({ url: redisUrl, tenant, encryptionKey: config.encryptionKeys });
    const rules = { ...exactBudgetRules, minuteLimit: withoutLimits.minuteLimit, dayLimit: withoutLimits.dayLimit };
    const links = linksOf({ config, store, clock: Date.now, log: pino({ level: "silent" }), rules, flows: dataflows });
    try {
      const state = new URL(await links.exact.authorizationUrl()).searchParams.get("state") ?? "";
      const code = running().exact.issueCode(redirectUri);
      await links.exact.completeConsent(new URLSearchParams({ code, state }).toString(), { class: "interactive" });
      return await fillLinkMap({ store, connectors: { CUSTOMCRM: links.customcrm, EXACT: links.exact } });
    } finally {
      await links.stop();
      await store.stop();
    }
  },
};
export type World = typeof work;
serve(work);
