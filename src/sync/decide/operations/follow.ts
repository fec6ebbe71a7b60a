import { isDeepStrictEqual } from "node:util";
import type { Entity, FieldChange, HistoryEvent, OpenOperation } from "../../../domain/entity.js";
import type { Operation } from "../../../domain/operation.js";
import { isoTime, type System } from "../../../domain/words.js";
import type { Observation, Plan } from "../observation.js";
import { explain } from "../own-writes.js";
import { equal } from "../units.js";
import { changedElsewhere } from "./expected.js";
import { withFailure } from "./fail.js";
import { ownFields, withLanded } from "./share.js";
import { type Standing, standingOf } from "./standing.js";
import { operationOf } from "./told.js";
import { planUndoing, undoing } from "./undoing.js";

/**
 * The plan for an entity with mutations under way. What can't stand is undone first, and nothing else is written meanwhile;
 * then `decide` plans as for any change, and every mutation that is over leaves the entity with its outcome (design: writing
 * through). Pure, and the same in the request as long after it.
 */
export function following(observation: Observation, decide: (observation: Observation) => Plan): Plan {
  if (!observation.entity.operations?.length) return decide(observation);
  const context = { ...observation, entity: judged(observation, landedOn(observation)) };
  const own = explain(context);
  const failed = (context.entity.operations ?? []).filter((one) => isFailed(context.entity, one)).map((one) => undoing(context, own, one));
  const underWay = failed.filter((one) => one.kind === "under way");
  if (underWay.length > 0) return reported(observation, context, planUndoing(context, own, underWay), new Map());

  const undone = new Map(failed.map(({ operation }) => [operation.id, operation]));
  const operations = (context.entity.operations ?? []).map((one) => undone.get(one.id) ?? one);
  const settledContext = { ...context, entity: withLeftAsEdits(withRepetitionsBarred({ ...context.entity, operations }, [...undone.values()]), undone) };
  const going = operations.filter((one) => !undone.has(one.id));
  const planned = decide({ ...settledContext, entity: { ...settledContext.entity, operations: going } });
  return concluded(observation, settledContext, planned, undone, decide);
}

/** A plan that can't look at the records yet: every mutation goes on waiting. */
export const waiting = (observation: Observation, planned: Plan): Plan =>
  observation.entity.operations?.length ? reported(observation, observation, planned, new Map()) : planned;

/** A mutation that was to change what its client had seen ends when somebody has changed it in a system since. */
function judged(observation: Observation, entity: Entity): Entity {
  return (entity.operations ?? []).reduce((before, one) => {
    const failure = one.failure ? null : changedElsewhere({ ...observation, entity: before }, one);
    return failure ? withFailure(observation.flow, before, one, failure) : before;
  }, entity);
}

/** A delete that was refused is not undone: the plan says what is left of it. */
const isFailed = ({ wanted }: Entity, one: OpenOperation): boolean => one.failure !== undefined && (one.kind !== "DELETE" || wanted?.kind !== "DELETE");

/** Writes that are seen to have landed although no answer came are noted before the plan forgets them. */
function landedOn(observation: Observation): Entity {
  return explain(observation).landed.reduce(
    (entity, intent) => withLanded(entity, observation, intent, intent.operation === "CREATE" ? entity.records[intent.system] : null, null),
    observation.entity,
  );
}

/** What could not be undone is left as it is, and is not sent again by itself; a create goes on asking, so that a person sees it. */
function withRepetitionsBarred(entity: Entity, undone: readonly OpenOperation[]): Entity {
  const unsafe = undone.filter((one) => one.failure?.unsafe);
  const refused = unsafe.flatMap((one) => one.failure?.refused ?? []);
  const create = unsafe.find((one) => one.kind === "CREATE");
  const wanted = create ? { operationId: create.id, kind: "CREATE" as const, set: create.set, at: create.at, actor: create.actor } : entity.wanted;
  return refused.length > 0 ? { ...entity, wanted, refused: [...(entity.refused ?? []), ...refused] } : entity;
}

/**
 * What a side holds of a mutation that could not be undone counts as edited there: compared with what it held before, so that it
 * comes to the other side as any edit does (I2), unless that has refused it.
 */
function withLeftAsEdits(entity: Entity, undone: ReadonlyMap<string, OpenOperation>): Entity {
  const left = [...undone.values()].filter((one) => one.kind === "UPDATE" && one.failure?.unsafe).flatMap((one) => one.landed ?? []);
  const baseOf = (system: System) => {
    const shadow = entity.shadows[system];
    return shadow && Object.assign({}, shadow, ...left.filter((one) => one.system === system).map(({ over }) => over ?? {}));
  };
  return left.length > 0 ? { ...entity, shadows: { CUSTOMCRM: baseOf("CUSTOMCRM"), EXACT: baseOf("EXACT") } } : entity;
}

/** Newest first: an older mutation that was taken over ends with the one that did so. */
function concluded(
  observation: Observation,
  context: Observation,
  planned: Plan,
  undone: ReadonlyMap<string, OpenOperation>,
  decide: (observation: Observation) => Plan,
): Plan {
  const standings = new Map<string, Standing>();
  const open = new Set<string>();
  for (const one of [...(context.entity.operations ?? [])].reverse()) {
    const standing = standingOf(context, planned, one, open);
    const isOver = undone.has(one.id) ? one.kind !== "DELETE" || standing.isOver : standing.isOver;
    if (!isOver) open.add(one.id);
    standings.set(one.id, { ...standing, isOver });
  }
  const rolledBack = (context.entity.operations ?? []).find((one) => isRefusedInSilence(one, standings.get(one.id)));
  if (rolledBack) {
    const failure = silentRefusal(standings.get(rolledBack.id));
    return { ...following({ ...context, entity: withFailure(context.flow, context.entity, rolledBack, failure) }, decide), changed: true };
  }
  return reported(observation, context, planned, standings);
}

/** It was to be all or nothing, and a system took a value without complaint and kept another. */
const isRefusedInSilence = (one: OpenOperation, standing: Standing | undefined): boolean =>
  one.onPartialFailure === "ROLLBACK" && !one.failure && standing?.isOver === true && standing.ignored.length > 0;

function silentRefusal(standing: Standing | undefined) {
  const [first] = standing?.ignored ?? [];
  const message = `${first?.field} was taken without complaint, and another value was kept.`;
  return {
    code: "REFUSED_BY_SYSTEM" as const,
    system: first?.system ?? null,
    field: first?.field ?? null,
    message,
    retryAt: null,
    refused: null,
    unsafe: null,
  };
}

/** The plan with how each mutation stands; those that are over are taken from the entity. */
function reported(observation: Observation, context: Observation, planned: Plan, standings: ReadonlyMap<string, Standing>): Plan {
  const all = context.entity.operations ?? [];
  const outcomes = all.map((one) => {
    const current = planned.next.operations?.find((other) => other.id === one.id) ?? one;
    const standing = standings.get(one.id) ?? { ...standingOf(context, planned, current, new Set()), isOver: false };
    return { one: current, standing, operation: operationOf(context, planned, current, standing) };
  });
  const over = outcomes.filter(({ standing }) => standing.isOver);
  const left = outcomes.filter(({ standing }) => !standing.isOver).map(({ one }) => one);
  const { operations: _, ...rest } = planned.next;
  const standing: Entity = { ...rest, ...(left.length > 0 ? { operations: left } : {}) };
  const next = withUndoneInPart(
    context,
    standing,
    over.map(({ one }) => one),
  );
  const events = over.flatMap(({ one, operation }) => endOf(context, planned, one, operation));
  const isStored = planned.link === null || over.length === 0;
  return {
    ...planned,
    // A link is made from what is stored: what has ended is stored first.
    ...(isStored ? {} : { link: null, kind: "NONE" as const }),
    next: isStored ? next : { ...next, nextActionAt: isoTime(context.now) },
    changed: !isDeepStrictEqual(next, observation.entity),
    history: [...planned.history, ...events],
    operations: outcomes.map(({ operation }) => operation),
  };
}

/** A create that could be undone on one side only: what is left is for a person, and says why. */
function withUndoneInPart({ now }: Observation, next: Entity, over: readonly OpenOperation[]): Entity {
  const failure = over.find((one) => one.kind === "CREATE" && one.failure?.unsafe)?.failure;
  if (!failure || next.state !== "DETACHED") return next;
  const message = `It was to be created on both sides or none, and could be undone on one only. ${failure.unsafe} Delete it, or retry to give it a counterpart.`;
  const common = { system: failure.system, field: null, since: isoTime(now), attempts: 0, nextAttemptAt: null };
  return { ...next, problem: { code: "ROLLBACK_UNSAFE", message, ...common } };
}

/** What the history says of a mutation that did not stand, or stands on one side only. */
function endOf(observation: Observation, planned: Plan, one: OpenOperation, operation: Operation): readonly Omit<HistoryEvent, "id">[] {
  const { failure } = one;
  if (!failure || one.kind !== "UPDATE") return [];
  const changes = ownFields(observation.entity, one).map((field): FieldChange => {
    const after = planned.next.fields[field] ?? one.before[field] ?? null;
    const value = one.set[field] ?? null;
    return { field, before: value, after, lost: equal(value, after) ? null : value, lostFrom: equal(value, after) ? null : "GATEWAY", decidedBy: null };
  });
  if (changes.length === 0) return [];
  const kind = operation.status === "PARTIAL" || (one.undone ?? []).length === 0 ? "REFUSED" : "ROLLED_BACK";
  return [{ at: isoTime(observation.now), kind, source: failure.system ?? "GATEWAY", actor: one.actor, fields: changes }];
}
