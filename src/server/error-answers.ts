import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyError, FastifyInstance, FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";
import type { Logger } from "pino";

interface Told {
  readonly message: string;
  readonly extensions: { readonly code: string; readonly [fact: string]: unknown };
}

const bodyOf = (error: Told) => ({ errors: [error] });

/** Whatever goes wrong on any route is answered as GraphQL answers, and what is a fault of ours as one sentence with an id that the log has. */
export function answerErrors(app: FastifyInstance, log: Logger, newId: () => string): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof GraphQLError) {
      const { http, code = "BAD_REQUEST", ...facts } = error.extensions;
      const headers = Object.fromEntries(new Map(http?.headers as unknown as ReadonlyMap<string, string>));
      return reply
        .code(http?.status ?? 400)
        .headers(headers)
        .send(bodyOf({ message: error.message, extensions: { code: String(code), ...facts } }));
    }
    const status = error.statusCode ?? 500;
    if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") return reply.code(status).send(bodyOf(tooLarge(request)));
    if (status < 500) return reply.code(status).send(bodyOf({ message: error.message, extensions: { code: "BAD_REQUEST" } }));
    const errorId = newId();
    log.error({ err: error, errorId, route: request.routeOptions.url }, "A request could not be answered for a reason that is not known.");
    const message = `Something went wrong inside the gateway. Its log tells what, under ${errorId}.`;
    return reply.code(500).send(bodyOf({ message, extensions: { code: "INTERNAL_SERVER_ERROR", errorId } }));
  });
}

/** A body without a length is read up to the limit, so that nobody knows how long it would have been. */
function tooLarge({ headers, routeOptions }: FastifyRequest): Told {
  const limit = routeOptions.bodyLimit ?? 0;
  const length = Number(headers["content-length"]);
  const got = Number.isInteger(length) && length > limit ? { got: length } : {};
  const message = got.got ? `The body has ${got.got} bytes; at most ${limit} are taken.` : `The body has more than the ${limit} bytes that are taken.`;
  return { message, extensions: { code: "REQUEST_TOO_LARGE", what: "bytes", ...got, limit } };
}

/** Answers what is no request, or did not become one in time, and hangs up: no route ever sees it. */
export const hangUp = (arrivalMs: number, maxHeaderBytes: number) => (error: Error & { readonly code?: string }, socket: Duplex) => {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const [status, told] = unreadable(error.code, arrivalMs, maxHeaderBytes);
  const body = JSON.stringify(bodyOf(told));
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  if (socket.writable) socket.write(`${head}\r\n\r\n${body}`);
  socket.destroy(error);
};

function unreadable(code: string | undefined, arrivalMs: number, maxHeaderBytes: number): readonly [number, Told] {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    const message = `The request did not arrive whole within ${arrivalMs / 1000} s.`;
    return [408, { message, extensions: { code: "REQUEST_TIMEOUT", what: "ms to arrive", limit: arrivalMs } }];
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    const message = `The headers have more bytes than the ${maxHeaderBytes} that are taken.`;
    return [431, { message, extensions: { code: "REQUEST_TOO_LARGE", what: "bytes of headers", limit: maxHeaderBytes } }];
  }
  return [400, { message: "This is not HTTP that is understood here.", extensions: { code: "BAD_REQUEST" } }];
}
