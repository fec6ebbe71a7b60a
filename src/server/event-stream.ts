import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { getOperationAST, parse } from "graphql";
import { createHandler } from "graphql-sse";
import type { Logger } from "pino";
import { limits } from "../domain/limits.js";
import type { Started, StreamResult, Streams } from "./streams.js";

export interface EventStreamParts {
  readonly streams: Streams;
  readonly log: Logger;
  readonly stalledMs?: number | undefined;
}

type Answer = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** Who has not taken the end of its stream by then is cut off. */
const closingMs = 1_000;

interface Raw {
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
}

/**
 * graphql-sse in its distinct connections mode: one operation a stream, so that any replica can serve any of them. Streams end
 * with `app`, without the last word of the protocol, so that clients connect elsewhere.
 */
export function eventStream(app: FastifyInstance, { streams, log, stalledMs = limits.subscriptions.stalledMs }: EventStreamParts): Answer {
  const handle = createHandler<Raw>({
    authenticate: () => null,
    onSubscribe: async ({ method, raw: { request } }, params) => results(await streams.start(params, request, method === "GET")) as never,
    // Nothing more is taken out of the mailbox, which is bounded, until the client has taken this.
    onNext: async (_context, { raw: { response } }) => {
      if (await isDrained(response, stalledMs)) return;
      log.info("A subscriber took nothing for too long, and was cut off.");
      response.destroy();
    },
  });

  const open = new Map<ServerResponse, () => void>();
  app.addHook("preClose", async () => {
    await streams.stop();
    await Promise.all([...open].map(([response, end]) => ended(response, end)));
  });

  return async (request, reply) => {
    const { raw: response } = reply;
    const [body, init] = await handle({
      method: request.method,
      url: request.url,
      headers: { get: (name) => (name === "accept" ? "text/event-stream" : String(request.headers[name] ?? "")) },
      body: request.body as Record<string, unknown>,
      raw: { request, response },
      context: undefined,
    });
    reply.code(init.status).headers({ ...init.headers, "x-accel-buffering": "no" });
    if (body === null || typeof body === "string") return reply.send(body ?? "");
    const end = () => void body.return(undefined);
    open.set(response, end);
    response.once("close", () => {
      open.delete(response);
      end();
    });
    // It may have gone while the operation was begun.
    if (response.destroyed) end();
    return reply.send(Readable.from(body, { highWaterMark: 1 }));
  };
}

/** Ends a stream and its connection, which was to be kept alive. */
async function ended(response: ServerResponse, end: () => void): Promise<void> {
  const { socket } = response;
  const closed = new Promise((resolve) => response.once("close", resolve));
  const timer = setTimeout(() => response.destroy(), closingMs);
  end();
  await closed;
  clearTimeout(timer);
  socket?.end();
}

/** Whether what a client takes can only be, or is better, a stream of events. */
export function wantsEvents(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? "";
  if (!accept.includes("text/event-stream")) return false;
  if (!/application\/(graphql-response\+)?json|\*\/\*/.test(accept)) return true;
  // Some clients list all that they understand with every operation.
  const { query, operationName } = (request.method === "GET" ? request.query : (request.body ?? {})) as { query?: unknown; operationName?: unknown };
  return typeof query === "string" && isSubscription(query, typeof operationName === "string" ? operationName : null);
}

function isSubscription(query: string, operationName: string | null): boolean {
  if (!query.includes("subscription")) return false;
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    return false;
  }
}

/** Refusals too go into the stream: a client of events reads nothing else. */
function results(started: Started): AsyncIterable<StreamResult> {
  return started.kind === "stream" ? started.results : only(started.kind === "single" ? started.result : { errors: started.errors });
}

async function* only<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** False: it did not take what waits for it in time. */
function isDrained(response: ServerResponse, withinMs: number): Promise<boolean> {
  if (!response.writableNeedDrain || response.destroyed) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (isTaken: boolean) => {
      clearTimeout(timer);
      response.off("drain", taken).off("close", taken);
      resolve(isTaken);
    };
    const taken = () => settle(true);
    const timer = setTimeout(() => settle(false), withinMs);
    response.on("drain", taken).on("close", taken);
  });
}
