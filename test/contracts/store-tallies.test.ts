import { expect, it } from "vitest";
import { noCounts } from "../../src/domain/run.js";
import type { TallyNote } from "../../src/store/store.js";
import { onEveryStore } from "./store-subject.js";

const keptMs = 60_000;
const done = (entityId: string, revision: number, alike: string, counted: "created" | "updated" = "updated"): TallyNote => ({
  entityId,
  revision,
  kind: "done",
  counted,
  alike,
  item: { entityId, alike },
});
const stands = (entityId: string, revision: number, counted: "review" | "failed" | null): TallyNote => ({
  entityId,
  revision,
  kind: "stands",
  counted,
  item: { entityId, counted },
});
const rests = (entityId: string, revision = 1): TallyNote => ({ entityId, revision, kind: "rests", counted: "unchanged" });

onEveryStore("the tally of a run", (subject) => {
  const note = (...notes: readonly TallyNote[]) => subject.store.tallies.note("run", notes, keptMs);
  const items = async () => (await subject.other.documents.slice<{ entityId: string }>("plan", "run", 0, 100)).items;

  it("takes notes while it is open, and no others", async () => {
    expect(await note(rests("a"))).toBeNull();
    await subject.store.tallies.open("run");
    await subject.other.tallies.open("run");
    await subject.other.tallies.open("another");
    expect((await subject.store.tallies.opened()).toSorted()).toEqual(["another", "run"]);
    expect(await note()).toEqual(noCounts);
    expect(await note(rests("a"))).toEqual({ ...noCounts, unchanged: 1 });
    expect(await subject.other.tallies.close("run", keptMs)).toEqual({ ...noCounts, unchanged: 1 });
    expect(await subject.other.tallies.close("run", keptMs)).toBeNull();
    expect(await note(rests("b"))).toBeNull();
    expect(await subject.store.tallies.opened()).toEqual(["another"]);
    await subject.store.tallies.open("run");
    expect(await note()).toEqual(noCounts);
  });

  it("makes one of what several processes note", async () => {
    await subject.store.tallies.open("run");
    await Promise.all([note(done("a", 1, "x"), rests("b")), subject.other.tallies.note("run", [done("c", 1, "x", "created"), rests("d")], keptMs)]);
    expect(await note()).toEqual({ ...noCounts, updated: 1, created: 1, unchanged: 2 });
    expect((await items()).map(({ entityId }) => entityId).toSorted()).toEqual(["a", "c"]);
  });

  it("counts and lists the same thing done once, though it is noted again by whoever took over", async () => {
    await subject.store.tallies.open("run");
    await note(done("a", 1, "x"));
    expect(await subject.other.tallies.note("run", [done("a", 2, "x"), done("b", 1, "x")], keptMs)).toEqual({ ...noCounts, updated: 2 });
    expect(await note(done("a", 3, "y"))).toEqual({ ...noCounts, updated: 3 });
    expect(await items()).toEqual([
      { entityId: "a", alike: "x" },
      { entityId: "b", alike: "x" },
      { entityId: "a", alike: "y" },
    ]);
  });

  it("counts back what came to nothing, once, and counts it anew when it is done after all", async () => {
    await subject.store.tallies.open("run");
    const undone: TallyNote = { entityId: "a", revision: 2, kind: "undone", counted: "created" };
    expect(await note(done("a", 1, "x", "created"), undone, undone)).toEqual(noCounts);
    expect(await note(done("a", 3, "x", "created"))).toEqual({ ...noCounts, created: 1 });
  });

  it("counts an entity once by how it stands, the newest word being the true one in whatever order it comes", async () => {
    await subject.store.tallies.open("run");
    expect(await note(stands("a", 1, "review"), stands("a", 1, "review"), stands("b", 1, "failed"), stands("c", 1, null))).toEqual({
      ...noCounts,
      review: 1,
      failed: 1,
    });
    expect(await subject.other.tallies.note("run", [done("a", 5, "x")], keptMs)).toEqual({ ...noCounts, updated: 1, failed: 1 });
    expect(await note(stands("a", 4, "review"))).toEqual({ ...noCounts, updated: 1, failed: 1 });
    expect(await note(rests("b", 2))).toEqual({ ...noCounts, updated: 1, unchanged: 1 });
    expect(await note(stands("b", 3, "failed"))).toEqual({ ...noCounts, updated: 1, failed: 1 });
  });

  it("does not call what it did something to unchanged", async () => {
    await subject.store.tallies.open("run");
    expect(await note(rests("a"), done("a", 1, "x"), rests("a", 2))).toEqual({ ...noCounts, updated: 1 });
  });

  it("puts how entities stand behind the items when it is closed", async () => {
    await subject.store.tallies.open("run");
    await note(stands("a", 1, "review"), stands("b", 1, null), stands("c", 1, "failed"), done("d", 1, "x"), rests("c", 2));
    expect(await items()).toEqual([{ entityId: "d", alike: "x" }]);
    await subject.store.tallies.close("run", keptMs);
    expect((await items()).map(({ entityId }) => entityId).toSorted()).toEqual(["a", "b", "d"]);
  });

  it("takes more notes at once than a script may hold", async () => {
    await subject.store.tallies.open("run");
    expect(await note(...Array.from({ length: 1_234 }, (_, n) => rests(`e${n}`)))).toEqual({ ...noCounts, unchanged: 1_234 });
  });
});
