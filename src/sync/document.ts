import { canonical } from "../domain/canonical.js";
import type { Dataflow } from "../domain/dataflow.js";
import { recordTypeOf } from "../domain/dataflow.js";
import type { Entity, HistoryEvent } from "../domain/entity.js";
import type { SystemRecord } from "../domain/record.js";
import type { RecordType, System } from "../domain/words.js";
import type { EntityWrite } from "../store/store.js";
import { awaitedKey } from "./awaited.js";
import { indexEntryOf } from "./index-entry.js";
import { reviewedWith, reviewingKey } from "./reviewing.js";

/** What the store is given for one entity: the document, what lists and matching find it by, and what goes into its history. */
export function writeOf(flow: Dataflow, entity: Entity, history: readonly Omit<HistoryEvent, "id">[], customcrm?: SystemRecord | null): EntityWrite {
  const number = customcrm?.system === "CUSTOMCRM" ? canonical("code", customcrm.properties.Number) : null;
  const index = indexEntryOf(flow, entity, { number });
  const open = entity.intents
    .filter((intent) => intent.operation === "CREATE" && !intent.givenUpAt)
    .map((intent) => openCreateKey(intent.system, recordTypeOf(flow, intent.system)));
  const awaited = (entity.awaits ?? []).map(awaitedKey);
  const reviewing = reviewedWith(entity).map(reviewingKey);
  return { entity, index: { ...index, matchKeys: [...index.matchKeys, ...open, ...awaited, ...reviewing] }, history };
}

/** The key under which entities with an open create are found: a new row there may be theirs. */
export const openCreateKey = (system: System, type: RecordType): string => `open:${system}:${type}`;
