import type { CallOptions, Condition } from "../connectors/connector.js";
import { type Dataflow, fieldsOf, propertyOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity, Intent } from "../domain/entity.js";
import type { SystemRecord } from "../domain/record.js";
import { isoTime, otherSystem } from "../domain/words.js";
import { quarantineEnd } from "./decide/own-writes.js";
import { writeOf } from "./document.js";
import type { Seen } from "./observe.js";
import { isPassing } from "./outcome.js";
import type { SettleParts } from "./parts.js";

/** A create may have been noted by the system's clock a little before ours says it was sent. */
const clockSlackMs = 5 * 60_000;

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
async function find({ connectors, store }: SettleParts, flow: Dataflow, intent: Intent, options: CallOptions): Promise<SystemRecord | null | "unknown"> {
  const telling = flow.rows.filter((row) => (row.refersTo || ["name", "lastName", "firstName"].includes(row.field)) && intent.fields[row.field]);
  const where = telling.map((row): Condition => ({ property: propertyOf(row, intent.system), equals: intent.fields[row.field] ?? "" }));
  const type = recordTypeOf(flow, intent.system);
  const since = isoTime(Date.parse(intent.sentAt ?? "") - clockSlackMs);
  try {
    const rows = await connectors[intent.system].find(type, where, since, options);
    const owners = await store.entities.idsOfRecords(rows.map((row) => ({ system: intent.system, type, id: row.id })));
    const owned = await store.entities.get(owners.filter((id): id is string => id !== null));
    const free = rows.filter((_, i) => {
      const owner = owned.find((one) => one !== null && one.id === owners[i]);
      return !owners[i] || (owner && owner.type === flow.type && owner.records[otherSystem(intent.system)] === null);
    });
    const unread = owners.some((id, i) => id !== null && !owned.some((one) => one?.id === id) && rows[i]);
    if (unread) return "unknown";
    const exactly = free.filter((row) => carries(flow, intent, row));
    return exactly[0] ?? null;
  } catch (error) {
    if (isPassing(error)) return "unknown";
    throw error;
  }
}

/** It holds what was sent. A system may have dropped a field in silence, so what is missing says nothing. */
function carries(flow: Dataflow, intent: Intent, row: SystemRecord): boolean {
  const fields = fieldsOf(flow, row);
  return Object.entries(intent.fields).every(([field, value]) => (fields[field] ?? null) === null || fields[field] === value);
}

async function adopt({ store, clock }: SettleParts, flow: Dataflow, entity: Entity, intent: Intent, found: SystemRecord): Promise<boolean> {
  const ref = { system: intent.system, type: found.type, id: found.id };
  await store.snapshots.put([found], isoTime(clock()), await store.snapshots.ticket());
  const [ownerId] = await store.entities.idsOfRecords([ref]);
  const [owner] = ownerId ? await store.entities.get([ownerId]) : [null];
  const adopted: Entity = {
    ...entity,
    records: { ...entity.records, [intent.system]: found.id },
    formerExactEntityId: intent.system === "EXACT" ? (owner?.id ?? null) : entity.formerExactEntityId,
  };
  const result = await store.entities.commit({
    put: [writeOf(flow, adopted, [])],
    ...(owner ? { remove: [{ id: owner.id, revision: owner.revision, into: entity.id }] } : {}),
  });
  return result.ok;
}
