import { isDeepStrictEqual } from "node:util";
import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import { type Dataflow, type DataflowRow, propertiesOf, propertyOf } from "../../domain/dataflow.js";
import type { Entity, Intent, ProblemCode, RefusedWrite } from "../../domain/entity.js";
import type { Properties, SystemRecord } from "../../domain/record.js";
import { isRequired, maxLengthIn } from "../../domain/required.js";
import { type IsoTime, isoTime, type System, type WriteOperation } from "../../domain/words.js";
import { titleOf } from "./label.js";
import type { Observation } from "./observation.js";
import { ambiguousOn, quarantineEnd } from "./own-writes.js";
import { equal } from "./units.js";

/** Why something is not done, and until when. */
export interface Obstacle {
  readonly code: ProblemCode;
  readonly message: string;
  readonly system: System | null;
  readonly field: string | null;
  readonly until: IsoTime | null;
  readonly attempts?: number;
}

/** Why nothing may be written now, on any side; a mutation goes through while its dataflow is paused, but not before first contact is confirmed. */
export function pausedFor({ settings }: Pick<Observation, "settings">, isMutation: boolean): Obstacle | null {
  if (!settings.firstContactConfirmed) {
    const message = settings.paused?.message ?? "First contact: nothing is written until a person has seen the plan and resumes the dataflow.";
    return { code: "PAUSED", message, system: null, field: null, until: null };
  }
  if (!settings.paused || isMutation) return null;
  return { code: "PAUSED", message: settings.paused.message, system: null, field: null, until: null };
}

/** A record that could not be read is tried again after this time. */
export const readAgainMs = 30_000;

/** Why nothing may be written to this side now: a write there whose outcome nobody knows, or an attempt that must wait. */
export function blockOn({ entity, now, settings, urgent, unseen }: Observation, intents: readonly Intent[], system: System): Obstacle | null {
  const ambiguous = ambiguousOn(intents, system);
  if (ambiguous) {
    const end = quarantineEnd(ambiguous, settings.quarantineMs);
    const common = { code: "QUARANTINE", system, field: null, attempts: ambiguous.attempts } as const;
    if (now < end) {
      const message = `The answer to a write to ${titleOf(system)} was lost. It may still land until ${isoTime(end)}; nothing is sent to this record before.`;
      return { ...common, message, until: isoTime(end) };
    }
    if (unseen?.includes(ambiguous.id)) {
      const message = `The answer to a write to ${titleOf(system)} was lost, and its record could not be read since. Nothing is sent to it before it has been.`;
      return { ...common, message, until: isoTime(now + readAgainMs) };
    }
    const message = `The answer to a create in ${titleOf(system)} was lost. It must be looked for there before it is repeated.`;
    return { ...common, message, until: isoTime(now) };
  }
  const waiting = urgent ? undefined : intents.find((intent) => intent.system === system && isBackingOff(intent, now));
  if (!waiting) return null;
  const passing: readonly ProblemCode[] = ["SYSTEM_UNAVAILABLE", "RATE_LIMITED", "NOT_AUTHORIZED"];
  const code = entity.problem?.system === system && passing.includes(entity.problem.code) ? entity.problem.code : "SYSTEM_UNAVAILABLE";
  return {
    code,
    message: waiting.lastError ?? `${titleOf(system)} could not be written to.`,
    system,
    field: null,
    until: waiting.nextAttemptAt,
    attempts: waiting.attempts,
  };
}

/** It never left the house, and its next attempt is still to come. */
export const isBackingOff = (intent: Intent, now: number): boolean =>
  intent.sentAt === null && intent.nextAttemptAt !== null && Date.parse(intent.nextAttemptAt) > now;

/** Why the system would refuse this value for good: known beforehand, it costs no call, and none of the few errors that Exact allows. */
export function refusedUnsent(flow: Dataflow, row: DataflowRow, system: System, value: CanonicalValue): Obstacle | null {
  if (value === null) return isRequired(flow, row, system) ? missing(row, system) : null;
  const limit = maxLengthIn(flow, row, system);
  if (limit === null || value.length <= limit) return null;
  const message = `${titleOf(system)} takes at most ${limit} characters of ${propertyOf(row, system)}, and ${row.field} has ${value.length}. It was not sent: shorten it.`;
  return { code: "REFUSED_BY_SYSTEM", message, system, field: row.field, until: null };
}

function missing(row: DataflowRow, system: System): Obstacle {
  const common = { system, field: row.field, until: null };
  if (row.field === "lastName") {
    return { ...common, code: "NO_LAST_NAME", message: "Customcrm needs a last name, and Exact Online has none. Give the person one in Exact Online." };
  }
  if (row.field === "number") {
    return { ...common, code: "REFUSED_BY_SYSTEM", message: `${titleOf(system)} needs a code for an item. Give the product a number in Customcrm.` };
  }
  return { ...common, code: "REFUSED_BY_SYSTEM", message: `${titleOf(system)} does not take an empty ${row.field}. Fill it in, or set it back.` };
}

/** The system took this very value before and returned another; neither side has changed since (R5). */
export const isIgnored = (entity: Entity, system: System, field: string, toSend: CanonicalValue, current: CanonicalValue): boolean =>
  entity.ignored.some((one) => one.system === system && one.field === field && equal(one.sent, toSend) && equal(one.returned, current));

export function ignoredObstacle(flow: Dataflow, system: System, field: string): Obstacle {
  const row = flow.rows.find((one) => one.field === field);
  const name = row ? propertyOf(row, system) : field;
  const message = `${titleOf(system)} took ${name} without complaint and kept another value. It is left alone until either side's value changes, or retry is called.`;
  return { code: "IGNORED_BY_SYSTEM", message, system, field, until: null };
}

/** What was refused for good and would be sent again unchanged (R14). */
export function refusalsOf(flow: Dataflow, entity: Entity, system: System, operation: WriteOperation, fields: Fields): readonly RefusedWrite[] {
  return (entity.refused ?? []).filter(
    (one) =>
      one.system === system &&
      one.operation === operation &&
      // A refusal of a write without fields is about that very kind of write.
      one.fields.length > 0 === Object.keys(fields).length > 0 &&
      one.fields.every((field) => field in fields) &&
      isDeepStrictEqual({ ...one.properties }, refusable(flow, system, fields, one.fields)) &&
      (operation !== "CREATE" || one.fields.length === Object.keys(fields).length),
  );
}

export const refusable = (flow: Dataflow, system: System, fields: Fields, names: readonly string[]): Properties =>
  propertiesOf(flow, system, Object.fromEntries(names.map((name) => [name, fields[name] ?? null])));

export function refusalObstacle(one: RefusedWrite): Obstacle {
  const what = one.fields.length > 0 ? one.fields.join(", ") : `the ${one.operation.toLowerCase()}`;
  const message = `${titleOf(one.system)} refused ${what}: ${one.message}`;
  return { code: "REFUSED_BY_SYSTEM", message, system: one.system, field: one.fields.length === 1 ? (one.fields[0] ?? null) : null, until: null };
}

/** A person was made unrecognisable in Exact: nothing is written to that record again. */
export const isAnonymised = (record: SystemRecord): boolean => record.system === "EXACT" && [1, "1", true].includes(record.properties.IsAnonymised as never);
