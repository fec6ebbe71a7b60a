import { expect, it } from "vitest";
import type { FeedState } from "../../src/store/store.js";
import { onEveryStore } from "./store-subject.js";

const state: FeedState = {
  position: "100",
  low: null,
  seen: [{ position: "100", at: 5 }],
  epoch: "1234",
  polledAt: "2026-06-01T00:00:00.000Z",
  lastChangeAt: null,
};

onEveryStore("feeds and dirty marks", (subject) => {
  const marked = async (limit = 100) => (await subject.other.feeds.dirty(limit)).map((mark) => mark.entityId);

  it("begin without a position", async () => {
    expect(await subject.store.feeds.get("EXACT", "accounts")).toEqual({
      position: null,
      low: null,
      seen: [],
      epoch: null,
      polledAt: null,
      lastChangeAt: null,
    });
  });

  it("save a cursor together with the marks of its page, each feed for itself", async () => {
    await subject.store.feeds.advance("EXACT", "accounts", state, ["b", "a"]);
    await subject.store.feeds.advance("CUSTOMCRM", "accounts", { ...state, position: "7", seen: [] }, []);
    expect(await subject.other.feeds.get("EXACT", "accounts")).toEqual(state);
    expect((await subject.other.feeds.get("CUSTOMCRM", "accounts")).position).toBe("7");
    expect((await subject.other.feeds.get("EXACT", "contacts")).position).toBeNull();
    expect(await marked()).toEqual(["b", "a"]);
  });

  it("give the oldest marks first; marking again keeps the place", async () => {
    await subject.store.feeds.markDirty(["c", "a"]);
    await subject.other.feeds.markDirty(["b", "c"]);
    expect(await marked()).toEqual(["c", "a", "b"]);
    expect(await marked(2)).toEqual(["c", "a"]);
    expect(await marked(0)).toEqual([]);
    expect(await subject.store.feeds.countDirty()).toBe(3);
    await subject.store.feeds.markDirty([]);
    expect(await subject.store.feeds.countDirty()).toBe(3);
  });

  it("clear a mark only at the generation that was handled (R12)", async () => {
    await subject.store.feeds.markDirty(["a", "b"]);
    const before = await subject.store.feeds.dirty(10);
    await subject.other.feeds.markDirty(["a"]);
    await subject.store.feeds.clearDirty(before);
    expect(await marked()).toEqual(["a"]);
    const after = await subject.store.feeds.dirty(10);
    expect(after[0]?.generation).toBeGreaterThan(before[0]?.generation ?? Number.POSITIVE_INFINITY);
    await subject.store.feeds.clearDirty(after);
    expect(await marked()).toEqual([]);
    await subject.store.feeds.clearDirty([]);
  });

  it("never give a generation twice, so that a late clearing hits nobody else's mark", async () => {
    await subject.store.feeds.markDirty(["a"]);
    const first = await subject.store.feeds.dirty(1);
    await subject.store.feeds.clearDirty(first);
    await subject.store.feeds.markDirty(["a"]);
    await subject.other.feeds.clearDirty(first);
    expect(await marked()).toEqual(["a"]);
  });
});
