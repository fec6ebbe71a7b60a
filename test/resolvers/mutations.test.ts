import type { GraphQLFormattedError } from "graphql";
import pino from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { createServer, type Server } from "../../src/server/server.js";
import { operationOfKey } from "../../src/sync/submit/idempotency.js";
import { submit } from "../../src/sync/submit.js";
import { exactId, SubmitWorld } from "../sync/submit-world.js";

interface Gateway {
  readonly world: SubmitWorld;
  ask(query: string, variables?: object): Promise<{ readonly data: Record<string, unknown>; readonly errors?: readonly GraphQLFormattedError[] }>;
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A gateway over HTTP, on both sandboxes. */
async function start(): Promise<Gateway> {
  const world = await SubmitWorld.start();
  stops.push(() => world.stop());
  const server: Server = await createServer({
    store: world.store,
    connectors: world.connectors,
    settings: world.settings,
    clock: () => world.clock.now(),
    host: "127.0.0.1",
    port: 0,
    log: pino({ level: "silent" }),
    submit: (submission) => submit(world.parts(), submission),
    operationOfKey: (key, caller) => operationOfKey(world.store.documents, key, caller),
  });
  stops.push(() => server.stop());
  return {
    world,
    async ask(query, variables) {
      const response = await fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as never;
    },
  };
}

const outcome =
  "status userErrors { code message field system retryAt } writes { system status operation fields recordId error nextAttemptAt } operation { id status }";
const create = `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { ${outcome} account { id name phone exactId customcrmId link { state version } exact { name } customcrm { name } } } }`;
const update = `mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { ${outcome} account { id phone city link { state version } exact { phone city } } } }`;

describe("the mutations of entities", () => {
  it("create, change and delete, and answer with the entity as it stands", async () => {
    const { ask, world } = await start();
    const made = await ask(create, { input: { fields: { name: "Nieuw BV", phone: "010-1" } } });
    expect(made.errors).toBeUndefined();
    expect(made.data.createAccount).toMatchObject({
      status: "APPLIED",
      userErrors: [],
      writes: [
        { system: "EXACT", status: "APPLIED", operation: "CREATE" },
        { system: "CUSTOMCRM", status: "APPLIED", operation: "CREATE" },
      ],
      operation: { status: "APPLIED" },
      account: { name: "Nieuw BV", link: { state: "LINKED", version: 1 }, exact: { name: "Nieuw BV" }, customcrm: { name: "Nieuw BV" } },
    });
    const { id } = (made.data.createAccount as { account: { id: string } }).account;
    const changed = await ask(update, { input: { id, set: { phone: "010-2" }, expectedVersion: 1 } });
    expect(changed.data.updateAccount).toMatchObject({ status: "APPLIED", account: { phone: "010-2", link: { version: 2 }, exact: { phone: "010-2" } } });
    const removed = await ask(`mutation ($input: DeleteInput!) { deleteAccount(input: $input) { ${outcome} id } }`, { input: { id, expectedVersion: 2 } });
    expect(removed.data.deleteAccount).toMatchObject({ status: "APPLIED", id });
    expect(await ask("query ($id: ID!) { account(by: { id: $id }) { id } }", { id })).toEqual({ data: { account: null } });
    expect(world.faultsOfOurs).toEqual([]);
  });

  it("keep a field that was left out apart from one that is null", async () => {
    const { ask, world } = await start();
    const id = await world.idOf("Vos Metaal");
    await ask(update, { input: { id, set: { city: "Delft" } } });
    const cleared = await ask(update, { input: { id, set: { phone: null } } });
    expect(cleared.data.updateAccount).toMatchObject({ status: "APPLIED", account: { phone: null, city: "Delft", exact: { phone: null, city: "Delft" } } });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: null, City: "Delft", Email: "info@vos.nl" });
  });

  it("of contacts and products, with a day and a number", async () => {
    const { ask, world } = await start();
    const accountId = await world.idOf("Vos Metaal");
    const contact = await ask(
      `mutation ($input: CreateContactInput!) { createContact(input: $input) { ${outcome} contact { id fullName birthDate account { id name } } } }`,
      { input: { fields: { firstName: "Bo", lastName: "Vos", birthDate: "1990-02-03", accountId } } },
    );
    expect(contact.data.createContact).toMatchObject({
      status: "APPLIED",
      contact: { fullName: "Bo Vos", birthDate: "1990-02-03", account: { id: accountId, name: "Vos Metaal" } },
    });
    const { id } = (contact.data.createContact as { contact: { id: string } }).contact;
    const moved = await ask(`mutation ($input: UpdateContactInput!) { updateContact(input: $input) { ${outcome} contact { birthDate } } }`, {
      input: { id, set: { birthDate: null } },
    });
    expect(moved.data.updateContact).toMatchObject({ status: "APPLIED", contact: { birthDate: null } });
    const product = await ask(
      `mutation ($input: CreateProductInput!) { createProduct(input: $input) { ${outcome} product { id name number account { id } } } }`,
      {
        input: { fields: { name: "Oven", number: "P-1", accountId } },
      },
    );
    expect(product.data.createProduct).toMatchObject({ status: "APPLIED", product: { name: "Oven", number: "P-1", account: { id: accountId } } });
    const { id: productId } = (product.data.createProduct as { product: { id: string } }).product;
    const renamed = await ask(
      `mutation ($input: UpdateProductInput!, $gone: DeleteInput!, $person: DeleteInput!) {
        updateProduct(input: $input) { status product { number } }
        deleteProduct(input: $gone) { status id }
        deleteContact(input: $person) { status id }
      }`,
      { input: { id: productId, set: { number: "P-2" } }, gone: { id: productId }, person: { id } },
    );
    expect(renamed).toEqual({
      data: {
        updateProduct: { status: "APPLIED", product: { number: "P-2" } },
        deleteProduct: { status: "APPLIED", id: productId },
        deleteContact: { status: "APPLIED", id },
      },
    });
  });

  it("answer what can't be done with user errors, not with errors of GraphQL", async () => {
    const { ask, world } = await start();
    const refused = await ask(create, { input: { fields: { email: "no address", country: "Nederland" } } });
    expect(refused.errors).toBeUndefined();
    const payload = refused.data.createAccount as unknown as {
      status: string;
      operation: null;
      account: null;
      userErrors: { code: string; field: string[] }[];
    };
    expect(payload).toMatchObject({ status: "REJECTED", operation: null, account: null });
    expect(payload.userErrors.map(({ code, field }) => `${code} ${field}`).sort()).toEqual(["INVALID country", "INVALID email", "INVALID name"]);
    const referenced = await ask(`mutation ($input: DeleteInput!) { deleteAccount(input: $input) { ${outcome} id } }`, {
      input: { id: await world.idOf("Vos Metaal") },
    });
    expect(referenced.data.deleteAccount).toMatchObject({ status: "REJECTED", id: null, userErrors: [{ code: "REFERENCED" }] });
  });

  it("one request sees what an earlier mutation of it has changed", async () => {
    const { ask, world } = await start();
    const id = await world.idOf("Vos Metaal");
    const both = await ask(
      `mutation ($a: UpdateAccountInput!, $b: UpdateAccountInput!) {
        a: updateAccount(input: $a) { account { phone exact { phone } contacts { nodes { account { phone } } } } }
        b: updateAccount(input: $b) { account { phone exact { phone } contacts { nodes { account { phone } } } } }
      }`,
      { a: { id, set: { phone: "010-8" } }, b: { id, set: { phone: "010-9" } } },
    );
    const seen = (phone: string) => ({ account: { phone, exact: { phone }, contacts: { nodes: [{ account: { phone } }] } } });
    expect(both).toEqual({ data: { a: seen("010-8"), b: seen("010-9") } });
  });

  it("a pending one shows the new state to everybody, and `operation` tells how it ended", async () => {
    const { ask, world } = await start();
    const id = await world.idOf("Vos Metaal");
    world.customcrmFault("PATCH", { kind: "reset-before" });
    const pending = await ask(update, { input: { id, set: { phone: "010-9" }, idempotencyKey: "k-1" } });
    expect(pending.data.updateAccount).toMatchObject({ status: "PENDING", userErrors: [], account: { phone: "010-9", link: { state: "PENDING" } } });
    const query = `query ($id: ID!, $maxAge: Int) { account(by: { id: $id }, maxAge: $maxAge) { phone link { state pending { system } } } }`;
    for (const maxAge of [null, 0]) {
      expect((await ask(query, { id, maxAge })).data.account).toMatchObject({ phone: "010-9", link: { state: "PENDING", pending: [{ system: "CUSTOMCRM" }] } });
    }
    const told = "query ($key: String!) { operation(by: { idempotencyKey: $key }) { id status entityId finishedAt writes { system status } } }";
    expect((await ask(told, { key: "k-1" })).data.operation).toMatchObject({ status: "PENDING", entityId: id, finishedAt: null });
    await world.calm();
    expect((await ask(told, { key: "k-1" })).data.operation).toMatchObject({ status: "APPLIED", finishedAt: expect.any(String) });
    expect((await ask(update, { input: { id, set: { phone: "010-9" }, idempotencyKey: "k-1" } })).data.updateAccount).toMatchObject({ status: "APPLIED" });
    const node = (await ask(told, { key: "k-1" })).data.operation as { id: string };
    expect((await ask("query ($id: ID!) { node(id: $id) { id __typename } }", { id: node.id })).data.node).toEqual({ id: node.id, __typename: "Operation" });
  });
});
