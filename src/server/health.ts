import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Clock, type IsoTime, type System, systems } from "../domain/words.js";
import type { Connectors } from "../resolvers/parts.js";
import type { Store } from "../store/store.js";
import type { Doorkeeper } from "./doorkeeper.js";

export interface HealthParts {
  readonly store: Pick<Store, "kind" | "ping" | "feeds">;
  readonly connectors: Connectors;
  readonly clock: Clock;
  /** How often the change feeds are read; without it nothing is told of them. */
  readonly feedIntervalMs?: number;
  /** What else keeps the gateway from being ready, each as a sentence. */
  readonly reasonsNotReady?: () => Promise<readonly string[]>;
  readonly doorkeeper?: Doorkeeper;
  /** read: others than callers with that scope are told whether it is ready, and nothing else. */
  readonly monitoring?: "open" | "read";
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not, each as a sentence that says what to do. */
  readonly reasons: readonly string[];
  readonly store: "redis" | "memory";
  readonly systems: { readonly [S in System]: { readonly authorized: boolean; readonly reachable: boolean; readonly problem?: string } };
  /** How far what is shown may lie behind the systems. A feed that is late keeps nobody from being ready: queries say how old their data is. */
  readonly feeds?: readonly FeedHealth[];
}

interface FeedHealth {
  readonly system: System;
  readonly feed: string;
  readonly polledAt: IsoTime | null;
  readonly late: boolean;
  readonly reason: string | null;
}

/**
 * `/health/live` says that the process answers. `/health/ready` says whether it can do its work: its store answers, and both
 * systems let it in. A system that does not answer is no reason: queries are answered without it, and writes wait for it.
 */
export function addHealth(app: FastifyInstance, parts: HealthParts): void {
  app.get("/health/live", async () => ({ live: true }));
  app.get("/health/ready", async (request, reply) => {
    const readiness = await readinessOf(parts);
    return reply
      .code(readiness.ready ? 200 : 503)
      .header("cache-control", "no-store")
      .send((await maySeeDetails(parts, request)) ? readiness : { ready: readiness.ready });
  });
}

async function maySeeDetails({ doorkeeper, monitoring }: HealthParts, request: FastifyRequest): Promise<boolean> {
  if (monitoring !== "read" || !doorkeeper) return true;
  // Probes come without credentials, again and again: that is no guess at any.
  if (request.headers.authorization === undefined && request.headers["x-api-key"] === undefined) return false;
  return doorkeeper.admit(request).then(
    ({ scopes }) => scopes.includes("read"),
    () => false,
  );
}

async function readinessOf(parts: HealthParts): Promise<Readiness> {
  const { store, connectors, reasonsNotReady } = parts;
  const [fault, customcrm, exact, more] = await Promise.all([
    store.ping().then(() => null, sentenceOf),
    accessOf(connectors, "CUSTOMCRM"),
    accessOf(connectors, "EXACT"),
    reasonsNotReady?.().catch((error: unknown) => [sentenceOf(error)]) ?? [],
  ]);
  const states = { CUSTOMCRM: customcrm, EXACT: exact };
  const reasons = [
    ...(fault === null ? [] : [fault]),
    ...systems.flatMap((system) => (states[system].authorized ? [] : (states[system].problem ?? []))),
    ...more,
  ];
  const shown = ({ authorized, reachable, problem }: Access) => ({ authorized, reachable, ...(authorized && problem !== null ? { problem } : {}) });
  return {
    ready: reasons.length === 0,
    reasons,
    store: store.kind,
    systems: { CUSTOMCRM: shown(customcrm), EXACT: shown(exact) },
    // Where the store fails in between, `reasons` says so the next time.
    ...(fault === null ? await feedsOf(parts).catch(() => ({})) : {}),
  };
}

interface Access {
  readonly authorized: boolean;
  readonly reachable: boolean;
  readonly problem: string | null;
}

async function accessOf(connectors: Connectors, system: System): Promise<Access> {
  try {
    const { authorized, reachable, problem } = await connectors[system].status();
    const needsConnecting = authorized ? null : `${system} does not let the gateway in. An operator must connect it.`;
    return { authorized, reachable, problem: problem?.message ?? needsConnecting };
  } catch (error) {
    return { authorized: false, reachable: false, problem: sentenceOf(error) };
  }
}

/** Three intervals: one poll may fail, and the next may be under way. */
const lateAfterIntervals = 3;

async function feedsOf({ store, connectors, clock, feedIntervalMs }: HealthParts): Promise<{ feeds: readonly FeedHealth[] } | Record<string, never>> {
  if (feedIntervalMs === undefined) return {};
  const all = systems.flatMap((system) => connectors[system].feeds.map(({ name }) => ({ system, feed: name })));
  const feeds = await Promise.all(
    all.map(async ({ system, feed }) => {
      const { polledAt } = await store.feeds.get(system, feed);
      const reason = lateness(polledAt, clock(), feedIntervalMs);
      return { system, feed, polledAt, late: reason !== null, reason };
    }),
  );
  return { feeds };
}

/** Why a feed is behind; null: it is not. */
function lateness(polledAt: IsoTime | null, now: number, intervalMs: number): string | null {
  if (polledAt === null) return "It has not been read to its end yet.";
  const seconds = Math.round((now - Date.parse(polledAt)) / 1000);
  if (seconds * 1000 <= lateAfterIntervals * intervalMs) return null;
  return `It was last read ${seconds} s ago, though it is read every ${Math.round(intervalMs / 1000)} s. See whether a worker runs, and what the system's problem is.`;
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
