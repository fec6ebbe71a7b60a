import type { IncomingMessage } from "node:http";
import { ApolloServer, type ApolloServerPlugin, type GraphQLResponse } from "@apollo/server";
import { ApolloServerErrorCode, unwrapResolverError } from "@apollo/server/errors";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginInlineTrace } from "@apollo/server/plugin/inlineTrace";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyRequest, RouteHandlerMethod } from "fastify";
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import { limits } from "../domain/limits.js";
import { Changes } from "../resolvers/changes.js";
import { type RequestContext, requestContext } from "../resolvers/context.js";
import { formatError, formatNote } from "../resolvers/format-error.js";
import { LiveReads } from "../resolvers/live-reads.js";
import type { ResolverParts } from "../resolvers/parts.js";
import { RunProgresses } from "../resolvers/run-progress.js";
import type { Caller } from "./access.js";
import type { Answering } from "./direct.js";
import { anyone } from "./doorkeeper.js";
import { eventStream, wantsEvents } from "./event-stream.js";
import { eachWithItsOwn, type GuardedContext, guards, refuseLongBatch, sizeRule } from "./guards.js";
import type { Incoming } from "./incoming.js";
import { CompiledOperations, jit } from "./jit.js";
import type { Metrics } from "./metrics.js";
import { observed } from "./observers.js";
import { PersistedDocuments } from "./persisted-documents.js";
import { admitRequest } from "./persisted-requests.js";
import { readAgain } from "./plain-requests.js";
import { logOperations } from "./request-log.js";
import { operationsOnSpans } from "./request-spans.js";
import { setStatusForJson } from "./status-for-json.js";
import { type StreamContext, Streams, subscriptionsByStream } from "./streams.js";
import { addWebSocket } from "./web-socket.js";

export interface GraphqlParts extends ResolverParts {
  readonly schema: GraphQLSchema;
  readonly log: Logger;
  readonly newId: () => string;
  /** Who sends a request; default: nobody has to identify themselves. Throws when the request must not be answered. */
  readonly callerOf?: (incoming: Incoming & { readonly body?: unknown }) => Promise<Caller>;
  /** Routers that ask how long each field took are told (ftv1). */
  readonly federatedTraces?: boolean;
  /** Introspection is off. */
  readonly isProduction?: boolean;
  readonly metrics?: Metrics;
  /** The time that an operation is met at which it is compiled; null: never. */
  readonly compileOn?: number | null;
  /** Documents that clients may name; default: none. */
  readonly documents?: PersistedDocuments;
  /** Whether pages of another origin may connect by WebSocket; default: none. */
  readonly isOriginAllowed?: (origin: string) => boolean;
  /** Bounds of subscriptions, where they differ from the usual ones. */
  readonly streaming?: Partial<Streaming>;
}

interface Streaming {
  readonly waiting: number;
  readonly runPollMs: number;
  readonly callerKnownMs: number;
  readonly stalledMs: number;
  readonly pingMs: number;
  readonly strangerMs: number;
}

/** Uploads are not taken, so that no operation needs more. */
const { maxBodyBytes, maxTokens } = limits.request;

/**
 * `/graphql` over HTTP, and by WebSocket and server-sent events, which `/graphql/stream` answers with too. The server stops with
 * `app`. Gives what plain queries can be answered with directly; null: they can't.
 */
export async function addGraphql(app: FastifyInstance, parts: GraphqlParts): Promise<Answering | null> {
  const { schema, log, newId, documents = PersistedDocuments.none, compileOn = limits.compiled.onMeeting } = parts;
  const shown = (error: unknown) => formatError(plainly(error), error, log, newId);
  for (const sentence of documents.invalidIn(schema)) log.warn(sentence);
  const compiled = compileOn === null ? null : new CompiledOperations(compileOn, parts);
  const observers = [logOperations(log), operationsOnSpans, ...(parts.metrics ? [parts.metrics.observer] : [])];
  const apollo = new ApolloServer<StreamContext>({
    schema,
    introspection: !parts.isProduction,
    hideSchemaDetailsFromClientErrors: parts.isProduction ?? false,
    includeStacktraceInErrorResponses: false,
    // Kept in a cache of at most 30 MB, from which the least used goes first.
    persistedQueries: documents.isOnly ? false : { ttl: null },
    logger: apolloLog(log),
    formatError: (formatted, error) => formatError(explained(formatted), error, log, newId),
    allowBatchedHttpRequests: true,
    parseOptions: { maxTokens },
    validationRules: [sizeRule],
    // The process handles its signals itself.
    stopOnTerminationSignals: false,
    plugins: [
      // Both would wrap every field of the schema; the trace does so from the first request on that asks for one.
      ApolloServerPluginCacheControlDisabled(),
      parts.federatedTraces ? ApolloServerPluginInlineTrace({ includeErrors: { masked: true } }) : ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      guards((reason) => parts.metrics?.refused(reason)),
      eachWithItsOwn((caller) => contextFor(caller)),
      subscriptionsByStream,
      ...(compiled ? [jit(compiled, shown)] : []),
      finishing,
      observed(observers),
    ],
  });
  await apollo.start();
  // By then all requests that were under way have been answered.
  app.addHook("onClose", () => apollo.stop());

  const live = new LiveReads(parts);
  const streaming = { ...limits.subscriptions, ...parts.streaming };
  const watching = { changes: new Changes(parts.store, streaming.waiting), runs: new RunProgresses(parts.store, streaming.runPollMs) };
  const contextFor = (credentials: Caller): GuardedContext => ({ ...requestContext(parts, live, credentials.name, watching), credentials });
  const callerOf = async (incoming: Incoming) => (await parts.callerOf?.(incoming)) ?? anyone;
  const contextOf = async (incoming: Incoming) => contextFor(await callerOf(incoming));
  const admit = documents.admit.bind(documents);
  const streams = new Streams({ parts, apollo, live, contextOf, shown, admit, callerKnownMs: streaming.callerKnownMs });
  addWebSocket(app, { streams, log, maxBodyBytes, isOriginAllowed: parts.isOriginAllowed, pingMs: streaming.pingMs, strangerMs: streaming.strangerMs });
  // A request that is refused on the direct way is the same caller's, and counted once.
  const callers = new WeakMap<IncomingMessage, Promise<Caller>>();
  await app.register(async (scope) => {
    // A form of another site could send text without asking the browser first.
    scope.removeContentTypeParser("text/plain");
    scope.addHook("preParsing", readAgain);
    const events = eventStream(app, { streams, log, stalledMs: streaming.stalledMs });
    scope.addHook("preHandler", (request, reply, done) => {
      if (request.routeOptions.url !== "/graphql") return done();
      try {
        refuseLongBatch(request.body);
        // These answer by themselves.
        if (wantsEvents(request)) return void events(request, reply).catch(done);
        admitRequest(documents, request);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
    const context = async (request: FastifyRequest) => contextFor(await (callers.get(request.raw) ?? callerOf(request)));
    const handler = fastifyApolloHandler(apollo, { context }) as unknown as RouteHandlerMethod;
    scope.route({ method: ["GET", "POST", "OPTIONS"], url: "/graphql", bodyLimit: maxBodyBytes, handler });
    scope.route({ method: ["GET", "POST"], url: "/graphql/stream", bodyLimit: maxBodyBytes, handler: events });
  });
  if (!compiled) return null;
  const callerOnce = (request: IncomingMessage) => {
    const caller = callerOf({ headers: request.headers, ip: request.socket.remoteAddress ?? "" });
    callers.set(request, caller);
    return caller;
  };
  return { compiled, callerOf: callerOnce, contextFor, observers, shown, finish };
}

/** An error as GraphQL shows it, without what is said by the status and the headers of an answer. */
function plainly(error: unknown): GraphQLFormattedError {
  const cause = unwrapResolverError(error);
  const { extensions: { http: _, ...extensions } = {}, ...shown } = error instanceof GraphQLError ? error.toJSON() : { message: String(error) };
  const code = cause instanceof GraphQLError ? cause.extensions.code : undefined;
  return explained({ ...shown, extensions: { code: "INTERNAL_SERVER_ERROR", ...(code === undefined ? {} : { code }), ...extensions } });
}

/** GraphQL.js 16 knows neither directive, so that it only says that they are unknown. */
function explained(error: GraphQLFormattedError): GraphQLFormattedError {
  const [, tokens] = /Document contains more that (\d+) tokens/.exec(error.message) ?? [];
  if (tokens) return tooManyTokens(error, Number(tokens));
  // Apollo gives whatever a rule reports the code of a document that is wrong.
  if (error.extensions?.what !== undefined && error.extensions.code === ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED)
    return { ...error, extensions: { ...error.extensions, code: "REQUEST_TOO_LARGE" } };
  const [, directive] = /^Unknown directive "@(defer|stream)"/.exec(error.message) ?? [];
  return directive ? { ...error, message: `@${directive} is not supported: answers come whole. Send the operation without it.` } : error;
}

/** The parser stops at the first token that is too many, so that nobody knows how many there are. */
function tooManyTokens({ locations }: GraphQLFormattedError, limit: number): GraphQLFormattedError {
  const extensions = { code: "REQUEST_TOO_LARGE", what: "tokens", limit };
  return { message: `The document has more than the ${limit} tokens that are taken.`, ...(locations ? { locations } : {}), extensions };
}

/** Adds errors about data that is there all the same (a record that could not be read now, shown as it was read before). */
function finish(response: GraphQLResponse, { notes: { all: notes } }: RequestContext, accept: string | undefined): void {
  const { body } = response;
  if (notes.length > 0 && body.kind === "single") body.singleResult.errors = [...(body.singleResult.errors ?? []), ...notes.map(formatNote)];
  setStatusForJson(response, accept);
}

const finishing: ApolloServerPlugin<RequestContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, request, response }) {
        finish(response, contextValue, request.http?.headers.get("accept"));
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
