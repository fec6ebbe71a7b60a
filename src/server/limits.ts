import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLError,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { limits } from "../domain/limits.js";
import { refusal } from "./refusal.js";

/** The largest page; a resolver refuses a larger one by itself. */
const { maxFirst } = limits.list;

type Limits = { readonly [name in keyof typeof limits.request]: number };

/** A document that asks for too much: of what, how much, and the limit. */
const tooMuch = (what: string, got: number, limit: number, message: string): GraphQLError =>
  refusal("REQUEST_TOO_LARGE", message, 400, {}, { what, got, limit });

/** What is wrong with a document's size; null: nothing. How many tokens it may have, the parser is told. */
export function oversizeOf(document: DocumentNode, max: Limits = limits.request): GraphQLError | null {
  const fragments = fragmentsByName(document);
  const sizes = new Map<string, Size>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, aliases, breadth, selections } = sizeOf(definition.selectionSet, fragments, sizes, new Set());
    if (depth > max.maxDepth) return tooMuch("depth", depth, max.maxDepth, `The operation is ${depth} levels deep; at most ${max.maxDepth} are taken.`);
    if (aliases > max.maxAliases)
      return tooMuch("aliases", aliases, max.maxAliases, `The operation has ${aliases} aliases; at most ${max.maxAliases} are taken.`);
    if (breadth > max.maxBreadth) {
      return tooMuch("breadth", breadth, max.maxBreadth, `The operation has ${breadth} fields beside each other; at most ${max.maxBreadth} are taken.`);
    }
    if (selections > max.maxSelections) {
      return tooMuch("selections", selections, max.maxSelections, `The operation selects ${selections} fields; at most ${max.maxSelections} are taken.`);
    }
  }
  return null;
}

/** What is wrong with how many items an operation may give; null: nothing. The document has passed validation. */
export function costliness(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  max: Limits = limits.request,
): GraphQLError | null {
  const items = itemsOf(schema, document, operation)(variables);
  if (items <= max.maxItems) return null;
  const message = `The operation may give ${items} items, the \`first\` of its lists multiplied; at most ${max.maxItems} are taken. Ask for smaller pages.`;
  return tooMuch("items", items, max.maxItems, message);
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

const fragmentsByName = (document: DocumentNode): Fragments =>
  new Map(document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [])));

interface Size {
  readonly depth: number;
  readonly aliases: number;
  readonly breadth: number;
  readonly selections: number;
  /** Fields at the very top, which count for the breadth of whoever spreads a fragment. */
  readonly top: number;
}

const nothing: Size = { depth: 0, aliases: 0, breadth: 0, selections: 0, top: 0 };

/** Each fragment is measured once, so that fragments of fragments take no longer than they are long. */
function sizeOf({ selections }: SelectionSetNode, fragments: Fragments, sizes: Map<string, Size>, within: ReadonlySet<string>): Size {
  let whole = nothing;
  for (const selection of selections) {
    const one =
      selection.kind === Kind.FRAGMENT_SPREAD
        ? spread(selection.name.value, fragments, sizes, within)
        : selection.kind === Kind.INLINE_FRAGMENT
          ? sizeOf(selection.selectionSet, fragments, sizes, within)
          : fieldSize(selection, fragments, sizes, within);
    whole = {
      depth: Math.max(whole.depth, one.depth),
      aliases: whole.aliases + one.aliases,
      breadth: Math.max(whole.breadth, one.breadth),
      selections: whole.selections + one.selections,
      top: whole.top + one.top,
    };
  }
  return { ...whole, breadth: Math.max(whole.breadth, whole.top) };
}

function fieldSize({ alias, selectionSet }: FieldNode, fragments: Fragments, sizes: Map<string, Size>, within: ReadonlySet<string>): Size {
  const below = selectionSet ? sizeOf(selectionSet, fragments, sizes, within) : nothing;
  return {
    depth: below.depth + 1,
    aliases: below.aliases + (alias ? 1 : 0),
    breadth: below.breadth,
    selections: below.selections + 1,
    top: 1,
  };
}

/** A fragment that spreads itself is refused by validation, as is one that is not there. */
function spread(name: string, fragments: Fragments, sizes: Map<string, Size>, within: ReadonlySet<string>): Size {
  const before = sizes.get(name);
  if (before) return before;
  const fragment = fragments.get(name);
  if (!fragment || within.has(name)) return nothing;
  const size = sizeOf(fragment.selectionSet, fragments, sizes, new Set([...within, name]));
  sizes.set(name, size);
  return size;
}

type Values = Readonly<Record<string, unknown>>;

/** How many items something may give, by the values of the operation's variables. */
type Count = (values: Values) => number;

/** Operations come again and again as the same parsed document: what to count is found out once. */
const known = new WeakMap<OperationDefinitionNode, Count>();

function itemsOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): Count {
  const before = known.get(operation);
  if (before) return before;
  const root = schema.getRootType(operation.operation);
  const counted = root ? new Cost(schema, fragmentsByName(document)).ofSelections(operation.selectionSet, root) : nothingToCount;
  const count: Count = counted === nothingToCount ? nothingToCount : (variables) => counted(valuesOf(operation, variables));
  known.set(operation, count);
  return count;
}

const nothingToCount: Count = () => 0;

/** Items of lists, from the inside out: a list has `first` items, and each has those of the lists in it. */
class Cost {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Fragments;
  readonly #spread = new Map<string, Count>();

  constructor(schema: GraphQLSchema, fragments: Fragments) {
    this.#schema = schema;
    this.#fragments = fragments;
  }

  ofSelections({ selections }: SelectionSetNode, type: GraphQLCompositeType): Count {
    const parts = selections.map((selection) => this.#ofSelection(selection, type)).filter((part) => part !== nothingToCount);
    if (parts.length === 0) return nothingToCount;
    return (values) => parts.reduce((sum, part) => sum + part(values), 0);
  }

  #ofSelection(selection: SelectionNode, type: GraphQLCompositeType): Count {
    if (selection.kind === Kind.FIELD) return this.#ofField(selection, type);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#ofSpread(selection.name.value);
    return this.ofSelections(selection.selectionSet, this.#named(selection.typeCondition?.name.value) ?? type);
  }

  #ofSpread(name: string): Count {
    const before = this.#spread.get(name);
    if (before !== undefined) return before;
    const fragment = this.#fragments.get(name);
    const type = this.#named(fragment?.typeCondition.name.value);
    const count = fragment && type ? this.ofSelections(fragment.selectionSet, type) : nothingToCount;
    this.#spread.set(name, count);
    return count;
  }

  #ofField(node: FieldNode, parent: GraphQLCompositeType): Count {
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    const type = field && getNamedType(field.type);
    if (!field || !isCompositeType(type) || !node.selectionSet) return nothingToCount;
    const below = this.ofSelections(node.selectionSet, type);
    const length = lengthOf(field, node.arguments ?? []);
    if (length === null) return below;
    return (values) => {
      const count = length(values);
      return count === null ? below(values) : count * (1 + below(values));
    };
  }

  #named(name: string | undefined): GraphQLCompositeType | null {
    const type = name === undefined ? undefined : this.#schema.getType(name);
    return isCompositeType(type) ? type : null;
  }
}

/** How many items a field may give; null: it is no list whose length the client chooses. */
function lengthOf(field: GraphQLField<unknown, unknown>, given: readonly ArgumentNode[]): ((values: Values) => number | null) | null {
  const argumentOf = (name: string) => {
    const argument = given.find((one) => one.name.value === name);
    return (values: Values) => (argument ? valueIn(argument.value, values) : undefined);
  };
  const first = field.args.find((arg) => arg.name === "first");
  if (first) {
    const asked = argumentOf("first");
    return (values) => {
      const wanted = asked(values) ?? first.defaultValue;
      return typeof wanted === "number" ? Math.min(Math.max(wanted, 0), maxFirst) : maxFirst;
    };
  }
  const list = field.args.find((arg) => arg.name === "ids" || arg.name === "representations");
  if (!list || !given.some((one) => one.name.value === list.name)) return null;
  const items = argumentOf(list.name);
  return (values) => {
    const found = items(values);
    return Array.isArray(found) ? found.length : null;
  };
}

function valueIn(node: ValueNode, values: Values): unknown {
  if (node.kind === Kind.VARIABLE) return values[node.name.value];
  if (node.kind === Kind.INT) return Number(node.value);
  if (node.kind === Kind.LIST) return node.values;
  return undefined;
}

/** Variables as sent, else as the operation has them by default. */
function valuesOf(operation: OperationDefinitionNode, variables: Values): Values {
  const byDefault = (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
    defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)] as const] : [],
  );
  return { ...Object.fromEntries(byDefault), ...variables };
}
