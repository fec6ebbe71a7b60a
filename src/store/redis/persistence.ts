import type { Connection } from "./connection.js";

/** What Redis does to keep what it was given; null where it does not let us know. */
export interface Persistence {
  readonly appendonly: boolean | null;
  readonly appendfsync: string | null;
  readonly eviction: string | null;
  /** Plain sentences for the operator; empty when all is well. */
  readonly warnings: readonly string[];
}

export async function readPersistence(connection: Connection): Promise<Persistence> {
  const { client } = connection;
  // Hosted services forbid CONFIG; most of them still tell by INFO.
  const config = await connection.call(() => client.configGet(["appendonly", "appendfsync", "maxmemory-policy"]).catch(refused));
  const info = config ? "" : await connection.call(() => client.info().catch(refused));
  const aof = config?.appendonly ?? { "0": "no", "1": "yes" }[infoField(info, "aof_enabled") ?? ""] ?? null;
  const found = {
    appendonly: aof === null ? null : aof === "yes",
    appendfsync: config?.appendfsync ?? null,
    eviction: config?.["maxmemory-policy"] ?? infoField(info, "maxmemory_policy"),
  };
  return { ...found, warnings: warningsOf(found) };
}

function warningsOf({ appendonly, appendfsync, eviction }: Omit<Persistence, "warnings">): readonly string[] {
  const warnings: string[] = [];
  if (appendonly === null) warnings.push("Redis does not tell whether it persists. Make sure that it runs with appendonly yes: it holds the link map.");
  if (appendonly === false) warnings.push("Redis does not persist (appendonly no): if it restarts, all links are lost. Run it with appendonly yes.");
  if (appendonly && appendfsync !== null && appendfsync !== "always") {
    const lost = appendfsync === "everysec" ? "the last second of writes" : "the last writes";
    warnings.push(`Redis writes to disk with appendfsync ${appendfsync}: if its machine is lost, so are ${lost}. appendfsync always keeps them.`);
  }
  if (eviction === null) warnings.push("Redis does not tell whether it evicts. Make sure that maxmemory-policy is noeviction.");
  else if (eviction !== "noeviction") warnings.push(`Redis may drop keys when memory is short (maxmemory-policy ${eviction}). It must be noeviction.`);
  return warnings;
}

export const infoField = (info: string | null, field: string): string | null => new RegExp(`^${field}:(\\S+)`, "m").exec(info ?? "")?.[1] ?? null;

/** An answer of the server that it does not allow this; anything else is no answer. */
function refused(error: unknown): null {
  if (error instanceof Error && /^(NOPERM|ERR|NOAUTH)/.test(error.message)) return null;
  throw error;
}
