import { expect, it } from "vitest";
import { onEveryStore } from "./store-subject.js";

onEveryStore("secrets", (subject) => {
  it("give back what was stored, with its version", async () => {
    expect(await subject.store.secrets.get("token")).toBeNull();
    expect(await subject.store.secrets.set("token", "geheim €", 0)).toBe(true);
    expect(await subject.other.secrets.get("token")).toEqual({ value: "geheim €", version: 1 });
    expect(await subject.store.secrets.set("token", "", 1)).toBe(true);
    expect(await subject.other.secrets.get("token")).toEqual({ value: "", version: 2 });
  });

  it("are stored by whoever was first", async () => {
    await subject.store.secrets.set("token", "one", 0);
    expect(await subject.other.secrets.set("token", "two", 0)).toBe(false);
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? subject.store : subject.other).secrets.set("token", `v${i}`, 1)));
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await subject.store.secrets.get("token")).toEqual({ value: `v${outcomes.indexOf(true)}`, version: 2 });
  });

  it("are gone when deleted; who read one before can't write over its successor", async () => {
    await subject.store.secrets.set("token", "one", 0);
    await subject.store.secrets.delete("token");
    await subject.store.secrets.delete("unknown");
    expect(await subject.other.secrets.get("token")).toBeNull();
    expect(await subject.other.secrets.set("token", "late", 1)).toBe(false);
    expect(await subject.other.secrets.set("token", "next", 0)).toBe(true);
    expect(await subject.other.secrets.set("token", "late", 1)).toBe(false);
    expect((await subject.store.secrets.get("token"))?.value).toBe("next");
  });
});
