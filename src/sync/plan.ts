import { isoTime, type System, systems } from "../domain/words.js";
import { planOf } from "./decide/draft.js";
import { planGone } from "./decide/gone.js";
import { titleOf } from "./decide/label.js";
import { planNewcomer } from "./decide/newcomer.js";
import type { Observation, Plan } from "./decide/observation.js";
import { readAgainMs } from "./decide/obstacles.js";
import { planOneSided } from "./decide/one-sided.js";
import { wantedBesideDelete } from "./decide/operations/accept.js";
import { following, waiting } from "./decide/operations/follow.js";
import { planPair } from "./decide/pair.js";
import { planRemoval } from "./decide/removal.js";

/**
 * What one entity needs, from what is seen of it now. Pure: the same observation gives the same plan, and planning again after
 * the plan is done gives nothing to do (I5).
 */
export function plan(observation: Observation): Plan {
  const { entity, sides } = observation;
  const unread = systems.find((system) => entity.records[system] !== null && sides[system].kind === "none");
  return unread ? waiting(observation, planUnread(observation, unread)) : following(observation, planChange);
}

/** Nothing is to be stored, linked or sent. */
export const isAtRest = ({ changed, history, link, writes, ended }: Plan): boolean =>
  !changed && history.length === 0 && !link && writes.length === 0 && !ended;

/** A mutation ends with this plan, and without it there is more to do: an edit that came after it, say, travels only now (I5). */
export function goesOn(observation: Observation, { next, ended, link }: Plan): boolean {
  const before = observation.entity.operations?.length ?? 0;
  if (ended || link || before === (next.operations?.length ?? 0)) return false;
  return !isAtRest(plan({ ...observation, entity: next, urgent: false }));
}

function planChange(observation: Observation): Plan {
  const { entity, sides } = observation;
  const { CUSTOMCRM: customcrm, EXACT: exact } = sides;
  if (entity.wanted?.kind === "DELETE") {
    return planRemoval(observation) ?? { ...planChange({ ...observation, entity: { ...entity, wanted: wantedBesideDelete(entity) } }), changed: true };
  }
  if (customcrm.kind === "present" && exact.kind === "present") return planPair(observation, customcrm, exact);
  if (customcrm.kind === "gone") return planGone(observation, "CUSTOMCRM", customcrm);
  if (exact.kind === "gone") return planGone(observation, "EXACT", exact);
  if (customcrm.kind === "present") return planOneSided(observation, "CUSTOMCRM", customcrm);
  if (exact.kind === "present") return planOneSided(observation, "EXACT", exact);
  return planNewcomer(observation);
}

/** A record that is known but was not read is neither missing nor gone: to create another would be a duplicate. */
function planUnread(observation: Observation, system: System): Plan {
  const message = `Its record in ${titleOf(system)} could not be read. Nothing is done before it has been.`;
  // What a mutation asks for, or what may still land, is not left until something happens to the record.
  const { wanted, intents, operations = [] } = observation.entity;
  const isOwed = wanted !== null || intents.length > 0 || operations.length > 0;
  const until = isOwed ? isoTime(observation.now + readAgainMs) : null;
  const obstacle = { code: "SYSTEM_UNAVAILABLE" as const, message, system, field: null, until };
  return planOf(observation, { kind: "WAIT", reason: message, state: observation.entity.state, obstacle, next: {} });
}
