import type { ApolloServerPlugin } from "@apollo/server";
import type { GraphQLFormattedError, OperationDefinitionNode } from "graphql";
import type { GuardedContext } from "./guards.js";

/** An operation that is about to be executed. */
export interface Begun {
  readonly operation: OperationDefinitionNode;
  readonly operationName: string | null;
}

/** What a client got. Without an operation: the document could not be parsed, or is not allowed. */
export interface Answered {
  readonly operation: OperationDefinitionNode | undefined;
  readonly operationName: string | null;
  /** The name of the credential. */
  readonly caller: string | null;
  readonly hasData: boolean;
  readonly errors: readonly GraphQLFormattedError[];
  readonly ms: number;
}

/** Is told of operations, whichever way they are answered. */
export interface Observer {
  begun?(begun: Begun): void;
  answered?(answered: Answered): void;
}

/** Tells of what Apollo answers. It stands last, so that it sees the answer as it goes out. */
export const observed = (observers: readonly Observer[]): ApolloServerPlugin<GuardedContext> => ({
  async requestDidStart() {
    const startedAt = performance.now();
    return {
      async didResolveOperation({ operation, operationName }) {
        if (operation) for (const observer of observers) observer.begun?.({ operation, operationName: operationName ?? null });
      },
      async willSendResponse({ operation, operationName, contextValue, response: { body } }) {
        const { errors = [], data = null } = body.kind === "single" ? body.singleResult : {};
        const ms = performance.now() - startedAt;
        const answered: Answered = { operation, operationName: operationName ?? null, caller: contextValue.caller, hasData: data !== null, errors, ms };
        for (const observer of observers) observer.answered?.(answered);
      },
    };
  },
});
