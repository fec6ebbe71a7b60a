import { expect, it, vi } from "vitest";
import type { BusMessage } from "../../src/store/store.js";
import { onEveryStore } from "./store-subject.js";

const hint: BusMessage = { topic: "hint", system: "EXACT" };
const changed: BusMessage = {
  topic: "entity",
  event: { kind: "UPDATED", entityId: "a", type: "ACCOUNT", state: "LINKED", source: "EXACT", fields: ["name"], at: "2026-06-01T00:00:00.000Z" },
};

onEveryStore("the event bus", (subject) => {
  it("tells every process, the publisher too, in the order of publishing", async () => {
    const here = vi.fn();
    const there = vi.fn();
    subject.store.events.subscribe(here);
    subject.other.events.subscribe(there);
    await subject.store.events.publish(changed);
    await subject.store.events.publish(hint);
    await vi.waitFor(() => expect([here.mock.calls.length, there.mock.calls.length]).toEqual([2, 2]));
    expect(there.mock.calls).toEqual([[changed], [hint]]);
    expect(here.mock.calls).toEqual([[changed], [hint]]);
  });

  it("tells nothing after the end of a subscription", async () => {
    const ended = vi.fn();
    const going = vi.fn();
    subject.store.events.subscribe(ended)();
    subject.store.events.subscribe(going);
    await subject.other.events.publish(hint);
    await vi.waitFor(() => expect(going).toHaveBeenCalledOnce());
    expect(ended).not.toHaveBeenCalled();
  });

  it("goes on when a subscriber throws", async () => {
    const next = vi.fn();
    subject.store.events.subscribe(() => {
      throw new Error("a subscriber's fault");
    });
    subject.store.events.subscribe(next);
    await subject.store.events.publish(hint);
    await vi.waitFor(() => expect(next).toHaveBeenCalledOnce());
  });
});
