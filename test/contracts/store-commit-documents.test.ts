import { expect, it } from "vitest";
import { entity, write } from "./store-samples.js";
import { onEveryStore } from "./store-subject.js";

onEveryStore("documents in a commit", (subject) => {
  const put = [write(entity("a"))];
  const get = (key: string) => subject.other.documents.get("operation", key);

  it("are stored in the same step as the entities", async () => {
    const documents = [
      { kind: "operation", key: "op1", value: { status: "PENDING" }, version: 0, ttlMs: null },
      { kind: "idempotency", key: "k1", value: "op1", version: 0, ttlMs: 60_000 },
    ] as const;
    expect(await subject.store.entities.commit({ put, documents })).toMatchObject({ ok: true });
    expect(await get("op1")).toEqual({ value: { status: "PENDING" }, version: 1 });
    expect(await subject.other.documents.get("idempotency", "k1")).toEqual({ value: "op1", version: 1 });
    expect((await subject.other.documents.list("operation", 5)).map((one) => one.key)).toEqual(["op1"]);
  });

  it("are refused at another version, and nothing at all is written", async () => {
    await subject.store.documents.set("operation", "op1", "first", 0);
    const documents = [
      { kind: "operation", key: "op2", value: "other", version: null },
      { kind: "operation", key: "op1", value: "second", version: 0 },
    ] as const;
    const refused = await subject.other.entities.commit({ put, documents, markDirty: ["a"] });
    expect(refused).toEqual({ ok: false, reason: "DOCUMENT", kind: "operation", key: "op1" });
    expect(await subject.store.entities.get(["a"])).toEqual([null]);
    expect(await get("op1")).toEqual({ value: "first", version: 1 });
    expect(await get("op2")).toBeNull();
    expect(await subject.store.feeds.countDirty()).toBe(0);
  });

  it("are not written when an entity is STALE", async () => {
    await subject.store.entities.commit({ put });
    const documents = [{ kind: "operation", key: "op1", value: "x", version: 0 }] as const;
    expect(await subject.other.entities.commit({ put, documents })).toMatchObject({ ok: false, reason: "STALE" });
    expect(await get("op1")).toBeNull();
  });

  it("replace whatever is there where no version is given, and may be given an end", async () => {
    await subject.store.documents.set("operation", "op1", "first", 0, { ttlMs: null });
    await subject.store.entities.commit({ put, documents: [{ kind: "operation", key: "op1", value: "second", version: null, ttlMs: 40 }] });
    expect(await get("op1")).toEqual({ value: "second", version: 2 });
    await subject.pass(80);
    expect(await get("op1")).toBeNull();
  });

  it("of two commits with the same new document exactly one is made", async () => {
    const claim = (id: string) =>
      subject.store.entities.commit({ put: [write(entity(id))], documents: [{ kind: "idempotency", key: "k1", value: id, version: 0, ttlMs: 60_000 }] });
    const results = await Promise.all(["a", "b", "c", "d"].map(claim));
    expect(results.filter((one) => one.ok)).toHaveLength(1);
    const winner = (await subject.other.documents.get<string>("idempotency", "k1"))?.value;
    const found = await subject.other.entities.get(["a", "b", "c", "d"]);
    expect(found.flatMap((one) => one?.id ?? [])).toEqual([winner]);
  });
});
