import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Entity } from "../../src/domain/entity.js";
import { type EntityType, entityTypes, linkStates, systems } from "../../src/domain/words.js";
import { MemoryStore } from "../../src/store/memory.js";
import { RedisStore } from "../../src/store/redis.js";
import type { Commit, EntityQuery, EntityWrite, Store } from "../../src/store/store.js";
import { entity, event } from "../contracts/store-samples.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";

const ids = ["a", "b", "c", "d", "e"];
const recordIds = ["1", "2", "3"];
const names = ["", "anna", "an", "bob", "bob\0", "Ω", "😀", "\uFF5E"];
const days = ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z", "2026-01-02T00:00:00+01:00"];
const optional = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null });

const draft = fc.record({
  id: fc.constantFrom(...ids),
  /** Now and then a revision that is not the present one. */
  stale: fc.nat({ max: 9 }).map((n) => n === 0),
  // An entity's type is for life.
  CUSTOMCRM: optional(fc.constantFrom(...recordIds)),
  EXACT: optional(fc.constantFrom(...recordIds)),
  state: fc.constantFrom(...linkStates.slice(0, 4)),
  sortName: fc.constantFrom(...names),
  names: fc.array(fc.constantFrom(...names), { maxLength: 3 }),
  modifiedAt: fc.constantFrom(...days),
  nextActionAt: optional(fc.constantFrom(...days)),
  country: optional(fc.constantFrom("NL", "BE")),
  email: optional(fc.constantFrom("x", "y")),
  matchKeys: fc.array(fc.constantFrom("k1", "k2"), { maxLength: 2 }),
  events: fc.array(fc.constantFrom(...days.slice(0, 2)), { maxLength: 2 }),
});
type Draft = typeof draft extends fc.Arbitrary<infer D> ? D : never;

const step = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant("commit" as const),
      put: fc.uniqueArray(draft, { selector: (one) => one.id, maxLength: 3 }),
      remove: fc.uniqueArray(fc.record({ id: fc.constantFrom(...ids), into: optional(fc.constantFrom(...ids)), stale: fc.constant(false) }), {
        selector: (one) => one.id,
        maxLength: 2,
      }),
      reclaim: fc.subarray(ids, { maxLength: 2 }),
      mark: fc.subarray(ids, { maxLength: 2 }),
      clear: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), id: fc.constantFrom(...ids) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const query: fc.Arbitrary<EntityQuery> = fc
  .record({
    type: fc.constantFrom(...entityTypes),
    order: fc.constantFrom("NAME_ASC" as const, "NAME_DESC" as const, "MODIFIED_ASC" as const, "MODIFIED_DESC" as const),
    terms: fc.constantFrom<EntityQuery["terms"]>({}, { country: "NL" }, { country: "NL", email: "x" }, { email: "none" }),
    states: optional(fc.subarray(linkStates.slice(0, 4))),
    name: optional(fc.oneof(fc.record({ equals: fc.constantFrom(...names) }), fc.record({ startsWith: fc.constantFrom(...names) }))),
    modifiedAfter: optional(fc.constantFrom(...days)),
  })
  .map(({ states, name, modifiedAfter, ...rest }) => ({ ...rest, ...(states && { states }), ...(name && { name }), ...(modifiedAfter && { modifiedAfter }) }));

const typeOf = (id: string): EntityType => entityTypes[ids.indexOf(id) % 3] ?? "ACCOUNT";

async function commitOf(step: Extract<Step, { kind: "commit" }>, memory: Store): Promise<Commit> {
  const known = await memory.entities.get(ids);
  // A former id gives the survivor, whose revision is not its own.
  const revisionOf = (id: string, stale: boolean) => {
    const one = known[ids.indexOf(id)];
    return (one?.id === id ? one.revision : 0) + (stale ? 1 : 0);
  };
  const putIds = new Set(step.put.map((one) => one.id));
  return {
    put: step.put.map((one) => writeOf(one, revisionOf(one.id, one.stale))),
    remove: step.remove.filter((one) => !putIds.has(one.id)).map((one) => ({ id: one.id, revision: revisionOf(one.id, one.stale), into: one.into })),
    reclaim: step.reclaim,
    markDirty: step.mark,
    ...(step.clear && { clearDirty: await memory.feeds.dirty(2) }),
  };
}

function writeOf(one: Draft, revision: number): EntityWrite {
  const { id, CUSTOMCRM, EXACT, state, modifiedAt, nextActionAt, sortName, matchKeys, country, email } = one;
  const given: Entity = entity(id, { type: typeOf(id), revision, records: { CUSTOMCRM, EXACT }, state, modifiedAt, nextActionAt });
  const terms = { ...(country && { country }), ...(email && { email }) };
  return { entity: given, index: { sortName, names: one.names, terms, matchKeys }, history: one.events.map((at) => event(at)) };
}

/** All that can be asked, but for generations, which need not be equal. */
async function seen(store: Store, queries: readonly EntityQuery[], first: number): Promise<unknown> {
  const { entities, feeds } = store;
  const types = ["Customer", "Contact", "Product", "Accounts", "Contacts"] as const;
  const refs = recordIds.flatMap((id) => types.flatMap((type) => systems.map((system) => ({ system, type, id }))));
  return {
    entities: await entities.get(ids),
    owners: await entities.idsOfRecords(refs),
    ofRecords: await Promise.all(entityTypes.flatMap((type) => systems.map((system) => entities.ofRecords(type, system, recordIds)))),
    lists: await Promise.all(queries.map((one) => allPages((after) => entities.list(one, first, after)))),
    numbers: await Promise.all(queries.map((one) => entities.count(one))),
    links: await allPages((after) => entities.listLinks(["PRODUCT", "ACCOUNT"], ["LINKED", "UNLINKED", "PENDING", "REVIEW"], first, after)),
    allLinks: await allPages((after) => entities.listLinks(entityTypes, null, first, after)),
    countLinks: await entities.countLinks(entityTypes, ["LINKED", "WAITING"]),
    counts: await Promise.all(entityTypes.map((type) => entities.counts(type))),
    matches: await Promise.all(entityTypes.map((type) => entities.byMatchKey(type, "k1", 2))),
    due: await entities.due(Date.parse("2026-01-01T23:30:00.000Z"), 3),
    countDue: await entities.countDue(),
    histories: await Promise.all(ids.map((id) => entities.history(id, 3, null))),
    dirty: (await feeds.dirty(10)).map((mark) => mark.entityId),
  };
}

async function allPages(page: (after: string | null) => ReturnType<Store["entities"]["list"]>): Promise<unknown> {
  const pages: unknown[] = [];
  for (let after: string | null = null; ; ) {
    const one = await page(after);
    pages.push(one);
    after = one.cursors.at(-1) ?? null;
    if (!one.hasNextPage || after === null || pages.length > 20) return pages;
  }
}

describeWithRedis("the store's two implementations", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it("answer alike after any sequence of commits", async () => {
    const runs = fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 14 }),
      fc.array(query, { minLength: 4, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, queries, first) => {
        const memory = new MemoryStore({ clock: () => Date.parse("2026-02-01T00:00:00.000Z") });
        const clock = () => Date.parse("2026-02-01T00:00:00.000Z");
        const stored = await RedisStore.connect({ url: redis.url, tenant: redis.newTenant(), encryptionKey: "k", clock });
        try {
          for (const one of steps) {
            if (one.kind === "forget") {
              expect(await stored.entities.forget(one.id)).toBe(await memory.entities.forget(one.id));
              continue;
            }
            const commit = await commitOf(one, memory);
            const generations = new Map((await stored.feeds.dirty(10)).map((mark) => [mark.entityId, mark.generation]));
            const clearDirty = commit.clearDirty?.map((mark) => ({ ...mark, generation: generations.get(mark.entityId) ?? 0 }));
            expect(await stored.entities.commit({ ...commit, ...(clearDirty && { clearDirty }) })).toEqual(await memory.entities.commit(commit));
            // Asked in between too: an answer must not outlive the commit after it.
            const [between] = queries;
            if (between) expect(await stored.entities.list(between, first, null)).toEqual(await memory.entities.list(between, first, null));
          }
          expect(await seen(stored, queries, first)).toEqual(await seen(memory, queries, first));
        } finally {
          await stored.stop();
        }
      },
    );
    await fc.assert(runs, { numRuns: Number(process.env.TWIN_RUNS ?? 60) });
  }, 120_000);
});
