import { type CustomcrmProperty, customcrmProperties } from "../../domain/customcrm-properties.js";
import type { CustomcrmType } from "../../domain/words.js";
import { isCountry } from "./countries.js";
import { badRequest, Problem, type PropertyError } from "./problem.js";

/** A record's properties; one without a value is null. */
export type Values = Readonly<Record<string, string | null>>;

const readOnly = ["Id", "ETag", "CreatedAt", "ModifiedAt"];

/** The properties that records of a type have here, all but those that this CRM omits. */
export function propertiesOf(type: CustomcrmType, omitted: readonly string[]): Readonly<Record<string, CustomcrmProperty>> {
  const all: Record<string, CustomcrmProperty> = customcrmProperties[type];
  return Object.fromEntries(Object.entries(all).filter(([name]) => !omitted.includes(`${type}.${name}`)));
}

/**
 * What a body asks for, checked: 400 where it names properties that can't be written, 422 where a value is not allowed.
 * All faults are told at once. `hasCustomer` says whether a reference leads anywhere.
 */
export function checkBody(
  type: CustomcrmType,
  body: unknown,
  kind: "create" | "patch",
  omitted: readonly string[],
  hasCustomer: (id: string) => boolean,
): Values {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw badRequest("invalid-request", "The body must be a JSON object.");
  const known = propertiesOf(type, omitted);
  const given = Object.entries(body);

  const unknown = given.flatMap(([name]) => unwritable(name, known, type));
  if (unknown.length > 0) throw badRequest("invalid-request", "The request names properties that can't be written.", unknown);
  if (kind === "patch" && given.length === 0) throw new Problem(422, "validation-failed", "A patch must name at least one property.");

  const missing = kind === "create" ? Object.keys(known).filter((name) => known[name]?.required && !(name in body)) : [];
  const errors = [...missing.map((name) => required(name)), ...given.flatMap(([name, value]) => faultsOf(name, value, known[name], hasCustomer))];
  if (errors.length > 0) throw refused(errors);
  return Object.fromEntries(given.map(([name, value]) => [name, value === "" ? null : (value as string | null)]));
}

function unwritable(name: string, known: Readonly<Record<string, CustomcrmProperty>>, type: CustomcrmType): PropertyError[] {
  if (Object.hasOwn(known, name)) return [];
  if (readOnly.includes(name)) return [{ property: name, code: "read-only", message: `${name} is assigned by the CRM.` }];
  return [{ property: name, code: "unknown-property", message: `A ${type} has no property ${name}.` }];
}

function faultsOf(name: string, value: unknown, property: CustomcrmProperty | undefined, hasCustomer: (id: string) => boolean): PropertyError[] {
  const fault = (code: string, message: string): PropertyError[] => [{ property: name, code, message }];
  if (property === undefined) return [];
  if (value === null || value === "") return property.required ? [required(name)] : [];
  if (typeof value !== "string") return fault("not-a-string", `${name} must be a string or null.`);
  // The contract counts characters, as JSON Schema does: code points.
  const length = [...value].length;
  if (property.kind === "string" && name !== "Country" && length > property.maxLength)
    return fault("too-long", `${name} has ${length} characters; at most ${property.maxLength} are allowed.`);
  if (name === "Country" && !isCountry(value)) return fault("not-a-country", "Country must be an ISO 3166-1 alpha-2 code in upper case.");
  if (property.kind === "date" && !isDate(value)) return fault("not-a-date", `${name} must be a date as YYYY-MM-DD.`);
  if (property.kind === "reference" && !hasCustomer(value)) return fault("unknown-reference", `There is no customer ${value}.`);
  return [];
}

const required = (name: string): PropertyError => ({ property: name, code: "required", message: `${name} must have a value.` });

/** A reference that leads nowhere has a type of its own, unless other things are wrong as well. */
function refused(errors: readonly PropertyError[]): Problem {
  const kind = errors.every((error) => error.code === "unknown-reference") ? "unknown-reference" : "validation-failed";
  return new Problem(422, kind, errors.map((error) => error.message).join(" "), { errors });
}

function isDate(value: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}
