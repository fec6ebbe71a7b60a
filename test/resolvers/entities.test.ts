import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManyNodesDocument, OneAccountDocument, OneContactDocument, OneNodeDocument, ReferencesDocument, SdlDocument } from "../generated/operations.js";
import { firms, guid, startWorld, type World } from "./helpers.js";

let world: World;
beforeEach(async () => {
  world = await startWorld();
  await world.given(...firms(2, 1));
});
afterEach(() => world.stop());

describe("an account", () => {
  it("has one answer from two systems", async () => {
    await world.given({
      id: "both",
      type: "ACCOUNT",
      customcrm: { Id: "C7", Name: "Both", ZipCode: "1012 AB" },
      exact: { ID: guid(1, 7), Name: "Both", Postcode: "1012AB", VATNumber: "NL1", Blocked: true, EndDate: "2026-12-31" },
    });
    const { data, errors } = await world.ask(OneAccountDocument, { by: { id: "both" } });
    expect(errors).toEqual([]);
    expect(data.account).toEqual({
      id: "both",
      customcrmId: "C7",
      exactId: guid(1, 7),
      name: "Both",
      phone: null,
      modifiedAt: "2026-02-01T08:00:00.000Z",
      customcrm: { recordId: "C7", name: "Both", zipCode: "1012 AB", asOf: "2026-03-01T11:00:00.000Z" },
      exact: { recordId: guid(1, 7), name: "Both", vatNumber: "NL1", blocked: true, endDate: "2026-12-31", asOf: "2026-03-01T11:00:00.000Z" },
      link: { state: "LINKED", version: 1 },
    });
  });

  it.each([
    ["its id", { id: "account-001" }],
    ["the id of its Customcrm record", { customcrmId: "C001" }],
    ["the id of its Exact record", { exactId: guid(1, 1) }],
    ["that id in braces and capitals", { exactId: `{${guid(1, 1).toUpperCase()}}` }],
  ])("is found by %s", async (_what, by) => {
    expect((await world.ask(OneAccountDocument, { by })).data.account?.name).toBe("Firm 001");
  });

  it("is found by an id that it had before it was linked, and gives the one that stands", async () => {
    await world.given({ id: "former", type: "ACCOUNT", exact: { ID: guid(1, 77), Name: "Former" } });
    await world.store.entities.commit({ put: [], remove: [{ id: "former", revision: 1, into: "account-001" }] });
    expect((await world.ask(OneAccountDocument, { by: { id: "former" } })).data.account?.id).toBe("account-001");
  });

  it.each([{ id: "nobody" }, { id: "contact-001-0" }, { customcrmId: "P001-0" }, { exactId: guid(2, 100) }])(
    "is null for %j, which is no account's",
    async (by) => {
      const { data, errors } = await world.ask(OneAccountDocument, { by });
      expect(data.account).toBeNull();
      expect(errors).toEqual([]);
    },
  );

  it.each([{}, { id: "account-001", customcrmId: "C001" }, { id: null }])("asked for by %j is refused: exactly one id is needed", async (by) => {
    const { errors } = await world.ask(OneAccountDocument, { by } as never);
    expect(errors).toMatchObject([{ message: expect.stringMatching(/xactly one|must not be null|must be non-null/i), extensions: { code: "BAD_USER_INPUT" } }]);
  });

  it("is refused with a maxAge below 0", async () => {
    const { errors } = await world.ask(OneAccountDocument, { by: { id: "account-001" }, maxAge: -1 });
    expect(errors).toMatchObject([{ message: expect.stringContaining("0 or more seconds"), extensions: { code: "BAD_USER_INPUT" } }]);
  });
});

it("shows a contact's records under their systems' own names", async () => {
  const { data } = await world.ask(OneContactDocument, { by: { customcrmId: "P001-0" } });
  expect(data.contact).toEqual({
    id: "contact-001-0",
    fullName: "Person 0 of 001",
    account: { id: "account-001" },
    exact: { accountId: guid(1, 1), fullName: "Person 0 of 001", isMainContact: true },
    customcrm: { customerId: "C001" },
  });
});

describe("node", () => {
  it("finds entities of every type, and operations", async () => {
    await world.given({ id: "drill", type: "PRODUCT", customcrm: { Id: "X1", Name: "Drill" } });
    await world.store.documents.set("operation", "op-1", operation, 0);
    const one = async (id: string) => (await world.ask(OneNodeDocument, { id })).data.node;
    expect(await one("account-001")).toMatchObject({ __typename: "Account", customcrmId: "C001", link: { state: "LINKED" } });
    expect(await one("contact-001-0")).toMatchObject({ __typename: "Contact", exactId: guid(2, 100) });
    expect(await one("drill")).toMatchObject({ __typename: "Product", exactId: null });
    expect(await one("op-1")).toEqual({ __typename: "Operation", id: "op-1", status: "PENDING" });
    expect(await one("nobody")).toBeNull();
  });

  it("keeps the order of many, with null where there is none", async () => {
    const { data } = await world.ask(ManyNodesDocument, { ids: ["contact-001-0", "nobody", "account-000", "account-000"] });
    expect(data.nodes.map((node) => node?.id ?? null)).toEqual(["contact-001-0", null, "account-000", "account-000"]);
  });

  it("takes at most 200 at once", async () => {
    const { errors } = await world.ask(ManyNodesDocument, { ids: Array.from({ length: 201 }, (_, i) => `${i}`) });
    expect(errors).toMatchObject([{ message: "`ids` takes at most 200 ids; got 201.", extensions: { code: "BAD_USER_INPUT" } }]);
  });
});

describe("as a subgraph", () => {
  it("finds entities by each of their keys, in one look-up per kind of id", async () => {
    const lookups: number[] = [];
    const { entities } = world.store;
    const ofRecords = entities.ofRecords.bind(entities);
    entities.ofRecords = (type, system, recordIds) => {
      lookups.push(recordIds.length);
      return ofRecords(type, system, recordIds);
    };
    const { data, errors } = await world.ask(ReferencesDocument, {
      representations: [
        { __typename: "Account", id: "account-000" },
        { __typename: "Account", customcrmId: "C001" },
        { __typename: "Account", customcrmId: "C000" },
        { __typename: "Contact", exactId: guid(2, 100) },
        { __typename: "Account", id: "nobody" },
      ],
    });
    expect(errors).toEqual([]);
    expect(data._entities).toEqual([
      { __typename: "Account", id: "account-000", name: "Firm 000" },
      { __typename: "Account", id: "account-001", name: "Firm 001" },
      { __typename: "Account", id: "account-000", name: "Firm 000" },
      { __typename: "Contact", id: "contact-001-0", fullName: "Person 0 of 001" },
      null,
    ]);
    expect(lookups).toEqual([2, 1]);
  });

  it("serves its SDL with the keys of all three entities, @shareable and @oneOf", async () => {
    const { data } = await world.ask(SdlDocument);
    const sdl = data._service.sdl ?? "";
    for (const type of ["Account", "Contact", "Product"]) {
      const head = sdl.match(new RegExp(`type ${type} implements[^{]*`))?.[0] ?? "";
      expect(head.match(/@key\(fields: "\w+"\)/g)).toEqual(['@key(fields: "id")', '@key(fields: "customcrmId")', '@key(fields: "exactId")']);
    }
    for (const input of ["EntityRef", "TextFilter", "OperationRef"]) expect(sdl).toMatch(new RegExp(`input ${input}\\s+@oneOf`));
    expect(sdl).toMatch(/type PageInfo\s+@shareable/);
    expect(sdl).toMatch(/\bnode\([^)]*\): Node\s+@shareable/);
    expect(sdl).toMatch(/\bnodes\([^)]*\): \[Node\]!\s+@shareable/);
  });
});

const operation = {
  id: "op-1",
  kind: "UPDATE",
  type: "ACCOUNT",
  entityId: "account-001",
  set: { name: "New" },
  status: "PENDING",
  writes: [],
  userErrors: [],
  startedAt: "2026-03-01T11:00:00.000Z",
  finishedAt: null,
  onPartialFailure: "RETRY",
};
