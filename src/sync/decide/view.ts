import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import type { DataflowRow } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import { type System, systems } from "../../domain/words.js";
import type { Merged, MergeSide, Seen } from "../merge.js";
import { askedOf } from "./asked.js";
import { currentIdentity, type Translation, toIdentity, toRecordValue } from "./identity.js";
import type { Observation, Present } from "./observation.js";
import { ambiguousOn, type Explained, movedTimes } from "./own-writes.js";
import { baseOf, equal, same, type Unit, valuesOf } from "./units.js";

/** A linked pair in the form in which it is compared: references as entity ids, our own writes told from edits. */
export interface View {
  readonly observation: Observation;
  readonly translation: Translation;
  readonly own: Explained;
  readonly present: { readonly [S in System]: Present };
  /** What each side says: what it shows, but for a late write of ours, under which what a person had entered still counts. */
  readonly values: { readonly [S in System]: Fields };
  /** What each side shows. */
  readonly shows: { readonly [S in System]: Fields };
  readonly bases: { readonly [S in System]: Fields | null };
  /** What a mutation asks of fields that both systems have. */
  readonly wanted: { readonly set: Fields; readonly atOf: (fields: readonly string[]) => number; readonly seenIn: (fields: readonly string[]) => Seen } | null;
  /** Sides and fields whose time tells no order, `<system>.<field>`. */
  readonly timeUnknown: ReadonlySet<string>;
  /** Our create in Exact is linked, and Customcrm has not been told its id: that takes one write of its own. */
  readonly isIdOwed: boolean;
}

/** A unit, and what was decided about it. */
export interface Decided {
  readonly unit: Unit;
  readonly merged: Merged;
}

export function viewOf(observation: Observation, present: View["present"], own: Explained): View {
  const { flow, entity } = observation;
  const translation = translationOf(observation);
  const identities = (fields: { readonly [S in System]: Fields }) => {
    const customcrm = toIdentity(translation, "CUSTOMCRM", fields.CUSTOMCRM);
    return { CUSTOMCRM: customcrm, EXACT: toIdentity(translation, "EXACT", fields.EXACT, customcrm) };
  };
  const base = own.shadows.CUSTOMCRM && toIdentity(translation, "CUSTOMCRM", own.shadows.CUSTOMCRM);
  // A create that both sides have seen leaves nothing to ask for.
  const asked = askedOf(entity);
  const atOf = (fields: readonly string[]) => Math.max(...fields.map((field) => Date.parse(asked?.times?.[field] ?? asked?.at ?? "")));
  const seenIn = (fields: readonly string[]) => seenBy(entity, translation, fields);
  const wanted = asked && { set: currentIdentity(translation, asked.set), atOf, seenIn };
  const shows = identities({ CUSTOMCRM: present.CUSTOMCRM.fields, EXACT: present.EXACT.fields });
  const isUnder = systems.some((system) => Object.keys(own.under[system]).length > 0);
  return {
    observation,
    translation,
    own,
    present,
    values: isUnder ? identities({ CUSTOMCRM: said({ present, own }, "CUSTOMCRM"), EXACT: said({ present, own }, "EXACT") }) : shows,
    shows,
    bases: { CUSTOMCRM: base, EXACT: own.shadows.EXACT && toIdentity(translation, "EXACT", own.shadows.EXACT, base) },
    wanted,
    timeUnknown: new Set(movedTimes(entity, flow, own.landed)),
    isIdOwed: entity.externalIdOwed === true || own.landed.some((intent) => intent.operation === "CREATE" && intent.system === "EXACT"),
  };
}

/** By field, what was shown when each mutation that sets it was accepted, and what the older ones among them set. */
function seenBy({ operations = [] }: Entity, translation: Translation, fields: readonly string[]): Seen {
  const going = operations.filter((one) => !one.failure);
  return Object.fromEntries(
    fields.flatMap((field) => {
      const values = going
        .filter((one) => field in one.set)
        .flatMap(({ before, set }) => [before, set].map((one) => currentIdentity(translation, one)[field] ?? null));
      return values.length > 0 ? [[field, values] as const] : [];
    }),
  );
}

/** The record's values as they are shown, but for a late write of ours over what a person had entered. */
export const said = ({ present, own }: Pick<View, "present" | "own">, system: System): Fields => ({ ...present[system].fields, ...own.under[system] });

export const translationOf = ({ flow, references, settings }: Observation): Translation => ({ flow, references, defaultAccount: settings.defaultAccount });

/** One side of one unit, for the merge. */
export function sideOfUnit(view: View, unit: Unit, system: System): MergeSide {
  const modified = view.present[system].record.modifiedAt;
  const isOurs = isTimeless(view, unit, system) || ambiguousOn(view.own.intents, system) !== null;
  return {
    value: valuesOf(view.values[system], unit),
    base: baseOf(view.bases[system], unit),
    at: modified === null || isOurs ? null : Date.parse(modified),
    late: unit.rows.some((row) => view.own.late[system].has(row.field)),
    replaced: unit.rows.filter((row) => isReplaced(view.observation, row, system, said(view, system))).map(({ field }) => field),
    unagreed: unit.rows.some(({ field }) => view.own.edited.has(field) || isUnagreed(view, field, system)),
  };
}

/** A system took the newest mutation's value, and shows another one since: that was entered after it (R3). */
export const isReplaced = (observation: Observation, row: DataflowRow, system: System, shown: Fields): boolean =>
  replacedValue(observation, row, system, shown) !== undefined;

/** The value that was replaced; undefined: none. */
function replacedValue(observation: Observation, row: DataflowRow, system: System, shown: Fields): CanonicalValue | undefined {
  const newest = observation.entity.operations?.findLast((one) => !one.failure && row.field in one.set);
  const stood = newest?.landed?.findLast((one) => one.system === system && row.field in one.fields)?.fields;
  if (!newest || !stood || equal(shown[row.field], stood[row.field])) return undefined;
  const translation = translationOf(observation);
  const asked = toRecordValue(translation, row, system, currentIdentity(translation, newest.set)[row.field] ?? null);
  return asked.ok && equal(asked.value, stood[row.field]) ? asked.value : undefined;
}

const isTimeless = ({ timeUnknown }: View, unit: Unit, system: System): boolean =>
  timeUnknown.size > 0 && unit.rows.some((row) => timeUnknown.has(`${system}.${row.field}`));

/** The value of an ignored write, on either of its ends. */
const isUnagreed = ({ observation, present }: View, field: string, system: System): boolean =>
  observation.entity.ignored.some((one) => one.field === field && equal(one.system === system ? one.returned : one.source, present[system].fields[field]));

/** Both sides show the same, and no late write of ours that is still to be put right. */
const agree = ({ shows, own }: View, { unit, merged }: Decided): boolean =>
  same(valuesOf(shows.CUSTOMCRM, unit), valuesOf(shows.EXACT, unit)) &&
  systems.every((system) => unit.rows.every(({ field }) => !(field in own.under[system]) || equal(merged.winner?.[field], shows[system][field])));

/** The shadows from now on: where both sides agree, each side's own values (R2). */
export function agreedShadows(view: View, verdicts: readonly Decided[]): Entity["shadows"] {
  const { present, own } = view;
  const replaced = replacedBases(view, verdicts);
  const names = verdicts.filter((one) => agree(view, one)).flatMap(({ unit }) => unit.rows.map((row) => row.field));
  if (names.length === 0 && replaced === null) return own.shadows;
  const values = (system: System) => Object.fromEntries(names.map((name) => [name, present[system].fields[name] ?? null]));
  return {
    CUSTOMCRM: { ...own.shadows.CUSTOMCRM, ...replaced?.CUSTOMCRM, ...values("CUSTOMCRM") },
    EXACT: { ...own.shadows.EXACT, ...replaced?.EXACT, ...values("EXACT") },
  };
}

/**
 * What was entered where a mutation's value stood is an edit of that value, and what the other side shows its author knew of: so it
 * wins also when the mutation has ended, before it was written there. null: there is none.
 */
function replacedBases(view: View, verdicts: readonly Decided[]): { readonly [S in System]: Fields } | null {
  const found = verdicts.flatMap(({ unit, merged }) => {
    const on = merged.overtaken ? systems.find((system) => system === merged.from) : undefined;
    if (!on) return [];
    return unit.rows.flatMap((row) => {
      const stood = replacedValue(view.observation, row, on, said(view, on));
      return stood === undefined ? [] : [{ on, field: row.field, stood }];
    });
  });
  if (found.length === 0) return null;
  const basesOf = (system: System) =>
    Object.fromEntries(found.map(({ on, field, stood }) => [field, on === system ? stood : (view.present[system].fields[field] ?? null)]));
  return { CUSTOMCRM: basesOf("CUSTOMCRM"), EXACT: basesOf("EXACT") };
}

/** A side's time tells no order for a field as long as a change of it there is unsettled (R3). */
export function stillUnknown(view: View, verdicts: readonly Decided[]): readonly string[] {
  const isUnsettled = (system: System, one: Decided) => {
    const base = baseOf(view.bases[system], one.unit);
    return !agree(view, one) && (base === null || !same(base, valuesOf(view.values[system], one.unit)));
  };
  return systems
    .flatMap((system) => verdicts.filter((one) => isUnsettled(system, one)).flatMap(({ unit }) => unit.rows.map((row) => `${system}.${row.field}`)))
    .filter((name) => view.timeUnknown.has(name));
}
