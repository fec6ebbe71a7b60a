import { afterEach, describe, expect, it } from "vitest";
import { mintUnknown } from "../../src/sync/mint.js";
import { settle } from "../../src/sync/settle.js";
import { accountRow, customerRow, guid, OperatorWorld } from "./operator-world.js";

let world: OperatorWorld;
afterEach(() => world?.stop());

const person = (id: string, customer: number) => ({ Id: id, FirstName: "Ada", LastName: "Vos", CustomerId: `cus${customer}` });
const exactPerson = (n: number, account: number) => ({ ID: guid(n), FirstName: "Ada", LastName: "Vos", Account: guid(account) });
const contact = (id: string) => world.of("CONTACT", "CUSTOMCRM", id);
const poll = async () => {
  for (const system of ["CUSTOMCRM", "EXACT"] as const) await world.engine.poll(system);
};
const settleAccount = async () => settle(world.parts(), [(await world.of("ACCOUNT", "CUSTOMCRM", "cus1")).id], { class: "change" });

/** More marks than any first contact of a small firm: they stand between those of the two systems, and mark nobody. */
const manyMarks = Array.from({ length: 50_001 }, (_, i) => `con_gone${i}`);

describe("who fits is decided on everybody who was read, however many were (R6)", { timeout: 60_000 }, () => {
  it("a record whose mark stands behind fifty thousand others counts as a candidate", async () => {
    world = await OperatorWorld.start({
      customers: [customerRow(1), customerRow(2)],
      accounts: [accountRow(1), accountRow(2)],
      crmContacts: [person("one", 1), person("two", 2), person("again", 2)],
      exactContacts: [exactPerson(11, 1), exactPerson(12, 2)],
    });
    await world.engine.poll("CUSTOMCRM");
    await world.store.feeds.markDirty(manyMarks);
    await world.engine.poll("EXACT");
    await world.settle();
    expect(await contact("one")).toMatchObject({ state: "LINKED", records: { EXACT: guid(11) }, origin: "MATCHED" });
    for (const id of ["two", "again"]) expect(await contact(id)).toMatchObject({ state: "REVIEW", records: { EXACT: null } });
    expect([...world.exact.core.contacts.all()]).toHaveLength(2);
  });

  it.each([
    ["Customcrm's contact", () => contact("one"), false],
    ["Exact's contact", () => world.of("CONTACT", "EXACT", guid(11)), false],
    ["Customcrm's contact, read before its account,", () => contact("one"), true],
    ["Exact's contact, the other one read before its account,", () => world.of("CONTACT", "EXACT", guid(11)), true],
  ])("%s settled right after its account was linked finds its counterpart, though nobody has looked at that again", async (_, subject, isEarly) => {
    world = await OperatorWorld.start({
      customers: [customerRow(1)],
      accounts: [accountRow(1)],
      crmContacts: [person("one", 1)],
      exactContacts: [exactPerson(11, 1)],
    });
    if (isEarly) {
      const early = await world.links.customcrm.getMany("Contact", ["one"], { class: "poll" });
      await mintUnknown({ ...world.parts(), flows: world.settings.flows }, "CUSTOMCRM", [...early.values()]);
      expect(await contact("one")).toMatchObject({ fields: { account: null } });
    }
    await poll();
    await settleAccount();
    await settle(world.parts(), [(await subject()).id], { class: "change" });
    expect(await contact("one")).toMatchObject({ records: { EXACT: guid(11) }, origin: "MATCHED" });
    expect([...world.exact.core.contacts.all()]).toHaveLength(1);
  });

  it("a page that tells of a contact before its customer gives it its account at once", async () => {
    world = await OperatorWorld.start({ customers: [customerRow(1)], crmContacts: [person("one", 1)] });
    const records = await Promise.all([
      world.links.customcrm.getMany("Contact", ["one"], { class: "poll" }),
      world.links.customcrm.getMany("Customer", ["cus1"], { class: "poll" }),
    ]);
    const page = records.flatMap((one) => [...one.values()]);
    await mintUnknown({ ...world.parts(), flows: world.settings.flows }, "CUSTOMCRM", page);
    expect(await contact("one")).toMatchObject({ fields: { account: (await world.of("ACCOUNT", "CUSTOMCRM", "cus1")).id } });
  });

  it("two of one name in Exact stay for a person, when only one of them was looked at since their account was linked", async () => {
    world = await OperatorWorld.start({
      customers: [customerRow(1)],
      accounts: [accountRow(1)],
      crmContacts: [person("one", 1)],
      exactContacts: [exactPerson(11, 1), exactPerson(12, 1)],
    });
    await poll();
    await settleAccount();
    const one = await world.of("CONTACT", "EXACT", guid(11));
    await settle(world.parts(), [one.id], { class: "change" });
    expect(await world.of("CONTACT", "EXACT", guid(11))).toMatchObject({ state: "REVIEW" });
  });
});
