import { dataflowOf, recordTypeOf } from "../../domain/dataflow.js";
import type { Entity, HistoryEvent, Review } from "../../domain/entity.js";
import type { UserError } from "../../domain/operation.js";
import { isoTime, otherSystem } from "../../domain/words.js";
import { sideOf, titleOf } from "../decide/label.js";
import { matchKeysOf } from "../index-entry.js";
import { type Change, changeAndSettle } from "./change.js";
import { joinBoth, linkRecords } from "./link-records.js";
import { type ActionParts, notFound, type Outcome, refusedWith, userError, whyNoCreate } from "./parts.js";
import { createdAnew } from "./retry.js";

export type MatchChoice = { readonly recordId: string } | { readonly action: NonNullable<Review["answer"]> };

/** Ends a REVIEW, or goes on from a detachment: with one of the candidates, with a new record, or with nothing. */
export async function chooseMatch(parts: ActionParts, id: string, choice: MatchChoice, actor: string | null): Promise<Outcome> {
  if (!("recordId" in choice)) return changeAndSettle(parts, id, (entity) => answered(parts, entity, choice.action, actor));
  const [entity] = await parts.store.entities.get([id]);
  if (!entity) return refusedWith(notFound(id));
  const side = sideOf(entity);
  if (side === null) return refusedWith(linkedAlready(entity), entity);
  const { recordId } = choice;
  const candidate = entity.candidates.find((one) => one.recordId === recordId);
  if (entity.state === "REVIEW" && !candidate) {
    const message = `${recordId} is none of its candidates. linkRecords links what matching does not propose.`;
    return refusedWith(userError("INVALID", message, { field: ["choice", "recordId"] }), entity);
  }
  const [chosen] = candidate ? await parts.store.entities.get([candidate.entityId]) : [null];
  if (chosen) return side === "CUSTOMCRM" ? joinBoth(parts, entity, chosen, null, actor) : joinBoth(parts, chosen, entity, null, actor);
  const own = entity.records[side] ?? "";
  const pair = side === "CUSTOMCRM" ? { customcrmId: own, exactId: recordId } : { customcrmId: recordId, exactId: own };
  return linkRecords(parts, { type: entity.type, ...pair }, actor);
}

async function answered(parts: ActionParts, entity: Entity, answer: NonNullable<Review["answer"]>, actor: string | null): Promise<Change | UserError> {
  const side = sideOf(entity);
  if (side === null) return linkedAlready(entity);
  // Whoever is detached is left alone already, and needs more than an answer to be created anew.
  if (entity.state === "DETACHED") return answer === "LEAVE_ALONE" ? { entity } : createdAnew(parts, entity, actor);
  const flow = dataflowOf(parts.settings.flows, entity.type);
  const refusal = answer === "CREATE_NEW" ? await whyNoCreate(parts, entity.type, recordTypeOf(flow, otherSystem(side))) : null;
  if (refusal) return refusal;
  const keys = entity.review?.keys ?? { [entity.id]: matchKeysOf(flow, side, entity.fields) };
  const event: Omit<HistoryEvent, "id"> = { at: isoTime(parts.clock()), kind: "RESOLVED", source: "GATEWAY", actor, fields: [] };
  return {
    entity: { ...entity, review: { keys, answer }, refused: [] },
    history: [event],
    wake: Object.keys(keys).filter((id) => id !== entity.id),
  };
}

function linkedAlready(entity: Entity): UserError {
  const side = entity.records.CUSTOMCRM === null && entity.records.EXACT === null ? null : "EXACT";
  if (side === null) return userError("NOT_FOUND", "It has no record on either side yet.", { field: ["id"] });
  const message = `It is linked already, with ${entity.records.EXACT} in ${titleOf("EXACT")}. Cut that link first with unlink.`;
  return userError("ALREADY_LINKED", message, { field: ["id"] });
}
