import { parse, stripIgnoredCharacters } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSubgraph } from "../../src/resolvers/subgraph.js";
import { type Federation, startFederation } from "./library.js";
import { type Answer, serveSchema } from "./serve.js";

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation();
});
afterAll(() => federation?.stop());

const entities = (selection: string, ...representations: object[]): Promise<Answer> =>
  federation.library.ask(`query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }`, { representations });
const ask = (query: string) => federation.library.ask(query);
const route = (query: string) => federation.gateway.ask(query);
const data = async (answer: Promise<Answer>) => {
  const { data: found, errors } = await answer;
  expect(errors).toBeUndefined();
  return found;
};
const said = (text: string) => async () => expect(stripIgnoredCharacters(federation.sdl)).toContain(text);

/** The checks of Apollo's compatibility suite for subgraphs, by the names that it gives them, on a library instead of a shop. */
const checks: readonly (readonly [name: string, what: string, check: () => Promise<unknown>])[] = [
  [
    "introspection",
    "serves the types as they were declared",
    async () => {
      expect(stripIgnoredCharacters(federation.sdl)).toContain("type Case{number:ID!text:String}");
      const kinds = parse(federation.sdl).definitions.flatMap((one) => ("name" in one && one.name ? [one.name.value] : []));
      expect(kinds).toEqual(["lent", "Book", "LostBook", "Shelf", "Size", "Review", "Case", "Writer", "Place", "Query"]);
    },
  ],
  ["@key single", "is in the SDL", said('type Writer@key(fields:"email")')],
  [
    "@key single",
    "finds an entity",
    async () =>
      expect(await data(entities("... on Writer { email name }", { __typename: "Writer", email: "x" }))).toEqual({ _entities: [{ email: "x", name: "Ada" }] }),
  ],
  ["@key multiple", "is in the SDL", said('type LostBook@key(fields:"isbn edition")')],
  [
    "@key multiple",
    "finds an entity by several fields",
    async () =>
      expect(
        await data(
          entities("... on LostBook { isbn reason }", { __typename: "LostBook", isbn: "333", edition: 1 }, { __typename: "LostBook", isbn: "333", edition: 2 }),
        ),
      ).toEqual({ _entities: [{ isbn: "333", reason: "Left on a train." }, null] }),
  ],
  ["@key composite", "is in the SDL", said('type Review@key(fields:"case { number }")')],
  [
    "@key composite",
    "finds an entity by a field of a field",
    async () =>
      expect(await data(entities("... on Review { case { number text } }", { __typename: "Review", case: { number: "7" } }))).toEqual({
        _entities: [{ case: { number: "7", text: "Dull" } }],
      }),
  ],
  ["repeatable @key", "is in the SDL", said('type Book@lent@key(fields:"id")@key(fields:"isbn edition")@key(fields:"isbn shelf { id }"){')],
  [
    "repeatable @key",
    "finds an entity by each of its keys",
    async () => {
      const keys = [{ id: "b1" }, { isbn: "111", edition: 2 }, { isbn: "222", shelf: { id: "s2" } }, { id: "none" }];
      const found = await data(entities("... on Book { id note }", ...keys.map((key) => ({ __typename: "Book", ...key }))));
      expect(found._entities).toEqual([{ id: "b1", note: "rare" }, { id: "b1", note: "rare" }, { id: "b2", note: null }, null]);
    },
  ],
  ["@requires", "is in the SDL", said('booksAYear:Int@requires(fields:"books years")')],
  [
    "@requires",
    "computes from what another subgraph knows",
    async () =>
      expect(await data(route("{ writer { email name years booksAYear } }"))).toEqual({
        writer: { email: "ada@library.example", name: "Ada", years: 4, booksAYear: 3 },
      }),
  ],
  ["@provides", "is in the SDL", said('writer:Writer@provides(fields:"books")')],
  [
    "@provides",
    "gives by itself what it provides",
    async () => expect(await data(ask('{ book(id: "b1") { writer { books } } }'))).toEqual({ book: { writer: { books: 1337 } } }),
  ],
  [
    "ftv1",
    "traces for a router that asks",
    async () =>
      expect(await federation.library.ask("{ __typename }", {}, { "apollo-federation-include-trace": "ftv1" })).toEqual({
        data: { __typename: "Query" },
        extensions: { ftv1: expect.stringMatching(/^[\w+/]+=*$/) },
      }),
  ],
  [
    "@link",
    "is in the SDL, once for the federation",
    async () => expect(stripIgnoredCharacters(federation.sdl).match(/@link\(url:"https:\/\/specs\.apollo\.dev\/federation\/v2\.3" import:\[/g)).toHaveLength(1),
  ],
  ["@shareable", "is in the SDL", said("type Size@shareable")],
  [
    "@shareable",
    "answers for a type that others have too",
    async () =>
      expect(await data(route('{ book(id: "b1") { size { pages } } size { pages } }'))).toEqual({ book: { size: { pages: 300 } }, size: { pages: 1 } }),
  ],
  ["@tag", "is in the SDL", said('note:String@tag(name:"staff")')],
  ["@override", "is in the SDL", said('name:String@override(from:"people")')],
  [
    "@override",
    "takes a field over from another",
    async () => expect(await data(route('{ book(id: "b1") { writer { name } } }'))).toEqual({ book: { writer: { name: "Ada" } } }),
  ],
  ["@inaccessible", "is in the SDL", said("grams:Int@inaccessible")],
  [
    "@inaccessible",
    "answers for it where it is asked by itself",
    async () => expect(await data(ask('{ book(id: "b1") { size { grams } } }'))).toEqual({ book: { size: { grams: 420 } } }),
  ],
  [
    "@composeDirective",
    "is in the SDL with the directive, its definition and its use",
    async () => {
      const text = stripIgnoredCharacters(federation.sdl);
      for (const part of ['@composeDirective(name:"@lent")', 'import:["@lent"]', "directive@lent on OBJECT", "type Book@lent"]) expect(text).toContain(part);
    },
  ],
  ["@interfaceObject", "is in the SDL", said('type Place@interfaceObject@key(fields:"id")')],
  [
    "@interfaceObject",
    "adds a field to every type behind the interface",
    async () =>
      expect(await data(route('{ place(id: "h1") { __typename id lost { isbn reason } } }'))).toEqual({
        place: { __typename: "Hall", id: "h1", lost: [{ isbn: "333", reason: "Left on a train." }] },
      }),
  ],
];

describe("a subgraph on our own server passes", () => {
  it.each(checks)("%s: %s", async (_name, _what, check) => {
    await check();
  });

  it("all 25 checks of the 15 kinds that there are", () => {
    expect([checks.length, new Set(checks.map(([name]) => name)).size]).toEqual([25, 15]);
  });
});

describe("beyond those, a subgraph", () => {
  it("says what is @external and deprecated, and nothing of what only routers need", () => {
    expect(stripIgnoredCharacters(federation.sdl)).toContain("email:ID!@external");
    expect(federation.sdl).toContain('@deprecated(reason: "Use book.")');
    expect(federation.sdl).not.toMatch(/_entities|_service|_Any|_Entity/);
  });

  it("takes a reference for the entity where nobody says how to find it", async () => {
    expect(await data(entities("... on Place { id lost { isbn } }", { __typename: "Place", id: "p1" }))).toEqual({
      _entities: [{ id: "p1", lost: [{ isbn: "333" }] }],
    });
  });

  it.each(["Shelf", "NoType", "Query", "constructor"])("says that %s is no entity, and answers for the others", async (type) => {
    const { data: found, errors } = await entities("... on Book { id }", { __typename: type, id: "1" }, { __typename: "Book", id: "b2" });
    expect(found._entities).toEqual([null, { id: "b2" }]);
    expect(errors).toMatchObject([{ message: `There is no entity of the type ${type}.`, path: ["_entities", 0], extensions: { code: "BAD_USER_INPUT" } }]);
  });

  it("answers for the others when one can't be read", async () => {
    const representations = [
      { __typename: "Writer", email: "nobody" },
      { __typename: "Book", id: "b1" },
    ];
    const { data: found, errors } = await entities("... on Book { id } ... on Writer { email }", ...representations);
    expect(found._entities).toEqual([null, { id: "b1" }]);
    expect(errors).toMatchObject([{ path: ["_entities", 0] }]);
  });

  it("traces for nobody who does not ask", async () => {
    expect(await ask("{ __typename }")).toEqual({ data: { __typename: "Query" } });
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

describe("in the supergraph, it", () => {
  it("is asked by another for what that one requires, with the client's own arguments", async () => {
    expect(await data(federation.gateway.ask('query ($to: String) { place(id: "h1") { books { id postage(to: $to) } } }', { to: "moon" }))).toEqual({
      place: { books: [{ id: "b1", postage: 300_000 }] },
    });
  });

  it("hides what is inaccessible, and carries tags and its own directive", async () => {
    expect(federation.gateway.supergraph).toMatch(/grams: Int[^\n]*@inaccessible/);
    expect(federation.gateway.supergraph).toContain('@tag(name: "staff")');
    expect(federation.gateway.supergraph).toContain("https://library.example/lent/v1.0");
    const { errors } = await route('{ book(id: "b1") { size { grams } } }');
    expect(errors).toMatchObject([{ message: expect.stringContaining('Cannot query field "grams"') }]);
  });
});
