import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import type { Dataflow, DataflowRow } from "../../domain/dataflow.js";
import type { ProblemCode } from "../../domain/entity.js";
import { isRequired } from "../../domain/required.js";
import type { System } from "../../domain/words.js";
import type { ReferenceLookup } from "./observation.js";

/**
 * References are merged on what they refer to: entity ids, not record ids. A record that no entity knows stays itself, marked,
 * so that it equals nothing of the other side and is never sent there.
 */
export interface Translation {
  readonly flow: Dataflow;
  readonly references: ReferenceLookup;
  /** The Exact account that reads as "no account", where Customcrm may name none. */
  readonly defaultAccount: string | null;
}

/** What must have an account in Customcrm has a real one in Exact, be it the default one. */
const defaultFor = ({ flow, defaultAccount }: Translation, row: DataflowRow): string | null => (isRequired(flow, row, "CUSTOMCRM") ? null : defaultAccount);

/**
 * One side's values with entity ids in place of its record ids. `beside` are Customcrm's, already translated: Exact's default
 * account reads as none, unless Customcrm names that very account.
 */
export function toIdentity(translation: Translation, system: System, fields: Fields, beside: Fields | null = null): Fields {
  const references = referringRows(translation.flow).filter((row) => row.field in fields);
  if (references.length === 0) return fields;
  const translated = references.map(
    (row) => [row.field, identityOf(translation, row, system, fields[row.field] ?? null, beside?.[row.field] ?? null)] as const,
  );
  return { ...fields, ...Object.fromEntries(translated) };
}

function identityOf(translation: Translation, row: DataflowRow, system: System, recordId: string | null, beside: CanonicalValue): CanonicalValue {
  if (recordId === null) return null;
  const entityId = translation.references.ofRecord(system, recordId)?.entityId ?? null;
  if (system === "EXACT" && recordId === defaultFor(translation, row)) return entityId !== null && entityId === beside ? entityId : null;
  return entityId ?? unknownRecord(system, recordId);
}

/** What a mutation names, by the ids that stand today. */
export function currentIdentity({ flow, references }: Translation, set: Fields): Fields {
  const named = referringRows(flow).filter((row) => set[row.field]);
  if (named.length === 0) return set;
  const current = named.map((row) => [row.field, references.ofEntity(set[row.field] ?? "")?.entityId ?? set[row.field] ?? null] as const);
  return { ...set, ...Object.fromEntries(current) };
}

export type RecordValue = { readonly ok: true; readonly value: CanonicalValue } | { readonly ok: false; readonly code: ProblemCode; readonly message: string };

/** The value to send to a system for a merged one. */
export function toRecordValue(translation: Translation, row: DataflowRow, system: System, value: CanonicalValue): RecordValue {
  if (!row.refersTo) return { ok: true, value };
  if (value === null) {
    const defaultAccount = defaultFor(translation, row);
    if (system === "CUSTOMCRM" || defaultAccount !== null) return { ok: true, value: system === "EXACT" ? defaultAccount : null };
    return {
      ok: false,
      code: "NO_DEFAULT_ACCOUNT",
      message: "Exact Online needs an account here and none is given. Set products.defaultAccount in dataflow.yml, or give it a customer.",
    };
  }
  const own = unknownRecord(system, "");
  const recordId = value.startsWith(own) ? value.slice(own.length) : (translation.references.ofEntity(value)?.records[system] ?? null);
  if (recordId !== null) return { ok: true, value: recordId };
  const where = system === "EXACT" ? "Exact Online" : "Customcrm";
  return { ok: false, code: "WAITING_FOR_REFERENCE", message: `Its ${row.field} has no counterpart in ${where} yet. This goes on by itself once it has.` };
}

/** The unified fields as they are shown and stored: a record that no entity knows shows as none. */
export function shown({ flow }: Translation, fields: Fields): Fields {
  const unknown = referringRows(flow).filter((row) => fields[row.field]?.startsWith("?"));
  return unknown.length === 0 ? fields : { ...fields, ...Object.fromEntries(unknown.map((row) => [row.field, null])) };
}

const referring = new WeakMap<Dataflow, readonly DataflowRow[]>();

/** The rows of a dataflow, which does not change, that refer to entities. */
export function referringRows(flow: Dataflow): readonly DataflowRow[] {
  const rows = referring.get(flow) ?? flow.rows.filter((row) => row.refersTo);
  referring.set(flow, rows);
  return rows;
}

const unknownRecord = (system: System, recordId: string): string => `?${system}:${recordId}`;
