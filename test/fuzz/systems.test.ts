import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dataflows, fieldsOf, recordTypeOf } from "../../src/domain/dataflow.js";
import { TandemError } from "../../src/domain/errors.js";
import { systems } from "../../src/domain/words.js";
import { customcrmId, exactId, type SmallWorld, startSmallWorld } from "../e2e/small-world.js";
import { holdings } from "../helpers/promises.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { type Liar, type Lie, startLiar } from "./liar.js";
import { type Mutation, nastyText } from "./nasty.js";
import { faultLog } from "./raw.js";
import { standing } from "./standing.js";

/** Nothing that a system could mean: not another id, another date, or another choice of records, which nobody could tell from the truth. */
const wrong: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom<unknown>(null, true, 0, -1, 1e308, [], {}, [null], [[]], { a: {} }, "", " ", "\u0000", "\ud83d", "NaN")
      .map((value): Mutation => ({ kind: "put", value })),
  },
  { weight: 2, arbitrary: nastyText.map((value): Mutation => ({ kind: "put", value })) },
  { weight: 1, arbitrary: fc.constantFrom<Mutation>({ kind: "drop" }, { kind: "double" }) },
);
const noTexts = new Set([true, 0, -1, 1e308, {}].map(String));
const lie: fc.Arbitrary<Lie> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("changed" as const), at: fc.nat(5_000), what: wrong }) },
  { weight: 1, arbitrary: fc.constantFrom("html", "cut", "empty", "refusal", "bytes", "mistyped", "huge").map((kind) => ({ kind })) },
);
const lies = fc.array(fc.option(lie, { freq: 3 }), { minLength: 1, maxLength: 6 });

describeWithRedis("whatever a system answers", () => {
  const { log, faults } = faultLog();
  let redis: TestRedis;
  let world: SmallWorld;
  const liars: Record<string, Liar> = {};
  let last = 0;
  beforeAll(async () => {
    redis = await startRedis();
    const via = async (origin: string) => {
      const liar = await startLiar(origin);
      liars[liar.origin] = liar;
      return liar.origin;
    };
    world = await startSmallWorld({ log, redisUrl: redis.url, tenant: redis.newTenant(), via });
    await world.start();
    await world.app.ready;
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    await Promise.all(Object.values(liars).map((liar) => liar.stop()));
    await redis.stop();
  }, 60_000);

  const customcrmRow = (id: string) => world.customcrm.core.find("Customer", id)?.values;
  const control = (path: string, method: string, body: object) =>
    fetch(`${world.customcrm.origin}/_control/records/Customer${path}`, { method, body: JSON.stringify(body) });

  /** People edit and add on both sides while a system's answers are no answers. */
  async function passes(which: number, told: readonly (Lie | null)[]): Promise<void> {
    const n = 1 + (++last % 3);
    const { engine } = world.app;
    await control(`/${customcrmId(n)}`, "PUT", { Phone: `020 ${last}` });
    world.exact.core.editAccount(exactId(n), { Website: `https://w${last}.example` });
    if (last % 3 === 0) await control("", "POST", { Name: `Firm ${last}`, Country: "NL" });
    const liar = Object.values(liars)[which];
    liar?.tell(told);
    for (const system of systems) {
      const error = await engine.poll(system).catch((one: unknown) => one);
      if (error instanceof Error) expect(error, error.stack).toBeInstanceOf(TandemError);
    }
    await engine.drain();
    liar?.tell([]);

    expect(await invented()).toEqual([]);
    expect(await standing(world)).toEqual([]);
    expect(customcrmRow(customcrmId(n))).toMatchObject({ Phone: `020 ${last}`, Website: `https://w${last}.example` });
    expect(world.exact.core.table("Accounts").get(exactId(n))).toMatchObject({ Phone: `020 ${last}`, Website: `https://w${last}.example` });
    for (const one of await names()) expect(one.count, one.name).toBe(1);
    expect(faults).toEqual([]);
  }

  /** What is no text stands in no record: nobody can have meant it. */
  async function invented(): Promise<readonly string[]> {
    const held = await holdings(world.exact, world.customcrm);
    return dataflows.flatMap((flow) =>
      systems.flatMap((system) =>
        [...held[system].values()]
          .filter((record) => record.type === recordTypeOf(flow, system))
          .flatMap((record) =>
            Object.values(fieldsOf(flow, record)).flatMap((value) => (value !== null && noTexts.has(value) ? [`${system} ${record.id} has ${value}`] : [])),
          ),
      ),
    );
  }

  async function names() {
    const answer = await fetch(`${world.exact.origin}/_control/records?type=Accounts&limit=1000`);
    const { rows } = (await answer.json()) as { rows: { Name: string }[] };
    return rows.map(({ Name: name }) => ({ name, count: rows.filter((row) => row.Name === name).length }));
  }

  it("no edit is lost, nothing is made twice, and both systems come to agree", { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.nat(1), lies, passes), { numRuns: 15, endOnFailure: true });
    expect(Object.values(liars).reduce((sum, liar) => sum + liar.told(), 0)).toBeGreaterThan(15);
  });
});
