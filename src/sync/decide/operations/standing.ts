import type { Entity, OpenOperation } from "../../../domain/entity.js";
import type { System } from "../../../domain/words.js";
import { currentIdentity, toRecordValue } from "../identity.js";
import type { Observation, Plan } from "../observation.js";
import { isAnonymised } from "../obstacles.js";
import { equal } from "../units.js";
import { translationOf } from "../view.js";
import { ownFields, shareOf } from "./share.js";

/** How each field of a mutation stands on one side. */
interface FieldsOn {
  readonly held: readonly string[];
  /** Taken without complaint, and another value kept (R5). */
  readonly ignored: readonly string[];
  readonly other: readonly string[];
}

/** What has become of a mutation, as far as its own fields go. */
export interface Standing {
  /** Nothing more will be done for it. */
  readonly isOver: boolean;
  readonly sides: { readonly [S in System]: FieldsOn | null };
  readonly ignored: readonly { readonly system: System; readonly field: string }[];
  /** Fields in which a newer edit in a system has won. */
  readonly overtaken: readonly string[];
  /** Fields of which one side holds its value and the other one another, until a person chooses. */
  readonly disputed: readonly string[];
  /** Fields that newer mutations have taken over, and in which a side holds what it had put there. */
  readonly left: readonly string[];
}

/**
 * Where a mutation stands with a plan: over when the plan asks for nothing of it any more, on either side, and nothing of it
 * may still land. `open`: the newer mutations that have not ended.
 */
export function standingOf(observation: Observation, planned: Plan, operation: OpenOperation, open: ReadonlySet<string>): Standing {
  const own = ownFields(observation.entity, operation);
  const sides = {
    CUSTOMCRM: fieldsOn(observation, planned.next, "CUSTOMCRM", operation, own),
    EXACT: fieldsOn(observation, planned.next, "EXACT", operation, own),
  };
  const ignored = strictFirst.flatMap((system) => (sides[system]?.ignored ?? []).map((field) => ({ system, field })));
  const others = new Set(strictFirst.flatMap((system) => sides[system]?.other ?? []));
  const overtaken = [...others].filter((field) => !ignored.some((one) => one.field === field));
  const standing = own.filter((field) => !overtaken.includes(field));
  return {
    isOver: isOver(observation, planned, operation, { own, standing }, open),
    sides,
    ignored,
    overtaken,
    disputed: disputedIn(observation, planned.next, operation),
    left: leftOf(observation, planned.next, operation, own),
  };
}

function leftOf(observation: Observation, next: Entity, operation: OpenOperation, own: readonly string[]): readonly string[] {
  const later = laterOf(observation.entity, operation);
  const isReplaced = (field: string) => !equal(later.findLast((one) => field in one.set)?.set[field], operation.set[field]);
  const taken = Object.keys(operation.set).filter((field) => !own.includes(field) && isReplaced(field));
  const hasLanded = (system: System, field: string) => (operation.landed ?? []).some((one) => one.system === system && field in one.fields);
  const isLeft = (system: System, field: string) => hasLanded(system, field) && fieldsOn(observation, next, system, operation, taken)?.held.includes(field);
  return taken.filter((field) => strictFirst.some((system) => isLeft(system, field)));
}

function disputedIn(observation: Observation, { conflicts }: Entity, { set }: OpenOperation): readonly string[] {
  const asked = currentIdentity(translationOf(observation), set);
  const isHalf = ({ field, customcrm, exact }: Entity["conflicts"][number]) => field in asked && [customcrm, exact].some((value) => equal(value, asked[field]));
  return conflicts.filter(isHalf).map(({ field }) => field);
}

export const strictFirst: readonly System[] = ["EXACT", "CUSTOMCRM"];

/** The fields that no newer mutation sets, and those of them in which no newer edit has won. */
interface FieldsLeft {
  readonly own: readonly string[];
  readonly standing: readonly string[];
}

function isOver(observation: Observation, planned: Plan, operation: OpenOperation, { own, standing }: FieldsLeft, open: ReadonlySet<string>): boolean {
  const { next } = planned;
  if (planned.ended) return true;
  if (planned.link) return false;
  const mayLand = next.intents.some((intent) => intent.sentAt !== null && !intent.givenUpAt && shareOf(observation, operation, intent) !== null);
  if (mayLand) return false;
  const later = laterOf(observation.entity, operation);
  const isTakenOver = own.length < Object.keys(operation.set).length;
  switch (operation.kind) {
    case "DELETE":
      return next.wanted?.kind !== "DELETE";
    case "CREATE":
      if (later.some((one) => one.kind === "DELETE")) return !later.some((one) => open.has(one.id));
      return next.wanted?.kind !== "CREATE" && !own.some((field) => field in (next.wanted?.set ?? {}));
    case "UPDATE": {
      // Of what it set nothing stands, and what took it over has yet to come to its end: should that fail, this stands again.
      if (isTakenOver && standing.length === 0 && later.some((one) => open.has(one.id))) return false;
      if (isTakenOver && own.length === 0) return true;
      if (own.some((field) => next.wanted !== null && field in next.wanted.set)) return false;
      if (next.wanted?.kind === "DELETE") return false;
      if (isTravelling(observation, next, operation, own)) return false;
      return !isCounterpartComing(next) && !isUnread(observation);
    }
  }
}

export const laterOf = ({ operations = [] }: Entity, operation: OpenOperation): readonly OpenOperation[] =>
  operations.slice(operations.findIndex((one) => one.id === operation.id) + 1).filter((one) => !one.failure);

/** With one side only, and the other one to be made: a mutation is on both sides once that is there. */
export const isCounterpartComing = ({ records, state }: Entity): boolean =>
  (records.CUSTOMCRM === null) !== (records.EXACT === null) && (state === "PENDING" || state === "WAITING");

/** One side holds it, and it goes on to the other as any change does: the sync found that record only after the first had taken it. */
function isTravelling(observation: Observation, next: Entity, operation: OpenOperation, own: readonly string[]): boolean {
  if (next.state !== "PENDING") return false;
  const set = currentIdentity(translationOf(observation), operation.set);
  const missing = strictFirst.flatMap((system) => fieldsOn(observation, next, system, operation, own)?.other ?? []);
  return missing.some((field) => equal(next.fields[field], set[field]));
}

const isUnread = ({ entity, sides }: Observation): boolean => strictFirst.some((system) => entity.records[system] !== null && sides[system].kind === "none");

function fieldsOn(observation: Observation, next: Entity, system: System, operation: OpenOperation, own: readonly string[]): FieldsOn | null {
  const side = observation.sides[system];
  if (side.kind !== "present" || operation.kind === "DELETE" || isFrozen(observation, system)) return null;
  const names = own.filter((field) => observation.flow.rows.some((row) => row.field === field));
  const holds = (field: string): boolean => {
    const row = observation.flow.rows.find((one) => one.field === field);
    const value = row && toRecordValue(translationOf(observation), row, system, operation.set[field] ?? null);
    return value?.ok === true && equal(value.value, side.fields[field]);
  };
  const held = names.filter(holds);
  const ignored = names.filter((field) => !held.includes(field) && next.ignored.some((one) => one.system === system && one.field === field));
  return { held, ignored, other: names.filter((field) => !held.includes(field) && !ignored.includes(field)) };
}

/** A pair that was cut apart, or a person who was anonymised in Exact: only Customcrm is written to. */
function isFrozen({ entity, sides }: Observation, system: System): boolean {
  const { EXACT: exact, CUSTOMCRM: customcrm } = sides;
  if (system !== "EXACT" || exact.kind !== "present" || customcrm.kind !== "present") return false;
  return entity.state === "DETACHED" || isAnonymised(exact.record);
}
