import type { GraphQLResponse } from "@apollo/server";
import { ApolloServerErrorCode } from "@apollo/server/errors";

const refusedBeforeExecution: readonly unknown[] = [
  ApolloServerErrorCode.GRAPHQL_PARSE_FAILED,
  ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED,
  ApolloServerErrorCode.BAD_USER_INPUT,
];

/**
 * A document that is refused has status 200 where the client takes no `application/graphql-response+json`, and 400 where it does:
 * with plain JSON a client can't tell this server's refusal from that of a proxy by its status (GraphQL over HTTP, 6.4).
 */
export function setStatusForJson({ http, body }: GraphQLResponse, accept: string | undefined): void {
  if (http.status !== 400 || body.kind !== "single" || accept?.includes("application/graphql-response+json")) return;
  const { errors = [] } = body.singleResult;
  if (errors.length > 0 && errors.every(({ extensions }) => refusedBeforeExecution.includes(extensions?.code))) http.status = 200;
}
