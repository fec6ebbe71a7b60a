import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firms, guid, World } from "../resolvers/helpers.js";
import { type Gateway, gatewayOf } from "./gateway.js";
import { ordersSdl, serveOrders } from "./orders.js";

let world: World;
let orders: Awaited<ReturnType<typeof serveOrders>>;
let gateway: Gateway;

beforeAll(async () => {
  world = await new World().serve();
  await world.given(...firms(3, 1));
  orders = await serveOrders([
    { id: "order-1", number: "2026-001", exactId: guid(1, 0) },
    { id: "order-2", number: "2026-002", exactId: guid(1, 2) },
    { id: "order-3", number: "2026-003", exactId: guid(1, 0) },
    { id: "order-4", number: "2026-004", exactId: guid(9, 9) },
  ]);
  const { data } = await world.send({ query: "{ _service { sdl } }" });
  const { sdl } = (data as { _service: { sdl: string } })._service;
  gateway = gatewayOf([
    { name: "tandem", sdl, url: `${world.url}/graphql` },
    { name: "orders", sdl: ordersSdl, url: orders.url },
  ]);
});
afterAll(async () => {
  await gateway?.stop();
  await orders?.stop();
  await world?.stop();
});

describe("a query through a supergraph gateway", () => {
  it("goes from orders to the accounts that they are of, found by their exactId; one that there is not is null for itself", async () => {
    const { data, errors } = await gateway.ask(
      "{ orders { edges { node { number account { exactId name link { state } contacts { nodes { firstName } } } } } pageInfo { endCursor } } }",
    );
    const account = (name: string) => ({ name, link: { state: "LINKED" }, contacts: { nodes: [{ firstName: "Person 0" }] } });
    expect(data).toMatchObject({ orders: { pageInfo: { endCursor: "order-4" } } });
    const { edges } = (data as { orders: { edges: { node: { number: string; account: object } }[] } }).orders;
    expect(edges.map(({ node }) => node)).toMatchObject([
      { number: "2026-001", account: account("Firm 000") },
      { number: "2026-002", account: account("Firm 002") },
      { number: "2026-003", account: account("Firm 000") },
      { number: "2026-004", account: null },
    ]);
    expect(errors?.map(({ path }) => path)).toEqual([["orders", "edges", 3, "node", "account", "name"]]);
  });

  it("goes from accounts to their orders, with Relay's types of both", async () => {
    const { data, errors } = await gateway.ask(
      "{ accounts(first: 3) { nodes { name orders { edges { node { number } } pageInfo { hasNextPage } } } pageInfo { hasNextPage } } }",
    );
    expect(errors).toBeUndefined();
    const of = (...numbers: string[]) => ({ edges: numbers.map((number) => ({ node: { number } })), pageInfo: { hasNextPage: false } });
    expect(data).toEqual({
      accounts: {
        nodes: [
          { name: "Firm 000", orders: of("2026-001", "2026-003") },
          { name: "Firm 001", orders: of() },
          { name: "Firm 002", orders: of("2026-002") },
        ],
        pageInfo: { hasNextPage: false },
      },
    });
  });

  it("calls neither system for what the gateway holds", async () => {
    const { data } = await gateway.ask("{ accounts(first: 1) { nodes { phone orders { edges { node { account { name } } } } } } }");
    expect(data).toMatchObject({ accounts: { nodes: [{ phone: "010-1234567", orders: { edges: [{ node: { account: { name: "Firm 000" } } }, {}] } }] } });
    expect([...world.exact.calls, ...world.customcrm.calls]).toEqual([]);
  });
});
