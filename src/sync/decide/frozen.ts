import type { Problem } from "../../domain/entity.js";
import { lookAlone, planMutationAlone } from "./alone.js";
import { planOf } from "./draft.js";
import type { Observation, Plan, Present } from "./observation.js";
import type { Obstacle } from "./obstacles.js";
import { isAnonymised } from "./obstacles.js";
import type { Explained } from "./own-writes.js";

/**
 * A pair that is left alone. When a person was anonymised in Exact, that record is never filled again, and its emptiness does
 * not travel: what remains in Customcrm is for a person to judge. A mutation goes to Customcrm only.
 */
export function planFrozen(observation: Observation, own: Explained, customcrm: Present, exact: Present): Plan {
  const { entity } = observation;
  const alone = lookAlone(observation, own, "CUSTOMCRM", customcrm);
  const mutation = planMutationAlone(alone);
  if (mutation) return { ...mutation, next: { ...mutation.next, shadows: entity.shadows } };
  const obstacle = isAnonymised(exact.record) ? anonymised : standing(entity.problem);
  return planOf(observation, {
    kind: "NONE",
    reason: obstacle?.message ?? "A person asked that this be left alone.",
    state: "DETACHED",
    obstacle,
    told: [...alone.told, ...(entity.state === "DETACHED" ? [] : [{ kind: "DETACHED" as const, source: "EXACT" as const, change: null, isTold: false }])],
    next: { ...alone.next, shadows: entity.shadows, candidates: [], review: null },
  });
}

const anonymised: Obstacle = {
  code: "DELETED_ELSEWHERE",
  message: "This person was anonymised in Exact Online. Nothing is written there again; decide in Customcrm what may remain.",
  system: "EXACT",
  field: null,
  until: null,
};

/** A problem that a person must end goes on as it is. */
export const standing = (problem: Problem | null): Obstacle | null => problem && { ...problem, until: null };
