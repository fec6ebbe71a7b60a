import type { IncomingHttpHeaders } from "node:http";

/** What tells who asks, whichever way a request came: a Fastify request has it, and a WebSocket is given the like. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
}

/** One operation as a client sends it. */
export interface OperationRequest {
  readonly query?: string | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
  readonly extensions?: Record<string, unknown> | null | undefined;
  /** Names a persisted document instead of giving its text. */
  readonly documentId?: string | undefined;
}
