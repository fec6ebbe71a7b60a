import type { Intent } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import { type IsoTime, isoTime, otherSystem } from "../../domain/words.js";
import type { Observation } from "./observation.js";

/**
 * Since when a create may have been sent already, and that it was is forgotten: Redis lost its last writes at `lostAt`, and what
 * is to be created was there before (A3). null: it was certainly not sent, or was looked for since.
 */
export function forgottenSince({ entity, sides }: Observation, intent: Intent, lostAt: number | null): IsoTime | null {
  if (lostAt === null || intent.operation !== "CREATE") return null;
  const isLookedFor = entity.intents.some(
    (one) => one.system === intent.system && one.operation === "CREATE" && one.givenUpAt && Date.parse(one.givenUpAt) >= lostAt,
  );
  if (isLookedFor) return null;
  const source = sides[otherSystem(intent.system)];
  const own = entity.wanted?.kind === "CREATE" ? Date.parse(entity.wanted.at) : null;
  const theirs = source.kind === "present" && source.record.createdAt !== null ? Date.parse(source.record.createdAt) - limits.sync.clockToleranceMs : null;
  const since = own ?? theirs ?? Number.NEGATIVE_INFINITY;
  return since > lostAt ? null : isoTime(Math.max(since, lostAt - limits.sync.forgottenMs));
}
