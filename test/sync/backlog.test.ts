import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Backlog } from "../../src/sync/backlog.js";
import { inLanes } from "../../src/sync/lanes.js";

const mark = (entityId: string, generation = 1) => ({ entityId, generation });

describe("what is known to owe writes", () => {
  it("comes edits first, each as it came, and once", () => {
    const backlog = new Backlog();
    backlog.add(mark("made"), "CREATE");
    for (const id of ["a", "b", "c"]) backlog.add(mark(id), "UPDATE");
    expect(backlog.take(2).map((one) => one.entityId)).toEqual(["a", "b"]);
    expect(backlog.take(5).map((one) => one.entityId)).toEqual(["c", "made"]);
    expect(backlog.take(5)).toEqual([]);
  });

  it("is known while it waits and while it is written, for the mark that it was planned for and no later one", () => {
    const backlog = new Backlog();
    backlog.add(mark("a"), "UPDATE");
    expect([backlog.knows(mark("a")), backlog.knows(mark("a", 2))]).toEqual([true, false]);
    const taken = backlog.take(1);
    expect(backlog.knows(mark("a"))).toBe(true);
    backlog.add(mark("a", 2), "CREATE");
    backlog.end(taken);
    expect([backlog.knows(mark("a")), backlog.knows(mark("a", 2))]).toEqual([false, true]);
    expect(backlog.take(2)).toEqual([mark("a", 2)]);
  });

  it("is told apart while it waits without a plan, and has its turn among the other edits", () => {
    const backlog = new Backlog();
    backlog.add(mark("made"), "CREATE");
    for (const id of ["a", "b", "c"]) backlog.addUnplanned(mark(id));
    expect([backlog.knows(mark("a")), backlog.isUnplanned(mark("a")), backlog.isUnplanned(mark("a", 2)), backlog.isUnplanned(mark("made"))]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(backlog.take(1)).toEqual([mark("a")]);
    expect([backlog.knows(mark("a")), backlog.isUnplanned(mark("a"))]).toEqual([true, false]);
    backlog.add(mark("b"), "UPDATE");
    expect([backlog.isUnplanned(mark("b")), backlog.isUnplanned(mark("c"))]).toEqual([false, true]);
  });
});

describe("work in lanes", () => {
  it("goes on with the next piece as soon as a lane is free, never more at once than there are lanes", async () => {
    const times = [30, 1, 1, 1, 1];
    const order: number[] = [];
    let running = 0;
    await inLanes(2, () => {
      const ms = times.shift();
      if (ms === undefined) return null;
      return async () => {
        expect(++running).toBeLessThanOrEqual(2);
        await sleep(ms);
        order.push(ms);
        running--;
      };
    });
    expect(order).toEqual([1, 1, 1, 1, 30]);
  });

  it("begins nothing more once a piece has failed, ends what was begun, and throws what failed first", async () => {
    const done: string[] = [];
    const pieces = [
      async () => {
        throw new Error("first");
      },
      async () => {
        await sleep(10);
        done.push("begun before");
      },
      async () => void done.push("begun after"),
    ];
    await expect(inLanes(2, () => pieces.shift() ?? null)).rejects.toThrow("first");
    expect(done).toEqual(["begun before"]);
  });
});
