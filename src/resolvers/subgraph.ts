import { makeExecutableSchema } from "@graphql-tools/schema";
import type { IResolvers } from "@graphql-tools/utils";
import {
  type ConstDirectiveNode,
  concatAST,
  type DocumentNode,
  GraphQLError,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  Kind,
  parse,
  valueFromASTUntyped,
} from "graphql";

/** Finds an entity by what another subgraph knows of it; null: there is none. */
export type ReferenceResolver<C> = (reference: never, context: C, info: GraphQLResolveInfo) => unknown;

interface Representation {
  readonly __typename?: unknown;
}

/**
 * A Federation 2 subgraph: the types of `sdl`, with what a router asks every subgraph for. A reference of a type that has no
 * resolver here stands for the entity itself.
 */
export function buildSubgraph<C>(sdl: string, resolvers: IResolvers, references: { readonly [type: string]: ReferenceResolver<C> }): GraphQLSchema {
  const document = parse(sdl);
  const entities = entitiesOf(document);
  const find = async (representation: Representation, context: C, info: GraphQLResolveInfo) => {
    const type = String(representation?.__typename);
    if (!entities.includes(type)) throw new GraphQLError(`There is no entity of the type ${type}.`, { extensions: { code: "BAD_USER_INPUT" } });
    const resolve = references[type];
    const found = resolve ? await resolve(representation as never, context, info) : representation;
    return typeof found === "object" && found !== null && !("__typename" in found) ? { ...found, __typename: type } : (found ?? null);
  };
  const routers: IResolvers<unknown, C> = {
    Query: {
      _entities: (_, { representations }: { representations: readonly Representation[] }, context, info) =>
        representations.map((one) => find(one, context, info)),
    },
    _Entity: { __resolveType: ({ __typename }: { readonly __typename: string }) => __typename },
  };
  return makeExecutableSchema({
    typeDefs: whole(concatAST([document, parse(directivesOf(document)), parse(routersPart(entities))])),
    resolvers: [resolvers, { Query: { _service: () => ({ sdl }) } }, ...(entities.length > 0 ? [routers] : [])],
  });
}

const federation = "https://specs.apollo.dev/federation/";

/** What Federation 2.9 defines for subgraphs; `SET` stands for the scalar of selections. */
const definitions: { readonly [name: string]: string } = {
  key: "(fields: SET!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
  requires: "(fields: SET!) on FIELD_DEFINITION",
  provides: "(fields: SET!) on FIELD_DEFINITION",
  external: "(reason: String) on OBJECT | FIELD_DEFINITION",
  extends: "on OBJECT | INTERFACE",
  shareable: "repeatable on OBJECT | FIELD_DEFINITION",
  override: "(from: String!, label: String) on FIELD_DEFINITION",
  inaccessible: "on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE | SCALAR | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION",
  tag: "(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE | SCALAR | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION",
  composeDirective: "(name: String!) repeatable on SCHEMA",
  interfaceObject: "on OBJECT",
};

/** Definitions of the directives that the document's `@link` to the federation brings in. */
function directivesOf(document: DocumentNode): string {
  const links = document.definitions.flatMap((one) => ("directives" in one && "operationTypes" in one ? (one.directives ?? []) : []));
  const imported = links.filter((link) => String(argumentOf(link, "url")).startsWith(federation)).flatMap((link) => argumentOf(link, "import") ?? []);
  const defined = imported.map((name) => {
    const definition = definitions[String(name).slice(1)];
    if (!definition) throw new Error(`${name} is no directive of the federation that can be imported here.`);
    return `directive ${name}${definition.startsWith("(") ? "" : " "}${definition.replaceAll("SET", "federation__FieldSet")}`;
  });
  return `
    scalar federation__FieldSet
    scalar link__Import
    enum link__Purpose { SECURITY EXECUTION }
    directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
    ${defined.join("\n")}
  `;
}

/** A subgraph may extend a type that only others define: then the first extension is its definition here. */
function whole(document: DocumentNode): DocumentNode {
  const defined = new Set(document.definitions.flatMap((one) => (one.kind === Kind.OBJECT_TYPE_DEFINITION ? [one.name.value] : [])));
  const definitions = document.definitions.map((one) => {
    if (one.kind !== Kind.OBJECT_TYPE_EXTENSION || defined.has(one.name.value)) return one;
    defined.add(one.name.value);
    return { ...one, kind: Kind.OBJECT_TYPE_DEFINITION } as const;
  });
  return { ...document, definitions };
}

/** Types that a router may ask for by a key. */
function entitiesOf(document: DocumentNode): readonly string[] {
  const isKey = (one: ConstDirectiveNode) => one.name.value === "key" && argumentOf(one, "resolvable") !== false;
  const types = document.definitions.flatMap((one) => (one.kind === Kind.OBJECT_TYPE_DEFINITION || one.kind === Kind.OBJECT_TYPE_EXTENSION ? [one] : []));
  return [...new Set(types.filter(({ directives = [] }) => directives.some(isKey)).map(({ name }) => name.value))];
}

function argumentOf({ arguments: given = [] }: ConstDirectiveNode, name: string): unknown {
  const value = given.find((one) => one.name.value === name)?.value;
  return value && valueFromASTUntyped(value);
}

const routersPart = (entities: readonly string[]): string => `
  type _Service { "The schema as this subgraph declares it." sdl: String }
  extend type Query { _service: _Service! }
  ${entities.length === 0 ? "" : `scalar _Any union _Entity = ${entities.join(" | ")} extend type Query { _entities(representations: [_Any!]!): [_Entity]! }`}
`;
