import { expect, it, vi } from "vitest";
import type { Entity, HistoryEvent, Intent } from "../../src/domain/entity.js";
import { MemoryStore } from "../../src/store/memory.js";
import type { Commit, EntityEvent } from "../../src/store/store.js";
import { announced } from "../../src/sync/announce.js";
import { entity, event, write } from "../contracts/store-samples.js";

const now = Date.parse("2026-03-01T12:00:00.000Z");
const crm = (id: string, more: Partial<Entity> = {}): Entity => entity(id, { records: { CUSTOMCRM: `crm-${id}`, EXACT: null }, fields: { name: id }, ...more });

/** A store that tells, and what it has told so far. */
function given() {
  const kept = new MemoryStore();
  const told: EntityEvent[] = [];
  const faults: unknown[] = [];
  kept.events.subscribe((message) => {
    if (message.topic === "entity") told.push(message.event);
  });
  const store = announced(
    kept,
    () => now,
    (error) => faults.push(error),
  );
  const commit = async (commit: Commit): Promise<readonly string[]> => {
    const from = told.length;
    await store.entities.commit(commit);
    await Promise.resolve();
    return told.slice(from).map(({ kind, entityId, source, fields }) => `${kind} ${entityId} by ${source}: ${fields.join(",")}`);
  };
  return { kept, store, told, faults, commit };
}

const by = (source: HistoryEvent["source"]) => [event("2026-03-01T12:00:00.000Z", { source })];

it("tells of what is new, with the fields that have a value and who brought it", async () => {
  const { commit, told } = given();
  expect(await commit({ put: [write(crm("a", { fields: { name: "A", city: null } }), {}, by("CUSTOMCRM"))] })).toEqual(["CREATED a by CUSTOMCRM: name"]);
  expect(told[0]).toEqual({
    kind: "CREATED",
    entityId: "a",
    type: "ACCOUNT",
    state: "UNLINKED",
    source: "CUSTOMCRM",
    fields: ["name"],
    at: "2026-03-01T12:00:00.000Z",
  });
});

it("tells of changed fields, of another state, and of nothing else", async () => {
  const { commit } = given();
  await commit({ put: [write(crm("a"))] });
  expect(await commit({ put: [write(crm("a", { revision: 1, fields: { name: "B" }, state: "PENDING" }), {}, by("EXACT"))] })).toEqual([
    "UPDATED a by EXACT: name",
  ]);
  expect(await commit({ put: [write(crm("a", { revision: 2, fields: { name: "B" }, state: "LINKED" }))] })).toEqual(["STATE_CHANGED a by GATEWAY: "]);
  expect(await commit({ put: [write(crm("a", { revision: 3, fields: { name: "B" }, state: "LINKED", version: 9 }))] })).toEqual([]);
});

it("reads nothing before a commit whose writer says what stood there", async () => {
  const { commit, kept, store } = given();
  await commit({ put: [write(crm("a"))] });
  const [before] = await kept.entities.get(["a"]);
  const reading = vi.spyOn(kept.entities, "get");
  const changed = write(crm("a", { revision: 1, fields: { name: "B" } }), {}, by("EXACT"));
  expect(await commit({ put: [{ ...changed, before: before as Entity }] })).toEqual(["UPDATED a by EXACT: name"]);
  expect(reading).not.toHaveBeenCalled();
  expect((await store.entities.get(["a"]))[0]?.fields.name).toBe("B");
});

it("tells nothing of what was not committed", async () => {
  const { commit } = given();
  await commit({ put: [write(crm("a"))] });
  expect(await commit({ put: [write(crm("a", { revision: 7, fields: { name: "B" } }))] })).toEqual([]);
});

it("tells of a join first that one is gone, then what became of the other", async () => {
  const { commit } = given();
  const exact = entity("b", { records: { CUSTOMCRM: null, EXACT: "exact-b" }, fields: { name: "b" } });
  await commit({ put: [write(crm("a")), write(exact)] });
  const joined = crm("a", { revision: 1, records: { CUSTOMCRM: "crm-a", EXACT: "exact-b" }, state: "PENDING" });
  expect(await commit({ put: [write(joined)], remove: [{ id: "b", revision: 1, into: "a" }] })).toEqual([
    "DELETED b by GATEWAY: ",
    "STATE_CHANGED a by GATEWAY: ",
  ]);
});

const deleting = { operation: "DELETE" } as Intent;

it.each([
  ["the system that had it last", crm("a"), "CUSTOMCRM"],
  ["the gateway, where deleting it was ours", crm("a", { intents: [deleting] }), "GATEWAY"],
  ["the gateway, where both systems had it", crm("a", { records: { CUSTOMCRM: "1", EXACT: "2" } }), "GATEWAY"],
])("says that an entity came to its end by %s", async (_who, gone, source) => {
  const { commit } = given();
  await commit({ put: [write(gone)] });
  expect(await commit({ put: [], remove: [{ id: "a", revision: 1, into: null }] })).toEqual([`DELETED a by ${source}: `]);
});

it("tells of an entity that is erased, and only if there was one", async () => {
  const { store, told, commit } = given();
  await commit({ put: [write(crm("a"))] });
  expect([await store.entities.forget("a"), await store.entities.forget("a")]).toEqual([true, false]);
  await Promise.resolve();
  expect(told.slice(1).map(({ kind }) => kind)).toEqual(["DELETED"]);
});

it("commits all the same when it can't be told", async () => {
  const { kept, store, faults } = given();
  kept.events.publish = async () => Promise.reject(new Error("Redis does not answer."));
  expect(await store.entities.commit({ put: [write(crm("a"))] })).toMatchObject({ ok: true });
  await expect.poll(() => faults).toHaveLength(1);
  expect((await store.entities.get(["a"]))[0]?.id).toBe("a");
});
