import { z } from "zod";
import { customcrmProperties } from "../../domain/customcrm-properties.js";
import { InvalidInputError, UnexpectedAnswerError } from "../../domain/errors.js";
import type { Properties, PropertyValue, SystemRecord } from "../../domain/record.js";
import { type CustomcrmType, isoTime, type RecordType } from "../../domain/words.js";

/** What Customcrm's answers look like, and how its records are read and written. Unknown properties are ignored. */

const idSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const timeSchema = z.iso.datetime({ offset: true }).transform((text) => isoTime(Date.parse(text)));
const nothing = z.literal("").transform(() => null);
const optionalTime = z.union([timeSchema, nothing]).nullish();
/** Absent, null and "" all mean "no value". */
const textSchema = z
  .string()
  .nullish()
  .transform((text) => text?.trim() || null);
const dateSchema = z
  .union([
    z
      .string()
      .regex(/^\s*\d{4}-\d{2}-\d{2}/)
      .transform((text) => text.trim().slice(0, 10)),
    nothing,
  ])
  .nullish()
  .transform((text) => text ?? null);

const stamps = { Id: idSchema, ETag: z.string().nullish(), CreatedAt: optionalTime, ModifiedAt: optionalTime };

/** Properties that a Customcrm has beside those of the contract, by type; they hold text. */
export type OwnProperties = { readonly [T in CustomcrmType]?: readonly string[] };
export type RowSchemas = { readonly [T in CustomcrmType]: z.ZodObject };

/** What the rows of a Customcrm look like that has these properties of its own. */
export function rowSchemasOf(own: OwnProperties): RowSchemas {
  const schemaOf = (type: CustomcrmType) =>
    z.object({
      ...Object.fromEntries((own[type] ?? []).map((name) => [name, textSchema])),
      ...Object.fromEntries(Object.entries(customcrmProperties[type]).map(([name, { kind }]) => [name, kind === "date" ? dateSchema : textSchema])),
      ...stamps,
    });
  return { Customer: schemaOf("Customer"), Contact: schemaOf("Contact"), Product: schemaOf("Product") };
}

export const pageSchema = z.object({ items: z.array(z.unknown()), nextCursor: z.string().nullish() });
export const changesSchema = z.object({ changes: z.array(z.unknown()), position: z.string(), more: z.boolean() });
export const changeSchema = z.object({
  Position: z.string(),
  Type: z.enum(["Customer", "Contact", "Product"]),
  Id: idSchema,
  Action: z.enum(["Upsert", "Delete"]),
  Record: z.unknown().optional(),
});
export const problemSchema = z.object({
  type: z.string().optional(),
  title: z.string(),
  detail: z.string().nullish(),
  errors: z.array(z.object({ property: z.string(), code: z.string().optional(), message: z.string() })).nullish(),
});
export type CustomcrmProblem = z.infer<typeof problemSchema>;

export const collections: { readonly [T in CustomcrmType]: string } = { Customer: "customers", Contact: "contacts", Product: "products" };

export function customcrmTypeOf(type: RecordType): CustomcrmType {
  if (type === "Customer" || type === "Contact" || type === "Product") return type;
  throw new InvalidInputError(`Customcrm has no records of type ${type}.`);
}

export const isCustomcrmId = (id: string): boolean => idSchema.safeParse(id).success;

/** Reads a row, or says which row is wrong in what. `etag` is that of the answer's header, if there was one. */
export function recordOf(schemas: RowSchemas, type: CustomcrmType, row: unknown, etag?: string): SystemRecord {
  const { Id, ETag, CreatedAt, ModifiedAt, ...values } = parsed(schemas[type], row, `${type} ${idIn(row)}`);
  return {
    system: "CUSTOMCRM",
    type,
    id: String(Id),
    modifiedAt: ModifiedAt === undefined || ModifiedAt === null ? null : String(ModifiedAt),
    createdAt: CreatedAt === undefined || CreatedAt === null ? null : String(CreatedAt),
    etag: etag ?? (typeof ETag === "string" && ETag !== "" ? ETag : null),
    properties: values as Properties,
  };
}

/** The body of a write. `nulls: "omit"` for a create, where an absent property is an empty one. */
export function bodyOf(
  schemas: RowSchemas,
  type: CustomcrmType,
  properties: Properties,
  omitted: ReadonlySet<string>,
  nulls: "omit" | "keep",
): { readonly [name: string]: string | null } {
  const known = schemas[type].shape;
  const written = Object.entries(properties).filter(([name, value]) => {
    if (!Object.hasOwn(known, name) || Object.hasOwn(stamps, name)) throw new InvalidInputError(`A Customcrm ${type} has no property ${name}.`);
    return !omitted.has(`${type}.${name}`) && (nulls === "keep" || textOf(value) !== null);
  });
  return Object.fromEntries(written.map(([name, value]) => [name, textOf(value)]));
}

const textOf = (value: PropertyValue): string | null => (value === null || value === "" ? null : String(value));

/** Checks an answer against its schema; the error names the place and what came. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown, what: string): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 3).map((issue) => `${issue.path.map(String).join(".") || "it"}: ${issue.message}`);
  throw new UnexpectedAnswerError("CUSTOMCRM", `Customcrm's answer is not what its contract says. ${what}: ${issues.join("; ")}.`, { cause: result.error });
}

const idIn = (row: unknown): string => readableId(row) ?? "without an Id";

/** The id of a row of which something else may be wrong. */
export function readableId(row: unknown): string | null {
  const id = typeof row === "object" && row !== null && "Id" in row ? row.Id : null;
  return typeof id === "string" && isCustomcrmId(id) ? id : null;
}
