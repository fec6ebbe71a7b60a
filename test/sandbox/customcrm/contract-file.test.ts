import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { startTestSandbox, type TestSandbox } from "./helpers.js";

interface Property {
  readonly type?: string | readonly string[];
  readonly maxLength?: number;
  readonly readOnly?: boolean;
  readonly format?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the contract is read as it stands.
const contract: any = parse(readFileSync(new URL("../../../contracts/customcrm.openapi.yaml", import.meta.url), "utf8"));
const stamps: Record<string, Property> = contract.components.schemas.Stamps.properties;
const typeOf = (name: string) => contract.components.schemas[name].allOf[1] as { required: string[]; properties: Record<string, Property> };
const collections = { customers: "Customer", contacts: "Contact", products: "Product" } as const;

let sandbox: TestSandbox;
let customerId: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  customerId = (await sandbox.made("customers", { Name: "Ouder" })).Id;
});
afterAll(() => sandbox.stop());

const least = (type: string): Record<string, string> =>
  Object.fromEntries(typeOf(type).required.map((name) => [name, name === "CustomerId" ? customerId : "Least"]));

describe.each(Object.entries(collections))("the contract's file, for %s", (collection, type) => {
  it("names exactly the properties that a record shows", async () => {
    const made = await sandbox.made(collection, least(type));
    expect(Object.keys(made).toSorted()).toEqual([...Object.keys(stamps), ...Object.keys(typeOf(type).properties)].toSorted());
    for (const [name, property] of Object.entries({ ...stamps, ...typeOf(type).properties })) {
      expect([property.type ?? ["string", "null"]].flat(), name).toContain(made[name] === null ? "null" : "string");
      if (property.format === "date-time") expect(made[name]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  });

  const bounded = Object.entries(typeOf(type).properties).flatMap(([name, { maxLength }]) => (maxLength === undefined ? [] : [[name, maxLength] as const]));
  it.each(bounded)("%s holds %i characters and no more, when created and when changed", async (name, maxLength) => {
    const fits = await sandbox.api("POST", `/${collection}`, { body: { ...least(type), [name]: "x".repeat(maxLength) } });
    expect(fits).toMatchObject({ status: 201, body: { [name]: "x".repeat(maxLength) } });
    const tooLong = { [name]: "x".repeat(maxLength + 1) };
    expect((await sandbox.api("POST", `/${collection}`, { body: { ...least(type), ...tooLong } })).status).toBe(422);
    expect((await sandbox.api("PATCH", `/${collection}/${fits.body.Id}`, { body: tooLong })).status).toBe(422);
  });

  it.each(typeOf(type).required)("%s is required, and can't be cleared", async (name) => {
    const { [name]: _left, ...others } = least(type);
    expect((await sandbox.api("POST", `/${collection}`, { body: others })).status).toBe(422);
    const made = await sandbox.made(collection, least(type));
    expect(await sandbox.api("PATCH", `/${collection}/${made.Id}`, { body: { [name]: null } })).toMatchObject({
      status: 422,
      body: { errors: [{ property: name, code: "required" }] },
    });
  });

  it("lets every other property be cleared", async () => {
    const optional = Object.keys(typeOf(type).properties).filter((name) => !typeOf(type).required.includes(name));
    const made = await sandbox.made(collection, least(type));
    const cleared = await sandbox.api("PATCH", `/${collection}/${made.Id}`, { body: Object.fromEntries(optional.map((name) => [name, null])) });
    expect(cleared.status).toBe(200);
  });

  it.each(Object.keys(stamps))("%s can't be written", async (name) => {
    const made = await sandbox.made(collection, least(type));
    expect((await sandbox.api("PATCH", `/${collection}/${made.Id}`, { body: { [name]: made[name] } })).status).toBe(400);
  });
});

it("answers problems in the form of the contract's Problem", async () => {
  const { status, headers, body } = await sandbox.api("POST", "/contacts", { body: { LastName: "x".repeat(101) } });
  expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const problem = contract.components.schemas.Problem;
  expect(Object.keys(problem.properties)).toEqual(expect.arrayContaining(Object.keys(body)));
  expect(body).toMatchObject({ type: expect.stringMatching(/^urn:customcrm:/), title: expect.any(String), status });
  for (const error of body.errors) expect(Object.keys(error).toSorted()).toEqual(problem.properties.errors.items.required.toSorted());
});

it("takes the limits and switches that the contract names", () => {
  const parameters: { name: string; schema: { default?: number; maximum?: number } }[] = [
    ...contract.paths["/{collection}"].get.parameters,
    ...contract.paths["/changes"].get.parameters,
  ];
  expect(parameters.filter(({ name }) => name === "limit").map(({ schema }) => [schema.default, schema.maximum])).toEqual([
    [100, 200],
    [200, 500],
  ]);
  expect(Object.keys(sandbox.settings.capabilities).toSorted()).toEqual(Object.keys(contract["x-capabilities"]).toSorted());
});
