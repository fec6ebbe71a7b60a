import type { Entity } from "../../domain/entity.js";

/** By field, the version at which it changed last, once these have changed: what `expectedVersion` is compared with. */
export const fieldVersionsAfter = (entity: Entity, changed: readonly string[], version: number): Pick<Entity, "fieldVersions"> =>
  changed.length === 0 ? {} : { fieldVersions: { ...entity.fieldVersions, ...Object.fromEntries(changed.map((field) => [field, version])) } };
