import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";

/** A request as the server gets it. */
export type Body = string;

export interface Loaded {
  readonly requests: number;
  readonly seconds: number;
  /** In order. */
  readonly latenciesMs: readonly number[];
}

/** Enough that the server never waits for work. */
const connections = 8;
const warmRequests = 2_000;
const warmMs = 10_000;
const headers = { "content-type": "application/json", accept: "application/json" };

async function ask(pool: Pool, body: Body): Promise<string> {
  const answer = await pool.request({ path: "/graphql", method: "POST", headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 200 || text.startsWith('{"errors"')) throw new Error(`Status ${answer.statusCode}: ${text.slice(0, 500)}`);
  return text;
}

/** One answer, for whoever wants to look at it. */
export async function askOnce(origin: string, body: Body): Promise<{ readonly data: unknown }> {
  const pool = new Pool(origin, { connections: 1 });
  try {
    return JSON.parse(await ask(pool, body)) as { data: unknown };
  } finally {
    await pool.close();
  }
}

export interface Clients {
  readonly clients?: number;
  /** Throws if an answer is not what was asked for. */
  readonly check?: (answer: string) => void;
}

/** Closed loop: so many clients, each of which asks again as soon as it has its answer. */
export async function loadClosed(origin: string, next: () => Body, forMs: number, { clients = connections, check }: Clients = {}): Promise<Loaded> {
  const pool = new Pool(origin, { connections: clients, pipelining: 1 });
  const latenciesMs: number[] = [];
  const began = performance.now();
  const client = async () => {
    while (performance.now() - began < forMs) {
      const asked = performance.now();
      const answer = await ask(pool, next());
      latenciesMs.push(performance.now() - asked);
      check?.(answer);
    }
  };
  try {
    await Promise.all(Array.from({ length: clients }, client));
    return { requests: latenciesMs.length, seconds: (performance.now() - began) / 1000, latenciesMs: latenciesMs.sort((a, b) => a - b) };
  } finally {
    await pool.close();
  }
}

/** Until the server has seen so many requests that its code is compiled, or a longest time is over. */
export async function warmUp(origin: string, next: () => Body): Promise<void> {
  const began = performance.now();
  for (let seen = 0; seen < warmRequests && performance.now() - began < warmMs; ) seen += (await loadClosed(origin, next, 500)).requests;
}

/** What comes first opens the connections. */
const openingMs = 500;

/**
 * Open loop: so many requests a second whatever comes back; each is timed from when it was due, so that waiting counts. Those of the
 * first half second open the connections, and are not counted.
 */
export async function loadOpen(origin: string, next: () => Body, forMs: number, perSecond: number): Promise<Loaded> {
  const pool = new Pool(origin, { connections: 64, pipelining: 1 });
  const latenciesMs: number[] = [];
  const began = performance.now();
  const counted = began + openingMs;
  const pending: Promise<void>[] = [];
  const count = Math.floor(((openingMs + forMs) / 1000) * perSecond);
  const timed = async (due: number) => {
    await ask(pool, next());
    if (due >= counted) latenciesMs.push(performance.now() - due);
  };
  try {
    for (let sent = 0; sent < count; ) {
      for (; sent < count && began + (sent * 1000) / perSecond <= performance.now(); sent += 1) pending.push(timed(began + (sent * 1000) / perSecond));
      await sleep(1);
    }
    await Promise.all(pending);
    return { requests: latenciesMs.length, seconds: (performance.now() - counted) / 1000, latenciesMs: latenciesMs.sort((a, b) => a - b) };
  } finally {
    await pool.close();
  }
}
