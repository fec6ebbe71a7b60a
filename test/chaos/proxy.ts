import { connect, createServer, type Socket } from "node:net";
import type { Random } from "../../src/sandbox/kit/index.js";
import { tokensIn } from "./tokens.js";

export interface Proxy {
  readonly origin: string;
  /** How often each fault was made. */
  readonly faults: ReadonlyMap<string, number>;
  /** Values that an answer of the system has shown. */
  readonly shown: ReadonlySet<string>;
  /** What has yet to land lands now, and from now on everything passes as it is. */
  calm(): void;
  stop(): Promise<void>;
}

/** `late`: its sender hears nothing more of the request, and it lands all the same, some time later. */
export type Fault = "reset" | "cut" | "lost" | "delay" | "late";

/** How much goes wrong, and what: the faults that are drawn, one as likely as the other. */
export interface Network {
  /** Of requests that only read, and of those that write. */
  readonly reads: number;
  readonly writes: number;
  readonly faults: readonly Fault[];
  /** A request whose sender was cut off lands within this time (A1). */
  readonly lateMs: number;
}

const maxDelayMs = 400;
const bodyMs = 100;
const isWrite = (chunk: Buffer): boolean => /^(POST|PUT|PATCH|DELETE) (?!\S*\/oauth)/.test(chunk.toString("latin1", 0, 200));

/** A network that goes wrong, between gateways and one system. Each request on a connection may meet one fault. */
export async function startProxy(target: string, random: Random, network: Network): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const faults = new Map<string, number>();
  const shown = new Set<string>();
  const sockets = new Set<Socket>();
  /** Lands a request that has yet to. */
  const late = new Set<() => void>();
  let isCalm = false;

  const draw = (chunk: Buffer): Fault | null => {
    if (random.next() >= (isWrite(chunk) ? network.writes : network.reads) || isCalm) return null;
    const fault = random.pick(network.faults);
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    return fault;
  };
  const server = createServer((client) => {
    const system = connect(Number(port), hostname);
    let fault: Fault | null = null;
    let tail = "";
    let isCutOff = false;
    const held: Buffer[] = [];
    for (const socket of [client, system]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        if (!isCutOff || socket === system) system.destroy();
      });
    }
    client.on("data", (chunk) => {
      if (fault === "late") return void held.push(chunk);
      fault = draw(chunk);
      if (fault === "reset") return void client.resetAndDestroy();
      if (fault === "late") {
        held.push(chunk);
        isCutOff = true;
        const land = () => {
          late.delete(land);
          if (held.length > 0) system.write(Buffer.concat(held.splice(0)));
        };
        late.add(land);
        // Its body may come in a piece of its own.
        setTimeout(() => client.resetAndDestroy(), bodyMs);
        return void setTimeout(land, (network.lateMs + random.int(network.lateMs)) / 2);
      }
      if (fault !== "delay") return void system.write(chunk);
      client.pause();
      setTimeout(() => {
        system.write(chunk);
        client.resume();
      }, random.int(maxDelayMs));
    });
    system.on("data", (chunk) => {
      if (fault === "lost") return void client.resetAndDestroy();
      if (fault === "late") return void system.destroy();
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
      // The last one's body may still be on its way.
      for (const land of late) setTimeout(land, bodyMs);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
