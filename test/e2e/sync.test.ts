import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Entity } from "../../src/domain/entity.js";
import { quiet, startWorld, type World } from "./world.js";

let world: World;
let linked: readonly Entity[];
beforeAll(async () => {
  world = await startWorld();
  await world.app.ready;
  await quiet(world);
  const page = await world.app.store.entities.list({ type: "ACCOUNT", terms: {}, states: ["LINKED"], order: "NAME_ASC" }, 50, null);
  linked = page.entities;
}, 240_000);
afterAll(() => world?.stop(), 60_000);

/** What a poll of both systems and the settling after it bring about. */
async function cycle(): Promise<void> {
  await Promise.all([world.app.engine.poll("CUSTOMCRM", { isHinted: true }), world.app.engine.poll("EXACT", { isHinted: true })]);
  await world.app.engine.drain();
  await quiet(world);
}

const pairAt = (index: number): { id: string; customcrm: string; exact: string } => {
  const entity = linked[index];
  if (!entity?.records.CUSTOMCRM || !entity.records.EXACT) throw new Error(`No linked account at ${index}.`);
  return { id: entity.id, customcrm: entity.records.CUSTOMCRM, exact: entity.records.EXACT };
};
const customer = (id: string) => world.sandboxes.customcrm.core.get("Customer", id).values;
const account = (id: string) => world.sandboxes.exact.core.accounts.get(id);
const entity = async (id: string) => (await world.app.store.entities.get([id]))[0];

describe("an edit in one system", () => {
  it("made in Exact arrives in Customcrm with the next poll", async () => {
    const pair = pairAt(0);
    world.sandboxes.exact.core.editAccount(pair.exact, { Phone: "+31 10 111 11 11" });
    await cycle();
    expect(customer(pair.customcrm).Phone).toBe("+31 10 111 11 11");
    expect(await entity(pair.id)).toMatchObject({ state: "LINKED", fields: { phone: "+31 10 111 11 11" } });
  });

  it("made in Customcrm arrives in Exact, and only that field is written", async () => {
    const pair = pairAt(1);
    world.sandboxes.customcrm.core.patch("Customer", pair.customcrm, { Website: "https://new.example" });
    world.sandboxes.exact.calls.reset();
    await cycle();
    expect(account(pair.exact)?.Website).toBe("https://new.example");
    const puts = world.sandboxes.exact.calls.all().filter((call) => call.method === "PUT");
    expect(puts.map((call) => JSON.parse(call.body ?? "{}"))).toEqual([{ Website: "https://new.example" }]);
  });

  it("that clears a field clears it on the other side too", async () => {
    const pair = pairAt(2);
    world.sandboxes.customcrm.core.patch("Customer", pair.customcrm, { Phone: "010-9999999" });
    await cycle();
    expect(account(pair.exact)?.Phone).toBe("010-9999999");
    world.sandboxes.customcrm.core.patch("Customer", pair.customcrm, { Phone: null });
    await cycle();
    expect(account(pair.exact)?.Phone).toBeNull();
  });
});

describe("edits in both systems", () => {
  it("of different fields both stand", async () => {
    const pair = pairAt(3);
    world.sandboxes.exact.core.editAccount(pair.exact, { Email: "exact@both.example" });
    world.sandboxes.customcrm.core.patch("Customer", pair.customcrm, { Fax: "010-5555555" });
    await cycle();
    expect(customer(pair.customcrm)).toMatchObject({ Email: "exact@both.example", Fax: "010-5555555" });
    expect(account(pair.exact)).toMatchObject({ Email: "exact@both.example", Fax: "010-5555555" });
  });

  it("of one field within the clock tolerance are decided for Customcrm, and the loser is in the history", async () => {
    const pair = pairAt(4);
    world.sandboxes.exact.core.editAccount(pair.exact, { Phone: "exact says" });
    world.sandboxes.customcrm.core.patch("Customer", pair.customcrm, { Phone: "crm says" });
    await cycle();
    expect(account(pair.exact)?.Phone).toBe("crm says");
    const { events } = await world.app.store.entities.history(pair.id, 5, null);
    expect(events.flatMap((event) => event.fields)).toContainEqual(
      expect.objectContaining({ field: "phone", after: "crm says", lost: "exact says", lostFrom: "EXACT" }),
    );
  });
});

describe("a new customer with a contact in Customcrm", () => {
  it("gets its account in Exact, then its contact under that account, and both learn Exact's ids", async () => {
    const { core } = world.sandboxes.customcrm;
    const made = core.create("Customer", { Name: "Nieuwe Zaak B.V.", City: "Zwolle", Country: "NL" });
    const person = core.create("Contact", { CustomerId: made.id, FirstName: "Nia", LastName: "Nieuw", Email: "nia@nieuwezaak.example" });
    await cycle();
    const [firm] = await world.app.store.entities.ofRecords("ACCOUNT", "CUSTOMCRM", [made.id]);
    const [contact] = await world.app.store.entities.ofRecords("CONTACT", "CUSTOMCRM", [person.id]);
    expect([firm?.state, contact?.state]).toEqual(["LINKED", "LINKED"]);
    expect(account(firm?.records.EXACT ?? "")).toMatchObject({ Name: "Nieuwe Zaak B.V.", City: "Zwolle", Status: "C" });
    expect(world.sandboxes.exact.core.contacts.get(contact?.records.EXACT ?? "")).toMatchObject({ LastName: "Nieuw", Account: firm?.records.EXACT });
    expect(customer(made.id).ExternalId).toBe(firm?.records.EXACT);
  });
});

describe("a record deleted in one system", () => {
  it("leaves the other one alone, says so, and is not made again", async () => {
    const page = await world.app.store.entities.list({ type: "CONTACT", terms: {}, states: ["LINKED"], order: "NAME_ASC" }, 5, null);
    const contact = page.entities[0];
    const customcrmId = contact?.records.CUSTOMCRM ?? "";
    world.sandboxes.exact.core.deleteContact(contact?.records.EXACT ?? "");
    await cycle();
    await cycle();
    const after = await entity(contact?.id ?? "");
    expect(after).toMatchObject({ state: "DETACHED", problem: { code: "DELETED_ELSEWHERE" } });
    expect(world.sandboxes.customcrm.core.find("Contact", customcrmId)).not.toBeNull();
    expect(after?.records.EXACT).toBeNull();
  });
});
