import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UnavailableError } from "../../src/domain/errors.js";
import { Subscriptions } from "../../src/server/subscriptions.js";
import type { WebhookDoor } from "../../src/server/webhook.routes.js";
import { MemoryStore } from "../../src/store/memory.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const hourMs = 3_600_000;
const log = pino({ level: "silent" });

/** A system that is subscribed to, with the minutes at which it was asked. */
function system(answer: () => Promise<"kept" | "made">, store = new MemoryStore()) {
  const asked: number[] = [];
  const began = Date.now();
  const door: WebhookDoor = {
    system: "EXACT",
    path: "/webhooks/exact",
    read: () => ({ kind: "handshake" }),
    subscribe: async (url) => {
      expect(url).toBe("https://tandem.example/webhooks/exact");
      asked.push(Math.round((Date.now() - began) / 60_000));
      return answer();
    },
  };
  return { subscriptions: new Subscriptions({ doors: [door], leases: store.leases, clock: Date.now, log }), asked };
}

describe("webhook subscriptions", () => {
  it("are looked at when the receiver is up, and every hour from then on", async () => {
    const { subscriptions, asked } = system(async () => "kept");
    await vi.advanceTimersByTimeAsync(hourMs);
    expect(asked).toEqual([]);
    subscriptions.start("https://tandem.example");
    await vi.advanceTimersByTimeAsync(2 * hourMs + 1_000);
    expect(asked).toEqual([60, 120, 180]);
    await subscriptions.stop();
  });

  it("are tried again soon after a failure, then less and less often, as Exact counts errors", async () => {
    let isDown = true;
    const { subscriptions, asked } = system(async () => {
      if (isDown) throw new UnavailableError("EXACT", "Exact Online does not answer.");
      return "made";
    });
    subscriptions.start("https://tandem.example");
    await vi.advanceTimersByTimeAsync(hourMs + 30 * 60_000);
    expect(asked).toEqual([0, 1, 3, 7, 15, 31, 63]);
    isDown = false;
    await vi.advanceTimersByTimeAsync(2 * hourMs);
    expect(asked.slice(7)).toEqual([123, 183]);
    await subscriptions.stop();
  });

  it("are looked at once more after a consent, and the hour counts from then", async () => {
    const { subscriptions, asked } = system(async () => "kept");
    subscriptions.start("https://tandem.example");
    await vi.advanceTimersByTimeAsync(30 * 60_000);
    await subscriptions.check();
    await vi.advanceTimersByTimeAsync(hourMs + 1_000);
    expect(asked).toEqual([0, 30, 90]);
    await subscriptions.stop();
  });

  it("are made by one replica at a time: two at once would make them twice", async () => {
    const store = new MemoryStore();
    let under = 0;
    let most = 0;
    const slow = async () => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      under--;
      return "made" as const;
    };
    const [one, other] = [system(slow, store), system(slow, store)];
    one.subscriptions.start("https://tandem.example");
    other.subscriptions.start("https://tandem.example");
    await vi.advanceTimersByTimeAsync(10_000);
    expect([most, one.asked.length + other.asked.length]).toEqual([1, 1]);
    await Promise.all([one.subscriptions.stop(), other.subscriptions.stop()]);
  });

  it("are left alone after the stop", async () => {
    const { subscriptions, asked } = system(async () => "kept");
    subscriptions.start("https://tandem.example");
    await vi.advanceTimersByTimeAsync(1_000);
    await subscriptions.stop();
    await subscriptions.check();
    await vi.advanceTimersByTimeAsync(5 * hourMs);
    expect(asked).toEqual([0]);
  });
});
