import type { CanonicalValue, Fields } from "../../../domain/canonical.js";
import { propertyOf } from "../../../domain/dataflow.js";
import type { OpenOperation, OperationFailure } from "../../../domain/entity.js";
import { type System, systems } from "../../../domain/words.js";
import { currentIdentity, shown, toIdentity } from "../identity.js";
import { titleOf } from "../label.js";
import type { Observation } from "../observation.js";
import { equal } from "../units.js";
import { translationOf } from "../view.js";

type Expected = NonNullable<OpenOperation["expected"]>;

/**
 * What the records may show, if nobody has changed these fields since the version that the client saw: by side, what both last
 * agreed on, what the entity shows, and what a write of ours without an answer or for an older mutation may put there. Where a side is known to
 * differ, what it shows.
 */
export function expectedOf(observation: Observation, names: readonly string[]): Expected {
  const { entity, sides } = observation;
  const differs = new Set([...entity.conflicts, ...entity.ignored, ...(entity.overruled ?? [])].map((one) => one.field));
  const isAlone = entity.records.CUSTOMCRM === null || entity.records.EXACT === null;
  const unified = currentIdentity(translationOf(observation), entity.fields);
  const older = (entity.operations ?? []).filter((one) => !one.failure).map(({ set }) => set);
  const found: { [S in System]?: { [field: string]: readonly CanonicalValue[] } } = {};
  for (const system of systems) {
    const side = sides[system];
    if (side.kind !== "present") continue;
    const shadow = entity.shadows[system];
    const [now, agreed] = [shownBy(observation, system, side.fields), shadow && shownBy(observation, system, shadow)];
    const sent = entity.intents.filter((one) => one.system === system && one.sentAt !== null).map((one) => shownBy(observation, system, one.fields));
    const valuesOf = (field: string): readonly CanonicalValue[] => {
      const isKnown = agreed !== null && field in agreed;
      const seen = !isAlone && (!isKnown || differs.has(field)) ? [now[field] ?? null] : [];
      const ours = [...sent, ...older].flatMap((fields) => (field in fields ? [fields[field] ?? null] : []));
      return [unified[field] ?? null, ...(isKnown ? [agreed[field] ?? null] : []), ...ours, ...seen];
    };
    found[system] = Object.fromEntries(names.map((field) => [field, [...new Set(valuesOf(field))]]));
  }
  return found;
}

/** Somebody has changed a field in a system that the mutation was to change from what its client had seen. */
export function changedElsewhere(observation: Observation, operation: OpenOperation): OperationFailure | null {
  const { flow, sides } = observation;
  for (const system of systems) {
    const side = sides[system];
    const isWritten = (operation.landed ?? []).some((one) => one.system === system);
    if (side.kind !== "present" || isWritten) continue;
    const now = shownBy(observation, system, side.fields);
    for (const [field, values] of Object.entries(operation.expected?.[system] ?? {})) {
      const allowed = [...values, ...(field in operation.set ? [operation.set[field] ?? null] : [])];
      const row = flow.rows.find((one) => one.field === field);
      if (!row || today(observation, field, allowed).some((value) => equal(value, now[field]))) continue;
      const property = propertyOf(row, system);
      const holds = (now[field] ?? null) === null ? "no value" : `"${now[field]}"`;
      const message = `${titleOf(system)} has ${holds} in ${property} now: it was changed there since the version that was expected.`;
      return { code: "MODIFIED_ELSEWHERE", system, field, message, retryAt: null, refused: null, unsafe: null };
    }
  }
  return null;
}

/** References by the ids that stand today. */
const today = (observation: Observation, field: string, values: readonly CanonicalValue[]): readonly CanonicalValue[] =>
  values.map((value) => currentIdentity(translationOf(observation), { [field]: value })[field] ?? null);

const shownBy = (observation: Observation, system: System, fields: Fields): Fields =>
  shown(translationOf(observation), toIdentity(translationOf(observation), system, fields));
