import { ApolloServerErrorCode, unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { InvalidInputError, RateLimitedError, RefusedError, SystemError, TandemError } from "../domain/errors.js";
import type { Note } from "./notes.js";

export interface ErrorLog {
  error(fields: object, message: string): void;
}

/**
 * What a client sees of an error. Errors that the gateway knows keep their sentence and tell their code, their system and their
 * facts in `extensions`; GraphQL's own stay as they are; any other is a fault of ours, told as one general sentence with an id
 * under which the log has all of it.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown, log: ErrorLog, newId: () => string): GraphQLFormattedError {
  const cause = unwrapResolverError(error);
  if (cause instanceof TandemError) return { ...formatted, message: cause.message, extensions: extensionsOf(cause) };
  if (cause instanceof GraphQLError && (cause.originalError === undefined || cause.originalError instanceof GraphQLError)) return formatted;
  const errorId = newId();
  log.error({ err: cause, errorId, path: formatted.path }, "A query failed for a reason that is not known.");
  return {
    ...formatted,
    message: `Something went wrong inside the gateway. Its log tells what, under ${errorId}.`,
    extensions: { code: ApolloServerErrorCode.INTERNAL_SERVER_ERROR, errorId },
  };
}

/** An error that goes beside data: the record at `path` is shown as of `asOf`. */
export const formatNote = ({ error, path, asOf }: Note): GraphQLFormattedError => ({
  message: error.message,
  path,
  extensions: { ...extensionsOf(error), asOf },
});

/** A client's wrong input has the code that GraphQL servers give it everywhere. */
function extensionsOf(error: TandemError): { readonly [key: string]: unknown } {
  const code = error instanceof InvalidInputError ? ApolloServerErrorCode.BAD_USER_INPUT : error.code;
  return {
    code,
    ...(error instanceof SystemError ? { system: error.system } : {}),
    ...(error instanceof RateLimitedError ? { retryAt: error.retryAt } : {}),
    ...(error instanceof InvalidInputError ? error.excess : {}),
    ...(error instanceof RefusedError ? { reasons: error.reasons, reason: error.reason } : {}),
  };
}
