import type { Fields } from "../../domain/canonical.js";
import type { Dataflow } from "../../domain/dataflow.js";
import type { Entity, Intent } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import { isoTime, otherSystem, type System } from "../../domain/words.js";
import type { Observation } from "./observation.js";
import { equal, pick } from "./units.js";

/** What our own open writes explain of what the two sides show. */
export interface Explained {
  /** The shadows, moved on by what has landed. */
  readonly shadows: Entity["shadows"];
  /** What is still owed, or may still land; and what came late, so that it is known again until it is put right. */
  readonly intents: readonly Intent[];
  /** Seen to have landed although no answer came: updates, and creates whose record was found (R8). */
  readonly landed: readonly Intent[];
  /** Per side, the fields that show a write of ours which was given up and landed late. */
  readonly late: { readonly [S in System]: ReadonlySet<string> };
  /** Per side, what a person had entered where now a write of ours shows that had been overtaken by it: that still counts. */
  readonly under: { readonly [S in System]: Fields };
  /** Fields of a write that landed, and shows no more: an edit came after it. */
  readonly edited: ReadonlySet<string>;
}

/**
 * Tells our own writes from edits, by value (R8, SYNC.md "late writes"). A value that equals an open intent has landed: the
 * shadow moves to it, and the other side's to the values it was made from, not to what that side shows by now. A value that
 * equals only a given-up intent came late: nobody's edit. A write lands whole: where one of its values shows, any other value
 * in a field of it was entered after it.
 */
export function explain(observation: Observation): Explained {
  const { entity, sides } = observation;
  const open = entity.intents.flatMap((intent) => aged(intent, observation));
  let shadows = entity.shadows;
  const landed: Intent[] = [];
  const intents: Intent[] = [];
  const edited = new Set<string>();
  for (const intent of open) {
    const side = sides[intent.system];
    if (intent.sentAt === null || intent.givenUpAt || side.kind !== "present" || intent.operation === "DELETE") {
      intents.push(intent);
      continue;
    }
    const fields = intent.operation === "CREATE" ? held(intent, side.fields) : arrived(intent, side.fields, shadows[intent.system]);
    if (fields.length === 0 && intent.operation !== "CREATE") {
      intents.push(intent);
      continue;
    }
    landed.push(intent);
    const stale = fields.filter((field) => field in (intent.overtaken ?? {}));
    const newer = intent.operation === "CREATE" ? [] : editedAfter(intent, side.fields);
    for (const field of newer) edited.add(field);
    shadows = afterLanding(shadows, intent, [...fields.filter((field) => !stale.includes(field)), ...newer]);
    if (stale.length > 0) intents.push({ ...intent, fields: pick(intent.fields, stale), givenUpAt: isoTime(observation.now) });
  }
  const arrivedLate = (system: System): readonly { readonly intent: Intent; readonly field: string }[] => {
    const side = sides[system];
    if (side.kind !== "present") return [];
    const givenUp = intents.filter((intent) => intent.system === system && intent.givenUpAt && intent.operation === "UPDATE");
    return givenUp.flatMap((intent) => cameLate(intent, side.fields, shadows[system]).map((field) => ({ intent, field })));
  };
  const late = { CUSTOMCRM: arrivedLate("CUSTOMCRM"), EXACT: arrivedLate("EXACT") };
  const isUnder = ({ intent, field }: (typeof late)["EXACT"][number]) => field in (intent.overtaken ?? {});
  const lateOn = (system: System) => new Set(late[system].filter((one) => !isUnder(one)).map((one) => one.field));
  const underOn = (system: System): Fields =>
    Object.fromEntries(late[system].filter(isUnder).map(({ intent, field }) => [field, intent.overtaken?.[field] ?? null]));
  return {
    shadows,
    landed,
    intents,
    edited,
    late: { CUSTOMCRM: lateOn("CUSTOMCRM"), EXACT: lateOn("EXACT") },
    under: { CUSTOMCRM: underOn("CUSTOMCRM"), EXACT: underOn("EXACT") },
  };
}

/** Sides and fields whose time tells no order (R3), after these writes as well: each moves its record's time for all of its fields. */
export const movedTimes = ({ timeUnknown = [] }: Entity, { rows }: Dataflow, writes: readonly Pick<Intent, "system">[]): readonly string[] => [
  ...new Set([...timeUnknown, ...writes.flatMap(({ system }) => rows.map(({ field }) => `${system}.${field}`))]),
];

/** The shadows once these fields of a write stand on its side. Without a source nothing is known of the other side yet. */
export function afterLanding(shadows: Entity["shadows"], intent: Intent, fields: readonly string[], returned: Fields = intent.fields): Entity["shadows"] {
  const sourced = fields.filter((field) => field in intent.source);
  const other = otherSystem(intent.system);
  if (sourced.length === 0) return shadows;
  return {
    ...shadows,
    [intent.system]: { ...shadows[intent.system], ...pick(returned, sourced) },
    [other]: { ...shadows[other], ...pick(intent.source, sourced) },
  };
}

/** What a new record holds as it was sent. Of the rest nobody knows whether it was dropped or edited: there the base is unknown (R4). */
const held = (intent: Intent, now: Fields): readonly string[] => Object.keys(intent.fields).filter((field) => equal(now[field], intent.fields[field]));

/** The fields that hold the intent's value and did not hold it before. */
const arrived = (intent: Intent, now: Fields, shadow: Fields | null): readonly string[] =>
  Object.keys(intent.fields).filter(
    (field) => equal(now[field], intent.fields[field]) && !(shadow !== null && field in shadow && equal(now[field], shadow[field])),
  );

/** The fields that hold neither what the write put there nor what it replaced: somebody has edited them since. */
const editedAfter = ({ fields, over = {} }: Intent, now: Fields): readonly string[] =>
  Object.keys(fields).filter((field) => field in over && !equal(now[field], fields[field]) && !equal(now[field], over[field]));

/**
 * The fields that hold what a given-up write put there. An empty field alone is no evidence of that: anybody may have emptied it
 * since, and by assumption A1 nothing lands any more.
 */
function cameLate(intent: Intent, now: Fields, shadow: Fields | null): readonly string[] {
  const fields = arrived(intent, now, shadow);
  return fields.some((field) => intent.fields[field] !== null || field in (intent.overtaken ?? {})) ? fields : [];
}

/**
 * Where an intent stands at this time: dropped, kept, or given up. A delete not seen by the end of its quarantine is dropped, an
 * update given up if its record was read since; a create only after it was looked for. One that was found, and whose record is gone
 * again, leaves nothing to look for.
 */
function aged(intent: Intent, observation: Observation): readonly Intent[] {
  const { now, sides, settings, lookedFor, unseen } = observation;
  if (intent.givenUpAt) return now - Date.parse(intent.givenUpAt) > limits.sync.lateWritesMs ? [] : [intent];
  if (intent.sentAt === null) return intent.nextAttemptAt !== null ? [intent] : [];
  if (intent.operation === "CREATE" && sides[intent.system].kind === "gone") return [];
  if (now < quarantineEnd(intent, settings.quarantineMs)) return [intent];
  if (intent.operation === "DELETE") return [];
  if (intent.operation === "CREATE" && !lookedFor?.includes(intent.id) && sides[intent.system].kind !== "present") return [intent];
  if (unseen?.includes(intent.id)) return [intent];
  return arrivedAtLast(intent, observation) ? [intent] : [{ ...intent, givenUpAt: isoTime(now) }];
}

function arrivedAtLast(intent: Intent, { sides, entity }: Observation): boolean {
  const side = sides[intent.system];
  if (side.kind !== "present") return false;
  return intent.operation === "CREATE" || arrived(intent, side.fields, entity.shadows[intent.system]).length > 0;
}

/** When a write whose answer was lost can no longer land (assumption A1). */
export const quarantineEnd = (intent: Intent, quarantineMs: number): number =>
  intent.quarantineUntil !== null ? Date.parse(intent.quarantineUntil) : Date.parse(intent.sentAt ?? "") + quarantineMs;

/** The write that nobody knows the outcome of, on this side. While there is one, nothing more is written to that record. */
export const ambiguousOn = (intents: readonly Intent[], system: System): Intent | null =>
  intents.find((intent) => intent.system === system && intent.sentAt !== null && !intent.givenUpAt) ?? null;
