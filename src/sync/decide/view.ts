import type { Fields } from "../../domain/canonical.js";
import type { Entity } from "../../domain/entity.js";
import { type System, systems } from "../../domain/words.js";
import type { MergeSide } from "../merge.js";
import { askedOf } from "./asked.js";
import { currentIdentity, type Translation, toIdentity } from "./identity.js";
import type { Observation, Present } from "./observation.js";
import { ambiguousOn, type Explained } from "./own-writes.js";
import { baseOf, equal, same, type Unit, unitsOf, valuesOf } from "./units.js";

/** A linked pair in the form in which it is compared: references as entity ids, our own writes told from edits. */
export interface View {
  readonly observation: Observation;
  readonly translation: Translation;
  readonly own: Explained;
  readonly present: { readonly [S in System]: Present };
  readonly values: { readonly [S in System]: Fields };
  readonly bases: { readonly [S in System]: Fields | null };
  /** What a mutation asks of fields that both systems have. */
  readonly wanted: { readonly set: Fields; readonly atOf: (fields: readonly string[]) => number } | null;
  /** Sides and fields whose time tells no order, `<system>.<field>`. */
  readonly timeUnknown: ReadonlySet<string>;
  /** Our create in Exact is linked, and Customcrm has not been told its id: that takes one write of its own. */
  readonly isIdOwed: boolean;
}

export function viewOf(observation: Observation, present: View["present"], own: Explained): View {
  const { flow, entity } = observation;
  const translation = translationOf(observation);
  const customcrm = toIdentity(translation, "CUSTOMCRM", present.CUSTOMCRM.fields);
  const base = own.shadows.CUSTOMCRM && toIdentity(translation, "CUSTOMCRM", own.shadows.CUSTOMCRM);
  // A create that both sides have seen leaves nothing to ask for.
  const asked = askedOf(entity);
  const atOf = (fields: readonly string[]) => Math.max(...fields.map((field) => Date.parse(asked?.times?.[field] ?? asked?.at ?? "")));
  const wanted = asked && { set: currentIdentity(translation, asked.set), atOf };
  const landed = own.landed.flatMap((intent) => flow.rows.map((row) => `${intent.system}.${row.field}`));
  return {
    observation,
    translation,
    own,
    present,
    values: { CUSTOMCRM: customcrm, EXACT: toIdentity(translation, "EXACT", present.EXACT.fields, customcrm) },
    bases: { CUSTOMCRM: base, EXACT: own.shadows.EXACT && toIdentity(translation, "EXACT", own.shadows.EXACT, base) },
    wanted,
    timeUnknown: new Set([...(entity.timeUnknown ?? []), ...landed]),
    isIdOwed: entity.externalIdOwed === true || own.landed.some((intent) => intent.operation === "CREATE" && intent.system === "EXACT"),
  };
}

export const translationOf = ({ flow, references, settings }: Observation): Translation => ({ flow, references, defaultAccount: settings.defaultAccount });

/** One side of one unit, for the merge. */
export function sideOfUnit(view: View, unit: Unit, system: System): MergeSide {
  const modified = view.present[system].record.modifiedAt;
  const isOurs = unit.rows.some((row) => view.timeUnknown.has(`${system}.${row.field}`)) || ambiguousOn(view.own.intents, system) !== null;
  return {
    value: valuesOf(view.values[system], unit),
    base: baseOf(view.bases[system], unit),
    at: modified === null || isOurs ? null : Date.parse(modified),
    late: unit.rows.some((row) => view.own.late[system].has(row.field)),
    unagreed: unit.rows.some(({ field }) => isUnagreed(view, field, system)),
  };
}

/** The value of an ignored write, on either of its ends. */
const isUnagreed = ({ observation, present }: View, field: string, system: System): boolean =>
  observation.entity.ignored.some((one) => one.field === field && equal(one.system === system ? one.returned : one.source, present[system].fields[field]));

/** Both sides say the same. */
const agree = ({ values }: View, unit: Unit): boolean => same(valuesOf(values.CUSTOMCRM, unit), valuesOf(values.EXACT, unit));

/** The shadows from now on: where both sides agree, each side's own values (R2). */
export function agreedShadows(view: View): Entity["shadows"] {
  const { observation, present, own } = view;
  const names = unitsOf(observation.flow)
    .filter((unit) => agree(view, unit))
    .flatMap((unit) => unit.rows.map((row) => row.field));
  if (names.length === 0) return own.shadows;
  const values = (system: System) => Object.fromEntries(names.map((name) => [name, present[system].fields[name] ?? null]));
  return {
    CUSTOMCRM: { ...own.shadows.CUSTOMCRM, ...values("CUSTOMCRM") },
    EXACT: { ...own.shadows.EXACT, ...values("EXACT") },
  };
}

/** A side's time tells no order for a field as long as a change of it there is unsettled (R3). */
export function stillUnknown(view: View): readonly string[] {
  const isUnsettled = (system: System, unit: Unit) => {
    const base = baseOf(view.bases[system], unit);
    return !agree(view, unit) && (base === null || !same(base, valuesOf(view.values[system], unit)));
  };
  const units = unitsOf(view.observation.flow);
  return systems
    .flatMap((system) => units.filter((unit) => isUnsettled(system, unit)).flatMap((unit) => unit.rows.map((row) => `${system}.${row.field}`)))
    .filter((name) => view.timeUnknown.has(name));
}
