import type { ApolloServerPlugin } from "@apollo/server";
import type { ValidationRule } from "graphql";
import { limits } from "../domain/limits.js";
import type { RequestContext } from "../resolvers/context.js";
import type { Caller } from "./access.js";
import type { CompiledOperation } from "./jit.js";
import { costliness, oversizeOf } from "./limits.js";
import { refusalOf } from "./permissions.js";
import { refusal } from "./refusal.js";

/** A context that knows what its caller may do. */
export interface GuardedContext extends RequestContext {
  readonly credentials: Caller;
}

/** Refuses a document that is too large in some way; the validation that it is part of sees each document once. */
export const sizeRule: ValidationRule = (context) => {
  const error = oversizeOf(context.getDocument());
  if (error) context.reportError(error);
  return {};
};

/** Refuses, before anything runs, what the caller may not do and what would give too much. */
export function guards(onRefused: (reason: "scope" | "items") => void): ApolloServerPlugin<GuardedContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ schema, document, operation, request, contextValue }) {
          // Whoever executes says that there is no such operation.
          if (!operation) return;
          const notAllowed = refusalOf(schema, document, operation, contextValue.credentials);
          if (notAllowed) onRefused("scope");
          if (notAllowed) throw notAllowed;
          const tooCostly = costliness(schema, document, operation, request.variables ?? {});
          if (tooCostly) onRefused("items");
          if (tooCostly) throw tooCostly;
        },
      };
    },
  };
}

/** Whether the guards refuse an operation of this caller. */
export const refusedBefore = ({ schema, document, operation }: CompiledOperation, variables: Readonly<Record<string, unknown>> = {}, caller: Caller) =>
  refusalOf(schema, document, operation, caller) !== null || costliness(schema, document, operation, variables) !== null;

/** Operations of one batch see what those before them have done, and have notes of their own: each has a context of its own. */
export const eachWithItsOwn = (contextFor: (caller: Caller) => GuardedContext): ApolloServerPlugin<GuardedContext> => ({
  async requestDidStart({ contextValue, requestIsBatched }) {
    if (requestIsBatched) Object.assign(contextValue, contextFor(contextValue.credentials));
  },
});

/** Throws when a body is a batch of too many operations. */
export function refuseLongBatch(body: unknown): void {
  const { maxBatch } = limits.request;
  if (!Array.isArray(body) || body.length <= maxBatch) return;
  const message = `The batch has ${body.length} operations; at most ${maxBatch} are taken.`;
  throw refusal("REQUEST_TOO_LARGE", message, 400, {}, { what: "operations in a batch", got: body.length, limit: maxBatch });
}
