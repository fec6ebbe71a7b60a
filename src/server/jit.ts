import { type ApolloServerPlugin, type GraphQLResponse, HeaderMap } from "@apollo/server";
import { type DocumentNode, GraphQLError, type GraphQLFormattedError, type GraphQLSchema, getVariableValues, type OperationDefinitionNode } from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import { LRUCache } from "lru-cache";
import { limits } from "../domain/limits.js";
import type { StreamContext } from "./streams.js";

type Shown = (error: unknown) => GraphQLFormattedError;

/**
 * Executes operations that come again and again by code that is made for each when it is met for the `compileOn`-th time. All
 * others, and subscriptions, are left to GraphQL.js. What it answers is what GraphQL.js would.
 */
export function jit(shown: Shown, compileOn: number): ApolloServerPlugin<StreamContext> {
  const compiled = new CompiledOperations(compileOn);
  return {
    async requestDidStart() {
      return {
        async responseForOperation({ schema, document, operation, operationName, queryHash, request, contextValue }) {
          if (!operation || operation.operation === "subscription") return null;
          const run = compiled.find(schema, document, operation, `${queryHash}:${operationName ?? ""}`);
          if (!run || !areSound(schema, operation, request.variables)) return null;
          // From here on nothing may fall back: a mutation would run twice.
          const { data = null, errors = [] } = await run(undefined, contextValue, request.variables ?? {});
          return answer(data, errors.map(asGraphqlError), shown);
        },
      };
    },
  };
}

class CompiledOperations {
  readonly #compileOn: number;
  readonly #met = new LRUCache<string, number>({ max: limits.compiled.met });
  readonly #runs = new LRUCache<string, { readonly run: CompiledQuery["query"] | null }>({ max: limits.compiled.kept });

  constructor(compileOn: number) {
    this.#compileOn = compileOn;
  }

  /** null: it is not compiled yet, or can't be. */
  find(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, key: string): CompiledQuery["query"] | null {
    const known = this.#runs.get(key);
    if (known) return known.run;
    const met = (this.#met.get(key) ?? 0) + 1;
    this.#met.set(key, met);
    if (met < this.#compileOn) return null;
    const run = compile(schema, document, operation);
    this.#runs.set(key, { run });
    return run;
  }
}

function compile(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): CompiledQuery["query"] | null {
  try {
    const made = compileQuery(schema, document, operation.name?.value);
    return isCompiledQuery(made) ? made.query : null;
  } catch {
    return null;
  }
}

/** Compiled code does not know @oneOf, and words its complaints differently: GraphQL.js refuses what is wrong. */
function areSound(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode, variables: Readonly<Record<string, unknown>> = {}): boolean {
  return variableDefinitions.length === 0 || getVariableValues(schema, variableDefinitions, variables, { maxErrors: 1 }).errors === undefined;
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
