/** What all processes of the bench agree on. The gateway runs as in production, on sandboxes that it takes for the real systems. */
export const tenant = "live";
export const redirectUri = "http://127.0.0.1/auth/exact/callback";
const customcrmToken = "sandbox-token";
const exactClient = { id: "sandbox-client", secret: "sandbox-secret" };

export interface Origins {
  readonly exact: string;
  readonly customcrm: string;
}

/** The gateway's variables: both systems are there, nothing is synchronized by itself. */
export const gatewayEnv = (redisUrl: string, { exact, customcrm }: Origins, key: string): Readonly<Record<string, string>> => ({
  NODE_ENV: "production",
  ROLE: "api",
  // Nobody is there to look at a plan.
  FIRST_CONTACT: "live",
  REDIS_URL: redisUrl,
  ENCRYPTION_KEY: key,
  EXACT_CLIENT_ID: exactClient.id,
  EXACT_CLIENT_SECRET: exactClient.secret,
  EXACT_REDIRECT_URI: redirectUri,
  EXACT_BASE_URL: exact,
  CUSTOMCRM_BASE_URL: `${customcrm}/api/v1`,
  CUSTOMCRM_TOKEN: customcrmToken,
  LOG_LEVEL: "warn",
});

/** What a rival needs to call both systems itself; `code` is a consent that nobody has used yet. */
export const credentialsEnv = ({ exact, customcrm }: Origins, code: string): Readonly<Record<string, string>> => ({
  BENCH_EXACT: exact,
  BENCH_EXACT_CLIENT_ID: exactClient.id,
  BENCH_EXACT_CLIENT_SECRET: exactClient.secret,
  BENCH_EXACT_REDIRECT_URI: redirectUri,
  BENCH_EXACT_CODE: code,
  BENCH_CUSTOMCRM: customcrm,
  BENCH_CUSTOMCRM_TOKEN: customcrmToken,
});
