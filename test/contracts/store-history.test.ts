import { expect, it } from "vitest";
import { InvalidInputError } from "../../src/domain/errors.js";
import { limits } from "../../src/domain/limits.js";
import { isoTime } from "../../src/domain/words.js";
import type { EntityWrite } from "../../src/store/store.js";
import { entity, event, write } from "./store-samples.js";
import { onEveryStore } from "./store-subject.js";

onEveryStore("an entity's history", (subject) => {
  let revision = 0;
  const add = async (id: string, ...history: EntityWrite["history"]) => {
    const known = (await subject.store.entities.get([id]))[0];
    revision = known?.id === id ? known.revision : 0;
    return subject.store.entities.commit({ put: [write(entity(id, { revision }), {}, history)] });
  };
  const at = (minutesAgo: number) => isoTime(subject.now() - minutesAgo * 60_000);
  const page = (id: string, first: number, after: string | null = null) => subject.other.entities.history(id, first, after);

  it("numbers events and gives the newest first, page by page", async () => {
    const created = event(at(3), { kind: "CREATED", fields: [{ field: "name", before: null, after: "Söhne", lost: null, lostFrom: null, decidedBy: null }] });
    await add("a", created);
    await add("a", event(at(2), { kind: "LINKED" }), event(at(1)));
    const first = await page("a", 2);
    expect(first.events.map((one) => one.id)).toEqual(["a.3", "a.2"]);
    expect([first.hasNextPage, first.total]).toEqual([true, 3]);
    const second = await page("a", 2, "a.2");
    expect(second).toEqual({ events: [{ id: "a.1", ...created }], hasNextPage: false, total: 3 });
    expect(await page("a", 5, "a.1")).toEqual({ events: [], hasNextPage: false, total: 3 });
  });

  it("finds one event by its id", async () => {
    await add("a", event(at(1), { kind: "SEEN" }));
    expect(await subject.store.entities.historyEvent("a.1")).toMatchObject({ id: "a.1", kind: "SEEN" });
    for (const id of ["a.2", "b.1", "a", "a.", "a.x", ""]) expect(await subject.store.entities.historyEvent(id)).toBeNull();
  });

  it("is empty for an entity that nothing happened to, and for none", async () => {
    await add("a");
    expect(await page("a", 5)).toEqual({ events: [], hasNextPage: false, total: 0 });
    expect(await page("unknown", 5)).toEqual({ events: [], hasNextPage: false, total: 0 });
  });

  it("keeps the last events up to their limit, with their numbers", async () => {
    const extra = 5;
    await add("a", ...Array.from({ length: limits.history.maxEvents }, () => event(at(2))));
    await add("a", ...Array.from({ length: extra }, () => event(at(1))));
    const { events, total } = await page("a", 1000);
    expect([total, events.length]).toEqual([limits.history.maxEvents, limits.history.maxEvents]);
    expect([events[0]?.id, events.at(-1)?.id]).toEqual([`a.${limits.history.maxEvents + extra}`, `a.${extra + 1}`]);
    expect(await subject.store.entities.historyEvent("a.1")).toBeNull();
    expect((await page("a", 10, `a.${extra + 2}`)).events.map((one) => one.id)).toEqual([`a.${extra + 1}`]);
  });

  it("drops events that are too old when a new one comes", async () => {
    const days = (n: number) => n * 24 * 60;
    await add("a", event(at(days(399))), event(at(days(10))));
    await add("b", event(at(days(401))), event(at(days(10))));
    expect((await page("a", 5)).events.map((one) => one.id)).toEqual(["a.2", "a.1"]);
    expect((await page("b", 5)).events.map((one) => one.id)).toEqual(["b.2"]);
  });

  it("of a former id is that of the survivor, and its own events are still found by their ids", async () => {
    await add("old", event(at(3), { kind: "SEEN" }));
    await add("a", event(at(2)));
    await subject.store.entities.commit({ put: [], remove: [{ id: "old", revision: 1, into: "a" }] });
    expect((await page("old", 5)).events.map((one) => one.id)).toEqual(["a.1"]);
    expect(await subject.store.entities.historyEvent("old.1")).toMatchObject({ kind: "SEEN" });

    // Given back, the id goes on counting where it was.
    await subject.store.entities.commit({ put: [write(entity("old"), {}, [event(at(1))])], reclaim: ["old"] });
    expect((await page("old", 5)).events.map((one) => one.id)).toEqual(["old.2", "old.1"]);
  });

  it.each(["a", "b.1", "a.0", "nonsense", ""])("refuses to go on after %j", async (after) => {
    await add("a", event(at(1)));
    await expect(page("a", 5, after)).rejects.toThrow(InvalidInputError);
  });
});
