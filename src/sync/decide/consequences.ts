import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import type { FieldChange, FieldConflict, HistoryKind, OverruledValue } from "../../domain/entity.js";
import { type ChangeSource, isoTime, type System, systems } from "../../domain/words.js";
import type { Merged } from "../merge.js";
import type { Told } from "./draft.js";
import { shown } from "./identity.js";
import { differing, equal, type Unit } from "./units.js";
import type { View } from "./view.js";

/** What waits for a person, field by field. A conflict keeps its time while its values stay. */
export function conflictsOf({ observation: { entity, now }, values, bases }: View, unit: Unit): readonly FieldConflict[] {
  return apart(values, unit).map((field) => {
    const conflict = { field, agreed: bases.CUSTOMCRM?.[field] ?? null, customcrm: values.CUSTOMCRM[field] ?? null, exact: values.EXACT[field] ?? null };
    const before = entity.conflicts.find((one) => one.field === field && equal(one.customcrm, conflict.customcrm) && equal(one.exact, conflict.exact));
    return { ...conflict, since: before?.since ?? isoTime(now) };
  });
}

/**
 * What the history is told of one unit: each change of the unified value, and each value that somebody entered and that is
 * overwritten (I4); `before`: the unified fields as stored. A loss is told once, as soon as its side is to be written, so that it
 * stands there before the value is gone.
 */
export function toldOf(
  view: View,
  one: { unit: Unit; merged: Merged },
  before: Fields,
  fields: Fields,
  due: ReadonlyMap<string, CanonicalValue>,
): readonly Told[] {
  const { unit, merged } = one;
  if (merged.conflict) return conflictsTold(view, unit, before);

  const isSilent = merged.lost.length === 0 && due.size === 0 && unit.rows.every(({ field }) => equal(before[field], fields[field]));
  if (isSilent) return [];
  const common = { kind: kindOf(view, unit, merged), source: merged.from ?? ("CUSTOMCRM" as const) };
  const losses = merged.lost.flatMap((lost) => {
    const value = shown(view.translation, lost.value);
    const overwritten = differing(value, fields).filter((field) => field in value && (lost.from === "GATEWAY" || due.has(`${lost.from}.${field}`)));
    return overwritten.map((field): Told => {
      const isTold = lost.from !== "GATEWAY" && wasTold(view, lost.from, field);
      const change = { ...changeOf(before, fields, field), lost: value[field] ?? null, lostFrom: lost.from, decidedBy: merged.decidedBy };
      return { ...common, isTold, change };
    });
  });
  const named = new Set(losses.filter((loss) => !loss.isTold).map((loss) => loss.change?.field));
  const changes = unit.rows
    .map((row) => row.field)
    .filter((field) => !equal(before[field], fields[field]) && !named.has(field))
    .map((field): Told => ({ ...common, isTold: false, change: changeOf(before, fields, field) }));
  const mentioned = new Set([...losses, ...changes].map((told) => told.change?.field));
  return [...losses, ...changes, ...plainWrites(view, unit, fields, due, common).filter((told) => !mentioned.has(told.change?.field))];
}

/** What is sent although the unified value stands already, such as at a first agreement: for the plan, not for the history. */
function plainWrites(
  view: View,
  unit: Unit,
  fields: Fields,
  due: ReadonlyMap<string, CanonicalValue>,
  common: { kind: HistoryKind; source: ChangeSource },
): readonly Told[] {
  return unit.rows.flatMap(({ field }): Told[] => {
    const target = systems.find((system) => due.has(`${system}.${field}`));
    if (!target) return [];
    const before = shown(view.translation, view.values[target]);
    return [{ ...common, isTold: true, change: changeOf(before, fields, field) }];
  });
}

function kindOf({ observation: { entity }, own }: View, unit: Unit, merged: Merged): HistoryKind {
  const names = unit.rows.map((row) => row.field);
  if (merged.from === "GATEWAY") return entity.conflicts.some((one) => names.includes(one.field)) ? "RESOLVED" : "UPDATED";
  return names.some((field) => systems.some((system) => own.late[system].has(field))) ? "REPAIRED" : "UPDATED";
}

/** A conflict overwrites nothing, but both values are on record from its first day. */
function conflictsTold({ observation: { entity }, values, translation }: View, unit: Unit, before: Fields): readonly Told[] {
  const [customcrm, exact] = [shown(translation, values.CUSTOMCRM), shown(translation, values.EXACT)];
  return apart(values, unit).map((field): Told => {
    const isTold = entity.conflicts.some(
      (one) => one.field === field && equal(one.customcrm, values.CUSTOMCRM[field]) && equal(one.exact, values.EXACT[field]),
    );
    const change: FieldChange = { ...changeOf(before, customcrm, field), lost: exact[field] ?? null, lostFrom: "EXACT", decidedBy: "MANUAL" };
    return { kind: "CONFLICT", source: "CUSTOMCRM", isTold, change };
  });
}

const apart = (values: { readonly [S in System]: Fields }, unit: Unit): readonly string[] =>
  unit.rows.map((row) => row.field).filter((field) => !equal(values.CUSTOMCRM[field], values.EXACT[field]));

const wasTold = ({ observation: { entity }, present }: View, system: System, field: string): boolean =>
  (entity.overruled ?? []).some((one) => one.system === system && one.field === field && equal(one.value, present[system].fields[field]));

/** What is to be overwritten and has been told. */
export const overruledOf = ({ observation, present }: View, due: ReadonlyMap<string, CanonicalValue>): readonly OverruledValue[] =>
  systems.flatMap((system) =>
    observation.flow.rows
      .filter((row) => due.has(`${system}.${row.field}`))
      .map(({ field }) => ({ system, field, value: present[system].fields[field] ?? null })),
  );

export const changeOf = (before: Fields, after: Fields, field: string): FieldChange => ({
  field,
  before: before[field] ?? null,
  after: after[field] ?? null,
  lost: null,
  lostFrom: null,
  decidedBy: null,
});
