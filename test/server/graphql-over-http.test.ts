import { createHash } from "node:crypto";
import { serverAudits } from "graphql-http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { firms, World } from "../resolvers/helpers.js";

let audited: World;
beforeAll(async () => {
  audited = await new World().serve();
});
afterAll(() => audited.stop());

describe("GraphQL over HTTP", () => {
  /** A GET without a header that a form can't send is refused, so that no page of another site can have it sent: a MAY of the specification. */
  const keptFromOtherSites = ["5A70", "D6D5", "6A70"];

  it.each(serverAudits({ url: () => `${audited.url}/graphql`, fetchFn: fetch }).map((audit) => [audit.id, audit.name, audit] as const))(
    "%s %s",
    async (id, _name, audit) => {
      const result = await audit.fn();
      const expected = keptFromOtherSites.includes(id) ? "notice" : "ok";
      expect([result.status, "reason" in result ? result.reason : null]).toEqual([expected, expected === "ok" ? null : expect.anything()]);
    },
  );

  it("has 61 audits, of which 58 are ok", () => {
    const ids = serverAudits({ url: "", fetchFn: fetch }).map(({ id }) => id);
    expect([ids.length, ids.filter((id) => !keptFromOtherSites.includes(id)).length]).toEqual([61, 58]);
  });
});

let world: World;
beforeEach(async () => {
  world = await new World().serve();
});
afterEach(() => world.stop());

describe("incremental delivery", () => {
  it.each(["defer", "stream"])("by @%s is refused in plain words", async (directive) => {
    const selection = directive === "defer" ? "... @defer { nodes { id } }" : "nodes @stream { id }";
    const { errors } = await world.send({ query: `{ accounts { ${selection} } }` });
    expect(errors).toMatchObject([
      { message: `@${directive} is not supported: answers come whole. Send the operation without it.`, extensions: { code: "GRAPHQL_VALIDATION_FAILED" } },
    ]);
  });

  it("leaves other unknown directives to GraphQL's own words", async () => {
    const { errors } = await world.send({ query: "{ accounts { nodes @deferred { id } } }" });
    expect(errors.map(({ message }) => message)).toEqual(['Unknown directive "@deferred".']);
  });
});

describe("an automatically persisted query", () => {
  const query = "{ accounts { nodes { name } } }";
  const extensions = { persistedQuery: { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") } };

  it("is asked for by its hash, once it was sent", async () => {
    await world.given(...firms(1, 0));
    expect((await world.send({ extensions })).errors).toMatchObject([{ extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }]);
    const data = { accounts: { nodes: [{ name: "Firm 000" }] } };
    expect(await world.send({ query, extensions })).toMatchObject({ data, errors: [] });
    expect(await world.send({ extensions })).toMatchObject({ data, errors: [] });
  });

  it("must have the hash of its text", async () => {
    expect((await world.send({ query: "{ syncRuns { id } }", extensions })).errors).toMatchObject([{ message: "provided sha does not match query" }]);
  });
});
