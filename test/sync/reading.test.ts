import { beforeEach, describe, expect, it } from "vitest";
import type { Change, Connector, FeedPage, ListPage } from "../../src/connectors/connector.js";
import { UnavailableError } from "../../src/domain/errors.js";
import type { SystemRecord } from "../../src/domain/record.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { MemoryStore } from "../../src/store/memory.js";
import { compare } from "../../src/sync/compare.js";
import { pull } from "../../src/sync/pull.js";

const minute = 60_000;
let now = Date.parse("2026-03-02T09:00:00Z");
let store: MemoryStore;
let made = 0;
beforeEach(() => {
  now = Date.parse("2026-03-02T09:00:00Z");
  made = 0;
  store = new MemoryStore({ clock: () => now });
});

const parts = () => ({
  store,
  flows: defaultSettings.flows,
  settings: defaultSettings,
  clock: () => now,
  newId: (type: string) => `${type.slice(0, 3).toLowerCase()}_${++made}`,
  overlapMs: 10 * minute,
});
const poll = { class: "poll" } as const;
const customer = (id: string, Name: string): SystemRecord => ({
  system: "CUSTOMCRM",
  type: "Customer",
  id,
  modifiedAt: new Date(now).toISOString(),
  createdAt: null,
  etag: Name,
  properties: { Name },
});
const upsert = (record: SystemRecord, position: string): Change => ({ kind: "upsert", record, position });

/** A Customcrm whose feed and lists are scripted; everything else would be a mistake. */
function scripted(script: { feed?: (position: string | null) => FeedPage | Promise<FeedPage>; list?: (type: string) => ListPage }): Connector {
  const refuse = () => Promise.reject(new Error("not expected"));
  return {
    system: "CUSTOMCRM",
    feeds: [{ name: "changes", types: ["Customer", "Contact", "Product"] }],
    getMany: refuse,
    readFeed: async (_feed, position) => script.feed?.(position) ?? { changes: [], position: position ?? "0", more: false },
    feedEpoch: async () => "e1",
    list: async (type) => script.list?.(type) ?? { records: [], next: null },
    find: refuse,
    create: refuse,
    update: refuse,
    remove: refuse,
    probe: refuse,
    status: refuse,
  };
}

const dirtyIds = async () => (await store.feeds.dirty(100)).map((mark) => mark.entityId).sort();
async function clear(): Promise<void> {
  await store.feeds.clearDirty(await store.feeds.dirty(1000));
}

describe("reading a feed (R12)", () => {
  it("gives each new record one entity, marks it, and does nothing more when the page is read again", async () => {
    const page: FeedPage = { changes: [upsert(customer("c1", "Acme"), "1"), upsert(customer("c2", "Bolt"), "2")], position: "2", more: false };
    await pull(parts(), scripted({ feed: () => page }), "e1", poll);
    expect(await dirtyIds()).toEqual(["acc_1", "acc_2"]);
    await clear();
    await pull(parts(), scripted({ feed: () => page }), "e1", poll);
    expect(await dirtyIds()).toEqual([]);
    expect((await store.entities.ofRecords("ACCOUNT", "CUSTOMCRM", ["c1", "c2"])).map((one) => one?.id)).toEqual(["acc_1", "acc_2"]);
  });

  it("keeps the cursor where it was when a later page fails, and loses nothing of the first (I11)", async () => {
    const feed = (position: string | null): FeedPage => {
      if (position !== null) throw new UnavailableError("CUSTOMCRM", "down");
      return { changes: [upsert(customer("c1", "Acme"), "1")], position: "1", more: true };
    };
    await expect(pull(parts(), scripted({ feed }), "e1", poll)).rejects.toThrow("down");
    expect(await store.feeds.get("CUSTOMCRM", "changes")).toMatchObject({ position: null, polledAt: null });
    expect(await dirtyIds()).toEqual(["acc_1"]);
  });

  it("marks the entity of a changed record in the step that stores it, so that a crash after it leaves it marked (I7)", async () => {
    await pull(parts(), scripted({ feed: () => ({ changes: [upsert(customer("c1", "Acme"), "1")], position: "1", more: false }) }), "e1", poll);
    await clear();
    const crash = new Error("crash");
    const put = store.snapshots.put.bind(store.snapshots);
    store.snapshots.put = async (...args) => {
      await put(...args);
      throw crash;
    };
    const edited: FeedPage = { changes: [upsert(customer("c1", "Acme & Sons"), "2")], position: "2", more: false };
    await expect(pull(parts(), scripted({ feed: () => edited }), "e1", poll)).rejects.toBe(crash);
    expect(await dirtyIds()).toEqual(["acc_1"]);
  });

  it("a crash leaves an edit marked although another worker settled the old record right before it was stored (I7)", async () => {
    await pull(parts(), scripted({ feed: () => ({ changes: [upsert(customer("c1", "Acme"), "1")], position: "1", more: false }) }), "e1", poll);
    const crash = new Error("crash");
    const put = store.snapshots.put.bind(store.snapshots);
    store.snapshots.put = async (...args) => {
      await clear();
      await put(...args);
      throw crash;
    };
    const edited: FeedPage = { changes: [upsert(customer("c1", "Acme & Sons"), "2")], position: "2", more: false };
    await expect(pull(parts(), scripted({ feed: () => edited }), "e1", poll)).rejects.toBe(crash);
    store.snapshots.put = put;
    await pull(parts(), scripted({ feed: () => edited }), "e1", poll);
    expect(await dirtyIds()).toEqual(["acc_1"]);
  });

  it("reads again from ten minutes back, counted from the poll before, and so sees what came in late", async () => {
    const asked: (string | null)[] = [];
    const feed = (position: string | null): FeedPage => {
      asked.push(position);
      return { changes: [], position: String(asked.length * 10), more: false };
    };
    for (let i = 0; i < 4; i++) {
      await pull(parts(), scripted({ feed }), "e1", poll);
      now += 6 * minute;
    }
    expect(asked).toEqual([null, null, null, "10"]);
  });

  it("an empty answer moves no cursor, whatever it claims: what it has not shown is read at the next poll (I11)", async () => {
    const asked: (string | null)[] = [];
    const pages: FeedPage[] = [
      { changes: [], position: "9", more: false, isUnmoved: true },
      { changes: [upsert(customer("c1", "Acme"), "1")], position: "1", more: true },
      { changes: [], position: "1", more: false, isUnmoved: true },
    ];
    const feed = (position: string | null): FeedPage => {
      asked.push(position);
      return pages.shift() ?? { changes: [upsert(customer("c1", "Acme"), "1")], position: "1", more: false };
    };
    for (let i = 0; i < 4; i++) {
      await pull(parts(), scripted({ feed }), "e1", poll);
      now += 11 * minute;
    }
    // The second poll was shown c1, and so its end counts, though the page after it came empty.
    expect(asked).toEqual([null, null, "1", null, "1"]);
    expect(await dirtyIds()).toEqual(["acc_1"]);
  });

  it("a system in which nothing is costs one call a poll, and is known to have been read", async () => {
    let calls = 0;
    const feed = (): FeedPage => {
      calls++;
      return { changes: [], position: "9", more: false, isUnmoved: true };
    };
    for (let i = 0; i < 3; i++) {
      now += 11 * minute;
      await pull(parts(), scripted({ feed }), "e1", poll);
    }
    expect(calls).toBe(3);
    expect(await store.feeds.get("CUSTOMCRM", "changes")).toMatchObject({ position: null, polledAt: new Date(now).toISOString() });
  });

  it("begins anew under another epoch, and asks for a full compare", async () => {
    await pull(parts(), scripted({ feed: () => ({ changes: [], position: "5", more: false }) }), "e1", poll);
    now += 30 * minute;
    const asked: (string | null)[] = [];
    const feed = (position: string | null): FeedPage => {
      asked.push(position);
      return { changes: [], position: "1", more: false };
    };
    expect(await pull(parts(), scripted({ feed }), "e2", poll)).toMatchObject({ expired: true });
    expect(asked).toEqual([null]);
  });
});

describe("a row that can't be read (R14)", () => {
  const poisoned = { type: "Customer", id: "c0", message: "Customer c0: Email: expected text." } as const;
  const told: unknown[] = [];
  const telling = () => ({ ...parts(), onUnreadable: (_system: string, rows: readonly unknown[]) => void told.push(...rows) });

  it("is told, and holds up neither the others of its page nor the cursor", async () => {
    told.length = 0;
    const page: FeedPage = { changes: [upsert(customer("c1", "Acme"), "2")], position: "2", more: false, unreadable: [poisoned] };
    await pull(telling(), scripted({ feed: () => page }), "e1", poll);
    expect(await dirtyIds()).toEqual(["acc_1"]);
    expect((await store.feeds.get("CUSTOMCRM", "changes")).position).toBe("2");
    expect(told).toEqual([poisoned]);
  });

  it("shows that the feed was read: a poll of nothing else moves the cursor, and does not meet it again", async () => {
    const asked: (string | null)[] = [];
    const feed = (position: string | null): FeedPage => {
      asked.push(position);
      if (position === null) return { changes: [], position: "5", more: true, unreadable: [poisoned] };
      return { changes: [], position, more: false, isUnmoved: true };
    };
    await pull(telling(), scripted({ feed }), "e1", poll);
    expect((await store.feeds.get("CUSTOMCRM", "changes")).position).toBe("5");
    // From behind the overlap on.
    for (let polls = 0; polls < 2; polls++) {
      now += 11 * minute;
      told.length = 0;
      asked.length = 0;
      await pull(telling(), scripted({ feed }), "e1", poll);
    }
    expect(asked).toEqual(["5"]);
    expect(told).toEqual([]);
  });

  it("counts as there in a compare; one that does not tell whose it is makes the list prove nothing of what is missing", async () => {
    const list = (ids: readonly string[], unreadable: readonly { readonly id: string | null }[] = []) =>
      scripted({
        list: (type) => ({
          records: type === "Customer" ? ids.map((id) => customer(id, id)) : [],
          next: null,
          ...(type === "Customer" && unreadable.length > 0 ? { unreadable: unreadable.map(({ id }) => ({ ...poisoned, id })) } : {}),
        }),
      });
    const deletedAt = async (id: string) => (await store.snapshots.get([{ system: "CUSTOMCRM", type: "Customer", id }]))[0]?.deletedAt;
    await compare(telling(), list(["c0", "c1", "c2"]), { class: "compare" });
    for (let i = 0; i < 2; i++) await compare(telling(), list(["c1", "c2"], [{ id: "c0" }]), { class: "compare" });
    expect(await deletedAt("c0")).toBeNull();
    for (let i = 0; i < 2; i++) await compare(telling(), list(["c1"], [{ id: null }]), { class: "compare" });
    expect(await Promise.all(["c0", "c2"].map(deletedAt))).toEqual([null, null]);
    for (let i = 0; i < 2; i++) await compare(telling(), list(["c1"]), { class: "compare" });
    expect(await Promise.all(["c0", "c2"].map(deletedAt))).not.toContain(null);
  });
});

describe("a full compare", () => {
  const all = (ids: readonly string[]) => scripted({ list: (type) => ({ records: type === "Customer" ? ids.map((id) => customer(id, id)) : [], next: null }) });
  const many = Array.from({ length: 12 }, (_, i) => `c${i}`);
  const isGone = async (id: string) => (await store.snapshots.get([{ system: "CUSTOMCRM", type: "Customer", id }]))[0]?.deletedAt !== null;

  it("believes that a record is gone when two complete compares have missed it, not one (R9)", async () => {
    await compare(parts(), all(many), { class: "compare" });
    await clear();
    await compare(parts(), all(many.slice(1)), { class: "compare" });
    expect(await isGone("c0")).toBe(false);
    await compare(parts(), all(many.slice(1)), { class: "compare" });
    expect(await isGone("c0")).toBe(true);
    expect(await dirtyIds()).toEqual(["acc_1"]);
  });

  it("that breaks off before it has marked whose record is gone makes good for it with the next two (I7)", async () => {
    await compare(parts(), all(many), { class: "compare" });
    await compare(parts(), all(many.slice(1)), { class: "compare" });
    await clear();
    const crash = new Error("crash");
    const { putDeleted } = store.snapshots;
    store.snapshots.putDeleted = async (...args) => {
      await putDeleted.apply(store.snapshots, args);
      throw crash;
    };
    await expect(compare(parts(), all(many.slice(1)), { class: "compare" })).rejects.toBe(crash);
    store.snapshots.putDeleted = putDeleted;
    expect(await dirtyIds()).toEqual([]);
    for (let i = 0; i < 2; i++) await compare(parts(), all(many.slice(1)), { class: "compare" });
    expect(await dirtyIds()).toEqual(["acc_1"]);
  });

  it("forgets a miss when the record shows up again in between", async () => {
    await compare(parts(), all(many), { class: "compare" });
    await compare(parts(), all(many.slice(1)), { class: "compare" });
    await compare(parts(), all(many), { class: "compare" });
    await compare(parts(), all(many.slice(1)), { class: "compare" });
    expect(await isGone("c0")).toBe(false);
  });

  it("takes a side that suddenly reads as empty for broken, however often it is read (I11)", async () => {
    await compare(parts(), all(many), { class: "compare" });
    for (let i = 0; i < 3; i++) await compare(parts(), all([]), { class: "compare" });
    expect(await Promise.all(many.map(isGone))).toEqual(many.map(() => false));
  });
});
