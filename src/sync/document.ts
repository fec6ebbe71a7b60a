import { canonical, folded } from "../domain/canonical.js";
import type { Dataflow } from "../domain/dataflow.js";
import { recordTypeOf } from "../domain/dataflow.js";
import type { Entity, HistoryEvent } from "../domain/entity.js";
import type { SystemRecord } from "../domain/record.js";
import type { RecordType, System } from "../domain/words.js";
import type { EntityWrite } from "../store/store.js";
import { indexEntryOf } from "./index-entry.js";

/** What the store is given for one entity: the document, what lists and matching find it by, and what goes into its history. */
export function writeOf(flow: Dataflow, entity: Entity, history: readonly Omit<HistoryEvent, "id">[], customcrm?: SystemRecord | null): EntityWrite {
  const number = customcrm?.system === "CUSTOMCRM" ? canonical("code", customcrm.properties.Number) : null;
  const index = indexEntryOf(flow, entity, { number });
  const open = entity.intents
    .filter((intent) => intent.operation === "CREATE")
    .map((intent) =>
      openCreateKey(intent.system, recordTypeOf(flow, intent.system), intent.fields.lastName ?? intent.fields.name ?? intent.fields.firstName ?? null),
    );
  return { entity, index: { ...index, matchKeys: [...index.matchKeys, ...open] }, history };
}

/** The key under which an entity with an open create is found: what the new row will carry. */
export const openCreateKey = (system: System, type: RecordType, name: string | null): string => `open:${system}:${type}:${folded(name ?? "")}`;
