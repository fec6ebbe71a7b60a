import { isDeepStrictEqual } from "node:util";
import type { Entity, Intent } from "../domain/entity.js";
import { limits } from "../domain/limits.js";
import type { RecordRef } from "../domain/record.js";
import type { PlannedActionKind } from "../domain/run.js";
import type { System } from "../domain/words.js";
import type { Lease } from "../store/store.js";
import { wakeAwaiting, wakeReferred } from "./awaited.js";
import type { Observation, Plan } from "./decide/observation.js";
import { quarantineEnd } from "./decide/own-writes.js";
import { writeOf } from "./document.js";
import { Foresight } from "./foresight.js";
import { join } from "./join.js";
import { lookForLost } from "./lost.js";
import { type Batch, observe, recordRefs, type Seen } from "./observe.js";
import { callOptions, leaseKey, type SettleOptions, type SettleParts } from "./parts.js";
import { goesOn, isAtRest, plan } from "./plan.js";
import { operationDocuments, push } from "./push.js";
import { Reader } from "./reader.js";
import { recheck } from "./recheck.js";
import { hasOtherKeys, wakeReviews } from "./reviewing.js";
import { readNow } from "./send.js";

export interface Settled {
  readonly id: string;
  readonly entity: Entity | null;
  readonly kind: PlannedActionKind;
  /** False: somebody else holds it, or it changed meanwhile; it stays marked. */
  readonly done: boolean;
  /** Something is to be written, and was not, because `withoutPush` was asked for. */
  readonly owes?: boolean;
}

/** Plans and pushes within one settling; a newcomer takes one for each side, a link one more. */
const maxRounds = 6;

/**
 * Settles entities: each under its lease, from what is seen of it now, until nothing more can be done about it at once (R13).
 * What fails for one leaves the others alone (R14).
 */
export async function settle(parts: SettleParts, ids: readonly string[], options: SettleOptions): Promise<readonly Settled[]> {
  const leases = await Promise.all(ids.map((id) => parts.store.leases.acquire(leaseKey(id), limits.sync.leaseMs)));
  const held = new Map<string, Lease>();
  ids.forEach((id, i) => {
    const lease = leases[i];
    if (lease) held.set(id, lease);
  });
  const letExpire = (parts.every ?? everyInterval)(limits.sync.leaseMs / 3, () => {
    for (const lease of held.values()) parts.store.leases.renew(lease, limits.sync.leaseMs).catch(() => {});
  });
  try {
    const results = new Map<string, Settled>();
    for (const id of ids) if (!held.has(id)) results.set(id, { id, entity: null, kind: "NONE", done: false });
    let open: readonly string[] = ids.filter((id) => held.has(id));
    for (let round = 0; open.length > 0 && round < maxRounds; round++) {
      // Only what was found waiting is tried at once; what fails meanwhile waits its time.
      open = await settleRound(parts, open, held, round === 0 ? options : { ...options, urgent: false }, results);
    }
    return ids.map((id) => results.get(id) ?? { id, entity: null, kind: "NONE", done: false });
  } finally {
    letExpire();
    await Promise.all([...held.values()].map((lease) => parts.store.leases.release(lease)));
  }
}

const everyInterval = (ms: number, run: () => void): (() => void) => {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
};

/** One look at each; gives those that need another one. */
async function settleRound(
  parts: SettleParts,
  ids: readonly string[],
  held: Map<string, Lease>,
  options: SettleOptions,
  results: Map<string, Settled>,
): Promise<readonly string[]> {
  const found = await parts.store.entities.get(ids);
  const entities: Entity[] = [];
  ids.forEach((id, i) => {
    const entity = found[i];
    if (!entity) results.set(id, { id, entity: null, kind: "NONE", done: true });
    // It was joined with another: the survivor is settled under its own id, and its own lease.
    else if (entity.id !== id) results.set(id, { id, entity, kind: "LINK", done: true });
    else entities.push(entity);
  });
  const batch = await observeWhole(parts, entities, options);
  await Promise.all(batch.seen.map((seen) => wakeOthers(parts, seen)));
  const again: string[] = [];
  const reader = new Reader(parts, options);
  const wave: (() => Promise<void>)[] = [];
  const storing = new Storing();
  const foresight = new Foresight(parts, batch.seen, () => storing.done());
  try {
    for (const seen of batch.seen) {
      if (options.signal?.aborted) break;
      const { id } = seen.entity;
      // Another one of this round was joined with it.
      if (foresight.hasTouched(id)) {
        again.push(id);
        continue;
      }
      const looked = await lookForLost(parts, seen, callOptions(options));
      if (looked.adopted) {
        foresight.distrust();
        again.push(id);
        continue;
      }
      const observation = await observationOf(parts, batch, seen, foresight, looked.lookedFor, options);
      const planned = plan(observation);
      const isCarriedOut = planned.writes.length === 0 || !options.withoutPush;
      if (isCarriedOut && (await parts.guard?.(seen.entity, planned)) === "hold") {
        foresight.distrust();
        again.push(id);
        continue;
      }
      if (isCarriedOut && !planned.link) parts.onPlanned?.(observation, planned);
      if (!isAtRest(planned)) foresight.touched(id, ...(planned.link ? [planned.link.with] : []));
      if (planned.link) {
        storing.begin(async () => {
          if (await join(parts, held, seen, planned)) {
            parts.onPlanned?.(observation, planned);
            again.push(id);
          } else results.set(id, { id, entity: seen.entity, kind: "LINK", done: false });
        });
      } else if (planned.writes.length > 0 && !options.withoutPush) {
        wave.push(async () => {
          const pushed = await push(parts, reader, observation, planned, options);
          results.set(id, { id, entity: pushed.entity, kind: planned.kind, done: pushed.isStored });
          if (pushed.isStored) parts.onSettled?.(seen.entity, pushed.entity, pushed.entity ? planned : pushed.plan);
          if (pushed.again) again.push(id);
        });
      } else {
        storing.begin(async () => {
          const stored = await (planned.writes.length > 0 ? storeOwing(parts, seen, planned, options) : store(parts, seen, observation, planned));
          results.set(id, stored);
          if (stored.done && goesOn(observation, planned)) again.push(id);
        });
        if (planned.writes.length === 0 && hasOtherKeys(seen.flow, seen.entity, planned.next)) foresight.distrust();
      }
    }
  } finally {
    // Also when the round fails: whatever is under way ends under its lease.
    await storing.ended();
  }
  await storing.done();
  while (wave.length > 0 && !options.signal?.aborted && !options.isHalted?.()) {
    // All of them come to their end under their leases, also when one fails in a way that ends the settling.
    const ended = await Promise.allSettled(wave.splice(0, waveSize).map((write) => reader.writer(write)));
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  }
  return again;
}

async function wakeOthers(parts: SettleParts, { flow, entity }: Seen): Promise<void> {
  await Promise.all([wakeAwaiting(parts, entity), wakeReviews(parts, flow, entity), wakeReferred(parts, entity)]);
}

/** Writers side by side: what they read is read together. The budgets hold them back where a system is slower. */
const waveSize = 16;

async function store(parts: SettleParts, seen: Seen, observation: Observation, planned: Plan): Promise<Settled> {
  const { entity, flow, sides } = seen;
  const { id } = entity;
  const documents = operationDocuments(planned.operations);
  if (planned.ended) {
    const ended = await parts.store.entities.commit({ put: [], remove: [{ id, revision: entity.revision, into: null }], markDirty: planned.wake, documents });
    if (ended.ok) parts.onSettled?.(entity, null, planned);
    return { id, entity: null, kind: planned.kind, done: ended.ok };
  }
  if (isAtRest(planned)) return { id, entity, kind: planned.kind, done: true };
  const record = sides.CUSTOMCRM.kind === "present" ? sides.CUSTOMCRM.record : null;
  const committed = await parts.store.entities.commit({
    put: [{ ...writeOf(flow, planned.next, planned.history, record), before: entity }],
    markDirty: planned.wake,
    documents,
  });
  if (!committed.ok) return { id, entity, kind: planned.kind, done: false };
  await recheck(parts, observation, planned.next);
  parts.onSettled?.(entity, planned.next, planned);
  return { id, entity: { ...planned.next, revision: entity.revision + 1 }, kind: planned.kind, done: true };
}

/** What one round stores, side by side: one after the other, each would wait for several answers of the store. */
class Storing {
  #underWay: Promise<void>[] = [];

  begin(work: () => Promise<void>): void {
    const one = work();
    // One that fails is told by `done`.
    one.catch(() => {});
    this.#underWay.push(one);
  }

  async ended(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** All that was begun has come to its end; throws what the first of those threw that failed. */
  async done(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#underWay = [];
  }
}

/**
 * Shows that something is on its way, and how a REVIEW stands meanwhile. The rest of the plan is stored with its intents, when its
 * turn has come.
 */
async function storeOwing(parts: SettleParts, seen: Seen, planned: Plan, { onProbation }: SettleOptions): Promise<Settled> {
  const { entity, flow, sides } = seen;
  const settled = { id: entity.id, entity, kind: planned.kind, done: false, owes: true };
  if (onProbation?.has(entity.id)) return settled;
  const { candidates, review = null } = planned.next;
  const isSameReview = isDeepStrictEqual(review, entity.review ?? null);
  // A detachment stands until a person ends it, whatever a mutation writes meanwhile.
  const isShown = entity.state === "DETACHED" || (entity.state === "PENDING" && entity.problem === null && entity.nextActionAt === null);
  if (isSameReview && isShown) return settled;
  const record = sides.CUSTOMCRM.kind === "present" ? sides.CUSTOMCRM.record : null;
  const shown: Entity = isShown ? entity : { ...entity, state: "PENDING", problem: null, nextActionAt: null };
  const next: Entity = isSameReview ? shown : { ...shown, candidates, review };
  // Who put that time there has cleared the mark, and may have done so after this one was read.
  const markDirty = [...(next.nextActionAt === entity.nextActionAt ? [] : [entity.id]), ...(isSameReview ? [] : planned.wake)];
  const committed = await parts.store.entities.commit({ put: [{ ...writeOf(flow, next, [], record), before: entity }], markDirty });
  return committed.ok ? { ...settled, entity: { ...next, revision: entity.revision + 1 } } : settled;
}

/**
 * What no snapshot is kept of is read first, and so is what a lost write may have changed since it was read, once that can no
 * longer land; what can't be read stays as it is, and the plan leaves it alone.
 */
async function observeWhole(parts: SettleParts, entities: readonly Entity[], options: SettleOptions): Promise<Batch> {
  const batch = await observe(parts.store, parts.settings.flows, entities);
  const unread = batch.seen.flatMap((seen) => [...seen.unread, ...unseenBy(parts, seen).flatMap((intent) => refsOn(seen, intent.system))]);
  if (unread.length === 0) return batch;
  const groups = new Map(unread.map((ref) => [`${ref.system}:${ref.type}`, { system: ref.system, type: ref.type }]));
  await Promise.all(
    [...groups.values()].map(async ({ system, type }) => {
      const ids = unread.filter((ref) => ref.system === system && ref.type === type).map((ref) => ref.id);
      await readNow({ snapshots: parts.store.snapshots, clock: parts.clock }, parts.connectors[system], type, ids, callOptions(options)).catch(() => {});
    }),
  );
  return observe(parts.store, parts.settings.flows, entities);
}

/** Updates whose answer was lost, and whose record was not read since the last moment at which they can have landed (A1). */
const unseenBy = ({ clock, settings }: SettleParts, { entity, asOf }: Seen): readonly Intent[] =>
  entity.intents.filter((intent) => {
    const readAt = asOf[intent.system];
    if (intent.operation !== "UPDATE" || intent.sentAt === null || intent.givenUpAt || readAt === null) return false;
    const end = quarantineEnd(intent, settings.quarantineMs);
    return clock() >= end && Date.parse(readAt) < end;
  });

const refsOn = ({ flow, entity }: Seen, system: System): readonly RecordRef[] => recordRefs(flow, entity).filter((ref) => ref.system === system);

async function observationOf(
  parts: SettleParts,
  batch: Batch,
  seen: Seen,
  foresight: Foresight,
  lookedFor: readonly string[],
  options: SettleOptions,
): Promise<Observation> {
  const unseen = unseenBy(parts, seen).map((intent) => intent.id);
  return {
    flow: seen.flow,
    entity: seen.entity,
    ...(await foresight.of(seen)),
    references: batch.references,
    ...(lookedFor.length > 0 ? { lookedFor } : {}),
    ...(unseen.length > 0 ? { unseen } : {}),
    ...(options.urgent ? { urgent: true } : {}),
    now: parts.clock(),
  };
}
