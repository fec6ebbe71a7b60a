import { afterEach, describe, expect, it, vi } from "vitest";
import type { Run } from "../../src/domain/run.js";
import { RunProgresses } from "../../src/resolvers/run-progress.js";
import { MemoryStore } from "../../src/store/memory.js";

const run = (more: Partial<Run> = {}): Run => ({
  id: "run-1",
  mode: "FULL",
  dryRun: false,
  types: ["ACCOUNT"],
  state: "RUNNING",
  startedAt: "2026-03-01T12:00:00.000Z",
  finishedAt: null,
  progress: { read: 0, total: null, linked: 0, created: 0, updated: 0, deleted: 0, unchanged: 0, review: 0, failed: 0, etaSeconds: null },
  cost: [],
  problem: null,
  cancelRequested: false,
  ...more,
});

async function given(pollMs = 60_000) {
  const store = new MemoryStore();
  await store.documents.set("run", "run-1", run({ state: "QUEUED" }), 0);
  const progresses = new RunProgresses(store, pollMs);
  const get = vi.spyOn(store.documents, "get");
  const become = async (more: Partial<Run>, isTold = true) => {
    await store.documents.set("run", "run-1", run(more), null);
    if (isTold) await store.events.publish({ topic: "run", runId: "run-1" });
  };
  const watch = async () => {
    const states: string[] = [];
    const source = await progresses.watch("run-1");
    const ended = (async () => {
      for await (const one of source) states.push(`${one.state} ${one.progress.read}`);
    })();
    return { states, ended, source };
  };
  return { store, progresses, become, watch, get };
}

afterEach(() => vi.useRealTimers());

describe("the progress of a run", () => {
  it("begins with how it stands, follows it, and ends with it", async () => {
    const { become, watch } = await given();
    const { states, ended } = await watch();
    await become({ progress: { ...run().progress, read: 60 } });
    await expect.poll(() => states).toEqual(["QUEUED 0", "RUNNING 60"]);
    await become({ state: "DONE" });
    await ended;
    expect(states).toEqual(["QUEUED 0", "RUNNING 60", "DONE 0"]);
  });

  it("is all there is to tell of one that has ended already", async () => {
    const { become, watch } = await given();
    await become({ state: "CANCELLED" }, false);
    const { states, ended } = await watch();
    await ended;
    expect(states).toEqual(["CANCELLED 0"]);
  });

  it("is read once a message for all who watch it", async () => {
    const { become, watch, get } = await given();
    const watchers = await Promise.all(Array.from({ length: 50 }, watch));
    get.mockClear();
    await become({ state: "DONE" });
    await Promise.all(watchers.map(({ ended }) => ended));
    expect(get).toHaveBeenCalledTimes(1);
  });

  it("skips what a watcher did not take in time, but never the end", async () => {
    const { become, progresses } = await given();
    const source = await progresses.watch("run-1");
    for (let read = 1; read <= 5; read++) await become({ progress: { ...run().progress, read } });
    await become({ state: "FAILED" });
    await expect.poll(async () => (await source.next()).value?.state).toBe("FAILED");
    expect((await source.next()).done).toBe(true);
  });

  it("is found without a message, should one be lost", async () => {
    const { become, watch } = await given(20);
    const { states, ended } = await watch();
    await become({ state: "DONE" }, false);
    await ended;
    expect(states).toEqual(["QUEUED 0", "DONE 0"]);
  });

  it("of a run that there is not is an error that says so", async () => {
    const { progresses } = await given();
    await expect(progresses.watch("run-2")).rejects.toThrow("There is no run run-2.");
  });

  it("is no longer looked at when nobody watches", async () => {
    const { watch, get } = await given(10);
    const { source, ended } = await watch();
    await source.return?.();
    await ended;
    get.mockClear();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(get).not.toHaveBeenCalled();
  });
});
