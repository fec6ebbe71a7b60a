import { type GraphQLOutputType, getNullableType, isEnumType, isNonNullType, isScalarType } from "graphql";
import { NotSpliced } from "./parts.js";

/** What is stored as this JSON, as a field of some type shows it; undefined is no value. */
export type Leaf = (json: string | undefined) => string;

/** Throws where a value is none that such a field shows as it stands. */
export function leafOf(type: GraphQLOutputType): Leaf {
  const named = getNullableType(type);
  const fits = isEnumType(named) ? oneOfThese(named.getValues().map(({ name }) => name)) : isScalarType(named) ? scalars[named.name] : undefined;
  if (!fits) throw new NotSpliced(`${type} is more than a stored value`);
  const isOptional = !isNonNullType(type);
  return (json = "null") => {
    if (json === "null" ? isOptional : fits(json)) return json;
    throw new NotSpliced(`what is stored is no ${type}`);
  };
}

const oneOfThese = (names: readonly string[]) => {
  const known = new Set(names.map((name) => JSON.stringify(name)));
  return (json: string) => known.has(json);
};

const isText = (json: string): boolean => json.charCodeAt(0) === 0x22;
const dayPattern = String.raw`\d{4}-((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)`;
const time = new RegExp(`^"${dayPattern}T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z"$`);
const day = new RegExp(`^"${dayPattern}"$`);
/** Not every February has a 29th. */
const isReal = (json: string, rest: string): boolean => {
  const text = json.slice(1, -1) + rest;
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
};

/** Whether a scalar shows what is stored as it stands. */
const scalars: { readonly [name: string]: (json: string) => boolean } = {
  ID: isText,
  String: isText,
  Int: (json) => /^-?\d{1,9}$/.test(json),
  Boolean: (json) => json === "true" || json === "false",
  DateTime: (json) => time.test(json) || isReal(json, ""),
  Date: (json) => day.test(json) || isReal(json, "T00:00:00.000Z"),
};

/** An id as it stands in keys. Those that JSON escapes, or that are no ASCII, are none of ours and of neither system. */
export function idIn(json: string | undefined): string {
  if (json !== undefined && /^"[ !#-[\]-~]*"$/.test(json)) return json.slice(1, -1);
  throw new NotSpliced("an id is an unusual one");
}
