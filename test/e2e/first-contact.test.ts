import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Entity } from "../../src/domain/entity.js";
import type { EntityType, System } from "../../src/domain/words.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { quiet, startWorld, type World } from "./world.js";

let world: World;

const entitiesOf = async (type: EntityType, system: System, ids: readonly string[]): Promise<readonly (Entity | null)[]> =>
  world.app.store.entities.ofRecords(type, system, ids);

function firstContact(startRedisFor: () => Promise<TestRedis | null>) {
  let redis: TestRedis | null = null;
  beforeAll(async () => {
    redis = await startRedisFor();
    world = await startWorld({ redis });
    await world.app.ready;
  }, 240_000);
  afterAll(async () => {
    await world?.stop();
    await redis?.stop();
  }, 60_000);

  it("links every pair that is beyond doubt, and no other", async () => {
    const { pairs } = world.sandboxes.truth;
    const wrong: string[] = [];
    for (const type of ["ACCOUNT", "CONTACT"] as const) {
      const own = pairs.filter((pair) => pair.type === type);
      const found = await entitiesOf(
        type,
        "CUSTOMCRM",
        own.map((pair) => pair.customcrm),
      );
      own.forEach((pair, i) => {
        if (found[i]?.records.EXACT !== pair.exact)
          wrong.push(`${type} ${pair.customcrm} by ${pair.by}: ${found[i]?.records.EXACT ?? "nothing"} instead of ${pair.exact}`);
      });
    }
    expect(wrong).toEqual([]);
    expect(pairs.length).toBeGreaterThan(500);
  });

  it("puts every doubtful record to review, and links none of them", async () => {
    const wrong: string[] = [];
    for (const group of world.sandboxes.truth.review) {
      for (const [system, ids] of [
        ["CUSTOMCRM", group.customcrm],
        ["EXACT", group.exact],
      ] as const) {
        for (const [i, entity] of (await entitiesOf(group.type, system, ids)).entries()) {
          if (entity?.state !== "REVIEW" || entity.problem?.code !== group.why)
            wrong.push(`${group.type} ${system} ${ids[i]}: ${entity?.state} ${entity?.problem?.code}, not ${group.why}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it("creates in Exact what only Customcrm knows, once, and nothing in Customcrm", { timeout: 200_000 }, async () => {
    await quiet(world);
    const { pairs, oneSided, productsWithoutCustomer, firstNameOnly } = world.sandboxes.truth;
    const products = await entitiesOf("PRODUCT", "CUSTOMCRM", oneSided.customcrm.products);
    const waiting = products.filter((one) => one?.records.EXACT === null);
    expect(waiting.length).toBe(waiting.filter((one) => one?.state === "WAITING").length);
    expect(waiting.length).toBeGreaterThanOrEqual(productsWithoutCustomer.length);
    const accounts = await entitiesOf("ACCOUNT", "CUSTOMCRM", oneSided.customcrm.accounts);
    expect(accounts.filter((one) => one?.state !== "LINKED").map((one) => one?.problem)).toEqual([]);
    const left = await entitiesOf("ACCOUNT", "EXACT", oneSided.exact.accounts);
    expect(left.every((one) => one?.records.CUSTOMCRM === null && one.state === "UNLINKED")).toBe(true);
    const paired = new Set(pairs.map((pair) => pair.exact));
    const nameless = await entitiesOf(
      "CONTACT",
      "EXACT",
      firstNameOnly.filter((id) => !paired.has(id)),
    );
    expect(nameless.length).toBeGreaterThan(0);
    expect(nameless.every((one) => one?.records.CUSTOMCRM === null)).toBe(true);
    expect(world.sandboxes.customcrm.calls.count("POST /api/v1/contacts")).toBe(0);
  });

  it("then holds the same on both sides, and a second look at everything writes nothing", { timeout: 240_000 }, async () => {
    await quiet(world);
    const writes = () =>
      [...world.sandboxes.exact.calls.all(), ...world.sandboxes.customcrm.calls.all()].filter(
        (call) => ["POST", "PUT", "PATCH", "DELETE"].includes(call.method) && !call.path.includes("oauth"),
      ).length;
    const before = writes();
    for (const system of ["CUSTOMCRM", "EXACT"] as const) await world.app.engine.compare(system);
    await world.app.engine.drain();
    await quiet(world);
    expect(writes() - before).toBe(0);
  });
}

describe("first contact of two systems that know the same firms, in memory", () => firstContact(async () => null));
describeWithRedis("first contact of two systems that know the same firms, on Redis", () => firstContact(startRedis));
