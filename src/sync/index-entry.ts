import { type CanonicalKind, type Fields, folded, matchKey } from "../domain/canonical.js";
import type { Dataflow } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { System } from "../domain/words.js";
import type { IndexEntry } from "../store/store.js";
import { nameOfFields, sideOf } from "./decide/label.js";

/** The filters that match exactly, and how their values are folded. Where `number` is no row of the dataflow, it stays in Customcrm. */
const filters: { readonly [filter: string]: { readonly field: string; readonly kind: CanonicalKind } } = {
  email: { field: "email", kind: "email" },
  country: { field: "country", kind: "country" },
  postcode: { field: "postcode", kind: "code" },
  vatNumber: { field: "vatNumber", kind: "code" },
  chamberOfCommerce: { field: "chamberOfCommerce", kind: "code" },
  number: { field: "number", kind: "code" },
  accountId: { field: "account", kind: "reference" },
};

/** What lists filter and sort an entity by, and what matching finds it by while it lacks a side. */
export function indexEntryOf(flow: Dataflow, entity: Entity, extra: { readonly number?: string | null } = {}): IndexEntry {
  const { firstName, lastName } = entity.fields;
  const values: Fields = { number: extra.number ?? null, ...entity.fields };
  const terms = Object.keys(filters).flatMap((filter) => {
    const term = termOf(filter, values[filters[filter]?.field ?? filter] ?? null);
    return term === null ? [] : [[filter, term] as const];
  });
  const side = sideOf(entity);
  return {
    sortName: folded(nameOfFields(entity.fields)),
    names: [firstName, lastName].map((one) => folded(one ?? "")).filter((one) => one !== ""),
    terms: Object.fromEntries(terms),
    matchKeys: side ? matchKeysOf(flow, side, entity.fields) : [],
  };
}

/** A filter's value in the form in which it is indexed; null when nothing can equal it. */
export function termOf(filter: string, value: string | null): string | null {
  const known = filters[filter];
  return known ? matchKey(known.kind, value) : null;
}

/**
 * The keys under which a record of this side is found when a counterpart is looked for: `<system>:<alternative>:<parts>`. An
 * alternative with an empty part gives none (R6). References are entity ids, so that contacts of unlinked accounts never meet.
 */
export function matchKeysOf(flow: Dataflow, system: System, fields: Fields): readonly string[] {
  return flow.match.flatMap((_, alternative) => matchKeyOf(flow, system, fields, alternative) ?? []);
}

export function matchKeyOf(flow: Dataflow, system: System, fields: Fields, alternative: number): string | null {
  const parts = (flow.match[alternative] ?? []).map((field) => {
    const row = flow.rows.find((one) => one.field === field);
    return row ? matchKey(row.kind, fields[field] ?? null) : null;
  });
  // A row that is switched off has no value to match on.
  return parts.length === 0 || parts.includes(null) ? null : `${system}:${alternative}:${parts.join("\u0001")}`;
}
