import type { FastifyInstance } from "fastify";
import { type System, systems } from "../domain/words.js";
import type { Connectors } from "../resolvers/parts.js";
import type { Store } from "../store/store.js";

export interface HealthParts {
  readonly store: Pick<Store, "kind" | "ping">;
  readonly connectors: Connectors;
  /** What else keeps the gateway from being ready, each as a sentence. */
  readonly reasonsNotReady?: () => Promise<readonly string[]>;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not, each as a sentence that says what to do. */
  readonly reasons: readonly string[];
  readonly store: "redis" | "memory";
  readonly systems: { readonly [S in System]: { readonly authorized: boolean; readonly reachable: boolean } };
}

/**
 * `/health/live` says that the process answers. `/health/ready` says whether it can do its work: its store answers, and both
 * systems let it in. A system that does not answer is no reason: queries are answered without it, and writes wait for it.
 */
export function addHealth(app: FastifyInstance, parts: HealthParts): void {
  app.get("/health/live", async () => ({ live: true }));
  app.get("/health/ready", async (_request, reply) => {
    const readiness = await readinessOf(parts);
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
}

async function readinessOf({ store, connectors, reasonsNotReady }: HealthParts): Promise<Readiness> {
  const [fault, customcrm, exact, more] = await Promise.all([
    store.ping().then(() => null, sentenceOf),
    accessOf(connectors, "CUSTOMCRM"),
    accessOf(connectors, "EXACT"),
    reasonsNotReady?.().catch((error: unknown) => [sentenceOf(error)]) ?? [],
  ]);
  const states = { CUSTOMCRM: customcrm, EXACT: exact };
  const reasons = [...(fault === null ? [] : [fault]), ...systems.flatMap((system) => states[system].reason ?? []), ...more];
  const shown = ({ authorized, reachable }: Access) => ({ authorized, reachable });
  return { ready: reasons.length === 0, reasons, store: store.kind, systems: { CUSTOMCRM: shown(customcrm), EXACT: shown(exact) } };
}

interface Access {
  readonly authorized: boolean;
  readonly reachable: boolean;
  readonly reason: string | null;
}

async function accessOf(connectors: Connectors, system: System): Promise<Access> {
  try {
    const { authorized, reachable, problem } = await connectors[system].status();
    return { authorized, reachable, reason: authorized ? null : (problem?.message ?? `${system} does not let the gateway in. An operator must connect it.`) };
  } catch (error) {
    return { authorized: false, reachable: false, reason: sentenceOf(error) };
  }
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
