import { type Dataflow, recordTypeOf } from "../domain/dataflow.js";
import type { Entity, Intent } from "../domain/entity.js";
import type { SystemRecord } from "../domain/record.js";
import type { RecordType, System } from "../domain/words.js";
import type { Store } from "../store/store.js";
import { likeness } from "./decide/likeness.js";
import { openCreateKey } from "./document.js";

export interface OpenCreate {
  readonly entity: Entity;
  readonly flow: Dataflow;
  readonly intent: Intent;
}

/** More creates than these under way at once are not compared with new rows. */
const mostOpen = 200;

/** The creates under way in a system that make records of these types. */
export async function openCreates(
  { store, flows }: { readonly store: Store; readonly flows: readonly Dataflow[] },
  system: System,
  types: readonly RecordType[],
): Promise<readonly OpenCreate[]> {
  const found = await Promise.all(
    flows
      .filter((flow) => types.includes(recordTypeOf(flow, system)))
      .map(async (flow) => {
        const entities = await store.entities.byMatchKey(flow.type, openCreateKey(system, recordTypeOf(flow, system)), mostOpen);
        return entities.flatMap((entity) => openOf(entity, system).map((intent) => ({ entity, flow, intent })));
      }),
  );
  return found.flat();
}

/** Whether a record may be what this create has made. */
export const fits = ({ flow, intent }: OpenCreate, record: SystemRecord): boolean =>
  recordTypeOf(flow, record.system) === record.type && likeness(flow, intent, record) !== null;

const openOf = (entity: Entity, system: System): readonly Intent[] =>
  entity.intents.filter((intent) => intent.system === system && intent.operation === "CREATE" && !intent.givenUpAt);
