import { afterEach, describe, expect, it } from "vitest";
import type { Dataflow } from "../../src/domain/dataflow.js";
import { accountRow, customerRow, OperatorWorld, type OperatorWorldOptions } from "./operator-world.js";

let world: OperatorWorld;
afterEach(() => world?.stop());

/** Accounts are made in Exact only once a contact refers to them. */
const onceReferenced = (flows: readonly Dataflow[]): readonly Dataflow[] =>
  flows.map((flow) => (flow.type === "ACCOUNT" ? { ...flow, create: { ...flow.create, toExact: { kind: "whenReferenced", by: ["CONTACT"] } } } : flow));

async function started(options: OperatorWorldOptions): Promise<void> {
  world = await OperatorWorld.start({ ...options, flows: onceReferenced });
  await world.cycle();
}

const contact = { LastName: "Vos", Email: "vos@firm1.nl", CustomerId: "cus1" };
const firm = () => world.of("ACCOUNT", "CUSTOMCRM", "cus1");
const names = () => [...world.exact.core.accounts.all()].map(({ id }) => world.account(id)?.Name);

describe("an account that is created once a contact refers to it", { timeout: 60_000 }, () => {
  it("stands alone until then, and is created by itself when its first contact comes later", async () => {
    await started({ customers: [customerRow(1), customerRow(2)] });
    expect(await firm()).toMatchObject({ state: "UNLINKED" });
    expect(names()).toEqual([]);

    world.customcrm.core.create("Contact", contact);
    await world.cycle();
    expect(names()).toEqual(["Firm 1"]);
    expect(await firm()).toMatchObject({ state: "LINKED", origin: "CREATED" });
    const { id } = await firm();
    expect(await world.of("CONTACT", "CUSTOMCRM", world.customcrm.core.all("Contact")[0]?.id ?? "")).toMatchObject({
      state: "LINKED",
      fields: { account: id },
    });
  });

  it("is created when a linked contact is moved to it", async () => {
    await started({
      customers: [customerRow(1), customerRow(2)],
      accounts: [accountRow(2)],
      crmContacts: [{ ...contact, Id: "con1", CustomerId: "cus2" }],
    });
    expect(await world.of("CONTACT", "CUSTOMCRM", "con1")).toMatchObject({ state: "LINKED" });
    expect(names()).toEqual(["Firm 2"]);

    world.customcrm.core.patch("Contact", "con1", { CustomerId: "cus1" });
    await world.cycle();
    expect(names().sort()).toEqual(["Firm 1", "Firm 2"]);
    expect(await firm()).toMatchObject({ state: "LINKED" });
    const { records } = await world.of("CONTACT", "CUSTOMCRM", "con1");
    expect(world.exact.core.contacts.get(records.EXACT ?? "")?.Account).toBe((await firm()).records.EXACT);
  });

  it("is created when the move comes with another edit", async () => {
    await started({ customers: [customerRow(1), customerRow(2)], accounts: [accountRow(2)], crmContacts: [{ ...contact, Id: "con1", CustomerId: "cus2" }] });
    world.customcrm.core.patch("Contact", "con1", { CustomerId: "cus1", Phone: "020 7" });
    await world.cycle();
    expect(names().sort()).toEqual(["Firm 1", "Firm 2"]);
    const { records } = await world.of("CONTACT", "CUSTOMCRM", "con1");
    expect(world.exact.core.contacts.get(records.EXACT ?? "")).toMatchObject({ Phone: "020 7", Account: (await firm()).records.EXACT });
  });

  it("is created also when a process ended after the contact was stored and before the account was marked", async () => {
    await started({ customers: [customerRow(1)] });
    const { id } = await firm();
    const { feeds } = world.store;
    const markDirty = feeds.markDirty.bind(feeds);
    feeds.markDirty = async (ids) => {
      if (ids.includes(id)) throw new Error("crash");
      return markDirty(ids);
    };
    world.customcrm.core.create("Contact", contact);
    await expect(world.cycle()).rejects.toThrow("crash");
    feeds.markDirty = markDirty;
    world.restart();
    await world.settle();
    expect(names()).toEqual(["Firm 1"]);
  });

  it("is not woken by a type that the rule does not name", async () => {
    await started({ customers: [customerRow(1)] });
    world.customcrm.core.create("Product", { Name: "Drill", CustomerId: "cus1" });
    await world.cycle();
    expect(await firm()).toMatchObject({ state: "UNLINKED" });
    expect(names()).toEqual([]);
  });

  it("stands in the plan of a dry run as soon as the contact is there", async () => {
    await started({ customers: [customerRow(1)], accounts: [accountRow(2)] });
    world.customcrm.core.create("Contact", contact);
    const { id } = await world.runs.start({ mode: "CHANGES", dryRun: true });
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "DONE", progress: { created: 2 } });
    expect(names()).toEqual(["Firm 2"]);
  });
});
