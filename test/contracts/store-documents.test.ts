import { expect, it } from "vitest";
import { onEveryStore } from "./store-subject.js";

const shortMs = 80;

onEveryStore("documents", (subject) => {
  const keys = async (first = 100) => (await subject.other.documents.list("run", first)).map((one) => one.key);

  it("give back what was stored, with its version", async () => {
    const value = { list: [], map: {}, number: 1.5, nothing: null, text: "é\u0000" };
    expect(await subject.store.documents.get("run", "1")).toBeNull();
    expect(await subject.store.documents.set("run", "1", value, 0)).toBe(true);
    expect(await subject.other.documents.get("run", "1")).toEqual({ value, version: 1 });
    expect(await subject.other.documents.get("plan", "1")).toBeNull();
  });

  it("are stored by compare-and-set, or whatever the version is", async () => {
    const { documents } = subject.store;
    await documents.set("run", "1", "a", 0);
    expect(await documents.set("run", "1", "b", 0)).toBe(false);
    expect(await documents.set("run", "1", "b", 2)).toBe(false);
    expect(await documents.set("run", "1", "b", 1)).toBe(true);
    expect(await documents.set("run", "1", "c", null)).toBe(true);
    expect(await documents.get("run", "1")).toEqual({ value: "c", version: 3 });
    expect(await documents.set("run", "new", "d", 1)).toBe(false);
    expect(await documents.set("run", "new", "d", null)).toBe(true);
  });

  it("let exactly one of many create a document, as an idempotency key asks for", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? subject.store : subject.other).documents.set("idempotency", "key", i, 0, { ttlMs: 60_000 })),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await subject.store.documents.get("idempotency", "key")).toEqual({ value: outcomes.indexOf(true), version: 1 });
  });

  it("are listed highest order first; equal orders by key", async () => {
    const { documents } = subject.store;
    await documents.set("run", "b", 1, 0, { order: 10 });
    await documents.set("run", "c", 2, 0, { order: 30 });
    await documents.set("run", "a", 3, 0, { order: 10 });
    await documents.set("plan", "x", 4, 0, { order: 99 });
    expect(await keys()).toEqual(["c", "b", "a"]);
    expect(await keys(2)).toEqual(["c", "b"]);
    expect(await subject.other.documents.list("run", 1)).toEqual([{ key: "c", value: 2, version: 1 }]);
    await documents.set("run", "a", 3, 1, { order: 40 });
    await documents.set("run", "b", 5, 1);
    expect(await keys()).toEqual(["a", "c", "b"]);
  });

  it("without an order stand by when they were first stored", async () => {
    await subject.store.documents.set("run", "first", 1, 0);
    await subject.pass(5);
    await subject.store.documents.set("run", "second", 1, 0);
    await subject.pass(5);
    await subject.store.documents.set("run", "first", 2, 1);
    expect(await keys()).toEqual(["second", "first"]);
  });

  it("are gone when deleted, with their items", async () => {
    await subject.store.documents.set("run", "1", "a", 0);
    await subject.store.documents.append("run", "1", [1, 2], null);
    await subject.store.documents.delete("run", "1");
    await subject.store.documents.delete("run", "unknown");
    expect(await subject.other.documents.get("run", "1")).toBeNull();
    expect(await keys()).toEqual([]);
    expect(await subject.other.documents.slice("run", "1", 0, 5)).toEqual({ items: [], total: 0 });
    expect(await subject.store.documents.set("run", "1", "b", 0)).toBe(true);
  });

  it("expire, leave the list and may be created again", async () => {
    const { documents } = subject.store;
    await documents.set("run", "short", 1, 0, { ttlMs: shortMs, order: 2 });
    await documents.set("run", "kept", 1, 0, { ttlMs: null, order: 1 });
    await subject.pass(shortMs + 30);
    expect(await keys(1)).toEqual(["kept"]);
    expect(await documents.get("run", "short")).toBeNull();
    expect(await documents.set("run", "short", 2, 1)).toBe(false);
    expect(await documents.set("run", "short", 2, 0)).toBe(true);
  });

  it("keep their time unless a write says otherwise", async () => {
    const { documents } = subject.store;
    for (const key of ["as it was", "for ever"]) await documents.set("run", key, 1, 0, { ttlMs: shortMs });
    await documents.set("run", "as it was", 2, 1);
    await documents.set("run", "for ever", 2, 1, { ttlMs: null });
    await subject.pass(shortMs + 30);
    expect(await keys()).toEqual(["for ever"]);
  });

  it("have items that are appended and read in slices", async () => {
    const { documents } = subject.store;
    await documents.append("plan", "1", [{ n: 0 }, { n: 1 }], null);
    await documents.append("plan", "1", [], null);
    await subject.other.documents.append("plan", "1", [{ n: 2 }, [], "text", null], 60_000);
    expect(await documents.slice("plan", "1", 1, 3)).toEqual({ items: [{ n: 1 }, { n: 2 }, []], total: 6 });
    expect(await documents.slice("plan", "1", 4, 10)).toEqual({ items: ["text", null], total: 6 });
    expect(await documents.slice("plan", "1", 6, 1)).toEqual({ items: [], total: 6 });
    expect(await documents.slice("plan", "1", 0, 0)).toEqual({ items: [], total: 6 });
    expect(await documents.slice("plan", "other", 0, 5)).toEqual({ items: [], total: 0 });
  });

  it("have as many items as a large plan has, appended at once", async () => {
    const items = Array.from({ length: 150_000 }, (_, n) => n);
    await subject.store.documents.append("plan", "1", items, null);
    expect(await subject.store.documents.slice("plan", "1", 149_998, 5)).toEqual({ items: [149_998, 149_999], total: 150_000 });
  });

  it("have items that expire", async () => {
    await subject.store.documents.append("plan", "1", [1], shortMs);
    await subject.pass(shortMs + 30);
    expect(await subject.store.documents.slice("plan", "1", 0, 5)).toEqual({ items: [], total: 0 });
  });
});
