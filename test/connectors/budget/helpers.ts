import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import type { Budget, Permit } from "../../../src/connectors/budget.js";
import type { CallClass } from "../../../src/connectors/connector.js";

/** Time that moves only when told to; what is scheduled runs in order, and everything it caused is done before the next. */
export class VirtualTime {
  now: number;
  #events: { readonly at: number; readonly run: () => void }[] = [];

  constructor(now: number) {
    this.now = now;
  }

  get pending(): number {
    return this.#events.length;
  }

  readonly clock = () => this.now;
  readonly schedule = (ms: number, run: () => void) => {
    const event = { at: this.now + ms, run };
    this.#events.push(event);
    return () => {
      this.#events = this.#events.filter((one) => one !== event);
    };
  };
  readonly sleep = (ms: number) => new Promise<void>((resolve) => this.schedule(ms, resolve));

  async until(end: number): Promise<void> {
    await settled();
    for (;;) {
      const next = this.#events.reduce<{ at: number; run: () => void } | null>((first, one) => (first === null || one.at < first.at ? one : first), null);
      if (next === null || next.at > end) break;
      this.#events = this.#events.filter((one) => one !== next);
      this.now = Math.max(this.now, next.at);
      next.run();
      await settled();
    }
    this.now = end;
  }
}

/** All promises that can go on without time passing have gone on. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Exact's limits as they are counted at its end: fixed minutes and days of its own clock. */
export class ExactLimits {
  readonly minutes = new Map<number, number>();
  /** The 429s that our own calls met, by minute. */
  readonly refusedByMinute = new Map<number, number>();
  #days = new Map<number, number>();

  constructor(
    readonly clock: () => number,
    readonly minuteLimit = 60,
    readonly dayLimit = 5_000,
  ) {}

  get refused(): number {
    return [...this.refusedByMinute.values()].reduce((sum, count) => sum + count, 0);
  }

  noteRefusal(): void {
    const minute = Math.floor(this.clock() / 60_000);
    this.refusedByMinute.set(minute, (this.refusedByMinute.get(minute) ?? 0) + 1);
  }

  arrive(): { readonly status: number; readonly headers: Record<string, string> } {
    const now = this.clock();
    const minute = Math.floor(now / 60_000);
    const day = Math.floor(now / 86_400_000);
    const inMinute = (this.minutes.get(minute) ?? 0) + 1;
    const inDay = (this.#days.get(day) ?? 0) + 1;
    const minuteHeaders = { "x-ratelimit-minutely-limit": `${this.minuteLimit}`, "x-ratelimit-minutely-reset": `${(minute + 1) * 60_000}` };
    if (inMinute > this.minuteLimit) {
      return { status: 429, headers: { ...minuteHeaders, "x-ratelimit-minutely-remaining": "0" } };
    }
    this.minutes.set(minute, inMinute);
    this.#days.set(day, inDay);
    return {
      status: 200,
      headers: {
        ...minuteHeaders,
        "x-ratelimit-minutely-remaining": `${this.minuteLimit - inMinute}`,
        "x-ratelimit-limit": `${this.dayLimit}`,
        "x-ratelimit-remaining": `${this.dayLimit - inDay}`,
        "x-ratelimit-reset": `${(day + 1) * 86_400_000}`,
      },
    };
  }
}

/** One call as a connector makes it; returns how long it waited for its permit. */
export async function callThrough(
  budget: Budget,
  limits: ExactLimits,
  world: { sleep(ms: number): Promise<void>; clock(): number },
  callClass: CallClass,
  latencyMs: number,
) {
  const askedAt = world.clock();
  const permit: Permit = await budget.admit({ endpoint: "crm/Accounts", class: callClass, counted: "all", deadline: world.clock() + 600_000 });
  const waitedMs = world.clock() - askedAt;
  await world.sleep(latencyMs / 2);
  const answer = limits.arrive();
  if (answer.status === 429) limits.noteRefusal();
  await world.sleep(latencyMs / 2);
  await permit.done(answer);
  return waitedMs;
}

export interface TestRedis {
  readonly url: string;
  readonly socket: string;
  connect(): Promise<TestClient>;
  stop(): Promise<void>;
}
export type TestClient = Awaited<ReturnType<typeof connected>>;

async function connected(path: string) {
  const client = createClient({ socket: { path, tls: false } });
  client.on("error", () => {});
  return client.connect();
}

/** A Redis of this test's own, on a socket in a new directory. */
export async function startTestRedis(): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), "tandem-budget-"));
  const socket = join(directory, "s");
  const server = spawn("redis-server", ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", directory], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("ready to accept connections")) resolve();
    });
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)));
  });
  const clients: TestClient[] = [];
  return {
    url: `unix://${socket}`,
    socket,
    connect: async () => {
      const client = await connected(socket);
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      const gone = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await gone;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
