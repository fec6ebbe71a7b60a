import { afterEach, expect, it } from "vitest";
import { StoreUnavailableError } from "../../src/domain/errors.js";
import { AccountPagesDocument, OneAccountDocument } from "../generated/operations.js";
import { firms, startWorld, type World } from "./helpers.js";

let world: World;
afterEach(() => world.stop());

it("tells a fault of the gateway as one sentence, whose id the log explains", async () => {
  world = await startWorld();
  world.store.entities.list = async () => {
    throw new Error("redis://secret@host broke");
  };
  const { errors, data } = await world.ask(AccountPagesDocument, {});
  expect(data).toBeNull();
  expect(errors).toMatchObject([
    {
      message: "Something went wrong inside the gateway. Its log tells what, under fault-1.",
      path: ["accounts"],
      extensions: { code: "INTERNAL_SERVER_ERROR", errorId: "fault-1" },
    },
  ]);
  expect(JSON.stringify(errors)).not.toContain("secret");
  expect(world.log).toContainEqual(expect.objectContaining({ errorId: "fault-1", err: expect.objectContaining({ message: "redis://secret@host broke" }) }));
});

it("says so when Redis does not answer", async () => {
  world = await startWorld();
  world.store.entities.list = async () => {
    throw new StoreUnavailableError("Redis does not answer.");
  };
  expect((await world.ask(AccountPagesDocument, {})).errors).toMatchObject([{ message: "Redis does not answer.", extensions: { code: "STORE_UNAVAILABLE" } }]);
});

it("leaves GraphQL's own errors as they are", async () => {
  world = await startWorld();
  const { errors, status } = await world.send({ query: "{ accounts { nodes { nonsense } } }" });
  // GraphQL over HTTP: who accepts plain JSON gets 200, and reads the errors in it.
  expect(status).toBe(200);
  expect(errors).toMatchObject([{ message: expect.stringContaining('Cannot query field "nonsense"'), extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }]);
});

it("fails one field for a fault while a record is read, and no other", async () => {
  world = await startWorld();
  await world.given(...firms(1, 0));
  world.exact.getMany = async () => {
    throw new TypeError("a bug of ours");
  };
  world.store.snapshots.get = async (refs) => refs.map(() => null);
  const { errors, data } = await world.ask(OneAccountDocument, { by: { id: "account-000" } });
  expect(data.account).toMatchObject({ name: "Firm 000", exact: null, customcrm: { name: "Firm 000" } });
  expect(errors).toMatchObject([{ path: ["account", "exact"], extensions: { code: "INTERNAL_SERVER_ERROR" } }]);
});
