import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quiet, startWorld, type World } from "./world.js";

const both = `query ($first: Int!, $maxAge: Int) {
  accounts(first: $first, maxAge: $maxAge, filter: { state: [LINKED] }) {
    nodes {
      id name
      customcrm { recordId name phone asOf }
      exact { recordId name phone asOf }
      contacts(first: 5) { nodes { fullName customcrm { email } exact { email } } }
    }
  }
}`;

interface Answer {
  readonly accounts: {
    readonly nodes: readonly {
      readonly id: string;
      readonly name: string;
      readonly customcrm: { readonly asOf: string } | null;
      readonly exact: { readonly asOf: string } | null;
    }[];
  };
}

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.app.ready;
  await quiet(world);
}, 240_000);
afterAll(() => world?.stop(), 60_000);

const ask = (first: number, maxAge: number | null) => world.query<Answer, { first: number; maxAge: number | null }>(both, { first, maxAge });

describe("a query for a hundred accounts with both systems' records and five contacts each", () => {
  it("calls no system at default freshness", async () => {
    // Feeds are polled meanwhile: our own writes raise webhooks too.
    const reads = () =>
      [...world.sandboxes.exact.calls.all(), ...world.sandboxes.customcrm.calls.all()].filter((call) => !/sync|changes|Divisions/.test(call.routeTemplate))
        .length;
    const before = reads();
    const { data, errors } = await ask(100, null);
    expect(errors).toBeUndefined();
    expect(data.accounts.nodes).toHaveLength(100);
    expect(data.accounts.nodes.every((node) => node.customcrm && node.exact)).toBe(true);
    expect(reads()).toBe(before);
  });

  it("at maxAge 0 takes at most 2 + 9 calls to Exact and 1 + 5 to Customcrm", async () => {
    world.sandboxes.exact.calls.reset();
    world.sandboxes.customcrm.calls.reset();
    const { errors } = await ask(100, 0);
    expect(errors).toBeUndefined();
    const isRead = (route: string) => !/sync|changes|Divisions/.test(route);
    const exact = world.sandboxes.exact.calls
      .all()
      .map((call) => call.routeTemplate)
      .filter(isRead);
    const customcrm = world.sandboxes.customcrm.calls
      .all()
      .map((call) => call.routeTemplate)
      .filter(isRead);
    expect(exact.filter((route) => route.includes("Accounts")).length).toBeLessThanOrEqual(2);
    expect(exact.filter((route) => route.includes("Contacts")).length).toBeLessThanOrEqual(9);
    expect(exact.length).toBeLessThanOrEqual(11);
    expect(customcrm.filter((route) => route.includes("customers")).length).toBeLessThanOrEqual(1);
    expect(customcrm.length).toBeLessThanOrEqual(6);
  });
});

describe.each(["EXACT", "CUSTOMCRM"] as const)("with %s stopped", (system) => {
  const sandbox = () => (system === "EXACT" ? world.sandboxes.exact : world.sandboxes.customcrm);
  const side = system === "EXACT" ? "exact" : "customcrm";

  it("the same query still answers, serves what it holds, and says which system is missing", async () => {
    await sandbox().setDown(true);
    try {
      const began = Date.now();
      const { data, errors } = await ask(20, 0);
      expect(Date.now() - began).toBeLessThan(8_000);
      expect(data.accounts.nodes).toHaveLength(20);
      expect(data.accounts.nodes.every((node) => node.name !== "" && node[side]?.asOf)).toBe(true);
      expect(errors?.length).toBeGreaterThan(0);
      expect(new Set(errors?.map((error) => `${error.extensions.system} ${error.extensions.code}`))).toEqual(new Set([`${system} SYSTEM_UNAVAILABLE`]));
      const again = Date.now();
      await ask(20, 0);
      expect(Date.now() - again).toBeLessThan(2_500);
    } finally {
      await sandbox().setDown(false);
    }
  });

  it("and answers whole again soon after it is back, without anybody's help", { timeout: 30_000 }, async () => {
    const until = Date.now() + 25_000;
    for (;;) {
      const { errors } = await ask(20, 0);
      if (!errors) return;
      expect(Date.now()).toBeLessThan(until);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });
});
