import type { Dataflow } from "../../domain/dataflow.js";
import { entityTypes } from "../../domain/words.js";
import type { Store } from "../../store/store.js";
import type { DataflowState } from "../policy.js";
import type { LinkMapLine } from "./line.js";

/** The whole link map, line by line, whatever its size. Snapshots and histories are not in it: the one can be read again, the other stays. */
export async function* exportLinks(store: Store, flows: readonly Dataflow[]): AsyncIterable<LinkMapLine> {
  for (const type of entityTypes) {
    const state = await store.documents.get<DataflowState>("dataflow", type);
    if (state) yield { kind: "dataflow", type, state: state.value };
  }
  for (const flow of flows) {
    const told = new Set<string>();
    for await (const entities of store.entities.scan(flow.type)) {
      // One that is written meanwhile may come twice.
      const fresh = entities.filter(({ id }) => !told.has(id));
      const refs = fresh.map(({ records }) => ({ system: "CUSTOMCRM" as const, type: flow.customcrm, id: records.CUSTOMCRM ?? "" }));
      const snapshots = flow.type === "PRODUCT" ? await store.snapshots.get(refs) : [];
      for (const [i, entity] of fresh.entries()) {
        told.add(entity.id);
        const number = snapshots[i]?.record.properties.Number;
        yield { kind: "entity", entity, exact: flow.exact, ...(typeof number === "string" ? { number } : {}) };
      }
    }
  }
}
