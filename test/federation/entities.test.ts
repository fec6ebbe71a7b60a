import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firms, guid, World } from "../resolvers/helpers.js";

let world: World;
beforeEach(async () => {
  world = await new World().serve();
});
afterEach(() => world.stop());

/** Counts what the store is asked for. */
function counted(): string[] {
  const asked: string[] = [];
  const { entities, snapshots } = world.store;
  for (const name of ["get", "ofRecords"] as const) {
    const original = entities[name].bind(entities) as (...args: never[]) => Promise<unknown>;
    Object.assign(entities, {
      [name]: (...args: never[]) => {
        asked.push(`${name} ${(args.at(-1) as unknown as readonly string[]).length}`);
        return original(...args);
      },
    });
  }
  const get = snapshots.get.bind(snapshots);
  snapshots.get = (refs) => {
    asked.push(`snapshots ${refs.length}`);
    return get(refs);
  };
  return asked;
}

const query = `query Entities($representations: [_Any!]!) {
  _entities(representations: $representations) { __typename ... on Account { id name } ... on Contact { id } }
}`;
const withRecords = `query Entities($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Account { name exact { code } customcrm { name } } }
}`;

const byExactId = Array.from({ length: 200 }, (_, i) => ({ __typename: "Account", exactId: guid(1, i) }));

describe("_entities", () => {
  it("finds 200 references in one look-up, without a call to either system", async () => {
    await world.given(...firms(200, 0));
    const asked = counted();
    const { data, errors } = await world.send({ query, variables: { representations: byExactId } });
    expect(errors).toEqual([]);
    const { _entities: found } = data as { _entities: { id: string; name: string }[] };
    expect([found.length, found[0], found[199]]).toMatchObject([200, { id: "account-000", name: "Firm 000" }, { id: "account-199", name: "Firm 199" }]);
    expect(asked).toEqual(["ofRecords 200"]);
    expect([...world.exact.calls, ...world.customcrm.calls]).toEqual([]);
  });

  it("reads the records of 200 references as one batch a system, none where they are known", async () => {
    await world.given(...firms(200, 0));
    const asked = counted();
    await world.send({ query: withRecords, variables: { representations: byExactId } });
    expect(asked.sort()).toEqual(["ofRecords 200", "snapshots 200", "snapshots 200"]);
    expect([...world.exact.calls, ...world.customcrm.calls]).toEqual([]);
  });

  it("reads those that were never read before together", async () => {
    await world.given(...firms(200, 0).map((firm) => ({ ...firm, hasSnapshots: false })));
    await world.send({ query: withRecords, variables: { representations: byExactId } });
    // 60 a page of Exact, 100 ids a call of Customcrm.
    expect(world.exact.calls).toEqual(["Accounts: 60", "Accounts: 60", "Accounts: 60", "Accounts: 20"]);
    expect(world.customcrm.calls).toEqual(["Customer: 100", "Customer: 100"]);
  });

  it("takes each key, several types at once, and gives null for what there is not", async () => {
    await world.given(...firms(2, 1));
    const representations = [
      { __typename: "Account", id: "account-001" },
      { __typename: "Account", customcrmId: "C000" },
      { __typename: "Account", exactId: guid(1, 1).toUpperCase() },
      { __typename: "Contact", exactId: guid(2, 0) },
      { __typename: "Contact", id: "account-001" },
      { __typename: "Account", exactId: guid(9, 9) },
    ];
    const { data, errors } = await world.send({ query, variables: { representations } });
    expect(errors).toEqual([]);
    expect((data as { _entities: ({ id: string } | null)[] })._entities.map((entity) => entity?.id ?? null)).toEqual([
      "account-001",
      "account-000",
      "account-001",
      "contact-000-0",
      null,
      null,
    ]);
  });
});
