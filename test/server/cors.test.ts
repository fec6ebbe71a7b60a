import { afterEach, beforeEach, expect, it } from "vitest";
import { World } from "../resolvers/helpers.js";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

const from = (origin: string, method = "POST") =>
  fetch(`${world.url}/graphql`, {
    method,
    headers: { origin, ...(method === "OPTIONS" ? { "access-control-request-method": "POST" } : { "content-type": "application/json" }) },
    ...(method === "POST" ? { body: JSON.stringify({ query: "{ __typename }" }) } : {}),
  });
const allowed = (response: Response) => response.headers.get("access-control-allow-origin");

it("lets pages of listed origins call, and tells browsers nothing about others", async () => {
  await world.serve({ corsOrigins: ["https://app.example", "https://admin.example:8443"] });
  for (const origin of ["https://app.example", "https://admin.example:8443"]) {
    const [asked, answered] = [await from(origin, "OPTIONS"), await from(origin)];
    expect([asked.status, allowed(asked), asked.headers.get("access-control-allow-headers")]).toEqual([204, origin, expect.stringContaining("authorization")]);
    expect([answered.status, allowed(answered), answered.headers.get("vary")]).toEqual([200, origin, "origin"]);
    expect(answered.headers.get("access-control-allow-credentials")).toBeNull();
  }
  for (const origin of ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"]) {
    const [asked, answered] = [await from(origin, "OPTIONS"), await from(origin)];
    expect([asked.status, allowed(asked), asked.headers.get("access-control-allow-methods"), allowed(answered)], origin).toEqual([204, null, null, null]);
  }
});

it("lets no other site call where none is listed, and all where that is said", async () => {
  await world.serve();
  expect(allowed(await from("https://app.example", "OPTIONS"))).toBeNull();
  await world.stop();
  world = new World();
  await world.serve({ corsOrigins: ["*"] });
  expect(allowed(await from("https://any.example", "OPTIONS"))).toBe("https://any.example");
});

it("in production can't be introspected, guesses no names, and shows no stack", async () => {
  await world.serve({ isProduction: true });
  const introspected = await world.send({ query: "{ __schema { queryType { name } } }" });
  expect(introspected.errors[0]?.extensions?.code).toBe("GRAPHQL_VALIDATION_FAILED");
  expect(introspected.data).toBeUndefined();
  const misspelt = await world.send({ query: "{ acounts { totalCount } }" });
  expect(misspelt.errors[0]?.message).toBe('Cannot query field "acounts" on type "Query".');
  world.store.entities.list = async () => Promise.reject(new Error("secret detail"));
  const failed = await world.send({ query: "{ accounts { nodes { id } } }" });
  expect(JSON.stringify(failed)).not.toMatch(/secret detail|stack|\.ts/);
  const errorId = failed.errors[0]?.extensions?.errorId;
  expect(world.log.find((line) => line.errorId === errorId)).toMatchObject({ err: { message: "secret detail", stack: expect.any(String) } });
});
