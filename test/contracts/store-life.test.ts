import { expect, it } from "vitest";
import { onEveryStore } from "./store-subject.js";

onEveryStore("a store", (subject) => {
  it("answers, says what it is, and stops more than once without complaint", async () => {
    await subject.store.ping();
    expect(["memory", "redis"]).toContain(subject.store.kind);
    await subject.store.stop();
    await subject.store.stop();
  });
});
