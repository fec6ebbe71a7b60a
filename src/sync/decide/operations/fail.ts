import type { Fields } from "../../../domain/canonical.js";
import { type Dataflow, propertyOf } from "../../../domain/dataflow.js";
import type { Entity, Intent, OpenOperation, OperationFailure, RefusedWrite } from "../../../domain/entity.js";
import { isoTime, otherSystem, type System } from "../../../domain/words.js";
import type { WriteOutcome } from "../../outcome.js";
import { referringRows } from "../identity.js";
import { titleOf } from "../label.js";
import type { Observation } from "../observation.js";
import { refusable } from "../obstacles.js";
import { differing, pick } from "../units.js";
import { fieldVersionsAfter } from "../versions.js";
import { wantedWithout } from "./accept.js";
import { beneath, carriedBy, overWithout, ownFields } from "./share.js";

/** The entity once a mutation can't stand: it asks for nothing any more, and what was there before is shown again. */
export function withFailure(flow: Dataflow, entity: Entity, operation: OpenOperation, failure: OperationFailure): Entity {
  const own = ownFields(entity, operation);
  const fields = operation.kind === "UPDATE" ? { ...entity.fields, ...pick(operation.before, own) } : entity.fields;
  const changed = differing(entity.fields, fields);
  const version = entity.version + (changed.length > 0 ? 1 : 0);
  // A mutation that had been overtaken by this one is the newest of its fields again.
  const operations = (entity.operations ?? []).map((one, i, all) =>
    one.id === operation.id ? { ...one, failure } : all.findIndex((other) => other.id === operation.id) < i ? withoutTrace(one, operation) : one,
  );
  const ignored = ignoredAgain(entity, operation, own);
  const shadows = operation.kind === "UPDATE" ? basesBefore(flow, entity, operation, own) : entity.shadows;
  const wanted = wantedWithout(entity, operation);
  return { ...entity, fields, version, ...fieldVersionsAfter(entity, changed, version), shadows, ignored, operations, wanted };
}

/**
 * Where a system kept another value than the mutation's, its shadow moved to that (R5); what both had agreed on before is still the
 * other side's. Compared with that again, an edit that had not travelled yet goes on.
 */
function basesBefore(flow: Dataflow, { shadows, ignored }: Entity, { landed = [] }: OpenOperation, own: readonly string[]): Entity["shadows"] {
  const baseOf = (system: System): Fields | null => {
    const [shadow, other] = [shadows[system], shadows[otherSystem(system)]];
    const kept = ignored.filter((one) => one.system === system && own.includes(one.field)).map((one) => one.field);
    if (!shadow || !other || kept.length === 0) return shadow;
    const over: Fields = Object.assign({}, ...landed.filter((one) => one.system === system).map((one) => one.over ?? {}));
    // What each side refers to goes by an id of its own.
    const references = referringRows(flow).flatMap(({ field }) => (kept.includes(field) ? [field] : []));
    return { ...shadow, ...pick(other, kept), ...pick(over, references) };
  };
  return { CUSTOMCRM: baseOf("CUSTOMCRM"), EXACT: baseOf("EXACT") };
}

/** What a system had not taken before a failed mutation tried once more is left alone again (R5). */
function ignoredAgain({ ignored }: Entity, { triedAgain = [] }: OpenOperation, own: readonly string[]): Entity["ignored"] {
  const again = triedAgain.filter((one) => own.includes(one.field));
  return [...ignored.filter((one) => !again.some((before) => before.system === one.system && before.field === one.field)), ...again];
}

/** A newer mutation, as if there had not been the one that failed: should it fail as well, nothing of that one comes back. */
function withoutTrace(later: OpenOperation, failed: OpenOperation): OpenOperation {
  const inherited = (failed.triedAgain ?? []).filter((one) => one.field in later.set);
  const triedAgain = [...(later.triedAgain ?? []), ...inherited];
  const common = { ...later, before: beneath(later.before, failed.set, failed.before), ...(triedAgain.length > 0 ? { triedAgain } : {}) };
  if (!later.landed) return common;
  return { ...common, landed: later.landed.map((one) => (one.over ? { ...one, over: overWithout(failed, one.system, one.over) } : one)) };
}

type Failing = Extract<WriteOutcome, { kind: "refused" | "later" | "ambiguous" }>;

/**
 * What the outcome of a write means for the mutations that it carries: null when they go on. A refusal that names no field is
 * taken to be about the newest mutation; an older one is tried again without it.
 */
export function withFailedWrite(entity: Entity, observation: Observation, intent: Intent, outcome: Failing): Entity | null {
  const context = { ...observation, entity };
  const carried = carriedBy(context, intent);
  if (intent.operation === "DELETE" || carried.length === 0) return null;
  if (outcome.kind === "refused") return refused(context, carried, intent, outcome);
  const failing = carried.filter((one) => isGivenUp(one, entity, intent, outcome, observation));
  if (failing.length === 0) return null;
  const failure = { ...unavailable(intent, outcome), refused: null, unsafe: null };
  return failing.reduce((next, one) => withFailure(observation.flow, next, one, failure), entity);
}

function refused(context: Observation, carried: readonly OpenOperation[], intent: Intent, outcome: Extract<Failing, { kind: "refused" }>): Entity | null {
  const { entity, flow } = context;
  const row = flow.rows.find((one) => propertyOf(one, intent.system) === outcome.property);
  const field = row?.field ?? ownOf(context, outcome.property);
  // Customcrm may lack the property for Exact's id: the write goes on without it.
  if (outcome.property === flow.externalId && intent.system === "CUSTOMCRM") return null;
  const named = field === null ? carried : carried.filter((one) => field in one.set);
  const failing = (named.length === 0 && intent.operation === "CREATE" ? carried : named).at(-1);
  if (!failing) return null;
  const refusal = refusedWrite(context, intent, row?.field ?? null, outcome.message);
  const code = outcome.reason === "has-dependents" ? ("REFERENCED" as const) : ("REFUSED_BY_SYSTEM" as const);
  const message = `${titleOf(intent.system)} refused it: ${outcome.message}`;
  return withFailure(flow, entity, failing, { code, system: intent.system, field, message, retryAt: null, refused: refusal, unsafe: null });
}

/** What was taken can't be put back: a person decides. */
export function withUnsafe(entity: Entity, operationId: string, reason: string): Entity {
  const mark = (one: OpenOperation) => (one.id === operationId && one.failure ? { ...one, failure: { ...one.failure, unsafe: reason } } : one);
  return entity.operations ? { ...entity, operations: entity.operations.map(mark) } : entity;
}

/** A refused delete asks on until the plan has seen what it means: nothing is gone, or one side is. */
export function withRefusedDelete(entity: Entity, { system }: Intent, outcome: Extract<Failing, { kind: "refused" }>): Entity {
  const code = outcome.reason === "has-dependents" ? ("REFERENCED" as const) : ("REFUSED_BY_SYSTEM" as const);
  const message = `${titleOf(system)} refused to delete it: ${outcome.message}`;
  const failure: OperationFailure = { code, system, field: null, message, retryAt: null, refused: null, unsafe: null };
  const operations = (entity.operations ?? []).map((one) => (one.kind === "DELETE" && !one.failure ? { ...one, failure } : one));
  return entity.operations ? { ...entity, operations } : entity;
}

/** A property that only Customcrm has goes by its field's name, which differs in the first letter. */
function ownOf({ entity }: Observation, property: string | null): string | null {
  const name = property ? property.charAt(0).toLowerCase() + property.slice(1) : null;
  return name !== null && (entity.operations ?? []).some((one) => name in one.set) ? name : null;
}

function refusedWrite({ flow, now }: Observation, intent: Intent, field: string | null, message: string): RefusedWrite {
  const { system, operation } = intent;
  const fields = operation === "UPDATE" && field !== null && field in intent.fields ? [field] : Object.keys(intent.fields);
  return { system, operation, fields, properties: refusable(flow, system, intent.fields, fields), message, since: isoTime(now) };
}

/** Busy counts only while a person waits for the answer, and nothing has been sent. */
function isGivenUp(operation: OpenOperation, entity: Entity, intent: Intent, outcome: Failing, { urgent }: Observation): boolean {
  if (operation.onPartialFailure === "ROLLBACK") return true;
  const isBusy = outcome.kind === "later" && outcome.code === "RATE_LIMITED";
  const others = entity.intents.filter((one) => one.id !== intent.id && one.sentAt !== null && one.operationId === operation.id);
  const isSent = (operation.landed ?? []).length > 0 || others.length > 0;
  return isBusy && urgent === true && operation.whenBusy === "REFUSE" && !isSent;
}

function unavailable({ system }: Intent, outcome: Extract<Failing, { kind: "later" | "ambiguous" }>): Omit<OperationFailure, "refused" | "unsafe"> {
  const isBusy = outcome.kind === "later" && outcome.code === "RATE_LIMITED";
  return {
    code: isBusy ? "RATE_LIMITED" : "SYSTEM_UNAVAILABLE",
    system,
    field: null,
    message: outcome.message || `${titleOf(system)} could not be written to.`,
    retryAt: outcome.kind === "later" ? outcome.retryAt : null,
  };
}
