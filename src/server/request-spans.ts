import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isTracing, noteOnSpan, type OpenSpan, openSpan } from "../spans.js";
import type { Observer } from "./observers.js";

/** What monitoring asks for all day tells nothing. */
const untraced = /^\/(health|metrics)/;

/** The span of a request, which goes on with the trace of whoever sent it; null: nobody is told of spans. */
export function spanOf({ method = "", headers: { traceparent } }: Pick<IncomingMessage, "method" | "headers">, route: string): OpenSpan | null {
  if (!isTracing()) return null;
  const parent = typeof traceparent === "string" ? traceparent : undefined;
  const attributes = { "http.request.method": method, "http.route": route };
  return openSpan({ name: `${method} ${route}`, kind: "server", attributes, parent });
}

/** Each request is a span; as long as nobody is told of spans, it costs nothing. */
export function addRequestSpans(app: FastifyInstance): void {
  if (!isTracing()) return;
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  app.addHook("onRequest", (request, _reply, done) => {
    const route = request.routeOptions.url;
    const span = route === undefined || untraced.test(route) ? null : spanOf(request, route);
    if (!span) return done();
    spans.set(request, span);
    span.run(done);
  });
  app.addHook("onResponse", (request, reply, done) => {
    spans.get(request)?.end({ "http.response.status_code": reply.statusCode });
    done();
  });
  app.addHook("onRequestAbort", async (request) => spans.get(request)?.end({ "tandem.aborted": true }));
}

/** Longer ones would be no names. */
const maxNameLength = 80;

/** Calls the span by the operation that it answers. */
export const operationsOnSpans: Observer = {
  begun({ operation, operationName }) {
    if (!isTracing()) return;
    const name = (operationName ?? "anonymous").slice(0, maxNameLength);
    noteOnSpan(`${operation.operation} ${name}`, { "graphql.operation.type": operation.operation, "graphql.operation.name": name });
  },
};
