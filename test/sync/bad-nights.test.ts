import { afterEach, describe, expect, it, vi } from "vitest";
import { StoreUnavailableError } from "../../src/domain/errors.js";
import { settle } from "../../src/sync/settle.js";
import { accountRow, customerRow, guid, OperatorWorld, type OperatorWorldOptions, pairs } from "./operator-world.js";

let world: OperatorWorld;
afterEach(() => world.stop());

async function linked(options: OperatorWorldOptions): Promise<void> {
  world = await OperatorWorld.start(options);
  await world.cycle();
}

describe("what simulated worlds have found", { timeout: 60_000 }, () => {
  it("a REVIEW ends when a detached candidate loses the key that it rests on (R6)", async () => {
    await linked({ customers: [customerRow(1, { VatNumber: "NL001" })], accounts: [accountRow(1, { VATNumber: "NL001" })] });
    world.customcrm.core.remove("Customer", "cus1");
    await world.cycle();
    expect(await world.of("ACCOUNT", "EXACT", guid(1))).toMatchObject({ state: "DETACHED" });
    const { id } = world.customcrm.core.create("Customer", { Name: "Firm again", VatNumber: "NL001" });
    await world.cycle();
    expect(await world.of("ACCOUNT", "CUSTOMCRM", id)).toMatchObject({ state: "REVIEW" });
    world.exact.core.editAccount(guid(1), { VATNumber: "NL002" });
    await world.cycle();
    expect(await world.of("ACCOUNT", "CUSTOMCRM", id)).toMatchObject({ state: "LINKED", origin: "CREATED" });
  });

  it("what a system does not show right before a write is not written over, and is written once it shows again (R5)", async () => {
    await linked(pairs(1));
    await world.cycle();
    const before = world.writes().length;
    world.exact.core.editAccount(guid(1), { Phone: "entered meanwhile" });
    world.customcrm.core.patch("Customer", "cus1", { Phone: "entered first" });
    // Exact's edit is known to no poll yet, and the look before the write comes back empty.
    await world.engine.poll("CUSTOMCRM");
    const unseen = vi.spyOn(world.links.exact, "getMany").mockResolvedValueOnce(new Map());
    await world.settle();
    expect(unseen).toHaveBeenCalledTimes(1);
    expect(world.writes()).toHaveLength(before);
    expect(await world.of("ACCOUNT", "EXACT", guid(1))).toMatchObject({
      state: "PENDING",
      problem: { code: "SYSTEM_UNAVAILABLE", message: "Exact Online did not show the record before the write." },
    });
    await world.clock.advance(10 * 60_000);
    await world.engine.sweep();
    await world.cycle();
    const { id } = await world.of("ACCOUNT", "EXACT", guid(1));
    const { events } = await world.store.entities.history(id, 50, null);
    expect(world.account(guid(1))?.Phone).toBe(world.customer("cus1").Phone);
    expect(events.flatMap((event) => event.fields)).toContainEqual(expect.objectContaining({ field: "phone", lost: expect.stringContaining("entered") }));
  });

  it("what is edited over a write that was read back wins also where the write after it is the last that was stored (R8)", async () => {
    await linked(pairs(1));
    await world.cycle();
    world.customcrm.core.patch("Customer", "cus1", { Phone: "entered first" });
    world.exact.core.editAccount(guid(1), { Remarks: "entered in Exact" });
    await world.engine.poll("EXACT");
    await world.engine.poll("CUSTOMCRM");
    // Exact takes the phone number and shows it, Customcrm takes the remarks, and then the store is out of reach.
    const update = world.links.customcrm.update.bind(world.links.customcrm);
    vi.spyOn(world.links.customcrm, "update").mockImplementationOnce(async (...args) => {
      const record = await update(...args);
      vi.spyOn(world.store.entities, "commit").mockRejectedValueOnce(new StoreUnavailableError("Redis does not answer."));
      return record;
    });
    await expect(world.settle()).rejects.toThrow("Redis does not answer.");
    expect(world.account(guid(1))?.Phone).toBe("entered first");
    world.exact.core.editAccount(guid(1), { Phone: "entered since" });
    for (let i = 0; i < 2; i++) {
      await world.clock.advance(10 * 60_000);
      await world.engine.sweep();
      await world.cycle();
    }
    expect([world.account(guid(1))?.Phone, world.customer("cus1").Phone]).toEqual(["entered since", "entered since"]);
    expect(await world.of("ACCOUNT", "EXACT", guid(1))).toMatchObject({ state: "LINKED", intents: [] });
  });

  it("what a system does not show right before a deletion is not deleted: an edit that was read meanwhile wins over it (R9)", async () => {
    await linked({ ...pairs(1), flows: (flows) => flows.map((flow) => ({ ...flow, onDelete: "PROPAGATE" })) });
    world.customcrm.core.remove("Customer", "cus1");
    await world.engine.poll("CUSTOMCRM");
    // Exact's edit is read after the deletion was planned, and the look before it comes back empty.
    const unseen = vi.spyOn(world.links.exact, "getMany").mockImplementationOnce(async () => {
      world.exact.core.editAccount(guid(1), { Phone: "entered meanwhile" });
      return new Map();
    });
    await world.settle();
    expect(unseen).toHaveBeenCalled();
    expect(world.account(guid(1))).toMatchObject({ Phone: "entered meanwhile" });
    await world.clock.advance(10 * 60_000);
    await world.engine.sweep();
    await world.cycle();
    expect(world.account(guid(1))).toMatchObject({ Phone: "entered meanwhile" });
    expect(await world.of("ACCOUNT", "EXACT", guid(1))).toMatchObject({ state: "DETACHED", problem: { code: "EDITED_SINCE_DELETION" } });
  });

  it("what one process will try later, and another one finds due and dies before it is sent, is not forgotten (I7)", async () => {
    await linked(pairs(1));
    await world.cycle();
    world.customcrm.core.patch("Customer", "cus1", { Phone: "entered" });
    world.exact.faults.add({ method: "PUT", path: "/api/v1/", times: 1, fault: { kind: "status", status: 429, headers: { "retry-after": "5" } } });
    await world.cycle();
    const { id, nextActionAt } = await world.of("ACCOUNT", "EXACT", guid(1));
    expect(nextActionAt).not.toBeNull();
    expect(await world.store.feeds.countDirty()).toBe(0);
    // The other process read its mark before the first one cleared it, and gets no further than to plan.
    await world.clock.advance(10 * 60_000);
    const [planned] = await settle(world.parts(), [id], { class: "change", withoutPush: true });
    expect(planned).toMatchObject({ owes: true, done: false });
    world.restart();
    await world.engine.sweep();
    await world.settle();
    expect(world.account(guid(1))?.Phone).toBe("entered");
  });

  it("a propagated deletion tells the history what the record held at the very last, also what no row names (I4)", async () => {
    await linked({ ...pairs(1), flows: (flows) => flows.map((flow) => ({ ...flow, onDelete: "PROPAGATE" })) });
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    world.customcrm.core.remove("Customer", "cus1");
    await world.engine.poll("CUSTOMCRM");
    // Made after Exact was read last: only the look right before the deletion shows it.
    world.exact.core.editAccount(guid(1), { Status: "S" });
    await world.settle();
    expect(world.account(guid(1))).toBeUndefined();
    const { events } = await world.store.entities.history(id, 50, null);
    const lost = events.flatMap((event) => event.fields).filter((change) => change.lostFrom === "EXACT");
    expect(lost).toContainEqual(expect.objectContaining({ field: "name", lost: "Firm 1" }));
    expect(lost).toContainEqual(expect.objectContaining({ field: "Status", lost: "S" }));
  });
});

describe("a person who is anonymised in Exact", { timeout: 60_000 }, () => {
  it("is never filled again there, whatever is edited, asked for or compared, and is not emptied in Customcrm", async () => {
    await linked({
      ...pairs(1),
      crmContacts: [{ Id: "con1", CustomerId: "cus1", FirstName: "Eva", LastName: "Vos", Email: "eva@firm1.nl", Phone: "010" }],
      exactContacts: [{ ID: guid(21), Account: guid(1), FirstName: "Eva", LastName: "Vos", Email: "eva@firm1.nl", Phone: "010" }],
    });
    const { id, state } = await world.of("CONTACT", "EXACT", guid(21));
    expect(state).toBe("LINKED");
    world.exact.core.anonymise("Contacts", guid(21));
    const left = world.exact.core.contacts.get(guid(21));
    await world.cycle();
    world.customcrm.core.patch("Contact", "con1", { Phone: "020", FirstName: "Eva Maria" });
    await world.cycle();
    await world.actions.syncEntity(id);
    await world.actions.retry([id], null);
    await world.settle();
    await world.runs.start({ mode: "FULL" });
    await world.work();
    expect(world.exact.core.contacts.get(guid(21))).toEqual(left);
    expect(left).toMatchObject({ IsAnonymised: 1 });
    expect(world.customcrm.core.get("Contact", "con1").values).toMatchObject({ FirstName: "Eva Maria", LastName: "Vos", Phone: "020" });
    expect((await world.byId(id)).problem?.message).toContain("anonymised");
    expect([...world.exact.core.contacts.all()]).toHaveLength(1);
  });
});

describe("somebody deletes most of the customers in one night", { timeout: 120_000 }, () => {
  it("a guard holds it, and resuming and retrying put all of them back, without a duplicate (R10)", async () => {
    const count = 60;
    await linked(pairs(count));
    for (let n = 1; n <= 50; n++) world.customcrm.core.remove("Customer", `cus${n}`);
    await world.cycle();
    expect(world.fired).toHaveLength(1);
    expect((await world.store.entities.counts("ACCOUNT")).DETACHED).toBeLessThanOrEqual(21);
    expect([...world.exact.core.accounts.all()]).toHaveLength(count);

    await world.actions.resumeDataflow("ACCOUNT", "APPLY");
    await world.settle();
    expect(await world.store.entities.counts("ACCOUNT")).toMatchObject({ DETACHED: 50, LINKED: count - 50, PENDING: 0 });
    await world.actions.retryAll(["ACCOUNT"], "DELETED_ELSEWHERE", null);
    await world.settle();
    await world.cycle();
    expect(await world.store.entities.counts("ACCOUNT")).toMatchObject({ DETACHED: 0, LINKED: count });
    expect([...world.exact.core.accounts.all()]).toHaveLength(count);
    expect(world.customcrm.core.all("Customer")).toHaveLength(count);
  });

  it("without the guard nothing holds it", async () => {
    const guards = { deletions: { count: 1_000, percent: 100 }, creates: { count: 1_000, percent: 100 }, emptySideLinks: 1_000 };
    await linked({ ...pairs(60), settings: { guards } });
    for (let n = 1; n <= 50; n++) world.customcrm.core.remove("Customer", `cus${n}`);
    await world.cycle();
    expect(world.fired).toEqual([]);
    expect((await world.store.entities.counts("ACCOUNT")).DETACHED).toBe(50);
  });
});
