import type { Entity } from "../domain/entity.js";
import { systems } from "../domain/words.js";
import { shown, toIdentity } from "./decide/identity.js";
import type { ReferenceLookup } from "./decide/observation.js";
import { same } from "./decide/units.js";
import type { Seen } from "./observe.js";

/** A one-sided entity with the unified fields that its record gives now; null when they are what is stored. */
export function renewed({ entity, flow, sides }: Seen, references: ReferenceLookup, defaultAccount: string | null): Entity | null {
  const system = systems.find((one) => entity.records[one] !== null);
  const side = system && sides[system];
  if (!system || side?.kind !== "present" || entity.wanted !== null) return null;
  const translation = { flow, references, defaultAccount };
  const fields = shown(translation, toIdentity(translation, system, side.fields));
  return same(entity.fields, fields) ? null : { ...entity, fields, version: entity.version + 1 };
}
