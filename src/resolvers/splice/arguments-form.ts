import { type FieldNode, type GraphQLField, getArgumentValues, Kind, visit } from "graphql";

type Values = { readonly [variable: string]: unknown };

/** The arguments of a field, worked out once but for its variables. */
export interface ArgumentsForm {
  readonly variables: readonly string[];
  /** With values of all of them, none of which is null. */
  filled(values: Values): unknown;
}

/** Where the value of a variable goes. */
class Place {
  constructor(readonly name: string) {}
}

/** GraphQL puts the values of variables where they stand as they are, whatever is around them. */
export function argumentsForm(definition: GraphQLField<unknown, unknown>, node: FieldNode): ArgumentsForm {
  const variables = new Set<string>();
  for (const argument of node.arguments ?? []) visit(argument, { [Kind.VARIABLE]: ({ name }) => void variables.add(name.value) });
  const places = Object.fromEntries([...variables].map((name) => [name, new Place(name)]));
  return { variables: [...variables], filled: fillingOf(getArgumentValues(definition, node, places)) };
}

function fillingOf(form: unknown): (values: Values) => unknown {
  if (form instanceof Place) return (values) => values[form.name];
  if (typeof form !== "object" || form === null || !hasPlace(form)) return () => form;
  if (Array.isArray(form)) {
    const items = form.map(fillingOf);
    return (values) => items.map((filled) => filled(values));
  }
  const members = Object.entries(form).map(([name, member]) => [name, fillingOf(member)] as const);
  return (values) => {
    const object: Record<string, unknown> = {};
    for (const [name, filled] of members) object[name] = filled(values);
    return object;
  };
}

const hasPlace = (form: unknown): boolean => form instanceof Place || (typeof form === "object" && form !== null && Object.values(form).some(hasPlace));
