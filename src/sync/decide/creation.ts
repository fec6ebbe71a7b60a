import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import type { CreateRule, Dataflow, DataflowRow } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import type { Properties } from "../../domain/record.js";
import { isRequired } from "../../domain/required.js";
import type { System } from "../../domain/words.js";
import { externalIdFor, ownProperties } from "./extras.js";
import { toRecordValue } from "./identity.js";
import { titleOf } from "./label.js";
import type { Observation } from "./observation.js";
import type { Obstacle } from "./obstacles.js";
import { refusedUnsent } from "./obstacles.js";
import { translationOf } from "./view.js";

/** Whether the dataflow's rule asks for a record in this system, and why. */
export function isAskedFor({ flow, referencedBy }: Observation, target: System, fields: Fields): { readonly asked: boolean; readonly why: string } {
  const rule: CreateRule = target === "EXACT" ? flow.create.toExact : flow.create.toCustomcrm;
  const where = titleOf(target);
  switch (rule.kind) {
    case "always":
      return { asked: true, why: `Every such record gets one in ${where}.` };
    case "never":
      return { asked: false, why: `The dataflow creates nothing in ${where}; a match or linkRecords links it.` };
    case "whenReferenced": {
      const by = rule.by.find((type) => referencedBy?.includes(type));
      const names = rule.by.map((type) => type.toLowerCase()).join(" or ");
      return by ? { asked: true, why: `A ${by.toLowerCase()} refers to it.` } : { asked: false, why: `It gets one in ${where} once a ${names} refers to it.` };
    }
    case "when": {
      const { field, equals } = rule.filter;
      return fields[field] === equals
        ? { asked: true, why: rule.reason }
        : { asked: false, why: `It gets one in ${where} only when ${field} is "${equals}": ${rule.reason}` };
    }
  }
}

/** What a new record holds, or why there can't be one yet. */
export interface Content {
  readonly fields: Fields;
  readonly extra: Properties;
  /** A person must change something first. */
  readonly failing: readonly Obstacle[];
  /** Another entity must get its counterpart first (R7), or a setting its value. */
  readonly waiting: readonly Obstacle[];
}

/** The values for a create: all that are filled and may go there, references as that system's record ids. */
export function contentOf(observation: Observation, target: System, values: Fields): Content {
  const { flow, entity } = observation;
  const fields: Record<string, CanonicalValue> = {};
  const failing: Obstacle[] = [];
  const waiting: Obstacle[] = [];
  for (const row of flow.rows) {
    const isNeeded = isRequired(flow, row, target);
    if (!isNeeded && !travels(entity, row, target)) continue;
    const translated = toRecordValue(translationOf(observation), row, target, values[row.field] ?? null);
    const refused = translated.ok ? refusedUnsent(flow, row, target, translated.value) : null;
    if (!translated.ok) waiting.push({ code: translated.code, message: translated.message, system: target, field: row.field, until: null });
    else if (refused) failing.push(refused);
    else if (translated.value !== null) fields[row.field] = translated.value;
  }
  return { fields, extra: extraOf(flow, entity, target), failing, waiting };
}

/** A mutation writes all its fields to both sides: the source of a one-way field must hold it too. */
const travels = ({ wanted }: Entity, row: DataflowRow, target: System): boolean =>
  row.direction === "BOTH" || row.direction === `TO_${target}` || (wanted !== null && row.field in wanted.set);

function extraOf(flow: Dataflow, entity: Entity, target: System): Properties {
  if (target === "EXACT") return flow.exactDefaults;
  const externalId = externalIdFor(flow, entity, null);
  return { ...ownProperties(flow, entity, null), ...(externalId !== null ? { [flow.externalId]: externalId } : {}) };
}
