import type { Fields } from "../../../domain/canonical.js";
import type { Dataflow } from "../../../domain/dataflow.js";
import type { Entity, HistoryEvent, OpenOperation, Wanted } from "../../../domain/entity.js";
import { type IsoTime, isoTime } from "../../../domain/words.js";
import { changeOf } from "../consequences.js";
import { differing, pick } from "../units.js";
import { fieldVersionsAfter } from "../versions.js";

export interface Accepted {
  readonly entity: Entity;
  readonly history: readonly Omit<HistoryEvent, "id">[];
}

/**
 * The entity with one mutation more: what it sets is shown from now on, and is written when the entity is settled. A newer
 * mutation wins the fields that it shares with an older one that is still under way.
 */
export function accepted(flow: Dataflow, entity: Entity, operation: OpenOperation, now: number): Accepted {
  const { kind, set } = operation;
  const names = flow.rows.map((row) => row.field);
  const fields = kind === "UPDATE" ? { ...entity.fields, ...pick(set, names) } : entity.fields;
  const changed = differing(entity.fields, fields);
  const version = entity.version + (changed.length > 0 ? 1 : 0);
  // A person asks: what was refused or ignored before is tried once more (R14).
  const isTriedAgain = (one: Entity["ignored"][number]) => kind === "UPDATE" && one.field in set;
  const triedAgain = entity.ignored.filter(isTriedAgain);
  const refused = (entity.refused ?? []).filter((one) => one.operation !== kind || (kind === "UPDATE" && !one.fields.some((field) => field in set)));
  return {
    entity: {
      ...entity,
      fields,
      version,
      ...fieldVersionsAfter(entity, changed, version),
      ...(entity.refused ? { refused } : {}),
      ignored: entity.ignored.filter((one) => !isTriedAgain(one)),
      operations: [...(entity.operations ?? []), { ...operation, ...(triedAgain.length > 0 ? { triedAgain } : {}) }],
      wanted: wantedWith(entity.wanted, operation),
      // That a person must end a detachment is not forgotten over a mutation (R9).
      state: entity.state === "DETACHED" ? "DETACHED" : "PENDING",
      nextActionAt: isoTime(now),
    },
    history: changed.length === 0 ? [] : [updatedEvent(operation, entity.fields, fields, changed, isoTime(now))],
  };
}

function updatedEvent({ actor }: OpenOperation, before: Fields, after: Fields, changed: readonly string[], at: IsoTime): Omit<HistoryEvent, "id"> {
  return { at, kind: "UPDATED", source: "GATEWAY", actor, fields: changed.map((field) => changeOf(before, after, field)) };
}

/** What is asked for in all: a create goes on with what an update adds to it, a delete overtakes everything. */
export function wantedWith(before: Wanted | null, { id, kind, set, at, actor }: OpenOperation): Wanted {
  const asked: Wanted = { operationId: id, kind, set, at, actor };
  if (before === null || kind !== "UPDATE" || before.kind === "DELETE") return asked;
  const merged = { ...before.set, ...set };
  if (before.kind === "CREATE") return { ...before, set: merged };
  const older = Object.keys(before.set).filter((field) => !(field in set));
  const times = Object.fromEntries(older.map((field) => [field, before.times?.[field] ?? before.at]));
  return { ...asked, set: merged, ...(older.length > 0 ? { times } : {}) };
}

/** What is asked for once a delete was refused: what the other mutations had asked for before it is still owed. */
export const wantedBesideDelete = ({ operations = [] }: Entity): Wanted | null =>
  operations.filter((one) => one.kind !== "DELETE" && !one.failure).reduce<Wanted | null>((sum, one) => wantedWith(sum, one), null);

/**
 * Two writers met: `mine` was about to be stored, and meanwhile only mutations were added to what it was made from. They are
 * added to `mine` as well. Null when anything else was written.
 */
export function withLaterOperations(flow: Dataflow, mine: Entity, theirs: Entity, known: ReadonlySet<string>, now: number): Entity | null {
  const added = (theirs.operations ?? []).filter((one) => !known.has(one.id));
  if (added.length === 0 || theirs.revision !== mine.revision + added.length) return null;
  const merged = added.reduce((entity, operation) => accepted(flow, entity, operation, now).entity, mine);
  return { ...merged, revision: theirs.revision };
}

/** What is asked for once this operation no longer is: what older ones had asked for comes back. */
export function wantedWithout(entity: Entity, left: OpenOperation): Wanted | null {
  const { wanted, operations = [] } = entity;
  const place = operations.findIndex((one) => one.id === left.id);
  const others = operations.filter((one) => one.id !== left.id && !one.failure);
  if (wanted === null) return null;
  if (left.kind !== "UPDATE") return others.reduce<Wanted | null>((sum, one) => wantedWith(sum, one), null);
  const later = others.filter((one) => operations.indexOf(one) > place);
  const isOurs = (field: string) => field in left.set && !later.some((one) => field in one.set);
  const rest = Object.keys(wanted.set).filter((field) => !isOurs(field));
  const back = others.flatMap((one) => Object.entries(one.set)).filter(([field]) => isOurs(field));
  const set = { ...pick(wanted.set, rest), ...Object.fromEntries(back) };
  return wanted.kind === "UPDATE" && Object.keys(set).length === 0 ? null : { ...wanted, set };
}
