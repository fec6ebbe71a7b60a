import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance, preParsingHookHandler } from "fastify";

/** Takes a request whose body has come; false: it is not for whoever takes, and goes on as it came. */
export type Take = (request: IncomingMessage, response: ServerResponse, body: Buffer) => Promise<boolean>;

export interface ShownParts {
  readonly path: string;
  readonly maxBodyBytes: number;
  /** Whether requests are taken as usual: the server neither drains nor stops. */
  readonly isOpen: () => boolean;
  readonly take: Take;
}

/** Bodies that were read of requests that go on to Fastify all the same. */
const alreadyRead = new WeakMap<IncomingMessage, Buffer>();

/**
 * Shows the plainest of requests (JSON by POST to `path`, its length told, for an answer that is plain JSON) to `take` before
 * Fastify: most of the cost of a short answer would be its way through that. Everything else, and what is not taken, goes to
 * Fastify as if nobody had looked at it, body included.
 */
export function showFirst(app: FastifyInstance, { path, maxBodyBytes, isOpen, take }: ShownParts): void {
  app.server.removeAllListeners("request");
  app.server.on("request", (request, response) => {
    const length = request.url === path && isOpen() ? plainLength(request, maxBodyBytes) : null;
    if (length === null) return app.routing(request, response);
    const goOn = (body: Buffer) => {
      alreadyRead.set(request, body);
      app.routing(request, response);
    };
    whole(request, length, (body) => {
      take(request, response, body).then(
        (isTaken) => isTaken || goOn(body),
        // There is one place that knows how to tell of faults.
        () => response.headersSent || goOn(body),
      );
    });
  });
}

/** A `preParsing` hook, for the routes of such a path: a body that was read already is there to be read. */
export const readAgain: preParsingHookHandler = (request, _reply, payload, done) => {
  const body = alreadyRead.get(request.raw);
  done(null, body ? Object.assign(Readable.from([body]), { receivedEncodedLength: body.length }) : payload);
};

const types: ReadonlySet<string | undefined> = new Set(["application/json", "application/json; charset=utf-8"]);
const answers: ReadonlySet<string | undefined> = new Set([undefined, "*/*", "application/json"]);

/** How long the body of such a request is; null: it is another. */
function plainLength({ method, headers }: IncomingMessage, maxBodyBytes: number): number | null {
  if (method !== "POST" || !types.has(headers["content-type"]) || !answers.has(headers.accept)) return null;
  if (headers["transfer-encoding"] !== undefined || headers["content-encoding"] !== undefined) return null;
  const length = Number(headers["content-length"]);
  return length > 0 && length <= maxBodyBytes ? length : null;
}

/** A body that breaks off is nobody's: the connection is gone. */
function whole(request: IncomingMessage, length: number, then: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => void chunks.push(chunk));
  request.on("end", () => then(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)));
}
