import { describe, expect, it } from "vitest";
import type { Entity } from "../../src/domain/entity.js";
import type { ChangeFilter } from "../../src/resolvers/changes.js";
import { Changes } from "../../src/resolvers/changes.js";
import type { BusMessage, EntityEvent, Store } from "../../src/store/store.js";
import { updated } from "../server/clients.js";

/** A bus and a link map that are told what to say. */
function given(survivors: Record<string, string> = {}, capacity = 10) {
  const handlers = new Set<(message: BusMessage) => void>();
  const asked: (readonly string[])[] = [];
  const leads = new Map(Object.entries(survivors));
  const store = {
    entities: {
      get: async (ids: readonly string[]) => {
        asked.push(ids);
        return ids.map((id) => ({ id: leads.get(id) ?? id }) as Entity);
      },
    },
    events: {
      subscribe: (handler: (message: BusMessage) => void) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    },
  } as unknown as Pick<Store, "entities" | "events">;
  const changes = new Changes(store, capacity);
  const tell = async (event: EntityEvent) => {
    for (const handler of handlers) handler({ topic: "entity", event });
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  const watch = async (filter: Partial<ChangeFilter>) => {
    const source = await changes.watch({ types: null, ids: null, ...filter });
    const told: string[] = [];
    const listening = (async () => {
      for await (const event of source) told.push(`${event.kind} ${event.entityId}`);
    })();
    return { told, stop: () => source.return?.(), listening };
  };
  return { changes, tell, watch, asked, handlers, leads };
}

describe("changes", () => {
  it("reach who watches all, its type or its id, and nobody else", async () => {
    const { tell, watch } = given();
    const all = await watch({});
    const contacts = await watch({ types: ["CONTACT"] });
    const both = await watch({ types: ["ACCOUNT"], ids: ["a", "c"] });
    const nothing = [await watch({ types: [] }), await watch({ ids: [] })];
    await tell(updated("a"));
    await tell(updated("b"));
    await tell(updated("c", { type: "CONTACT" }));
    expect([all.told.length, contacts.told, both.told]).toEqual([3, ["UPDATED c"], ["UPDATED a"]]);
    expect(nothing.flatMap(({ told }) => told)).toEqual([]);
  });

  it("reach who watches a former id of the entity, once", async () => {
    const { tell, watch } = given({ former: "survivor" });
    const one = await watch({ ids: ["former", "survivor"] });
    const other = await watch({ ids: ["former"] });
    await tell(updated("survivor"));
    expect([one.told, other.told]).toEqual([["UPDATED survivor"], ["UPDATED survivor"]]);
  });

  it("are followed when an entity is joined with another, and when the link is cut again", async () => {
    const { tell, watch, leads } = given();
    const watcher = await watch({ ids: ["exact-side"] });
    leads.set("exact-side", "customcrm-side");
    // Told one right after the other, as one commit is.
    await Promise.all([tell(updated("exact-side", { kind: "DELETED" })), tell(updated("customcrm-side"))]);
    await tell(updated("customcrm-side"));
    leads.delete("exact-side");
    await tell(updated("exact-side", { kind: "CREATED" }));
    await tell(updated("customcrm-side"));
    await tell(updated("exact-side"));
    expect(watcher.told).toEqual(["DELETED exact-side", "UPDATED customcrm-side", "UPDATED customcrm-side", "CREATED exact-side", "UPDATED exact-side"]);
  });

  it("are looked for by index: of 1,000 who watch an id each, one change concerns one, and no other is asked", async () => {
    const { changes, tell } = given();
    let asked = 0;
    const watchers = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => {
        // What is looked at of a watcher while it is considered.
        const filter = {
          ids: [`id-${i}`],
          get types() {
            asked++;
            return null;
          },
        };
        return changes.watch(filter);
      }),
    );
    asked = 0;
    await tell(updated("id-7"));
    expect(asked).toBe(1);
    expect((await watchers[7]?.next())?.value).toMatchObject({ entityId: "id-7" });
  });

  it("are heard of only while somebody watches, and forgotten with the last who did", async () => {
    const { changes, watch, handlers } = given({ former: "survivor" });
    const watchers = [await watch({}), await watch({ ids: ["former"] })];
    expect([handlers.size, changes.size]).toEqual([1, 2]);
    for (const { stop } of watchers) await stop();
    expect([handlers.size, changes.size]).toEqual([0, 0]);
  });

  it("drop who does not take them, and go on for the others", async () => {
    const { changes, tell, watch } = given({}, 3);
    const slow = await changes.watch({ types: null, ids: null });
    const quick = await watch({});
    for (let i = 0; i < 4; i++) await tell(updated(`a${i}`));
    await expect(slow.next()).rejects.toMatchObject({ code: "SLOW_SUBSCRIBER" });
    expect([quick.told.length, changes.size]).toEqual([4, 1]);
  });

  it("are not watched when the ids can't be looked up", async () => {
    const failing = new Error("Redis does not answer.");
    const broken = new Changes({
      entities: { get: async () => Promise.reject(failing) },
      events: { subscribe: () => () => {} },
    } as unknown as Pick<Store, "entities" | "events">);
    await expect(broken.watch({ types: null, ids: ["a"] })).rejects.toBe(failing);
    expect(broken.size).toBe(0);
  });
});
