import type { CallOptions, Condition } from "../connectors/connector.js";
import { type Dataflow, propertyOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity, Intent } from "../domain/entity.js";
import { limits } from "../domain/limits.js";
import type { SystemRecord } from "../domain/record.js";
import { isoTime, otherSystem } from "../domain/words.js";
import { clockSlackMs, type LostCreate, likeness, ownAmong } from "./decide/likeness.js";
import { quarantineEnd } from "./decide/own-writes.js";
import { writeOf } from "./document.js";
import { changesOf, referrers } from "./join.js";
import { adopting } from "./links.js";
import { heldRows } from "./mint.js";
import type { Seen } from "./observe.js";
import { openCreates } from "./open-creates.js";
import { isUnread } from "./outcome.js";
import type { SettleParts } from "./parts.js";

export interface Looked {
  /** Creates that are certainly not there: they may be sent again. */
  readonly lookedFor: readonly string[];
  /** One was found and belongs to the entity now: observe it anew. */
  readonly adopted: boolean;
}

/**
 * Looks for the creates of an entity whose answer was lost and whose quarantine is over (R8): by what they carried, never by
 * key. What is found is adopted, whether nobody knows it yet or it was minted as an entity of its own meanwhile.
 */
export async function lookForLost(parts: SettleParts, { entity, flow }: Seen, options: CallOptions): Promise<Looked> {
  const lookedFor: string[] = [];
  for (const intent of entity.intents.filter((one) => isDue(parts, entity, one))) {
    const found = await find(parts, flow, intent, options);
    if (found === "unknown") continue;
    if (found === null) lookedFor.push(intent.id);
    else if (await adopt(parts, flow, entity, intent, found)) return { lookedFor, adopted: true };
  }
  return { lookedFor, adopted: false };
}

const isDue = ({ clock, settings }: SettleParts, entity: Entity, intent: Intent): boolean =>
  intent.operation === "CREATE" &&
  intent.sentAt !== null &&
  !intent.givenUpAt &&
  entity.records[intent.system] === null &&
  clock() >= quarantineEnd(intent, settings.quarantineMs);

/** The record that the create has made; null: there is none; unknown: it could not be looked for now. */
async function find(parts: SettleParts, flow: Dataflow, intent: Intent, options: CallOptions): Promise<SystemRecord | null | "unknown"> {
  try {
    if (!(await isFeedRead(parts, flow, intent))) return "unknown";
    const rows = await created(parts, flow, intent, options);
    const owners = await ownersOf(parts, rows);
    if (owners === null) return "unknown";
    const free = rows.filter((_, i) => isFree(owners[i], intent));
    if (!free.some((row) => likeness(flow, intent, row) !== null)) return null;
    const own = ownAmong({ flow, intent }, await othersLost(parts, flow, intent), free);
    // It is known once the other has taken what is its own.
    return own === "another's" ? "unknown" : own;
  } catch (error) {
    if (isUnread(error)) return "unknown";
    throw error;
  }
}

/** The other creates that may have made a record there. */
async function othersLost({ store, settings }: SettleParts, flow: Dataflow, { id, system }: Intent): Promise<readonly LostCreate[]> {
  const open = await openCreates({ store, flows: settings.flows }, system, [recordTypeOf(flow, system)]);
  return open.filter(({ entity, intent }) => intent.id !== id && intent.sentAt !== null && entity.records[system] === null);
}

/** The feed first (R8): what has landed is held or minted by then, wherever a person has moved it since. */
async function isFeedRead({ connectors, store, settings }: SettleParts, flow: Dataflow, intent: Intent): Promise<boolean> {
  const { system } = intent;
  const feeds = connectors[system].feeds.filter((feed) => feed.types.includes(recordTypeOf(flow, system)));
  const states = await Promise.all(feeds.map((feed) => store.feeds.get(system, feed.name)));
  const end = quarantineEnd(intent, settings.quarantineMs);
  return states.every(({ polledAt }) => polledAt === null || Date.parse(polledAt) >= end);
}

/** What was created there since then, and what is held. */
async function created(parts: SettleParts, flow: Dataflow, intent: Intent, options: CallOptions): Promise<readonly SystemRecord[]> {
  const found = await createdThere(parts, flow, intent, options);
  const held = (await heldRows(parts.store)).filter((row) => row.system === intent.system && row.type === recordTypeOf(flow, intent.system));
  return [...found, ...held.filter((row) => !found.some((one) => one.id === row.id))];
}

/**
 * A person may have moved and renamed it meanwhile, and the feed's last page may have come empty: it is asked for by what it refers
 * to, and then by its name too, only where so much was created that one page does not hold it.
 */
async function createdThere({ connectors }: SettleParts, flow: Dataflow, intent: Intent, options: CallOptions): Promise<readonly SystemRecord[]> {
  const connector = connectors[intent.system];
  const since = isoTime(Date.parse(intent.sentAt ?? "") - clockSlackMs);
  const references = flow.rows.filter((row) => row.refersTo);
  const names = flow.rows.filter((row) => ["name", "lastName", "firstName"].includes(row.field));
  const found = new Map<string, SystemRecord>();
  for (const rows of [[], ...(references.length > 0 ? [references] : []), [...references, ...names]]) {
    const conditions = rows
      .filter((row) => intent.fields[row.field])
      .map((row): Condition => ({ property: propertyOf(row, intent.system), equals: intent.fields[row.field] ?? "" }));
    const page = await connector.find(recordTypeOf(flow, intent.system), conditions, since, options);
    for (const record of page) found.set(record.id, record);
    if (page.length < limits.exact.pageSize) break;
  }
  return [...found.values()];
}

/** Who has these records; null: that changes just now. */
async function ownersOf({ store }: SettleParts, rows: readonly SystemRecord[]): Promise<readonly (Entity | null)[] | null> {
  const ids = await store.entities.idsOfRecords(rows.map(({ system, type, id }) => ({ system, type, id })));
  const owned = await store.entities.get(ids.filter((id): id is string => id !== null));
  const owners = ids.map((id) => (id === null ? null : owned.find((one) => one?.id === id)));
  return owners.some((owner) => owner === undefined) ? null : owners.map((owner) => owner ?? null);
}

/** Nobody's, or minted as an entity of its own before it was recognised. */
const isFree = (owner: Entity | null | undefined, { system }: Intent): boolean =>
  !owner || (owner.records[otherSystem(system)] === null && owner.state !== "DETACHED");

async function adopt(parts: SettleParts, flow: Dataflow, entity: Entity, intent: Intent, found: SystemRecord): Promise<boolean> {
  const { store, clock } = parts;
  const ref = { system: intent.system, type: found.type, id: found.id };
  await store.snapshots.put([found], isoTime(clock()), await store.snapshots.ticket());
  const [ownerId] = await store.entities.idsOfRecords([ref]);
  const [owner] = ownerId ? await store.entities.get([ownerId]) : [null];
  // Another process has adopted it just now, when this one's lease had run out.
  if (owner?.id === entity.id) return true;
  const result = await store.entities.commit({
    put: [writeOf(flow, adopting(entity, intent.system, found.id, owner ?? null), owner ? await changesOf(store, owner) : [])],
    ...(owner ? { remove: [{ id: owner.id, revision: owner.revision, into: entity.id }] } : {}),
    // What waited for this to have a counterpart can go on (R7).
    markDirty: [entity.id, ...(await referrers(parts, entity.type, [entity.id, ...(owner ? [owner.id] : [])]))],
  });
  return result.ok;
}
