import type { IncomingMessage } from "node:http";
import type { GraphQLResponse } from "@apollo/server";
import type { GraphQLFormattedError } from "graphql";
import type { Caller } from "./access.js";
import type { GuardedContext } from "./guards.js";
import { refusedBefore } from "./guards.js";
import { type CompiledOperation, type CompiledOperations, execute, soundValues } from "./jit.js";
import type { Answered, Observer } from "./observers.js";
import type { Take } from "./plain-requests.js";
import { inRequest, requestIdOf } from "./request-log.js";
import { spanOf } from "./request-spans.js";
import type { StreamContext } from "./streams.js";

export interface Answering {
  readonly compiled: CompiledOperations;
  readonly callerOf: (request: IncomingMessage) => Promise<Caller>;
  readonly contextFor: (caller: Caller) => GuardedContext;
  readonly observers: readonly Observer[];
  readonly shown: (error: unknown) => GraphQLFormattedError;
  /** What is added to an answer, and its status, when all of it is there. */
  readonly finish: (response: GraphQLResponse, context: GuardedContext, accept: string | undefined) => void;
}

interface DirectParts extends Answering {
  readonly newRequestId: () => string;
  /** Headers of whatever is answered to a page of this origin. */
  readonly headersFor: (origin: string) => Readonly<Record<string, string>>;
}

/**
 * Answers queries whose text Apollo has parsed, found valid and had compiled before: for these its way through a request would
 * find out nothing new. What is allowed to whom and how much it may give is looked at as always. Whatever is not a plain query,
 * or is refused, goes the long way; what that answers is the same.
 */
export const direct =
  (parts: DirectParts): Take =>
  async (request, response, body) => {
    const asked = plainRequest(body);
    const found = asked && parts.compiled.find(asked.query, asked.operationName);
    const values = found?.operation.operation === "query" ? soundValues(found, asked?.variables) : null;
    if (!asked || !found || !values) return false;
    const startedAt = performance.now();
    // Whoever is not let in is told so on the long way.
    const caller = await parts.callerOf(request).catch(() => null);
    if (!caller || refusedBefore(found, asked.variables, caller)) return false;
    const { accept, origin } = request.headers;
    const requestId = requestIdOf(request.headers) ?? parts.newRequestId();
    const span = spanOf(request, "/graphql");
    const admitted = { found, values, caller, startedAt, ...asked };
    const answer = await inRequest(requestId, () => (span ? span.run(() => answered(parts, admitted, accept)) : answered(parts, admitted, accept)));
    const headers = { "x-request-id": requestId, "content-type": "application/json; charset=utf-8", "content-length": answer.body.length };
    response.writeHead(answer.status, origin === undefined ? headers : { ...parts.headersFor(origin), ...headers });
    response.end(answer.body, "latin1");
    span?.end({ "http.response.status_code": answer.status });
    return true;
  };

interface PlainRequest {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** What a body asks, where it asks for nothing else; null: it is something else, or not well formed. */
function plainRequest(bytes: Buffer): PlainRequest | null {
  const body = parsed(bytes.toString());
  if (typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const { query, operationName, variables } = body as Record<string, unknown>;
  if (typeof query !== "string" || !isOptional(operationName, "string") || !isOptional(variables, "object") || Array.isArray(variables)) return null;
  for (const name in body) if (!known.has(name)) return null;
  return { query, operationName: (operationName as string | null | undefined) ?? null, variables: (variables ?? {}) as Readonly<Record<string, unknown>> };
}

const known: ReadonlySet<string> = new Set(["query", "operationName", "variables"]);

const isOptional = (value: unknown, type: "string" | "object"): boolean => value === undefined || value === null || typeof value === type;

/** Fastify refuses what could be meant for the prototype of objects, however it is spelled. */
const isSuspicious = (text: string): boolean => text.includes("__proto__") || text.includes("constructor") || /\\u00[567]/.test(text);

function parsed(text: string): unknown {
  if (isSuspicious(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What is asked by whom, and is going to be answered. */
interface Admitted extends PlainRequest {
  readonly found: CompiledOperation;
  readonly values: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  readonly startedAt: number;
}

interface Answer {
  /** With a character for each byte. */
  readonly body: string;
  readonly status: number;
}

async function answered(parts: Answering, admitted: Admitted, accept: string | undefined): Promise<Answer> {
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
    return { body: `{"data":${spliced}}\n`, status: 200 };
  }
  const context = parts.contextFor(caller);
  const response = await execute(found, context as StreamContext, variables, parts.shown);
  parts.finish(response, context, accept);
  const { errors, data } = response.body.kind === "single" ? response.body.singleResult : {};
  ended(data != null, errors ?? []);
  return { body: Buffer.from(`${JSON.stringify({ errors, data })}\n`).toString("latin1"), status: response.http.status ?? 200 };
}
