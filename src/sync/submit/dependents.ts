import { type Dataflow, propertyOf, recordTypeOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import type { UserError } from "../../domain/operation.js";
import { type RecordRef, refKey } from "../../domain/record.js";
import { type System, systems } from "../../domain/words.js";
import { isUnread } from "../outcome.js";
import type { SubmitParts } from "../submit.js";
import { unavailableError } from "./unavailable.js";

/**
 * What refers to an entity that is to be deleted. What is known of is told without a call; else both systems are asked for what
 * was added since, as neither may be deleted from before both were looked at (design: writing through).
 */
export async function dependentsOf(parts: SubmitParts, flow: Dataflow, entity: Entity, deadline: number): Promise<readonly UserError[]> {
  const referring = parts.settings.flows.filter((one) => one.rows.some((row) => row.refersTo === flow.type));
  if (referring.length === 0) return [];
  const counts = await Promise.all(referring.map((one) => parts.store.entities.count({ type: one.type, terms: { accountId: entity.id }, order: "NAME_ASC" })));
  const known = referring.map((one, i) => ({ type: one.type.toLowerCase(), count: counts[i] ?? 0 })).filter(({ count }) => count > 0);
  if (known.length > 0) return [referenced(known.map(({ type, count }) => `${count} ${type}${count === 1 ? "" : "s"}`).join(" and "), null)];
  const looked = await Promise.all(systems.map((system) => look(parts, flow, referring, entity, system, deadline)));
  return looked.flat();
}

async function look(
  parts: SubmitParts,
  flow: Dataflow,
  referring: readonly Dataflow[],
  entity: Entity,
  system: System,
  deadline: number,
): Promise<readonly UserError[]> {
  const id = entity.records[system];
  if (id === null) return [];
  // Two dataflows may have one type of a system in common.
  const searches = new Map(
    referring.flatMap((one) =>
      one.rows.filter((row) => row.refersTo === flow.type).map((row) => [`${recordTypeOf(one, system)} ${propertyOf(row, system)}`, { one, row }] as const),
    ),
  );
  try {
    const found = await Promise.all(
      [...searches.values()].map(({ one, row }) =>
        parts.connectors[system].find(recordTypeOf(one, system), [{ property: propertyOf(row, system), equals: id }], null, { class: "interactive", deadline }),
      ),
    );
    const records = new Set(found.flat().map((record) => refKey(record satisfies RecordRef)));
    return records.size > 0 ? [referenced(`${records.size} record${records.size === 1 ? "" : "s"}`, system)] : [];
  } catch (error) {
    if (!isUnread(error)) throw error;
    return [unavailableError(system, error)];
  }
}

const referenced = (what: string, system: System | null): UserError => ({
  code: "REFERENCED",
  message: `It can't be deleted: ${what} ${system === null ? "" : `in ${system === "EXACT" ? "Exact Online" : "Customcrm"} `}refer to it. Delete or move those first.`,
  field: ["id"],
  system,
  retryAt: null,
});
