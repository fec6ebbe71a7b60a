import { connect, createServer, type Socket } from "node:net";
import type { Random } from "../../src/sandbox/kit/index.js";
import { tokensIn } from "./tokens.js";

export interface Proxy {
  readonly origin: string;
  /** How often each fault was made. */
  readonly faults: ReadonlyMap<string, number>;
  /** Values that an answer of the system has shown. */
  readonly shown: ReadonlySet<string>;
  /** From now on everything passes as it is. */
  calm(): void;
  stop(): Promise<void>;
}

type Fault = "reset" | "cut" | "lost" | "delay";
/** A request that was taken lands within this time, or never. */
const maxDelayMs = 400;

/** A network that goes wrong, between gateways and one system. Each request on a connection may meet one fault. */
export async function startProxy(target: string, random: Random, share: number): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const faults = new Map<string, number>();
  const shown = new Set<string>();
  const sockets = new Set<Socket>();
  let isCalm = false;

  const draw = (): Fault | null => {
    if (isCalm || random.next() >= share) return null;
    const fault = random.pick(["reset", "cut", "lost", "delay", "delay"] as const);
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    return fault;
  };
  const server = createServer((client) => {
    const system = connect(Number(port), hostname);
    let fault: Fault | null = null;
    let tail = "";
    for (const socket of [client, system]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        system.destroy();
      });
    }
    client.on("data", (chunk) => {
      fault = draw();
      if (fault === "reset") return void client.resetAndDestroy();
      if (fault !== "delay") return void system.write(chunk);
      client.pause();
      setTimeout(() => {
        system.write(chunk);
        client.resume();
      }, random.int(maxDelayMs));
    });
    system.on("data", (chunk) => {
      if (fault === "lost") return void client.resetAndDestroy();
      const text = tail + chunk.toString("latin1");
      if (fault !== "cut") for (const token of tokensIn(text)) shown.add(token);
      tail = text.slice(-64);
      if (fault === "cut") client.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => client.destroy());
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    faults,
    shown,
    calm: () => {
      isCalm = true;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
