import type { Fields } from "../../src/domain/canonical.js";
import { type Dataflow, dataflowOf, dataflows, fieldsOf, propertiesOf, recordTypeOf } from "../../src/domain/dataflow.js";
import type { Entity, Intent, Wanted } from "../../src/domain/entity.js";
import type { Properties, SystemRecord } from "../../src/domain/record.js";
import { type EntityType, type IsoTime, isoTime, type System } from "../../src/domain/words.js";
import type { Observation, PlanSettings, Present, ReferenceLookup, Sighting } from "../../src/sync/decide/observation.js";

export const now = Date.parse("2026-03-02T12:00:00.000Z");
/** A time some minutes from now; before it when negative. */
export const at = (minutes: number): IsoTime => isoTime(now + minutes * 60_000);

const flowOf = (type: EntityType, over: Partial<Dataflow> = {}): Dataflow => ({ ...dataflowOf(dataflows, type), ...over });
export const account = flowOf("ACCOUNT");
export const contact = flowOf("CONTACT");
export const product = flowOf("PRODUCT");

/** A dataflow with some rows changed. */
export const withRows = (flow: Dataflow, rows: { readonly [field: string]: Partial<Dataflow["rows"][number]> }): Dataflow => ({
  ...flow,
  rows: flow.rows.map((row) => ({ ...row, ...rows[row.field] })),
});

export function entityOf(over: Partial<Entity> = {}): Entity {
  return {
    id: "e1",
    type: "ACCOUNT",
    revision: 3,
    records: { CUSTOMCRM: "c1", EXACT: "x1" },
    formerExactEntityId: null,
    state: "LINKED",
    version: 5,
    origin: "MATCHED",
    linkedAt: at(-1000),
    syncedAt: at(-1000),
    problem: null,
    candidates: [],
    conflicts: [],
    ignored: [],
    cutFrom: [],
    fields: {},
    modifiedAt: at(-1000),
    shadows: { CUSTOMCRM: null, EXACT: null },
    intents: [],
    wanted: null,
    nextActionAt: null,
    ...over,
  };
}

export function recordOf(
  flow: Dataflow,
  system: System,
  id: string,
  fields: Fields,
  over: { modifiedAt?: IsoTime | null; properties?: Properties } = {},
): SystemRecord {
  return {
    system,
    type: recordTypeOf(flow, system),
    id,
    modifiedAt: over.modifiedAt === undefined ? at(-60) : over.modifiedAt,
    createdAt: at(-2000),
    etag: null,
    properties: { ...propertiesOf(flow, system, fields), ...over.properties },
  };
}

export function present(flow: Dataflow, system: System, id: string, fields: Fields, over: Parameters<typeof recordOf>[4] = {}): Present {
  const record = recordOf(flow, system, id, fields, over);
  return { kind: "present", record, fields: fieldsOf(flow, record) };
}

export const gone = (over: Partial<Extract<Sighting, { kind: "gone" }>> = {}): Sighting => ({ kind: "gone", at: at(-5), evidence: "TOMBSTONE", ...over });
export const none: Sighting = { kind: "none" };

export interface Referred {
  readonly entityId: string;
  readonly customcrm: string | null;
  readonly exact: string | null;
  readonly former?: string;
}

export function referencesOf(list: readonly Referred[]): ReferenceLookup {
  const records = (one: Referred) => ({ CUSTOMCRM: one.customcrm, EXACT: one.exact });
  return {
    ofRecord(system, recordId) {
      const found = list.find((one) => records(one)[system] === recordId);
      return found ? { entityId: found.entityId, counterpart: system === "EXACT" ? found.customcrm : found.exact } : null;
    },
    ofEntity(entityId) {
      const found = list.find((one) => one.entityId === entityId || one.former === entityId);
      return found ? { entityId: found.entityId, records: records(found) } : null;
    },
  };
}

export const settings: PlanSettings = { paused: null, firstContactConfirmed: true, defaultAccount: null, clockToleranceMs: 120_000, quarantineMs: 300_000 };

export const paused: PlanSettings["paused"] = {
  code: "PAUSED",
  message: "A person paused this dataflow.",
  system: null,
  field: null,
  since: at(-30),
  attempts: 0,
  nextAttemptAt: null,
};

export interface PairOptions extends Partial<Omit<Observation, "entity" | "sides" | "settings">> {
  /** Fields that both sides agreed on, or each side's own; null: the base is unknown. */
  readonly agreed?: Fields | { readonly CUSTOMCRM: Fields; readonly EXACT: Fields } | null;
  readonly customcrm: Fields;
  readonly exact: Fields;
  readonly customcrmAt?: IsoTime | null;
  readonly exactAt?: IsoTime | null;
  readonly customcrmProperties?: Properties;
  readonly exactProperties?: Properties;
  readonly entity?: Partial<Entity>;
  readonly settings?: Partial<PlanSettings>;
}

/** A linked pair. Values not named are empty, on both sides and in the shadows. */
export function pair(options: PairOptions): Observation {
  const { agreed = null, customcrm, exact, customcrmAt, exactAt, customcrmProperties, exactProperties, entity, settings: own, ...rest } = options;
  const flow = rest.flow ?? account;
  const all = (fields: Fields): Fields => Object.fromEntries(flow.rows.map((row) => [row.field, fields[row.field] ?? null]));
  const shadows = !agreed
    ? { CUSTOMCRM: null, EXACT: null }
    : "CUSTOMCRM" in agreed && typeof agreed.CUSTOMCRM === "object"
      ? { CUSTOMCRM: all(agreed.CUSTOMCRM as Fields), EXACT: all(agreed.EXACT as unknown as Fields) }
      : { CUSTOMCRM: all(agreed as Fields), EXACT: all(agreed as Fields) };
  const time = (modifiedAt: IsoTime | null | undefined) => (modifiedAt === undefined ? {} : { modifiedAt });
  return {
    flow,
    entity: entityOf({ type: flow.type, fields: all((shadows.CUSTOMCRM ?? customcrm) as Fields), shadows, modifiedAt: at(-60), ...entity }),
    sides: {
      CUSTOMCRM: present(flow, "CUSTOMCRM", "c1", customcrm, { ...time(customcrmAt), properties: { ExternalId: "x1", ...customcrmProperties } }),
      EXACT: present(flow, "EXACT", "x1", exact, { ...time(exactAt), properties: { ...exactProperties } }),
    },
    references: referencesOf([]),
    match: { kind: "none" },
    now,
    ...rest,
    settings: { ...settings, ...own },
  };
}

export interface AloneOptions extends Partial<Omit<Observation, "entity" | "sides" | "settings">> {
  readonly system: System;
  readonly fields: Fields;
  readonly properties?: Properties;
  readonly modifiedAt?: IsoTime;
  readonly entity?: Partial<Entity>;
  readonly settings?: Partial<PlanSettings>;
}

/** An entity with a record on one side. */
export function alone(options: AloneOptions): Observation {
  const { system, fields, properties, modifiedAt, entity, settings: own, ...rest } = options;
  const flow = rest.flow ?? account;
  const id = system === "CUSTOMCRM" ? "c1" : "x1";
  const shown = Object.fromEntries(flow.rows.map((row) => [row.field, fields[row.field] ?? null]));
  return {
    flow,
    entity: entityOf({
      type: flow.type,
      records: { CUSTOMCRM: null, EXACT: null, [system]: id },
      state: "UNLINKED",
      origin: null,
      linkedAt: null,
      syncedAt: null,
      fields: shown,
      modifiedAt: modifiedAt ?? at(-60),
      ...entity,
    }),
    sides: {
      CUSTOMCRM: none,
      EXACT: none,
      [system]: present(flow, system, id, fields, { ...(modifiedAt ? { modifiedAt } : {}), ...(properties ? { properties } : {}) }),
    },
    references: referencesOf([]),
    match: { kind: "none" },
    now,
    ...rest,
    settings: { ...settings, ...own },
  };
}

export function intentOf(over: Partial<Intent>): Intent {
  return {
    id: "i1",
    system: "EXACT",
    operation: "UPDATE",
    fields: {},
    source: {},
    operationId: null,
    queuedAt: at(-2),
    sentAt: at(-2),
    quarantineUntil: at(3),
    attempts: 1,
    nextAttemptAt: null,
    lastError: null,
    ...over,
  };
}

export const wantedOf = (set: Fields, over: Partial<Wanted> = {}): Wanted => ({ operationId: "op1", kind: "UPDATE", set, at: at(0), actor: "anna", ...over });

/** What a plan writes, readably: `EXACT UPDATE {...}`. */
export const writesOf = (plan: { readonly writes: readonly { readonly system: System; readonly operation: string; readonly fields: Fields }[] }) =>
  plan.writes.map((write) => [write.system, write.operation, { ...write.fields }]);
