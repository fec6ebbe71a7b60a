import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  TypeNameMetaFieldDef,
} from "graphql";
import { collectFields, collectSubfields } from "graphql/execution/collectFields.js";
import { type ArgumentsForm, argumentsForm } from "./arguments-form.js";
import { NotSpliced, type Part, type Reading } from "./parts.js";

type Values = { readonly [variable: string]: unknown };

/** A field that is selected, of a type that is known. */
export class Selected {
  #form: ArgumentsForm | undefined;

  constructor(
    private readonly selections: Selections,
    readonly parent: GraphQLObjectType,
    readonly nodes: readonly FieldNode[],
    readonly definition: GraphQLField<unknown, unknown>,
  ) {}

  get name(): string {
    return this.definition.name;
  }

  get type(): GraphQLOutputType {
    return this.definition.type;
  }

  /** Arguments as a resolver gets them. */
  argumentsFor<A>({ values }: Reading): A {
    this.#form ??= argumentsForm(this.definition, this.nodes[0] as FieldNode);
    const { variables, filled } = this.#form;
    // What is absent or null may have a default, or must not be so.
    const isWhole = variables.every((name) => values[name] !== undefined && values[name] !== null);
    return (isWhole ? filled(values) : getArgumentValues(this.definition, this.nodes[0] as FieldNode, values)) as A;
  }

  /** The fields below, each by what the answer calls it, as `partOf` has them; `typeName` where the field's type leaves that open. */
  below<P>(partOf: (field: Selected) => Part<P>, typeName?: string): readonly (readonly [string, Part<P>])[] {
    return this.selections.below(this, typeName).map(([key, field]) => [key, partOf(field)]);
  }

  /** The same fields by themselves. */
  fieldsBelow(typeName?: string): readonly Selected[] {
    return this.selections.below(this, typeName).map(([, field]) => field);
  }
}

/** What an operation selects, as its variables say what is skipped and included. */
export class Selections {
  readonly #fragments: Record<string, FragmentDefinitionNode>;

  constructor(
    readonly schema: GraphQLSchema,
    document: DocumentNode,
    readonly operation: OperationDefinitionNode,
    readonly values: Values,
  ) {
    this.#fragments = Object.fromEntries(document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one]] : [])));
  }

  root(): readonly (readonly [string, Selected])[] {
    const type = this.schema.getQueryType();
    if (!type) throw new NotSpliced("there are no queries");
    return this.#fieldsOf(type, collectFields(this.schema, this.#fragments, this.values, type, this.operation.selectionSet));
  }

  below({ type, nodes }: Selected, typeName?: string): readonly (readonly [string, Selected])[] {
    const named = typeName === undefined ? getNamedType(type) : this.schema.getType(typeName);
    if (!isObjectType(named)) throw new NotSpliced(`${named} is no type of objects`);
    return this.#fieldsOf(named, collectSubfields(this.schema, this.#fragments, this.values, named, nodes));
  }

  #fieldsOf(parent: GraphQLObjectType, collected: ReadonlyMap<string, readonly FieldNode[]>): readonly (readonly [string, Selected])[] {
    return [...collected].map(([key, nodes]) => {
      const name = nodes[0]?.name.value ?? "";
      const definition = name === TypeNameMetaFieldDef.name ? TypeNameMetaFieldDef : parent.getFields()[name];
      if (!definition) throw new NotSpliced(`${parent.name}.${name} is answered by GraphQL itself`);
      return [key, new Selected(this, parent, nodes, definition)] as const;
    });
  }
}
