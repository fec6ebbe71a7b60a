import type { FastifyInstance } from "fastify";
import type { System } from "../domain/words.js";
import type { DocumentStore } from "../store/store.js";

/** What a message turned out to be. `receipt` is equal for equal messages. */
export type WebhookMessage =
  | { readonly kind: "handshake" }
  | { readonly kind: "hint"; readonly receipt: string; readonly keepMs: number }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

export interface WebhookDoor {
  readonly system: System;
  readonly path: string;
  /** Over the raw bytes: what is signed is what came, not what a parser made of it. */
  read(body: Buffer, headers: Readonly<Record<string, string | string[] | undefined>>): WebhookMessage;
}

const maxBodyBytes = 256 * 1024;

/** Receives hints. They carry no data: a good one only makes the gateway look sooner, a lost one costs an interval (R12). */
export function webhookRoutes(app: FastifyInstance, doors: readonly WebhookDoor[], documents: DocumentStore, hint: (system: System) => Promise<void>): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: maxBodyBytes }, (_request, body, done) => done(null, body));
    for (const door of doors) {
      scope.post(door.path, { bodyLimit: maxBodyBytes }, async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const message = door.read(body, request.headers);
        if (message.kind === "refused") return reply.code(401).send({ error: message.reason });
        if (message.kind === "hint") {
          // A message that came before is answered alike, and dropped.
          const isNew = await documents.set("receipt", `${door.system}:${message.receipt}`, true, 0, { ttlMs: message.keepMs });
          if (isNew) await hint(door.system);
        }
        return reply.code(204).send();
      });
    }
  });
}
