import { composeServices, compositionHasErrors, type ServiceDefinition } from "@theguild/federation-composition";
import { buildSchema, isObjectType, isUnionType, parse } from "graphql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { World } from "../resolvers/helpers.js";
import { ordersSdl } from "./orders.js";

let world: World;
beforeEach(async () => {
  world = await new World().serve();
});
afterEach(() => world.stop());

const servedSdl = async (): Promise<string> => {
  const { data } = await world.send({ query: "{ _service { sdl } }" });
  return (data as { _service: { sdl: string } })._service.sdl;
};

const compose = (...sdls: readonly string[]) => {
  const services = sdls.map(
    (sdl, i): ServiceDefinition => ({ name: ["tandem", "orders"][i] ?? "", typeDefs: parse(sdl), url: `http://127.0.0.1:${4000 + i}/graphql` }),
  );
  return composeServices(services);
};

describe("the subgraph", () => {
  it.each(["Account", "Contact", "Product"])("has the three keys of %s in the SDL that it serves", async (type) => {
    const sdl = await servedSdl();
    const [, declared = ""] = new RegExp(`type ${type} implements Node & Entity([^{]*)\\{`).exec(sdl) ?? [];
    expect([...declared.matchAll(/@key\(fields: "(\w+)"\)/g)].map((match) => match[1])).toEqual(["id", "customcrmId", "exactId"]);
  });

  it("composes with one that has an account by its exactId and Relay types of its own", async () => {
    const composed = compose(await servedSdl(), ordersSdl);
    expect(compositionHasErrors(composed) ? composed.errors.map(({ message }) => message) : []).toEqual([]);
    const api = buildSchema(composed.publicSdl ?? "");
    const account = api.getType("Account");
    expect(isObjectType(account) && Object.keys(account.getFields())).toEqual(expect.arrayContaining(["name", "link", "exact", "orders"]));
    expect(Object.keys(api.getSubscriptionType()?.getFields() ?? {})).toEqual(["entityChanged", "syncProgress"]);
    expect(isUnionType(api.getType("_Entity"))).toBe(false);
    const supergraph = composed.supergraphSdl ?? "";
    for (const key of ["id", "customcrmId", "exactId"]) expect(supergraph).toContain(`@join__type(graph: TANDEM, key: "${key}")`);
  });

  it("would not compose with one whose PageInfo is not shared, which is why ours is", async () => {
    const composed = compose((await servedSdl()).replace(/type PageInfo\s+@shareable/, "type PageInfo"), ordersSdl);
    expect(compositionHasErrors(composed) && composed.errors.map(({ message }) => message).join()).toContain("PageInfo.hasNextPage");
  });
});
