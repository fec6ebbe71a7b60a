import { compileQuery } from "graphql-jit";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ServerParts } from "../../src/server/server.js";
import { firms, World } from "../resolvers/helpers.js";

vi.mock("graphql-jit", async (original) => {
  const real = await original<typeof import("graphql-jit")>();
  return { ...real, compileQuery: vi.fn(real.compileQuery) };
});
const compile = vi.mocked(compileQuery);

let worlds: World[] = [];
beforeEach(() => {
  compile.mockClear();
  worlds = [];
});
afterEach(() => Promise.all(worlds.map((world) => world.stop())));

async function served(compileOn: number | null, parts: Partial<ServerParts> = {}): Promise<World> {
  const world = new World();
  worlds.push(world);
  await world.given(...firms(3, 1));
  return world.serve({ compileOn, ...parts });
}

const byId =
  "query One($by: EntityRef!, $withLink: Boolean = true) { account(by: $by) { ...A link @include(if: $withLink) { state } } } fragment A on Account { id name }";
const list =
  "{ accounts(first: 2) { nodes { id name customcrm { name } exact { name } contacts { nodes { fullName } } } pageInfo { hasNextPage endCursor } } }";
const update = 'mutation { updateAccount(input: { id: "account-000", set: { name: "Anew" } }) { account { name } } }';

it.each<[string, object]>([
  ["records of both systems and pages below pages", { query: list }],
  ["variables, fragments and @include", { query: byId, variables: { by: { id: "account-001" }, withLink: false } }],
  ["defaults of variables", { query: byId, variables: { by: { id: "account-001" } } }],
  ["a @oneOf variable with two keys", { query: byId, variables: { by: { id: "account-001", exactId: "x" } } }],
  ["a @oneOf variable with none", { query: byId, variables: { by: {} } }],
  ["a variable that is missing", { query: byId }],
  ["a variable of another type", { query: byId, variables: { by: 7 } }],
  ["an error that a resolver throws", { query: "{ accounts(first: 1000) { nodes { id } } }" }],
  ["one field that fails beside others", { query: '{ good: account(by: {id: "account-000"}) { name } bad: accounts(maxAge: -1) { nodes { id } } }' }],
  ["types by their names", { query: '{ node(id: "account-001") { __typename id ... on Account { name } } }' }],
  ["what introspection tells", { query: '{ __type(name: "EntityRef") { name inputFields { name } } }' }],
])("answers the same compiled and not: %s", async (_what, body) => {
  const [with_, without] = [await served(1), await served(null)];
  const usual = await without.send(body);
  expect(await with_.send(body)).toEqual(usual);
  // What was compiled by then is answered without Apollo.
  expect(await with_.send(body)).toEqual(usual);
});

it.each<[string, object, number]>([
  ["data", { query: list }, 200],
  ["an error beside null", { query: "{ accounts(first: 1000) { nodes { id } } }" }, 200],
  ["a wrong variable", { query: byId, variables: { by: 7 } }, 200],
])("answers by Apollo and past it with the same bytes, status and headers: %s", async (_what, body, status) => {
  const world = await served(1);
  const answers = [];
  for (let i = 0; i < 3; i++) {
    const headers = { "content-type": "application/json", "x-request-id": "one" };
    const answer = await fetch(`${world.url}/graphql`, { method: "POST", headers, body: JSON.stringify(body) });
    const { date: _date, ...others } = Object.fromEntries(answer.headers);
    answers.push({ status: answer.status, headers: others, text: await answer.text() });
  }
  expect(answers[0]).toMatchObject({ status });
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});

it("masks a fault as without it", async () => {
  const answers = [];
  for (const compileOn of [1, null]) {
    const world = await served(compileOn);
    world.store.entities.list = async () => {
      throw new Error("redis://secret@host broke");
    };
    answers.push(await world.send({ query: list }));
  }
  expect(answers[0]?.errors).toMatchObject([{ extensions: { code: "INTERNAL_SERVER_ERROR", errorId: "fault-1" } }]);
  expect(answers[0]).toEqual(answers[1]);
});

it("says that a record is shown as it was before, where it was without it", async () => {
  const answers = [];
  for (const compileOn of [1, null]) {
    const world = await served(compileOn);
    world.exact.getMany = async () => {
      throw new TypeError("a bug of ours");
    };
    answers.push(await world.send({ query: '{ account(by: {id: "account-000"}, maxAge: 0) { name exact { name } contacts { nodes { fullName } } } }' }));
  }
  expect(answers[0]?.errors.length).toBeGreaterThan(0);
  expect(answers[0]).toEqual(answers[1]);
});

it("compiles an operation when it is met for the third time, and once", async () => {
  const world = await served(3);
  const times = [];
  for (let i = 0; i < 5; i++) {
    await world.send({ query: list });
    times.push(compile.mock.calls.length);
  }
  expect(times).toEqual([0, 0, 1, 1, 1]);
});

it("runs a mutation once, even if it fails on its way", async () => {
  const answers = [];
  for (const compileOn of [1, null]) {
    const submit = vi.fn(async () => {
      throw new Error("broke on its way");
    });
    answers.push(await (await served(compileOn, { submit })).send({ query: update }));
    expect(submit).toHaveBeenCalledTimes(1);
  }
  expect(compile).toHaveBeenCalledTimes(1);
  expect(answers[0]?.errors).toMatchObject([{ path: ["updateAccount"] }]);
  expect(answers[0]).toEqual(answers[1]);
});

it("executes what can't be compiled all the same, once", async () => {
  compile.mockImplementationOnce(() => {
    throw new Error("no code for that");
  });
  const submit = vi.fn(async () => {
    throw new Error("broke on its way");
  });
  const world = await served(1, { submit });
  await world.send({ query: update });
  await world.send({ query: update });
  expect(compile).toHaveBeenCalledTimes(1);
  expect(submit).toHaveBeenCalledTimes(2);
});
