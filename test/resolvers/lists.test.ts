import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AccountCountDocument,
  type AccountFilter,
  AccountPagesDocument,
  type AccountPagesQuery,
  ContactListDocument,
  type EntityOrder,
  ProductListDocument,
} from "../generated/operations.js";
import { type Answer, firms, guid, startWorld, type World } from "./helpers.js";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const ids = async (filter: AccountFilter, orderBy?: EntityOrder) =>
  (await world.ask(AccountPagesDocument, { first: 200, filter, ...(orderBy ? { orderBy } : {}) })).data.accounts.nodes.map((node) => node.id);

describe("filters and orders", () => {
  beforeEach(() =>
    world.given(
      {
        id: "zoe",
        type: "ACCOUNT",
        customcrm: {
          Id: "C1",
          Name: "Zoë Bakkerij",
          Email: "Info@Zoe.nl",
          Country: "NL",
          ZipCode: "1012 AB",
          VatNumber: "NL 123.456.789 B01",
          OrganisationNumber: "12345678",
        },
        entity: { modifiedAt: "2026-02-03T00:00:00.000Z" },
      },
      {
        id: "arne",
        type: "ACCOUNT",
        exact: { ID: guid(1, 2), Name: "ØRSTED Fisk", Country: "NO" },
        entity: { modifiedAt: "2026-02-01T00:00:00.000Z", state: "REVIEW" },
      },
      {
        id: "bakker",
        type: "ACCOUNT",
        customcrm: { Id: "C3", Name: "bakker van den Berg", Country: "NL" },
        exact: { ID: guid(1, 3), Name: "Bakker van den Berg", Country: "NL" },
        entity: { modifiedAt: "2026-02-02T00:00:00.000Z" },
      },
    ),
  );

  it.each<[string, AccountFilter, readonly string[]]>([
    ["the start of a name, blind to case", { name: { startsWith: "BAKK" } }, ["bakker"]],
    ["the start of a name, blind to accents", { name: { startsWith: "zoe b" } }, ["zoe"]],
    ["a whole name, in another spelling", { name: { equals: "orsted fisk" } }, ["arne"]],
    ["half of a name where the whole is meant", { name: { equals: "orsted" } }, []],
    ["any name", { name: { startsWith: " " } }, ["bakker", "arne", "zoe"]],
    ["an e-mail address, blind to case", { email: "INFO@zoe.NL" }, ["zoe"]],
    ["a country", { country: "nl" }, ["bakker", "zoe"]],
    ["a postcode written together", { postcode: "1012ab" }, ["zoe"]],
    ["a VAT number without its dots", { vatNumber: "NL123456789B01" }, ["zoe"]],
    ["a number of the chamber of commerce", { chamberOfCommerce: "12345678" }, ["zoe"]],
    ["a number of nothing but punctuation", { vatNumber: "..." }, []],
    ["a state", { state: ["LINKED", "REVIEW"] }, ["bakker", "arne"]],
    ["no state at all", { state: [] }, []],
    ["a time", { modifiedAfter: "2026-02-01T12:00:00+01:00" }, ["bakker", "zoe"]],
    ["all of several", { country: "NL", state: ["UNLINKED"], name: { startsWith: "z" } }, ["zoe"]],
    ["filters that are null", { country: null, name: null, state: null }, ["bakker", "arne", "zoe"]],
  ])("find by %s", async (_what, filter, expected) => {
    expect(await ids(filter)).toEqual(expected);
    expect((await world.ask(AccountCountDocument, { filter })).data.accounts.totalCount).toBe(expected.length);
  });

  it.each<[EntityOrder, readonly string[]]>([
    ["NAME_ASC", ["bakker", "arne", "zoe"]],
    ["NAME_DESC", ["zoe", "arne", "bakker"]],
    ["MODIFIED_ASC", ["arne", "bakker", "zoe"]],
    ["MODIFIED_DESC", ["zoe", "bakker", "arne"]],
  ])("sort by %s", async (order, expected) => {
    expect(await ids({}, order)).toEqual(expected);
  });
});

describe("pages", () => {
  beforeEach(() => world.given(...firms(5, 0)));

  it("follow each other without gap or repeat", async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (const expected of [true, true, false]) {
      const answer: Answer<AccountPagesQuery> = await world.ask(AccountPagesDocument, { first: 2, after });
      const { pageInfo, edges, nodes } = answer.data.accounts;
      seen.push(...nodes.map(({ id }) => id));
      expect(edges.map(({ node }) => node.id)).toEqual(nodes.map(({ id }) => id));
      expect(pageInfo).toEqual({
        hasNextPage: expected,
        hasPreviousPage: after !== null,
        startCursor: edges[0]?.cursor,
        endCursor: edges.at(-1)?.cursor,
      });
      after = pageInfo.endCursor ?? null;
    }
    expect(seen).toEqual(["account-000", "account-001", "account-002", "account-003", "account-004"]);
  });

  it("hold their place when something is added before it", async () => {
    const { data } = await world.ask(AccountPagesDocument, { first: 2 });
    await world.given({ id: "new", type: "ACCOUNT", customcrm: { Id: "CN", Name: "Aaa" } });
    const next = await world.ask(AccountPagesDocument, { first: 2, after: data.accounts.pageInfo.endCursor ?? null });
    expect(next.data.accounts.nodes.map(({ id }) => id)).toEqual(["account-002", "account-003"]);
  });

  it.each([0, -1, 201])("of %i are refused, not clamped", async (first) => {
    const { errors, data } = await world.ask(AccountPagesDocument, { first });
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      { message: `\`first\` must be between 1 and 200; got ${first}.`, path: ["accounts"], extensions: { code: "BAD_USER_INPUT" } },
    ]);
  });

  it("after a cursor that is not theirs are refused", async () => {
    const { errors } = await world.ask(AccountPagesDocument, { first: 2, after: "bm9wZQ" });
    expect(errors).toMatchObject([{ path: ["accounts"], extensions: { code: "BAD_USER_INPUT" } }]);
  });

  it("do not count unless they are asked to", async () => {
    let counted = 0;
    const { entities } = world.store;
    const count = entities.count.bind(entities);
    entities.count = (query) => {
      counted++;
      return count(query);
    };
    await world.ask(AccountPagesDocument, { first: 2 });
    expect(counted).toBe(0);
    expect((await world.ask(AccountCountDocument)).data.accounts.totalCount).toBe(5);
    expect(counted).toBe(1);
  });
});

describe("contacts and products", () => {
  beforeEach(async () => {
    await world.given(...firms(2, 2));
    await world.given(
      { id: "nameless", type: "CONTACT", exact: { ID: guid(2, 900), FirstName: "Cher", BirthDate: "1946-05-20", Account: guid(1, 0) } },
      {
        id: "drill",
        type: "PRODUCT",
        customcrm: { Id: "X1", Name: "Drill", Number: "D-100", CustomerId: "C000" },
        exact: { ID: guid(3, 1), LastName: "Drill", Account: guid(1, 0) },
      },
      { id: "saw", type: "PRODUCT", customcrm: { Id: "X2", Name: "Saw", Number: "S 200" } },
    );
  });

  it("are found by first, last or full name", async () => {
    const found = async (startsWith: string) =>
      (await world.ask(ContactListDocument, { filter: { name: { startsWith } } })).data.contacts.nodes.map(({ id }) => id);
    expect(await found("cher")).toEqual(["nameless"]);
    expect(await found("of 001")).toEqual(["contact-001-0", "contact-001-1"]);
    expect(await found("person 1 of 000")).toEqual(["contact-000-1"]);
  });

  it("show a person without a last name by the first", async () => {
    const { data } = await world.ask(ContactListDocument, { filter: { name: { equals: "Cher" } } });
    expect(data.contacts.nodes).toEqual([
      {
        id: "nameless",
        firstName: "Cher",
        lastName: null,
        fullName: "Cher",
        email: null,
        birthDate: "1946-05-20",
        account: { id: "account-000", name: "Firm 000" },
      },
    ]);
  });

  it("are found by their account, also by an id that it had before it was linked", async () => {
    const [account] = await world.store.entities.get(["account-000"]);
    if (!account) throw new Error("no account");
    await world.given({ id: "former", type: "ACCOUNT", exact: { ID: guid(1, 77), Name: "Former" } });
    await world.store.entities.commit({ put: [], remove: [{ id: "former", revision: 1, into: "account-000" }] });
    for (const accountId of ["account-000", "former"]) {
      const { data } = await world.ask(ContactListDocument, { filter: { accountId } });
      expect(data.contacts.nodes.map(({ id }) => id)).toEqual(["nameless", "contact-000-0", "contact-000-1"]);
      expect(data.contacts.totalCount).toBe(3);
    }
  });

  it("show a product's number, which only Customcrm keeps, and its row in Exact", async () => {
    const { data, errors } = await world.ask(ProductListDocument, { filter: { number: "d100" } });
    expect(errors).toEqual([]);
    expect(data.products).toEqual({
      totalCount: 1,
      nodes: [
        { id: "drill", name: "Drill", number: "D-100", account: { id: "account-000", products: { nodes: [{ id: "drill" }] } }, exact: { lastName: "Drill" } },
      ],
    });
    expect((await world.ask(ProductListDocument, { filter: { name: { equals: "saw" } } })).data.products.nodes[0]).toMatchObject({
      number: "S 200",
      account: null,
      exact: null,
    });
  });

  it("show a number that a mutation has set and that is still on its way", async () => {
    await world.given({
      id: "nail",
      type: "PRODUCT",
      customcrm: { Id: "X3", Name: "Nail", Number: "old" },
      entity: { wanted: { operationId: "op", kind: "UPDATE", set: { number: "new" }, at: "2026-03-01T11:59:00.000Z", actor: null } },
    });
    expect((await world.ask(ProductListDocument, { filter: { name: { equals: "nail" } } })).data.products.nodes[0]?.number).toBe("new");
  });
});
