import { type ApiKey, type Env, expectedOf, type Fault, isLoopback, isVariable, readEnv, type Variable, type Variables } from "./env.js";

/** Everything that can be set from outside, checked and grouped. Each part of the gateway receives its own group. */
export type Config = SandboxConfig | RealConfig;

export interface SandboxConfig extends CommonConfig {
  readonly mode: "sandbox";
  readonly sandbox: { readonly exactPort: number; readonly customcrmPort: number };
}

export interface RealConfig extends CommonConfig {
  readonly mode: "real";
  readonly exact: ExactConfig;
  readonly customcrm: CustomcrmConfig;
}

interface CommonConfig {
  readonly host: string;
  readonly port: number;
  /** Where others reach the gateway; webhooks need it. */
  readonly publicUrl: string | null;
  readonly role: "all" | "api" | "worker";
  /** A Redis that runs, else the program to start a private one with, else neither. */
  readonly redis: { readonly url: string | null; readonly binary: string | null };
  readonly dataDir: string;
  /** The first encrypts, all decrypt. In the sandbox it may be empty: a key is then made and kept in the data folder. */
  readonly encryptionKeys: readonly string[];
  readonly syncIntervalSeconds: number;
  readonly firstContact: "review" | "live";
  readonly access: AccessConfig;
  /** The manifest of documents that clients may name, and whether nothing else is executed. */
  readonly persisted: { readonly path: string | null; readonly isOnly: boolean };
  /** Nothing is shown that only helps in development. */
  readonly isProduction: boolean;
  /** For how long requests are still taken after it was told to stop, while `/health/ready` sends them elsewhere. */
  readonly drainSeconds: number;
  /** Where traces are sent; null: nowhere. */
  readonly tracing: TracingConfig | null;
  /** Routers that ask how long each field took are told. */
  readonly federatedTraces: boolean;
  /** Operations that come again and again are compiled. */
  readonly isJitOn: boolean;
  readonly logLevel: NonNullable<Variables["LOG_LEVEL"]>;
}

export interface TracingConfig {
  /** Of a collector that takes OTLP over HTTP. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ExactConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly baseUrl: string;
  /** null: the one found at consent. */
  readonly division: number | null;
  readonly webhookSecret: string | null;
}

export interface CustomcrmConfig {
  readonly baseUrl: string;
  readonly auth: CustomcrmAuth;
  readonly webhookSecret: string | null;
  readonly capabilities: { readonly [C in Capability]: boolean };
}

/** A bearer token, or a client for a token endpoint. */
export type CustomcrmAuth =
  | { readonly token: string }
  | { readonly oauth: { readonly clientId: string; readonly clientSecret: string; readonly tokenUrl: string } };

/** What a Customcrm may lack (`x-capabilities` of its contract). */
export type Capability = NonNullable<Variables["CUSTOMCRM_CAPABILITIES"]>[number];

export interface AccessConfig {
  readonly apiKeys: readonly ApiKey[];
  readonly jwksUrl: string | null;
  readonly jwtIssuer: string | null;
  /** A token must have one of them; empty: whichever. */
  readonly jwtAudiences: readonly string[];
  /** Origins of other sites whose pages may call; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** Operations a client may send a minute; null: any number. */
  readonly ratePerMinute: number | null;
  /** read: /metrics, and what /health/ready tells, are for callers with that scope. */
  readonly monitoring: "open" | "read";
}

/** Enough for 200 operations a second of one client. */
const usualRatePerMinute = 12_000;

/** All that is wrong with the variables, at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(
    readonly faults: readonly Fault[],
    readonly advice: readonly string[],
  ) {
    const lines = faults.map((fault) => `  ${fault.variable}: expected ${fault.expected}, got ${fault.came}.`);
    super([`The gateway can't start with these variables (in the environment or in .env):`, ...lines, ...advice].join("\n"));
  }
}

/** Checks, defaults and groups. Throws one `ConfigError` with every fault. */
export function parseConfig(env: Env): Config {
  const { values, faults } = readEnv(env);
  const named = Object.keys(env).filter((name) => /^(EXACT|CUSTOMCRM)_/.test(name) && env[name]?.trim());
  const missing = named.length > 0 ? missingFaults(values, faults) : [];
  const all = [
    ...faults,
    ...unknownFaults(named),
    ...missing,
    ...doubleFaults(values),
    ...accessFaults(values),
    ...jwtFaults(values),
    ...persistedFaults(values),
  ];
  if (all.length > 0) throw new ConfigError(all, missing.length > 0 ? [wayOut(named)] : []);
  return named.length > 0 ? realConfig(values) : sandboxConfig(values);
}

// ------------------------------------------------------------------------------------------------ what is wrong

function missingFaults(values: Variables, faults: readonly Fault[]): Fault[] {
  const customcrm: Variable[] =
    values.CUSTOMCRM_CLIENT_ID || values.CUSTOMCRM_CLIENT_SECRET || values.CUSTOMCRM_TOKEN_URL
      ? ["CUSTOMCRM_CLIENT_ID", "CUSTOMCRM_CLIENT_SECRET", "CUSTOMCRM_TOKEN_URL"]
      : ["CUSTOMCRM_TOKEN"];
  const all: Variable[] = ["EXACT_CLIENT_ID", "EXACT_CLIENT_SECRET", "EXACT_REDIRECT_URI", "CUSTOMCRM_BASE_URL", ...customcrm, "ENCRYPTION_KEY"];
  const missing = all.filter((name) => values[name] === undefined && !faults.some((fault) => fault.variable === name));
  return missing.map((variable) => ({ variable, expected: expectedOf(variable), came: "nothing" }));
}

const wayOut = (named: readonly string[]): string =>
  `As ${named.join(", ")} ${named.length > 1 ? "are" : "is"} set, the real systems are meant: set the others too, or no EXACT_* and CUSTOMCRM_* variable at all to use the sandbox.`;

/** A misspelt name would otherwise be a setting that silently does nothing. */
function unknownFaults(named: readonly string[]): Fault[] {
  const unknown = named.filter((name) => !isVariable(name));
  return unknown.map((variable) => ({ variable, expected: "a name that .env.example lists", came: "this one" }));
}

function doubleFaults(values: Variables): Fault[] {
  if (!values.CUSTOMCRM_TOKEN || !(values.CUSTOMCRM_CLIENT_ID || values.CUSTOMCRM_CLIENT_SECRET || values.CUSTOMCRM_TOKEN_URL)) return [];
  return [{ variable: "CUSTOMCRM_TOKEN", expected: "either a token or a client for the token endpoint", came: "both" }];
}

/** Out of the box nobody has to identify themselves, so nobody but this machine may reach it. */
function accessFaults(values: Variables): Fault[] {
  if (values.HOST === undefined || isLoopback(values.HOST) || values.API_KEYS || values.JWT_JWKS_URL) return [];
  const expected = "127.0.0.1, ::1 or localhost as long as neither API_KEYS nor JWT_JWKS_URL is set";
  return [{ variable: "HOST", expected, came: `"${values.HOST}"` }];
}

/** What tokens must say means nothing where no token is taken. */
function jwtFaults(values: Variables): Fault[] {
  const names = (["JWT_ISSUER", "JWT_AUDIENCE"] as const).filter((name) => values[name] !== undefined && values.JWT_JWKS_URL === undefined);
  return names.map((variable) => ({ variable, expected: "JWT_JWKS_URL beside it", came: "it alone" }));
}

/** Without a manifest nothing at all would be executed. */
function persistedFaults(values: Variables): Fault[] {
  if (values.PERSISTED_ONLY !== "true" || values.PERSISTED_DOCUMENTS) return [];
  return [{ variable: "PERSISTED_DOCUMENTS", expected: `${expectedOf("PERSISTED_DOCUMENTS")}, as PERSISTED_ONLY is true`, came: "nothing" }];
}

// ------------------------------------------------------------------------------------------------ defaults and groups

function sandboxConfig(values: Variables): SandboxConfig {
  return {
    mode: "sandbox",
    ...commonConfig(values),
    syncIntervalSeconds: values.SYNC_INTERVAL_SECONDS ?? 60,
    firstContact: values.FIRST_CONTACT ?? "live",
    logLevel: values.LOG_LEVEL ?? "warn",
    sandbox: { exactPort: values.SANDBOX_EXACT_PORT ?? 4020, customcrmPort: values.SANDBOX_CUSTOMCRM_PORT ?? 4010 },
  };
}

function realConfig(values: Variables): RealConfig {
  return {
    mode: "real",
    ...commonConfig(values),
    // Five minutes take about a fifth of the 5,000 calls that Exact allows a day; webhooks bring most changes sooner.
    syncIntervalSeconds: values.SYNC_INTERVAL_SECONDS ?? 300,
    firstContact: values.FIRST_CONTACT ?? "review",
    logLevel: values.LOG_LEVEL ?? "info",
    exact: {
      clientId: needed(values, "EXACT_CLIENT_ID"),
      clientSecret: needed(values, "EXACT_CLIENT_SECRET"),
      redirectUri: needed(values, "EXACT_REDIRECT_URI"),
      baseUrl: values.EXACT_BASE_URL ?? "https://start.exactonline.nl",
      division: values.EXACT_DIVISION ?? null,
      webhookSecret: values.EXACT_WEBHOOK_SECRET ?? null,
    },
    customcrm: {
      baseUrl: needed(values, "CUSTOMCRM_BASE_URL"),
      auth: customcrmAuth(values),
      webhookSecret: values.CUSTOMCRM_WEBHOOK_SECRET ?? null,
      capabilities: capabilities(values.CUSTOMCRM_CAPABILITIES),
    },
  };
}

function customcrmAuth(values: Variables): CustomcrmAuth {
  if (values.CUSTOMCRM_TOKEN) return { token: values.CUSTOMCRM_TOKEN };
  const clientId = needed(values, "CUSTOMCRM_CLIENT_ID");
  return { oauth: { clientId, clientSecret: needed(values, "CUSTOMCRM_CLIENT_SECRET"), tokenUrl: needed(values, "CUSTOMCRM_TOKEN_URL") } };
}

function capabilities(named: Variables["CUSTOMCRM_CAPABILITIES"]): CustomcrmConfig["capabilities"] {
  const has = (capability: Capability) => named === undefined || named.includes(capability);
  return {
    changes: has("changes"),
    ifMatch: has("ifMatch"),
    idempotencyKey: has("idempotencyKey"),
    webhooks: has("webhooks"),
    ids: has("ids"),
  };
}

/** A variable without which `missingFaults` would have stopped us. */
function needed(values: Variables, name: keyof Variables & `${string}${"_ID" | "_SECRET" | "_URI" | "_URL"}`): string {
  const value = values[name];
  if (value === undefined) throw new TypeError(`${name} was not checked.`);
  return value;
}

function commonConfig(values: Variables) {
  return {
    host: values.HOST ?? "127.0.0.1",
    port: values.PORT ?? 4000,
    publicUrl: values.PUBLIC_URL ?? null,
    role: values.ROLE ?? "all",
    redis: { url: values.REDIS_URL ?? null, binary: values.REDIS_SERVER_BIN ?? null },
    dataDir: values.TANDEM_DATA_DIR ?? ".data",
    encryptionKeys: values.ENCRYPTION_KEY ?? [],
    access: accessConfig(values),
    persisted: { path: values.PERSISTED_DOCUMENTS ?? null, isOnly: values.PERSISTED_ONLY === "true" },
    drainSeconds: values.DRAIN_SECONDS ?? 0,
    tracing: tracingConfig(values),
    federatedTraces: values.FEDERATED_TRACES === "true",
    isProduction: values.NODE_ENV === "production",
    isJitOn: values.GRAPHQL_JIT !== "off",
  };
}

function tracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers = [] }: Variables): TracingConfig | null {
  if (endpoint === undefined) return null;
  return { endpoint, headers: Object.fromEntries(headers.map((header) => [header.slice(0, header.indexOf("=")), header.slice(header.indexOf("=") + 1)])) };
}

/** Where nobody has to identify themselves all clients are this machine's user, who limits nobody but themselves. */
function accessConfig(values: Variables): AccessConfig {
  const usualRate = values.API_KEYS || values.JWT_JWKS_URL ? usualRatePerMinute : 0;
  return {
    apiKeys: values.API_KEYS ?? [],
    jwksUrl: values.JWT_JWKS_URL ?? null,
    jwtIssuer: values.JWT_ISSUER ?? null,
    jwtAudiences: values.JWT_AUDIENCE ?? [],
    corsOrigins: values.CORS_ORIGINS ?? [],
    ratePerMinute: (values.RATE_LIMIT_PER_MINUTE ?? usualRate) || null,
    monitoring: values.MONITORING_ACCESS ?? "open",
  };
}
