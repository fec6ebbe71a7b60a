import type { Fields } from "../../domain/canonical.js";
import type { Entity } from "../../domain/entity.js";
import { isoTime, otherSystem, systems } from "../../domain/words.js";
import { askedOf } from "./asked.js";
import { conflictsOf, overruledOf, toldOf } from "./consequences.js";
import { type Draft, newestTime, planOf, storedFields } from "./draft.js";
import { externalIdFor, externalIdRefusals, ownProperties } from "./extras.js";
import { planFrozen } from "./frozen.js";
import { shown, toRecordValue } from "./identity.js";
import { nameOfFields, titleOf } from "./label.js";
import type { Observation, Plan, Present } from "./observation.js";
import type { Obstacle } from "./obstacles.js";
import { ignoredObstacle, isAnonymised } from "./obstacles.js";
import { withOvertaken } from "./overtaken.js";
import { explain } from "./own-writes.js";
import { type Sending, sendingOf } from "./sending.js";
import { equal, pick, same, unitsOf } from "./units.js";
import { type Verdict, verdictOn } from "./verdict.js";
import { agreedShadows, stillUnknown, type View, viewOf } from "./view.js";

/** What a linked pair needs: each unit is merged (R3 to R5), then what must change is sent, as far as nothing holds it back. */
export function planPair(observation: Observation, customcrm: Present, exact: Present): Plan {
  const own = explain(observation);
  if (isAnonymised(exact.record) || observation.entity.state === "DETACHED") return planFrozen(observation, own, customcrm, exact);

  const view = viewOf(observation, { CUSTOMCRM: customcrm, EXACT: exact }, own);
  const verdicts = unitsOf(observation.flow).map((unit) => verdictOn(view, unit));
  return planOf(observation, draftOf(view, verdicts, sendingOf(view, verdicts)));
}

function draftOf(view: View, verdicts: readonly Verdict[], sending: Sending): Draft {
  const { observation, present, own } = view;
  const { entity, flow, now } = observation;
  const stored = storedFields(observation);
  const fields = unifiedFields(view, stored, verdicts);
  const shadows = agreedShadows(view, verdicts);
  const conflicts = verdicts.filter((one) => one.merged.conflict).flatMap((one) => conflictsOf(view, one.unit));
  const ignored = stillIgnored(view);
  const outcome = outcomeOf(
    verdicts,
    sending,
    conflicts,
    ignored.filter((one) => isShown(view, one) && isStillAsked(view, one)).map((one) => ignoredObstacle(flow, one.system, one.field)),
  );
  const isSettling = entity.state !== "LINKED" || !sameShadows(entity.shadows, shadows) || !same(stored, fields);
  const created = own.landed.find((intent) => intent.operation === "CREATE");
  return {
    ...outcome,
    reason: reasonOf(fields, outcome.obstacle, verdicts, sending),
    writes: sending.writes,
    told: [
      ...(created ? [{ kind: "CREATED" as const, source: otherSystem(created.system), change: null, isTold: false }] : []),
      ...verdicts.flatMap((one) => toldOf(view, one, stored, fields, sending.due)),
    ],
    next: {
      fields,
      shadows,
      conflicts,
      candidates: [],
      review: null,
      intents: own.intents.flatMap((intent) => withOvertaken(view, verdicts, intent)),
      ignored,
      refused: [...sending.refusals, ...externalIdRefusals(flow, entity)],
      wanted: stillWanted(view, verdicts, sending),
      overruled: overruledOf(view, sending.due),
      timeUnknown: stillUnknown(view, verdicts),
      externalIdOwed: view.isIdOwed && externalIdFor(flow, entity, present.CUSTOMCRM.record) !== null,
      modifiedAt: newestTime(entity, present.CUSTOMCRM.record.modifiedAt, present.EXACT.record.modifiedAt),
      syncedAt: outcome.state === "LINKED" && isSettling ? isoTime(now) : entity.syncedAt,
      ...(created ? { origin: entity.origin ?? "CREATED", linkedAt: entity.linkedAt ?? isoTime(now) } : {}),
    },
  };
}

/** The value that stands or will win; where nothing says so, what was shown before. */
function unifiedFields({ translation, values }: View, stored: Fields, verdicts: readonly Verdict[]): Fields {
  const before = { ...values.CUSTOMCRM, ...stored };
  const names = (one: Verdict) => one.unit.rows.map((row) => row.field);
  return shown(translation, Object.assign({}, ...verdicts.map((one) => one.merged.winner ?? pick(before, names(one)))));
}

const sameShadows = (a: Entity["shadows"], b: Entity["shadows"]): boolean => systems.every((system) => same(a[system] ?? {}, b[system] ?? {}));

/** In the order in which it matters to a person: what moves by itself, what failed, what must be decided, what waits. */
function outcomeOf(
  verdicts: readonly Verdict[],
  sending: Sending,
  conflicts: Entity["conflicts"],
  ignored: readonly Obstacle[],
): Pick<Draft, "kind" | "state" | "obstacle"> {
  const failing = [...sending.refused, ...verdicts.flatMap((one) => one.failing), ...ignored];
  const asking = conflicts.map(conflictObstacle);
  const waiting = verdicts.flatMap((one) => one.waiting);
  const obstacle = [...sending.held, ...failing, ...asking, ...waiting][0] ?? null;
  if (sending.writes.length > 0) return { kind: "UPDATE", state: "PENDING", obstacle };
  if (sending.held.length > 0) return { kind: "WAIT", state: "PENDING", obstacle };
  if (failing.length > 0) return { kind: "NONE", state: "FAILED", obstacle };
  if (asking.length > 0) return { kind: "CONFLICT", state: "CONFLICT", obstacle };
  if (waiting.length > 0) return { kind: "WAIT", state: "WAITING", obstacle };
  return { kind: "NONE", state: "LINKED", obstacle: null };
}

const conflictObstacle = ({ field, customcrm, exact }: Entity["conflicts"][number]): Obstacle => ({
  code: "CONFLICT",
  message: `${field} is ${quoted(customcrm)} in Customcrm and ${quoted(exact)} in Exact Online. Choose with resolveConflict.`,
  system: null,
  field,
  until: null,
});

const quoted = (value: string | null): string => (value === null ? "empty" : `"${value}"`);

function reasonOf(fields: Fields, obstacle: Obstacle | null, verdicts: readonly Verdict[], sending: Sending): string {
  const sources = { CUSTOMCRM: "Customcrm's value", EXACT: "Exact Online's value", GATEWAY: "asked for through the gateway" };
  const said = sending.writes.map((write) => {
    const names = Object.keys(write.fields);
    if (names.length === 0) return `${titleOf(write.system)} gets ${Object.keys(write.extra).join(", ")}.`;
    const decided = verdicts.filter((one) => one.unit.rows.some((row) => names.includes(row.field)));
    const why = [...new Set(decided.flatMap((one) => one.merged.from ?? []))].map((one) => sources[one]);
    return `${titleOf(write.system)} gets ${names.join(", ")}: ${why.join(", ")}.`;
  });
  if (obstacle) said.push(obstacle.message);
  return said.join(" ") || `Both sides agree on ${nameOfFields(fields) || "it"}.`;
}

/** The record still shows what it showed when it ignored a write. */
const isShown = ({ present }: View, { system, field, returned }: Entity["ignored"][number]): boolean => equal(present[system].fields[field], returned);

/** The other side still asks for what the record ignored. */
function isStillAsked({ observation, present, translation, values }: View, one: Entity["ignored"][number]): boolean {
  const row = observation.flow.rows.find((candidate) => candidate.field === one.field);
  if (!row) return false;
  const other = otherSystem(one.system);
  const again = toRecordValue(translation, row, one.system, values[other][one.field] ?? null);
  return equal(present[other].fields[one.field], one.source) || (again.ok && equal(again.value, one.sent));
}

/**
 * An ignored value is remembered while the two sides are apart in it, whatever they show meanwhile: what takes its place replaces
 * what stands only there (I4), and where both come to show again what they showed, neither has changed, though they never agreed.
 */
const stillIgnored = ({ observation: { entity, flow }, values }: View): Entity["ignored"] =>
  entity.ignored.filter(({ field }) => flow.rows.some((row) => row.field === field) && !equal(values.CUSTOMCRM[field], values.EXACT[field]));

/** What of a mutation is not yet on both sides and still can get there. */
function stillWanted({ observation: { entity, flow }, present }: View, verdicts: readonly Verdict[], sending: Sending): Entity["wanted"] {
  const wanted = askedOf(entity);
  if (wanted === null) return null;
  const isOpen = (one: Verdict) => one.isWanted && (one.waiting.length > 0 || systems.some((system) => Object.keys(one.send[system]).length > 0));
  const refused = new Set(sending.refusals.flatMap((one) => one.fields));
  const names = verdicts.filter(isOpen).flatMap((one) => one.unit.rows.map((row) => row.field).filter((field) => !refused.has(field)));
  const hasOwn = Object.keys(ownProperties(flow, entity, present.CUSTOMCRM.record)).length > 0;
  const own = Object.keys(wanted.set).filter((name) => hasOwn && !flow.rows.some((row) => row.field === name));
  const set = pick(wanted.set, [...names, ...own]);
  return Object.keys(set).length > 0 ? { ...wanted, set } : null;
}
