import { expect, it } from "vitest";
import type { FeedState } from "../../src/store/store.js";
import { entity, write } from "./store-samples.js";
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

  it("give first the marks that have stood longest; marking again counts as new", async () => {
    await subject.store.feeds.markDirty(["c", "a"]);
    await subject.other.feeds.markDirty(["b", "c"]);
    expect(await marked()).toEqual(["a", "b", "c"]);
    expect(await marked(2)).toEqual(["a", "b"]);
    expect(await marked(0)).toEqual([]);
    expect(await subject.store.feeds.countDirty()).toBe(3);
    await subject.store.feeds.markDirty([]);
    expect(await subject.store.feeds.countDirty()).toBe(3);
  });

  it("come in pages, each from where the one before ended, also those of one kind of id only; what is marked meanwhile comes last", async () => {
    const { feeds } = subject.store;
    const ids = Array.from({ length: 2500 }, (_, i) => `${i % 5 === 0 ? "acc_" : "con_"}${i}`);
    await feeds.markDirty(ids);
    const read = async (prefix: string, limit: number, meanwhile: () => Promise<void> = async () => {}) => {
      const found: string[] = [];
      for (let from = 0, isMore = true, first = true; isMore; first = false) {
        const page = await subject.other.feeds.dirtyPage(prefix, from, limit);
        expect(page.marks.length).toBeLessThanOrEqual(limit);
        found.push(...page.marks.map((mark) => mark.entityId));
        ({ next: from, isMore } = page);
        if (first) await meanwhile();
      }
      return found;
    };
    expect(await read("", 700)).toEqual(ids);
    expect(await read("acc_", 100)).toEqual(ids.filter((id) => id.startsWith("acc_")));
    expect(await read("prd_", 100)).toEqual([]);
    const moved = await read("acc_", 100, () => feeds.markDirty(["acc_5", "acc_2000", "acc_new"]));
    expect(moved).toEqual([...ids.filter((id) => id.startsWith("acc_") && id !== "acc_2000"), "acc_5", "acc_2000", "acc_new"]);
    const { next, isMore } = await feeds.dirtyPage("acc_", 0, 5000);
    expect(isMore).toBe(false);
    await feeds.markDirty(["con_9"]);
    expect(await feeds.dirtyPage("con_", next, 10)).toMatchObject({ marks: [{ entityId: "con_9" }], isMore: false });
    expect(await feeds.dirtyPage("acc_", next, 10)).toMatchObject({ marks: [], isMore: false });
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
    expect(await marked()).toEqual(["news", "own", "changed", "seen by a feed", "committed", "both", "another's"]);
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

  it("of what needs nothing are cleared only while nobody holds it, and only as it stood when it was looked at", async () => {
    const { entities, feeds, leases } = subject.store;
    const ids = ["acc_rests", "acc_held", "acc_written", "acc_marked", "acc_gone"];
    await entities.commit({ put: ids.map((id) => write(entity(id, { records: { CUSTOMCRM: id, EXACT: null } }))), markDirty: ids });
    const marks = await feeds.dirty(10);
    const rested = marks.map((mark) => ({ ...mark, revision: 1, leaseKey: `entity:${mark.entityId}` }));
    const lease = await subject.other.leases.acquire("entity:acc_held", 60_000);
    await subject.other.entities.commit({ put: [write(entity("acc_written", { records: { CUSTOMCRM: "acc_written", EXACT: null }, revision: 1 }))] });
    await subject.other.feeds.markDirty(["acc_marked"]);
    await subject.other.entities.commit({ put: [], remove: [{ id: "acc_gone", revision: 1, into: null }] });
    await feeds.clearRested(rested);
    expect((await marked()).sort()).toEqual(["acc_gone", "acc_held", "acc_marked", "acc_written"]);
    if (lease) await leases.release(lease);
    await feeds.clearRested(rested);
    expect((await marked()).sort()).toEqual(["acc_gone", "acc_marked", "acc_written"]);
    await feeds.clearRested([]);
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
