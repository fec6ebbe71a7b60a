import { afterEach, describe, expect, it } from "vitest";
import { dataflows } from "../../src/domain/dataflow.js";
import { limits } from "../../src/domain/limits.js";
import { leaseKey } from "../../src/sync/parts.js";
import { codesOf, exactId, SubmitWorld, type WorldOptions, withMethods, writesOf } from "./submit-world.js";

const worlds: SubmitWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) {
    expect(world.faultsOfOurs).toEqual([]);
    await world.stop();
  }
});
const start = async (options: WorldOptions = {}): Promise<SubmitWorld> => {
  const world = await SubmitWorld.start(options);
  worlds.push(world);
  return world;
};
const refusedByExact = { kind: "status", status: 500, body: { error: { code: "", message: { lang: "", value: "Ongeldig" } } } } as const;

describe("every state of an entity takes a mutation", () => {
  it("CONFLICT: it is resolved, and both losers are kept", async () => {
    const flows = dataflows.map((flow) => ({ ...flow, rows: flow.rows.map((row) => ({ ...row, policy: "MANUAL" as const })) }));
    const world = await start({ settings: { flows } });
    const id = await world.idOf("Vos Metaal");
    world.exact.core.editAccount(exactId(1), { Phone: "010-5" });
    world.customcrm.core.patch("Customer", "c1", { Phone: "010-6" });
    await world.later(1_000);
    expect(await world.entity(id)).toMatchObject({ state: "CONFLICT" });
    const done = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(done).toMatchObject({ status: "APPLIED", entity: { state: "LINKED", conflicts: [] } });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-9" });
    const history = (await world.history(id)).join("\n");
    expect(history).toContain("RESOLVED by GATEWAY");
    expect(history).toContain("(lost 010-5)");
    expect(history).toContain("(lost 010-6)");
  });

  it("UNLINKED: the side that exists is written, the other has no part in it", async () => {
    const world = await start();
    const id = await world.idOf("Alleen BV");
    world.startCounting();
    const done = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(done).toMatchObject({ status: "APPLIED", entity: { state: "UNLINKED", fields: { phone: "010-9" } } });
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM NOT_NEEDED"]);
    expect(world.inExact(exactId(3))).toMatchObject({ Phone: "010-9" });
    expect(world.calls()).toEqual({ exact: ["GET", "PUT", "GET"], customcrm: [] });
  });

  it("UNLINKED, and linked later: what it had lost to the mutation still stands in the history (I4)", async () => {
    const world = await start();
    const id = await world.idOf("Alleen BV");
    world.exact.core.editAccount(exactId(3), { Phone: "010-7" });
    expect(await world.update("ACCOUNT", id, { phone: "010-9" })).toMatchObject({ status: "APPLIED" });
    world.customcrm.core.create("Customer", { Name: "Alleen BV", Email: "info@alleen.nl" });
    await world.calm();
    const linked = await world.entity(id);
    expect(linked).toMatchObject({ state: "LINKED", fields: { phone: "010-9" } });
    expect(linked?.id).not.toBe(id);
    const history = await world.history(id);
    expect(history).toContainEqual(expect.stringContaining("phone 010-9 → 010-9 (lost 010-7)"));
    expect(history.filter((event) => event.includes("lost 010-7"))).toHaveLength(1);
  });

  it("REVIEW: the side that exists is written, and matching runs again", async () => {
    const world = await start();
    for (const name of ["Dubbel Een", "Dubbel Twee"]) world.exact.core.createAccount({ Name: name, VATNumber: "NL9", Status: "C" });
    const customer = world.customcrm.core.create("Customer", { Name: "Dubbel", VatNumber: "NL9" });
    await world.later(1_000);
    const id = await world.idOf("Dubbel");
    expect(await world.entity(id)).toMatchObject({ state: "REVIEW" });
    const still = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(still).toMatchObject({ status: "APPLIED", entity: { state: "REVIEW", candidates: [{}, {}] } });
    expect(world.inCustomcrm(customer.id)).toMatchObject({ Phone: "010-9" });
    const done = await world.update("ACCOUNT", id, { vatNumber: "NL10" });
    expect(done).toMatchObject({ status: "APPLIED", entity: { state: "LINKED", origin: "CREATED" } });
    expect(world.inExact(done.entity?.records.EXACT)).toMatchObject({ VATNumber: "NL10", Phone: "010-9" });
  });

  it("WAITING: what can be is written, the rest is PENDING with the reason, and goes on by itself", async () => {
    const world = await start();
    const accountId = await world.idOf("Alleen BV");
    const created = await world.create("CONTACT", { firstName: "Ada", lastName: "Alleen", accountId });
    expect(created).toMatchObject({ status: "PENDING", userErrors: [], entity: { state: "WAITING", problem: { code: "WAITING_FOR_REFERENCE" } } });
    expect(writesOf(created.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM PENDING"]);
    expect(created.operation?.writes[1]?.error).toContain("account has no counterpart in Customcrm yet");
    const id = created.entity?.id ?? "";
    const updated = await world.update("CONTACT", id, { phone: "010-9", email: "ada@alleen.nl" });
    expect(updated).toMatchObject({ status: "PENDING", entity: { state: "WAITING", fields: { phone: "010-9" } } });
    expect(world.inExact(updated.entity?.records.EXACT, "Contacts")).toMatchObject({ Phone: "010-9" });

    // Somebody enters the account in Customcrm; it is recognised.
    const customer = world.customcrm.core.create("Customer", { Name: "Alleen BV", Email: "info@alleen.nl" });
    await world.later(1_000);
    await world.later(1_000);
    expect(await world.operation(created.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect(await world.operation(updated.operation?.id)).toMatchObject({ status: "APPLIED" });
    const contact = await world.entity(id);
    expect(contact).toMatchObject({ state: "LINKED" });
    expect(world.inCustomcrm(contact?.records.CUSTOMCRM, "Contact")).toMatchObject({ Phone: "010-9", Email: "ada@alleen.nl", CustomerId: customer.id });
  });

  it("WAITING, and somebody enters the same person there meanwhile: they are linked, and what was asked for stands", async () => {
    const world = await start();
    const accountId = await world.idOf("Alleen BV");
    const created = await world.create("CONTACT", { firstName: "Ada", lastName: "Alleen", email: "ada@alleen.nl", phone: "010-9", accountId });
    expect(created.status).toBe("PENDING");
    const customer = world.customcrm.core.create("Customer", { Name: "Alleen BV", Email: "info@alleen.nl" });
    world.customcrm.core.create("Contact", {
      FirstName: "Ada",
      LastName: "Alleen",
      Email: "ada@alleen.nl",
      Phone: "010-4",
      Mobile: "06-4",
      CustomerId: customer.id,
    });
    const before = world.census();
    for (let i = 0; i < 3; i++) await world.later(1_000);
    expect(world.census()).toEqual(before);
    expect(await world.operation(created.operation?.id)).toMatchObject({ status: "APPLIED" });
    const contact = await world.entity(created.entity?.id ?? "");
    expect(contact).toMatchObject({ state: "LINKED", origin: "MATCHED", fields: { phone: "010-9", mobile: "06-4" } });
    expect(world.inCustomcrm(contact?.records.CUSTOMCRM, "Contact")).toMatchObject({ Phone: "010-9", Mobile: "06-4" });
    expect(world.inExact(contact?.records.EXACT, "Contacts")).toMatchObject({ Phone: "010-9", Mobile: "06-4" });
  });

  it("a reference to what has no counterpart waits alone; the other fields go on", async () => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    const done = await world.update("CONTACT", id, { phone: "010-9", accountId: await world.idOf("Alleen BV") });
    expect(done).toMatchObject({ status: "PENDING", entity: { state: "WAITING" } });
    expect(world.inExact(exactId(9), "Contacts")).toMatchObject({ Phone: "010-9", Account: exactId(3) });
    expect(world.inCustomcrm("p1", "Contact")).toMatchObject({ Phone: "010-9", CustomerId: "c1" });
  });

  it("in quarantine: PENDING with the time of the next attempt, and nothing is sent to either side", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.exactFault("PUT", { kind: "hang" });
    const first = await world.update("ACCOUNT", id, { phone: "010-8" });
    world.startCounting();
    const second = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(second).toMatchObject({ status: "PENDING", entity: { problem: { code: "QUARANTINE" }, fields: { phone: "010-9" } } });
    expect(second.operation?.writes[0]).toMatchObject({
      system: "EXACT",
      status: "PENDING",
      nextAttemptAt: new Date(world.clock.now() + 60_000).toISOString(),
    });
    expect(world.calls()).toEqual({ exact: [], customcrm: [] });
    await world.calm();
    expect(await world.operation(second.operation?.id)).toMatchObject({ status: "APPLIED" });
    const overtaken = await world.operation(first.operation?.id);
    expect(overtaken).toMatchObject({
      status: "REJECTED",
      userErrors: [{ code: "VERSION_CONFLICT", message: expect.stringContaining(second.operation?.id ?? "?") }],
    });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-9" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-9" });
  });

  it.each(["EXACT", "CUSTOMCRM"] as const)("DETACHED by a deletion in %s: what is left is written, and nothing is made anew", async (goneFrom) => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    if (goneFrom === "EXACT") world.exact.core.deleteContact(exactId(9));
    else world.customcrm.core.remove("Contact", "p1");
    await world.later(1_000);
    expect(await world.entity(id)).toMatchObject({ state: "DETACHED", problem: { code: "DELETED_ELSEWHERE" } });
    const before = world.census();
    const done = await world.update("CONTACT", id, { phone: "010-9" });
    expect(done).toMatchObject({ status: "APPLIED", entity: { state: "DETACHED", problem: { code: "DELETED_ELSEWHERE" } } });
    await world.calm();
    expect(world.census()).toEqual(before);
    expect(await world.entity(id)).toMatchObject({ state: "DETACHED", problem: { code: "DELETED_ELSEWHERE" } });
    const left = goneFrom === "EXACT" ? world.inCustomcrm("p1", "Contact") : world.inExact(exactId(9), "Contacts");
    expect(left).toMatchObject({ Phone: "010-9" });
  });

  it("DETACHED, and the write fails for now: it waits its time, and stays detached", async () => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    world.exact.core.deleteContact(exactId(9));
    await world.later(1_000);
    world.customcrmFault("PATCH", { kind: "hang" });
    const done = await world.update("CONTACT", id, { phone: "010-9" });
    expect(done).toMatchObject({ status: "PENDING", entity: { state: "DETACHED" } });
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect(await world.entity(id)).toMatchObject({ state: "DETACHED", nextActionAt: null, problem: { code: "DELETED_ELSEWHERE", nextAttemptAt: null } });
  });

  it.each(["with an effect", "without one"])("DETACHED, and a write with ROLLBACK is lost, %s: it ends, and nothing is made anew (I3)", async (effect) => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    world.exact.core.deleteContact(exactId(9));
    await world.later(1_000);
    const before = world.census();
    world.customcrmFault("PATCH", { kind: effect === "with an effect" ? "reset-after" : "reset-before" });
    const done = await world.update("CONTACT", id, { phone: "010-9" }, { onPartialFailure: "ROLLBACK" });
    expect(done).toMatchObject({ status: "PENDING", entity: { state: "DETACHED", problem: { code: "DELETED_ELSEWHERE" } } });
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "REJECTED" });
    expect(world.census()).toEqual(before);
    expect(world.inCustomcrm("p1", "Contact")?.Phone ?? null).toBeNull();
    expect(await world.entity(id)).toMatchObject({ state: "DETACHED", nextActionAt: null, problem: { code: "DELETED_ELSEWHERE", nextAttemptAt: null } });
  });

  it("DETACHED, and what is left of it may not be deleted: it stays detached, and nothing is made anew (I3)", async () => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    world.exact.core.deleteContact(exactId(9));
    await world.later(1_000);
    const before = world.census();
    world.customcrmFault("DELETE", { kind: "status", status: 409, body: { type: "urn:customcrm:has-dependents", title: "In use", status: 409 } });
    const done = await world.remove("CONTACT", id);
    expect(done).toMatchObject({ status: "REJECTED", userErrors: [{ code: "REFERENCED", system: "CUSTOMCRM" }] });
    await world.calm();
    expect(world.census()).toEqual(before);
    expect(await world.entity(id)).toMatchObject({ state: "DETACHED", problem: { code: "DELETED_ELSEWHERE" } });
  });

  it("FAILED: what was refused before is tried once more, as a person asks", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.exactFault("PUT", refusedByExact);
    world.customcrm.core.patch("Customer", "c1", { Phone: "010-9" });
    await world.later(1_000);
    expect(await world.entity(id)).toMatchObject({ state: "FAILED" });
    const done = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(done).toMatchObject({ status: "APPLIED", entity: { state: "LINKED" } });
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM NOT_NEEDED"]);
  });
});

describe("expectedVersion", () => {
  it("is refused only for a field that has changed since, and says what is there now", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const { version = 0 } = (await world.entity(id)) ?? {};
    await world.update("ACCOUNT", id, { phone: "010-8" });
    world.startCounting();
    const refused = await world.update("ACCOUNT", id, { phone: "010-9", city: "Delft" }, { expectedVersion: version });
    expect(refused).toMatchObject({ status: "REJECTED", operation: null, userErrors: [{ code: "VERSION_CONFLICT", field: ["phone"] }] });
    expect(refused.userErrors[0]?.message).toContain('phone is "010-8" now');
    expect(world.calls()).toEqual({ exact: [], customcrm: [] });
    expect((await world.update("ACCOUNT", id, { city: "Delft" }, { expectedVersion: version })).status).toBe("APPLIED");
    const { version: current = 0 } = (await world.entity(id)) ?? {};
    expect((await world.update("ACCOUNT", id, { phone: "010-9" }, { expectedVersion: current })).status).toBe("APPLIED");
  });

  it("sees a change that the sync has brought", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const { version = 0 } = (await world.entity(id)) ?? {};
    world.customcrm.core.patch("Customer", "c1", { Phone: "010-7" });
    await world.later(1_000);
    expect(codesOf(await world.update("ACCOUNT", id, { phone: "010-9" }, { expectedVersion: version }))).toEqual(["VERSION_CONFLICT"]);
    expect(codesOf(await world.remove("ACCOUNT", id, { expectedVersion: version }))).toEqual(["REFERENCED"]);
  });

  it.each(["EXACT", "CUSTOMCRM"] as const)("sees an edit in %s that nobody has read yet, right before it would overwrite it", async (system) => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const { version = 0 } = (await world.entity(id)) ?? {};
    if (system === "EXACT") world.exact.core.editAccount(exactId(1), { Phone: "010-7" });
    else world.customcrm.core.patch("Customer", "c1", { Phone: "010-7" });
    const refused = await world.update("ACCOUNT", id, { phone: "010-9" }, { expectedVersion: version });
    expect(refused).toMatchObject({ status: "REJECTED" });
    expect(refused.userErrors[0]).toMatchObject({ code: "MODIFIED_ELSEWHERE", system, field: ["phone"], message: expect.stringContaining('"010-7"') });
    await world.calm();
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-7" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-7" });
  });

  it("does not mind an edit of another field", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const { version = 0 } = (await world.entity(id)) ?? {};
    world.exact.core.editAccount(exactId(1), { City: "Delft" });
    const done = await world.update("ACCOUNT", id, { phone: "010-9" }, { expectedVersion: version });
    expect(done.status).toBe("APPLIED");
    await world.calm();
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-9", City: "Delft" });
  });

  it("a delete is refused when anything has changed", async () => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    const { version = 0 } = (await world.entity(id)) ?? {};
    world.exact.core.editContact(exactId(9), { Phone: "010-7" });
    const refused = await world.remove("CONTACT", id, { expectedVersion: version });
    expect(refused).toMatchObject({ status: "REJECTED", userErrors: [{ code: "MODIFIED_ELSEWHERE", system: "EXACT" }] });
    expect(world.inExact(exactId(9), "Contacts")).not.toBeNull();
    expect(world.inCustomcrm("p1", "Contact")).not.toBeNull();
    await world.update("CONTACT", id, { mobile: "06-1" });
    expect(codesOf(await world.remove("CONTACT", id, { expectedVersion: version }))).toContain("VERSION_CONFLICT");
  });

  it("without it the mutation is the newest edit of its fields, and the others merge", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.exact.core.editAccount(exactId(1), { Phone: "010-7", City: "Delft" });
    const done = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(done.status).toBe("APPLIED");
    await world.calm();
    for (const record of [world.inExact(exactId(1)), world.inCustomcrm("c1")]) expect(record).toMatchObject({ Phone: "010-9", City: "Delft" });
    expect((await world.history(id)).join("\n")).toContain("(lost 010-7)");
  });

  it("and what seems to be there already is looked at once more", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.exact.core.editAccount(exactId(1), { Phone: "010-7" });
    const done = await world.update("ACCOUNT", id, { phone: "010-1" });
    expect(done.status).toBe("APPLIED");
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-1" });
    await world.calm();
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-1" });
  });
});

describe("two mutations on one entity", () => {
  it("the newer one wins the field that both set; the older one keeps the others, and says so", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    await world.exact.setDown(true);
    const first = await world.update("ACCOUNT", id, { phone: "010-8", city: "Delft" });
    await world.clock.advance(1);
    const second = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect([first.status, second.status]).toEqual(["PENDING", "PENDING"]);
    await world.exact.setDown(false);
    await world.calm();
    expect(await world.operation(first.operation?.id)).toMatchObject({ status: "APPLIED", userErrors: [{ code: "VERSION_CONFLICT", field: ["phone"] }] });
    expect(await world.operation(second.operation?.id)).toMatchObject({ status: "APPLIED", userErrors: [] });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-9", City: "Delft" });
  });

  it("the newer one is refused: the older one's value goes on", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    await world.exact.setDown(true);
    const first = await world.update("ACCOUNT", id, { phone: "010-8" });
    await world.exact.setDown(false);
    await new Promise((resolve) => setTimeout(resolve, 20));
    world.exactFault("PUT", refusedByExact);
    const second = await world.update("ACCOUNT", id, { phone: "odd" });
    expect(second).toMatchObject({ status: "REJECTED", userErrors: [{ code: "REFUSED_BY_SYSTEM" }] });
    await world.calm();
    expect(await world.operation(first.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-8" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-8" });
  });

  it("an update of what is still being created is created with it", async () => {
    const world = await start();
    await world.exact.setDown(true);
    const created = await world.create("ACCOUNT", { name: "Nieuw BV", phone: "010-8" });
    const updated = await world.update("ACCOUNT", created.entity?.id ?? "", { phone: "010-9" });
    expect([created.status, updated.status]).toEqual(["PENDING", "PENDING"]);
    await world.exact.setDown(false);
    await world.calm();
    expect(await world.operation(created.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect(await world.operation(updated.operation?.id)).toMatchObject({ status: "APPLIED" });
    const { records } = (await world.entity(created.entity?.id ?? "")) ?? { records: { EXACT: null, CUSTOMCRM: null } };
    expect(world.inExact(records.EXACT)).toMatchObject({ Phone: "010-9" });
    expect(world.inCustomcrm(records.CUSTOMCRM)).toMatchObject({ Phone: "010-9" });
  });

  it("an update while the create's answer is lost reaches the record that the create has made", async () => {
    const world = await start();
    const before = world.census();
    world.exactFault("POST", { kind: "hang", effect: true });
    const created = await world.create("ACCOUNT", { name: "Nieuw BV", phone: "010-8" });
    const updated = await world.update("ACCOUNT", created.entity?.id ?? "", { phone: "010-9" });
    await world.calm();
    expect(await world.operation(updated.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect(world.census()).toEqual({ exact: before.exact + 1, customcrm: before.customcrm + 1 });
    const { records } = (await world.entity(created.entity?.id ?? "")) ?? { records: { EXACT: null, CUSTOMCRM: null } };
    expect(world.inExact(records.EXACT)).toMatchObject({ Phone: "010-9" });
    expect(world.inCustomcrm(records.CUSTOMCRM)).toMatchObject({ Phone: "010-9" });
  });

  it.each([false, true])("a delete while a create's answer is lost leaves nothing behind (landed: %s)", async (effect) => {
    const world = await start();
    const before = world.census();
    world.exactFault("POST", { kind: "hang", effect });
    const created = await world.create("ACCOUNT", { name: "Nieuw BV" });
    const removed = await world.remove("ACCOUNT", created.entity?.id ?? "");
    expect([created.status, removed.status]).toEqual(["PENDING", "PENDING"]);
    await world.calm();
    expect(await world.operation(removed.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect(await world.operation(created.operation?.id)).toMatchObject({ status: "REJECTED" });
    expect(world.census()).toEqual(before);
    expect(await world.entity(created.entity?.id ?? "")).toBeNull();
  });

  it("what is being deleted takes no change any more", async () => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    await world.exact.setDown(true);
    const removed = await world.remove("CONTACT", id);
    expect(removed.status).toBe("PENDING");
    expect(codesOf(await world.update("CONTACT", id, { phone: "010-9" }))).toEqual(["NOT_FOUND"]);
    await world.exact.setDown(false);
    await world.calm();
    expect(await world.operation(removed.operation?.id)).toMatchObject({ status: "APPLIED" });
  });

  it("there is an end to what is kept for a system that is away", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    await world.exact.setDown(true);
    for (let i = 0; i < limits.mutation.openPerEntity; i++) expect((await world.update("ACCOUNT", id, { phone: `011-${i}` })).status).toBe("PENDING");
    expect(codesOf(await world.update("ACCOUNT", id, { phone: "010-x" }))).toEqual(["RATE_LIMITED"]);
    await world.exact.setDown(false);
    await world.calm();
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: `011-${limits.mutation.openPerEntity - 1}` });
    expect((await world.entity(id))?.operations).toBeUndefined();
  });

  it("ten at once on different fields are all applied", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const fields = ["phone", "fax", "website", "description", "city", "postcode", "country", "addressLine1", "vatNumber", "chamberOfCommerce"];
    const done = await Promise.all(fields.map((field, i) => world.update("ACCOUNT", id, { [field]: field === "country" ? "NL" : `value ${i}` })));
    expect(done.map((one) => one.status)).toEqual(fields.map(() => "APPLIED"));
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "value 0", Fax: "value 1", City: "value 4", VATNumber: "value 8" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "value 0", Fax: "value 1", City: "value 4", VatNumber: "value 8" });
  });
});

describe("whoever holds the entity", () => {
  it("is waited for until the deadline; then the answer is PENDING, and the holder's successor settles it", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const lease = await world.store.leases.acquire(leaseKey(id), 30_000);
    const begun = performance.now();
    const done = await world.update("ACCOUNT", id, { phone: "010-9" }, { deadlineMs: 150 });
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(done).toMatchObject({ status: "PENDING", entity: { fields: { phone: "010-9" } } });
    if (lease) await world.store.leases.release(lease);
    await world.settle();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
  });

  it("a system that hangs: the answer comes at the deadline", async () => {
    const world = await start();
    world.exactFault("GET", { kind: "hang" });
    const begun = performance.now();
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" }, { deadlineMs: 100 });
    expect(performance.now() - begun).toBeLessThan(220);
    expect(done.status).toBe("PENDING");
    await new Promise((resolve) => setTimeout(resolve, 250));
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
  });

  it("loses nothing of what it is writing when a mutation comes in between", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.customcrm.core.patch("Customer", "c1", { Phone: "010-7" });
    const parts = world.parts();
    const { EXACT: exact, CUSTOMCRM } = world.connectors;
    let submitted: ReturnType<SubmitWorld["update"]> | undefined;
    const gated = withMethods(exact, {
      update: async (...given) => {
        const result = await exact.update(...given);
        // The mutation is recorded while the sync's own write is under way.
        submitted ??= world.update("ACCOUNT", id, { city: "Delft" });
        await new Promise((resolve) => setTimeout(resolve, 30));
        return result;
      },
    });
    await world.settle({ ...parts, connectors: { EXACT: gated, CUSTOMCRM } });
    expect(await submitted).toMatchObject({ status: "APPLIED" });
    expect(await world.entity(id)).toMatchObject({ state: "LINKED", intents: [], problem: null });
    for (const record of [world.inExact(exactId(1)), world.inCustomcrm("c1")]) expect(record).toMatchObject({ Phone: "010-7", City: "Delft" });
  });
});

describe("whoever is creating the counterpart", () => {
  it("keeps the new record's id when a mutation comes in between", async () => {
    const world = await start();
    world.customcrm.core.create("Customer", { Name: "Nieuw BV" });
    const before = world.census();
    const { EXACT: exact, CUSTOMCRM } = world.connectors;
    let submitted: ReturnType<SubmitWorld["update"]> | undefined;
    const gated = withMethods(exact, {
      create: async (...given) => {
        const result = await exact.create(...given);
        submitted ??= world.update("ACCOUNT", await world.idOf("Nieuw BV"), { city: "Delft" });
        await new Promise((resolve) => setTimeout(resolve, 30));
        return result;
      },
    });
    await world.settle({ ...world.parts(), connectors: { EXACT: gated, CUSTOMCRM } });
    expect(await submitted).toMatchObject({ status: "APPLIED", entity: { state: "LINKED" } });
    const entity = await world.entity(await world.idOf("Nieuw BV"));
    expect(world.census().exact).toBe(before.exact + 1);
    for (const record of [world.inExact(entity?.records.EXACT), world.inCustomcrm(entity?.records.CUSTOMCRM)]) expect(record).toMatchObject({ City: "Delft" });
  });
});

describe("who reads after a mutation", () => {
  it("sees the new state while a side is still pending, whatever is polled meanwhile", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const { version = 0 } = (await world.entity(id)) ?? {};
    world.exactFault("PUT", { kind: "hang" });
    const done = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(done.status).toBe("PENDING");
    await world.later(1_000);
    expect(await world.entity(id)).toMatchObject({ state: "PENDING", version: version + 1, fields: { phone: "010-9" } });
    const { entities } = await world.store.entities.list({ type: "ACCOUNT", name: { equals: "Vos Metaal" }, terms: {}, order: "NAME_ASC" }, 5, null);
    expect(entities[0]?.fields).toMatchObject({ phone: "010-9" });
    await world.calm();
    expect(await world.entity(id)).toMatchObject({ state: "LINKED", version: version + 1 });
  });

  it("is not put back by a reader that began before the write", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const ref = { system: "EXACT", type: "Accounts", id: exactId(1) } as const;
    const ticket = await world.store.snapshots.ticket();
    const [old] = await world.store.snapshots.get([ref]);
    await world.update("ACCOUNT", id, { phone: "010-9" });
    if (old) expect(await world.store.snapshots.put([old.record], new Date(world.clock.now()).toISOString(), ticket)).toEqual([false]);
    expect((await world.store.snapshots.get([ref]))[0]?.record.properties).toMatchObject({ Phone: "010-9" });
  });

  it("is told of it: accepted, refused again, made and deleted", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.announced.splice(0);
    await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(world.announced).toEqual([`UPDATED ${id} GATEWAY: phone`, `STATE_CHANGED ${id} GATEWAY: `]);
    world.exactFault("PUT", refusedByExact);
    world.announced.splice(0);
    await world.update("ACCOUNT", id, { phone: "odd" });
    expect(world.announced.map((one) => one.split(" ")[0])).toEqual(["UPDATED", "UPDATED"]);
    world.announced.splice(0);
    const created = await world.create("ACCOUNT", { name: "Nieuw BV" });
    expect(world.announced[0]).toBe(`CREATED ${created.entity?.id} GATEWAY: name`);
    const contact = await world.idOf("Eva Vos", "CONTACT");
    await world.remove("CONTACT", contact);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(world.announced.at(-1)).toBe(`DELETED ${contact} GATEWAY: `);
  });
});
