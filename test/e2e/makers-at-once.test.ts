import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { quiet, startWorld, type World } from "./world.js";

const create = `mutation ($input: CreateAccountInput!) { createAccount(input: $input) {
  status userErrors { code message } account { id link { state } } operation { id }
} }`;

interface Payload {
  readonly status: string;
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
  readonly account: { readonly id: string; readonly link: { readonly state: string } } | null;
  readonly operation: { readonly id: string } | null;
}

describeWithRedis("ten clients that make the same company at once, through two gateways on one Redis", () => {
  let redis: TestRedis;
  let world: World;
  let urls: readonly string[];
  beforeAll(async () => {
    redis = await startRedis();
    world = await startWorld({ redis });
    const other = await world.beside();
    urls = [world.app.url, other.url];
    await world.app.ready;
    await quiet(world);
  }, 240_000);
  afterAll(async () => {
    await world?.stop();
    await redis?.stop();
  }, 60_000);

  const createAt = async (url: string | undefined, input: object): Promise<Payload> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query: create, variables: { input } }) });
    return ((await response.json()) as { data: { createAccount: Payload } }).data.createAccount;
  };
  const inExact = (name: string) => {
    const { accounts } = world.sandboxes.exact.core;
    return [...accounts.all()].filter(({ id }) => accounts.get(id)?.Name === name).length;
  };
  const inCustomcrm = (name: string) => world.sandboxes.customcrm.core.all("Customer").filter(({ values }) => values.Name === name).length;

  it("make it once; the other nine hear DUPLICATE, and which one it is", { timeout: 60_000 }, async () => {
    const fields = { name: "Tien Tegelijk B.V.", email: "info@tientegelijk.example", postcode: "1010 TT", city: "Amsterdam", country: "NL" };
    const all = await Promise.all(Array.from({ length: 10 }, (_, i) => createAt(urls[i % 2], { fields, idempotencyKey: `ten-${i}` })));
    const made = all.filter(({ status }) => status === "APPLIED");
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ userErrors: [], account: { link: { state: "LINKED" } } });
    const others = all.filter(({ status }) => status !== "APPLIED");
    expect(others.map(({ status, userErrors }) => [status, userErrors.map(({ code }) => code)])).toEqual(others.map(() => ["REJECTED", ["DUPLICATE"]]));
    for (const { userErrors } of others) expect(userErrors[0]?.message).toContain(made[0]?.account?.id);
    await quiet(world);
    expect([inExact(fields.name), inCustomcrm(fields.name)]).toEqual([1, 1]);
  });
});
