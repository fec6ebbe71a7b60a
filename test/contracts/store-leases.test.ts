import { expect, it } from "vitest";
import type { Lease } from "../../src/store/store.js";
import { onEveryStore } from "./store-subject.js";

/** Long enough to outlast a slow machine, short enough to wait for. */
const shortMs = 80;

onEveryStore("a lease", (subject) => {
  const taken = async (key: string, ttlMs = 60_000): Promise<Lease> => {
    const lease = await subject.store.leases.acquire(key, ttlMs);
    if (!lease) throw new Error(`The lease of ${key} was not free.`);
    return lease;
  };

  it("is held by one at a time, each key for itself", async () => {
    await taken("a");
    expect(await subject.other.leases.acquire("a", 60_000)).toBeNull();
    expect(await subject.other.leases.acquire("b", 60_000)).toMatchObject({ key: "b" });
  });

  it("is free after its release, and its tokens only grow", async () => {
    const first = await taken("a");
    await subject.other.leases.release(first);
    const second = await taken("a");
    expect(second.token).toBeGreaterThan(first.token);
  });

  it("is released by its own token only", async () => {
    const first = await taken("a");
    await subject.store.leases.release(first);
    await taken("a");
    await subject.store.leases.release(first);
    expect(await subject.other.leases.acquire("a", 60_000)).toBeNull();
  });

  it("runs out, and then belongs to whoever takes it next", async () => {
    const lost = await taken("a", shortMs);
    await subject.pass(shortMs + 30);
    expect(await subject.store.leases.renew(lost, 60_000)).toBe(false);
    const next = await taken("a");
    expect(next.token).toBeGreaterThan(lost.token);
    expect(await subject.store.leases.renew(lost, 60_000)).toBe(false);
    expect(await subject.store.leases.renew(next, 60_000)).toBe(true);
  });

  it("holds on when it is renewed in time", async () => {
    const lease = await taken("a", shortMs);
    expect(await subject.store.leases.renew(lease, 60_000)).toBe(true);
    await subject.pass(shortMs + 30);
    expect(await subject.other.leases.acquire("a", 60_000)).toBeNull();
  });

  it("goes to exactly one of many that ask at once", async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? subject.store : subject.other).leases.acquire("a", 60_000)));
    expect(asked.filter((lease) => lease !== null)).toHaveLength(1);
  });
});
