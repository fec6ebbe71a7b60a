import { randomUUID } from "node:crypto";
import { maxHeaderSize } from "node:http";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { Logger } from "pino";
import { limits } from "../domain/limits.js";
import { buildTandemSchema } from "../resolvers/build-schema.js";
import { addCors, isOriginListed, originHeaders } from "./cors.js";
import { direct } from "./direct.js";
import type { Doorkeeper } from "./doorkeeper.js";
import { answerErrors, hangUp } from "./error-answers.js";
import { addExplorer } from "./explorer.js";
import { addGraphql, type GraphqlParts } from "./graphql.js";
import { addHealth, type HealthParts } from "./health.js";
import { addMetrics, type MonitoringParts } from "./monitoring.js";
import { showFirst } from "./plain-requests.js";
import { addRequestIds } from "./request-log.js";
import { addRequestSpans } from "./request-spans.js";

export interface ServerParts extends Omit<GraphqlParts, "schema" | "newId" | "store" | "isOriginAllowed">, Omit<HealthParts, "store">, MonitoringParts {
  readonly store: GraphqlParts["store"];
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly log: Logger;
  /** Names the faults that a client is told of and the log explains. */
  readonly newId?: () => string;
  /** Who is let in; default: everybody. */
  readonly doorkeeper?: Doorkeeper;
  /** Origins of other sites whose pages may call. */
  readonly corsOrigins?: readonly string[];
  /** A request that takes longer to arrive is cut off. */
  readonly arrivalMs?: number;
  /** Further routes, such as webhooks; each in a scope of its own, with its own body limit. */
  readonly routes?: readonly ((app: FastifyInstance) => Promise<void>)[];
}

export interface Server {
  readonly url: string;
  readonly port: number;
  /** Says that it is not ready, and ends connections with their next answer, so that whoever spreads requests sends them elsewhere. All are still answered. */
  drain(): void;
  /** Takes no more requests, answers those that are under way, then closes. More than once is harmless. */
  stop(): Promise<void>;
}

/** Bodies of routes that do not say otherwise. */
const maxBodyBytes = 100_000;

/** The HTTP server: `/graphql`, the explorer at `/`, health, and what `routes` add. Rejects when the port is taken. */
export async function createServer(parts: ServerParts): Promise<Server> {
  const { doorkeeper, corsOrigins = [], newId = randomUUID, arrivalMs = limits.request.bodyMs } = parts;
  const app: FastifyInstance = Fastify({
    loggerInstance: parts.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // Lines have the request's id from elsewhere, so that no request needs a log of its own.
    childLoggerFactory: (log) => log,
    bodyLimit: maxBodyBytes,
    forceCloseConnections: "idle",
    clientErrorHandler: hangUp(arrivalMs, maxHeaderSize),
    requestTimeout: arrivalMs,
    // How often Node looks for requests that take too long.
    http: { headersTimeout: arrivalMs, connectionsCheckingInterval: Math.ceil(arrivalMs / 6) },
  });
  answerErrors(app, parts.log, newId);
  let isDraining = false;
  const stopping = ["The gateway is stopping: send requests to another one."];
  const reasonsNotReady = async () => [...((await parts.reasonsNotReady?.()) ?? []), ...(isDraining ? stopping : [])];
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (isDraining) reply.header("connection", "close");
    done(null, payload);
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= app.close();
    return stopped;
  };
  try {
    addRequestSpans(app);
    addRequestIds(app, randomUUID);
    addCors(app, corsOrigins);
    const answering = await addGraphql(app, {
      ...parts,
      schema: buildTandemSchema(parts),
      newId,
      ...(doorkeeper ? { callerOf: (incoming) => doorkeeper.admit(incoming) } : {}),
      isOriginAllowed: isOriginListed(corsOrigins),
    });
    if (answering) {
      const take = direct({ ...answering, newRequestId: randomUUID, headersFor: originHeaders(corsOrigins) });
      showFirst(app, { path: "/graphql", maxBodyBytes: limits.request.maxBodyBytes, isOpen: () => !isDraining && !stopped, take });
    }
    addExplorer(app);
    addHealth(app, { ...parts, reasonsNotReady });
    addMetrics(app, parts);
    for (const add of parts.routes ?? []) await app.register(async (scope) => add(scope));
    await app.listen({ host: parts.host, port: parts.port });
  } catch (error) {
    await stop();
    throw error;
  }
  const address = app.server.address();
  const port = typeof address === "object" && address ? address.port : parts.port;
  const host = parts.host.includes(":") ? `[${parts.host}]` : parts.host;
  const drain = () => {
    isDraining = true;
  };
  return { url: `http://${host}:${port}`, port, drain, stop };
}
