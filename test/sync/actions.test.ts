import { afterEach, describe, expect, it } from "vitest";
import type { Dataflow } from "../../src/domain/dataflow.js";
import { StoreUnavailableError } from "../../src/domain/errors.js";
import { Actions } from "../../src/sync/actions.js";
import { settle } from "../../src/sync/settle.js";
import { accountRow, customerRow, guid, OperatorWorld, type OperatorWorldOptions, pairs } from "./operator-world.js";

let world: OperatorWorld;
afterEach(() => world?.stop());

async function linkedWorld(options: OperatorWorldOptions): Promise<OperatorWorld> {
  world = await OperatorWorld.start(options);
  await world.cycle();
  return world;
}

const manual = (...fields: readonly string[]) => ({
  flows: (flows: readonly Dataflow[]) =>
    flows.map((flow) => ({ ...flow, rows: flow.rows.map((row) => (fields.includes(row.field) ? { ...row, policy: "MANUAL" as const } : row)) })),
});

describe("unlink", { timeout: 60_000 }, () => {
  it("leaves both records alone, each as an entity of its own, and never proposes them to each other again", async () => {
    await linkedWorld(pairs(2));
    const before = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    expect(before).toMatchObject({ state: "LINKED", records: { EXACT: guid(1) } });
    const { entity, userErrors } = await world.actions.unlink(before.id, "piet");
    expect(userErrors).toEqual([]);
    expect(entity).toMatchObject({ id: before.id, state: "DETACHED", records: { CUSTOMCRM: "cus1", EXACT: null }, problem: { code: "CUT_BY_PERSON" } });
    const exact = await world.of("ACCOUNT", "EXACT", guid(1));
    expect(exact).toMatchObject({ id: before.formerExactEntityId, state: "DETACHED", records: { CUSTOMCRM: null } });
    expect((await world.store.entities.history(before.id, 1, null)).events[0]).toMatchObject({ kind: "UNLINKED", actor: "piet" });
    const count = world.writes().length;
    world.customcrm.core.patch("Customer", "cus1", { Phone: "020 1" });
    await world.cycle();
    expect(await world.byId(before.id)).toMatchObject({ state: "DETACHED", records: { EXACT: null }, candidates: [] });
    expect(world.writes().length).toBe(count);
  });

  it("of an account leaves each contact under the half that its own record names, at once", async () => {
    await linkedWorld({
      ...pairs(1),
      crmContacts: [
        { Id: "con1", CustomerId: "cus1", FirstName: "Eva", LastName: "Vos", Email: "eva@firm1.nl" },
        { Id: "con2", CustomerId: "cus1", FirstName: "Jan", LastName: "Smit", Email: "jan@firm1.nl" },
      ],
      exactContacts: [
        { ID: guid(21), Account: guid(1), FirstName: "Eva", LastName: "Vos", Email: "eva@firm1.nl" },
        { ID: guid(22), Account: guid(1), FirstName: "Piet", LastName: "Mol" },
      ],
    });
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    const under = async (accountId: string) => {
      const { entities } = await world.store.entities.list({ type: "CONTACT", terms: { accountId }, order: "NAME_ASC" }, 50, null);
      return entities.map(({ fields }) => fields.lastName);
    };
    expect(await under(id)).toEqual(["Vos", "Smit", "Mol"]);
    await world.actions.unlink(id, null);
    const exact = (await world.of("ACCOUNT", "EXACT", guid(1))).id;
    expect([await under(id), await under(exact)]).toEqual([["Vos", "Smit"], ["Mol"]]);
    await world.settle();
    expect([await under(id), await under(exact)]).toEqual([["Vos", "Smit"], ["Mol"]]);
  });

  it("is refused where there is no link, and where there is no entity", async () => {
    await linkedWorld({ accounts: [accountRow(1)] });
    const alone = await world.of("ACCOUNT", "EXACT", guid(1));
    expect((await world.actions.unlink(alone.id, null)).userErrors).toMatchObject([{ code: "NOT_LINKED" }]);
    expect((await world.actions.unlink("acc_none", null)).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  });

  it("gives a row that was a product's counterpart back as a contact", async () => {
    await linkedWorld({ ...pairs(1), products: [{ Id: "pro1", Name: "Drill", CustomerId: "cus1" }] });
    const product = await world.of("PRODUCT", "CUSTOMCRM", "pro1");
    const row = product.records.EXACT ?? "";
    expect(row).not.toBe("");
    await world.actions.unlink(product.id, null);
    expect(await world.of("CONTACT", "EXACT", row)).toMatchObject({ type: "CONTACT", state: "DETACHED", fields: { lastName: "Drill" } });
    expect(await world.byId(product.id)).toMatchObject({ type: "PRODUCT", records: { EXACT: null } });
  });
});

describe("linkRecords", { timeout: 60_000 }, () => {
  const strangers = { customers: [customerRow(1, { Phone: "crm" })], accounts: [accountRow(2, { Phone: "exact", City: "Delft" })] };
  const withoutCreates = {
    flows: (flows: readonly Dataflow[]) => flows.map((flow) => ({ ...flow, create: { ...flow.create, toExact: { kind: "never" as const } } })),
  };

  it("joins what matching would not, and the preferred side's values win where both have one", async () => {
    await linkedWorld({ ...strangers, ...withoutCreates });
    const { entity, userErrors } = await world.actions.linkRecords(
      { type: "ACCOUNT", customcrmId: "cus1", exactId: `{${guid(2).toUpperCase()}}`, prefer: "EXACT" },
      "piet",
    );
    expect(userErrors).toEqual([]);
    expect(entity).toMatchObject({ state: "LINKED", origin: "MANUAL", fields: { name: "Firm 2", phone: "exact", city: "Delft" } });
    expect(world.customer("cus1")).toMatchObject({ Name: "Firm 2", Phone: "exact", City: "Delft" });
    expect(world.account(guid(2))).toMatchObject({ Phone: "exact" });
    expect(await world.kinds(entity?.id ?? "")).toContain("LINKED");
  });

  it("goes on with what the history of both tells: who changed what in either before, and what lost (I4)", async () => {
    await linkedWorld({ ...strangers, ...withoutCreates });
    world.exact.core.edit("Accounts", guid(2), { Phone: "later" });
    await world.cycle();
    const { entity } = await world.actions.linkRecords({ type: "ACCOUNT", customcrmId: "cus1", exactId: guid(2) }, null);
    const { events } = await world.store.entities.history(entity?.id ?? "", 100, null);
    const edits = events.filter(({ kind, source }) => kind === "UPDATED" && source === "EXACT").flatMap(({ fields }) => fields);
    expect(edits).toContainEqual(expect.objectContaining({ field: "phone", before: "exact", after: "later" }));
  });

  it("leaves it to the policy where nothing is preferred", async () => {
    await linkedWorld({ ...strangers, ...withoutCreates });
    const { entity } = await world.actions.linkRecords({ type: "ACCOUNT", customcrmId: "cus1", exactId: guid(2) }, null);
    // Both were changed at the same time, so that Customcrm's stands.
    expect(entity).toMatchObject({ state: "LINKED", fields: { phone: "crm", city: "Delft" } });
    expect(world.account(guid(2))).toMatchObject({ Phone: "crm", City: "Delft" });
  });

  it("reads a record that nobody has seen yet, and says so where there is none", async () => {
    await linkedWorld({ ...strangers, ...withoutCreates });
    const fresh = world.exact.core.createAccount({ Name: "Just now" });
    expect((await world.actions.linkRecords({ type: "ACCOUNT", customcrmId: "cus1", exactId: fresh }, null)).entity).toMatchObject({
      records: { EXACT: fresh },
    });
    const none = await world.actions.linkRecords({ type: "ACCOUNT", customcrmId: "cus404", exactId: guid(2) }, null);
    expect(none).toMatchObject({ entity: null, userErrors: [{ code: "NOT_FOUND", system: "CUSTOMCRM", field: ["customcrmId"] }] });
  });

  it("is refused where one of them has a counterpart", async () => {
    await linkedWorld({ customers: [customerRow(1), customerRow(3)], accounts: [accountRow(1)], ...withoutCreates });
    const refused = await world.actions.linkRecords({ type: "ACCOUNT", customcrmId: "cus3", exactId: guid(1) }, null);
    expect(refused).toMatchObject({ entity: { records: { CUSTOMCRM: "cus1" } }, userErrors: [{ code: "ALREADY_LINKED" }] });
  });

  it("makes a row that was taken for a contact a product's counterpart", async () => {
    await linkedWorld({ ...pairs(1), products: [{ Id: "pro1", Name: "Drill" }], exactContacts: [{ ID: guid(50), LastName: "Drill", Account: guid(1) }] });
    expect(await world.of("PRODUCT", "CUSTOMCRM", "pro1")).toMatchObject({ state: "WAITING" });
    const { entity, userErrors } = await world.actions.linkRecords({ type: "PRODUCT", customcrmId: "pro1", exactId: guid(50) }, null);
    expect(userErrors).toEqual([]);
    expect(entity).toMatchObject({ type: "PRODUCT", records: { CUSTOMCRM: "pro1", EXACT: guid(50) } });
  });
});

describe("chooseMatch", { timeout: 60_000 }, () => {
  const twins = { customers: [customerRow(1)], accounts: [accountRow(1), { ...accountRow(1), ID: guid(2) }] };

  it("links the chosen candidate; the other one is no candidate's any more", async () => {
    await linkedWorld(twins);
    const review = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    expect(review).toMatchObject({ state: "REVIEW" });
    expect(review.candidates.map((one) => one.recordId).sort()).toEqual([guid(1), guid(2)]);
    const { entity, userErrors } = await world.actions.chooseMatch(review.id, { recordId: guid(2) }, "piet");
    expect(userErrors).toEqual([]);
    expect(entity).toMatchObject({ id: review.id, state: "LINKED", origin: "MANUAL", records: { EXACT: guid(2) } });
    await world.settle();
    const other = await world.of("ACCOUNT", "EXACT", guid(1));
    expect(other.candidates).toEqual([]);
  });

  it("refuses a record that is no candidate", async () => {
    await linkedWorld({ ...twins, accounts: [...twins.accounts, accountRow(9)] });
    const review = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    expect((await world.actions.chooseMatch(review.id, { recordId: guid(9) }, null)).userErrors).toMatchObject([{ code: "INVALID" }]);
  });

  it("CREATE_NEW makes a record of its own", async () => {
    await linkedWorld(twins);
    const review = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    const { entity } = await world.actions.chooseMatch(review.id, { action: "CREATE_NEW" }, null);
    expect(entity).toMatchObject({ state: "LINKED", origin: "CREATED" });
    expect([guid(1), guid(2)]).not.toContain(entity?.records.EXACT);
    expect([...world.exact.core.accounts.all()].length).toBe(3);
  });

  it("LEAVE_ALONE ends the review without a counterpart, until a key changes", async () => {
    await linkedWorld(twins);
    const review = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    const { entity } = await world.actions.chooseMatch(review.id, { action: "LEAVE_ALONE" }, null);
    expect(entity).toMatchObject({ state: "UNLINKED", records: { EXACT: null }, problem: null });
    const count = world.writes().length;
    world.customcrm.core.patch("Customer", "cus1", { Phone: "020 2" });
    await world.cycle();
    expect(await world.byId(review.id)).toMatchObject({ state: "UNLINKED" });
    expect(world.writes().length).toBe(count);
  });
});

describe("resolveConflict", { timeout: 60_000 }, () => {
  async function conflictWorld(...fields: readonly string[]) {
    await linkedWorld({ ...pairs(3), ...manual(...fields) });
    return world.of("ACCOUNT", "CUSTOMCRM", "cus1");
  }
  async function apart(n: number, customcrm: object, exact: object): Promise<void> {
    world.customcrm.core.patch("Customer", `cus${n}`, customcrm);
    world.exact.core.editAccount(guid(n), exact);
    await world.cycle();
  }

  it("writes the chosen side's value to the other, and keeps the loser in the history", async () => {
    const { id } = await conflictWorld("phone");
    await apart(1, { Phone: "crm" }, { Phone: "exact" });
    expect(await world.byId(id)).toMatchObject({ state: "CONFLICT", conflicts: [{ field: "phone", customcrm: "crm", exact: "exact" }] });
    const { entity, userErrors } = await world.actions.resolveConflict(id, "phone", { system: "EXACT" }, "piet");
    expect(userErrors).toEqual([]);
    expect(entity).toMatchObject({ state: "LINKED", conflicts: [], fields: { phone: "exact" } });
    expect(world.customer("cus1").Phone).toBe("exact");
    const { events } = await world.store.entities.history(id, 10, null);
    const resolved = events.find((event) => event.kind === "RESOLVED");
    expect(resolved).toMatchObject({ actor: "piet", fields: [{ field: "phone", after: "exact", lost: "crm", lostFrom: "CUSTOMCRM" }] });
  });

  it("takes a value of its own on both sides, null as well, and refuses one that can't be", async () => {
    const { id } = await conflictWorld("phone", "country");
    await apart(1, { Phone: "crm" }, { Phone: "exact" });
    expect((await world.actions.resolveConflict(id, "phone", { set: 7 }, null)).userErrors).toMatchObject([
      { code: "INVALID", field: ["take", "set", "value"] },
    ]);
    expect((await world.actions.resolveConflict(id, "city", { system: "EXACT" }, null)).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    expect((await world.actions.resolveConflict(id, "phone", { set: null }, null)).entity).toMatchObject({ state: "LINKED", fields: { phone: null } });
    expect([world.customer("cus1").Phone, world.account(guid(1))?.Phone]).toEqual([null, null]);
  });

  it("takes an address whole, so that it is one side's and not half of each", async () => {
    const { id } = await conflictWorld("addressLine1", "addressLine2", "postcode", "city", "country");
    await apart(1, { City: "Delft", StreetAddress1: "Markt 1" }, { City: "Delft", AddressLine1: "Kade 2", Postcode: "3011 AA" });
    const conflicts = (await world.byId(id)).conflicts.map((one) => one.field);
    expect(conflicts).toEqual(["addressLine1", "postcode"]);
    const { entity } = await world.actions.resolveConflict(id, "addressLine1", { system: "EXACT" }, null);
    expect(entity).toMatchObject({ state: "LINKED", fields: { addressLine1: "Kade 2", postcode: "3011 AA", city: "Delft" } });
    expect(world.customer("cus1")).toMatchObject({ StreetAddress1: "Kade 2", ZipCode: "3011 AA", City: "Delft" });
  });

  it("for all that wait takes one side everywhere, for the field that is named", async () => {
    await conflictWorld("phone", "fax");
    await apart(1, { Phone: "crm", Fax: "crm" }, { Phone: "exact", Fax: "exact" });
    await apart(2, { Phone: "crm" }, { Phone: "exact" });
    expect(await world.actions.resolveConflicts(["CONTACT"], null, "EXACT", null)).toBe(0);
    expect(await world.actions.resolveConflicts(["ACCOUNT"], "phone", "CUSTOMCRM", null)).toBe(2);
    await world.settle();
    expect([world.account(guid(1))?.Phone, world.account(guid(2))?.Phone]).toEqual(["crm", "crm"]);
    expect(await world.of("ACCOUNT", "CUSTOMCRM", "cus1")).toMatchObject({ state: "CONFLICT", conflicts: [{ field: "fax" }] });
    expect(await world.of("ACCOUNT", "CUSTOMCRM", "cus2")).toMatchObject({ state: "LINKED" });
  });
});

describe("takeBack", { timeout: 60_000 }, () => {
  it("makes the value win that lost, on both sides, and says so in the history", async () => {
    await linkedWorld(pairs(1));
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    world.exact.core.editAccount(guid(1), { Phone: "exact" });
    world.customcrm.core.patch("Customer", "cus1", { Phone: "crm" });
    await world.cycle();
    expect(world.account(guid(1))?.Phone).toBe("crm");
    const { events } = await world.store.entities.history(id, 10, null);
    const event = events.find((one) => one.fields.some((field) => field.lostFrom === "EXACT"));
    const { entity, userErrors } = await world.actions.takeBack(event?.id ?? "", null, "piet");
    expect(userErrors).toEqual([]);
    expect(entity).toMatchObject({ state: "LINKED", fields: { phone: "exact" } });
    expect([world.customer("cus1").Phone, world.account(guid(1))?.Phone]).toEqual(["exact", "exact"]);
    expect(await world.kinds(id)).toContain("TAKEN_BACK");
    expect((await world.actions.takeBack(event?.id ?? "", ["fax"], null)).userErrors).toMatchObject([{ code: "INVALID" }]);
    expect((await world.actions.takeBack(`${id}.999`, null, null)).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  });
});

describe("retry", { timeout: 60_000 }, () => {
  it.each([
    ["a value", "010 2"],
    ["that it was emptied", ""],
  ])("writes once more what a system took without complaint and did not keep: %s (R5)", async (_, phone) => {
    const one = { customers: [customerRow(1, { VatNumber: "NL1", Phone: "010 1" })], accounts: [accountRow(1, { VATNumber: "NL1", Phone: "010 1" })] };
    await linkedWorld(one);
    world.customcrm.core.patch("Customer", "cus1", { Phone: phone });
    world.exact.faults.add({ method: "PUT", path: "/api/v1/", times: 1, fault: { kind: "drop-field", field: "Phone" } });
    await world.cycle();
    const { id, state, problem } = await world.of("ACCOUNT", "EXACT", guid(1));
    expect({ state, code: problem?.code }).toEqual({ state: "FAILED", code: "IGNORED_BY_SYSTEM" });
    const [outcome] = await world.actions.retry([id], null);
    expect(outcome).toMatchObject({ userErrors: [], entity: { state: "LINKED", ignored: [] } });
    expect(world.account(guid(1))?.Phone ?? "").toBe(phone);
    expect(world.customer("cus1").Phone ?? "").toBe(phone);
  });

  it("creates anew what was deleted on the other side and detached", async () => {
    await linkedWorld(pairs(1));
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    world.exact.core.deleteAccount(guid(1));
    await world.cycle();
    expect(await world.byId(id)).toMatchObject({ state: "DETACHED", problem: { code: "DELETED_ELSEWHERE" } });
    const [outcome, none] = await world.actions.retry([id, "acc_none"], null);
    expect(outcome).toMatchObject({ entity: { id, state: "LINKED", origin: "CREATED" }, userErrors: [] });
    expect(none).toMatchObject({ entity: null, userErrors: [{ code: "NOT_FOUND" }] });
    expect([...world.exact.core.accounts.all()].length).toBe(1);
  });

  it("sends again what was refused for good", async () => {
    await linkedWorld(pairs(1));
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    world.exact.faults.add({ method: "PUT", path: "/api/v1/", fault: { kind: "status", status: 400, body: { error: { message: { value: "No." } } } } });
    world.customcrm.core.patch("Customer", "cus1", { Phone: "020 3" });
    await world.cycle();
    expect(await world.byId(id)).toMatchObject({ state: "FAILED", problem: { code: "REFUSED_BY_SYSTEM" } });
    world.exact.faults.clear();
    await world.cycle();
    expect(await world.byId(id)).toMatchObject({ state: "FAILED" });
    expect(await world.actions.retryAll(["ACCOUNT"], "QUARANTINE", null)).toBe(0);
    expect(await world.actions.retryAll(["ACCOUNT"], "REFUSED_BY_SYSTEM", null)).toBe(1);
    expect(await world.byId(id)).toMatchObject({ state: "LINKED" });
    expect(world.account(guid(1))?.Phone).toBe("020 3");
  });
});

describe("syncEntity", { timeout: 60_000 }, () => {
  it("reads both records now and brings what it finds across", async () => {
    await linkedWorld(pairs(2));
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    world.exact.core.editAccount(guid(1), { Phone: "020 4" });
    world.exact.core.editAccount(guid(2), { Phone: "020 5" });
    expect(await world.actions.syncEntity(id)).toMatchObject({ entity: { state: "LINKED", fields: { phone: "020 4" } }, userErrors: [] });
    expect([world.customer("cus1").Phone, world.customer("cus2").Phone ?? null]).toEqual(["020 4", null]);
  });

  it("tells which system does not answer, and gives what is known", async () => {
    await linkedWorld(pairs(1));
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    await world.exact.setDown(true);
    expect(await world.actions.syncEntity(id)).toMatchObject({ entity: { id }, userErrors: [{ code: "SYSTEM_UNAVAILABLE", system: "EXACT" }] });
  });
});

describe("pauseDataflow and resumeDataflow", { timeout: 60_000 }, () => {
  it("what is held while the dataflow is resumed is looked at again at once, and goes across", async () => {
    await linkedWorld(pairs(1));
    await world.actions.pauseDataflow("ACCOUNT", "stocktaking");
    world.exact.core.edit("Accounts", guid(1), { Phone: "later" });
    await world.engine.poll("EXACT");
    const parts = world.parts();
    const { id } = await world.of("ACCOUNT", "EXACT", guid(1));
    let isResumed = false;
    const resumedMeanwhile: typeof parts.policy = async (type) => {
      const before = await parts.policy(type);
      if (!isResumed) await world.actions.resumeDataflow("ACCOUNT", "APPLY");
      isResumed = true;
      return before;
    };
    await world.store.feeds.clearDirty(await world.store.feeds.dirty(100));
    await settle({ ...parts, policy: resumedMeanwhile }, [id], { class: "change" });
    expect(await world.byId(id)).toMatchObject({ state: "PENDING", problem: { code: "PAUSED" } });
    await world.settle();
    expect(await world.byId(id)).toMatchObject({ state: "LINKED", problem: null });
    expect(world.customer("cus1")).toMatchObject({ Phone: "later" });
  });

  it("hold what is changed meanwhile, and let it go at once", async () => {
    await linkedWorld(pairs(1));
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    await world.actions.pauseDataflow("ACCOUNT", "Audit");
    world.customcrm.core.patch("Customer", "cus1", { Phone: "020 6" });
    world.customcrm.core.create("Customer", { Name: "New while paused" });
    await world.cycle();
    expect(await world.byId(id)).toMatchObject({ state: "PENDING", problem: { code: "PAUSED", message: "Audit" } });
    expect(world.account(guid(1))?.Phone ?? null).toBeNull();
    await world.actions.resumeDataflow("ACCOUNT", "DISCARD");
    expect(world.nudges).toBe(1);
    await world.settle();
    expect(await world.byId(id)).toMatchObject({ state: "LINKED", problem: null });
    expect(world.account(guid(1))?.Phone).toBe("020 6");
    // A person's pause is no guard: nothing of what it held is dropped.
    expect([...world.exact.core.accounts.all()].length).toBe(2);
  });

  it("a process that ends right after the pause was lifted leaves nobody waiting: the next sweep marks what waited (I7)", async () => {
    await linkedWorld(pairs(1));
    await world.actions.pauseDataflow("ACCOUNT", "Audit");
    world.customcrm.core.patch("Customer", "cus1", { Phone: "020 6" });
    await world.cycle();
    const { feeds } = world.store;
    const silent = new Proxy(feeds, {
      get: (target, name) =>
        name === "markDirty" ? () => Promise.reject(new StoreUnavailableError("Redis does not answer.")) : Reflect.get(target, name).bind(target),
    });
    const dying = new Actions({
      ...world.parts(),
      store: new Proxy(world.store, { get: (target, name) => (name === "feeds" ? silent : Reflect.get(target, name)) }),
    });
    await expect(dying.resumeDataflow("ACCOUNT", "APPLY")).rejects.toThrow("Redis does not answer.");
    expect(await feeds.countDirty()).toBe(0);
    await world.engine.sweep();
    await world.settle();
    expect(await world.of("ACCOUNT", "CUSTOMCRM", "cus1")).toMatchObject({ state: "LINKED", problem: null });
    expect(world.account(guid(1))?.Phone).toBe("020 6");
    await world.engine.sweep();
    expect(await feeds.countDirty()).toBe(0);
  });

  it("ends first contact: until then nothing is written", async () => {
    await linkedWorld({ ...pairs(1), customers: [customerRow(1), customerRow(2)], firstContact: "review" });
    expect(await world.of("ACCOUNT", "CUSTOMCRM", "cus2")).toMatchObject({ state: "PENDING", problem: { code: "PAUSED" } });
    expect(world.writes()).toEqual([]);
    await world.actions.resumeDataflow("ACCOUNT", "APPLY");
    await world.settle();
    expect(await world.of("ACCOUNT", "CUSTOMCRM", "cus2")).toMatchObject({ state: "LINKED" });
  });
});
