import type { Fields } from "../../../domain/canonical.js";
import type { Entity, Intent, LandedWrite, OpenOperation } from "../../../domain/entity.js";
import type { Properties } from "../../../domain/record.js";
import { ownProperties } from "../extras.js";
import { toRecordValue } from "../identity.js";
import type { Observation } from "../observation.js";
import { equal, pick } from "../units.js";
import { translationOf } from "../view.js";

/** The fields that a mutation still answers for: those that no later one has taken over. */
export function ownFields({ operations = [] }: Entity, operation: OpenOperation): readonly string[] {
  const later = operations.slice(operations.findIndex((one) => one.id === operation.id) + 1).filter((one) => !one.failure);
  if (later.some((one) => one.kind === "DELETE")) return [];
  return Object.keys(operation.set).filter((field) => !later.some((one) => field in one.set));
}

/**
 * What of a write is a mutation's: null when it carries nothing of it. A record that the sync creates is not the mutation's, only
 * the values that go with it: should they not stand, what the entity showed before takes their place, and the record stays.
 */
export function shareOf(
  observation: Observation,
  operation: OpenOperation,
  write: Intent,
): Pick<LandedWrite, "fields" | "over" | "extra" | "extraOver"> | null {
  if (write.undoes) return null;
  const { fields, over, extra, extraOver } = write;
  if (operation.kind === write.operation && operation.kind !== "UPDATE") {
    return { fields, ...(over ? { over } : {}), ...(extra ? { extra } : {}), ...(extraOver ? { extraOver } : {}) };
  }
  if (operation.kind !== "UPDATE" || write.operation === "DELETE") return null;
  const names = mappedShare(observation, operation, write);
  const extras = extraShare(observation, operation, write);
  if (names.length === 0 && Object.keys(extras).length === 0) return null;
  if (write.operation === "CREATE") {
    const nothing = Object.fromEntries(Object.keys(extras).map((name) => [name, null]));
    return { fields: pick(fields, names), over: beforeOn(observation, operation, write.system, names), extra: extras, extraOver: nothing };
  }
  return {
    fields: pick(fields, names),
    ...(over ? { over: pick(over, names) } : {}),
    extra: extras,
    ...(extraOver ? { extraOver: Object.fromEntries(Object.entries(extraOver).filter(([name]) => name in extras)) } : {}),
  };
}

/** What a side would hold of these fields without the mutation. */
const beforeOn = (observation: Observation, { before }: OpenOperation, system: Intent["system"], names: readonly string[]): Fields =>
  Object.fromEntries(
    names.map((name) => {
      const row = observation.flow.rows.find((one) => one.field === name);
      const value = row && toRecordValue(translationOf(observation), row, system, before[name] ?? null);
      return [name, value?.ok ? value.value : null];
    }),
  );

/** The fields that hold in the write what the mutation sets, be they taken over by a newer one since: it may have landed all the same. */
function mappedShare(
  observation: Observation,
  operation: OpenOperation,
  write: { readonly system: Intent["system"]; readonly fields: Fields },
): readonly string[] {
  return Object.keys(operation.set).filter((field) => {
    const row = observation.flow.rows.find((one) => one.field === field);
    if (!row || !(field in write.fields)) return false;
    const value = toRecordValue(translationOf(observation), row, write.system, operation.set[field] ?? null);
    return value.ok && equal(value.value, write.fields[field]);
  });
}

function extraShare({ flow, entity }: Observation, operation: OpenOperation, write: Intent): Properties {
  if (write.system !== "CUSTOMCRM") return {};
  const own = ownProperties(flow, { ...entity, wanted: { operationId: "", kind: "UPDATE", set: operation.set, at: "", actor: null } }, null);
  return Object.fromEntries(Object.entries(own).filter(([name, value]) => (write.extra?.[name] ?? undefined) === value));
}

/** What was there before a write, with what a failed mutation had put there taken out of it: that never comes back. */
export const beneath = (values: Fields, put: Fields, before: Fields): Fields =>
  Object.fromEntries(Object.entries(values).map(([field, value]) => [field, field in before && equal(value, put[field]) ? (before[field] ?? null) : value]));

/** The same for what a mutation's write on one side has replaced. */
export const overWithout = ({ landed = [] }: OpenOperation, system: Intent["system"], over: Fields): Fields =>
  landed.filter((one) => one.system === system && one.operation === "UPDATE").reduce((sum, one) => beneath(sum, one.fields, one.over ?? {}), over);

/** The mutations that a write carries something of, oldest first; those that have failed carry nothing any more. */
export const carriedBy = (observation: Observation, write: Intent): readonly OpenOperation[] =>
  (observation.entity.operations ?? []).filter((one) => !one.failure && shareOf(observation, one, write) !== null);

/**
 * Notes a write that a system has taken with every mutation that it carries something of: it may have to be undone. `returned`
 * is what the record held right after it, which may be other than what was sent; null where nobody looked.
 */
export function withLanded(entity: Entity, observation: Observation, write: Intent, recordId: string | null, returned: Fields | null): Entity {
  const { operations } = entity;
  if (!operations || operations.length === 0 || write.undoes) return entity;
  const context = { ...observation, entity };
  return {
    ...entity,
    operations: operations.map((one) => {
      const share = shareOf(context, one, write);
      const { id, system, operation } = write;
      if (!share || one.landed?.some((other) => other.id === id)) return one;
      const isMaking = operation === "CREATE" && one.kind === "CREATE";
      const held = returned === null ? share.fields : isMaking ? returned : pick(returned, Object.keys(share.fields));
      const made = operation === "CREATE" && !isMaking ? "UPDATE" : operation;
      const failed = operations.slice(0, operations.indexOf(one)).filter((other) => other.failure);
      const over = share.over && failed.reduceRight((sum, other) => overWithout(other, system, sum), share.over);
      return { ...one, landed: [...(one.landed ?? []), { id, system, operation: made, recordId, ...share, ...(over ? { over } : {}), fields: held }] };
    }),
  };
}
