import type { FastifyInstance } from "fastify";
import type { CallOptions } from "../connectors/connector.js";
import { StoreUnavailableError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import type { System } from "../domain/words.js";
import type { DocumentStore } from "../store/store.js";

/** What a message turned out to be. `receipt` is equal for equal messages. */
export type WebhookMessage =
  | { readonly kind: "handshake" }
  | { readonly kind: "hint"; readonly receipt: string; readonly keepMs: number }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Where one system's messages come in. */
export interface WebhookDoor {
  readonly system: System;
  readonly path: string;
  /** Over the raw bytes: what is signed is what came, not what a parser made of it. */
  read(body: Buffer, headers: Readonly<Record<string, string | string[] | undefined>>): WebhookMessage;
  /** Makes sure that the system sends its messages to `url`, which must be up. Doing it again changes nothing. */
  subscribe(url: string, options: CallOptions): Promise<"kept" | "made" | "repaired">;
}

/**
 * Receives hints. They carry no data: a good one only makes the gateway look sooner, a lost one costs an interval (R12). Only the
 * signature decides what is taken: Exact does not say which content type its messages have.
 */
export function webhookRoutes(app: FastifyInstance, doors: readonly WebhookDoor[], documents: DocumentStore, hint: (system: System) => Promise<void>): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // Not even one that is no content type at all.
    scope.addHook("onRequest", async ({ headers }) => {
      headers["content-type"] = "application/octet-stream";
    });
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: limits.request.maxWebhookBytes }, (_request, body, done) => done(null, body));
    for (const door of doors) {
      scope.post(door.path, { bodyLimit: limits.request.maxWebhookBytes }, async (request, reply) => {
        const message = door.read(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), request.headers);
        if (message.kind === "refused") return reply.code(401).send({ error: message.reason });
        try {
          if (message.kind === "hint") await take(door.system, message, documents, hint);
        } catch (error) {
          // The sender tries again when we can take it.
          if (error instanceof StoreUnavailableError) return reply.code(503).send({ error: error.message });
          throw error;
        }
        return reply.code(204).send();
      });
    }
  });
}

/** A message that came before is answered alike, and dropped. */
async function take(
  system: System,
  { receipt, keepMs }: WebhookMessage & { kind: "hint" },
  documents: DocumentStore,
  hint: (system: System) => Promise<void>,
): Promise<void> {
  const key = `${system}:${receipt}`;
  if (!(await documents.set("receipt", key, true, 0, { ttlMs: keepMs }))) return;
  try {
    await hint(system);
  } catch (error) {
    // Else the same message would be dropped when it comes again.
    await documents.delete("receipt", key).catch(() => {});
    throw error;
  }
}
