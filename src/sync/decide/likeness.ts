import type { Fields } from "../../domain/canonical.js";
import type { Dataflow } from "../../domain/dataflow.js";
import { fieldsOf } from "../../domain/dataflow.js";
import type { Intent } from "../../domain/entity.js";
import type { SystemRecord } from "../../domain/record.js";
import { equal } from "./units.js";

/** A create may have been noted by the system's clock a little before ours says it was sent. */
export const clockSlackMs = 5 * 60_000;

/** How much a record has of what a create has sent; null: it can't be that create's own. */
export function likeness(flow: Dataflow, intent: Intent, record: SystemRecord): number | null {
  if (record.createdAt !== null && intent.sentAt !== null && Date.parse(record.createdAt) < Date.parse(intent.sentAt) - clockSlackMs) return null;
  const named = namedBy(flow, intent, record);
  if (named !== null) return named === "its own" ? Number.MAX_SAFE_INTEGER : null;
  const { alike, apart } = comparison(flow, intent.fields, fieldsOf(flow, record));
  return alike > 0 && alike >= apart ? alike - apart : null;
}

/** A create whose answer was lost. */
export interface LostCreate {
  readonly flow: Dataflow;
  readonly intent: Intent;
}

/**
 * The record that is this create's own. Each record is of one create alone, and firms may share a number: they are given out by what
 * they are like, the likest first, to this one and the others that may have made them. null: there is none like it;
 * `another's`: all that are like it go to others.
 */
export function ownAmong(own: LostCreate, others: readonly LostCreate[], records: readonly SystemRecord[]): SystemRecord | "another's" | null {
  const pairs = [own, ...others].flatMap((create) =>
    records.flatMap((record) => {
      const found = likeness(create.flow, create.intent, record);
      return found === null ? [] : [{ create, record, likeness: found }];
    }),
  );
  const given = new Map<LostCreate, SystemRecord>();
  const taken = new Set<SystemRecord>();
  for (const { create, record } of pairs.sort((a, b) => b.likeness - a.likeness)) {
    if (given.has(create) || taken.has(record)) continue;
    given.set(create, record);
    taken.add(record);
  }
  return given.get(own) ?? (pairs.some(({ create }) => create === own) ? "another's" : null);
}

/** A record carries the id of the one that it was made for, which nobody else gives it: whatever else was edited, it is that create's own and no other's. */
function namedBy({ externalId }: Dataflow, { extra = {} }: Intent, { properties }: SystemRecord): "its own" | "another" | null {
  const sent = extra[externalId] ?? null;
  const held = properties[externalId] ?? null;
  if (sent === null || held === null) return null;
  return held === sent ? "its own" : "another";
}

/**
 * A person may have edited the new record before we found it, and the system may have dropped a field: so most of what was sent
 * must stand there, not all. References and countries tell nothing, as many records share them.
 */
function comparison(flow: Dataflow, sent: Fields, held: Fields): { readonly alike: number; readonly apart: number } {
  const telling = flow.rows.filter((row) => !row.refersTo && row.kind !== "country" && (sent[row.field] ?? null) !== null);
  const alike = telling.filter((row) => equal(sent[row.field], held[row.field])).length;
  const apart = telling.filter((row) => (held[row.field] ?? null) !== null).length - alike;
  return { alike, apart };
}
