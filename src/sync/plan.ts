import { planGone } from "./decide/gone.js";
import { planNewcomer } from "./decide/newcomer.js";
import type { Observation, Plan } from "./decide/observation.js";
import { planOneSided } from "./decide/one-sided.js";
import { planPair } from "./decide/pair.js";
import { planRemoval } from "./decide/removal.js";

export type { Observation, Plan, PlannedWrite, PlanSettings, Present, ReferenceLookup, Sighting } from "./decide/observation.js";
export { type Lost, owing, sending } from "./decide/owing.js";
export { settled, type WriteResult } from "./decide/settled.js";
export { type Undo, undoOf } from "./decide/undo.js";

/**
 * What one entity needs, from what is seen of it now. Pure: the same observation gives the same plan, and planning again after
 * the plan is done gives nothing to do (I5).
 */
export function plan(observation: Observation): Plan {
  const { entity, sides } = observation;
  const { CUSTOMCRM: customcrm, EXACT: exact } = sides;
  if (entity.wanted?.kind === "DELETE") {
    return planRemoval(observation) ?? plan({ ...observation, entity: { ...entity, wanted: null } });
  }
  if (customcrm.kind === "present" && exact.kind === "present") return planPair(observation, customcrm, exact);
  if (customcrm.kind === "gone") return planGone(observation, "CUSTOMCRM", customcrm);
  if (exact.kind === "gone") return planGone(observation, "EXACT", exact);
  if (customcrm.kind === "present") return planOneSided(observation, "CUSTOMCRM", customcrm);
  if (exact.kind === "present") return planOneSided(observation, "EXACT", exact);
  return planNewcomer(observation);
}
