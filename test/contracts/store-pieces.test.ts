import { expect, it } from "vitest";
import type { EntityQuery, EntityWrite, PieceReader, Pieces } from "../../src/store/store.js";
import { entity, named, record, write } from "./store-samples.js";
import { onEveryStore } from "./store-subject.js";

const odd = 'Ürün "x" \\ \u0007 漢字 😀 [{,}]';
const ref = (id: string) => ({ system: "CUSTOMCRM", type: "Customer", id }) as const;

onEveryStore("pieces", (subject) => {
  const store = (...put: readonly EntityWrite[]) => subject.store.entities.commit({ put });
  const reader = () => subject.other.pieces as PieceReader;
  /** A value that was cut out, as what it stands for. */
  const value = (json: string | undefined) => (json === undefined ? undefined : JSON.parse(Buffer.from(json, "latin1").toString()));
  const valuesOf = (pieces: Pieces | null | undefined) => Object.fromEntries(pieces?.names.map((name) => [name, value(pieces.json(name))]) ?? []);

  it("of an entity are its members, in whatever order they are asked for", async () => {
    const problem = { code: "CONFLICT", message: odd, system: null, field: null, since: "2026-01-01T00:00:00.000Z", attempts: 3, nextAttemptAt: null } as const;
    await store(write(entity("a", { fields: { name: odd, city: null, website: "" }, problem, records: { CUSTOMCRM: "c", EXACT: null }, version: 12 })));
    const [pieces, nobody] = await reader().entities(["a", "nobody"]);
    expect(nobody).toBeUndefined();
    expect(["modifiedAt", "version", "id", "nextActionAt", "conflicts", "nothing"].map((name) => value(pieces?.json(name)))).toEqual([
      ...["2026-01-01T00:00:00.000Z", 12, "a", null, [], undefined],
    ]);
    expect(valuesOf(pieces?.of("fields"))).toEqual({ name: odd, city: null, website: "" });
    expect(valuesOf(pieces?.of("records"))).toEqual({ CUSTOMCRM: "c", EXACT: null });
    expect(valuesOf(pieces?.of("problem"))).toEqual(problem);
    expect(pieces?.of("wanted")).toBeNull();
  });

  it("of a record are its properties, whatever they are called, and the times of its reading", async () => {
    const properties = { Name: odd, Blocked: false, EndDate: null, Code: "" };
    const records = [
      record("1", { properties, modifiedAt: "2026-02-01T00:00:00.000Z", etag: '"1 2"' }),
      record("2", { properties: { "Naam van klant": odd } }),
    ];
    await subject.store.snapshots.put(records, "2026-03-01T00:00:00.000Z", await subject.store.snapshots.ticket());
    await subject.store.snapshots.putDeleted([ref("3")], "2026-03-01T00:00:00.000Z", await subject.store.snapshots.ticket());
    const [first, second, gone, unread] = await reader().records(["1", "2", "3", "4"].map(ref));
    expect([first?.asOf, value(first?.modifiedAt), valuesOf(first?.properties)]).toEqual([
      ...["2026-03-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z", properties],
    ]);
    expect([value(second?.modifiedAt), valuesOf(second?.properties)]).toEqual([null, { "Naam van klant": odd }]);
    expect([gone, unread]).toEqual([null, undefined]);
  });

  it("of pages are those of the lists, or none where a list takes more", async () => {
    const nl = { terms: { country: "NL" } };
    await store(
      named("1", "bakker", {}, nl),
      named("2", "bakkerij", {}, nl),
      named("3", "ω bakker"),
      named("4", "zwart", {}, { ...nl, names: ["bak", "zwart"] }),
    );
    const asked = (more: Partial<EntityQuery>, first: number, after: string | null = null) => ({
      query: { type: "ACCOUNT", terms: {}, order: "NAME_ASC", ...more } as EntityQuery,
      first,
      after,
    });
    const [second] = (await subject.other.entities.list(asked({}, 2).query, 2, null)).cursors.slice(1);
    const queries = [
      ...[asked({}, 2), asked({}, 2, second), asked({ order: "NAME_DESC" }, 3), asked({ order: "MODIFIED_ASC" }, 9)],
      ...[asked(nl, 2), asked({ ...nl, order: "NAME_DESC" }, 1), asked({ name: { startsWith: "bakker" } }, 1), asked({ name: { startsWith: "ba" } }, 9)],
      asked({ ...nl, states: ["UNLINKED"] }, 9),
    ];
    const pages = await reader().pages(queries);
    for (const [i, { query, first, after }] of queries.entries()) {
      const page = pages[i];
      if (!page) continue;
      const { entities, ...list } = await subject.other.entities.list(query, first, after);
      expect({ ...page, entities: page.entities.map((one) => value(one.json("id"))), cursors: page.cursors() }).toEqual({
        ...list,
        entities: entities.map(({ id }) => id),
      });
    }
    // Another name begins so too, which stands in another index.
    expect(pages.map((page) => page !== undefined)).toEqual(subject.store.kind === "memory" ? queries.map(() => true) : [...Array(7).fill(true), false, false]);
  });
});
