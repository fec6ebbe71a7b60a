import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import { type RequestContext, requestContext } from "../resolvers/context.js";
import { formatError, formatNote } from "../resolvers/format-error.js";
import { LiveReads } from "../resolvers/live-reads.js";
import type { ResolverParts } from "../resolvers/parts.js";

export interface GraphqlParts extends ResolverParts {
  readonly schema: GraphQLSchema;
  readonly log: Logger;
  readonly newId: () => string;
  /** Who sends a request; null where nobody has to identify themselves. Throws when the request must not be answered. */
  readonly callerOf?: (request: FastifyRequest) => Promise<string | null>;
}

/** No query needs more; uploads are not taken. */
const maxBodyBytes = 1_000_000;

/** `/graphql` over HTTP. The server stops with `app`. */
export async function addGraphql(app: FastifyInstance, parts: GraphqlParts): Promise<void> {
  const { schema, log, newId } = parts;
  const apollo = new ApolloServer<RequestContext>({
    schema,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    logger: apolloLog(log),
    formatError: (formatted, error) => formatError(formatted, error, log, newId),
    // The process handles its signals itself.
    stopOnTerminationSignals: false,
    plugins: [
      // Both would wrap every field of the schema.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      notesBesideData,
    ],
  });
  await apollo.start();
  // By then all requests that were under way have been answered.
  app.addHook("onClose", () => apollo.stop());

  const live = new LiveReads(parts);
  const context = async (request: FastifyRequest) => requestContext(parts, live, (await parts.callerOf?.(request)) ?? null);
  await app.register(async (scope) => {
    // A form of another site could send text without asking the browser first.
    scope.removeContentTypeParser("text/plain");
    scope.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
      const status = error.statusCode ?? 500;
      if (status >= 500) log.error({ err: error }, "A request to /graphql could not be taken.");
      const message = status >= 500 ? "The gateway could not take the request." : error.message;
      return reply.code(status).send({ errors: [{ message, extensions: { code: status >= 500 ? "INTERNAL_SERVER_ERROR" : "BAD_REQUEST" } }] });
    });
    scope.route({ method: ["GET", "POST", "OPTIONS"], url: "/graphql", bodyLimit: maxBodyBytes, handler: fastifyApolloHandler(apollo, { context }) });
  });
}

/** Errors about data that is there all the same: a record that could not be read now, shown as it was read before. */
const notesBesideData: ApolloServerPlugin<RequestContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, response: { body } }) {
        const notes = contextValue.notes.all;
        if (notes.length === 0 || body.kind !== "single") return;
        body.singleResult.errors = [...(body.singleResult.errors ?? []), ...notes.map(formatNote)];
      },
    };
  },
};

const apolloLog = (log: Logger) => ({
  debug: (message?: unknown) => log.debug(String(message)),
  info: (message?: unknown) => log.info(String(message)),
  warn: (message?: unknown) => log.warn(String(message)),
  error: (message?: unknown) => log.error(String(message)),
});
