import { dataflowOf, recordTypeOf } from "../../domain/dataflow.js";
import type { UserError } from "../../domain/operation.js";
import { systems } from "../../domain/words.js";
import { refresh } from "../look-over.js";
import { readNow } from "../send.js";
import { settledNow } from "./change.js";
import { unavailable } from "./link-records.js";
import { type ActionParts, notFound, type Outcome, refusedWith } from "./parts.js";

const readForMs = 5_000;

/** Reads both records now and settles them. A system that can't be read is told; what is known of it stands. */
export async function syncEntity(parts: ActionParts, id: string): Promise<Outcome> {
  const { store, clock, connectors, settings } = parts;
  const [entity] = await store.entities.get([id]);
  if (!entity) return refusedWith(notFound(id));
  const flow = dataflowOf(settings.flows, entity.type);
  const options = { class: "interactive", deadline: clock() + readForMs } as const;
  const failures = await Promise.all(
    systems.map(async (system): Promise<readonly UserError[]> => {
      const recordId = entity.records[system];
      if (recordId === null) return [];
      try {
        await readNow({ snapshots: store.snapshots, clock }, connectors[system], recordTypeOf(flow, system), [recordId], options);
        return [];
      } catch (error) {
        return [unavailable(error, system)];
      }
    }),
  );
  // Marked, so that it is not forgotten if this process ends meanwhile.
  await store.feeds.markDirty([entity.id]);
  await refresh(parts, [entity.id]);
  const outcome = await settledNow(parts, entity.id);
  return { entity: outcome.entity, userErrors: [...failures.flat(), ...outcome.userErrors] };
}
