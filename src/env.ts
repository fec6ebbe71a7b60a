import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";

/** Every variable that the gateway reads, with what it expects of a value. `.env.example` lists the same ones for people. */
const shape = {
  EXACT_CLIENT_ID: text("the client id of your app at Exact Online"),
  EXACT_CLIENT_SECRET: text("the client secret of your app at Exact Online"),
  EXACT_REDIRECT_URI: url("the redirect URI registered for your app, which ends in /auth/exact/callback"),
  EXACT_BASE_URL: origin("an https origin such as https://start.exactonline.be"),
  EXACT_DIVISION: wholeNumber("the number of a division (a company in Exact)", 1, 2_147_483_647),
  EXACT_WEBHOOK_SECRET: text("the webhook secret of your app at Exact Online"),

  CUSTOMCRM_BASE_URL: url("the http or https address of your Customcrm's API, such as https://crm.example/api/v1"),
  CUSTOMCRM_TOKEN: text("a bearer token (or leave it out and set CUSTOMCRM_CLIENT_ID, CUSTOMCRM_CLIENT_SECRET and CUSTOMCRM_TOKEN_URL)"),
  CUSTOMCRM_CLIENT_ID: text("the client id for Customcrm's token endpoint"),
  CUSTOMCRM_CLIENT_SECRET: text("the client secret for Customcrm's token endpoint"),
  CUSTOMCRM_TOKEN_URL: url("the http or https address of Customcrm's token endpoint"),
  CUSTOMCRM_WEBHOOK_SECRET: text("the secret that Customcrm signs its webhooks with"),
  CUSTOMCRM_CAPABILITIES: capabilities("`none`, or a list of changes, ifMatch, idempotencyKey, webhooks, ids"),

  ENCRYPTION_KEY: list("keys of at least 32 characters without blanks (`openssl rand -base64 32` makes one); the first encrypts", /^\S{32,}$/),
  REDIS_URL: text("a redis://, rediss:// or unix:// address", /^(rediss?|unix):\/\/\S+$/),
  REDIS_SERVER_BIN: text("the path of a redis-server or valkey-server"),
  TANDEM_DATA_DIR: text("a folder"),

  HOST: text("an IP address or `localhost`").refine((host) => host === undefined || host === "localhost" || isIP(host) > 0),
  PORT: wholeNumber("a port from 0 (any that is free) to 65535", 0, 65_535),
  PUBLIC_URL: url("the http or https address under which others reach the gateway"),
  ROLE: oneOf("all, api or worker", ["all", "api", "worker"]),
  DRAIN_SECONDS: wholeNumber("how many seconds it still answers when it is told to stop, 0 to 300", 0, 300),
  API_KEYS: apiKeys("secrets of at least 16 characters without blanks and colons, or name:secret:scopes with scopes of read, write and sync joined by +"),
  JWT_JWKS_URL: url("the http or https address of your identity provider's key set"),
  JWT_ISSUER: text("the issuer (`iss`) that tokens must have"),
  JWT_AUDIENCE: list("the audiences (`aud`) of which tokens must have one", /^\S+$/),
  CORS_ORIGINS: list("origins such as https://app.example, or * for all", /^(\*|https?:\/\/[^\s/?#]+)$/),
  RATE_LIMIT_PER_MINUTE: wholeNumber("how many operations a client may send a minute, 0 for no limit", 0, 10_000_000),
  MONITORING_ACCESS: oneOf("open or read", ["open", "read"]),
  NODE_ENV: text("production, or anything else"),
  GRAPHQL_JIT: oneOf("on or off", ["on", "off"]),

  PERSISTED_DOCUMENTS: text("the path of a manifest of persisted documents"),
  PERSISTED_ONLY: oneOf("true or false", ["true", "false"]),
  OTEL_EXPORTER_OTLP_ENDPOINT: url("the http or https address of an OpenTelemetry collector, such as http://127.0.0.1:4318"),
  OTEL_EXPORTER_OTLP_HEADERS: list("headers for it, as name=value", /^[^=\s]+=.+$/),
  FEDERATED_TRACES: oneOf("true or false", ["true", "false"]),

  SYNC_INTERVAL_SECONDS: wholeNumber("a whole number of seconds from 1 to 86400", 1, 86_400),
  FIRST_CONTACT: oneOf("review or live", ["review", "live"]),
  SANDBOX_EXACT_PORT: wholeNumber("a port from 0 (any that is free) to 65535", 0, 65_535),
  SANDBOX_CUSTOMCRM_PORT: wholeNumber("a port from 0 (any that is free) to 65535", 0, 65_535),
  LOG_LEVEL: oneOf("trace, debug, info, warn, error, fatal or silent", ["trace", "debug", "info", "warn", "error", "fatal", "silent"]),
};
const schema = z.object(shape);

export type Variable = keyof typeof shape;
export type Env = { readonly [name: string]: string | undefined };
/** The variables that are set, each as its own type. */
export type Variables = z.infer<typeof schema>;

export const variables = Object.keys(shape) as Variable[];
export const isVariable = (name: string): name is Variable => Object.hasOwn(shape, name);

/** What keeps the gateway from starting: a variable, what was expected, what came. */
export interface Fault {
  readonly variable: string;
  readonly expected: string;
  readonly came: string;
}

/** Reads every variable, and tells of each one that has an impossible value. Set to nothing is not set. */
export function readEnv(env: Env): { readonly values: Variables; readonly faults: readonly Fault[] } {
  const set = Object.fromEntries(variables.flatMap((name) => (env[name]?.trim() ? [[name, env[name]?.trim()]] : [])));
  const read = schema.safeParse(set);
  if (read.success) return { values: read.data, faults: [] };

  const faulty = variables.filter((name) => read.error.issues.some((issue) => issue.path[0] === name));
  const faults = faulty.map((name) => ({ variable: name, expected: expectedOf(name), came: isSecret(name) ? "something else" : `"${set[name]}"` }));
  const sound = Object.fromEntries(Object.entries(set).filter(([name]) => !faulty.some((other) => other === name)));
  return { values: schema.parse(sound), faults };
}

export const expectedOf = (name: Variable): string => shape[name].description ?? "a value";

/** Values that no message may show. A Redis address may hold a password. */
function isSecret(name: Variable): boolean {
  return /SECRET|TOKEN$|KEYS?$|REDIS_URL/.test(name);
}

function text(expected: string, pattern = /\S/) {
  return z.string().regex(pattern).optional().describe(expected);
}

function list(expected: string, pattern: RegExp) {
  const items = z.array(z.string().regex(pattern)).min(1);
  return z.string().transform(splitList).pipe(items).optional().describe(expected);
}

/** A key as it is kept: who has its secret is `name`, and may do what `scopes` say. */
export interface ApiKey {
  readonly name: string;
  /** SHA-256 of the secret: the secret itself is not kept. */
  readonly digest: string;
  readonly scopes: readonly ApiScope[];
}

const apiScopes = ["read", "write", "sync"] as const;
export type ApiScope = (typeof apiScopes)[number];

/** `secret`, `name:secret` or `name:secret:scopes`. Without scopes a key may do everything. */
function apiKeys(expected: string) {
  const item = z
    .string()
    .regex(/^([\w.-]{1,64}:)?[^\s:]{16,}$|^[\w.-]{1,64}:[^\s:]{16,}:(read|write|sync)(\+(read|write|sync))*$/)
    .transform(apiKey);
  return z.string().transform(splitList).pipe(z.array(item).min(1)).optional().describe(expected);
}

function apiKey(item: string): ApiKey {
  const parts = item.split(":");
  const [first = "", secret = first, scopes] = parts;
  const digest = createHash("sha256").update(secret).digest("hex");
  // A key without a name is named after its digest, so that its place in the list does not matter.
  const name = parts.length === 1 ? `key-${digest.slice(0, 8)}` : first;
  return { name, digest, scopes: scopes === undefined ? apiScopes : apiScopes.filter((scope) => scopes.split("+").includes(scope)) };
}

function capabilities(expected: string) {
  const known = z.array(z.enum(["changes", "ifMatch", "idempotencyKey", "webhooks", "ids"]));
  const names = z.string().transform((value) => (value === "none" ? [] : splitList(value)));
  return names.pipe(known).optional().describe(expected);
}

function wholeNumber(expected: string, min: number, max: number) {
  const number = z.string().regex(/^\d+$/).transform(Number);
  return number.pipe(z.int().min(min).max(max)).optional().describe(expected);
}

function oneOf<const Words extends readonly string[]>(expected: string, words: Words) {
  return z.enum(words).optional().describe(expected);
}

/** Without the slash at its end, so that a path can be put behind it. */
function url(expected: string) {
  return z
    .url({ protocol: /^https?$/ })
    .transform(withoutSlash)
    .optional()
    .describe(expected);
}

/** Tokens go there: plain http is for this machine alone. */
function origin(expected: string) {
  return z
    .url({ protocol: /^https?$/ })
    .refine((value) => new URL(value).protocol === "https:" || isLoopback(new URL(value).hostname))
    .transform(withoutSlash)
    .optional()
    .describe(expected);
}

function splitList(value: string): string[] {
  return value.split(",").map((item) => item.trim());
}

function withoutSlash(value: string): string {
  return value.replace(/\/+$/, "");
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}
