import { describe, expect, it } from "vitest";
import { InvalidInputError } from "../../src/domain/errors.js";
import { type EntityType, type LinkState, linkStates } from "../../src/domain/words.js";
import type { EntityQuery, EntityWrite } from "../../src/store/store.js";
import { named } from "./store-samples.js";
import { onEveryStore } from "./store-subject.js";

const day = (n: number) => `2026-03-${String(n).padStart(2, "0")}T00:00:00.000Z`;
const accounts = (more: Partial<EntityQuery> = {}): EntityQuery => ({ type: "ACCOUNT", terms: {}, order: "NAME_ASC", ...more });

onEveryStore("lists", (subject) => {
  const store = (...put: readonly EntityWrite[]) => subject.store.entities.commit({ put });

  /** All pages of a list, one after the other, by id. */
  async function pages(query: EntityQuery, first: number): Promise<string[][]> {
    const found: string[][] = [];
    let after: string | null = null;
    for (;;) {
      const page = await subject.other.entities.list(query, first, after);
      expect(page.cursors).toHaveLength(page.entities.length);
      expect(page.hasPreviousPage).toBe(after !== null);
      found.push(page.entities.map((one) => one.id));
      after = page.cursors.at(-1) ?? null;
      if (!page.hasNextPage) return found;
      if (after === null) throw new Error("A page without entities says that there are more.");
    }
  }
  const all = async (query: EntityQuery) => (await pages(query, 200)).flat();

  describe("of some customers", () => {
    /** Names in byte order: albert, bakker, bakker, de wit, zwart, 漢字, 😀. */
    const fill = () =>
      store(
        named("1", "bakker", { modifiedAt: day(5), state: "LINKED" }, { terms: { country: "NL", email: "a@b.nl" } }),
        named("2", "bakker", { modifiedAt: day(1), state: "REVIEW" }, { terms: { country: "BE" } }),
        named("3", "albert", { modifiedAt: day(9), state: "LINKED" }, { terms: { country: "NL" } }),
        named("4", "zwart", { modifiedAt: day(3), state: "FAILED" }, { terms: { country: "NL" } }),
        named("5", "de wit", { modifiedAt: day(3), state: "LINKED" }, { terms: { country: "FR", email: "a@b.nl" } }),
        named("6", "\u{1F600}", { modifiedAt: day(2), state: "UNLINKED" }),
        named("7", "漢字", { modifiedAt: day(4), state: "UNLINKED" }),
        named("8", "elsewhere", { type: "PRODUCT" }),
      );

    it.each([
      ["by name", {}, ["3", "1", "2", "5", "4", "7", "6"]],
      ["by name, descending", { order: "NAME_DESC" }, ["6", "7", "4", "5", "2", "1", "3"]],
      ["by time", { order: "MODIFIED_ASC" }, ["2", "6", "4", "5", "7", "1", "3"]],
      ["by time, descending", { order: "MODIFIED_DESC" }, ["3", "1", "7", "5", "4", "6", "2"]],
      ["of a country", { terms: { country: "NL" } }, ["3", "1", "4"]],
      ["of a country, by time", { terms: { country: "NL" }, order: "MODIFIED_ASC" }, ["4", "1", "3"]],
      ["of two terms", { terms: { country: "NL", email: "a@b.nl" } }, ["1"]],
      ["of a term that nobody has", { terms: { country: "DE" } }, []],
      ["of a filter that nobody has", { terms: { nothing: "x" } }, []],
      ["of a state", { states: ["LINKED"] }, ["3", "1", "5"]],
      ["of a state, by time", { states: ["LINKED"], order: "MODIFIED_DESC" }, ["3", "1", "5"]],
      ["of several states", { states: ["LINKED", "FAILED", "LINKED"] }, ["3", "1", "5", "4"]],
      ["of several states, descending", { states: ["LINKED", "FAILED"], order: "NAME_DESC" }, ["4", "5", "1", "3"]],
      ["of several states, by time", { states: ["REVIEW", "LINKED", "FAILED"], order: "MODIFIED_ASC" }, ["2", "4", "5", "1", "3"]],
      ["of no state", { states: [] }, []],
      ["of a state and a term", { states: ["LINKED"], terms: { country: "NL" }, order: "NAME_DESC" }, ["1", "3"]],
      ["of a name", { name: { equals: "bakker" } }, ["1", "2"]],
      ["of a name as a person types it", { name: { equals: " Bákker" } }, ["1", "2"]],
      ["of a name's beginning", { name: { startsWith: "b" } }, ["1", "2"]],
      ["of a name's beginning, by time", { name: { startsWith: "bak" }, order: "MODIFIED_DESC" }, ["1", "2"]],
      ["not of a name's middle", { name: { startsWith: "akker" } }, []],
      ["not of a part of a name", { name: { equals: "bak" } }, []],
      ["of a name beyond the basic plane", { name: { startsWith: "😀" } }, ["6"]],
      ["of a name and a term", { name: { startsWith: "b" }, terms: { country: "BE" } }, ["2"]],
      ["of what changed later", { modifiedAfter: day(3) }, ["3", "1", "7"]],
      ["of what changed later, by time", { modifiedAfter: day(3), order: "MODIFIED_DESC" }, ["3", "1", "7"]],
      ["of what changed later, in another form of time", { modifiedAfter: "2026-03-03T02:00:00+02:00", order: "MODIFIED_ASC" }, ["7", "1", "3"]],
      ["not of what changed just then", { modifiedAfter: day(1), states: ["REVIEW"] }, []],
      ["of all filters together", { modifiedAfter: day(2), states: ["LINKED", "FAILED"], terms: { country: "NL" }, name: { startsWith: "bakker" } }, ["1"]],
    ] satisfies [string, Partial<EntityQuery>, string[]][])("are %s, whatever the size of the page, and as many as are counted", async (_, query, expected) => {
      await fill();
      expect(await all(accounts(query))).toEqual(expected);
      for (const first of [1, 2, 3]) expect((await pages(accounts(query), first)).flat()).toEqual(expected);
      expect(await subject.store.entities.count(accounts(query))).toBe(expected.length);
    });

    it("count entities by state", async () => {
      await fill();
      const none = Object.fromEntries(linkStates.map((state) => [state, 0]));
      expect(await subject.store.entities.counts("ACCOUNT")).toEqual({ ...none, LINKED: 3, REVIEW: 1, FAILED: 1, UNLINKED: 2 });
      expect(await subject.store.entities.counts("CONTACT")).toEqual(none);
    });

    it("have an entity as soon as it is there, and not any more once it is gone", async () => {
      await fill();
      for (const order of ["NAME_ASC", "MODIFIED_ASC"] as const) expect(await all(accounts({ order }))).not.toContain("new");
      expect(await subject.store.entities.countLinks(["ACCOUNT"], null)).toBe(7);
      await store(named("new", "aa", { modifiedAt: day(7) }));
      expect(await all(accounts())).toEqual(["new", "3", "1", "2", "5", "4", "7", "6"]);
      expect(await all(accounts({ order: "MODIFIED_DESC" }))).toEqual(["3", "new", "1", "7", "5", "4", "6", "2"]);
      expect(await subject.store.entities.countLinks(["ACCOUNT"], null)).toBe(8);
      await subject.store.entities.commit({ put: [], remove: [{ id: "new", revision: 1, into: null }] });
      expect(await all(accounts())).toEqual(["3", "1", "2", "5", "4", "7", "6"]);
    });

    it("go on behind an entity that has left the list since", async () => {
      await fill();
      const page = await subject.store.entities.list(accounts(), 2, null);
      await subject.store.entities.commit({ put: [], remove: [{ id: "1", revision: 1, into: null }] });
      const next = await subject.store.entities.list(accounts(), 2, page.cursors[1] ?? null);
      expect(next.entities.map((one) => one.id)).toEqual(["2", "5"]);
      expect(next.hasPreviousPage).toBe(true);
    });

    it("take a cursor of the same order into a list with other filters", async () => {
      await fill();
      const { cursors } = await subject.store.entities.list(accounts({ order: "MODIFIED_ASC" }), 1, null);
      const later = await subject.store.entities.list(accounts({ order: "MODIFIED_ASC", modifiedAfter: day(3) }), 2, cursors[0] ?? null);
      expect([later.entities.map((one) => one.id), later.hasPreviousPage]).toEqual([["7", "1"], false]);
      const down = await subject.store.entities.list(accounts({ order: "MODIFIED_DESC" }), 7, null);
      const past = await subject.store.entities.list(accounts({ order: "MODIFIED_DESC", modifiedAfter: day(3) }), 2, down.cursors[6] ?? null);
      expect([past.entities, past.hasPreviousPage]).toEqual([[], true]);
    });

    it.each(["x", "", "bm90IG91cnM", "n", "****", `${Buffer.from("nalbert\x003").toString("base64url")}=`])("refuse %j as a cursor", async (cursor) => {
      await fill();
      await expect(subject.store.entities.list(accounts(), 2, cursor)).rejects.toThrow(InvalidInputError);
      await expect(subject.store.entities.list(accounts({ terms: { country: "NL" }, order: "MODIFIED_ASC" }), 2, cursor)).rejects.toThrow(InvalidInputError);
      await expect(subject.store.entities.listLinks(["ACCOUNT"], null, 2, cursor)).rejects.toThrow(InvalidInputError);
    });

    it("refuse the cursor of another order", async () => {
      await fill();
      const { cursors } = await subject.store.entities.list(accounts(), 1, null);
      const cursor = cursors[0] ?? null;
      for (const order of ["NAME_DESC", "MODIFIED_ASC", "MODIFIED_DESC"] as const) {
        await expect(subject.store.entities.list(accounts({ order }), 1, cursor)).rejects.toThrow(InvalidInputError);
      }
      await expect(subject.store.entities.listLinks(["ACCOUNT"], null, 1, cursor)).rejects.toThrow(InvalidInputError);
    });
  });

  it("look a contact up by its first, last or full name, once", async () => {
    const names = ["jan", "jansen"];
    await store(named("c", "jan jansen", { type: "CONTACT" }, { names }), named("d", "pieters jan", { type: "CONTACT" }, { names: ["jan", "pieters"] }));
    const contacts = (name: EntityQuery["name"]): EntityQuery => ({ type: "CONTACT", terms: {}, order: "NAME_ASC", ...(name && { name }) });
    expect(await all(contacts({ startsWith: "jan" }))).toEqual(["c", "d"]);
    expect(await subject.store.entities.count(contacts({ startsWith: "jan" }))).toBe(2);
    expect(await all(contacts({ equals: "jan jansen" }))).toEqual(["c"]);
    expect(await all(contacts({ equals: "jansen jan" }))).toEqual([]);
  });

  it("follow an entity that changes its name, its time, its terms and its state", async () => {
    await store(named("1", "old", { modifiedAt: day(1) }, { terms: { country: "NL" } }));
    await store(named("1", "new", { revision: 1, modifiedAt: day(2), state: "LINKED" }, { terms: { country: "BE" } }));
    const count = (query: Partial<EntityQuery>) => subject.store.entities.count(accounts(query));
    expect(await Promise.all([count({}), count({ name: { equals: "old" } }), count({ terms: { country: "NL" } }), count({ states: ["UNLINKED"] })])).toEqual([
      1, 0, 0, 0,
    ]);
    expect(await Promise.all([count({ name: { equals: "new" } }), count({ terms: { country: "BE" } }), count({ states: ["LINKED"] })])).toEqual([1, 1, 1]);
    expect(await count({ modifiedAfter: day(1) })).toBe(1);
    expect(await all(accounts({ order: "MODIFIED_ASC" }))).toEqual(["1"]);
  });

  it("cut nothing at a NUL or at a separator within a name", async () => {
    await store(named("1", "a\0b"), named("2", "a:b", {}, { terms: { email: "x:y\0z" } }));
    expect(await all(accounts())).toEqual(["1", "2"]);
    expect(await all(accounts({ name: { startsWith: "a" } }))).toEqual(["1", "2"]);
    expect(await all(accounts({ terms: { email: "x:y\0z" } }))).toEqual(["2"]);
  });

  describe("of more entities than a script reads at once", () => {
    const minute = (n: number) => new Date(Date.parse(day(1)) + n * 60_000).toISOString();
    const many = Array.from({ length: 700 }, (_, i) => {
      // The older 400 are Dutch, the younger 300 Belgian; every second one is linked, every seventh has a common name.
      const name = `${i % 7 === 0 ? "common" : "rare"} ${String((i * 37) % 700).padStart(3, "0")}`;
      const state = i % 2 === 0 ? "LINKED" : "REVIEW";
      return named(`e${String(i).padStart(3, "0")}`, name, { modifiedAt: minute(i), state }, { terms: { country: i < 400 ? "NL" : "BE" } });
    });
    const byTime = many.map((one) => one.entity.id);
    const byName = many.toSorted((a, b) => (a.index.sortName < b.index.sortName ? -1 : 1)).map((one) => one.entity.id);
    const numberOf = (id: string) => Number(id.slice(1));

    it.each([
      ["all by name", {}, byName],
      ["a state and a country, by name", { states: ["LINKED"], terms: { country: "NL" } }, byName.filter((id) => numberOf(id) < 400 && numberOf(id) % 2 === 0)],
      ["those that stand first, by time", { terms: { country: "NL" }, order: "MODIFIED_ASC" }, byTime.slice(0, 400)],
      ["those that stand last, by time", { terms: { country: "BE" }, order: "MODIFIED_ASC" }, byTime.slice(400)],
      [
        "those that stand last, by time, with a state",
        { terms: { country: "BE" }, states: ["LINKED"], order: "MODIFIED_ASC" },
        byTime.slice(400).filter((id) => numberOf(id) % 2 === 0),
      ],
      ["a common beginning of a name", { name: { startsWith: "rare" } }, byName.filter((id) => numberOf(id) % 7 !== 0)],
      ["a rare beginning of a name, by time", { name: { startsWith: "common" }, order: "MODIFIED_ASC" }, byTime.filter((id) => numberOf(id) % 7 === 0)],
      [
        "a common name and a state, by time",
        { name: { startsWith: "r" }, states: ["REVIEW"], order: "MODIFIED_ASC" },
        byTime.filter((id) => numberOf(id) % 7 !== 0 && numberOf(id) % 2 === 1),
      ],
      ["what changed later, by name", { modifiedAfter: minute(99) }, byName.filter((id) => numberOf(id) > 99)],
      ["two states, by time", { states: ["REVIEW", "LINKED"], order: "MODIFIED_ASC" }, byTime],
      ["two states and a country, by name", { states: ["REVIEW", "LINKED"], terms: { country: "BE" } }, byName.filter((id) => numberOf(id) >= 400)],
    ] satisfies [string, Partial<EntityQuery>, string[]][])("give %s, forwards and backwards", async (_, query, expected) => {
      await store(...many);
      const order = (query as Partial<EntityQuery>).order ?? "NAME_ASC";
      const backwards = order === "NAME_ASC" ? "NAME_DESC" : "MODIFIED_DESC";
      expect((await pages(accounts(query), 90)).flat()).toEqual(expected);
      expect((await pages(accounts({ ...query, order: backwards }), 150)).flat()).toEqual(expected.toReversed());
      expect(await subject.store.entities.count(accounts(query))).toBe(expected.length);
    });
  });

  describe("of links", () => {
    const types: readonly EntityType[] = ["ACCOUNT", "CONTACT", "PRODUCT"];
    const fill = () =>
      store(
        named("b", "x", { type: "PRODUCT", state: "LINKED" }),
        named("c", "x", { type: "ACCOUNT", state: "REVIEW" }),
        named("a", "x", { type: "ACCOUNT", state: "LINKED" }),
        named("e", "x", { type: "CONTACT", state: "LINKED" }),
        named("d", "x", { type: "CONTACT", state: "FAILED" }),
      );

    it("know that something comes before, though the cursor's own entity and type are gone", async () => {
      await fill();
      const { cursors } = await subject.store.entities.listLinks(types, null, 3, null);
      const gone = ["d", "e"].map((id) => ({ id, revision: 1, into: null }));
      await subject.store.entities.commit({ put: [], remove: gone });
      const rest = await subject.store.entities.listLinks(types, null, 3, cursors[2] ?? null);
      expect([rest.entities.map((one) => one.id), rest.hasPreviousPage, rest.hasNextPage]).toEqual([["b"], true, false]);
      const ofContacts = await subject.store.entities.listLinks(["CONTACT", "PRODUCT"], null, 3, cursors[2] ?? null);
      expect(ofContacts.hasPreviousPage).toBe(false);
    });

    it.each([
      ["all, by type and id", types, null, ["a", "c", "d", "e", "b"]],
      ["those of some types", ["PRODUCT", "ACCOUNT"], null, ["a", "c", "b"]],
      ["those in one state", types, ["LINKED"], ["a", "e", "b"]],
      ["those in several states", types, ["FAILED", "REVIEW", "LINKED"], ["a", "c", "d", "e", "b"]],
      ["none of no type", [], null, []],
      ["none of no state", types, [], []],
    ] satisfies [string, readonly EntityType[], readonly LinkState[] | null, string[]][])("are %s", async (_, ofTypes, states, expected) => {
      await fill();
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page = await subject.store.entities.listLinks(ofTypes, states, 2, after);
        expect(page.hasPreviousPage).toBe(after !== null);
        seen.push(...page.entities.map((one) => one.id));
        after = page.hasNextPage ? (page.cursors.at(-1) ?? null) : null;
      } while (after !== null);
      expect(seen).toEqual(expected);
      expect(await subject.store.entities.countLinks(ofTypes, states)).toBe(expected.length);
    });
  });
});
