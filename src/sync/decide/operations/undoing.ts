import type { Intent, LandedWrite, OpenOperation } from "../../../domain/entity.js";
import { type System, systems } from "../../../domain/words.js";
import { planOf, type Told, underWay } from "../draft.js";
import { toRecordValue } from "../identity.js";
import { titleOf } from "../label.js";
import type { Observation, Plan, PlannedWrite } from "../observation.js";
import type { Obstacle } from "../obstacles.js";
import { blockOn } from "../obstacles.js";
import { type Explained, movedTimes } from "../own-writes.js";
import { undoOf } from "../undo.js";
import { equal, pick } from "../units.js";
import { translationOf } from "../view.js";
import { ownFields, shareOf } from "./share.js";

/** How far a mutation that failed has been undone. */
export type Undoing =
  | { readonly kind: "under way"; readonly operation: OpenOperation; readonly writes: readonly PlannedWrite[]; readonly held: Obstacle | null }
  /** Nothing of it stands on either side (I9), or undoing the rest is unsafe. */
  | { readonly kind: "over"; readonly operation: OpenOperation };

/**
 * Looks at what of a failed mutation stands, side by side, the last one written first. A write whose answer was lost may still
 * land: until its quarantine is over nobody can say that there is nothing to undo (R8), nor what is left where the rest can't be undone.
 */
export function undoing(observation: Observation, own: Explained, operation: OpenOperation): Undoing {
  let next = operation;
  let held: Obstacle | null = null;
  let mayLand = false;
  let unsafe = operation.failure?.unsafe ?? null;
  const writes: PlannedWrite[] = [];
  for (const system of systems) {
    const block = blockOn(observation, own.intents, system);
    const isLost = own.intents.some((intent) => isOpen(intent, system) && (intent.undoes === operation.id || carries(observation, operation, intent)));
    const standing = (operation.landed ?? []).filter((one) => one.system === system);
    // Nothing lands any more in a record that is gone.
    const isGone = observation.sides[system].kind === "gone";
    if (!isGone && (isLost || (standing.length > 0 && block))) {
      held ??= block;
      mayLand ||= isLost;
      continue;
    }
    for (const write of [...standing].reverse()) {
      const undo = undoOf(asIntent(stillOwn(observation, operation, write)), write.recordId, observation.sides[system]);
      if (undo.kind === "nothing") next = withoutWrite(next, write);
      else if (undo.kind === "unsafe") unsafe = `${titleOf(system)}: ${undo.reason}`;
      else writes.push({ ...undo.write, recordId: observation.entity.records[system] ?? write.recordId, undoes: operation.id });
    }
  }
  if (unsafe !== null) return mayLand ? { kind: "under way", operation: next, writes: [], held } : { kind: "over", operation: leftUnsafe(next, unsafe) };
  // Two writes to one record are undone one after the other.
  const first = systems.flatMap((system) => writes.find((write) => write.system === system) ?? []);
  return held !== null || first.length > 0 ? { kind: "under way", operation: next, writes: first, held } : { kind: "over", operation: next };
}

/**
 * What a newer mutation has written over is that one's, and so is what it is to write over; unless the record shows what this one
 * put there: the newer one may fail as well.
 */
function stillOwn({ entity, sides }: Observation, operation: OpenOperation, write: LandedWrite): LandedWrite {
  if (write.operation !== "UPDATE") return write;
  const own = ownFields(entity, operation);
  const { operations = [] } = entity;
  const later = operations.slice(operations.findIndex((one) => one.id === operation.id) + 1).flatMap((one) => one.landed ?? []);
  const side = sides[write.system];
  const isStanding = (field: string) => side.kind === "present" && equal(side.fields[field], write.fields[field]);
  const isWrittenOver = (field: string) => later.some((one) => one.system === write.system && field in one.fields);
  const names = Object.keys(write.fields).filter((field) => !isWrittenOver(field) && (own.includes(field) || isStanding(field)));
  return { ...write, fields: pick(write.fields, names) };
}

/** A failed mutation's value may carry it although it has failed since. */
const carries = (observation: Observation, operation: OpenOperation, intent: Intent): boolean => {
  const { failure: _, ...asked } = operation;
  const others = (observation.entity.operations ?? []).map((one) => (one.id === operation.id ? asked : one));
  return shareOf({ ...observation, entity: { ...observation.entity, operations: others } }, asked, intent) !== null;
};

const isOpen = (intent: Intent, system: System): boolean => intent.system === system && intent.sentAt !== null && !intent.givenUpAt;

const withoutWrite = (operation: OpenOperation, write: LandedWrite): OpenOperation => ({
  ...operation,
  landed: (operation.landed ?? []).filter((one) => one !== write),
  undone: [...new Set([...(operation.undone ?? []), write.system])],
});

const leftUnsafe = (operation: OpenOperation, reason: string): OpenOperation =>
  operation.failure ? { ...operation, failure: { ...operation.failure, unsafe: reason } } : operation;

const asIntent = (write: LandedWrite): Intent => ({
  ...write,
  source: {},
  operationId: null,
  queuedAt: "",
  sentAt: null,
  quarantineUntil: null,
  attempts: 0,
  nextAttemptAt: null,
  lastError: null,
});

/** What is sent while a mutation is being undone; nothing else is written meanwhile. */
export function planUndoing(observation: Observation, own: Explained, all: readonly Extract<Undoing, { kind: "under way" }>[]): Plan {
  const { entity, flow } = observation;
  const writes = all.flatMap((one) => one.writes).filter((write, i, list) => list.findIndex((other) => other.system === write.system) === i);
  const held = writes.length > 0 ? null : (all.find((one) => one.held)?.held ?? null);
  const operations = (entity.operations ?? []).map((one) => all.find((undone) => undone.operation.id === one.id)?.operation ?? one);
  const why = all[0]?.operation.failure?.message ?? "";
  const reason = held ? held.message : `${writes.map((write) => titleOf(write.system)).join(" and ")} gets back what it held before: ${why}`;
  const next = { intents: own.intents, shadows: own.shadows, operations, timeUnknown: movedTimes(entity, flow, own.landed) };
  const kind = writes.length === 0 ? "WAIT" : writes.every((write) => write.operation === "DELETE") ? "DELETE" : "UPDATE";
  const told = all.flatMap(({ operation }) => keptInstead(observation, operation, writes));
  return planOf(observation, { kind, reason, ...underWay(entity, held), next, writes, told });
}

/**
 * What a side kept instead of what the mutation sent, and what is put back replaces: a person may have entered it between our
 * write and our look (I4). Told once, with the first attempt.
 */
function keptInstead(observation: Observation, operation: OpenOperation, writes: readonly PlannedWrite[]): readonly Told[] {
  const { entity, flow } = observation;
  return writes
    .filter((write) => write.undoes === operation.id)
    .flatMap(({ system, fields, over }) =>
      flow.rows.flatMap((row): Told[] => {
        const [field, value] = [row.field, over[row.field] ?? null];
        const sent = toRecordValue(translationOf(observation), row, system, operation.set[field] ?? null);
        if (!(field in fields) || value === null || (sent.ok && equal(sent.value, value))) return [];
        const isTold = entity.intents.some((intent) => intent.undoes === operation.id && intent.system === system);
        const change = { field, before: value, after: fields[field] ?? null, lost: value, lostFrom: system, decidedBy: null };
        return [{ kind: "ROLLED_BACK", source: "GATEWAY", change, isTold }];
      }),
    );
}
