import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { variables } from "../../src/env.js";

export const root = fileURLToPath(new URL("../../", import.meta.url));
/** `npm test` names the server that it found. */
export const redisBinary = process.env.REDIS_SERVER_BIN || "redis-server";
export const hasRedis = Boolean(process.env.TEST_REDIS_URL || process.env.REDIS_SERVER_BIN || (await canRun("redis-server", "--version")));
export const hasSetpriv = await canRun("setpriv", "--version");

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
/** Runs after the test, whatever its end. */
export const later = (step: () => unknown): void => void undo.push(step);

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tandem-setup-"));
  later(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Waits until the output has the text; fails with the output if the process ends first. */
  says(text: string): Promise<string>;
  ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stdout: string; readonly stderr: string }>;
}

/** A process of the project, with no variable of the gateway set but the given ones, nor by a developer's .env. */
export function startProcess(args: readonly string[], env: { readonly [name: string]: string } = {}, options: { group?: boolean; cwd?: string } = {}): Running {
  const unset = Object.fromEntries(variables.map((name) => [name, ""]));
  const child = spawn(process.execPath, args, { cwd: options.cwd ?? root, env: { ...process.env, ...unset, ...env }, detached: options.group ?? false });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, stdout, stderr }));
  later(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const output = () => stdout + stderr;
  const says = async (text: string) => {
    while (!output().includes(text)) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended without saying "${text}". It said:\n${output()}`);
      await sleep(20);
    }
    return output();
  };
  return { child, output, says, ended };
}

/** The gateway as `npm start` runs it, without the set-up. */
export const startGateway = (env: { readonly [name: string]: string }, options?: { group?: boolean }): Running =>
  startProcess(["--import", "tsx", "src/main.ts"], { PORT: "0", SANDBOX_EXACT_PORT: "0", SANDBOX_CUSTOMCRM_PORT: "0", ...env }, options);

export async function until(holds: () => boolean | Promise<boolean>, what: string, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${what}.`);
    await sleep(20);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function canRun(command: string, arg: string): Promise<boolean> {
  const child = spawn(command, [arg], { stdio: "ignore" });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
