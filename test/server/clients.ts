import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { EntityEvent, EventBus } from "../../src/store/store.js";

export interface Told {
  readonly data?: { readonly [field: string]: unknown } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly [key: string]: unknown } }[];
}

/** A subscription by a real client: what it was told so far, and how it ended. */
export interface Subscribed {
  readonly told: Told[];
  /** undefined: it goes on; null: it came to its end; else what ended it. */
  readonly end: () => unknown;
  readonly stop: () => void;
}

export interface Client {
  subscribe(query: string, variables?: Record<string, unknown>, extensions?: Record<string, unknown>): Subscribed;
  dispose(): void;
}

interface Sink {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}
type Payload = { query: string; variables?: Record<string, unknown>; extensions?: Record<string, unknown> };

function clientOf(subscribe: (payload: Payload, sink: Sink) => () => void, dispose: () => void): Client {
  return {
    dispose,
    subscribe(query, variables, extensions) {
      const told: Told[] = [];
      let end: unknown;
      const sink: Sink = {
        next: (value) => void told.push(value as Told),
        error: (error) => {
          end = error;
        },
        complete: () => {
          end = null;
        },
      };
      const stop = subscribe({ query, ...(variables ? { variables } : {}), ...(extensions ? { extensions } : {}) }, sink);
      return { told, end: () => end, stop };
    },
  };
}

export function wsClient(url: string, options: { readonly params?: Record<string, unknown>; readonly retries?: number } = {}): Client {
  const client = createWsClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: options.retries ?? 0,
    ...(options.params ? { connectionParams: options.params } : {}),
  });
  return clientOf(
    (payload, sink) => client.subscribe(payload, sink as never),
    () => void client.dispose(),
  );
}

export function sseClient(url: string, path = "/graphql/stream", headers: Record<string, string> = {}): Client {
  const client = createSseClient({ url: `${url}${path}`, retryAttempts: 0, headers });
  return clientOf(
    (payload, sink) => client.subscribe(payload, sink as never),
    () => client.dispose(),
  );
}

const at = "2026-03-01T12:00:00.000Z";

export const updated = (entityId: string, more: Partial<EntityEvent> = {}): EntityEvent => ({
  kind: "UPDATED",
  entityId,
  type: "ACCOUNT",
  state: "LINKED",
  source: "EXACT",
  fields: ["name"],
  at,
  ...more,
});

export const publish = (events: EventBus, event: EntityEvent): Promise<void> => events.publish({ topic: "entity", event });
