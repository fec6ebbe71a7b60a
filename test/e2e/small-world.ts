import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { type App, createApp } from "../../src/app.js";
import { type Config, parseConfig } from "../../src/config.js";
import { exactBudgetRules } from "../../src/connectors/budget.js";
import { parseDataflowFile } from "../../src/dataflow-file.js";
import { type CustomcrmSandbox, type SettingsPatch, startCustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import { type ExactSandbox, type ExactSettings, startExactSandbox } from "../../src/sandbox/exact/index.js";
import { VirtualClock } from "../../src/sandbox/kit/index.js";
import type { BudgetRules } from "../../src/store/budget.js";

/** Both sandboxes with a few records, one clock for all, and a gateway on them: in sandbox mode, or as with real systems. */
export interface SmallWorld {
  readonly exact: ExactSandbox;
  readonly customcrm: CustomcrmSandbox;
  readonly clock: VirtualClock;
  readonly env: Readonly<Record<string, string>>;
  readonly config: Config;
  readonly app: App;
  start(redisUrl?: string | null): Promise<App>;
  /** Stops the gateway; the sandboxes run on. */
  stopApp(): Promise<void>;
  ask(query: string): Promise<unknown>;
  stop(): Promise<void>;
}

export interface SmallWorldOptions {
  readonly mode?: "sandbox" | "real";
  readonly redisUrl?: string | null;
  readonly tenant?: string;
  /** Stands between the gateway and a system: given where it is, gives where the gateway finds it. */
  readonly via?: (origin: string) => Promise<string>;
  readonly log?: Logger;
  readonly env?: Readonly<Record<string, string>>;
  readonly exactSettings?: Partial<ExactSettings>;
  readonly customcrmSettings?: SettingsPatch;
  /** What the site's dataflow.yml says of its dataflows. */
  readonly dataflowFile?: string;
}

const age = { createdDaysAgo: 90, modifiedDaysAgo: 30 };
const firms = ["Vos Metaal", "De Haan Bouw", "Bakkerij Smit"].map((name, i) => ({
  n: i + 1,
  name,
  email: `info@${name.toLowerCase().replaceAll(" ", "")}.nl`,
}));

/** The ids under which the firms are known. */
export const customcrmId = (n: number): string => `cus${n}`;
export const exactId = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;

const initial = {
  customcrm: {
    customers: firms.map(({ n, name, email }) => ({ Id: customcrmId(n), Name: name, Email: email, Phone: "020 555 0100", ...age })),
    contacts: [{ Id: "con1", FirstName: "Eva", LastName: "Vos", Email: "eva@vosmetaal.nl", CustomerId: customcrmId(1), ...age }],
    products: [],
  },
  exact: {
    accounts: firms.map(({ n, name, email }) => ({ ID: exactId(n), Name: name, Email: email, Phone: "020 555 0100", Status: "C", ...age })),
    contacts: [{ ID: exactId(9), FirstName: "Eva", LastName: "Vos", Email: "eva@vosmetaal.nl", Account: exactId(1), ...age }],
  },
};

/** Exact's limits are the subject elsewhere; here they would only make time pass. */
export const withoutLimits: BudgetRules = { ...exactBudgetRules, minuteLimit: 1_000_000, dayLimit: 1_000_000 };

export async function startSmallWorld(options: SmallWorldOptions = {}): Promise<SmallWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), "tandem-small-"));
  const clock = new VirtualClock();
  const customcrm = await startCustomcrmSandbox({ clock, initial: initial.customcrm, settings: options.customcrmSettings ?? {} });
  // Webhooks come at once, and limits are left out: they are the subject elsewhere.
  const exactSettings = { webhookDelayMs: 100, minuteLimit: null, dayLimit: null, fairUseLimit: null, ...options.exactSettings };
  const exact = await startExactSandbox({ clock, initial: initial.exact, settings: exactSettings });
  const port = await freePort();
  const real = {
    EXACT_BASE_URL: exact.origin,
    EXACT_CLIENT_ID: exact.settings.clientId,
    EXACT_CLIENT_SECRET: exact.settings.clientSecret,
    EXACT_REDIRECT_URI: `http://127.0.0.1:${port}/auth/exact/callback`,
    EXACT_WEBHOOK_SECRET: exact.settings.webhookSecret,
    CUSTOMCRM_BASE_URL: `${customcrm.origin}/api/v1`,
    CUSTOMCRM_TOKEN: customcrm.settings.token,
    CUSTOMCRM_WEBHOOK_SECRET: "a-secret-of-sixteen-characters",
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    LOG_LEVEL: "silent",
  };
  const env = {
    PORT: String(port),
    TANDEM_DATA_DIR: dataDir,
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
    SYNC_INTERVAL_SECONDS: "3600",
    ...(options.mode === "real" ? {} : { SANDBOX_EXACT_PORT: new URL(exact.origin).port, SANDBOX_CUSTOMCRM_PORT: new URL(customcrm.origin).port }),
    ...(options.mode === "real" ? real : {}),
    ...options.env,
  };
  const config = parseConfig(env);
  const via = options.via ?? (async (origin: string) => origin);
  const between = { exact: { origin: await via(exact.origin), issueCode: exact.issueCode.bind(exact) }, customcrm: { origin: await via(customcrm.origin) } };
  let app: App | null = null;

  const world: SmallWorld = {
    exact,
    customcrm,
    clock,
    env,
    config,
    get app() {
      if (!app) throw new Error("The gateway does not run.");
      return app;
    },
    async start(redisUrl = options.redisUrl ?? null) {
      app = await createApp(config, {
        redisUrl,
        ...(options.tenant ? { tenant: options.tenant } : {}),
        log: options.log ?? pino({ level: process.env.TEST_LOG ?? "silent" }),
        clock: () => clock.now(),
        budgetRules: withoutLimits,
        ...(options.dataflowFile === undefined ? {} : { settings: { flows: parseDataflowFile(options.dataflowFile).flows } }),
        ...(config.mode === "sandbox" ? { sandboxes: between } : {}),
      });
      return app;
    },
    async stopApp() {
      await app?.stop();
      app = null;
    },
    async ask(query) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${world.app.url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }) });
      return ((await answer.json()) as { data: unknown }).data;
    },
    async stop() {
      await world.stopApp();
      await Promise.all([exact.stop(), customcrm.stop()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return world;
}

/** Looks until it holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, timeoutMs = 15_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It did not come about within ${timeoutMs} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("No port is free.");
  return address.port;
}
