import type { Entity, HistoryEvent } from "../../src/domain/entity.js";
import type { SystemRecord } from "../../src/domain/record.js";
import type { EntityWrite, IndexEntry } from "../../src/store/store.js";

/** A CONTACT may have an Exact Contacts row that a PRODUCT could have too. */
export function entity(id: string, more: Partial<Entity> = {}): Entity {
  return {
    id,
    type: "ACCOUNT",
    revision: 0,
    records: { CUSTOMCRM: null, EXACT: null },
    formerExactEntityId: null,
    state: "UNLINKED",
    version: 1,
    origin: null,
    linkedAt: null,
    syncedAt: null,
    problem: null,
    candidates: [],
    conflicts: [],
    ignored: [],
    cutFrom: [],
    fields: {},
    modifiedAt: "2026-01-01T00:00:00.000Z",
    shadows: { CUSTOMCRM: null, EXACT: null },
    intents: [],
    wanted: null,
    nextActionAt: null,
    ...more,
  };
}

const entry = (more: Partial<IndexEntry> = {}): IndexEntry => ({ sortName: "", names: [], terms: {}, matchKeys: [], ...more });

/** An entity by its name, as lists know it. */
export function named(id: string, name: string, more: Partial<Entity> = {}, index: Partial<IndexEntry> = {}): EntityWrite {
  return { entity: entity(id, { fields: { name }, ...more }), index: entry({ sortName: name, names: [name], ...index }), history: [] };
}

export const write = (one: Entity, index: Partial<IndexEntry> = {}, history: EntityWrite["history"] = []): EntityWrite => ({
  entity: one,
  index: entry(index),
  history,
});

export const event = (at: string, more: Partial<Omit<HistoryEvent, "id">> = {}): Omit<HistoryEvent, "id"> => ({
  at,
  kind: "UPDATED",
  source: "EXACT",
  actor: null,
  fields: [],
  ...more,
});

export const record = (id: string, more: Partial<SystemRecord> = {}): SystemRecord => ({
  system: "CUSTOMCRM",
  type: "Customer",
  id,
  modifiedAt: null,
  createdAt: null,
  etag: null,
  properties: { Name: id },
  ...more,
});
