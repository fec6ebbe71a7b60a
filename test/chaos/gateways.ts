import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { GatewayOrder } from "./processes/gateway.js";

export const gatewayEntry = fileURLToPath(new URL("./processes/gateway.ts", import.meta.url));

/** One replica: a process that is started again whenever it ends, until it is stopped. */
export class Replica {
  #child: ChildProcess | null = null;
  #url: string | null = null;
  #isStopped = false;
  /** What it wrote on stderr, the last of it. */
  said = "";

  /** `entry`: the gateway's process, as JavaScript. */
  constructor(
    private readonly entry: string,
    /** Nobody is answered by it. */
    readonly isWorker: boolean,
    private readonly order: () => GatewayOrder,
  ) {}

  /** Where it answers; null while it does not. */
  get url(): string | null {
    return this.#url;
  }

  start(): void {
    if (this.#isStopped) return;
    const child = fork(this.entry, [], { execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.#child = child;
    const hear = (chunk: Buffer) => {
      this.said = (this.said + chunk.toString()).slice(-20_000);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.on("message", ({ url }: { url: string }) => {
      this.#url = url;
    });
    child.on("exit", () => {
      this.#url = null;
      this.start();
    });
    child.send(this.order());
  }

  kill(): void {
    this.#url = null;
    this.#child?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free.");
  return address.port;
}
