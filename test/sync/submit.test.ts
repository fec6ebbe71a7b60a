import { afterEach, describe, expect, it } from "vitest";
import { codesOf, exactId, SubmitWorld, type WorldOptions, writesOf } from "./submit-world.js";

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

describe("a mutation that goes well", () => {
  it("updates both sides, with one read before and one after in Exact, and one write on each side", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.startCounting();
    const done = await world.update("ACCOUNT", id, { phone: "010-9", city: "Delft" });
    expect(done).toMatchObject({ status: "APPLIED", userErrors: [], operation: { finishedAt: expect.any(String) } });
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM APPLIED"]);
    expect(done.operation?.writes[0]).toMatchObject({ operation: "UPDATE", fields: ["phone", "city"], recordId: exactId(1), error: null });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-9", City: "Delft" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-9", City: "Delft" });
    expect(world.calls()).toEqual({ exact: ["GET", "PUT", "GET"], customcrm: ["PATCH"] });
    expect(await world.entity(id)).toMatchObject({ state: "LINKED", fields: { phone: "010-9" }, wanted: null, intents: [] });
    expect((await world.entity(id))?.operations).toBeUndefined();
  });

  it("creates in Exact first, then in Customcrm, after one search, and writes nothing afterwards", async () => {
    const world = await start();
    const done = await world.create("ACCOUNT", { name: "Nieuw BV", vatNumber: "NL001", city: "Delft" });
    expect(done).toMatchObject({ status: "APPLIED", userErrors: [], entity: { state: "LINKED", fields: { name: "Nieuw BV" } } });
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM APPLIED"]);
    expect(world.calls()).toEqual({ exact: ["GET", "POST"], customcrm: ["POST"] });
    const { records } = done.entity ?? { records: { EXACT: null, CUSTOMCRM: null } };
    expect(world.inExact(records.EXACT)).toMatchObject({ Name: "Nieuw BV", Status: "C", VATNumber: "NL001" });
    expect(world.inCustomcrm(records.CUSTOMCRM)).toMatchObject({ Name: "Nieuw BV", ExternalId: records.EXACT });
    const before = world.census();
    world.startCounting();
    await world.calm();
    expect(world.census()).toEqual(before);
    expect([...world.calls().exact, ...world.calls().customcrm].filter((method) => method !== "GET")).toEqual([]);
  });

  it("creates a contact and a product under their account", async () => {
    const world = await start();
    const accountId = await world.idOf("Bakkerij Smit");
    const contact = await world.create("CONTACT", { firstName: "Bo", lastName: "Smit", email: "bo@smit.nl", accountId, birthDate: "1990-02-03" });
    expect(contact).toMatchObject({ status: "APPLIED", entity: { fields: { account: accountId, birthDate: "1990-02-03" } } });
    expect(world.inExact(contact.entity?.records.EXACT, "Contacts")).toMatchObject({ LastName: "Smit", Account: exactId(2) });
    const product = await world.create("PRODUCT", { name: "Oven", number: "P-1", accountId });
    expect(product).toMatchObject({ status: "APPLIED" });
    expect(world.inCustomcrm(product.entity?.records.CUSTOMCRM, "Product")).toMatchObject({ Name: "Oven", Number: "P-1", CustomerId: "c2" });
    const renumbered = await world.update("PRODUCT", product.entity?.id ?? "", { number: "P-2" });
    expect(renumbered.status).toBe("APPLIED");
    expect(writesOf(renumbered.operation)).toEqual(["EXACT NOT_NEEDED", "CUSTOMCRM APPLIED"]);
    expect(world.inCustomcrm(product.entity?.records.CUSTOMCRM, "Product")).toMatchObject({ Number: "P-2" });
  });

  it("deletes in Exact first, then in Customcrm, and the entity is gone", async () => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    world.startCounting();
    const done = await world.remove("CONTACT", id);
    expect(done).toMatchObject({ status: "APPLIED", entity: null, userErrors: [] });
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM APPLIED"]);
    expect(world.calls()).toEqual({ exact: ["GET", "DELETE"], customcrm: ["DELETE"] });
    expect(world.inExact(exactId(9), "Contacts")).toBeNull();
    expect(world.inCustomcrm("p1", "Contact")).toBeNull();
    await world.calm();
    expect((await world.store.entities.counts("CONTACT")).UNLINKED).toBe(0);
    expect(await world.entity(id)).toBeNull();
  });

  it("clears a field with null, and leaves alone what is not named", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    expect((await world.update("ACCOUNT", id, { phone: null })).status).toBe("APPLIED");
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: null, Email: "info@vos.nl" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Email: "info@vos.nl" });
  });
});

describe("what is refused before anything is sent", () => {
  it("tells all faults of the input in one answer", async () => {
    const world = await start();
    const refused = await world.create("CONTACT", { email: "no address", birthDate: "yesterday", accountId: "acc_unknown", lastName: "x".repeat(300) });
    expect(refused).toMatchObject({ status: "REJECTED", operation: null });
    expect(refused.userErrors.map((one) => `${one.code} ${one.field?.join(".")}`).sort()).toEqual([
      "INVALID birthDate",
      "INVALID email",
      "INVALID lastName",
      "NOT_FOUND accountId",
    ]);
    expect(world.calls()).toEqual({ exact: [], customcrm: [] });
  });

  it.each(["UPDATE", "DELETE"] as const)("%s of something unknown, or of another type, is NOT_FOUND", async (kind) => {
    const world = await start();
    const contact = await world.idOf("Eva Vos", "CONTACT");
    for (const id of ["acc_none", contact]) {
      expect(codesOf(await world.submit({ kind, type: "ACCOUNT", id, fields: {} }))).toEqual(["NOT_FOUND"]);
    }
  });

  it.each([
    ["the vat number of a linked account", { name: "Anders BV", vatNumber: "NL.77" }],
    ["the name and address of one that only Exact has", { name: "Alleen BV", email: "INFO@alleen.nl" }],
  ])("a create with %s is a DUPLICATE", async (_, fields) => {
    const world = await start();
    await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { vatNumber: "NL77" });
    const before = world.census();
    const refused = await world.create("ACCOUNT", fields);
    expect(refused).toMatchObject({ status: "REJECTED", operation: null });
    expect(codesOf(refused)).toEqual(["DUPLICATE"]);
    expect(world.census()).toEqual(before);
  });

  it("a create of what was made in Exact a moment ago is a DUPLICATE, found by the one search", async () => {
    const world = await start();
    const made = world.exact.core.createAccount({ Name: "Net Gemaakt", VATNumber: "NL55" });
    const refused = await world.create("ACCOUNT", { name: "Net Gemaakt BV", vatNumber: "NL55" });
    expect(codesOf(refused)).toEqual(["DUPLICATE"]);
    expect(refused.userErrors[0]).toMatchObject({ system: "EXACT", field: ["vatNumber"], message: expect.stringContaining(made) });
    expect(world.calls()).toEqual({ exact: ["GET"], customcrm: [] });
  });

  it("two people may share a mailbox", async () => {
    const world = await start();
    const accountId = await world.idOf("Vos Metaal");
    const done = await world.create("CONTACT", { firstName: "Jan", lastName: "Vos", email: "eva@vos.nl", accountId });
    expect(done.status).toBe("APPLIED");
    expect(codesOf(await world.create("CONTACT", { firstName: "EVA", lastName: "Vos", email: "eva@vos.nl", accountId }))).toEqual(["DUPLICATE"]);
  });

  it("an account with contacts is REFERENCED, with their number, and without a call", async () => {
    const world = await start();
    const refused = await world.remove("ACCOUNT", await world.idOf("Vos Metaal"));
    expect(refused).toMatchObject({ status: "REJECTED", userErrors: [{ code: "REFERENCED", message: expect.stringContaining("1 contact") }] });
    expect(world.calls()).toEqual({ exact: [], customcrm: [] });
  });

  it.each(["EXACT", "CUSTOMCRM"] as const)("so is one whose contact was added in %s a moment ago", async (system) => {
    const world = await start();
    if (system === "EXACT") world.exact.core.createContact({ LastName: "Nieuw", Account: exactId(2) });
    else world.customcrm.core.create("Contact", { LastName: "Nieuw", CustomerId: "c2" });
    const refused = await world.remove("ACCOUNT", await world.idOf("Bakkerij Smit"));
    expect(refused).toMatchObject({ status: "REJECTED", userErrors: [{ code: "REFERENCED", system }] });
    expect(world.inExact(exactId(2))).not.toBeNull();
  });

  it("an account without dependents is deleted after one look at each side", async () => {
    const world = await start();
    const done = await world.remove("ACCOUNT", await world.idOf("Bakkerij Smit"));
    expect(done.status).toBe("APPLIED");
    expect(world.calls()).toEqual({ exact: ["GET", "GET", "DELETE"], customcrm: ["GET", "GET", "DELETE"] });
  });

  it("while the dataflow is paused, creates are refused and updates go through", async () => {
    const world = await start();
    await world.pause("ACCOUNT");
    expect(codesOf(await world.create("ACCOUNT", { name: "Later BV" }))).toEqual(["PAUSED"]);
    expect((await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-8" })).status).toBe("APPLIED");
  });

  it("before first contact is confirmed, everything is refused", async () => {
    const world = await start({ firstContact: "review" });
    const id = await world.idOf("Alleen BV");
    for (const kind of ["UPDATE", "DELETE"] as const) expect(codesOf(await world.submit({ kind, type: "ACCOUNT", id, fields: {} }))).toEqual(["PAUSED"]);
    expect(codesOf(await world.create("ACCOUNT", { name: "Later BV" }))).toEqual(["PAUSED"]);
  });
});
