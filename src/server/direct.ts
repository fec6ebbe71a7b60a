import type { GraphQLResponse } from "@apollo/server";
import type { FastifyRequest, RouteHandlerMethod } from "fastify";
import type { GraphQLFormattedError } from "graphql";
import type { Caller } from "./access.js";
import type { GuardedContext } from "./guards.js";
import { refusedBefore } from "./guards.js";
import { type CompiledOperation, type CompiledOperations, execute, soundValues } from "./jit.js";
import type { Answered, Observer } from "./observers.js";
import type { StreamContext } from "./streams.js";

export interface DirectParts {
  readonly compiled: CompiledOperations;
  readonly callerOf: (request: FastifyRequest) => Promise<Caller>;
  readonly contextFor: (caller: Caller) => GuardedContext;
  readonly observers: readonly Observer[];
  readonly shown: (error: unknown) => GraphQLFormattedError;
  /** What is added to an answer, and its status, when all of it is there. */
  readonly finish: (response: GraphQLResponse, context: GuardedContext, accept: string | undefined) => void;
}

/**
 * Answers queries whose text Apollo has parsed, found valid and had compiled before: for these its way through a request would
 * find out nothing new. What is allowed to whom and how much it may give is looked at as always. Whatever is not a plain query
 * by POST, or is refused, goes the long way; what that answers is the same.
 */
export function direct(parts: DirectParts, otherwise: RouteHandlerMethod): RouteHandlerMethod {
  return async function (request, reply) {
    const asked = plainRequest(request);
    const found = asked && parts.compiled.find(asked.query, asked.operationName);
    const values = found?.operation.operation === "query" ? soundValues(found, asked?.variables) : null;
    if (!asked || !found || !values) return otherwise.call(this, request, reply);
    const startedAt = performance.now();
    // Whoever is not let in is told so on the long way.
    const caller = await parts.callerOf(request).catch(() => null);
    if (!caller || refusedBefore(found, asked.variables, caller)) return otherwise.call(this, request, reply);
    const { body, status } = await answered(parts, { found, values, caller, startedAt, ...asked }, request.headers.accept);
    return reply.code(status).header("content-type", "application/json; charset=utf-8").send(body);
  };
}

interface PlainRequest {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** What a POST asks, where it asks for nothing else and takes plain JSON; null: it is something else, or not well formed. */
function plainRequest({ method, body, headers }: FastifyRequest): PlainRequest | null {
  const { accept } = headers;
  if (method !== "POST" || !(accept === undefined || accept === "*/*" || accept === "application/json")) return null;
  if (typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const { query, operationName, variables } = body as Record<string, unknown>;
  if (typeof query !== "string" || !isOptional(operationName, "string") || !isOptional(variables, "object") || Array.isArray(variables)) return null;
  for (const name in body) if (!known.has(name) && (body as Record<string, unknown>)[name] !== undefined) return null;
  return { query, operationName: (operationName as string | null | undefined) ?? null, variables: (variables ?? {}) as Readonly<Record<string, unknown>> };
}

const known: ReadonlySet<string> = new Set(["query", "operationName", "variables"]);

const isOptional = (value: unknown, type: "string" | "object"): boolean => value === undefined || value === null || typeof value === type;

/** What is asked by whom, and is going to be answered. */
interface Admitted extends PlainRequest {
  readonly found: CompiledOperation;
  readonly values: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  readonly startedAt: number;
}

async function answered(
  parts: DirectParts,
  admitted: Admitted,
  accept: string | undefined,
): Promise<{ readonly body: string | Buffer; readonly status: number }> {
  const { found, values, variables, operationName, caller, startedAt } = admitted;
  const { operation } = found;
  const about = { operation, operationName: operationName ?? operation.name?.value ?? null, caller: caller.name };
  const ended = (hasData: boolean, errors: Answered["errors"]) => {
    for (const observer of parts.observers) observer.answered?.({ ...about, hasData, errors, ms: performance.now() - startedAt });
  };
  for (const observer of parts.observers) observer.begun?.(about);
  const spliced = await found.splice.answer(values);
  if (spliced !== null) {
    ended(true, []);
    return { body: Buffer.from(`{"data":${spliced}}\n`, "latin1"), status: 200 };
  }
  const context = parts.contextFor(caller);
  const response = await execute(found, context as StreamContext, variables, parts.shown);
  parts.finish(response, context, accept);
  const { errors, data } = response.body.kind === "single" ? response.body.singleResult : {};
  ended(data != null, errors ?? []);
  return { body: `${JSON.stringify({ errors, data })}\n`, status: response.http.status ?? 200 };
}
