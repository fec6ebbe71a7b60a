import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dayMs, errorText, startTestSandbox, type TestSandbox, wall } from "./helpers.js";

let test: TestSandbox;
beforeAll(async () => {
  test = await startTestSandbox();
});
afterAll(() => test.sandbox.stop());

const put = (id: string, body: unknown) => test.api("PUT", `crm/Accounts(guid'${id}')`, { body });
const remove = (id: string) => test.api("DELETE", `crm/Accounts(guid'${id}')`);
const today = "2026-06-25T00:00:00.000Z";

describe("an account's code", () => {
  it("is the highest plus one if it is left out, filled up with zeros and spaces", async () => {
    await test.made("Accounts", { Name: "a", Code: "41" });
    const id = await test.made("Accounts", { Name: "b" });
    expect((await test.read("Accounts", id)).Code).toBe("           0000042");
  });

  it("may be letters, and is not filled up with zeros where the division has it so", async () => {
    expect((await test.read("Accounts", await test.made("Accounts", { Name: "a", Code: "ACME" }))).Code).toBe("ACME".padStart(18));
    test.sandbox.settings.codeDigits = 0;
    expect((await test.read("Accounts", await test.made("Accounts", { Name: "a", Code: "77" }))).Code).toBe("77".padStart(18));
    test.sandbox.settings.codeDigits = 7;
  });

  it("that is taken is refused", async () => {
    await test.made("Accounts", { Name: "a", Code: "500" });
    const refused = await test.api("POST", "crm/Accounts", { body: { Name: "b", Code: "0500" } });
    expect([refused.status, errorText(refused)]).toEqual([500, "Gegeven bestaat reeds."]);
  });

  it("is never sent in a PUT, not even unchanged", async () => {
    const id = await test.made("Accounts", { Name: "a" });
    const { Code } = await test.read("Accounts", id);
    const refused = await put(id, { Name: "b", Code });
    expect([refused.status, errorText(refused)]).toEqual([500, "Gegeven bestaat reeds."]);
    expect((await test.read("Accounts", id)).Name).toBe("a");
  });

  it("is free again once its account is deleted", async () => {
    const id = await test.made("Accounts", { Name: "a", Code: "900" });
    await remove(id);
    expect(await test.made("Accounts", { Name: "b", Code: "900" })).toBeTruthy();
  });
});

describe("an account's status", () => {
  it("is none at first, and C makes it a customer from today", async () => {
    const id = await test.made("Accounts", { Name: "a" });
    expect(await test.read("Accounts", id)).toMatchObject({ Status: "A", IsSales: false, IsPurchase: false, CustomerSince: null });
    await test.clock.advance(3 * dayMs);
    await put(id, { Status: "C" });
    const customer = await test.read("Accounts", id);
    expect(customer).toMatchObject({ Status: "C", IsSales: true, IsPurchase: true });
    expect([wall(customer.CustomerSince), wall(customer.StatusSince), wall(customer.StartDate)]).toEqual([
      "2026-06-28T00:00:00.000Z",
      "2026-06-28T00:00:00.000Z",
      today,
    ]);
    await test.clock.advance(dayMs);
    await put(id, { Status: "C", Name: "b" });
    expect(wall((await test.read("Accounts", id)).CustomerSince)).toBe("2026-06-28T00:00:00.000Z");
  });

  it("may be sent in the create", async () => {
    expect(await test.read("Accounts", await test.made("Accounts", { Name: "a", Status: "C" }))).toMatchObject({ IsSales: true });
  });

  it("is apart from being a supplier, being blocked and having ended", async () => {
    const id = await test.made("Accounts", { Name: "a", IsSupplier: true, Blocked: true, EndDate: "2026-01-31" });
    expect(await test.read("Accounts", id)).toMatchObject({ Status: "A", IsSupplier: true, IsPurchase: true, Blocked: true });
    expect((await test.rows(`crm/Accounts?$select=ID&$filter=ID eq guid'${id}'`)).length).toBe(1);
  });
});

describe("an account's state", () => {
  it("must fit its country, also when only the country changes", async () => {
    const id = await test.made("Accounts", { Name: "a", Country: "NL", State: "UT" });
    const refused = await put(id, { Country: "BE" });
    expect([refused.status, errorText(refused)]).toEqual([500, "Ongeldig: Provincie"]);
    expect((await put(id, { Country: "BE", State: null })).status).toBe(204);
    expect((await put(id, { State: "OVL" })).status).toBe(204);
  });
});

describe("an account's references", () => {
  it("must exist", async () => {
    const refused = await test.api("POST", "crm/Accounts", { body: { Name: "a", Parent: "11111111-1111-1111-1111-111111111111" } });
    expect([refused.status, errorText(refused)]).toEqual([500, "Bestaat niet: Parent"]);
  });

  it("are shown with the name behind them", async () => {
    const parent = await test.made("Accounts", { Name: "Reseller" });
    expect(await test.read("Accounts", await test.made("Accounts", { Name: "a", Reseller: parent }))).toMatchObject({ ResellerName: "Reseller" });
  });
});

describe("deleting an account", () => {
  it("answers 204, and the account is gone", async () => {
    const id = await test.made("Accounts", { Name: "a" });
    const { status, text } = await remove(id);
    expect([status, text]).toEqual([204, ""]);
    expect((await test.get(`crm/Accounts(guid'${id}')`)).status).toBe(404);
    expect((await remove(id)).status).toBe(404);
  });

  it("is refused while transactions refer to it", async () => {
    const id = await test.made("Accounts", { Name: "a" });
    test.sandbox.settings.recordsInUse = [id];
    const refused = await remove(id);
    expect([refused.status, errorText(refused)]).toEqual([500, "Kan niet worden verwijderd\r\nIn gebruik: Boekingen"]);
    test.sandbox.settings.recordsInUse = [];
    expect((await remove(id)).status).toBe(204);
  });

  const withContact = async () => {
    const id = await test.made("Accounts", { Name: "a" });
    return { id, contact: await test.made("Contacts", { Account: id, LastName: "b" }) };
  };
  const logged = async () => (await test.rows("sync/Deleted?$select=EntityKey")).map(({ EntityKey }) => EntityKey);

  it("is refused while it has contacts, in several lines", async () => {
    const { id, contact } = await withContact();
    const refused = await remove(id);
    expect([refused.status, errorText(refused)]).toEqual([500, "Kan niet worden verwijderd\r\nIn gebruik: Contactpersonen"]);
    expect(await test.read("Contacts", contact)).toMatchObject({ Account: id });
  });

  it.each([
    ["cascade", true],
    ["cascade-unlogged", false],
  ] as const)("takes its contacts with it, if set to %s", async (policy, isLogged) => {
    test.sandbox.settings.deleteAccountWithContacts = policy;
    const { id, contact } = await withContact();
    expect((await remove(id)).status).toBe(204);
    expect((await test.get(`crm/Contacts(guid'${contact}')`)).status).toBe(404);
    expect((await logged()).includes(id)).toBe(true);
    expect((await logged()).includes(contact)).toBe(isLogged);
    test.sandbox.settings.deleteAccountWithContacts = "refuse";
  });
});
