import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { graphql } from "graphql";

/** Orders of another team, who know an account by its id in Exact only. Relay's types are theirs as much as ours. */
export const ordersSdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
  interface Node { id: ID! }
  type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Order implements Node @key(fields: "id") { id: ID! number: String! account: Account }
  type OrderEdge { cursor: String! node: Order! }
  type OrderConnection { edges: [OrderEdge!]! pageInfo: PageInfo! }
  type Account @key(fields: "exactId") { exactId: ID orders(first: Int = 50): OrderConnection! }
  type Query { orders(first: Int = 50): OrderConnection! node(id: ID!): Node @shareable nodes(ids: [ID!]!): [Node]! @shareable }
`;

/** What a server of its own adds, written out so that nothing of our build is in it. */
const served = `
  directive @link(url: String, import: [String]) repeatable on SCHEMA
  directive @key(fields: String!) repeatable on OBJECT
  directive @shareable on OBJECT | FIELD_DEFINITION
  scalar _Any
  union _Entity = Order | Account
  extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
`;

export interface Order {
  readonly id: string;
  readonly number: string;
  readonly exactId: string;
}

interface Orders {
  readonly url: string;
  stop(): Promise<void>;
}

/** That subgraph over HTTP. */
export async function serveOrders(orders: readonly Order[]): Promise<Orders> {
  const shown = ({ exactId, ...order }: Order) => ({ __typename: "Order", ...order, account: { __typename: "Account", exactId } });
  const connection = (found: readonly Order[]) => ({
    edges: found.map((order) => ({ cursor: order.id, node: shown(order) })),
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: found[0]?.id ?? null, endCursor: found.at(-1)?.id ?? null },
  });
  const nodeOf = (id: string) => orders.filter((order) => order.id === id).map(shown)[0] ?? null;
  const schema = makeExecutableSchema({
    typeDefs: [ordersSdl, served],
    resolvers: {
      Query: {
        orders: () => connection(orders),
        node: (_: unknown, { id }: { id: string }) => nodeOf(id),
        nodes: (_: unknown, { ids }: { ids: string[] }) => ids.map(nodeOf),
        _entities: (_: unknown, { representations }: { representations: { __typename: string; id?: string }[] }) =>
          representations.map((one) => (one.__typename === "Order" ? nodeOf(one.id ?? "") : one)),
      },
      Account: { orders: ({ exactId }: { exactId: string }) => connection(orders.filter((order) => order.exactId === exactId)) },
    },
  });
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { query, variables } = JSON.parse(body) as { query: string; variables?: Record<string, unknown> };
    const result = await graphql({ schema, source: query, variableValues: variables ?? {} });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
