import { buildSubgraph } from "../../src/resolvers/subgraph.js";
import { type Gateway, gatewayOf } from "./gateway.js";
import { type Served, serveSchema } from "./serve.js";

/** What a subgraph may declare, all in one: every directive of the federation, and one of its own that is composed. */
const librarySdl = `
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
  type LostBook @key(fields: "isbn edition") { isbn: String! edition: Int! reason: String }
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
  type Place @interfaceObject @key(fields: "id") { id: ID! lost: [LostBook!]! }
  extend type Query { book(id: ID!): Book oldBook(isbn: String!): Book @deprecated(reason: "Use book.") }
`;

const peopleSdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
  type Writer @key(fields: "email") { email: ID! name: String books: Int @shareable years: Int! }
  type Size @shareable { pages: Int }
  type Query { writer: Writer size: Size }
`;

const townSdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@shareable"])
  interface Place @key(fields: "id") { id: ID! books: [Book!]! }
  type Hall implements Place @key(fields: "id") { id: ID! books: [Book!]! }
  extend type Book @key(fields: "id") {
    id: ID! @external
    size: Size @external
    postage(to: String): Int @requires(fields: "size { pages }")
  }
  type Size @shareable { pages: Int }
  type Query { place(id: ID!): Place }
`;

const books = [
  { id: "b1", isbn: "111", edition: 2, shelf: { id: "s1" }, note: "rare" },
  { id: "b2", isbn: "222", edition: 1, shelf: { id: "s2" }, note: null },
];
const lost = { isbn: "333", edition: 1, reason: "Left on a train." };
const cases = [{ number: "7", text: "Dull" }];
/** What the library knows of a writer, and what people do. */
const byLibrary = { email: "ada@library.example", books: 1337 };
const byPeople = { email: "ada@library.example", name: "Not Ada", books: 12, years: 4 };

interface Reference {
  readonly id?: string;
  readonly isbn?: string;
  readonly edition?: number;
  readonly shelf?: { readonly id: string };
  readonly case: { readonly number: string };
  readonly email: string;
  readonly size?: { readonly pages: number };
}

const librarySchema = () =>
  buildSubgraph(
    librarySdl,
    {
      Query: {
        book: (_: unknown, { id }: { id: string }) => books.find((book) => book.id === id),
        oldBook: (_: unknown, { isbn }: { isbn: string }) => books.find((book) => book.isbn === isbn),
      },
      Book: {
        size: () => ({ pages: 300, grams: 420 }),
        writer: () => byLibrary,
        reviews: () => cases.map((one) => ({ case: one, stars: 1 })),
      },
      Writer: { name: () => "Ada", booksAYear: ({ books: of, years }: { books: number; years: number }) => Math.round(of / years) },
      Place: { lost: () => [lost] },
    },
    {
      Book: ({ id, isbn, edition, shelf }: Reference) =>
        books.find((one) => (id ? one.id === id : one.isbn === isbn && (edition ? one.edition === edition : one.shelf.id === shelf?.id))) ?? null,
      LostBook: ({ isbn, edition }: Reference) => (isbn === lost.isbn && edition === lost.edition ? lost : null),
      Review: async ({ case: { number } }: Reference) => {
        const found = cases.find((one) => one.number === number);
        return found ? { case: found, stars: 1 } : null;
      },
      Writer: (reference: Reference) => {
        if (reference.email === "nobody") throw new Error("The writers can't be read.");
        return reference;
      },
    },
  );

const peopleSchema = () => buildSubgraph(peopleSdl, { Query: { writer: () => byPeople, size: () => ({ pages: 1 }) } }, { Writer: () => byPeople });

const townSchema = () =>
  buildSubgraph(
    townSdl,
    {
      Query: { place: (_: unknown, { id }: { id: string }) => ({ __typename: "Hall", id, books: [{ id: "b1" }] }) },
      Book: { postage: ({ size }: Reference, { to }: { to: string }) => (to === "moon" ? 1_000 : 1) * (size?.pages ?? Number.NaN) },
    },
    {},
  );

export interface Federation {
  /** The subgraph with everything in it, asked by itself. */
  readonly library: Served;
  /** As the library serves it. */
  readonly sdl: string;
  readonly gateway: Gateway;
  stop(): Promise<void>;
}

/** Three schemas on our own server, composed, and a gateway before them. */
export async function startFederation(): Promise<Federation> {
  const [library, people, town] = await Promise.all([serveSchema(librarySchema()), serveSchema(peopleSchema()), serveSchema(townSchema())]);
  const subgraph = async (name: string, { ask, url }: Served) => ({ name, url, sdl: (await ask("{ _service { sdl } }")).data._service.sdl as string });
  const subgraphs = await Promise.all([subgraph("library", library), subgraph("people", people), subgraph("town", town)]);
  const gateway = gatewayOf(subgraphs);
  return {
    library,
    sdl: subgraphs[0]?.sdl ?? "",
    gateway,
    stop: async () => {
      await gateway.stop();
      await Promise.all([library, people, town].map(({ stop }) => stop()));
    },
  };
}
