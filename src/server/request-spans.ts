import type { FastifyInstance, FastifyRequest } from "fastify";
import { isTracing, noteOnSpan, type OpenSpan, openSpan } from "../spans.js";
import type { Observer } from "./observers.js";

/** What monitoring asks for all day tells nothing. */
const untraced = /^\/(health|metrics)/;

/** Each request is a span, which goes on with the trace of whoever sent it; as long as nobody is told of spans, it costs nothing. */
export function addRequestSpans(app: FastifyInstance): void {
  if (!isTracing()) return;
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  app.addHook("onRequest", (request, _reply, done) => {
    const route = request.routeOptions.url;
    if (route === undefined || untraced.test(route)) return done();
    const { traceparent } = request.headers;
    const parent = typeof traceparent === "string" ? traceparent : undefined;
    const attributes = { "http.request.method": request.method, "http.route": route };
    const span = openSpan({ name: `${request.method} ${route}`, kind: "server", attributes, parent });
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
