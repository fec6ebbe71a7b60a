import type { FastifyInstance } from "fastify";

const headers = {
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers": "authorization, content-type, x-api-key, apollo-require-preflight, x-apollo-operation-name, x-request-id",
  "access-control-max-age": "600",
};

/**
 * Lets pages of the listed origins call; browsers keep all others from it. Credentials are sent by the page's own script, not by
 * the browser, so `allow-credentials` is never said.
 */
export function addCors(app: FastifyInstance, origins: readonly string[]): void {
  const isAllowed = isOriginListed(origins);
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined) return done();
    reply.header("vary", "origin");
    if (isAllowed(origin)) reply.header("access-control-allow-origin", origin).header("access-control-expose-headers", "x-request-id, retry-after");
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return done();
    if (isAllowed(origin)) reply.headers(headers);
    reply.code(204).send();
  });
}

export const isOriginListed =
  (origins: readonly string[]) =>
  (origin: string): boolean =>
    origins.includes("*") || origins.includes(origin);
