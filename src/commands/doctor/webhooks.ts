import type { Config } from "../../config.js";
import type { CallOptions } from "../../connectors/connector.js";
import type { CustomcrmConnector } from "../../connectors/customcrm/connector.js";
import type { ExactConnector } from "../../connectors/exact/index.js";
import { type Finding, fail, ok, sentenceOf, warn } from "./finding.js";
import { knockAt } from "./gateway.js";

export interface WebhookChecks {
  readonly config: Config;
  /** Where the systems reach the gateway. */
  readonly baseUrl: string;
  readonly exact: ExactConnector;
  readonly customcrm: CustomcrmConnector;
  /** Whether Exact lets us look. */
  readonly isAuthorized: boolean;
  readonly options: () => CallOptions;
}

/** What the variables say of webhooks; nothing is asked of anybody. */
export function webhookConfigFindings(config: Config): readonly Finding[] {
  if (config.mode === "sandbox") return [];
  const { publicUrl, exact, customcrm, syncIntervalSeconds } = config;
  const hasSecret = exact.webhookSecret !== null || customcrm.webhookSecret !== null;
  const interval = `changes are found by asking every ${syncIntervalSeconds} s`;
  if (publicUrl === null) {
    const seen = hasSecret ? `a secret is set, but not PUBLIC_URL: ${interval}` : `not set up: ${interval}`;
    return [warn("Webhooks", seen, "Set PUBLIC_URL, EXACT_WEBHOOK_SECRET and CUSTOMCRM_WEBHOOK_SECRET to hear of changes within seconds.")];
  }
  const missing = [
    ...(exact.webhookSecret === null ? ["EXACT_WEBHOOK_SECRET"] : []),
    ...(customcrm.webhookSecret === null && customcrm.capabilities.webhooks ? ["CUSTOMCRM_WEBHOOK_SECRET"] : []),
  ];
  const findings = missing.map((name) => warn("Webhooks", `${name} is not set: ${interval} there`, `Set ${name}.`));
  return exact.webhookSecret === null ? findings : [...findings, ...callbackFindings(publicUrl, exact.redirectUri)];
}

/** Exact calls only https, and only the host of the app's redirect URI. */
function callbackFindings(publicUrl: string, redirectUri: string): readonly Finding[] {
  const { protocol, hostname } = new URL(publicUrl);
  const isLocal = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  if (protocol !== "https:" && !isLocal)
    return [fail("Webhooks", "PUBLIC_URL is not https, and Exact calls nothing else", "Put https before the gateway, and correct PUBLIC_URL.")];
  if (hostname === new URL(redirectUri).hostname) return [];
  return [fail("Webhooks", `PUBLIC_URL is on ${hostname}, EXACT_REDIRECT_URI is not`, "Use one host for both: Exact calls only the host of the redirect URI.")];
}

/** Whether the receiver is open, and the systems are set to call it. */
export async function checkWebhooks(checks: WebhookChecks): Promise<readonly Finding[]> {
  const { config, baseUrl, isAuthorized } = checks;
  const exactUrl = `${baseUrl}/webhooks/exact`;
  const customcrmUrl = `${baseUrl}/webhooks/customcrm`;
  const wantsExact = config.mode === "sandbox" || config.exact.webhookSecret !== null;
  const wantsCustomcrm = checks.customcrm.subscriptions !== null && (config.mode === "sandbox" || config.customcrm.webhookSecret !== null);
  return [
    // Exact tries an address without signing; Customcrm never does.
    ...(wantsExact ? [receiverFinding("Exact receiver", exactUrl, await knockAt(exactUrl), 204)] : []),
    ...(wantsExact && isAuthorized ? [await checkExactSubscriptions(checks, exactUrl)] : []),
    ...(wantsCustomcrm ? [receiverFinding("Customcrm receiver", customcrmUrl, await knockAt(customcrmUrl), 401)] : []),
    ...(wantsCustomcrm ? [await checkCustomcrmSubscription(checks, customcrmUrl)] : []),
  ];
}

function receiverFinding(what: string, url: string, status: number | null, expected: number): Finding {
  if (status === expected) return ok(what, `${url} is open`);
  if (status === null) return fail(what, `${url} does not answer`, "Start the gateway, and see that PUBLIC_URL leads to it.");
  return fail(what, `${url} answers ${status}`, "Start the gateway again with the present variables, and see that POST reaches it unchanged.");
}

const madeByGateway = "The gateway makes them at its start and looks every hour: see what its log says.";

async function checkExactSubscriptions({ exact, options }: WebhookChecks, url: string): Promise<Finding> {
  const what = "Exact subscriptions";
  try {
    const there = await exact.listSubscriptions(options());
    const missing = exact.types.filter((topic) => !there.some((one) => one.topic === topic && one.callbackUrl === url));
    if (missing.length === 0) return ok(what, `${exact.types.join(" and ")} lead to the gateway`);
    const elsewhere = there.find((one) => (missing as readonly string[]).includes(one.topic))?.callbackUrl;
    return fail(what, `${missing.join(" and ")} ${elsewhere ? `lead to ${elsewhere}` : "are missing"}`, madeByGateway);
  } catch (error) {
    return fail(what, sentenceOf(error), "See the row on Exact webhooks.");
  }
}

async function checkCustomcrmSubscription({ customcrm, options }: WebhookChecks, url: string): Promise<Finding> {
  const what = "Customcrm subscription";
  try {
    const there = await customcrm.subscriptions?.list(options());
    return there?.some((one) => one.Url === url) ? ok(what, "leads to the gateway") : fail(what, "is missing", madeByGateway);
  } catch (error) {
    return fail(what, sentenceOf(error), "See the rows on Customcrm.");
  }
}
