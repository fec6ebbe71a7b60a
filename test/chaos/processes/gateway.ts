import { createApp } from "../../../src/app.js";
import { parseConfig } from "../../../src/config.js";
import { createLog } from "../../../src/log.js";
import { settingsWithout } from "../settings.js";

/** What the parent sends: one replica to be, which is killed sooner or later. */
export interface GatewayOrder {
  readonly env: Readonly<Record<string, string>>;
  readonly redisUrl: string;
  readonly exact: string;
  readonly customcrm: string;
  /** A consent that nobody has to click. */
  readonly code: string;
  /** A safeguard that it does without. */
  readonly ablation: string | null;
}

process.once("message", async ({ env, redisUrl, exact, customcrm, code, ablation }: GatewayOrder) => {
  process.on("disconnect", () => process.exit());
  const config = parseConfig(env);
  try {
    const sandboxes = { exact: { origin: exact, issueCode: () => code }, customcrm: { origin: customcrm } };
    const app = await createApp(config, { ...settingsWithout(ablation), redisUrl, tenant: "chaos", log: createLog(config.logLevel), sandboxes });
    process.send?.({ url: app.url });
  } catch (error) {
    // Redis or a system was away: the parent starts it again.
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
});
