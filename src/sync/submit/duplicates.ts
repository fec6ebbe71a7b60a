import { type Fields, matchKey } from "../../domain/canonical.js";
import { type Dataflow, fieldsOf, propertyOf, recordTypeOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import { RateLimitedError } from "../../domain/errors.js";
import type { UserError } from "../../domain/operation.js";
import type { EntityQuery } from "../../store/store.js";
import { labelOf, nameOfFields, titleOf } from "../decide/label.js";
import { matchKeyOf, termOf } from "../index-entry.js";
import { isUnread } from "../outcome.js";
import type { Submission, SubmitParts } from "../submit.js";
import { unavailableError } from "./unavailable.js";

/**
 * What a create would make a second time (R6: matching runs before every create). Everything that is known is looked through
 * for all alternatives; what may have been made in Exact since is asked for with one search. Customcrm's feed is fast enough.
 */
export async function duplicatesOf(parts: SubmitParts, flow: Dataflow, set: Fields, submission: Submission, deadline: number): Promise<readonly UserError[]> {
  const alternatives = flow.match.map((_, i) => i).filter((i) => matchKeyOf(flow, "EXACT", set, i) !== null);
  for (const alternative of alternatives) {
    const [known] = await knownAlike(parts, flow, set, alternative);
    if (known) return [duplicateOf(known, flow.match[alternative] ?? [])];
  }
  const first = alternatives[0];
  return first === undefined ? [] : searchExact(parts, flow, set, flow.match[first] ?? [], submission, deadline);
}

async function knownAlike(parts: SubmitParts, flow: Dataflow, set: Fields, alternative: number): Promise<readonly Entity[]> {
  const query = queryOf(flow, set, flow.match[alternative] ?? []);
  const page = await parts.store.entities.list(query, 20, null);
  const key = matchKeyOf(flow, "EXACT", set, alternative);
  return page.entities.filter((one) => matchKeyOf(flow, "EXACT", one.fields, alternative) === key && isAlike(flow, one, set, alternative));
}

/** People share mailboxes: beside a linked person, one of another name with the same address is somebody else. */
export function isAlike(flow: Dataflow, one: Entity, set: Fields, alternative: number): boolean {
  const isMailbox = flow.match[alternative]?.includes("email") && !flow.match[alternative]?.includes("name");
  const isLinked = one.records.CUSTOMCRM !== null && one.records.EXACT !== null;
  return !isMailbox || !isLinked || matchKey("text", nameOfFields(one.fields)) === matchKey("text", nameOfFields(set));
}

/** All that the indexes can tell apart; the rest is compared. */
function queryOf(flow: Dataflow, set: Fields, fields: readonly string[]): EntityQuery {
  const terms: Record<string, string> = {};
  for (const field of fields) {
    const filter = flow.rows.some((row) => row.field === field && row.refersTo) ? `${field}Id` : field;
    const term = termOf(filter, set[field] ?? null);
    if (term !== null) terms[filter] = term;
  }
  const isNamed = fields.includes("name") || fields.includes("lastName");
  return { type: flow.type, terms, order: "NAME_ASC", ...(isNamed ? { name: { equals: nameOfFields(set) } } : {}) };
}

async function searchExact(
  parts: SubmitParts,
  flow: Dataflow,
  set: Fields,
  fields: readonly string[],
  { whenBusy = "REFUSE", onPartialFailure = "RETRY" }: Submission,
  deadline: number,
): Promise<readonly UserError[]> {
  const values = await recordValues(parts, flow, set, fields);
  if (!values) return [];
  const type = recordTypeOf(flow, "EXACT");
  const rows = flow.rows.filter((row) => fields.includes(row.field));
  const where = rows.map((row) => ({ property: propertyOf(row, "EXACT"), equals: values[row.field] ?? "" }));
  try {
    const records = await parts.connectors.EXACT.find(type, where, null, { class: "interactive", deadline });
    const alike = records.filter((record) => {
      const held = fieldsOf(flow, record);
      return rows.every((row) => matchKey(row.kind, held[row.field] ?? null) === matchKey(row.kind, values[row.field] ?? null));
    });
    const owners = await parts.store.entities.idsOfRecords(alike.map((record) => ({ system: "EXACT", type, id: record.id })));
    const entities = await parts.store.entities.get(owners.flatMap((id) => id ?? []));
    const isOther = (id: string | null | undefined) => {
      const owner = entities.find((one) => one?.id === id);
      return !owner || isAlike(flow, owner, set, flow.match.indexOf(fields));
    };
    const index = alike.findIndex((_, i) => isOther(owners[i]));
    const record = alike[index];
    return record ? [duplicateIn(record.id, owners[index] ?? null, labelOf(fieldsOf(flow, record)), fields)] : [];
  } catch (error) {
    if (!isUnread(error)) throw error;
    // What can't be looked for now is not made now either: the create itself waits for the same system.
    const isRefused = onPartialFailure === "ROLLBACK" || (error instanceof RateLimitedError && whenBusy === "REFUSE");
    return isRefused ? [unavailableError("EXACT", error)] : [];
  }
}

/** Values as Exact holds them; null when what they refer to has no record there, so that nothing can be under it. */
async function recordValues({ store }: SubmitParts, flow: Dataflow, set: Fields, fields: readonly string[]): Promise<Fields | null> {
  const values: Record<string, string | null> = {};
  for (const field of fields) {
    const value = set[field] ?? null;
    const row = flow.rows.find((one) => one.field === field);
    if (!row?.refersTo || value === null) values[field] = value;
    else {
      const [entity] = await store.entities.get([value]);
      if (!entity?.records.EXACT) return null;
      values[field] = entity.records.EXACT;
    }
  }
  return values;
}

export const duplicateOf = (one: Entity, fields: readonly string[]): UserError => ({
  code: "DUPLICATE",
  message: `There is one already, by ${fields.join(" and ")}: ${labelOf(one.fields)}, ${one.type.toLowerCase()} ${one.id} (${one.state}). Update that one instead.`,
  field: fieldPath(fields),
  system: null,
  retryAt: null,
});

const duplicateIn = (recordId: string, owner: string | null, label: string, fields: readonly string[]): UserError => ({
  code: "DUPLICATE",
  message: `${titleOf("EXACT")} has one already, by ${fields.join(" and ")}: ${label}, ${owner === null ? `record ${recordId}` : owner}.`,
  field: fieldPath(fields),
  system: "EXACT",
  retryAt: null,
});

const fieldPath = (fields: readonly string[]): readonly string[] => [fields.find((field) => field !== "account") ?? "accountId"];
