import type { Entity } from "../domain/entity.js";
import { recheckAwaited, wakeReferred } from "./awaited.js";
import type { Observation } from "./decide/observation.js";
import type { SettleParts } from "./parts.js";
import { recheckPause } from "./resuming.js";
import { recheckReviews } from "./reviewing.js";

/**
 * After an entity was stored, whoever stores it: marks what has to be looked at because of that, and itself where what it was planned on
 * has changed meanwhile. Runs before its own mark is cleared, so that a crash loses nothing.
 */
export async function recheck(parts: SettleParts, observation: Observation, after: Entity): Promise<void> {
  await recheckAwaited(parts, observation, after);
  await recheckReviews(parts, observation.flow, observation.entity, after);
  await wakeReferred(parts, after);
  await recheckPause(parts, after);
}
