import type { FastifyRequest } from "fastify";
import type { OperationRequest } from "./incoming.js";
import type { PersistedDocuments } from "./persisted-documents.js";

/** Gives a request over HTTP the text of the documents that it names, before Apollo sees it. Throws where one must not be executed. */
export function admitRequest(documents: PersistedDocuments, request: FastifyRequest): void {
  if (request.method === "GET") admitGet(documents, request);
  else if (Array.isArray(request.body)) request.body = request.body.map((one) => (isOperation(one) ? documents.admit(one) : one));
  else if (isOperation(request.body)) request.body = documents.admit(request.body);
}

/** Apollo checks the rest of the form, and says what is wrong with it. */
function isOperation(body: unknown): body is OperationRequest {
  if (typeof body !== "object" || body === null) return false;
  const { query, documentId, extensions } = body as Record<string, unknown>;
  return [query, documentId].every((text) => text === undefined || text === null || typeof text === "string") && typeof (extensions ?? {}) === "object";
}

/** Whoever answers a GET reads the address: it is written anew. */
function admitGet(documents: PersistedDocuments, request: FastifyRequest): void {
  const [path = "", search = ""] = request.url.split("?");
  const params = new URLSearchParams(search);
  const asked = { query: params.get("query") ?? undefined, documentId: params.get("documentId") ?? undefined, extensions: objectIn(params.get("extensions")) };
  const admitted = documents.admit(asked);
  if (admitted === asked) return;
  const { query, extensions } = admitted;
  params.delete("documentId");
  params.set("query", query ?? "");
  params.set("extensions", JSON.stringify(extensions ?? {}));
  request.raw.url = `${path}?${params}`;
}

function objectIn(json: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json ?? "null");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
