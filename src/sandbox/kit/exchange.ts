import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** A request, read whole. */
export interface KitRequest {
  readonly method: string;
  /** As sent, still percent-encoded, without the query. */
  readonly path: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An object as body is sent as JSON; its content type can be set, and is application/json else. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | object;
}

export type Handler = (request: KitRequest) => Answer | Promise<Answer>;

/** Null: the body is longer than maxBytes. */
export async function readRequest(message: IncomingMessage, maxBytes: number): Promise<KitRequest | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  const url = message.url ?? "/";
  const [path = "/", query = ""] = splitOnce(url, "?");
  if (bytes > maxBytes) return null;
  return { method: message.method ?? "GET", path, url, query: new URLSearchParams(query), headers: message.headers, body: Buffer.concat(chunks) };
}

/** What goes over the wire for an answer. */
export function wireForm(answer: Answer): { headers: Record<string, string>; body: Buffer } {
  const headers: Record<string, string> = { ...answer.headers };
  if (answer.body === undefined) return { headers, body: Buffer.alloc(0) };
  if (typeof answer.body === "string" || Buffer.isBuffer(answer.body)) return { headers, body: Buffer.from(answer.body) };
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  if (!hasType) headers["content-type"] = "application/json; charset=utf-8";
  return { headers, body: Buffer.from(JSON.stringify(answer.body)) };
}

/** The body as JSON; undefined if it is none. */
export function jsonBody(request: KitRequest): unknown {
  try {
    return JSON.parse(request.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Percent-encoding undone; the text itself if it is malformed. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
