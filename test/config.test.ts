import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ConfigError, parseConfig, type RealConfig } from "../src/config.js";
import { type Env, isLoopback, variables } from "../src/env.js";

const needed = {
  EXACT_CLIENT_ID: "the-app",
  EXACT_CLIENT_SECRET: "the-app-secret",
  EXACT_REDIRECT_URI: "https://gateway.example/auth/exact/callback",
  CUSTOMCRM_BASE_URL: "https://crm.example/api/v1/",
  CUSTOMCRM_TOKEN: "the-crm-token",
  ENCRYPTION_KEY: "k".repeat(44),
};

function faultsOf(env: Env): ConfigError {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("These variables were taken.");
}
const faultyVariables = (env: Env) => faultsOf(env).faults.map((fault) => fault.variable);

function realConfig(env: Env): RealConfig {
  const config = parseConfig({ ...needed, ...env });
  if (config.mode !== "real") throw new Error("Expected the real systems.");
  return config;
}

describe("which systems", () => {
  it("takes the sandbox when no variable of a real system is set", () => {
    expect(parseConfig({ PATH: "/bin", HOME: "/root" })).toEqual({
      mode: "sandbox",
      host: "127.0.0.1",
      port: 4000,
      publicUrl: null,
      role: "all",
      redis: { url: null, binary: null },
      dataDir: ".data",
      encryptionKeys: [],
      syncIntervalSeconds: 60,
      firstContact: "live",
      logLevel: "warn",
      access: { apiKeys: [], jwksUrl: null, jwtIssuer: null, jwtAudiences: [], corsOrigins: [], ratePerMinute: null, monitoring: "open" },
      isProduction: false,
      drainSeconds: 0,
      tracing: null,
      federatedTraces: false,
      isJitOn: true,
      persisted: { path: null, isOnly: false },
      sandbox: { exactPort: 4020, customcrmPort: 4010 },
    });
  });

  it("takes the real systems when all that they need is set, and waits for a person before it writes", () => {
    const config = realConfig({});
    expect(config.exact).toEqual({
      clientId: "the-app",
      clientSecret: "the-app-secret",
      redirectUri: "https://gateway.example/auth/exact/callback",
      baseUrl: "https://start.exactonline.nl",
      division: null,
      webhookSecret: null,
    });
    expect(config.customcrm).toEqual({
      baseUrl: "https://crm.example/api/v1",
      auth: { token: "the-crm-token" },
      webhookSecret: null,
      capabilities: { changes: true, ifMatch: true, idempotencyKey: true, webhooks: true, ids: true },
    });
    expect(config.firstContact).toBe("review");
    expect(config.syncIntervalSeconds).toBe(300);
  });

  it.each(Object.keys(needed))("names %s when it alone is missing", (name) => {
    const error = faultsOf({ ...needed, [name]: undefined });
    expect(error.faults).toEqual([{ variable: name, expected: expect.any(String), came: "nothing" }]);
    expect(error.message).toContain("to use the sandbox");
  });

  it("names everything that is missing when one variable is set, even one that is not needed", () => {
    expect(faultyVariables({ EXACT_DIVISION: "7" })).toEqual(Object.keys(needed));
  });

  it("takes a variable that is set to nothing, or to blanks, as not set", () => {
    expect(parseConfig({ EXACT_CLIENT_ID: "", CUSTOMCRM_TOKEN: "  ", PORT: "" }).mode).toBe("sandbox");
  });

  it("stays in the sandbox when only the encryption key is set, and uses it", () => {
    expect(parseConfig({ ENCRYPTION_KEY: needed.ENCRYPTION_KEY })).toMatchObject({ mode: "sandbox", encryptionKeys: [needed.ENCRYPTION_KEY] });
  });

  it("refuses a misspelt variable of a system, which would silently do nothing", () => {
    expect(faultyVariables({ ...needed, EXACT_DIVISON: "7" })).toEqual(["EXACT_DIVISON"]);
  });
});

describe("the way into Customcrm", () => {
  const client = { CUSTOMCRM_CLIENT_ID: "id", CUSTOMCRM_CLIENT_SECRET: "secret", CUSTOMCRM_TOKEN_URL: "https://crm.example/token" };

  it("takes a client for a token endpoint instead of a token", () => {
    const { customcrm } = realConfig({ CUSTOMCRM_TOKEN: undefined, ...client });
    expect(customcrm.auth).toEqual({ oauth: { clientId: "id", clientSecret: "secret", tokenUrl: "https://crm.example/token" } });
  });

  it("asks for the rest of a client that is half set, not for a token", () => {
    expect(faultyVariables({ ...needed, CUSTOMCRM_TOKEN: undefined, CUSTOMCRM_CLIENT_ID: "id" })).toEqual(["CUSTOMCRM_CLIENT_SECRET", "CUSTOMCRM_TOKEN_URL"]);
  });

  it("refuses a token and a client at once", () => {
    expect(faultyVariables({ ...needed, ...client })).toEqual(["CUSTOMCRM_TOKEN"]);
  });

  it.each([
    ["none", { changes: false, ifMatch: false, idempotencyKey: false, webhooks: false, ids: false }],
    ["changes, ids", { changes: true, ifMatch: false, idempotencyKey: false, webhooks: false, ids: true }],
  ])("reads the capabilities `%s`", (text, capabilities) => {
    expect(realConfig({ CUSTOMCRM_CAPABILITIES: text }).customcrm.capabilities).toEqual(capabilities);
  });
});

describe("faults", () => {
  it("come all at once, each with its variable, what was expected and what came", () => {
    const error = faultsOf({ PORT: "65536", ROLE: "boss", SYNC_INTERVAL_SECONDS: "0", REDIS_URL: "localhost:6379", EXACT_BASE_URL: "http://exact.example" });
    expect(error.faults.map((fault) => fault.variable).sort()).toEqual(
      ["PORT", "ROLE", "SYNC_INTERVAL_SECONDS", "REDIS_URL", "EXACT_BASE_URL", ...Object.keys(needed)].sort(),
    );
    expect(error.message).toContain(`  ROLE: expected all, api or worker, got "boss".`);
    expect(error.message).toContain(`  PORT: expected a port from 0 (any that is free) to 65535, got "65536".`);
  });

  it.each([
    ["PORT", "4000.5"],
    ["PORT", "-1"],
    ["PORT", "0x10"],
    ["HOST", "not a host"],
    ["HOST", "gateway.example"],
    ["EXACT_DIVISION", "12e3"],
    ["EXACT_REDIRECT_URI", "gateway.example/callback"],
    ["CUSTOMCRM_BASE_URL", "ftp://crm.example"],
    ["CUSTOMCRM_CAPABILITIES", "changes,etags"],
    ["ENCRYPTION_KEY", `${"k".repeat(44)},short`],
    ["API_KEYS", "short"],
    ["API_KEYS", "shop:short"],
    ["API_KEYS", "shop:0123456789abcdef:raed"],
    ["API_KEYS", "shop:0123456789abcdef:"],
    ["API_KEYS", "0123456789abcdef,shop:0123456789abcdef:read,write"],
    ["CORS_ORIGINS", "app.example"],
    ["CORS_ORIGINS", "https://app.example/"],
    ["RATE_LIMIT_PER_MINUTE", "many"],
    ["MONITORING_ACCESS", "closed"],
    ["JWT_ISSUER", "https://id.example"],
    ["JWT_AUDIENCE", "tandem"],
    ["FIRST_CONTACT", "never"],
    ["LOG_LEVEL", "loud"],
    ["SYNC_INTERVAL_SECONDS", "1e3"],
  ])("refuse %s=%s", (name, value) => {
    expect(faultyVariables({ ...needed, [name]: value })).toEqual([name]);
  });

  it("never show what stands in a secret", () => {
    const error = faultsOf({ ENCRYPTION_KEY: "hunter2", API_KEYS: "hunter2", REDIS_URL: "redis//:hunter2@host" });
    expect(error.faults).toHaveLength(3);
    expect(error.message).not.toContain("hunter2");
  });
});

describe("who may reach the gateway", () => {
  it.each(["0.0.0.0", "::", "192.168.1.5"])("refuses to listen on %s as long as nobody has to identify themselves", (host) => {
    expect(faultyVariables({ HOST: host })).toEqual(["HOST"]);
  });

  it.each([
    { API_KEYS: "0123456789abcdef,fedcba9876543210" },
    { JWT_JWKS_URL: "https://id.example/jwks", JWT_ISSUER: "https://id.example", JWT_AUDIENCE: "tandem" },
  ])("listens anywhere with %o", (access) => {
    expect(parseConfig({ HOST: "0.0.0.0", ...access }).host).toBe("0.0.0.0");
  });

  it("reads keys with a name and scopes, and keeps no secret", () => {
    const { access } = parseConfig({ API_KEYS: "0123456789abcdef, shop:shop-secret-12345678:write+read,ops:operator-secret-1" });
    expect(access.apiKeys).toEqual([
      { name: "key-9f9f5111", digest: "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f", scopes: ["read", "write", "sync"] },
      { name: "shop", digest: expect.stringMatching(/^[0-9a-f]{64}$/), scopes: ["read", "write"] },
      { name: "ops", digest: expect.stringMatching(/^[0-9a-f]{64}$/), scopes: ["read", "write", "sync"] },
    ]);
    expect(JSON.stringify(access)).not.toMatch(/0123456789abcdef,|secret/);
  });

  it("limits how often a client may ask where clients are told apart, and as it is said", () => {
    const rateOf = (env: Env) => parseConfig(env).access.ratePerMinute;
    const keys = { API_KEYS: "0123456789abcdef" };
    expect([rateOf({}), rateOf(keys), rateOf({ ...keys, RATE_LIMIT_PER_MINUTE: "0" }), rateOf({ RATE_LIMIT_PER_MINUTE: "5" })]).toEqual([
      null,
      12_000,
      null,
      5,
    ]);
  });

  it.each(["127.0.0.1", "127.8.9.1", "::1", "localhost"])("takes %s for this machine alone", (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(parseConfig({ HOST: host }).host).toBe(host);
  });
});

it("lets keys be replaced: the new one encrypts, the old one still decrypts", () => {
  const [fresh, old] = ["f".repeat(32), "o".repeat(32)];
  expect(parseConfig({ ENCRYPTION_KEY: `${fresh}, ${old}` }).encryptionKeys).toEqual([fresh, old]);
});

it("has every variable in .env.example, and no other", () => {
  const example = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  const listed = [...example.matchAll(/^#?\s?([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1] ?? "");
  expect(listed.sort()).toEqual([...variables].sort());
});

it("has no value in .env.example, so that a copy of it changes nothing", () => {
  const example = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  expect(example.split("\n").filter((line) => /^[^#].*=./.test(line))).toEqual([]);
});
