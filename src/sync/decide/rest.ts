import type { Entity } from "../../domain/entity.js";
import { systems } from "../../domain/words.js";
import { newestTime } from "./draft.js";
import { currentIdentity, referringRows, toIdentity } from "./identity.js";
import { nameOfFields } from "./label.js";
import type { Observation, Plan, Present } from "./observation.js";
import { isAnonymised } from "./obstacles.js";
import { equal } from "./units.js";

/** Whether nothing about the entity itself asks for a plan, so that its two records alone tell whether it is at rest. */
export function mayRest(entity: Entity): boolean {
  return (
    entity.state === "LINKED" &&
    systems.every((system) => entity.records[system] !== null && entity.shadows[system] !== null) &&
    [entity.problem, entity.wanted, entity.nextActionAt, entity.review ?? null].every((one) => one === null) &&
    [entity.candidates, entity.conflicts, entity.ignored, entity.intents].every((list) => list.length === 0) &&
    [entity.operations, entity.refused, entity.overruled, entity.timeUnknown, entity.awaits].every((list) => !list?.length) &&
    entity.externalIdOwed !== true
  );
}

/**
 * Whether a pair needs nothing: each side shows what it showed when both last agreed, and the entity says so. Told by comparing, as
 * most pairs that are looked at are at rest. True only where `plan` gives `planAtRest`; false says only that it has to be asked.
 */
export function isAtRest(
  { entity, flow, sides: { CUSTOMCRM, EXACT }, references }: Pick<Observation, "entity" | "flow" | "sides" | "references">,
  defaultAccount: string | null,
): boolean {
  if (CUSTOMCRM.kind !== "present" || EXACT.kind !== "present" || !mayRest(entity) || isAnonymised(EXACT.record)) return false;
  if (newestTime(entity, CUSTOMCRM.record.modifiedAt, EXACT.record.modifiedAt) !== entity.modifiedAt) return false;
  if (Object.keys(entity.fields).length !== flow.rows.length) return false;
  const shows = ({ fields }: Present, shadow: Entity["fields"] | null, field: string) =>
    shadow !== null && field in shadow && equal(fields[field], shadow[field]);
  const isAsAgreed = flow.rows.every(
    ({ field, refersTo }) =>
      field in entity.fields &&
      shows(CUSTOMCRM, entity.shadows.CUSTOMCRM, field) &&
      shows(EXACT, entity.shadows.EXACT, field) &&
      (refersTo !== undefined || (equal(CUSTOMCRM.fields[field], entity.fields[field]) && equal(EXACT.fields[field], entity.fields[field]))),
  );
  const referring = referringRows(flow);
  if (!isAsAgreed || referring.length === 0) return isAsAgreed;

  const translation = { flow, references, defaultAccount };
  const customcrm = toIdentity(translation, "CUSTOMCRM", CUSTOMCRM.fields);
  const exact = toIdentity(translation, "EXACT", EXACT.fields, customcrm);
  const stored = currentIdentity(translation, entity.fields);
  const isKnown = (side: Present, field: string) => !side.fields[field] || references.ofRecord(side.record.system, side.fields[field]) !== null;
  return referring.every(
    ({ field }) =>
      [customcrm, exact, stored].every((fields) => equal(fields[field], entity.fields[field])) && isKnown(CUSTOMCRM, field) && isKnown(EXACT, field),
  );
}

/** Whether a pair about which nothing else is open shows another value than both last agreed on: most of these owe a write. */
export function isEdited({ entity, flow, sides }: Pick<Observation, "entity" | "flow" | "sides">): boolean {
  if (sides.CUSTOMCRM.kind !== "present" || sides.EXACT.kind !== "present" || !mayRest(entity)) return false;
  const differs = ({ fields }: Present, shadow: Entity["fields"] | null) =>
    flow.rows.some(({ field }) => shadow !== null && field in shadow && !equal(fields[field], shadow[field]));
  return differs(sides.CUSTOMCRM, entity.shadows.CUSTOMCRM) || differs(sides.EXACT, entity.shadows.EXACT);
}

/** The plan of a pair at rest. */
export const planAtRest = (entity: Entity): Plan => ({
  kind: "NONE",
  system: null,
  reason: `Both sides agree on ${nameOfFields(entity.fields) || "it"}.`,
  writes: [],
  next: entity,
  changed: false,
  history: [],
  changes: [],
  link: null,
  wake: [],
  ended: false,
});
