import { type Dataflow, dataflowOf, fieldsOf } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { SystemRecord } from "../../src/domain/record.js";
import { entityTypes, type System, systems } from "../../src/domain/words.js";
import type { CustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import type { ExactSandbox } from "../../src/sandbox/exact/index.js";
import type { Store } from "../../src/store/store.js";

/** All that both systems hold, read from themselves. */
export type Holdings = { readonly [S in System]: ReadonlyMap<string, SystemRecord> };

export async function holdings(exact: Pick<ExactSandbox, "origin">, customcrm: Pick<CustomcrmSandbox, "origin">): Promise<Holdings> {
  const of = async (system: System, origin: string, key: string, types: readonly string[]) => {
    const records: Holdings[System] = new Map();
    for (const type of types) {
      const answer = await fetch(`${origin}/_control/records?type=${type}&limit=100000`);
      const { rows } = (await answer.json()) as { rows: Record<string, string | null>[] };
      for (const row of rows) {
        const id = String(row[key]);
        (records as Map<string, unknown>).set(id, { system, type, id, modifiedAt: null, createdAt: null, etag: null, properties: row });
      }
    }
    return records;
  };
  return {
    CUSTOMCRM: await of("CUSTOMCRM", customcrm.origin, "Id", ["Customer", "Contact", "Product"]),
    EXACT: await of("EXACT", exact.origin, "ID", ["Accounts", "Contacts"]),
  };
}

export async function allEntities(store: Store): Promise<readonly Entity[]> {
  const entities: Entity[] = [];
  for (const type of entityTypes) for await (const batch of store.entities.scan(type)) entities.push(...batch);
  return entities;
}

/** I1: every record has one entity, and no entity holds a record that is not there. */
export function bijection(entities: readonly Entity[], held: Holdings): readonly string[] {
  const owners = new Map<string, string>();
  const found: string[] = [];
  for (const entity of entities) {
    for (const system of systems) {
      const id = entity.records[system];
      if (id === null) continue;
      const other = owners.get(`${system}:${id}`);
      if (other) found.push(`I1 ${system}:${id} belongs to ${other} and to ${entity.id}.`);
      owners.set(`${system}:${id}`, entity.id);
      if (!held[system].has(id)) found.push(`I1 ${entity.id} holds ${system}:${id}, which is gone.`);
    }
  }
  for (const system of systems)
    for (const id of held[system].keys()) if (!owners.has(`${system}:${id}`)) found.push(`I1 ${system}:${id} belongs to no entity.`);
  return found;
}

/** I2: what is linked is alike on both sides. */
export function agreement(entities: readonly Entity[], held: Holdings, flows: readonly Dataflow[]): readonly string[] {
  return entities.flatMap((entity) => {
    if (entity.state !== "LINKED") return [];
    const flow = dataflowOf(flows, entity.type);
    const [c, e] = systems.map((system) => held[system].get(entity.records[system] ?? "")).map((record) => (record ? fieldsOf(flow, record) : {}));
    return flow.rows
      .filter((row) => row.direction === "BOTH" && !row.refersTo && (c?.[row.field] ?? null) !== (e?.[row.field] ?? null))
      .map((row) => `I2 ${entity.id} ${row.field}: ${c?.[row.field]} in Customcrm, ${e?.[row.field]} in Exact.`);
  });
}
