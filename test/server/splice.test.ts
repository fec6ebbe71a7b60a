import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { dataflowOf } from "../../src/domain/dataflow.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { entityTypes, systems } from "../../src/domain/words.js";
import { Splice } from "../../src/resolvers/splice/splice.js";
import { createRandom } from "../../src/sandbox/kit/random.js";
import { RecordRefs } from "../../src/store/indexed.js";
import { RedisStore } from "../../src/store/redis.js";
import type { Store } from "../../src/store/store.js";
import { writeOf } from "../../src/sync/document.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { firms, guid, World } from "../resolvers/helpers.js";
import { randomQuery } from "./random-queries.js";

const since = "2026-02-03T04:05:06.007Z";
const odd = 'Ürün "x" \\ \u0007 \u2028 漢字 😀';

/** Firms and people of every kind: whole, with one side only, in trouble, with odd names, with records that are gone or unread. */
async function filled(): Promise<World> {
  const world = new World();
  const problem = { code: "CONFLICT", message: odd, system: "EXACT", field: null, since, attempts: 2, nextAttemptAt: null } as const;
  const conflict = { field: "phone", agreed: null, customcrm: "1", exact: odd, since };
  await world.given(
    ...firms(4, 2),
    { id: "account-odd", type: "ACCOUNT", customcrm: { Id: "C-odd", Name: odd, City: "", Email: null, IsOwn: true }, exact: { ID: guid(3, 1), Name: odd } },
    { id: "account-lone", type: "ACCOUNT", exact: { ID: guid(3, 2), Name: "Lone", Blocked: true, EndDate: "2026-02-29", Code: "7" } },
    { id: "account-late", type: "ACCOUNT", customcrm: { Id: "C-late", Name: "Late" }, entity: { modifiedAt: "2024-02-29T23:59:59.999Z" } },
    { id: "account-conflict", type: "ACCOUNT", customcrm: { Id: "C-c", Name: "Torn" }, entity: { state: "CONFLICT", problem, conflicts: [conflict] } },
    { id: "account-unread", type: "ACCOUNT", customcrm: { Id: "C-u", Name: "Unread" }, hasSnapshots: false },
    { id: "account-gone", type: "ACCOUNT", customcrm: { Id: "C-g", Name: "Gone" }, exact: { ID: guid(3, 3), Name: "Gone" } },
    { id: "contact-odd", type: "CONTACT", exact: { ID: guid(4, 1), FirstName: odd, LastName: null, Account: guid(3, 1), BirthDate: "1999-12-31" } },
    { id: "contact-nameless", type: "CONTACT", customcrm: { Id: "P-n", FirstName: null, LastName: null, CustomerId: null } },
    { id: "product-1", type: "PRODUCT", customcrm: { Id: "P1", Name: odd, Number: "A-1", CustomerId: "C000" }, exact: { ID: guid(5, 1), LastName: odd } },
    { id: "product-2", type: "PRODUCT", customcrm: { Id: "P2", Name: "Two", Number: null } },
  );
  await world.store.snapshots.putDeleted([{ system: "EXACT", type: "Accounts", id: guid(3, 3) }], since, await world.store.snapshots.ticket());
  return world;
}

/** Lays what a store holds into another. */
async function copied(from: Store, to: Store): Promise<void> {
  const { flows } = defaultSettings;
  for (const type of entityTypes) {
    for await (const batch of from.entities.scan(type)) {
      const refs = batch.flatMap((entity) => new RecordRefs(flows).refsOf(entity));
      const snapshots = (await from.snapshots.get(refs)).filter((one) => one !== null);
      for (const { record, asOf, deletedAt, ticket } of snapshots) {
        await to.snapshots.put([record], asOf, ticket);
        if (deletedAt !== null) await to.snapshots.putDeleted([record], deletedAt, ticket + 1);
      }
      const put = batch.map((entity) => {
        const customcrm = snapshots.find(({ record }) => record.system === systems[0] && record.id === entity.records.CUSTOMCRM)?.record ?? null;
        return writeOf(dataflowOf(flows, type), { ...entity, revision: 0 }, [], customcrm);
      });
      expect(await to.entities.commit({ put })).toMatchObject({ ok: true });
    }
  }
}

async function textOf(url: string, body: object): Promise<string> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify(body) });
  return `${answer.status} ${answer.headers.get("content-type")} ${await answer.text()}`;
}

const answered = vi.spyOn(Splice.prototype, "answer");
afterEach(() => answered.mockClear());
const lastWasSpliced = async () => typeof (await answered.mock.results.at(-1)?.value) === "string";

/** What must not have to be executed. */
const usual: readonly (readonly [string, object])[] = [
  ["one by its id", { query: "query ($id: ID!) { account(by: {id: $id}) { id name customcrmId exactId modifiedAt } }", variables: { id: "account-000" } }],
  [
    "a firm with both sides and its link",
    {
      query:
        '{ account(by: {id: "account-odd"}) { name city customcrm { recordId asOf name city email } exact { name blocked endDate } link { state version type problem { code } pending { attempts } conflicts { field } } } }',
    },
  ],
  ["a problem", { query: '{ account(by: {id: "account-conflict"}) { link { problem { code message system field since attempts nextAttemptAt } } } }' }],
  ["a record that is gone", { query: '{ account(by: {id: "account-gone"}) { exact { name } customcrm { name } } }' }],
  ["a day that not every February has", { query: '{ account(by: {id: "account-late"}) { modifiedAt } }' }],
  [
    "people of a page of firms, and back",
    {
      query:
        "{ accounts(first: 3) { nodes { id contacts(first: 1) { totalCount edges { cursor node { fullName account { name link { entity { __typename id } } } } } pageInfo { hasNextPage endCursor } } } } }",
    },
  ],
  [
    "the way down a list",
    { query: "{ contacts(first: 2, orderBy: MODIFIED_DESC) { nodes { fullName birthDate } pageInfo { startCursor hasPreviousPage } } }" },
  ],
  ["names that begin so", { query: '{ accounts(filter: {name: {startsWith: "FIRM"}}) { totalCount nodes { name } } }' }],
  [
    "any nodes",
    {
      query:
        '{ nodes(ids: ["account-001", "contact-odd", "product-1"]) { id ... on Account { name } ... on Contact { fullName } ... on Product { name account { name } } } }',
    },
  ],
  [
    "what a router asks for",
    {
      query: "query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on Account { name } } }",
      variables: { of: [{ __typename: "Account", id: "account-002" }] },
    },
  ],
];

function suite(storeOf: (world: World) => Promise<Store>): void {
  let worlds: World[] = [];
  const [with_, without] = [new World(), new World()];
  const ids: string[] = [];
  let store: Store;
  beforeAll(async () => {
    const world = await filled();
    store = await storeOf(world);
    for (const type of entityTypes) for await (const batch of store.entities.scan(type)) ids.push(...batch.map(({ id }) => id));
    worlds = [await with_.serve({ store, compileOn: 1 }), await without.serve({ store, compileOn: null })];
  });
  afterAll(async () => {
    for (const world of worlds) await world.stop();
  });

  it.each(usual)("puts together, and not otherwise than it would be executed: %s", async (_what, body) => {
    const executed = await textOf(without.url, body);
    await textOf(with_.url, body);
    expect(await textOf(with_.url, body)).toBe(executed);
    expect(await lastWasSpliced()).toBe(true);
  });

  it("reads one entity and its records together", async () => {
    const body = { query: '{ account(by: {id: "account-000"}) { name customcrm { name } exact { code } } }' };
    await textOf(with_.url, body);
    const { pieces } = store;
    if (!pieces) throw new Error("The store has no pieces.");
    const [entity, records] = [vi.spyOn(pieces, "entity"), vi.spyOn(pieces, "records")];
    await textOf(with_.url, body);
    expect(await lastWasSpliced()).toBe(true);
    expect([entity.mock.calls, records.mock.calls]).toEqual([[["account-000", { CUSTOMCRM: "Customer", EXACT: "Accounts" }]], []]);
    entity.mockRestore();
    records.mockRestore();
  });

  it("answers whatever clients may ask for as it would be executed, byte for byte where it is put together", async () => {
    const random = createRandom("splice");
    let spliced = 0;
    for (let i = 0; i < 150; i++) {
      const body = randomQuery(random, [...ids, "nobody", "nöbody"]);
      const executed = await textOf(without.url, body);
      await textOf(with_.url, body);
      const answer = await textOf(with_.url, body);
      // Compiled code may put fields of which some are skipped in another order.
      const form = (await lastWasSpliced()) ? (text: string) => text : (text: string) => ({ data: JSON.parse(text.slice(text.indexOf("{"))) as unknown });
      expect({ body, answer: form(answer) }).toEqual({ body, answer: form(executed) });
      if (await lastWasSpliced()) spliced++;
      answered.mockClear();
    }
    // Enough of them, so that the rest is no rule.
    expect(spliced).toBeGreaterThan(35);
  });
}

describe("from memory", () => suite(async (world) => world.store));

describeWithRedis("from Redis", () => {
  let redis: TestRedis;
  let store: RedisStore;
  suite(async (world) => {
    redis = await startRedis();
    store = await RedisStore.connect({ url: redis.url, tenant: redis.newTenant(), encryptionKey: "a key for tests" });
    await copied(world.store, store);
    return store;
  });
  afterAll(async () => {
    await store.stop();
    await redis.stop();
  });
});
