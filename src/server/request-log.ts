import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { withLogFields } from "../log.js";
import type { Observer } from "./observers.js";

/** Ids that others give are taken over if they are no more than that. */
const isId = (value: unknown): value is string => typeof value === "string" && /^[\w.-]{1,64}$/.test(value);

/** The caller's own id for a request; null: it has none, or none that is taken over. */
export function requestIdOf({ "x-request-id": given }: IncomingHttpHeaders): string | null {
  return isId(given) ? given : null;
}

/** Does what is done for a request: every line that is logged on its way has its id. */
export const inRequest = <T>(requestId: string, work: () => T): T => withLogFields({ requestId }, work);

/** Gives each request an id: the caller's own, or a new one. It is in the answer and in every line that is logged on its way. */
export function addRequestIds(app: FastifyInstance, newId: () => string): void {
  app.addHook("onRequest", (request, reply, done) => {
    const requestId = requestIdOf(request.headers) ?? newId();
    reply.header("x-request-id", requestId);
    inRequest(requestId, done);
  });
}

/** One line for each operation, without its values: mutations and faults always, the rest where details are asked for. */
export const logOperations = (log: Logger): Observer => ({
  answered({ operation, operationName, caller, errors, ms }) {
    const level = operation?.operation === "mutation" ? "info" : "debug";
    if (!log.isLevelEnabled(level)) return;
    const fields = {
      operation: operation?.operation ?? null,
      name: operation ? operationName : null,
      caller,
      ms: Math.round(ms),
      ...(errors.length > 0 ? { errors: [...new Set(errors.map(({ extensions }) => extensions?.code))] } : {}),
    };
    log[level](fields, "An operation was answered.");
  },
});
