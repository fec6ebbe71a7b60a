import { type ApolloServerPlugin, type GraphQLResponse, HeaderMap } from "@apollo/server";
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
} from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import { LRUCache } from "lru-cache";
import { limits } from "../domain/limits.js";
import type { ResolverParts } from "../resolvers/parts.js";
import { Splice } from "../resolvers/splice/splice.js";
import type { StreamContext } from "./streams.js";

type Shown = (error: unknown) => GraphQLFormattedError;
type Variables = Readonly<Record<string, unknown>>;

/** An operation that was parsed, found valid and compiled. */
export interface CompiledOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly run: CompiledQuery["query"];
  /** Variables that mostly come as they are taken. */
  readonly plain: Plain | null;
  /** Puts answers together from what is stored, where it can. */
  readonly splice: Splice;
}

type Uncompiled = Pick<CompiledOperation, "schema" | "document" | "operation">;

/**
 * Executes operations that come again and again by code that is made for each when it is met often enough. All others, and
 * subscriptions, are left to GraphQL.js. What it answers is what GraphQL.js would.
 */
export const jit = (compiled: CompiledOperations, shown: Shown): ApolloServerPlugin<StreamContext> => ({
  async requestDidStart() {
    return {
      async responseForOperation({ schema, document, operation, source, request, contextValue }) {
        if (!operation || operation.operation === "subscription") return null;
        const found = compiled.meet(source, request.operationName, { schema, document, operation });
        if (!found || !soundValues(found, request.variables)) return null;
        // From here on nothing may fall back: a mutation would run twice.
        return execute(found, contextValue, request.variables, shown);
      },
    };
  },
});

/** Operations by their text and name. */
export class CompiledOperations {
  readonly #compileOn: number;
  readonly #parts: Pick<ResolverParts, "store" | "settings">;
  readonly #met = new LRUCache<string, number>({ max: limits.compiled.met });
  readonly #found = new LRUCache<string, { readonly operation: CompiledOperation | null }>({ max: limits.compiled.kept });

  /** `compileOn`: the meeting at which an operation is compiled. */
  constructor(compileOn: number, parts: Pick<ResolverParts, "store" | "settings">) {
    this.#compileOn = compileOn;
    this.#parts = parts;
  }

  /** null: it is not compiled yet, or can't be. */
  find(source: string, name: string | null | undefined): CompiledOperation | null {
    return this.#found.get(keyOf(source, name))?.operation ?? null;
  }

  /** Compiles it where it was met often enough; null: it is not compiled yet, or can't be. */
  meet(source: string, name: string | null | undefined, operation: Uncompiled): CompiledOperation | null {
    const key = keyOf(source, name);
    const known = this.#found.get(key);
    if (known) return known.operation;
    const met = (this.#met.get(key) ?? 0) + 1;
    this.#met.set(key, met);
    if (met < this.#compileOn) return null;
    const run = compile(operation);
    const made = run && {
      ...operation,
      run,
      plain: plainVariables(operation.operation),
      splice: new Splice(operation.schema, operation.document, operation.operation, this.#parts),
    };
    this.#found.set(key, { operation: made });
    return made;
  }
}

const keyOf = (source: string, name: string | null | undefined): string => `${name ?? ""}\n${source}`;

function compile({ schema, document, operation }: Uncompiled): CompiledQuery["query"] | null {
  try {
    const made = compileQuery(schema, document, operation.name?.value);
    return isCompiledQuery(made) ? made.query : null;
  } catch {
    return null;
  }
}

/**
 * Variables as an operation takes them; null: something is wrong with them. Compiled code does not know @oneOf, and words its
 * complaints differently: GraphQL.js refuses what is wrong.
 */
export function soundValues(compiled: CompiledOperation, variables: Variables = {}): Variables | null {
  const { schema, operation, plain } = compiled;
  if (plain?.every(([name, isTaken]) => isTaken(variables[name]))) return Object.fromEntries(plain.map(([name]) => [name, variables[name]]));
  return getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 }).coerced ?? null;
}

type Plain = readonly (readonly [string, (value: unknown) => boolean])[];

/** What GraphQL's own types take as it stands. */
const takenAsItStands: { readonly [type: string]: (value: unknown) => boolean } = {
  ID: (value) => typeof value === "string",
  String: (value) => typeof value === "string",
  Boolean: (value) => typeof value === "boolean",
};

/** Each variable with what it takes as it stands; null: one of them is of another type. */
function plainVariables({ variableDefinitions = [] }: OperationDefinitionNode): Plain | null {
  const plain = variableDefinitions.flatMap(({ variable, type }) => {
    const named = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
    const isTaken = named.kind === Kind.NAMED_TYPE ? takenAsItStands[named.name.value] : undefined;
    return isTaken ? [[variable.name.value, isTaken] as const] : [];
  });
  return plain.length === variableDefinitions.length ? plain : null;
}

/** Carries out an operation whose variables are sound. */
export async function execute({ run }: CompiledOperation, context: StreamContext, variables: Variables = {}, shown: Shown): Promise<GraphQLResponse> {
  const { data = null, errors = [] } = await run(undefined, context, variables);
  return answer(data, errors.map(asGraphqlError), shown);
}

/** Compiled code has a class of errors of its own, which neither Apollo nor we would know. */
function asGraphqlError(error: GraphQLError): GraphQLError {
  const { message, nodes = null, path = null, originalError = null, extensions } = error;
  if (error instanceof GraphQLError && error.nodes) return error;
  const made = new GraphQLError(message, { nodes, path, originalError, extensions: extensions ?? null });
  // It knows where a field stands, and not the node.
  if (made.locations === undefined && error.locations) Object.defineProperty(made, "locations", { value: error.locations, enumerable: true });
  return made;
}

function answer(data: Record<string, unknown> | null, errors: readonly GraphQLError[], shown: Shown): GraphQLResponse {
  const status = errors.map(({ extensions }) => extensions.http?.status).find((one) => one !== undefined);
  const http = { headers: new HeaderMap(), ...(status === undefined ? {} : { status }) };
  return { http, body: { kind: "single", singleResult: { ...(errors.length > 0 ? { errors: errors.map(shown) } : {}), data } } };
}
