import { dataflowOf } from "../../domain/dataflow.js";
import type { Entity, HistoryEvent } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import type { UserError } from "../../domain/operation.js";
import { isoTime } from "../../domain/words.js";
import type { Lease } from "../../store/store.js";
import { writeOf } from "../document.js";
import { leaseKey } from "../parts.js";
import { settle } from "../settle.js";
import { type Sleep, timer } from "../timer.js";
import { type ActionParts, notFound, type Outcome, userError } from "./parts.js";

/** Who writes an entity now is soon done; a person waits this long for it. */
const leaseTries = 100;
const leaseEveryMs = 50;
/** Mutations are noted without the lease: a change made at the same time is made again on top of them. */
const commitTries = 5;
/** What is not done by then goes on in the background. */
const settleForMs = 5_000;

/** Runs `work` as the one writer of these entities (R13); null when somebody else has not let go of one of them in time. */
export async function asWriter<T>(
  { store, sleep = timer }: ActionParts,
  ids: readonly string[],
  work: () => Promise<T>,
): Promise<{ readonly value: T } | null> {
  const held: Lease[] = [];
  try {
    // In one order everywhere, so that two who want the same do not wait for each other.
    for (const id of [...new Set(ids)].sort()) {
      const lease = await acquire(store, id, sleep);
      if (!lease) return null;
      held.push(lease);
    }
    return { value: await work() };
  } finally {
    await Promise.all(held.map((lease) => store.leases.release(lease)));
  }
}

async function acquire(store: ActionParts["store"], id: string, sleep: Sleep): Promise<Lease | null> {
  for (let tries = 0; tries < leaseTries; tries++) {
    const lease = await store.leases.acquire(leaseKey(id), limits.sync.leaseMs);
    if (lease) return lease;
    await sleep(leaseEveryMs);
  }
  return null;
}

export const isBusy = ({ clock }: ActionParts): UserError =>
  userError("SYSTEM_UNAVAILABLE", "It is being written to just now. Try again in a moment.", { retryAt: isoTime(clock() + 2_000) });

/** What an action makes of an entity. */
export interface Change {
  readonly entity: Entity;
  readonly history?: readonly Omit<HistoryEvent, "id">[];
  /** Others whose decision may now be another one. */
  readonly wake?: readonly string[];
}

const isError = (value: Change | UserError): value is UserError => "code" in value;

/**
 * Changes one entity by a person's word: under its lease, by compare-and-set, and marked in the same step, so that it is
 * settled whatever happens to this process. `decide` may be called more than once.
 */
export async function change(parts: ActionParts, id: string, decide: (entity: Entity) => Promise<Change | UserError>): Promise<Outcome> {
  const { store, settings } = parts;
  const [found] = await store.entities.get([id]);
  if (!found) return { entity: null, userErrors: [notFound(id)] };
  const done = await asWriter(parts, [found.id], async (): Promise<Outcome> => {
    for (let tries = 0; tries < commitTries; tries++) {
      const [entity] = await store.entities.get([found.id]);
      if (!entity || entity.id !== found.id) return { entity: entity ?? null, userErrors: [isBusy(parts)] };
      const next = await decide(entity);
      if (isError(next)) return { entity, userErrors: [next] };
      const write = writeOf(dataflowOf(settings.flows, entity.type), next.entity, next.history ?? [], await customcrmRecord(parts, next.entity));
      const result = await store.entities.commit({ put: [write], markDirty: [entity.id, ...(next.wake ?? [])] });
      if (result.ok) return { entity: { ...next.entity, revision: next.entity.revision + 1 }, userErrors: [] };
    }
    return { entity: found, userErrors: [isBusy(parts)] };
  });
  return done?.value ?? { entity: found, userErrors: [isBusy(parts)] };
}

/** A product's number is found by what its record holds. */
export async function customcrmRecord({ store, settings }: ActionParts, entity: Entity) {
  const id = entity.records.CUSTOMCRM;
  if (entity.type !== "PRODUCT" || id === null) return null;
  const [snapshot] = await store.snapshots.get([{ system: "CUSTOMCRM", type: dataflowOf(settings.flows, entity.type).customcrm, id }]);
  return snapshot?.record ?? null;
}

/** As `change`, and then settled at once, as far as that goes within a few seconds. */
export async function changeAndSettle(parts: ActionParts, id: string, decide: (entity: Entity) => Promise<Change | UserError>): Promise<Outcome> {
  const changed = await change(parts, id, decide);
  return changed.userErrors.length > 0 || !changed.entity ? changed : settledNow(parts, changed.entity.id);
}

/** Settles an entity while a person waits; gives it as it stands then. What is left goes on in the background. */
export async function settledNow(parts: ActionParts, id: string): Promise<Outcome> {
  await settle(parts, [id], { class: "interactive", urgent: true, deadline: parts.clock() + settleForMs });
  parts.nudge?.();
  const [entity] = await parts.store.entities.get([id]);
  return { entity: entity ?? null, userErrors: entity ? [] : [notFound(id)] };
}
