import { type Dataflow, dataflowOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import { InvalidInputError } from "../../domain/errors.js";
import type { SystemRecord } from "../../domain/record.js";
import type { CommitResult, Store } from "../../store/store.js";
import { writeOf } from "../document.js";
import type { LinkMapLine } from "./line.js";
import { isKeptAs } from "./retarget.js";

export interface Imported {
  readonly imported: number;
  /** Ids that were there already, and were left as they are. */
  readonly known: number;
  /** Entities of which a record belongs to another entity by now. */
  readonly taken: readonly string[];
}

/**
 * Puts a link map back. What is there already stays as it is, so that it may be repeated, and a record never gets a second
 * entity (R1). What is owed goes on by itself; snapshots are read again.
 */
export async function importLinks(store: Store, flows: readonly Dataflow[], lines: AsyncIterable<LinkMapLine>): Promise<Imported> {
  let imported = 0;
  let known = 0;
  const taken: string[] = [];
  for await (const line of lines) {
    if (line.kind === "dataflow") {
      await store.documents.set("dataflow", line.type, line.state, 0, { ttlMs: null });
      continue;
    }
    if (!isKeptAs(flows, line.entity, line.exact)) {
      throw new InvalidInputError(
        `${line.entity.id} was linked with ${line.exact ?? "other"} records of Exact than dataflow.yml says now. Nothing of it or after it was imported.`,
      );
    }
    const result = await put(store, dataflowOf(flows, line.entity.type), line);
    if (result === "known") known++;
    else if (result.ok) imported++;
    else taken.push(line.entity.id);
  }
  return { imported, known, taken };
}

async function put(store: Store, flow: Dataflow, { entity, number }: Extract<LinkMapLine, { kind: "entity" }>): Promise<CommitResult | "known"> {
  const [before] = await store.entities.get([entity.id]);
  if (before) return "known";
  const write = writeOf(flow, { ...entity, revision: 0 }, [], numbered(flow, entity, number ?? null));
  const former = entity.formerExactEntityId;
  if (former === null || (await store.entities.get([former]))[0]) return store.entities.commit({ put: [write] });
  // The id that the Exact side had goes on leading here: it is given to a placeholder, which is then joined.
  const placeholder: Entity = { ...entity, id: former, revision: 0, records: { CUSTOMCRM: null, EXACT: null }, intents: [], nextActionAt: null };
  const placed = await store.entities.commit({ put: [writeOf(flow, placeholder, [])] });
  if (!placed.ok) return placed;
  const result = await store.entities.commit({ put: [write], remove: [{ id: former, revision: 1, into: entity.id }] });
  if (!result.ok) await store.entities.commit({ put: [], remove: [{ id: former, revision: 1, into: null }] });
  return result;
}

/** A product's number is found by what its record holds. */
const numbered = (flow: Dataflow, { records }: Entity, number: string | null): SystemRecord | null =>
  number === null || records.CUSTOMCRM === null
    ? null
    : { system: "CUSTOMCRM", type: flow.customcrm, id: records.CUSTOMCRM, modifiedAt: null, createdAt: null, etag: null, properties: { Number: number } };
