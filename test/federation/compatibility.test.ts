import { stripIgnoredCharacters } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSubgraph } from "../../src/resolvers/subgraph.js";
import { type Gateway, gatewayOf } from "./gateway.js";
import { type Served, serveSchema } from "./serve.js";

/** What a subgraph may declare, all in one: every directive of the federation, and one of its own that is composed. */
const library = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override",
      "@inaccessible", "@tag", "@composeDirective", "@interfaceObject", "@extends"])
    @link(url: "https://library.example/lent/v1.0", import: ["@lent"])
    @composeDirective(name: "@lent")
  directive @lent on OBJECT
  type Book @lent @key(fields: "id") @key(fields: "isbn edition") @key(fields: "isbn shelf { id }") {
    id: ID!
    isbn: String
    edition: Int
    shelf: Shelf
    size: Size
    writer: Writer @provides(fields: "books")
    note: String @tag(name: "staff")
    reviews: [Review!]!
  }
  type Shelf { id: ID! }
  type Size @shareable { pages: Int grams: Int @inaccessible }
  type Review @key(fields: "case { number }") { case: Case! stars: Int }
  type Case { number: ID! text: String }
  extend type Writer @key(fields: "email") {
    email: ID! @external
    name: String @override(from: "people")
    books: Int @external
    years: Int! @external
    booksAYear: Int @requires(fields: "books years")
  }
  type Place @interfaceObject @key(fields: "id") { id: ID! lost: [Book!]! }
  extend type Query { book(id: ID!): Book oldBook(isbn: String!): Book @deprecated(reason: "Use book.") }
`;

const people = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
  type Writer @key(fields: "email") { email: ID! name: String books: Int @shareable years: Int! }
  interface Place @key(fields: "id") { id: ID! }
  type Hall implements Place @key(fields: "id") { id: ID! }
  type Size @shareable { pages: Int }
  type Query { writer: Writer place: Place size: Size }
`;

const books = [
  { id: "b1", isbn: "111", edition: 2, shelf: { id: "s1" }, note: "rare" },
  { id: "b2", isbn: "222", edition: 1, shelf: { id: "s2" }, note: null },
];
const cases = [{ number: "7", text: "Dull" }];
const writer = { email: "ada@library.example", books: 12, years: 4 };
type Reference = {
  id?: string;
  isbn?: string;
  edition?: number;
  shelf?: { id: string };
  case: { number: string };
  email: string;
  books?: number;
  years?: number;
};

const librarySchema = () =>
  buildSubgraph(
    library,
    {
      Query: {
        book: (_: unknown, { id }: { id: string }) => books.find((book) => book.id === id),
        oldBook: (_: unknown, { isbn }: { isbn: string }) => books.find((book) => book.isbn === isbn),
      },
      Book: {
        size: () => ({ pages: 300, grams: 420 }),
        writer: () => writer,
        reviews: () => cases.map((one) => ({ case: one, stars: 1 })),
      },
      Writer: { name: () => "Ada", booksAYear: ({ books: of, years }: { books: number; years: number }) => Math.round(of / years) },
      Place: { lost: () => [books[1]] },
    },
    {
      Book: ({ id, isbn, edition, shelf }: Reference) =>
        books.find((one) => (id ? one.id === id : one.isbn === isbn && (edition ? one.edition === edition : one.shelf.id === shelf?.id))) ?? null,
      Review: async ({ case: { number } }: Reference) => {
        const found = cases.find((one) => one.number === number);
        return found ? { case: found, stars: 1 } : null;
      },
      Writer: ({ email, books: of, years }: Reference) => {
        if (email === "nobody") throw new Error("The writers can't be read.");
        return { email, books: of, years };
      },
    },
  );

const peopleSchema = () =>
  buildSubgraph(
    people,
    { Query: { writer: () => ({ ...writer, name: "Not Ada" }), place: () => ({ __typename: "Hall", id: "h1" }), size: () => ({ pages: 1 }) } },
    { Writer: () => ({ ...writer, name: "Not Ada" }), Hall: ({ id }: Reference) => ({ id }) },
  );

let here: Served;
let there: Served;
let sdl: string;
let gateway: Gateway;
beforeAll(async () => {
  [here, there] = await Promise.all([serveSchema(librarySchema()), serveSchema(peopleSchema())]);
  const sdls = await Promise.all([here, there].map(async ({ ask }) => (await ask("{ _service { sdl } }")).data._service.sdl as string));
  sdl = sdls[0] ?? "";
  gateway = gatewayOf([
    { name: "library", sdl, url: here.url },
    { name: "people", sdl: sdls[1] ?? "", url: there.url },
  ]);
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([here?.stop(), there?.stop()]);
});

const entities = (selection: string, ...representations: object[]) =>
  here.ask(`query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }`, { representations });

describe("any schema on our server is a subgraph that", () => {
  it.each([
    ["@link", '@link(url:"https://specs.apollo.dev/federation/v2.3"'],
    ["@key of one field", 'type Book@lent@key(fields:"id")'],
    ["@key of several fields", '@key(fields:"isbn edition")'],
    ["@key within a field", '@key(fields:"isbn shelf { id }")'],
    ["@key of a composite", 'type Review@key(fields:"case { number }")'],
    ["@shareable", "type Size@shareable"],
    ["@inaccessible", "grams:Int@inaccessible"],
    ["@tag", '@tag(name:"staff")'],
    ["@override", '@override(from:"people")'],
    ["@provides", '@provides(fields:"books")'],
    ["@requires", '@requires(fields:"books years")'],
    ["@external", "email:ID!@external"],
    ["@composeDirective", '@composeDirective(name:"@lent")'],
    ["@interfaceObject", "type Place@interfaceObject"],
    ["a deprecation", '@deprecated(reason:"Use book.")'],
  ])("tells of %s in the SDL that it serves", (_name, text) => {
    expect(stripIgnoredCharacters(sdl)).toContain(text);
  });

  it("serves none of what only routers need in it", () => {
    expect(sdl).not.toMatch(/_entities|_service|_Any|_Entity/);
  });

  it("finds an entity by each of its keys", async () => {
    const { data, errors } = await entities(
      "... on Book { id note }",
      { __typename: "Book", id: "b1" },
      { __typename: "Book", isbn: "111", edition: 2 },
      { __typename: "Book", isbn: "222", shelf: { id: "s2" } },
      { __typename: "Book", id: "none" },
    );
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([{ id: "b1", note: "rare" }, { id: "b1", note: "rare" }, { id: "b2", note: null }, null]);
  });

  it("finds one by a composite key, and takes a reference for the entity where nobody says how to find it", async () => {
    const { data } = await entities(
      "... on Review { case { text } } ... on Place { id lost { id } }",
      { __typename: "Review", case: { number: "7" } },
      { __typename: "Place", id: "p1" },
    );
    expect(data._entities).toEqual([{ case: { text: "Dull" } }, { id: "p1", lost: [{ id: "b2" }] }]);
  });

  it("computes from the fields that it requires", async () => {
    const { data } = await entities("... on Writer { booksAYear name }", { __typename: "Writer", email: "x", books: 9, years: 3 });
    expect(data._entities).toEqual([{ booksAYear: 3, name: "Ada" }]);
  });

  it.each(["Shelf", "NoType", "Query", "constructor"])("says that %s is no entity, and answers for the others", async (type) => {
    const { data, errors } = await entities("... on Book { id }", { __typename: type, id: "1" }, { __typename: "Book", id: "b2" });
    expect(data._entities).toEqual([null, { id: "b2" }]);
    expect(errors).toMatchObject([{ message: `There is no entity of the type ${type}.`, path: ["_entities", 0], extensions: { code: "BAD_USER_INPUT" } }]);
  });

  it("answers for the others when one can't be read", async () => {
    const { data, errors } = await entities(
      "... on Book { id } ... on Writer { email }",
      { __typename: "Writer", email: "nobody" },
      { __typename: "Book", id: "b1" },
    );
    expect(data._entities).toEqual([null, { id: "b1" }]);
    expect(errors).toMatchObject([{ path: ["_entities", 0] }]);
  });

  it("traces for a router that asks, and for nobody else", async () => {
    expect(await here.ask("{ __typename }", {}, { "apollo-federation-include-trace": "ftv1" })).toEqual({
      data: { __typename: "Query" },
      extensions: { ftv1: expect.stringMatching(/^[\w+/]+=*$/) },
    });
    expect(await here.ask("{ __typename }")).toEqual({ data: { __typename: "Query" } });
  });

  it("refuses to be built with a directive that the federation does not have", () => {
    const wrong = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@kee"]) type Query { a: Int }';
    expect(() => buildSubgraph(wrong, {}, {})).toThrow("@kee is no directive of the federation that can be imported here.");
  });

  it("need have no entities", async () => {
    const bare = await serveSchema(buildSubgraph("type Query { a: Int }", { Query: { a: () => 1 } }, {}));
    expect(await bare.ask("{ a _service { sdl } }")).toEqual({ data: { a: 1, _service: { sdl: "type Query { a: Int }" } } });
    await bare.stop();
  });
});

describe("composed and asked through a gateway, it", () => {
  it("hides what is inaccessible, and carries tags and its own directive into the supergraph", () => {
    expect(gateway.supergraph).toMatch(/grams: Int[^\n]*@inaccessible/);
    expect(gateway.supergraph).toContain('@tag(name: "staff")');
    expect(gateway.supergraph).toContain("https://library.example/lent/v1.0");
  });

  it("is asked with what it requires of the other, and takes over a field from it", async () => {
    const { data, errors } = await gateway.ask("{ writer { email name years booksAYear } }");
    expect(errors).toBeUndefined();
    expect(data).toEqual({ writer: { email: writer.email, name: "Ada", years: 4, booksAYear: 3 } });
  });

  it("gives what it provides, and shares what is shareable", async () => {
    const { data, errors } = await gateway.ask('{ book(id: "b1") { id writer { books } size { pages } reviews { case { text } } } size { pages } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ book: { id: "b1", writer: { books: 12 }, size: { pages: 300 }, reviews: [{ case: { text: "Dull" } }] }, size: { pages: 1 } });
  });

  it("adds a field to every type behind an interface", async () => {
    const { data, errors } = await gateway.ask("{ place { id lost { id } } }");
    expect(errors).toBeUndefined();
    expect(data).toEqual({ place: { id: "h1", lost: [{ id: "b2" }] } });
  });

  it("has nothing of it that is inaccessible", async () => {
    const { errors } = await gateway.ask('{ book(id: "b1") { size { grams } } }');
    expect(errors).toMatchObject([{ message: expect.stringContaining('Cannot query field "grams"') }]);
  });
});
