import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { forgetCommand } from "../../src/commands/forget.js";
import { linksCommand } from "../../src/commands/links.js";
import { entityTypes } from "../../src/domain/words.js";
import { MemoryStore } from "../../src/store/memory.js";
import { RedisStore } from "../../src/store/redis.js";
import { dataflowState } from "../../src/sync/policy.js";
import { describeWithOwnRedis, startOwnRedis } from "../helpers/redis.js";
import { accountRow, customerRow, guid, OperatorWorld, type OperatorWorldOptions } from "../sync/operator-world.js";

let world: OperatorWorld;
afterEach(() => world?.stop());

/** Firms and people of both sides, some matched, some that the sync has made in Exact, and products with and without a customer. */
const firms: OperatorWorldOptions = {
  customers: [customerRow(1), customerRow(2), customerRow(3), customerRow(4)],
  crmContacts: [
    { Id: "con1", CustomerId: "cus1", FirstName: "Eva", LastName: "Vos", Email: "eva@firm1.nl" },
    { Id: "con2", CustomerId: "cus3", FirstName: "Jan", LastName: "Smit" },
  ],
  products: [
    { Id: "pro1", Name: "Drill", Number: "D-1", CustomerId: "cus1" },
    { Id: "pro2", Name: "Saw" },
  ],
  accounts: [accountRow(1), accountRow(2), accountRow(4), { ...accountRow(4), ID: guid(5) }],
  exactContacts: [{ ID: guid(21), Account: guid(1), FirstName: "Eva", LastName: "Vos", Email: "eva@firm1.nl" }],
};

async function links(store = world.store): Promise<readonly string[]> {
  const found: string[] = [];
  for (const type of entityTypes) {
    for await (const entities of store.entities.scan(type)) {
      for (const { records } of entities) if (records.CUSTOMCRM && records.EXACT) found.push(`${type} ${records.CUSTOMCRM} ${records.EXACT}`);
    }
  }
  return found.sort();
}

async function command(name: string, options: { store?: MemoryStore; input?: string } = {}) {
  const said: string[] = [];
  const written: string[] = [];
  const code = await linksCommand([name], {
    store: options.store ?? world.store,
    flows: world.settings.flows,
    openParts: async () => ({ value: world.parts(), stop: async () => {} }),
    write: async (text) => void written.push(text),
    input: Readable.from([options.input ?? ""]),
    clock: () => world.clock.now(),
    say: (text) => void said.push(text),
  });
  return { code, said: said.join(""), written: written.join("") };
}

/** As after FLUSHALL: nothing is known any more; the systems are as they were. */
const flush = () => world.flush();

describe("links export and import", { timeout: 60_000 }, () => {
  it("bring back every link, its shadows and its former ids, so that nothing is written again", async () => {
    world = await OperatorWorld.start(firms);
    await world.cycle();
    const before = await links();
    expect(before.length).toBe(6);
    const firm = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    await world.actions.pauseDataflow("PRODUCT", "Stock-taking");
    const { written, code, said } = await command("export");
    expect([code, said]).toEqual([0, "10 entities written.\n"]);
    await flush();
    expect(await links()).toEqual([]);
    const imported = await command("import", { input: written });
    expect(imported).toMatchObject({ code: 0, said: "10 entities imported, 0 were there already.\n" });
    expect(await links()).toEqual(before);
    expect(await world.byId(firm.formerExactEntityId ?? "")).toMatchObject({ id: firm.id, shadows: firm.shadows, version: firm.version });
    expect((await dataflowState(world.store, "PRODUCT", "live")).state.paused).toMatchObject({ message: "Stock-taking" });
    const numbered = await world.store.entities.list({ type: "PRODUCT", terms: { number: "d1" }, order: "NAME_ASC" }, 5, null);
    expect(numbered.entities.map((one) => one.records.CUSTOMCRM)).toEqual(["pro1"]);
    const writes = world.writes().length;
    world.customcrm.core.patch("Customer", "cus2", { Phone: "020 8" });
    await world.cycle();
    expect(world.account(guid(2))?.Phone).toBe("020 8");
    expect(world.writes().length).toBe(writes + 1);
    expect(await links()).toEqual(before);
  });

  it("may be repeated, and never give a record a second entity", async () => {
    world = await OperatorWorld.start(firms);
    await world.cycle();
    const { written } = await command("export");
    expect((await command("import", { input: written })).said).toBe("0 entities imported, 10 were there already.\n");
    await flush();
    // The gateway was started before the import: all records have entities of their own by now.
    await world.engine.poll("CUSTOMCRM");
    const { code, said } = await command("import", { input: written });
    expect(code).toBe(1);
    expect(said).toContain("were not imported, as a record of theirs belongs to another entity");
  });

  it("name the line that is none of theirs", async () => {
    world = await OperatorWorld.start({});
    await expect(command("import", { input: '{"kind":"entity"' })).rejects.toThrow("Line 1 is no JSON");
    await expect(command("import", { input: '\n{"kind":"entity","entity":{"id":7}}' })).rejects.toThrow("Line 2 is no line of an exported link map: entity.id");
  });
});

describe("links rebuild after everything was lost", { timeout: 60_000 }, () => {
  it("finds the same links by ExternalId and by matching, and then writes no duplicate", async () => {
    world = await OperatorWorld.start({ ...firms, products: firms.products?.slice(0, 1) ?? [] });
    await world.cycle();
    const before = await links();
    const rows = () => [[...world.exact.core.accounts.all()].length, [...world.exact.core.contacts.all()].length];
    const [records, writes] = [rows(), world.writes().length];
    await flush();
    const { code, said } = await command("rebuild");
    expect(code).toBe(0);
    // Made by the sync, and told to Customcrm: a firm, a person, a product. Matched: two firms and a person.
    expect(said).toContain("3 linked by ExternalId, 3 by matching");
    expect(await links()).toEqual(before);
    expect(world.writes().length).toBe(writes);
    expect((await dataflowState(world.store, "PRODUCT", "live")).state.paused).toBeNull();
    await world.cycle();
    expect(await links()).toEqual(before);
    expect(rows()).toEqual(records);
    expect(await world.of("ACCOUNT", "CUSTOMCRM", "cus4")).toMatchObject({ state: "REVIEW" });
  });

  describeWithOwnRedis("from a Redis that has forgotten everything", () => {
    it("makes no second record and no wrong link, though people edit before it and after", async () => {
      const redis = await startOwnRedis();
      const stores: RedisStore[] = [];
      const connect = async () => {
        const store = await RedisStore.connect({ url: redis.url, tenant: "links", encryptionKey: "a key for tests" });
        stores.push(store);
        return store;
      };
      try {
        world = await OperatorWorld.start({ ...firms, products: firms.products?.slice(0, 1) ?? [], store: await connect() });
        await world.cycle();
        const before = await links();
        const rows = () => [
          [...world.exact.core.accounts.all()].length,
          [...world.exact.core.contacts.all()].length,
          world.customcrm.core.all("Customer").length,
        ];
        const records = rows();
        await stores[0]?.client.flushAll();
        // One whose id in Exact Customcrm was told, and one that is matched by its keys.
        world.customcrm.core.patch("Customer", "cus3", { City: "Renamed meanwhile" });
        world.exact.core.editAccount(guid(1), { Phone: "edited meanwhile" });
        await world.flush(await connect());
        expect((await command("rebuild")).code).toBe(0);
        expect(await links()).toEqual(before);
        await world.cycle();
        const made = (await world.of("ACCOUNT", "CUSTOMCRM", "cus3")).records.EXACT ?? "";
        expect([world.account(made)?.City, world.customer("cus1").Phone]).toEqual(["Renamed meanwhile", "edited meanwhile"]);
        expect(await links()).toEqual(before);
        expect(rows()).toEqual(records);
      } finally {
        for (const store of stores) await store.stop();
        await redis.stop();
      }
    });
  });

  it("keeps the products paused while one has no counterpart, until a person has linked it", async () => {
    world = await OperatorWorld.start({ ...firms, exactContacts: [{ ID: guid(30), Account: guid(1), LastName: "Saw" }] });
    await world.cycle();
    await world.actions.linkRecords({ type: "PRODUCT", customcrmId: "pro2", exactId: guid(30) }, null);
    await world.settle();
    // The link by hand is known to nobody but the link map: Customcrm forgets what it was told beside.
    world.customcrm.core.patch("Product", "pro2", { ExternalId: null });
    await world.cycle();
    const contacts = [...world.exact.core.contacts.all()].length;
    await flush();
    const { said } = await command("rebuild");
    expect(said).toContain("Products stay paused");
    await world.cycle();
    expect([...world.exact.core.contacts.all()].length).toBe(contacts);
    expect(await world.of("PRODUCT", "CUSTOMCRM", "pro2")).toMatchObject({ records: { EXACT: null } });
    const { entity } = await world.actions.linkRecords({ type: "PRODUCT", customcrmId: "pro2", exactId: guid(30) }, null);
    expect(entity).toMatchObject({ records: { CUSTOMCRM: "pro2", EXACT: guid(30) } });
    await world.actions.resumeDataflow("PRODUCT", "APPLY");
    await world.cycle();
    expect([...world.exact.core.contacts.all()].length).toBe(contacts);
  });

  it("believes no ExternalId that two records name", async () => {
    world = await OperatorWorld.start(firms);
    await world.cycle();
    const made = (await world.of("ACCOUNT", "CUSTOMCRM", "cus3")).records.EXACT ?? "";
    world.customcrm.core.create("Customer", { Name: "A copy of firm 3", ExternalId: made });
    await flush();
    // Nothing else tells either, since the one that the record was made from was renamed meanwhile.
    world.customcrm.core.patch("Customer", "cus3", { Name: "Renamed", Email: null });
    await command("rebuild");
    expect(await world.of("ACCOUNT", "EXACT", made)).toMatchObject({ records: { CUSTOMCRM: null } });
    expect(await world.of("ACCOUNT", "CUSTOMCRM", "cus3")).toMatchObject({ records: { EXACT: null } });
  });
});

describe("forget", { timeout: 60_000 }, () => {
  it("erases what is kept of an entity, and says where its records are", async () => {
    world = await OperatorWorld.start(firms);
    await world.cycle();
    const { id } = await world.of("CONTACT", "CUSTOMCRM", "con1");
    const said: string[] = [];
    expect(await forgetCommand([id], world.store, (text) => void said.push(text))).toBe(0);
    expect(said.join("")).toContain(`con1 in Customcrm and ${guid(21)} in Exact Online`);
    expect(await world.store.entities.get([id])).toEqual([null]);
    expect((await world.store.entities.history(id, 10, null)).events).toEqual([]);
    expect(await world.store.snapshots.get([{ system: "EXACT", type: "Contacts", id: guid(21) }])).toEqual([null]);
    expect(await forgetCommand([id], world.store, () => {})).toBe(1);
    expect(await forgetCommand([], world.store, (text) => void said.push(text))).toBe(1);
    expect(said.at(-1)).toContain("npm run forget");
  });
});
