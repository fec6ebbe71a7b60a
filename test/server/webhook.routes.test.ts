import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../../src/domain/errors.js";
import { type WebhookDoor, webhookRoutes } from "../../src/server/webhook.routes.js";
import { MemoryStore } from "../../src/store/memory.js";

let app: FastifyInstance;
afterEach(() => app.close());

/** A receiver whose messages are what their body says, with the hints it gave. */
async function receiver(given: { readonly hint?: () => Promise<void> } = {}) {
  const store = new MemoryStore({ clock: () => clock.now });
  const clock = { now: 1_000_000 };
  const hints: string[] = [];
  const door: WebhookDoor = {
    system: "EXACT",
    path: "/in",
    read: (body) => {
      const text = body.toString("latin1");
      if (text === "") return { kind: "handshake" };
      if (text.startsWith("bad")) return { kind: "refused", reason: "It is bad." };
      return text.startsWith("other") ? { kind: "ignored", reason: "It is another's." } : { kind: "hint", receipt: text, keepMs: 5_000 };
    },
    subscribe: async () => "kept",
  };
  app = Fastify();
  webhookRoutes(app, [door], store.documents, async (system) => {
    await given.hint?.();
    hints.push(system);
  });
  const post = async (payload: string | Buffer, headers: Record<string, string> = {}) =>
    (await app.inject({ method: "POST", url: "/in", payload, headers })).statusCode;
  return { post, hints, clock, store };
}

describe("the webhook receiver", () => {
  it("reads the raw bytes, whatever their content type says, and hints once for each message", async () => {
    const { post, hints } = await receiver();
    expect(await post(Buffer.from([0xff, 0x00, 0x80]), { "content-type": "application/octet-stream" })).toBe(204);
    expect(await post('{"a" : 1}', { "content-type": "application/json" })).toBe(204);
    expect(await post('{"a" : 1}', { "content-type": "text/plain" })).toBe(204);
    expect(await post("no type at all")).toBe(204);
    expect(await post("no type that there is", { "content-type": "; ;" })).toBe(204);
    expect(hints).toHaveLength(4);
  });

  it("forgets a receipt when the message can't come again any more", async () => {
    const { post, hints, clock } = await receiver();
    await post("one");
    clock.now += 4_000;
    await post("one");
    expect(hints).toHaveLength(1);
    clock.now += 1_001;
    await post("one");
    expect(hints).toHaveLength(2);
  });

  it("answers the handshake and what is of others with success, and what is refused with 401, without a hint", async () => {
    const { post, hints } = await receiver();
    expect([await post(""), await post("other"), await post("bad")]).toEqual([204, 204, 401]);
    expect(hints).toEqual([]);
  });

  it("takes a message again that could not be kept the first time, and asks for it with 503", async () => {
    let isDown = true;
    const { post, hints } = await receiver({
      hint: async () => {
        if (isDown) throw new StoreUnavailableError("Redis does not answer.");
      },
    });
    expect(await post("one")).toBe(503);
    isDown = false;
    expect(await post("one")).toBe(204);
    expect(hints).toHaveLength(1);
  });

  it("asks for it again with 503 too when the receipt can't be stored", async () => {
    const { post, hints, store } = await receiver();
    store.documents.set = async () => {
      throw new StoreUnavailableError("Redis does not answer.");
    };
    expect(await post("one")).toBe(503);
    expect(hints).toEqual([]);
  });

  it("reads no more of a body than it takes", async () => {
    const { post, hints } = await receiver();
    expect([await post("x".repeat(256 * 1024)), await post("x".repeat(256 * 1024 + 1))]).toEqual([204, 413]);
    expect(hints).toHaveLength(1);
  });
});
