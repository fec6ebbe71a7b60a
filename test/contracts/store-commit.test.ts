import { expect, it } from "vitest";
import type { Entity } from "../../src/domain/entity.js";
import { InvalidInputError } from "../../src/domain/errors.js";
import type { RecordRef } from "../../src/domain/record.js";
import type { Commit } from "../../src/store/store.js";
import { entity, event, named, write } from "./store-samples.js";
import { onEveryStore } from "./store-subject.js";

const customer = (id: string): RecordRef => ({ system: "CUSTOMCRM", type: "Customer", id });
const accountsRow = (id: string): RecordRef => ({ system: "EXACT", type: "Accounts", id });
const contactsRow = (id: string): RecordRef => ({ system: "EXACT", type: "Contacts", id });

onEveryStore("a commit", (subject) => {
  const commit = (...put: readonly Entity[]) => subject.store.entities.commit({ put: put.map((one) => write(one)) });
  const get = async (id: string) => (await subject.other.entities.get([id]))[0] ?? null;
  const idOf = async (ref: RecordRef) => (await subject.other.entities.idsOfRecords([ref]))[0];

  it("stores an entity as it was given, with the next revision", async () => {
    const given = entity("a", {
      fields: { name: 'Müller \u0000 "Söhne" 漢字 😀', phone: null },
      shadows: { CUSTOMCRM: {}, EXACT: { name: "x" } },
      cutFrom: [],
      nextActionAt: "2026-01-02T00:00:00.000Z",
    });
    expect(await commit(given)).toEqual({ ok: true, revisions: new Map([["a", 1]]) });
    expect(await get("a")).toEqual({ ...given, revision: 1 });
  });

  it("gives entities in the order asked, null for an unknown id, equal ids twice", async () => {
    await commit(entity("a"), entity("b"));
    const found = await subject.store.entities.get(["b", "x", "a", "b"]);
    expect(found.map((one) => one?.id ?? null)).toEqual(["b", null, "a", "b"]);
    expect(await subject.store.entities.get([])).toEqual([]);
  });

  it("is refused as STALE when somebody wrote the entity since it was read, and changes nothing", async () => {
    await commit(entity("a", { fields: { name: "first" } }));
    await commit(entity("a", { revision: 1, fields: { name: "second" } }));
    const late = await subject.other.entities.commit({
      put: [write(entity("b")), write(entity("a", { revision: 1, fields: { name: "late" } }))],
      markDirty: ["b"],
    });
    expect(late).toEqual({ ok: false, reason: "STALE", id: "a" });
    expect((await get("a"))?.fields).toEqual({ name: "second" });
    expect(await get("b")).toBeNull();
    expect(await subject.store.feeds.countDirty()).toBe(0);
  });

  it.each([
    ["a new entity under an id that exists", { put: [write(entity("a"))] }],
    ["a write of an entity that is gone", { put: [write(entity("gone", { revision: 3 }))] }],
    ["a removal of an entity that is gone", { put: [], remove: [{ id: "gone", revision: 1, into: null }] }],
    ["a removal at an old revision", { put: [], remove: [{ id: "a", revision: 7, into: null }] }],
  ] satisfies [string, Commit][])("refuses %s", async (_, refused) => {
    await commit(entity("a"));
    expect(await subject.store.entities.commit(refused)).toMatchObject({ ok: false, reason: "STALE" });
  });

  it("refuses an entity that takes part twice", async () => {
    const twice = { put: [write(entity("a")), write(entity("a"))] };
    await expect(subject.store.entities.commit(twice)).rejects.toThrow(InvalidInputError);
  });

  it("finds the entity of a record, whichever system it is of", async () => {
    await commit(entity("a", { records: { CUSTOMCRM: "7", EXACT: "guid" } }));
    expect(await subject.store.entities.idsOfRecords([customer("7"), accountsRow("guid"), customer("8")])).toEqual(["a", "a", null]);
    const found = await subject.store.entities.ofRecords("ACCOUNT", "EXACT", ["none", "guid"]);
    expect(found.map((one) => one?.id ?? null)).toEqual([null, "a"]);
    expect(await subject.store.entities.ofRecords("ACCOUNT", "EXACT", [])).toEqual([]);
  });

  it("refuses a record that belongs to another entity (I1), and says which", async () => {
    await commit(entity("a", { records: { CUSTOMCRM: "7", EXACT: null } }));
    const refused = await commit(entity("b", { records: { CUSTOMCRM: "7", EXACT: "free" } }));
    expect(refused).toEqual({ ok: false, reason: "TAKEN", ref: customer("7"), by: "a" });
    expect(await idOf(accountsRow("free"))).toBeNull();
    expect(await get("b")).toBeNull();
  });

  it("refuses two entities of one commit that claim the same record", async () => {
    const records = { CUSTOMCRM: "7", EXACT: null };
    expect(await commit(entity("a", { records }), entity("b", { records }))).toEqual({ ok: false, reason: "TAKEN", ref: customer("7"), by: "a" });
  });

  it("lets an Exact Contacts row belong to one entity over contacts and products", async () => {
    await commit(entity("c", { type: "CONTACT", records: { CUSTOMCRM: null, EXACT: "row" } }));
    const product = entity("p", { type: "PRODUCT", records: { CUSTOMCRM: "1", EXACT: "row" } });
    expect(await commit(product)).toEqual({ ok: false, reason: "TAKEN", ref: contactsRow("row"), by: "c" });

    const moved = await subject.store.entities.commit({ put: [write(product)], remove: [{ id: "c", revision: 1, into: "p" }] });
    expect(moved.ok).toBe(true);
    expect(await idOf(contactsRow("row"))).toBe("p");
    const asContacts = await subject.store.entities.ofRecords("CONTACT", "EXACT", ["row"]);
    const asProducts = await subject.store.entities.ofRecords("PRODUCT", "EXACT", ["row"]);
    expect([asContacts[0], asProducts[0]?.id]).toEqual([null, "p"]);
  });

  it("keeps records of equal id apart by their type", async () => {
    const records = { CUSTOMCRM: "7", EXACT: null };
    await commit(entity("a", { records }), entity("c", { type: "CONTACT", records }), entity("p", { type: "PRODUCT", records }));
    const refs: RecordRef[] = [customer("7"), { system: "CUSTOMCRM", type: "Contact", id: "7" }, { system: "CUSTOMCRM", type: "Product", id: "7" }];
    expect(await subject.store.entities.idsOfRecords(refs)).toEqual(["a", "c", "p"]);
  });

  it("lets two entities of one commit swap their records", async () => {
    await commit(entity("a", { records: { CUSTOMCRM: "1", EXACT: "x" } }), entity("b", { records: { CUSTOMCRM: "2", EXACT: "y" } }));
    const swapped = await commit(
      entity("a", { revision: 1, records: { CUSTOMCRM: "1", EXACT: "y" } }),
      entity("b", { revision: 1, records: { CUSTOMCRM: "2", EXACT: "x" } }),
    );
    expect(swapped.ok).toBe(true);
    expect(await subject.store.entities.idsOfRecords([accountsRow("x"), accountsRow("y")])).toEqual(["b", "a"]);
  });

  it("gives a record free when its entity lets go of it", async () => {
    await commit(entity("a", { records: { CUSTOMCRM: "1", EXACT: "x" } }));
    await commit(entity("a", { revision: 1, records: { CUSTOMCRM: "1", EXACT: null } }));
    expect(await idOf(accountsRow("x"))).toBeNull();
    expect((await commit(entity("b", { records: { CUSTOMCRM: null, EXACT: "x" } }))).ok).toBe(true);
  });

  it("lets a removed entity's id resolve to the survivor, with one hop for all former ids whatever the order", async () => {
    await commit(entity("a"), entity("b"), entity("c"), entity("d"));
    await subject.store.entities.commit({ put: [], remove: [{ id: "a", revision: 1, into: "b" }] });
    await subject.store.entities.commit({
      put: [],
      remove: [
        { id: "c", revision: 1, into: "d" },
        { id: "b", revision: 1, into: "c" },
      ],
    });
    const found = await subject.other.entities.get(["a", "b", "c", "d"]);
    expect(found.map((one) => one?.id)).toEqual(["d", "d", "d", "d"]);
  });

  it("lets the id of an entity removed for good resolve to nothing, and with it its former ids", async () => {
    await commit(entity("a"), entity("b"));
    await subject.store.entities.commit({ put: [], remove: [{ id: "a", revision: 1, into: "b" }] });
    await subject.store.entities.commit({ put: [], remove: [{ id: "b", revision: 1, into: null }] });
    expect(await subject.store.entities.get(["a", "b"])).toEqual([null, null]);
  });

  it("ends a circle of removals without an answer rather than without an end", async () => {
    await commit(entity("a"), entity("b"));
    const circle = [
      { id: "a", revision: 1, into: "b" },
      { id: "b", revision: 1, into: "a" },
    ];
    expect((await subject.store.entities.commit({ put: [], remove: circle })).ok).toBe(true);
    expect(await subject.store.entities.get(["a", "b"])).toEqual([null, null]);
  });

  it("links two entities and cuts them again: the id given back is an entity of its own", async () => {
    await commit(entity("crm", { records: { CUSTOMCRM: "1", EXACT: null } }), entity("exact", { records: { CUSTOMCRM: null, EXACT: "x" } }));
    const linked = entity("crm", { revision: 1, records: { CUSTOMCRM: "1", EXACT: "x" }, formerExactEntityId: "exact" });
    await subject.store.entities.commit({ put: [write(linked)], remove: [{ id: "exact", revision: 1, into: "crm" }] });
    expect((await get("exact"))?.id).toBe("crm");
    expect(await idOf(accountsRow("x"))).toBe("crm");

    const back = entity("exact", { records: { CUSTOMCRM: null, EXACT: "x" } });
    const rest = entity("crm", { revision: 2, records: { CUSTOMCRM: "1", EXACT: null } });
    expect(await commit(rest, back)).toEqual({ ok: false, reason: "STALE", id: "exact" });
    expect((await subject.store.entities.commit({ put: [write(rest), write(back)], reclaim: ["exact"] })).ok).toBe(true);
    expect((await get("exact"))?.id).toBe("exact");
    expect(await subject.store.entities.idsOfRecords([customer("1"), accountsRow("x")])).toEqual(["crm", "exact"]);

    // What still resolved to the survivor does not follow the id that was given back.
    await subject.store.entities.commit({ put: [], remove: [{ id: "crm", revision: 3, into: null }] });
    expect((await get("exact"))?.id).toBe("exact");
  });

  it("clears and sets dirty marks in the same step", async () => {
    const { feeds, entities } = subject.store;
    await feeds.markDirty(["a", "b"]);
    const [a, b] = await feeds.dirty(10);
    if (!a || !b) throw new Error("Two marks were set.");
    await feeds.markDirty(["b"]);
    await entities.commit({ put: [write(entity("a"))], clearDirty: [a, b], markDirty: ["c"] });
    const marks = await feeds.dirty(10);
    expect(marks.map((mark) => mark.entityId)).toEqual(["b", "c"]);
    expect(marks[0]?.generation).toBeGreaterThan(b.generation);
  });

  it("knows which entities are due, oldest first", async () => {
    const at = (minute: number) => `2026-05-01T10:0${minute}:00.000Z`;
    await commit(
      entity("later", { nextActionAt: at(5) }),
      entity("second", { nextActionAt: at(2) }),
      entity("first", { nextActionAt: at(1) }),
      entity("never"),
    );
    const due = (minute: number, limit = 10) => subject.store.entities.due(Date.parse(at(minute)), limit);
    expect(await due(2)).toEqual(["first", "second"]);
    expect(await due(2, 1)).toEqual(["first"]);
    expect(await due(0)).toEqual([]);
    expect(await subject.store.entities.countDue()).toBe(3);

    await commit(entity("first", { revision: 1 }), entity("second", { revision: 1, nextActionAt: at(7) }));
    expect(await due(9)).toEqual(["later", "second"]);
    expect(await subject.store.entities.countDue()).toBe(2);
  });

  it("finds entities by a match key until they no longer carry it", async () => {
    const keys = (id: string, matchKeys: string[], revision = 0, type: Entity["type"] = "ACCOUNT") => write(entity(id, { revision, type }), { matchKeys });
    await subject.store.entities.commit({ put: [keys("a", ["vat:1", "vat:1"]), keys("b", ["vat:1", "vat:2"]), keys("c", ["vat:1"], 0, "CONTACT")] });
    const found = async (key: string, limit = 10) => (await subject.store.entities.byMatchKey("ACCOUNT", key, limit)).map((one) => one.id);
    expect(await found("vat:1")).toEqual(["a", "b"]);
    expect(await found("vat:1", 1)).toEqual(["a"]);
    await subject.store.entities.commit({ put: [keys("b", ["vat:2"], 1)], remove: [{ id: "a", revision: 1, into: null }] });
    expect(await found("vat:1")).toEqual([]);
    expect(await found("vat:2")).toEqual(["b"]);
  });

  it("scans every entity of a type, over more than one batch", async () => {
    const ids = Array.from({ length: 450 }, (_, i) => `e${String(i).padStart(3, "0")}`);
    await subject.store.entities.commit({ put: [...ids.map((id) => write(entity(id))), write(entity("p", { type: "PRODUCT" }))] });
    const seen: string[] = [];
    for await (const batch of subject.store.entities.scan("ACCOUNT")) seen.push(...batch.map((one) => one.id));
    expect(seen.sort()).toEqual(ids);
  });

  it("forgets an entity with all that is kept of it", async () => {
    const { entities, snapshots, feeds } = subject.store;
    const records = { CUSTOMCRM: "1", EXACT: "x" };
    await entities.commit({ put: [write(entity("old"), {}, [event("2026-10-01T00:00:00.000Z")])] });
    const kept = { ...named("a", "acme", { records, nextActionAt: "2026-01-01T00:00:00.000Z" }, { matchKeys: ["k"], terms: { email: "e" } }) };
    await entities.commit({
      put: [{ ...kept, history: [event("2026-10-01T00:00:00.000Z")] }],
      remove: [{ id: "old", revision: 1, into: "a" }],
      markDirty: ["a"],
    });
    await snapshots.put(
      [{ ...customer("1"), modifiedAt: null, createdAt: null, etag: null, properties: {} }],
      "2026-10-01T00:00:00.000Z",
      await snapshots.ticket(),
    );

    expect(await entities.forget("old")).toBe(true);
    expect(await entities.get(["a", "old"])).toEqual([null, null]);
    expect(await entities.idsOfRecords([customer("1"), accountsRow("x")])).toEqual([null, null]);
    expect(await snapshots.get([customer("1")])).toEqual([null]);
    expect(await entities.count({ type: "ACCOUNT", terms: { email: "e" }, order: "NAME_ASC" })).toBe(0);
    expect(await entities.byMatchKey("ACCOUNT", "k", 5)).toEqual([]);
    expect((await entities.history("a", 5, null)).events).toEqual([]);
    expect([await entities.historyEvent("a.1"), await entities.historyEvent("old.1")]).toEqual([null, null]);
    expect([await entities.countDue(), await feeds.countDirty()]).toEqual([0, 0]);
    expect((await entities.counts("ACCOUNT")).UNLINKED).toBe(0);
    expect(await entities.forget("a")).toBe(false);
  });

  it("lets exactly one of many writers of the same revision through", async () => {
    await commit(entity("a"));
    const writers = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? subject.store : subject.other));
    const outcomes = await Promise.all(
      writers.map((store, i) => store.entities.commit({ put: [write(entity("a", { revision: 1, fields: { name: String(i) } }))] })),
    );
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    expect((await get("a"))?.fields).toEqual({ name: String(outcomes.findIndex((outcome) => outcome.ok)) });
  });
});
