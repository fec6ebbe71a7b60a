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

  it("made for a run are told apart, until anybody else marks the entity as well", async () => {
    const { feeds } = subject.store;
    const runOf = async (id: string) => (await subject.other.feeds.dirty(100)).find((mark) => mark.entityId === id)?.runId;
    await feeds.markDirty(["news"]);
    await feeds.markForRun(["news", "own", "changed", "committed", "seen by a feed", "both"], "run-1");
    await subject.other.feeds.markDirty(["changed"]);
    await subject.other.feeds.advance("EXACT", "accounts", state, ["seen by a feed"]);
    await subject.store.entities.commit({ put: [], markDirty: ["committed"] });
    await subject.other.feeds.markForRun(["both", "another's"], "run-2");
    await feeds.markForRun(["own", "news"], "run-1");
    const runs = Object.fromEntries(
      await Promise.all(["news", "own", "changed", "committed", "seen by a feed", "both"].map(async (id) => [id, await runOf(id)])),
    );
    expect(runs).toEqual({ own: "run-1" });
    expect(await runOf("another's")).toBe("run-2");
    expect(await marked()).toEqual(["news", "own", "changed", "committed", "seen by a feed", "both", "another's"]);
    await feeds.markForRun([], "run-1");
    expect(await feeds.countDirty()).toBe(7);
  });

  it("of a run are cleared at their generation, like all others, and then mark nobody any more", async () => {
    const { feeds } = subject.store;
    await feeds.markForRun(["a", "b", "c"], "run-1");
    const before = await feeds.dirty(10);
    expect(await subject.other.feeds.stillDirty(before)).toEqual([true, true, true]);
    await subject.other.feeds.markDirty(["b"]);
    await subject.other.feeds.markForRun(["c"], "run-2");
    expect(await feeds.stillDirty(before)).toEqual([true, false, false]);
    await feeds.clearDirty(before);
    expect(await marked()).toEqual(["b", "c"]);
    expect(await feeds.stillDirty([...before, { entityId: "unknown", generation: 1 }])).toEqual([false, false, false, false]);
    expect(await feeds.stillDirty([])).toEqual([]);
    await feeds.clearDirty(await feeds.dirty(10));
    expect(await marked()).toEqual([]);
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
