import { type Dataflow, propertyOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { SystemRecord } from "../domain/record.js";
import { type EntityType, otherSystem, type System, systems } from "../domain/words.js";
import type { EntityReader } from "../store/store.js";

/** What a reference leads to: the entity, and its record on each side. */
export interface Reference {
  readonly entityId: string;
  readonly records: Entity["records"];
}

/** Finds what references of a batch lead to, so that planning needs no I/O. */
export class References {
  readonly #byRecord = new Map<string, Reference>();
  readonly #byEntity = new Map<string, Reference>();

  /** All that these records and these entity ids refer to: the entities in one look-up, and in one per type and side what those do not tell. */
  static async read(entities: EntityReader, flows: readonly Dataflow[], records: readonly SystemRecord[], entityIds: readonly string[]): Promise<References> {
    const found = new References();
    const wanted = new Map<string, { type: EntityType; system: System; ids: Set<string> }>();
    for (const record of records) {
      for (const flow of flows.filter((one) => recordTypeOf(one, record.system) === record.type)) {
        for (const row of flow.rows) {
          const value = row.refersTo ? record.properties[propertyOf(row, record.system)] : null;
          if (!row.refersTo || typeof value !== "string" || value === "") continue;
          const key = `${row.refersTo}:${record.system}`;
          const entry = wanted.get(key) ?? { type: row.refersTo, system: record.system, ids: new Set<string>() };
          entry.ids.add(value);
          wanted.set(key, entry);
        }
      }
    }
    const named = [...new Set(entityIds)];
    const owners = named.length > 0 ? await entities.get(named) : [];
    owners.forEach((owner, i) => {
      if (owner) found.add(owner, named[i]);
    });
    // What an entity names is mostly what its records refer to: then all is known by now.
    await Promise.all(
      [...wanted.values()].map(async ({ type, system, ids }) => {
        const unknown = [...ids].filter((id) => !found.#byRecord.has(`${system}:${id}`));
        for (const owner of unknown.length > 0 ? await entities.ofRecords(type, system, unknown) : []) if (owner) found.add(owner);
      }),
    );
    return found;
  }

  ofRecord(system: System, recordId: string): { readonly entityId: string; readonly counterpart: string | null } | null {
    const found = this.#byRecord.get(`${system}:${recordId}`);
    return found ? { entityId: found.entityId, counterpart: found.records[otherSystem(system)] } : null;
  }

  ofEntity(entityId: string): Reference | null {
    return this.#byEntity.get(entityId) ?? null;
  }

  add(owner: Entity, askedFor?: string): void {
    const reference = { entityId: owner.id, records: owner.records };
    this.#byEntity.set(owner.id, reference);
    if (askedFor) this.#byEntity.set(askedFor, reference);
    for (const system of systems) {
      const id = owner.records[system];
      if (id) this.#byRecord.set(`${system}:${id}`, reference);
    }
  }
}
