import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { pinned } from "./cores.js";

/** A server that is measured: a program that listens on 127.0.0.1 at `PORT` and takes `POST /graphql`. */
export interface ServerSpec {
  readonly name: string;
  readonly title: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RunningServer extends ServerSpec {
  readonly pid: number;
  readonly origin: string;
  /** From the start of the process to its first answer. */
  readonly startedMs: number;
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;

export async function startServer(spec: ServerSpec): Promise<RunningServer> {
  const port = await freePort();
  const [program = "", ...args] = pinned("server", spec.command);
  const origin = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "production", ...spec.env, PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2_000);
  });
  while (!(await answers(origin))) {
    const isOver = child.exitCode !== null || performance.now() - began > startTimeoutMs;
    if (isOver) {
      child.kill("SIGKILL");
      throw new Error(`${spec.title} does not answer on ${origin}. It said: ${said}`);
    }
    await sleep(10);
  }
  return { ...spec, pid: child.pid ?? 0, origin, startedMs: performance.now() - began, stop: () => end(child) };
}

async function answers(origin: string): Promise<boolean> {
  try {
    const answer = await fetch(`${origin}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }", operationName: null }),
    });
    return (await answer.text()) !== "";
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await ended;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
