import type { Fields } from "../domain/canonical.js";
import { propertyOf } from "../domain/dataflow.js";
import type { Entity, FieldChange, IgnoredWrite, Intent, RefusedWrite } from "../domain/entity.js";
import { type IsoTime, isoTime, otherSystem } from "../domain/words.js";
import { titleOf } from "./decide/label.js";
import type { Observation, Plan } from "./decide/observation.js";
import { refusable } from "./decide/obstacles.js";
import { withFailedWrite, withRefusedDelete, withUnsafe } from "./decide/operations/fail.js";
import { withLanded } from "./decide/operations/share.js";
import { afterLanding, movedTimes } from "./decide/own-writes.js";
import { equal, pick } from "./decide/units.js";
import type { WriteOutcome } from "./outcome.js";
import { plan } from "./plan.js";

/** How one intent ended. */
export interface WriteResult {
  readonly intent: Intent;
  readonly outcome: WriteOutcome;
  /** Of outcome `later`: when to try again. */
  readonly nextAttemptAt?: IsoTime | null;
}

/**
 * What follows from the outcomes of writes: the plan for the entity as it stands after them. `observation` holds the entity as
 * it was stored while they were sent, and both sides as read back; a write that could not be read back counts as ambiguous.
 */
export function settled(observation: Observation, results: readonly WriteResult[]): Plan {
  const entity = withResults(observation, results);
  // What has just failed waits its time, even where somebody waits for the answer.
  const next = plan({ ...observation, entity, urgent: false });
  const events = results
    .filter(({ outcome, intent }) => outcome.kind === "done" && intent.operation === "CREATE")
    .map(({ intent }) => createdEvent(intent, observation, next));
  return { ...next, changed: true, history: [...events, ...next.history] };
}

/** The entity as it stands after these outcomes; the same once more where they were noted already. */
export const withResults = (observation: Observation, results: readonly WriteResult[]): Entity =>
  results.reduce((before, result) => after(before, result, observation), observation.entity);

function after(entity: Entity, result: WriteResult, observation: Observation): Entity {
  const { intent, outcome } = result;
  const without = { ...entity, intents: entity.intents.filter((one) => one.id !== intent.id) };
  switch (outcome.kind) {
    case "done": {
      const side = observation.sides[intent.system];
      if (intent.undoes) return { ...without, timeUnknown: movedTimes(entity, observation.flow, [intent]) };
      if (intent.operation === "DELETE" || side.kind === "gone") return withLanded(without, observation, intent, outcome.id, null);
      if (side.kind === "none") return lostSight(entity, intent, outcome.id);
      return withLanded(landed(without, intent, outcome.id, observation), observation, intent, outcome.id, side.fields);
    }
    case "refused": {
      if (intent.undoes) return withUnsafe(without, intent.undoes, `${titleOf(intent.system)} refused it: ${outcome.message}`);
      const failed = withFailedWrite(without, observation, intent, outcome);
      if (failed) return failed;
      return {
        ...without,
        refused: [...(entity.refused ?? []).filter((one) => !isSame(one, intent)), refusedWrite(intent, outcome, observation)],
        wanted: withoutOwn(entity, intent, observation.flow.externalId),
        externalIdOwed: stillOwed(entity, intent, observation.flow.externalId),
        ...(intent.operation === "DELETE" ? operationsIn(withRefusedDelete(entity, intent, outcome)) : {}),
      };
    }
    case "ambiguous": {
      const noted = { ...entity, intents: entity.intents.map((one) => (one.id === intent.id ? { ...one, lastError: outcome.message } : one)) };
      return withFailedWrite(noted, observation, intent, outcome) ?? noted;
    }
    case "later":
      return withFailedWrite(without, observation, intent, outcome) ?? postponed(entity, intent, outcome, result.nextAttemptAt ?? outcome.retryAt, observation);
    // Read and decide again: nothing was written.
    case "modified":
      return without;
    // One answer is no proof of a deletion (R9): the feed, or a compare, will tell.
    case "missing":
      return postponed(entity, intent, missing(intent), result.nextAttemptAt ?? null, observation);
  }
}

const missing = ({ system }: Intent) => ({
  kind: "later" as const,
  code: "SYSTEM_UNAVAILABLE" as const,
  message: `${titleOf(system)} says that it has no such record any more.`,
  retryAt: null,
});

const operationsIn = ({ operations }: Entity): Pick<Entity, "operations"> => (operations ? { operations } : {});

/** Taken, and not read back yet: as good as ambiguous, except that its id is known. */
const lostSight = (entity: Entity, intent: Intent, id: string): Entity => ({ ...entity, records: { ...entity.records, [intent.system]: id } });

/**
 * Read back (R5). What came back as sent moves the shadows, on the other side to the values that it was made from: an edit made
 * there meanwhile stays an edit. What came back otherwise is left alone, neither repeated nor taken for an edit.
 */
function landed(entity: Entity, intent: Intent, id: string, { sides, flow, now }: Observation): Entity {
  const { system } = intent;
  const other = otherSystem(system);
  const [side, beside] = [sides[system], sides[other]];
  const returned: Fields = side.kind === "present" ? side.fields : {};
  const sent = Object.keys(intent.fields);
  const kept = sent.filter((field) => equal(returned[field], intent.fields[field]));
  const ignored = sent.filter((field) => !kept.includes(field));
  const isCreate = intent.operation === "CREATE";
  const records = isCreate ? { ...entity.records, [system]: id } : entity.records;
  const isPair = records.CUSTOMCRM !== null && records.EXACT !== null;
  const besideNow = beside.kind === "present" ? beside.fields : {};
  // Of a side that could not be read just now, what the write was made from is what is known.
  const made = { ...intent.source, ...besideNow };

  let shadows = afterLanding(entity.shadows, intent, kept, returned);
  if (isPair) shadows = afterLanding(shadows, withSource(intent, ignored, shadows[other], besideNow), ignored, returned);
  const properties = side.kind === "present" ? side.record.properties : {};
  const dropped = Object.keys(intent.extra ?? {}).filter((name) => name === "EndDate" && (properties[name] ?? null) === null);
  return {
    ...entity,
    records,
    shadows,
    ignored: [
      ...entity.ignored.filter((one) => one.system !== system || !(one.field in intent.fields)),
      ...ignored.map(
        (field): IgnoredWrite => ({ system, field, sent: intent.fields[field] ?? null, returned: returned[field] ?? null, source: made[field] ?? null }),
      ),
      ...dropped.map((field): IgnoredWrite => ({ system, field, sent: "", returned: null, source: null })),
    ],
    wanted: withoutOwn(entity, intent, flow.externalId),
    timeUnknown: movedTimes(entity, flow, [intent]),
    externalIdOwed: isCreate ? system === "EXACT" && isPair : stillOwed(entity, intent, flow.externalId),
    ...(isCreate ? { origin: entity.origin ?? "CREATED", linkedAt: isPair ? (entity.linkedAt ?? isoTime(now)) : entity.linkedAt } : {}),
  };
}

/** Where an ignored value came from a mutation, what the other side shows stands in for its source, unless a base is known. */
const withSource = (intent: Intent, ignored: readonly string[], shadow: Fields | null, beside: Fields): Intent => ({
  ...intent,
  source: { ...pick(beside, ignored), ...pick(shadow ?? {}, ignored), ...pick(intent.source, ignored) },
});

/** Our create in Exact owes Customcrm its id, once: any write there that carries it settles that, whatever came of it. */
const stillOwed = (entity: Entity, intent: Intent, externalId: string): boolean =>
  entity.externalIdOwed === true && !(intent.system === "CUSTOMCRM" && externalId in (intent.extra ?? {}));

/** What a mutation sets in Customcrm alone is done once it was taken, whatever was made of it. */
function withoutOwn({ wanted, type }: Entity, intent: Intent, externalId: string): Entity["wanted"] {
  const isOwn = Object.keys(intent.extra ?? {}).some((name) => name !== externalId);
  if (wanted?.kind !== "UPDATE" || intent.system !== "CUSTOMCRM" || !isOwn || type !== "PRODUCT") return wanted;
  return { ...wanted, set: Object.fromEntries(Object.entries(wanted.set).filter(([name]) => name !== "number")) };
}

const isSame = (one: RefusedWrite, intent: Intent): boolean =>
  one.system === intent.system && one.operation === intent.operation && one.fields.every((field) => field in intent.fields);

/**
 * A refusal that names a property is about that alone; what else the write held goes on (R7, R14). One that names none is taken
 * to be about the move, where the write held one beside other fields: those are tried by themselves.
 */
function refusedWrite(intent: Intent, outcome: Extract<WriteOutcome, { kind: "refused" }>, { flow, now }: Observation): RefusedWrite {
  const { system, operation } = intent;
  const common = { system, message: outcome.message, since: isoTime(now) };
  if (outcome.property === flow.externalId && system === "CUSTOMCRM") return { ...common, operation: "UPDATE", fields: [flow.externalId], properties: {} };
  const row = flow.rows.find((one) => propertyOf(one, system) === outcome.property && one.field in intent.fields);
  const moves = flow.rows.filter((one) => one.refersTo && one.field in intent.fields).map((one) => one.field);
  const named = row ? [row.field] : moves;
  const fields = operation === "UPDATE" && named.length > 0 ? named : Object.keys(intent.fields);
  return { ...common, operation, fields, properties: refusable(flow, system, intent.fields, fields) };
}

/** It has certainly not happened: unsent again, until its next attempt. A look before the write that failed was one as well. */
function postponed(
  entity: Entity,
  intent: Intent,
  outcome: Extract<WriteOutcome, { kind: "later" }>,
  nextAttemptAt: IsoTime | null,
  { now }: Observation,
): Entity {
  const intents = entity.intents.map((one) => {
    if (one.id !== intent.id) return one;
    const attempts = one.sentAt === null ? one.attempts + 1 : one.attempts;
    return { ...one, attempts, sentAt: null, quarantineUntil: null, nextAttemptAt: nextAttemptAt ?? isoTime(now), lastError: outcome.message };
  });
  const problem = {
    code: outcome.code,
    message: outcome.message || `${titleOf(intent.system)} could not be written to.`,
    system: intent.system,
    field: null,
    since: entity.problem?.code === outcome.code && entity.problem.system === intent.system ? entity.problem.since : isoTime(now),
    attempts: intent.attempts,
    nextAttemptAt,
  };
  // A detachment's own problem stands until a person ends it.
  return entity.state === "DETACHED" ? { ...entity, intents } : { ...entity, intents, problem };
}

function createdEvent(intent: Intent, { now, entity }: Observation, next: Plan): Plan["history"][number] {
  const isAsked = Object.keys(intent.source).length === 0;
  const fields = Object.keys(intent.fields).map(
    (field): FieldChange => ({ field, before: null, after: next.next.fields[field] ?? null, lost: null, lostFrom: null, decidedBy: null }),
  );
  return {
    at: isoTime(now),
    kind: "CREATED",
    source: isAsked ? "GATEWAY" : otherSystem(intent.system),
    actor: isAsked ? (entity.wanted?.actor ?? null) : null,
    fields,
  };
}
