import { z } from "zod";
import { type CanonicalKind, canonical, type Fields, halves } from "../domain/canonical.js";
import { customcrmProperties } from "../domain/customcrm-properties.js";
import type { Dataflow, DataflowRow } from "../domain/dataflow.js";
import type { UserError } from "../domain/operation.js";
import { maxLengthOf, requiredBy } from "../domain/required.js";
import type { System } from "../domain/words.js";
import { isCustomcrmOnly } from "./decide/extras.js";

export type Checked = { readonly ok: true; readonly fields: Fields } | { readonly ok: false; readonly errors: readonly UserError[] };

/**
 * What a mutation may set, checked field by field against both systems' lengths and formats before anything is sent; all
 * faults in one answer. A field left out stays out, null clears. Values come out canonical.
 */
export function checkFields(flow: Dataflow, input: Readonly<Record<string, unknown>>, kind: "CREATE" | "UPDATE"): Checked {
  const errors: UserError[] = [];
  const fields: Record<string, string | null> = {};
  const fault = (field: string, message: string) => errors.push({ code: "INVALID", message, field: [field], system: null, retryAt: null });

  for (const [field, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const name = field === "accountId" ? "account" : field;
    const row = flow.rows.find((one) => one.field === name);
    if (!row && !isCustomcrmOnly(flow, field)) {
      fault(field, `${field} is switched off for this dataflow.`);
      continue;
    }
    if (value !== null && typeof value !== "string") {
      fault(field, `${field} must be text or null; got ${typeof value}.`);
      continue;
    }
    if (value !== null && value.search(halves) >= 0) {
      fault(field, `${field} holds half a character (a surrogate without its other half); remove it.`);
      continue;
    }
    const clean = canonical(row?.kind ?? "code", value);
    const message = clean === null ? emptyFault(flow, row, field) : valueFault(flow, row, field, clean);
    if (message) fault(field, message);
    else fields[name] = clean;
  }
  for (const row of kind === "CREATE" ? flow.rows : []) {
    if (requiredBy(flow, row) !== null && !(row.field in fields) && !errors.some((error) => error.field?.[0] === graphqlName(row))) {
      fault(graphqlName(row), `${graphqlName(row)} is required.`);
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, fields };
}

const formats: Partial<Record<CanonicalKind, { schema: z.ZodType; expected: string }>> = {
  email: { schema: z.email(), expected: "an e-mail address" },
  country: { schema: z.string().regex(/^[A-Z]{2}$/), expected: "a country as two letters (ISO 3166-1 alpha-2), such as NL" },
  date: { schema: z.iso.date(), expected: "a date as YYYY-MM-DD" },
};

function emptyFault(flow: Dataflow, row: DataflowRow | undefined, field: string): string | null {
  const system = row ? requiredBy(flow, row) : null;
  return system ? `${field} can't be empty: ${nameOf(system)} requires it.` : null;
}

function valueFault(flow: Dataflow, row: DataflowRow | undefined, field: string, value: string): string | null {
  if (hasControlCharacters(value)) return `${field} holds a control character; remove it.`;
  const format = row && formats[row.kind];
  if (format && !format.schema.safeParse(value).success) return `${field} must be ${format.expected}; got "${shortened(value)}".`;
  if (row?.refersTo) return null;
  const limit = row ? maxLengthOf(flow, row) : { length: customcrmProperties.Product.Number.maxLength, system: "CUSTOMCRM" as const };
  if (limit && value.length > limit.length) {
    return `${field} may have at most ${limit.length} characters (${nameOf(limit.system)}); got ${value.length}.`;
  }
  return null;
}

const nameOf = (system: System): string => (system === "EXACT" ? "Exact Online" : "Customcrm");
const graphqlName = (row: DataflowRow): string => (row.refersTo ? `${row.field}Id` : row.field);
const hasControlCharacters = (value: string): boolean => /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(value);
const shortened = (value: string): string => (value.length > 40 ? `${value.slice(0, 40)}…` : value);
