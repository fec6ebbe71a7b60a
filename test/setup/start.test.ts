import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasRedis, hasSetpriv, later, redisBinary, startGateway, startProcess, tempFolder, until } from "./helpers.js";

/** One sentence on stderr, an exit code, and no stack. */
async function refusal(env: { readonly [name: string]: string }) {
  const { code, stdout, stderr } = await startGateway({ TANDEM_DATA_DIR: join(tempFolder(), "data"), ...env }).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).not.toMatch(/^\s+at /m);
  return stderr.trim();
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  later(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It has no port.");
  return address.port;
}

describe("what keeps the gateway from starting is one sentence", () => {
  it.each(["PORT", "SANDBOX_EXACT_PORT", "SANDBOX_CUSTOMCRM_PORT"])("a port that is taken: names it and %s", async (variable) => {
    const port = await listening(createServer());
    expect(await refusal({ [variable]: String(port) })).toBe(`Port ${port} is taken: stop what listens there, or set ${variable} to another port.`);
  });

  it("an address that this machine does not have", async () => {
    expect(await refusal({ HOST: "192.0.2.1", API_KEYS: "0123456789abcdef" })).toBe("This machine has no address 192.0.2.1: correct HOST.");
  });

  it("a Redis that refuses connections", async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    expect(await refusal({ REDIS_URL: `redis://:hunter2@127.0.0.1:${port}` })).toBe(
      `Redis at redis://:***@127.0.0.1:${port} does not answer: connect ECONNREFUSED 127.0.0.1:${port}. ` +
        "Start it, correct REDIS_URL, or leave REDIS_URL out to use a private Redis.",
    );
  });

  it("a Redis that takes connections and says nothing, after 3 seconds", async () => {
    let askedAt = 0;
    const port = await listening(createServer(() => (askedAt = performance.now())));
    expect(await refusal({ REDIS_URL: `redis://127.0.0.1:${port}` })).toContain("does not answer: no answer within 3 s.");
    expect(askedAt).toBeGreaterThan(0);
    expect(performance.now() - askedAt).toBeLessThan(8_000);
  });

  it("a Redis program that can't be run", async () => {
    expect(await refusal({ REDIS_SERVER_BIN: "/no/such/server" })).toMatch(/^The private Redis .*\/no\/such\/server/);
  });

  it("variables of the real systems that are half set: all that is missing, and the way to the sandbox", async () => {
    const sentence = await refusal({ EXACT_CLIENT_ID: "the-app", CUSTOMCRM_TOKEN: "hunter2" });
    for (const missing of ["EXACT_CLIENT_SECRET", "EXACT_REDIRECT_URI", "CUSTOMCRM_BASE_URL", "ENCRYPTION_KEY"])
      expect(sentence).toContain(`  ${missing}: expected `);
    expect(sentence).toContain("no EXACT_* and CUSTOMCRM_* variable at all to use the sandbox");
    expect(sentence).not.toContain("hunter2");
  });

  it("a Node that is too old, before anything else is touched", async () => {
    const oldNode = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.4" } })`;
    const { code, stdout, stderr } = await startProcess(["--import", `data:text/javascript,${encodeURIComponent(oldNode)}`, "scripts/start.mjs"]).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^Tandem needs Node 20\.\d+(\.\d+)? or newer and this is 18\.20\.4: install a newer one .*\n$/);
  });

  it.runIf(hasRedis)("data that another gateway has open", async () => {
    const dataDir = tempFolder();
    const holder = startProcess(["--import", "tsx", "test/setup/processes/hold-redis.ts", join(dataDir, "redis"), redisBinary]);
    await holder.says("holds");
    expect(await refusal({ TANDEM_DATA_DIR: dataDir, REDIS_SERVER_BIN: redisBinary })).toMatch(
      new RegExp(`^The data in .*redis is in use by process ${holder.child.pid}: stop that one first, or set TANDEM_DATA_DIR to another folder\\.$`),
    );
  });
});

describe("a gateway that runs", () => {
  const screenEnd = "Ctrl-C stops all of it.";

  it("says where it serves, answers there, and ends in order when asked to", async () => {
    const gateway = startGateway({ TANDEM_DATA_DIR: tempFolder() });
    const screen = await gateway.says(screenEnd);
    expect(screen).toContain("memory only");
    const [, graphql = "", query = ""] = /curl -s (\S+) .* -d '(.*)'/.exec(screen) ?? [];
    const answer = await fetch(graphql, { method: "POST", headers: { "content-type": "application/json" }, body: query });
    expect(await answer.json()).toHaveProperty("data.accounts.nodes");

    gateway.child.kill("SIGTERM");
    expect(await gateway.ended).toMatchObject({ code: 0, signal: null });
    await expect(fetch(graphql)).rejects.toThrow("fetch failed");
  });

  it.runIf(hasRedis)("leaves no server, socket or lock behind after Ctrl-C, which the terminal sends to all of them", async () => {
    const dataDir = tempFolder();
    const gateway = startGateway({ TANDEM_DATA_DIR: dataDir, REDIS_SERVER_BIN: redisBinary }, { group: true });
    await gateway.says(screenEnd);
    const redis = processesOf(dataDir);
    expect(redis).toHaveLength(1);

    process.kill(-(gateway.child.pid ?? 0), "SIGINT");
    expect(await gateway.ended).toMatchObject({ code: 0, signal: null });
    expect(processesOf(dataDir)).toEqual([]);
    expect(readdirSync(join(dataDir, "redis")).filter((name) => !name.startsWith("appendonly"))).toEqual([]);
  });

  it.runIf(hasRedis && hasSetpriv)("takes its Redis along when it is killed, and starts again on the same data", async () => {
    const dataDir = tempFolder();
    const env = { TANDEM_DATA_DIR: dataDir, REDIS_SERVER_BIN: redisBinary };
    const gateway = startGateway(env);
    await gateway.says(screenEnd);
    gateway.child.kill("SIGKILL");
    await until(() => processesOf(dataDir).length === 0, "Redis ends with the gateway");
    await startGateway(env).says(screenEnd);
  });

  it("makes the sandbox's key once, for its owner's eyes only", async () => {
    const dataDir = tempFolder();
    const start = async () => {
      const gateway = startGateway({ TANDEM_DATA_DIR: dataDir });
      await gateway.says(screenEnd);
      gateway.child.kill("SIGTERM");
      await gateway.ended;
      return readFileSync(join(dataDir, "encryption-key"), "utf8");
    };
    const key = await start();
    expect(key).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    expect(statSync(join(dataDir, "encryption-key")).mode & 0o777).toBe(0o600);
    expect(await start()).toBe(key);
  });
});

/** Servers that run on this data folder, by /proc. */
function processesOf(dataDir: string): string[] {
  if (!existsSync("/proc/self/cmdline")) return [];
  const commands = readdirSync("/proc").flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")] : [];
    } catch {
      return [];
    }
  });
  return commands.filter((command) => command.includes(dataDir) && command.includes("redis"));
}
