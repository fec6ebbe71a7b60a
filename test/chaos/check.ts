import { dataflowOf, dataflows, fieldsOf } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { Operation } from "../../src/domain/operation.js";
import type { SystemRecord } from "../../src/domain/record.js";
import { entityTypes, type System, systems } from "../../src/domain/words.js";
import type { Store } from "../../src/store/store.js";
import { operationOfKey } from "../../src/sync/submit/idempotency.js";
import type { People } from "./people.js";
import { tokensIn } from "./tokens.js";

/** All that both systems hold, read from themselves. */
export type Holdings = { readonly [S in System]: ReadonlyMap<string, SystemRecord> };

export interface Found {
  readonly broken: readonly string[];
  /** Edits in Exact that no answer had shown before a write of ours took their place. */
  readonly blind: number;
}

/** Every promise that can be checked from outside once nothing moves any more. */
export async function check(store: Store, held: Holdings, people: People, shown: ReadonlySet<string>): Promise<Found> {
  const entities: Entity[] = [];
  for (const type of entityTypes) for await (const batch of store.entities.scan(type)) entities.push(...batch);
  const lost = await losses(store, entities, held, people, shown);
  const broken = [
    ...bijection(entities, held),
    ...agreement(entities, held),
    ...duplicates(held, people),
    ...(await mutations(store, held, people)),
    ...lost.broken,
  ];
  return { broken, blind: lost.blind };
}

function bijection(entities: readonly Entity[], held: Holdings): readonly string[] {
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

function agreement(entities: readonly Entity[], held: Holdings): readonly string[] {
  return entities.flatMap((entity) => {
    // Nobody deletes, nobody refuses, and every customer is wanted in Exact: nothing else can be its end.
    if (entity.state !== "LINKED") return [`I7 ${entity.id} is ${entity.state}: ${entity.problem?.code ?? ""} ${entity.problem?.message ?? ""}`];
    const flow = dataflowOf(dataflows, entity.type);
    const [c, e] = systems.map((system) => held[system].get(entity.records[system] ?? "")).map((record) => (record ? fieldsOf(flow, record) : {}));
    return flow.rows
      .filter((row) => row.direction === "BOTH" && !row.refersTo && (c?.[row.field] ?? null) !== (e?.[row.field] ?? null))
      .map((row) => `I2 ${entity.id} ${row.field}: ${c?.[row.field]} in Customcrm, ${e?.[row.field]} in Exact.`);
  });
}

function duplicates(held: Holdings, people: People): readonly string[] {
  return people.names.flatMap((name) =>
    systems.flatMap((system) => {
      const count = [...held[system].values()].filter((record) => record.properties.Name === name).length;
      return count > 1 ? [`I3 ${name} stands ${count} times in ${system}.`] : [];
    }),
  );
}

/** I9: APPLIED stands on both sides, REJECTED on none, and nothing is PENDING any more. */
async function mutations(store: Store, held: Holdings, people: People): Promise<readonly string[]> {
  const found: string[] = [];
  for (const one of people.sent) {
    // A gateway that lets everybody in knows no callers.
    const id = await operationOfKey(store.documents, one.key, null);
    const operation = id === null ? null : await store.documents.get<Operation>("operation", id);
    const status = operation?.value.status ?? one.status;
    const on = systems.filter((system) => [...held[system].values()].some((record) => Object.values(record.properties).includes(one.token)));
    if (status === null) found.push(`I9 ${one.key} never had an answer.`);
    if (status === "PENDING" || status === "PARTIAL") found.push(`I9 ${one.key} is ${status} at the end.`);
    if (status === "REJECTED" && on.length > 0) found.push(`I9 ${one.key} was REJECTED, and stands in ${on.join(" and ")}.`);
    const isCreate = "fields" in one.input;
    if (status === "APPLIED" && isCreate && on.length < 2) found.push(`I9 ${one.key} is APPLIED, and stands only in ${on.join("") || "neither"}.`);
  }
  return found;
}

/** I4: a value that was entered stands somewhere, was replaced by a person, or lost and is in the history. */
async function losses(store: Store, entities: readonly Entity[], held: Holdings, people: People, shown: ReadonlySet<string>): Promise<Found> {
  const known = new Set(systems.flatMap((system) => [...held[system].values()].flatMap((record) => tokensIn(JSON.stringify(record.properties)))));
  for (const { id } of entities) for (const token of tokensIn(JSON.stringify((await store.entities.history(id, 200, null)).events))) known.add(token);
  const gone = [...people.entered.values()].filter((one) => one.system !== "API" && !one.isReplaced && !known.has(one.token));
  const broken = gone.filter((one) => one.system !== "EXACT" || shown.has(one.token));
  return { broken: broken.map((one) => `I4 ${one.token}, entered in ${one.system} ${one.where}, is gone without a word.`), blind: gone.length - broken.length };
}
