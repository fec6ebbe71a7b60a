import type { CallOptions } from "../connectors/connector.js";
import { fieldsOf, propertiesOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity, Intent } from "../domain/entity.js";
import { NotAuthorizedError, RateLimitedError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import type { Operation } from "../domain/operation.js";
import type { Properties, SystemRecord } from "../domain/record.js";
import { type IsoTime, isoTime } from "../domain/words.js";
import type { DocumentWrite } from "../store/store.js";
import { forgottenSince } from "./decide/forgotten.js";
import { titleOf } from "./decide/label.js";
import type { Observation, Plan, Sighting } from "./decide/observation.js";
import { withLaterOperations } from "./decide/operations/accept.js";
import { forgotten, owing, sending } from "./decide/owing.js";
import { writeOf } from "./document.js";
import { referrers } from "./join.js";
import { backOffMs, isUnread, type WriteOutcome } from "./outcome.js";
import { callOptions, type SettleOptions, type SettleParts } from "./parts.js";
import { goesOn } from "./plan.js";
import type { Reader } from "./reader.js";
import { recheck } from "./recheck.js";
import { send, type Write } from "./send.js";
import { settled, type WriteResult, withResults } from "./settled.js";

export interface Pushed {
  /** As it was stored; null: it is gone, or it changed under us and nothing more is known of it. */
  readonly entity: Entity | null;
  readonly isStored: boolean;
  /** There is more to do for it now. */
  readonly again: boolean;
  /** The plan that it was stored with. */
  readonly plan: Plan;
}

/**
 * Carries a plan out (R8): for each write looks at the record once more, stores that it is owed and being sent, sends it, and
 * reads it back (R5). Stops at the first write that does not succeed, so that the stricter side's refusal leaves
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
  const keeper = new Keeper(parts, observation);
  const sides = { ...observation.sides };
  // Looked at before anything is stored, so that it is stored as owed and as being sent in one step, unless it was sent before.
  const [head] = owed.intents;
  const ahead = head ? await looked(observation, head, reader) : "same";
  const isSendable = head && ahead === "same" && forgottenAt(parts, { ...observation, entity: owed.entity }, head) === null;
  const first = isSendable ? head : null;
  let sentAt = clock();
  let entity = await keeper.store(first ? sending(owed.entity, first.id, sentAt, settings.quarantineMs) : owed.entity, sides, planned);
  if (!entity) return { entity: null, isStored: false, again: false, plan: planned };

  const results: WriteResult[] = [];
  let isChanged = false;
  for (const intent of owed.intents) {
    const before = intent === head ? ahead : await looked(observation, intent, reader);
    // Somebody edited it since the plan was made: what was not sent is dropped, and the plan is made anew.
    if (before === "changed") {
      isChanged = true;
      break;
    }
    if (before !== "same") {
      results.push(resultOf(parts, intent, before));
      break;
    }
    if (intent !== first) {
      // What was read back by now is noted with it: should this be the last that is stored, an edit of that is not taken for one before it (R8).
      const updated = results.filter((one) => one.intent.operation === "UPDATE");
      entity = withResults({ ...observation, entity, sides, now: clock() }, updated);
      const since = forgottenAt(parts, { ...observation, entity, sides }, intent);
      sentAt = clock();
      const next: Entity =
        since === null
          ? sending(entity, intent.id, sentAt, settings.quarantineMs)
          : forgotten(entity, intent.id, since, isoTime((parts.lostAt?.() ?? 0) + settings.quarantineMs));
      const noted: Entity | null = await keeper.store(next, sides, null);
      if (!noted) break;
      entity = noted;
      if (since !== null) {
        results.push(resultOf(parts, intent, { kind: "ambiguous", message: lookedForFirst }));
        break;
      }
    }
    const outcome = await send(
      { snapshots: parts.store.snapshots, clock },
      parts.connectors[intent.system],
      writeOfIntent(observation, intent),
      leavingInTime(options, sentAt),
    );
    results.push(resultOf(parts, intent, outcome));
    if (outcome.kind === "modified") await readAgain(observation, intent, reader);
    if (outcome.kind !== "done") break;
    sides[intent.system] = await seenAfter(parts, observation, intent, outcome, reader);
  }
  if (results.length === 0) return { entity, isStored: true, again: isChanged, plan: planned };
  const afterwards = { ...observation, entity, sides, now: clock() };
  const after = await settledUnderGuard(parts, afterwards, results);
  // What waited for this to have a counterpart can go on (R7).
  const isNew = results.some(({ intent, outcome }) => intent.operation === "CREATE" && outcome.kind === "done");
  const waiting = isNew ? await referrers(parts, entity.type, [entity.id]) : [];
  const told = { ...after, wake: [...after.wake, ...waiting] };
  const kept = after.ended ? await keeper.remove(entity, told) : await keeper.store(after.next, sides, told);
  if (kept) await recheck(parts, observation, kept);
  const isMore = after.writes.length > 0 || after.link !== null || isChanged || goesOn(afterwards, after);
  const again = kept !== null && !after.ended && (isMore || results.some(({ outcome }) => outcome.kind === "modified"));
  return { entity: after.ended ? null : kept, isStored: kept !== null, again, plan: after };
}

/** What is stored right away with the outcomes is asked of the guard as well (R10); where it holds that, the dataflow is paused by now. */
async function settledUnderGuard(parts: SettleParts, observation: Observation, results: readonly WriteResult[]): Promise<Plan> {
  const { entity } = observation;
  const after = settled(observation, results);
  if (after.writes.length > 0 || (await parts.guard?.(entity, after)) !== "hold") return after;
  return settled({ ...observation, settings: await parts.policy(entity.type) }, results);
}

/**
 * Stores the entity again and again while it is being written. Mutations may be added to it meanwhile, by whoever accepts
 * them: those are taken along. Anything else that was written in between is a writer too many (R13), and ends the push.
 */
class Keeper {
  readonly #known: Set<string>;
  /** What stands now, as far as is known here. */
  #stored: Entity;

  constructor(
    private readonly parts: SettleParts,
    private readonly observation: Observation,
  ) {
    this.#known = new Set((observation.entity.operations ?? []).map((one) => one.id));
    this.#stored = observation.entity;
  }

  async store(entity: Entity, sides: Observation["sides"], told: Pick<Plan, "history" | "wake" | "operations"> | null): Promise<Entity | null> {
    const { flow } = this.observation;
    const record = sides.CUSTOMCRM.kind === "present" ? sides.CUSTOMCRM.record : null;
    for (let mine = entity; ; ) {
      const result = await this.parts.store.entities.commit({
        put: [{ ...writeOf(flow, mine, told?.history ?? [], record), before: this.#stored }],
        markDirty: told?.wake ?? [],
        documents: operationDocuments(told?.operations),
      });
      if (result.ok) {
        this.#stored = { ...mine, revision: mine.revision + 1 };
        return this.#stored;
      }
      const rebased = result.reason === "STALE" ? await this.#rebased(mine) : null;
      if (!rebased) return null;
      mine = rebased;
    }
  }

  /** Both records are gone. A mutation that was added meanwhile is told so by the next look. */
  async remove(entity: Entity, told: Pick<Plan, "wake" | "operations">): Promise<Entity | null> {
    const result = await this.parts.store.entities.commit({
      put: [],
      remove: [{ id: entity.id, revision: entity.revision, into: null }],
      markDirty: told.wake,
      documents: operationDocuments(told.operations),
    });
    return result.ok ? entity : null;
  }

  async #rebased(mine: Entity): Promise<Entity | null> {
    const [theirs] = await this.parts.store.entities.get([mine.id]);
    if (!theirs || theirs.id !== mine.id) return null;
    const rebased = withLaterOperations(this.observation.flow, mine, theirs, this.#known, this.parts.clock());
    for (const one of theirs.operations ?? []) this.#known.add(one.id);
    this.#stored = theirs;
    return rebased;
  }
}

/** How mutations stand, as documents to be stored in the same step: one that is over is kept for a while. */
export const operationDocuments = (operations: readonly Operation[] = []): readonly DocumentWrite[] =>
  operations.map((operation) => ({
    kind: "operation",
    key: operation.id,
    value: operation,
    version: null,
    ttlMs: operation.finishedAt === null ? null : limits.mutation.operationKeptMs,
  }));

const forgottenAt = (parts: SettleParts, observation: Observation, intent: Intent) => forgottenSince(observation, intent, parts.lostAt?.() ?? null);

/** Where the system can't guard a write by itself: Exact knows no ETags. */
const isLookedAt = ({ sides }: Pick<Observation, "sides">, { operation, system }: Intent): boolean => {
  const side = sides[system];
  return operation !== "CREATE" && side.kind === "present" && side.record.etag === null;
};

/** What was noted as sent leaves in time, or not at all: else it could land after its quarantine (A1). */
const leavingInTime = (options: SettleOptions, sentAt: number): CallOptions => ({ ...callOptions(options), leaveBy: sentAt + limits.sync.turnMs });

/** A look right before the write. */
async function looked(
  { entity, flow, sides }: Observation,
  intent: Intent,
  reader: Reader,
): Promise<"same" | "changed" | Extract<WriteOutcome, { kind: "later" }>> {
  const side = sides[intent.system];
  if (side.kind !== "present" || !isLookedAt({ sides }, intent)) return "same";
  try {
    const record = await reader.read({ system: intent.system, type: side.record.type, id: side.record.id });
    // Missing from one read is no proof that it is gone: what was not seen is not written over, and deleted only where a client asked for that.
    if (!record)
      return intent.operation === "DELETE" && entity.wanted?.kind === "DELETE"
        ? "same"
        : { kind: "later", code: "SYSTEM_UNAVAILABLE", message: notShown(intent), retryAt: null };
    const now = fieldsOf(flow, record);
    const isSame = flow.rows.every((row) => (now[row.field] ?? null) === (side.fields[row.field] ?? null));
    // A deletion takes all of the record with it, also what no row names: the history must have it as it was last seen (I4).
    return isSame && (intent.operation !== "DELETE" || holdsAlike(record.properties, side.record.properties)) ? "same" : "changed";
  } catch (error) {
    if (!isUnread(error)) throw error;
    if (error instanceof RateLimitedError) return { kind: "later", code: "RATE_LIMITED", message: error.message, retryAt: error.retryAt };
    if (error instanceof NotAuthorizedError) return { kind: "later", code: "NOT_AUTHORIZED", message: error.message, retryAt: null };
    return { kind: "later", code: "SYSTEM_UNAVAILABLE", message: `The record could not be read before the write. ${error.message}`, retryAt: null };
  }
}

const holdsAlike = (now: Properties, known: Properties): boolean =>
  [...new Set([...Object.keys(now), ...Object.keys(known)])].every((name) => (now[name] ?? null) === (known[name] ?? null));

/** The record is not as it was known: what it holds now is stored, so that the next plan rests on it. */
async function readAgain({ flow, entity }: Observation, { system }: Intent, reader: Reader): Promise<void> {
  const id = entity.records[system];
  if (id === null) return;
  await reader.read({ system, type: recordTypeOf(flow, system), id }).catch((error: unknown) => {
    if (!isUnread(error)) throw error;
  });
}

const lookedForFirst = "Redis was started again and may have lost that this was sent already: it is looked for first.";

const notShown = ({ system }: Intent): string => `${titleOf(system)} did not show the record before the write.`;

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
    if (!isUnread(error)) throw error;
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
