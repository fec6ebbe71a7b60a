import type { Entity, HistoryEvent } from "../domain/entity.js";
import { type IsoTime, systems } from "../domain/words.js";
import { newestTime } from "./decide/draft.js";
import { currentIdentity, shown, toIdentity } from "./decide/identity.js";
import type { ReferenceLookup } from "./decide/observation.js";
import { differing, same } from "./decide/units.js";
import { fieldVersionsAfter } from "./decide/versions.js";
import type { Seen } from "./observe.js";

export interface Renewed {
  readonly entity: Entity;
  readonly event: Omit<HistoryEvent, "id">;
}

/** A one-sided entity with the unified fields that its record gives now, and what its history is told; null when they are what is stored. */
export function renewed({ entity, flow, sides }: Seen, references: ReferenceLookup, defaultAccount: string | null, now: IsoTime): Renewed | null {
  const system = systems.find((one) => entity.records[one] !== null);
  const side = system && sides[system];
  if (!system || side?.kind !== "present") return null;
  const translation = { flow, references, defaultAccount };
  // What a mutation asks for stands over what the record says; whom it refers to goes by today's id all the same.
  const fields = entity.wanted !== null ? currentIdentity(translation, entity.fields) : shown(translation, toIdentity(translation, system, side.fields));
  const changed = differing(currentIdentity(translation, entity.fields), fields);
  if (changed.length === 0 && same(entity.fields, fields)) return null;
  return {
    // An account that was linked meanwhile goes by another id; that is no edit.
    entity: {
      ...entity,
      fields,
      version: entity.version + (changed.length > 0 ? 1 : 0),
      ...fieldVersionsAfter(entity, changed, entity.version + 1),
      modifiedAt: newestTime(entity, entity.modifiedAt, side.record.modifiedAt),
    },
    event: {
      at: now,
      kind: "UPDATED",
      source: system,
      actor: null,
      fields: changed.map((field) => ({
        field,
        before: entity.fields[field] ?? null,
        after: fields[field] ?? null,
        lost: null,
        lostFrom: null,
        decidedBy: null,
      })),
    },
  };
}
