import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { type ExecutionArgs, GraphQLError, parse } from "graphql";
import { CloseCode, type Context, handleProtocols, makeServer, type OperationResult } from "graphql-ws";
import type { Logger } from "pino";
import { type WebSocket, WebSocketServer } from "ws";
import { limits } from "../domain/limits.js";
import type { Incoming } from "./incoming.js";
import { ShownError } from "./shown-error.js";
import type { Started, StreamResult, Streams } from "./streams.js";

export interface WebSocketParts {
  readonly streams: Streams;
  readonly log: Logger;
  readonly maxBodyBytes: number;
  /** Whether a page of this origin may connect, beside those that this server serves itself. */
  readonly isOriginAllowed?: ((origin: string) => boolean) | undefined;
  readonly pingMs?: number | undefined;
  readonly maxWaitingBytes?: number | undefined;
  /** How long a connection whose credentials are nobody's stays open: its operations are refused until then. */
  readonly strangerMs?: number | undefined;
}

interface Extra {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
}

type Connection = Context<Record<string, unknown>, Extra>;

/** graphql-ws at `/graphql`, on the HTTP server of `app`, with which it stops: clients are told to go, and may connect elsewhere. */
export function addWebSocket(app: FastifyInstance, parts: WebSocketParts): void {
  const { streams, maxBodyBytes, strangerMs = limits.subscriptions.strangerMs } = parts;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxBodyBytes, handleProtocols });
  const server = makeServer<Record<string, unknown>, Extra>({
    // Let in all the same, so that they are told what is wrong as an error of GraphQL; connections cost something, so not for long.
    onConnect: async (connection) => {
      const { socket } = connection.extra;
      if (!(await streams.isStranger(incomingOf(connection)))) return;
      const timer = setTimeout(() => socket.close(CloseCode.Unauthorized, "These credentials are not known here."), strangerMs);
      socket.once("close", () => clearTimeout(timer));
    },
    onSubscribe: async (connection, _id, payload) => {
      const { perSocket } = limits.subscriptions;
      const open = Object.keys(connection.subscriptions).length;
      if (open > perSocket) return [tooMany(open, perSocket)];
      const started = await streams.start(payload, incomingOf(connection));
      return started.kind === "refused" ? started.errors.map((error) => new ShownError(error)) : executionOf(started);
    },
    // Both are begun already.
    execute: ({ contextValue }) => startedIn(contextValue),
    subscribe: ({ contextValue }) => startedIn(contextValue),
    onNext: (_connection, _id, _payload, _args, result) => result as never,
  });

  let isStopping = false;
  app.server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    if (isStopping) return turnAway(socket, "503 Service Unavailable");
    if (request.url?.split("?")[0] !== "/graphql") return turnAway(socket, "404 Not Found");
    if (!isOriginAllowed(request, parts.isOriginAllowed)) return turnAway(socket, "403 Forbidden");
    sockets.handleUpgrade(request, socket, head, (webSocket) => open(webSocket, request));
  });

  function open(socket: WebSocket, request: IncomingMessage): void {
    const { log, pingMs = limits.subscriptions.pingMs, maxWaitingBytes = limits.subscriptions.socketBytes } = parts;
    // Such as a message that is too long; `close` follows.
    socket.on("error", (error) => log.debug({ err: error }, "A WebSocket failed."));
    let isAlive = true;
    socket.on("pong", () => {
      isAlive = true;
    });
    const pinger = setInterval(() => {
      if (!isAlive) return socket.terminate();
      isAlive = false;
      socket.ping();
    }, pingMs);
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: async (data) => {
          if (socket.readyState !== socket.OPEN) return;
          if (socket.bufferedAmount > maxWaitingBytes) return cutOff(socket);
          // Resolves once it is on its way, so that what comes next waits in its mailbox, which is bounded.
          await new Promise<void>((resolve) => socket.send(data, () => resolve()));
        },
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) =>
          socket.on("message", (message) => {
            take(String(message)).catch((error: unknown) => {
              log.error({ err: error }, "A message of a WebSocket could not be handled.");
              socket.close(CloseCode.InternalServerError, "Something went wrong inside the gateway.");
            });
          }),
      },
      { request, socket },
    );
    socket.once("close", (code, reason) => {
      clearInterval(pinger);
      closed(code, String(reason)).catch((error: unknown) => log.error({ err: error }, "A WebSocket could not be ended cleanly."));
    });
  }

  app.addHook("preClose", async () => {
    isStopping = true;
    await streams.stop();
    // Their answers are on their way before the last frame.
    await new Promise((resolve) => setImmediate(resolve));
    await closeAll(sockets);
  });
}

const closingMs = 1_000;

/** Tells all to go, and cuts off who has not gone after a second. */
async function closeAll(sockets: WebSocketServer): Promise<void> {
  const open = [...sockets.clients];
  if (open.length === 0) return;
  const gone = Promise.all(open.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
  for (const socket of open) socket.close(1001, "The server stops. Connect again.");
  const timer = setTimeout(() => {
    for (const socket of open) socket.terminate();
  }, closingMs);
  await gone;
  clearTimeout(timer);
}

function cutOff(socket: WebSocket): void {
  socket.close(4408, "Too slow: too much waits to be taken.");
  socket.terminate();
}

const tooMany = (got: number, limit: number) =>
  new GraphQLError(`One connection takes at most ${limit} operations at a time. End some of them, or open another connection.`, {
    extensions: { code: "REQUEST_TOO_LARGE", what: "operations", got, limit },
  });

/** graphql-ws only looks at what kind of operation it is. */
const documents = { single: parse("{ begun }"), stream: parse("subscription { begun }") };

const executionOf = (started: Exclude<Started, { kind: "refused" }>): ExecutionArgs =>
  ({ schema: undefined, document: documents[started.kind], contextValue: started }) as unknown as ExecutionArgs;

const startedIn = (contextValue: unknown): OperationResult => {
  const started = contextValue as Exclude<Started, { kind: "refused" }>;
  return (started.kind === "single" ? started.result : started.results) as OperationResult & StreamResult;
};

/** What a client can't put into the headers of a WebSocket it puts into `connectionParams`. */
const credentialHeaders = ["authorization", "x-api-key"];

function incomingOf({ connectionParams = {}, extra: { request } }: Connection): Incoming {
  const inner = connectionParams.headers;
  const params = { ...connectionParams, ...(typeof inner === "object" ? inner : {}) };
  const given: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === "string" && credentialHeaders.includes(name.toLowerCase())) given[name.toLowerCase()] = value;
  }
  return { headers: { ...request.headers, ...given }, ip: request.socket.remoteAddress ?? "" };
}

/**
 * Browsers let every page open a WebSocket to everywhere: without this any site that is open on the same machine could read all.
 * What is no browser sends no origin.
 */
function isOriginAllowed({ headers: { origin, host } }: IncomingMessage, isAllowed: ((origin: string) => boolean) | undefined): boolean {
  if (origin === undefined) return true;
  if (isAllowed?.(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function turnAway(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
