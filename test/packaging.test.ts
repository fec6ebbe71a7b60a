import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../src/config.js";
import { limits } from "../src/domain/limits.js";
import { variables } from "../src/env.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = (path: string): string => readFileSync(join(root, path), "utf8");

describe("the Dockerfile", () => {
  const lines = text("Dockerfile")
    .split("\n")
    .filter((line) => /^[A-Z]+ /.test(line));
  const of = (name: string, from: readonly string[] = lines) => from.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const stages: string[][] = [];
  for (const line of lines) {
    if (line.startsWith("FROM ")) stages.push([]);
    stages.at(-1)?.push(line);
  }
  const last = stages.at(-1) ?? [];

  it("builds in one stage, and ships only what runs in the other", () => {
    expect(stages).toHaveLength(2);
    expect(of("RUN", stages[0])).toEqual(expect.arrayContaining(["npm ci", "npm prune --omit=dev"]));
    expect(of("COPY", last).every((copy) => copy.startsWith("--from=build /app/"))).toBe(true);
    expect(of("COPY", last).map((copy) => copy.split(" ")[1])).toEqual(["/app/package.json", "/app/node_modules", "/app/dist"]);
  });

  it("stands on a Node that the gateway runs on", () => {
    const { engines } = JSON.parse(text("package.json")) as { engines: { node: string } };
    const least = Number(/(\d+)/.exec(engines.node)?.[1]);
    for (const image of of("FROM")) expect(Number(/^node:(\d+)/.exec(image)?.[1])).toBeGreaterThanOrEqual(least);
  });

  it("runs without rights, and gets the signal to stop itself", () => {
    expect(last.indexOf("USER node")).toBeGreaterThan(last.findIndex((line) => line.startsWith("RUN ")));
    expect(of("USER", last)).toEqual(["node"]);
    expect(JSON.parse(of("CMD", last)[0] ?? "")).toEqual(["node", "--enable-source-maps", "dist/bundle/main.js"]);
    expect(of("STOPSIGNAL", last)).toEqual(["SIGTERM"]);
  });

  it("writes to a volume only, so that its root may be read-only", () => {
    const dataDir = of("ENV", last).find((one) => one.startsWith("TANDEM_DATA_DIR="));
    expect(of("VOLUME", last)).toEqual([dataDir?.split("=")[1]]);
    expect(of("RUN", last)).toEqual(["mkdir -p /data && chown node:node /data"]);
  });

  it("builds nothing but modules and the scripts of Redis", () => {
    expect(of("RUN", stages[0])).toContain("node scripts/build.mjs");
    expect(readdirSync(join(root, "src/store/scripts")).filter((name) => name.endsWith(".lua")).length).toBeGreaterThan(10);
    const elsewhere = readdirSync(join(root, "src"), { recursive: true }).filter(
      (path) => /\.\w+$/.test(String(path)) && !/\.ts$/.test(String(path)) && !String(path).startsWith(join("store", "scripts")),
    );
    expect(elsewhere).toEqual([]);
  });

  it("has one module that looks for files beside itself, as modules have other places in the bundle", () => {
    const modules = readdirSync(join(root, "src"), { recursive: true }).map(String);
    const looking = modules.filter((path) => path.endsWith(".ts") && /import\.meta|\b__dirname\b|\b__filename\b/.test(text(join("src", path))));
    expect(looking).toEqual([join("store", "script-text.ts")]);
  });

  it("asks the gateway itself whether it lives", () => {
    expect(of("HEALTHCHECK", last)[0]).toContain("/health/live");
  });

  it("starts only with credentials, as it listens to everybody", () => {
    const env = Object.fromEntries(of("ENV", last).map((one) => one.split("=") as [string, string]));
    expect(() => parseConfig(env)).toThrow(/HOST/);
    expect(parseConfig({ ...env, API_KEYS: "0123456789abcdef" })).toMatchObject({ host: "0.0.0.0", port: 4000, isProduction: true });
  });

  it("is given nothing but what it copies", () => {
    const given = text(".dockerignore").split("\n").filter(Boolean);
    expect(given[0]).toBe("*");
    const copied = of("COPY", stages[0]).flatMap((copy) => copy.split(" ").slice(0, -1));
    expect(given.slice(1).sort()).toEqual(copied.map((path) => `!${path}`).sort());
    for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true);
  });
});

describe("compose.yaml", () => {
  interface Service {
    readonly environment?: Record<string, string>;
    readonly command?: readonly string[];
    readonly volumes?: readonly string[];
    readonly ports?: readonly string[];
    readonly read_only?: boolean;
    readonly user?: string;
    readonly [key: string]: unknown;
  }
  const { services } = parse(text("compose.yaml"), { merge: true }) as { services: { gateway: Service; worker: Service; redis: Service } };
  const { gateway, worker, redis } = services;

  it("has a gateway, a worker and Redis, of which one only can be reached, and from this machine", () => {
    expect(Object.keys(services)).toEqual(["gateway", "worker", "redis"]);
    expect([gateway.environment?.ROLE, worker.environment?.ROLE]).toEqual(["api", "worker"]);
    expect([gateway.ports, worker.ports, redis.ports]).toEqual([["127.0.0.1:4000:4000"], undefined, undefined]);
  });

  it("has a Redis that keeps every write and throws nothing away", () => {
    const command = redis.command?.join(" ");
    expect(command).toContain("--appendonly yes");
    expect(command).toContain("--appendfsync always");
    expect(command).toContain("--maxmemory-policy noeviction");
    expect(redis.volumes).toEqual(["redis:/data"]);
  });

  it.each([
    ["gateway", gateway],
    ["worker", worker],
  ])("runs the %s with a read-only root and no rights, once Redis answers", (_name, service) => {
    expect(service).toMatchObject({
      image: "tandem",
      env_file: ".env",
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      depends_on: { redis: { condition: "service_healthy" } },
    });
    for (const name of Object.keys(service.environment ?? {})) expect(variables).toContain(name);
  });

  it("gives the gateway an environment that it starts with, once .env has the rest", () => {
    const needed = {
      EXACT_CLIENT_SECRET: "s",
      EXACT_REDIRECT_URI: "https://g.example/auth/exact/callback",
      CUSTOMCRM_BASE_URL: "https://crm.example",
      CUSTOMCRM_TOKEN: "t",
      ENCRYPTION_KEY: "k".repeat(44),
      API_KEYS: "0123456789abcdef",
    };
    expect(gateway.environment?.EXACT_CLIENT_ID).toMatch(/^\$\{EXACT_CLIENT_ID:\?/);
    expect(parseConfig({ ...needed, ...gateway.environment })).toMatchObject({ mode: "real", role: "api", redis: { url: "redis://redis:6379" } });
  });
});

describe("what comes with the project", () => {
  it("has its licence, and its changes", () => {
    expect(text("LICENSE")).toContain("MIT License");
    const { version, license } = JSON.parse(text("package.json")) as { version: string; license: string };
    expect(license).toBe("MIT");
    expect(text("CHANGELOG.md")).toMatch(new RegExp(`^## (Unreleased|${version.replaceAll(".", "\\.")})`, "m"));
    expect(text("CONTRIBUTING.md")).toContain("npm run check");
  });

  it("ships nothing but what is free to use, to change and to host", () => {
    const { packages } = JSON.parse(text("package-lock.json")) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean; license?: string }>;
    };
    const shipped = Object.entries(packages).filter(([path, { dev, devOptional }]) => path !== "" && !dev && !devOptional);
    const free = /^\(?((MIT|Apache-2\.0|BSD-[23]-Clause|ISC|0BSD|BlueOak-1\.0\.0)( (AND|OR) )?)+\)?$/;
    // Builds for platforms that the registry at hand does not have are named without their licence, which is that of the package they belong to.
    const others = shipped.filter(([, { license, optional }]) => !(optional && license === undefined) && !free.test(license ?? ""));
    expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
    expect(shipped.length).toBeGreaterThan(100);
  });

  it.each(["docs/security.md", "docs/operations.md", "CONTRIBUTING.md"])("%s names only files and tests that there are", (page) => {
    const named = [...text(page).matchAll(/`((?:src|test|scripts|docs|contracts)\/[\w./-]+\.\w+)`/g)].map(([, path]) => path ?? "");
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("security.md names every limit as it stands in the code", () => {
    const { request, subscriptions, list } = limits;
    const rows = [...text("docs/security.md").matchAll(/^\| (.+?) \| (.+?) \| \| (.+?) \| (.+?) \|$/gm)].slice(1);
    const pairs = Object.fromEntries(rows.flatMap(([, what, most, other, otherMost]) => [[what, most] as const, [other, otherMost] as const]));
    const number = (value: number) => value.toLocaleString("en");
    expect(pairs).toEqual({
      tokens: number(request.maxTokens),
      depth: number(request.maxDepth),
      aliases: number(request.maxAliases),
      "fields beside each other": number(request.maxBreadth),
      "selections, fragments counted where they are spread": number(request.maxSelections),
      "items: `first` of lists within lists, multiplied": number(request.maxItems),
      "`first`, and ids of a query or mutation": number(list.maxFirst),
      "ids of a subscription": number(subscriptions.maxIds),
      "body, or message of a WebSocket": `${number(request.maxBodyBytes)} bytes`,
      "body of a webhook": `${number(request.maxWebhookBytes)} bytes`,
      "time to arrive": `${request.bodyMs / 1000} s`,
      "operations in a batch": number(request.maxBatch),
      "operations on one WebSocket": number(subscriptions.perSocket),
      "changes that wait for one subscriber": number(subscriptions.waiting),
      "time in which a subscriber takes nothing": `${subscriptions.stalledMs / 1000} s`,
      "failed credentials of one address a minute": number(request.guessesPerMinute),
    });
    expect(list.maxNodes).toBe(list.maxFirst);
    expect(Object.keys(request)).toHaveLength(11);
  });

  it("operations.md names only series that there are, and every one", () => {
    const sources = ["src/server/metrics.ts", "src/server/gauges.ts"].map(text).join("");
    const names = (of: string) => new Set([...of.matchAll(/\btandem_[a-z0-9_]+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, "")));
    expect([...names(text("docs/operations.md"))].sort()).toEqual([...names(sources)].sort());
  });

  it("says how each variable is called in .env.example, and in no page another way", () => {
    const known = new Set<string>([...variables, "NODE_ENV"]);
    for (const page of ["docs/security.md", "docs/operations.md"]) {
      const named = [...text(page).matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g)].map(([, name]) => name ?? "");
      const settings = named.filter((name) =>
        /_(KEY|KEYS|URL|ORIGINS|MINUTE|ACCESS|SECRET|ISSUER|AUDIENCE|SECONDS|LEVEL|ENV|DIR|BIN|ONLY|DOCUMENTS)$/.test(name),
      );
      expect(
        settings.filter((name) => !known.has(name)),
        page,
      ).toEqual([]);
    }
  });
});
