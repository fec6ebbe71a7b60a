import { afterEach, expect, it } from "vitest";
import { BothSidesDocument, OneAccountDocument, UnifiedDocument } from "../generated/operations.js";
import { firms, startWorld, type World } from "./helpers.js";

let world: World;
afterEach(() => world.stop());

async function hundredFirms(): Promise<World> {
  world = await startWorld();
  await world.given(...firms(100, 7));
  return world;
}

it("answers from snapshots without a call to either system", async () => {
  const { exact, customcrm } = await hundredFirms();
  const { data, errors } = await world.ask(BothSidesDocument, { first: 100 });
  expect(errors).toEqual([]);
  expect(data.accounts.nodes).toHaveLength(100);
  expect(data.accounts.nodes.flatMap((account) => account.contacts.nodes)).toHaveLength(500);
  expect(data.accounts.nodes[7]?.exact).toMatchObject({ name: "Firm 007", code: "8", asOf: "2026-03-01T11:00:00.000Z" });
  expect([...exact.calls, ...customcrm.calls]).toEqual([]);
});

it("reads 100 accounts and the first 5 contacts of each, with both records, in 2 and 9 calls to Exact, 1 and 5 to Customcrm", async () => {
  const { exact, customcrm } = await hundredFirms();
  const { data, errors } = await world.ask(BothSidesDocument, { first: 100, maxAge: 0 });
  expect(errors).toEqual([]);
  expect(data.accounts.nodes[99]?.contacts.nodes[4]?.exact?.lastName).toBe("of 099");
  expect(data.accounts.nodes.every((account) => account.exact?.asOf === "2026-03-01T12:00:00.000Z")).toBe(true);
  expect({ accounts: exact.countOf("Accounts"), contacts: exact.countOf("Contacts") }).toEqual({ accounts: 2, contacts: 9 });
  expect({ customers: customcrm.countOf("Customer"), contacts: customcrm.countOf("Contact") }).toEqual({ customers: 1, contacts: 5 });
});

it("needs no call for records that were read within maxAge, and reads the others together", async () => {
  const { exact } = await hundredFirms();
  await world.ask(BothSidesDocument, { first: 30, maxAge: 60 });
  expect(exact.calls).toEqual(["Accounts: 30", "Contacts: 60", "Contacts: 60", "Contacts: 30"]);
  world.now += 59_000;
  await world.ask(BothSidesDocument, { first: 40, maxAge: 60 });
  expect(exact.calls.slice(4)).toEqual(["Accounts: 10", "Contacts: 50"]);
  world.now += 1_000;
  await world.ask(BothSidesDocument, { first: 30, maxAge: 60 });
  expect(exact.calls[6]).toBe("Accounts: 30");
});

it("reads an account once that many contacts name", async () => {
  const { exact, customcrm } = await hundredFirms();
  const { data } = await world.ask(UnifiedDocument, { first: 20, maxAge: 0 });
  expect(data.accounts.nodes[3]?.contacts.nodes[1]?.account?.name).toBe("Firm 003");
  expect(exact.calls).toEqual(["Accounts: 20", "Contacts: 40"]);
  expect(customcrm.calls).toEqual(["Customer: 20", "Contact: 40"]);
});

it("shares what is in flight between requests", async () => {
  const { exact, customcrm } = await hundredFirms();
  let open = () => {};
  exact.gate = new Promise((resolve) => {
    open = resolve;
  });
  const first = world.ask(OneAccountDocument, { by: { id: "account-001" }, maxAge: 0 });
  await expect.poll(() => exact.calls).toEqual(["Accounts: 1"]);
  const second = world.ask(OneAccountDocument, { by: { exactId: "00000001-0000-4000-8000-000000000001" }, maxAge: 0 });
  await expect.poll(() => customcrm.calls).toEqual(["Customer: 1", "Customer: 1"]);
  open();
  const answers = await Promise.all([first, second]);
  expect(answers.map(({ data }) => data.account?.exact?.name)).toEqual(["Firm 001", "Firm 001"]);
  expect(exact.calls).toEqual(["Accounts: 1"]);
});

it("reads a record that was never read before, whatever the freshness asked for", async () => {
  world = await startWorld();
  const [firm] = firms(1, 0);
  if (!firm) throw new Error("no firm");
  await world.given({ ...firm, hasSnapshots: false });
  const { data } = await world.ask(OneAccountDocument, { by: { id: firm.id } });
  expect(data.account?.exact?.name).toBe("Firm 000");
  expect(world.exact.calls).toEqual(["Accounts: 1"]);
});
