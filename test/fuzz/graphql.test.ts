import { readFileSync } from "node:fs";
import fc from "fast-check";
import { buildSchema, type GraphQLField } from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { entityTypes } from "../../src/domain/words.js";
import { customcrmId, exactId, type SmallWorld, startSmallWorld } from "../e2e/small-world.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { mutated, mutation } from "./nasty.js";
import { faultLog } from "./raw.js";
import { standing } from "./standing.js";
import { documentOf, variablesOf } from "./variables.js";

// Federation declares its directives elsewhere.
const schema = buildSchema(readFileSync("schema.graphql", "utf8"), { assumeValidSDL: true });
const rootFields = (kind: "query" | "mutation") => Object.values((kind === "query" ? schema.getQueryType() : schema.getMutationType())?.getFields() ?? {});

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

describeWithRedis("whatever variables an operation comes with", () => {
  const { log, faults } = faultLog();
  let redis: TestRedis;
  let world: SmallWorld;
  const ids = [customcrmId(1), exactId(1)];
  beforeAll(async () => {
    redis = await startRedis();
    world = await startSmallWorld({ log, redisUrl: redis.url, tenant: redis.newTenant() });
    await world.start();
    await world.app.ready;
    for (const type of entityTypes) for await (const batch of world.app.store.entities.scan(type)) ids.push(...batch.map((one) => one.id));
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    await redis.stop();
  }, 60_000);

  const post = async (body: string) => {
    const response = await fetch(`${world.app.url}/graphql`, { method: "POST", headers: { "content-type": "application/json" }, body });
    return { status: response.status, answer: (await response.json()) as Answer };
  };

  /** Answered with data or with errors in words, none of which is a fault of the gateway. */
  async function isAnswered(query: string, variables: unknown): Promise<void> {
    const { status, answer } = await post(JSON.stringify({ query, variables }));
    expect([200, 400, 413]).toContain(status);
    if (status !== 200) expect(answer.errors?.length).toBeGreaterThan(0);
    for (const { message, extensions } of answer.errors ?? []) {
      expect(message).toMatch(/\w+/);
      expect(extensions?.code, message).not.toBe("INTERNAL_SERVER_ERROR");
    }
    expect(faults).toEqual([]);
  }

  const ofField = (kind: "query" | "mutation", field: GraphQLField<unknown, unknown>) => {
    const variables = fc.oneof(
      { weight: 4, arbitrary: variablesOf(field, ids) as fc.Arbitrary<unknown> },
      { weight: 1, arbitrary: fc.tuple(variablesOf(field, ids), fc.nat(), mutation).map(([given, at, what]) => mutated(given, at, what)) },
    );
    return fc.assert(
      fc.asyncProperty(variables, (given) => isAnswered(documentOf(kind, field), given)),
      { numRuns: 12 },
    );
  };

  it("every query is answered", { timeout: 60_000 }, async () => {
    for (const field of rootFields("query")) await ofField("query", field);
  });

  it("every mutation is answered, and leaves every record with one entity and linked records alike", { timeout: 60_000 }, async () => {
    for (const field of rootFields("mutation")) await ofField("mutation", field);
    for (const type of entityTypes) await isAnswered("mutation Go($type: EntityType!) { resumeDataflow(type: $type) { userErrors { code } } }", { type });
    expect(await standing(world)).toEqual([]);
  });
});
