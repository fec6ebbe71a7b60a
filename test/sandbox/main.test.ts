import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/sandbox/command-line.js";
import { type Sandboxes, type SandboxOptions, startSandboxes } from "../../src/sandbox/index.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "sandbox-"));
  cleanups.push(() => rm(path, { recursive: true }));
  return path;
}

async function start(options: SandboxOptions): Promise<Sandboxes> {
  const sandboxes = await startSandboxes(options);
  cleanups.push(() => sandboxes.stop());
  return sandboxes;
}

describe("the command line", () => {
  it("starts both where the gateway looks for them, and keeps their data, unless told otherwise", () => {
    expect(parseCommandLine([])).toEqual({ exactPort: 4020, customcrmPort: 4010, dataDir: ".data/sandbox", fresh: false });
    expect(parseCommandLine(["--exact-port", "0", "--customcrm-port=8080", "--data", "elsewhere", "--fresh", "--seed", "x"])).toEqual({
      exactPort: 0,
      customcrmPort: 8080,
      dataDir: "elsewhere",
      fresh: true,
      seed: "x",
    });
    expect(parseCommandLine(["--memory"])).toMatchObject({ dataDir: null });
    expect(parseCommandLine(["--help"])).toBeNull();
  });

  it.each([
    [["--colour"], "Unknown option '--colour'. See npm run sandbox -- --help."],
    [["extra"], "Unexpected argument 'extra'. See npm run sandbox -- --help."],
    [["--exact-port", "eighty"], '--exact-port must be a port from 0 (any that is free) to 65535, not "eighty".'],
    [["--customcrm-port", "65536"], '--customcrm-port must be a port from 0 (any that is free) to 65535, not "65536".'],
    [["--memory", "--data", "x"], "--memory keeps nothing, so --data has no use beside it: leave one of them out."],
  ])("says what is wrong with %j", (args, sentence) => {
    expect(() => parseCommandLine(args)).toThrow(sentence);
  });
});

describe("both sandboxes", () => {
  it("hold the two sides of one seed, and know what is true of it", async () => {
    const { exact, customcrm, truth } = await start({});
    expect(customcrm.core.all("Customer")).toHaveLength(300);
    const listed = await (await fetch(`${exact.origin}/_control/records?type=Accounts&limit=1`)).json();
    expect(listed).toMatchObject({ total: 315 });
    expect(truth.pairs.filter((pair) => pair.type === "ACCOUNT")).toHaveLength(252);
  });

  it("keep their data and the truth of it, until a fresh start", async () => {
    const dataDir = await folder();
    const first = await start({ dataDir, seed: "first" });
    const mine = first.customcrm.core.create("Customer", { Name: "Van mij" });
    await first.stop();
    const second = await start({ dataDir, seed: "second" });
    expect(second.truth).toEqual(first.truth);
    expect(second.customcrm.core.find("Customer", mine.id)?.values.Name).toBe("Van mij");
    await second.stop();
    const third = await start({ dataDir, seed: "second", fresh: true });
    expect(third.truth).not.toEqual(first.truth);
    expect(third.customcrm.core.find("Customer", mine.id)).toBeNull();
  });

  it("leave nothing running when one of them can't start", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    cleanups.push(async () => taken.close());
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const customcrmPort = (free.address() as AddressInfo).port;
    free.close();
    await once(free, "close");
    await expect(startSandboxes({ customcrmPort, exactPort: (taken.address() as AddressInfo).port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await expect(fetch(`http://127.0.0.1:${customcrmPort}/`)).rejects.toThrow();
  });
});

describe("npm run sandbox", () => {
  function run(...args: string[]): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
    const child = spawn(process.execPath, ["--import", "tsx", "src/sandbox/main.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
    const ended = once(child, "exit").then(([code]) => code as number | null);
    cleanups.push(async () => {
      child.kill("SIGKILL");
      await ended;
    });
    return { child, output: () => text, ended };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  it("prints what to open and calls that work, and ends cleanly when asked", async () => {
    const { child, output, ended } = run("--memory", "--exact-port", "0", "--customcrm-port", "0");
    await until(() => output().includes("Ctrl-C"));
    const calls = [...output().matchAll(/curl -H "Authorization: (Bearer [^"]+)"(?: -H "Accept: application\/json")? "([^"]+)"/g)];
    expect(calls).toHaveLength(2);
    for (const [, authorization = "", url = ""] of calls) {
      const answer = await fetch(url, { headers: { Authorization: authorization, Accept: "application/json" } });
      expect(answer.status).toBe(200);
      expect(JSON.stringify(await answer.json())).toMatch(/"Name":"/);
    }
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(output()).toContain("Stopping …");
  });

  it("says which port is taken, and fails", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    cleanups.push(async () => taken.close());
    const { port } = taken.address() as AddressInfo;
    const { output, ended } = run("--memory", "--exact-port", "0", "--customcrm-port", String(port));
    expect(await ended).toBe(1);
    expect(output()).toBe(`Port ${port} is taken: stop what listens there, or choose another with --customcrm-port or --exact-port.\n`);
  });

  it("explains itself", async () => {
    const { output, ended } = run("--help");
    expect(await ended).toBe(0);
    expect(output()).toContain("--customcrm-port <port>");
  });

  it("names an option that there is not, and fails", async () => {
    const { output, ended } = run("--colour");
    expect(await ended).toBe(1);
    expect(output()).toBe("Unknown option '--colour'. See npm run sandbox -- --help.\n");
  });
});
