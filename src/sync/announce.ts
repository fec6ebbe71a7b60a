import type { Entity } from "../domain/entity.js";
import { isoTime } from "../domain/words.js";
import type { EntityEvent } from "../store/store.js";
import type { Plan } from "./decide/observation.js";
import { differing } from "./decide/units.js";

/** What subscribers are told of one settling; null when nothing that they could see has changed. */
export function announcementOf(before: Entity, after: Entity | null, plan: Plan, now: number): EntityEvent | null {
  const source = plan.history.at(-1)?.source ?? "GATEWAY";
  const common = { entityId: before.id, type: before.type, source, at: isoTime(now) };
  if (!after) return { ...common, kind: "DELETED", state: before.state, fields: [] };
  const fields = differing(before.fields, after.fields);
  if (fields.length > 0) return { ...common, kind: "UPDATED", state: after.state, fields };
  if (before.state !== after.state) return { ...common, kind: "STATE_CHANGED", state: after.state, fields: [] };
  return null;
}
