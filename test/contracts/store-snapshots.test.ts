import { expect, it } from "vitest";
import type { RecordRef } from "../../src/domain/record.js";
import { record } from "./store-samples.js";
import { onEveryStore } from "./store-subject.js";

const at = (hour: number) => `2026-06-01T0${hour}:00:00.000Z`;
const ref = (id: string): RecordRef => ({ system: "CUSTOMCRM", type: "Customer", id });

onEveryStore("snapshots", (subject) => {
  const put = (id: string, hour: number, ticket: number, properties = { Name: `${id} at ${hour}` }) =>
    subject.store.snapshots.put([record(id, { properties })], at(hour), ticket);
  const get = async (id: string) => (await subject.other.snapshots.get([ref(id)]))[0] ?? null;

  it("give back records as they were read, in the order asked", async () => {
    const one = record("1", {
      modifiedAt: at(1),
      etag: '"7"',
      properties: { Name: "Møller\n {} []", Count: 0, Price: 1.5, Active: false, Fax: null, Text: "" },
    });
    const ticket = await subject.store.snapshots.ticket();
    expect(await subject.store.snapshots.put([one, record("2", { properties: {} })], at(2), ticket)).toEqual([true, true]);
    const found = await subject.other.snapshots.get([ref("2"), ref("x"), ref("1")]);
    expect(found[2]).toEqual({ record: one, asOf: at(2), deletedAt: null, ticket });
    expect(found[1]).toBeNull();
    expect(found[0]?.record.properties).toEqual({});
    expect(await subject.store.snapshots.get([])).toEqual([]);
    expect(await subject.store.snapshots.put([], at(2), ticket)).toEqual([]);
  });

  it("mark the entities of what is stored in the same step, also where a later reading is there already, and none for nothing", async () => {
    const dirty = async () => (await subject.other.feeds.dirty(10)).map(({ entityId }) => entityId);
    await subject.store.snapshots.put([record("1"), record("2")], at(1), 10, ["acc_1", "acc_2"]);
    expect(await dirty()).toEqual(["acc_1", "acc_2"]);
    await subject.store.feeds.clearDirty(await subject.store.feeds.dirty(10));
    expect(await subject.store.snapshots.put([record("1")], at(1), 5, ["acc_1"])).toEqual([false]);
    await subject.store.snapshots.putDeleted([ref("2")], at(2), 20, ["acc_2"]);
    await subject.store.snapshots.put([], at(2), 30, ["acc_3"]);
    await subject.store.snapshots.putDeleted([], at(2), 40, ["acc_3"]);
    expect(await dirty()).toEqual(["acc_1", "acc_2"]);
    expect(await get("1")).toMatchObject({ ticket: 10 });
  });

  it("keep records of equal id apart by system and type", async () => {
    const contact: RecordRef = { system: "CUSTOMCRM", type: "Contact", id: "1" };
    await subject.store.snapshots.put([record("1"), record("1", { type: "Contact", properties: { LastName: "x" } })], at(1), 1);
    const found = await subject.store.snapshots.get([ref("1"), contact]);
    expect(found.map((one) => one?.record.properties)).toEqual([{ Name: "1" }, { LastName: "x" }]);
  });

  it("draw tickets that only grow, over all processes", async () => {
    const drawn: number[] = [];
    for (let i = 0; i < 10; i++) drawn.push(await (i % 2 === 0 ? subject.store : subject.other).snapshots.ticket());
    const together = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? subject.store : subject.other).snapshots.ticket()));
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
    expect(new Set([...drawn, ...together]).size).toBe(30);
    expect(Math.min(...together)).toBeGreaterThan(Math.max(...drawn));
    expect([...drawn, ...together].every(Number.isSafeInteger)).toBe(true);
  });

  it("never let a slow reader put an older one back", async () => {
    expect(await put("1", 2, 20)).toEqual([true]);
    expect(await put("1", 1, 10)).toEqual([false]);
    expect(await put("1", 3, 20)).toEqual([false]);
    expect((await get("1"))?.record.properties).toEqual({ Name: "1 at 2" });
    expect(await put("1", 3, 30)).toEqual([true]);
    expect(await get("1")).toMatchObject({ asOf: at(3), ticket: 30, record: { properties: { Name: "1 at 3" } } });
  });

  it("refuse a read that began before our last write had ended, also of a record not yet known", async () => {
    const ticket = () => subject.store.snapshots.ticket();
    const early = await ticket();
    await subject.other.snapshots.noteWrite(ref("1"), at(1), null);
    expect(await put("1", 1, early)).toEqual([false]);
    expect(await get("1")).toBeNull();
    const late = await ticket();
    expect(await put("1", 2, late)).toEqual([true]);
    const between = await ticket();
    await subject.other.snapshots.noteWrite(ref("1"), at(3), null);
    expect(await put("1", 3, between)).toEqual([false]);
    expect(await put("1", 4, await ticket())).toEqual([true]);
  });

  it("store what our own write has shown with the note of it: an answer, or that the record is gone", async () => {
    const { snapshots } = subject.store;
    const early = await snapshots.ticket();
    await subject.other.snapshots.noteWrite(ref("1"), at(2), record("1", { properties: { Name: "written" } }));
    expect(await get("1")).toMatchObject({ asOf: at(2), deletedAt: null, record: { properties: { Name: "written" } } });
    expect(await put("1", 3, early)).toEqual([false]);
    const between = await snapshots.ticket();
    await subject.other.snapshots.noteWrite(ref("1"), at(4), "gone");
    expect(await get("1")).toMatchObject({ asOf: at(2), deletedAt: at(4), record: { properties: { Name: "written" } } });
    expect(await put("1", 5, between)).toEqual([false]);
    expect(await put("1", 6, await snapshots.ticket())).toEqual([true]);
    expect(await get("1")).toMatchObject({ deletedAt: null });
  });

  it("store of one batch what may be stored", async () => {
    await put("2", 1, 50);
    expect(await subject.store.snapshots.put([record("1"), record("2"), record("3"), record("1")], at(2), 40)).toEqual([true, false, true, false]);
  });

  it("remember a deletion beside what was last read, at its first time", async () => {
    await put("1", 1, 10);
    await subject.store.snapshots.putDeleted([ref("1")], at(3), 20);
    await subject.store.snapshots.putDeleted([ref("1")], at(4), 30);
    expect(await get("1")).toEqual({ record: record("1", { properties: { Name: "1 at 1" } }), asOf: at(1), deletedAt: at(3), ticket: 30 });
  });

  it("are not brought back to life by a read that began before the deletion was known, but by one after", async () => {
    await put("1", 1, 10);
    await subject.store.snapshots.putDeleted([ref("1"), ref("unread")], at(3), 20);
    expect([await put("1", 2, 15), await put("unread", 2, 15)]).toEqual([[false], [false]]);
    expect(await get("unread")).toMatchObject({ deletedAt: at(3), record: { id: "unread", properties: {} } });
    await put("1", 5, 25);
    expect(await get("1")).toMatchObject({ deletedAt: null, asOf: at(5) });
  });

  it("ignore a deletion learned before what is stored was read", async () => {
    await put("1", 4, 40);
    await subject.store.snapshots.putDeleted([ref("1")], at(3), 30);
    expect((await get("1"))?.deletedAt).toBeNull();
  });
});
