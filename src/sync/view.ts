import type { Fields } from "../domain/canonical.js";
import { type Dataflow, fieldsOf, propertiesOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { SystemRecord } from "../domain/record.js";
import { type IsoTime, type System, systems } from "../domain/words.js";
import { newestTime } from "./decide/draft.js";
import { currentIdentity, shown, toIdentity } from "./decide/identity.js";
import type { Observation, PlanSettings, Present, ReferenceLookup } from "./decide/observation.js";
import { planPair } from "./decide/pair.js";
import { same } from "./decide/units.js";
import { translationOf } from "./decide/view.js";

/** An entity with its records as they were read a moment ago; null for a side that has none, or could not be read. */
export interface Reading {
  readonly flow: Dataflow;
  readonly entity: Entity;
  readonly records: { readonly [S in System]: SystemRecord | null };
}

export interface Merged {
  readonly fields: Fields;
  readonly modifiedAt: IsoTime;
}

/** Whether the records may say something else than what the entity was last settled on. If not, it shows what is stored. */
export function isNews({ flow, entity, records }: Reading): boolean {
  return systems.some((system) => {
    const record = records[system];
    const shadow = entity.shadows[system];
    return record !== null && (shadow === null || !same(shadow, fieldsOf(flow, record)));
  });
}

/**
 * What an entity shows when its records were just read: what the sync would make of them (R3, R4), so that a reader sees the
 * value that will win before the sync has come round to it. Nothing is stored or sent. Pure.
 */
export function mergedView(reading: Reading, references: ReferenceLookup, settings: PlanSettings, now: number): Merged {
  const { flow, entity, records } = reading;
  const present = { CUSTOMCRM: presentOf(reading, "CUSTOMCRM"), EXACT: presentOf(reading, "EXACT") };
  const modifiedAt = newestTime(entity, entity.modifiedAt, records.CUSTOMCRM?.modifiedAt ?? null, records.EXACT?.modifiedAt ?? null);
  const observation: Observation = {
    flow,
    entity,
    sides: { CUSTOMCRM: present.CUSTOMCRM ?? { kind: "none" }, EXACT: present.EXACT ?? { kind: "none" } },
    references,
    settings,
    match: { kind: "none" },
    now,
  };
  if (present.CUSTOMCRM && present.EXACT) return { fields: planPair(observation, present.CUSTOMCRM, present.EXACT).next.fields, modifiedAt };
  const system = systems.find((one) => isAlone(entity, one));
  const alone = system && present[system];
  if (!alone) return { fields: entity.fields, modifiedAt };
  const translation = translationOf(observation);
  const wanted = entity.wanted && entity.wanted.kind !== "DELETE" ? currentIdentity(translation, entity.wanted.set) : {};
  return { fields: { ...entity.fields, ...shown(translation, toIdentity(translation, system, alone.fields)), ...wanted }, modifiedAt };
}

/** A side that could not be read is taken to hold what it held when both last agreed: a change of the other side then wins. */
function presentOf({ flow, entity, records }: Reading, system: System): Present | null {
  const record = records[system] ?? rememberedRecord(flow, entity, system);
  return record && { kind: "present", record, fields: fieldsOf(flow, record) };
}

function rememberedRecord(flow: Dataflow, entity: Entity, system: System): SystemRecord | null {
  const id = entity.records[system];
  const shadow = entity.shadows[system];
  if (id === null || shadow === null) return null;
  return { system, type: recordTypeOf(flow, system), id, modifiedAt: null, createdAt: null, etag: null, properties: propertiesOf(flow, system, shadow) };
}

const isAlone = (entity: Entity, system: System): boolean => systems.every((one) => (entity.records[one] === null) === (one !== system));
