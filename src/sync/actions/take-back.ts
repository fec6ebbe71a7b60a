import { dataflowOf } from "../../domain/dataflow.js";
import type { FieldChange, HistoryEvent } from "../../domain/entity.js";
import { isoTime } from "../../domain/words.js";
import { changeAndSettle } from "./change.js";
import { type ActionParts, type Outcome, refusedWith, userError } from "./parts.js";
import { wantedFor } from "./wanted.js";

/** Makes the values win that lost in one event of the history: all of them, or those of some fields. They go the way of a mutation. */
export async function takeBack(parts: ActionParts, eventId: string, fields: readonly string[] | null, actor: string | null): Promise<Outcome> {
  const event = await parts.store.entities.historyEvent(eventId);
  if (!event) return refusedWith(userError("NOT_FOUND", `There is no event ${eventId}, or it is kept no longer.`, { field: ["eventId"] }));
  return changeAndSettle(parts, entityIdOf(event), async (entity) => {
    const flow = dataflowOf(parts.settings.flows, entity.type);
    const lost = event.fields.filter((one) => one.lostFrom !== null && flow.rows.some((row) => row.field === one.field));
    if (lost.length === 0) return userError("INVALID", "Nothing has lost in that event.", { field: ["eventId"] });
    const unknown = (fields ?? []).filter((name) => !lost.some((one) => one.field === name));
    if (unknown.length > 0) {
      const message = `Nothing has lost there in ${unknown.join(", ")}; it has in ${lost.map((one) => one.field).join(", ")}.`;
      return userError("INVALID", message, { field: ["fields"] });
    }
    const taken = lost.filter((one) => fields === null || fields.includes(one.field));
    const set = Object.fromEntries(taken.map((one) => [one.field, one.lost]));
    const changes = taken.map(
      ({ field, lost: value }): FieldChange => ({
        field,
        before: entity.fields[field] ?? null,
        after: value,
        lost: null,
        lostFrom: null,
        decidedBy: null,
      }),
    );
    return {
      entity: { ...entity, wanted: wantedFor(parts, entity, "UPDATE", set, actor) },
      history: [{ at: isoTime(parts.clock()), kind: "TAKEN_BACK", source: "GATEWAY", actor, fields: changes }],
    };
  });
}

/** `<entity id>.<number>`. */
const entityIdOf = ({ id }: HistoryEvent): string => id.slice(0, id.lastIndexOf("."));
