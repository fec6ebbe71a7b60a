import { fieldsOf, propertiesOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity, Intent } from "../domain/entity.js";
import type { SystemRecord } from "../domain/record.js";
import { type IsoTime, isoTime } from "../domain/words.js";
import type { Observation, Plan, Sighting } from "./decide/observation.js";
import { owing, sending } from "./decide/owing.js";
import { writeOf } from "./document.js";
import { referrers } from "./join.js";
import { backOffMs, isPassing, type WriteOutcome } from "./outcome.js";
import { callOptions, type SettleOptions, type SettleParts } from "./parts.js";
import type { Reader } from "./reader.js";
import { send, type Write } from "./send.js";
import { settled, type WriteResult } from "./settled.js";

export interface Pushed {
  /** As it was stored; null: it changed under us, and nothing more is known of it. */
  readonly entity: Entity | null;
  /** There is more to do for it now. */
  readonly again: boolean;
}

/**
 * Carries a plan out (R8): stores what is owed, then for each write looks at the record once more, notes that it is being sent,
 * sends it, and reads it back (R5). Stops at the first write that does not succeed, so that the stricter side's refusal leaves
 * the other side untouched.
 */
export async function push(parts: SettleParts, reader: Reader, observation: Observation, planned: Plan, options: SettleOptions): Promise<Pushed> {
  const { clock, settings } = parts;
  const operationId = observation.entity.wanted?.operationId ?? null;
  const owed = owing(
    planned,
    planned.writes.map(() => parts.newIntentId()),
    operationId,
    clock(),
  );
  let entity = await stored(parts, observation, owed.entity, planned);
  if (!entity) return { entity: null, again: false };

  const results: WriteResult[] = [];
  const sides = { ...observation.sides };
  for (const intent of owed.intents) {
    const before = await looked(observation, intent, reader);
    // Somebody edited it since the plan was made: what was not sent is dropped, and the plan is made anew.
    if (before === "changed") return { entity, again: true };
    if (before === "unknown") {
      results.push(
        resultOf(parts, intent, { kind: "later", code: "SYSTEM_UNAVAILABLE", message: "The record could not be read before the write.", retryAt: null }),
      );
      break;
    }
    const noted: Entity | null = await stored(parts, observation, sending(entity, intent.id, clock(), settings.quarantineMs), null);
    if (!noted) return { entity: null, again: false };
    entity = noted;
    const outcome = await send(
      { snapshots: parts.store.snapshots, clock },
      parts.connectors[intent.system],
      writeOfIntent(observation, intent),
      callOptions(options),
    );
    results.push(resultOf(parts, intent, outcome));
    if (outcome.kind !== "done") break;
    sides[intent.system] = await seenAfter(parts, observation, intent, outcome, reader);
  }
  const after = settled({ ...observation, entity, sides, now: clock() }, results);
  // What waited for this to have a counterpart can go on (R7).
  const isNew = results.some(({ intent, outcome }) => intent.operation === "CREATE" && outcome.kind === "done");
  const waiting = isNew ? await referrers(parts, entity.type, [entity.id]) : [];
  const kept = await stored(parts, { ...observation, sides }, after.next, { history: after.history, wake: [...after.wake, ...waiting] });
  return { entity: kept, again: kept !== null && (after.writes.length > 0 || results.some(({ outcome }) => outcome.kind === "modified")) };
}

/** Stores the entity; null: somebody else wrote it since, which the lease should prevent (R13). */
async function stored(parts: SettleParts, { flow, sides }: Observation, entity: Entity, told: Pick<Plan, "history" | "wake"> | null): Promise<Entity | null> {
  const record = sides.CUSTOMCRM.kind === "present" ? sides.CUSTOMCRM.record : null;
  const result = await parts.store.entities.commit({ put: [writeOf(flow, entity, told?.history ?? [], record)], markDirty: told?.wake ?? [] });
  return result.ok ? { ...entity, revision: entity.revision + 1 } : null;
}

/** A look right before the write, where the system can't guard it by itself: Exact knows no ETags. */
async function looked({ flow, sides }: Observation, intent: Intent, reader: Reader): Promise<"same" | "changed" | "unknown"> {
  const side = sides[intent.system];
  if (intent.operation === "CREATE" || side.kind !== "present" || side.record.etag !== null) return "same";
  try {
    const record = await reader.read({ system: intent.system, type: side.record.type, id: side.record.id });
    // Missing from one read is no proof that it is gone; the write will tell.
    if (!record) return "same";
    const now = fieldsOf(flow, record);
    return flow.rows.every((row) => (now[row.field] ?? null) === (side.fields[row.field] ?? null)) ? "same" : "changed";
  } catch (error) {
    if (isPassing(error)) return "unknown";
    throw error;
  }
}

function writeOfIntent({ flow, entity, sides }: Observation, intent: Intent): Write {
  const side = sides[intent.system];
  return {
    operation: intent.operation,
    type: recordTypeOf(flow, intent.system),
    recordId: intent.operation === "CREATE" ? null : entity.records[intent.system],
    properties: { ...propertiesOf(flow, intent.system, intent.fields), ...intent.extra },
    key: intent.id,
    etag: side.kind === "present" ? side.record.etag : null,
  };
}

/** What the side shows after the write: as it was returned, else read back together with others. */
async function seenAfter(
  parts: SettleParts,
  { flow }: Observation,
  intent: Intent,
  outcome: Extract<WriteOutcome, { kind: "done" }>,
  reader: Reader,
): Promise<Sighting> {
  if (intent.operation === "DELETE") return { kind: "gone", at: isoTime(parts.clock()), evidence: "TOMBSTONE" };
  const present = (record: SystemRecord): Sighting => ({ kind: "present", record, fields: fieldsOf(flow, record) });
  if (outcome.record) return present(outcome.record);
  try {
    const record = await reader.read({ system: intent.system, type: recordTypeOf(flow, intent.system), id: outcome.id });
    if (record) return present(record);
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
  // Accepted, and not seen: that counts as not known (R5).
  return { kind: "none" };
}

function resultOf(parts: SettleParts, intent: Intent, outcome: WriteOutcome): WriteResult {
  return { intent, outcome, nextAttemptAt: nextAttempt(parts, intent, outcome) };
}

function nextAttempt({ clock, random }: SettleParts, intent: Intent, outcome: WriteOutcome): IsoTime {
  const backOff = clock() + backOffMs(intent.attempts, random());
  const asked = outcome.kind === "later" && outcome.retryAt !== null ? Date.parse(outcome.retryAt) : 0;
  return isoTime(Math.max(backOff, asked));
}
