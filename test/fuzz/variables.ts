import fc from "fast-check";
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { nastyJson, nastyText } from "./nasty.js";

/** A whole operation of one root field: all its arguments are variables, and everything near it is selected. */
export function documentOf(kind: "query" | "mutation", field: GraphQLField<unknown, unknown>): string {
  const declared = field.args.map((arg) => `$${arg.name}: ${arg.type}`).join(", ");
  const given = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
  return `${kind} Fuzz${declared ? `(${declared})` : ""} { ${field.name}${given ? `(${given})` : ""} ${selectionOf(field.type, 3)} }`;
}

function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return "";
  const fields = isObjectType(named) && depth > 0 ? Object.values(named.getFields()) : [];
  const inner = fields
    .filter((field) => !field.args.some(isRequiredArgument) && (depth > 1 || isLeafType(getNamedType(field.type))))
    .map((field) => `${field.name} ${selectionOf(field.type, depth - 1)}`);
  return `{ __typename ${inner.join(" ")} }`;
}

/** Values for all arguments of a field: mostly of the right shape, as what is refused at once goes nowhere deep. */
export const variablesOf = (field: GraphQLField<unknown, unknown>, ids: readonly string[]): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(Object.fromEntries(field.args.map((arg) => [arg.name, anyOf(arg.type, ids)])), {
    requiredKeys: field.args.filter(isRequiredArgument).map((arg) => arg.name),
  });

function anyOf(type: GraphQLInputType, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return anyOf(type.ofType as GraphQLInputType, ids);
  if (isListType(type)) return fc.array(anyOf(type.ofType as GraphQLInputType, ids), { maxLength: 3 });
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map(({ name }) => name));
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    const values = Object.fromEntries(fields.map((field) => [field.name, anyOf(field.type, ids)]));
    if (type.isOneOf) return fc.oneof(...fields.map((field) => fc.record({ [field.name]: values[field.name] as fc.Arbitrary<unknown> })));
    return fc.record(values, { requiredKeys: fields.filter((field) => isNonNullType(field.type)).map((field) => field.name) });
  }
  const known = { ID: fc.constantFrom(...ids), Date: fc.constant("1980-02-29"), DateTime: fc.constant("2026-06-25T14:00:00.000Z") }[type.name];
  if (type.name === "Int") return fc.oneof(fc.integer({ min: -1, max: 201 }), fc.constantFrom(2 ** 31, -(2 ** 31), 1e300, 0.5, "NaN"));
  if (type.name === "Boolean") return fc.oneof(fc.boolean(), nastyJson);
  if (type.name === "JSON") return nastyJson;
  const text = fc.oneof(nastyText, fc.constantFrom("NL", "info@firma.example", "020 555 0100", "name", "Vos Metaal"), fc.constant(null));
  return known ? fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: text }) : text;
}
