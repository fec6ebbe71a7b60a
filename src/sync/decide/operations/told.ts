import type { Entity, Intent, OpenOperation } from "../../../domain/entity.js";
import type { Operation, SystemWrite, SystemWriteStatus, UserError, WriteStatus } from "../../../domain/operation.js";
import { isoTime, type System } from "../../../domain/words.js";
import { titleOf } from "../label.js";
import type { Observation, Plan } from "../observation.js";
import { quarantineEnd } from "../own-writes.js";
import { ownFields, shareOf } from "./share.js";
import { isCounterpartComing, laterOf, type Standing, strictFirst } from "./standing.js";

/** The operation as its client may read it now. `planned` is the plan that is stored with it. */
export function operationOf(observation: Observation, planned: Plan, operation: OpenOperation, standing: Standing): Operation {
  const status = statusOf(observation, planned, operation, standing);
  return {
    id: operation.id,
    kind: operation.kind,
    type: observation.entity.type,
    entityId: observation.entity.id,
    set: operation.set,
    status,
    writes: strictFirst.map((system) => writeOn(observation, planned, operation, standing, system, status)),
    userErrors: errorsOf(observation, operation, standing, status),
    startedAt: operation.at,
    finishedAt: status === "PENDING" ? null : isoTime(observation.now),
    onPartialFailure: operation.onPartialFailure,
  };
}

function statusOf({ entity }: Observation, planned: Plan, operation: OpenOperation, standing: Standing): WriteStatus {
  const { failure, landed = [], set, kind } = operation;
  if (!standing.isOver) return "PENDING";
  if (failure) return failure.unsafe !== null || (kind === "DELETE" && landed.length > 0) ? "PARTIAL" : "REJECTED";
  if (kind === "DELETE") return planned.ended ? "APPLIED" : landed.length > 0 ? "PARTIAL" : "REJECTED";
  if (planned.ended) return "REJECTED";
  if (kind === "CREATE") return standing.ignored.length > 0 ? "PARTIAL" : "APPLIED";
  if (standing.disputed.length > 0) return "PARTIAL";
  const own = ownFields(entity, operation);
  const stands = own.filter((field) => !standing.overtaken.includes(field) && isHeldSomewhere(standing, field));
  if (stands.length === 0 && Object.keys(set).length > 0) return standing.left.length > 0 ? "PARTIAL" : "REJECTED";
  return standing.ignored.length > 0 ? "PARTIAL" : "APPLIED";
}

/** What only Customcrm has is no field of the comparison: it was taken if nothing asks for it any more. */
function isHeldSomewhere({ sides }: Standing, field: string): boolean {
  const compared = strictFirst.flatMap((system) => (sides[system] ? [sides[system]] : []));
  const isCompared = compared.some((one) => [...one.held, ...one.ignored, ...one.other].includes(field));
  return !isCompared || compared.some((one) => one.held.includes(field));
}

function writeOn(observation: Observation, planned: Plan, operation: OpenOperation, standing: Standing, system: System, status: WriteStatus): SystemWrite {
  const { next } = planned;
  const { entity } = observation;
  const landed = (operation.landed ?? []).filter((one) => one.system === system);
  const intent = planned.writes.some((one) => one.system === system && !one.undoes) ? null : intentOn(observation, next, operation, system);
  const state = writeStatusOn(observation, planned, operation, standing, system, status);
  const problem = next.problem && (next.problem.system === system || next.problem.system === null) ? next.problem : null;
  const isPending = state === "PENDING";
  const isCreated = operation.kind === "UPDATE" && entity.records[system] === null && isPending;
  const error = state === "REJECTED" ? errorOn(operation, standing, system) : isPending ? (intent?.lastError ?? problem?.message ?? null) : null;
  const names = Object.keys(operation.set);
  return {
    system,
    status: state,
    operation: isCreated ? "CREATE" : operation.kind,
    fields:
      landed.length > 0 && operation.kind === "UPDATE" ? [...new Set(landed.flatMap((one) => fieldNames(one, names)))] : state === "NOT_NEEDED" ? [] : names,
    recordId: next.records[system] ?? entity.records[system] ?? landed[0]?.recordId ?? null,
    error,
    nextAttemptAt: isPending ? (waitingUntil(observation, intent) ?? problem?.nextAttemptAt ?? null) : null,
  };
}

/** Beside the mapped fields a write may carry what only Customcrm has. */
const fieldNames = (write: Pick<Intent, "fields" | "extra">, names: readonly string[]): readonly string[] => {
  const extras = Object.keys(write.extra ?? {}).map((name) => name.charAt(0).toLowerCase() + name.slice(1));
  return [...Object.keys(write.fields), ...extras.filter((name) => names.includes(name))];
};

function writeStatusOn(
  observation: Observation,
  planned: Plan,
  operation: OpenOperation,
  standing: Standing,
  system: System,
  status: WriteStatus,
): SystemWriteStatus {
  const { failure, kind, landed = [], undone = [] } = operation;
  const hasLanded = landed.some((one) => one.system === system);
  const isOpen = intentOn(observation, planned.next, operation, system) !== null;
  if (failure) {
    if (hasLanded) return status === "PENDING" ? "PENDING" : "APPLIED";
    if (isOpen && status === "PENDING") return "PENDING";
    if (undone.includes(system)) return "ROLLED_BACK";
    return failure.system === system && isRefusal(failure.code) ? "REJECTED" : "NOT_SENT";
  }
  if ((standing.sides[system]?.ignored.length ?? 0) > 0) return "REJECTED";
  if (isOpen) return "PENDING";
  if (kind === "DELETE") return deletedOn(observation, planned, operation, system, hasLanded, status);
  if (hasLanded) return "APPLIED";
  if (kind === "CREATE" && planned.next.records[system] !== null) return "APPLIED";
  if (status === "REJECTED") return "NOT_SENT";
  if (status !== "PENDING") return "NOT_NEEDED";
  return isToBeWritten(observation, planned, standing, system, kind) ? "PENDING" : "NOT_NEEDED";
}

const isRefusal = (code: string): boolean => code !== "RATE_LIMITED" && code !== "SYSTEM_UNAVAILABLE" && code !== "PAUSED";

function deletedOn(
  { entity, sides }: Observation,
  planned: Plan,
  operation: OpenOperation,
  system: System,
  hasLanded: boolean,
  status: WriteStatus,
): SystemWriteStatus {
  if (hasLanded) return "APPLIED";
  const isThere = entity.records[system] !== null && sides[system].kind !== "gone";
  if (status === "PENDING") return isThere ? "PENDING" : "NOT_NEEDED";
  if (!isThere || planned.ended) return "NOT_NEEDED";
  return operation.failure?.system === system || status === "PARTIAL" ? "REJECTED" : "NOT_SENT";
}

function isToBeWritten({ entity }: Observation, { next }: Plan, standing: Standing, system: System, kind: OpenOperation["kind"]): boolean {
  if (entity.records[system] === null) return kind === "CREATE" || isCounterpartComing(next);
  const fields = standing.sides[system];
  return fields === null || fields.other.length > 0;
}

/** The write that is owed to a side for it, or may have reached it. */
function intentOn(observation: Observation, next: Entity, operation: OpenOperation, system: System): Intent | null {
  const open = next.intents.filter((intent) => intent.system === system && !intent.givenUpAt);
  return open.find((intent) => intent.undoes === operation.id || shareOf(observation, operation, intent) !== null) ?? null;
}

const waitingUntil = ({ settings }: Observation, intent: Intent | null): string | null =>
  intent === null ? null : intent.sentAt !== null ? isoTime(quarantineEnd(intent, settings.quarantineMs)) : intent.nextAttemptAt;

function errorOn({ failure }: OpenOperation, { ignored }: Standing, system: System): string | null {
  if (failure?.system === system) return failure.message;
  const names = ignored.filter((one) => one.system === system).map((one) => one.field);
  return names.length > 0 ? `${titleOf(system)} took ${names.join(", ")} without complaint and kept another value.` : null;
}

function errorsOf(observation: Observation, operation: OpenOperation, standing: Standing, status: WriteStatus): readonly UserError[] {
  if (status === "PENDING" || status === "APPLIED") return overtakenErrors(observation, operation, standing, status);
  const { failure, undone = [] } = operation;
  const errors: UserError[] = [];
  if (failure) {
    const { code, message, system, field, retryAt, unsafe } = failure;
    errors.push({
      code,
      message: unsafe === null ? message : `${message} The other side could not be put back. ${unsafe}`,
      field: pathOf(observation, field),
      system,
      retryAt,
    });
    for (const one of undone) {
      const isGone = operation.kind === "UPDATE" && observation.sides[one].kind !== "present";
      const since = isGone ? "its record is gone since" : "was put back to what it held";
      errors.push({ code: "ROLLED_BACK", message: `${titleOf(one)} had taken it, and ${since}.`, field: null, system: one, retryAt: null });
    }
    return errors;
  }
  for (const { system, field } of standing.ignored) {
    const message = `${titleOf(system)} took ${field} without complaint and kept another value.`;
    errors.push({ code: "REFUSED_BY_SYSTEM", message, field: pathOf(observation, field), system, retryAt: null });
  }
  if (errors.length > 0) return errors;
  const overtaken = overtakenErrors(observation, operation, standing, status);
  if (overtaken.length > 0) return overtaken;
  return [{ code: "NOT_FOUND", message: "It was deleted before the mutation was done.", field: ["id"], system: null, retryAt: null }];
}

/** Fields that a newer mutation or a newer edit has taken over: the others stand. */
function overtakenErrors(observation: Observation, operation: OpenOperation, standing: Standing, status: WriteStatus): readonly UserError[] {
  if (status === "PENDING" || operation.kind === "DELETE") return [];
  const own = ownFields(observation.entity, operation);
  const lost = operation.kind === "CREATE" ? [] : Object.keys(operation.set).filter((field) => !own.includes(field));
  const newer = lost.map((field): UserError => {
    const by = laterOf(observation.entity, operation).find((one) => one.kind === "DELETE" || field in one.set);
    const what = by?.kind === "DELETE" ? "deletes it" : `sets ${field}`;
    return {
      code: "VERSION_CONFLICT",
      message: `A newer mutation (${by?.id ?? "unknown"}) ${what}.`,
      field: pathOf(observation, field),
      system: null,
      retryAt: null,
    };
  });
  const isMade = operation.kind === "CREATE";
  const elsewhere = standing.overtaken.filter((field) => !isMade || !isHeldSomewhere(standing, field));
  return [
    ...newer,
    ...elsewhere.map((field): UserError => {
      const gone = goneWith(observation, operation, field);
      if (gone)
        return { code: "NOT_FOUND", message: `Its record in ${titleOf(gone)}, which had taken ${field}, is gone.`, field: ["id"], system: gone, retryAt: null };
      const system = strictFirst.find((one) => standing.sides[one]?.other.includes(field)) ?? null;
      const message = isMade ? lostSince(field) : overtakenBy(field, system, standing);
      return { code: "MODIFIED_ELSEWHERE", message, field: pathOf(observation, field), system, retryAt: null };
    }),
  ];
}

/** The side whose record took a value, and is gone. */
const goneWith = ({ sides }: Observation, { landed = [] }: OpenOperation, field: string): System | undefined =>
  landed.find((one) => one.operation === "UPDATE" && field in one.fields && sides[one.system].kind === "gone")?.system;

/** After a lost answer nobody can tell an edit from a value that was dropped without a word. */
const lostSince = (field: string): string => `${field} holds another value by now: it was edited since, or not kept.`;

function overtakenBy(field: string, system: System | null, { disputed }: Standing): string {
  const where = system ? titleOf(system) : "a system";
  if (disputed.includes(field)) return `${field} was edited in ${where} as well. Choose with resolveConflict.`;
  return `A newer edit in ${where} has won over ${field}; both values are in the history.`;
}

/** By the name that the input has for it: a reference is given by its id. */
const pathOf = ({ flow }: Observation, field: string | null): readonly string[] | null =>
  field === null ? null : [flow.rows.some((row) => row.field === field && row.refersTo) ? `${field}Id` : field];
