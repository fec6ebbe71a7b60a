import { type System, systems } from "../../domain/words.js";
import { lookAlone } from "./alone.js";
import { planOf, underWay } from "./draft.js";
import { detached, planEnded } from "./gone.js";
import { nameOfFields, titleOf } from "./label.js";
import type { Observation, Plan, PlannedWrite } from "./observation.js";
import { blockOn, pausedFor, refusalObstacle, refusalsOf } from "./obstacles.js";
import { ambiguousOn, explain } from "./own-writes.js";

/** A mutation deletes: Exact first, then Customcrm. Null when that was refused with both still there: everything is as before. */
export function planRemoval(observation: Observation): Plan | null {
  const { entity, flow, sides } = observation;
  const present = [...systems].reverse().filter((system) => sides[system].kind === "present");
  const own = explain(observation);
  // A create whose answer was lost may have made a record that is to go as well.
  const lost = systems.map((system) => (ambiguousOn(own.intents, system) ? blockOn(observation, own.intents, system) : null)).find((block) => block !== null);
  if (present.length === 0 && lost)
    return planOf(observation, { kind: "WAIT", reason: lost.message, ...underWay(entity, lost), next: { intents: own.intents } });
  if (present.length === 0) return planEnded(observation, "GATEWAY");
  const refusals = present.flatMap((system) => refusalsOf(flow, entity, system, "DELETE", {}).slice(0, 1));
  if (refusals[0]) return half(observation, present, refusalObstacle(refusals[0]));

  const held = pausedFor(observation, true) ?? present.map((system) => blockOn(observation, own.intents, system)).find((block) => block !== null) ?? null;
  const next = { intents: own.intents };
  if (held) return planOf(observation, { kind: "WAIT", reason: held.message, ...underWay(entity, held), next });
  const writes = present.map(
    (system): PlannedWrite => ({ system, operation: "DELETE", recordId: entity.records[system], fields: {}, source: {}, over: {}, extra: {} }),
  );
  const reason = `${nameOfFields(entity.fields)} is deleted in ${present.map(titleOf).join(" and ")}: asked for through the gateway.`;
  return planOf(observation, { kind: "DELETE", reason, ...underWay(entity, null), writes, next });
}

/** Deleted on one side and refused on the other: never undone by creating again (design: writing through). */
function half(observation: Observation, present: readonly System[], refusal: Parameters<typeof detached>[3]): Plan | null {
  const [survivor, other] = present;
  if (!survivor || other) return null;
  const sighting = observation.sides[survivor];
  if (sighting.kind !== "present") return null;
  const goneFrom = survivor === "EXACT" ? "CUSTOMCRM" : "EXACT";
  if (observation.entity.records[goneFrom] === null) return null;
  const withoutWish = { ...observation, entity: { ...observation.entity, wanted: null } };
  const plan = detached(lookAlone(withoutWish, explain(withoutWish), survivor, sighting), goneFrom, "REFUSED", refusal);
  return { ...plan, changed: true };
}
