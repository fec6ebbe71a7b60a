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
  const shownTo = originHeaders(origins);
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined) return done();
    reply.headers(shownTo(origin));
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return done();
    if (isAllowed(origin)) reply.headers(headers);
    reply.code(204).send();
  });
}

/** The headers of whatever is answered to a page of an origin. */
export const originHeaders = (origins: readonly string[]): ((origin: string) => Readonly<Record<string, string>>) => {
  const isAllowed = isOriginListed(origins);
  return (origin) =>
    isAllowed(origin)
      ? { vary: "origin", "access-control-allow-origin": origin, "access-control-expose-headers": "x-request-id, retry-after" }
      : { vary: "origin" };
};

export const isOriginListed =
  (origins: readonly string[]) =>
  (origin: string): boolean =>
    origins.includes("*") || origins.includes(origin);
