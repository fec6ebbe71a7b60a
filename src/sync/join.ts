import { dataflowOf } from "../domain/dataflow.js";
import type { Entity, HistoryEvent } from "../domain/entity.js";
import { limits } from "../domain/limits.js";
import type { SyncSettings } from "../domain/settings.js";
import { type Clock, isoTime, type LinkOrigin } from "../domain/words.js";
import type { Lease, Store } from "../store/store.js";
import type { Plan } from "./decide/observation.js";
import { writeOf } from "./document.js";
import { joined } from "./links.js";
import type { Seen } from "./observe.js";
import { leaseKey } from "./parts.js";

export interface JoinParts {
  readonly store: Store;
  readonly settings: SyncSettings;
  readonly clock: Clock;
}

/** Makes the link that a plan of kind LINK asks for. False: the other one is not free, or has changed; nothing was done. */
export async function join(parts: JoinParts, held: Map<string, Lease>, seen: Seen, planned: Plan): Promise<boolean> {
  const otherId = planned.link?.with;
  if (!otherId) return false;
  if (!held.has(otherId)) {
    const lease = await parts.store.leases.acquire(leaseKey(otherId), limits.sync.leaseMs);
    if (!lease) return false;
    held.set(otherId, lease);
  }
  const [other] = await parts.store.entities.get([otherId]);
  if (!other || other.id !== otherId) return false;
  return (await commitJoin(parts, seen.entity, other, "MATCHED")) !== null;
}

/** Joins two one-sided entities in one step; null when one of them has changed since it was read. */
export async function commitJoin(parts: JoinParts, one: Entity, other: Entity, origin: LinkOrigin, actor: string | null = null): Promise<Entity | null> {
  const [customcrm, exact] = one.records.CUSTOMCRM !== null ? [one, other] : [other, one];
  if (customcrm.records.CUSTOMCRM === null || exact.records.EXACT === null || customcrm.records.EXACT !== null || exact.records.CUSTOMCRM !== null) return null;
  const { store, settings, clock } = parts;
  const flow = dataflowOf(settings.flows, customcrm.type);
  const now = isoTime(clock());
  const survivor = joined(customcrm, exact, origin, now);
  const snapshot =
    flow.type === "PRODUCT" ? (await store.snapshots.get([{ system: "CUSTOMCRM", type: flow.customcrm, id: customcrm.records.CUSTOMCRM }]))[0] : null;
  const history = [...(await changesOf(store, exact)), { at: now, kind: "LINKED", source: "GATEWAY", actor, fields: [] } as const];
  const result = await store.entities.commit({
    put: [writeOf(flow, survivor, history, snapshot?.record ?? null)],
    remove: [{ id: exact.id, revision: exact.revision, into: survivor.id }],
    // Who refers to either of them may match, or be written, from now on (R7).
    markDirty: [survivor.id, ...(await referrers(parts, survivor.type, [customcrm.id, exact.id]))],
  });
  return result.ok ? { ...survivor, revision: customcrm.revision + 1 } : null;
}

/** What was changed in an entity, and who lost, oldest first: it goes with its record when that joins another entity (I4). */
export async function changesOf({ entities }: Store, { id, version }: Entity): Promise<readonly Omit<HistoryEvent, "id">[]> {
  // Each change makes a version.
  if (version === 1) return [];
  const { events } = await entities.history(id, limits.history.maxEvents, null);
  return events
    .filter(({ fields }) => fields.length > 0)
    .map(({ id: _, ...event }) => event)
    .reverse();
}

/** Entities that refer to any of these, of all types that have such a reference. */
export async function referrers({ store, settings }: JoinParts, type: Entity["type"], ids: readonly string[]): Promise<readonly string[]> {
  const referring = settings.flows.filter((one) => one.rows.some((row) => row.refersTo === type));
  const found = await Promise.all(referring.flatMap((flow) => ids.map((id) => referrersOf(store, flow.type, id))));
  return found.flat();
}

async function referrersOf({ entities }: Store, type: Entity["type"], accountId: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const page = await entities.list({ type, terms: { accountId }, order: "NAME_ASC" }, limits.list.maxFirst, after);
    found.push(...page.entities.map((one) => one.id));
    after = page.cursors.at(-1) ?? null;
    more = page.hasNextPage;
  }
  return found;
}
