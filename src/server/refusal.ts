import { GraphQLError } from "graphql";

/** A request that is not answered: a GraphQL error, with the status and headers that it has over HTTP. */
export function refusal(code: string, message: string, status: number, headers: Readonly<Record<string, string>> = {}, facts: object = {}): GraphQLError {
  // Apollo takes a map here, other GraphQL servers a record; theirs is the type that the compiler knows.
  const http = { status, headers: new Map(Object.entries(headers)) as never };
  return new GraphQLError(message, { extensions: { code, ...facts, http } });
}
