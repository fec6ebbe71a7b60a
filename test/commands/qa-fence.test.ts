import { expect, it } from "vitest";
import type { Connector } from "../../src/connectors/connector.js";
import type { SystemRecord } from "../../src/domain/record.js";
import { Fence } from "../../src/qa/fence.js";

const mark = "Tandem QA test";
const record = (id: string, Name: string): SystemRecord => ({
  system: "EXACT",
  type: "Accounts",
  id,
  modifiedAt: null,
  createdAt: null,
  etag: null,
  properties: { Name },
});
const records = [record("theirs", "Vos Metaal"), record("marked", `${mark} 1`), record("cleared", "no longer marked")];
const options = { class: "change" } as const;

/** A system with three records, behind a fence that has made the last; and the calls that reached it. */
function fenced(): { fence: Fence; inside: Connector; reached: string[] } {
  const reached: string[] = [];
  const system = {
    system: "EXACT",
    feeds: [],
    readFeed: async () => ({
      changes: [...records.map((one) => ({ kind: "upsert", record: one, position: "1" })), { kind: "delete", ref: records[0], at: null, position: "2" }],
      position: "2",
      more: false,
    }),
    list: async () => ({ records, next: null }),
    find: async () => records,
    getMany: async (_type: string, ids: readonly string[]) => new Map(ids.map((id) => [id, record(id, "read")])),
    create: async () => ({ id: "new", record: null }),
    update: async (_type: string, id: string) => {
      reached.push(`update ${id}`);
      return null;
    },
    remove: async (_type: string, id: string) => {
      reached.push(`remove ${id}`);
    },
  } as unknown as Connector;
  const fence = new Fence(mark);
  fence.note({ system: "EXACT", type: "Accounts", id: "cleared" });
  return { fence, inside: fence.around(system), reached };
}

it("shows the sync only what the checklist has made or marked, in feeds, lists, searches and by id", async () => {
  const { inside } = fenced();
  const page = await inside.readFeed("accounts", null, options);
  expect(page.changes.map((change) => (change.kind === "upsert" ? change.record.id : "deleted"))).toEqual(["marked", "cleared"]);
  expect((await inside.list("Accounts", null, options)).records.map(({ id }) => id)).toEqual(["marked", "cleared"]);
  expect((await inside.find("Accounts", [], null, options)).map(({ id }) => id)).toEqual(["marked", "cleared"]);
  expect([...(await inside.getMany("Accounts", ["theirs", "cleared"], options)).keys()]).toEqual(["cleared"]);
});

it("never writes to a record that it has not made", async () => {
  const { inside, reached } = fenced();
  await expect(inside.update("Accounts", "theirs", { Name: "x" }, null, options)).rejects.toThrow("has not made EXACT:Accounts:theirs");
  await expect(inside.remove("Accounts", "theirs", null, options)).rejects.toThrow("does not write to it");
  expect(reached).toEqual([]);
  await inside.update("Accounts", "cleared", { Name: "x" }, null, options);
  expect(reached).toEqual(["update cleared"]);
});

it("remembers what the sync creates, so that it can be removed", async () => {
  const { fence, inside, reached } = fenced();
  await inside.create("Accounts", { Name: "x" }, "key", options);
  await inside.remove("Accounts", "new", null, options);
  expect(reached).toEqual(["remove new"]);
  expect(fence.made().map(({ id }) => id)).toEqual(["cleared", "new"]);
  expect(fence.calls).toEqual({ all: 2, writes: 2 });
});
