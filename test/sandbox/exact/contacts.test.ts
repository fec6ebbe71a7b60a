import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorText, startTestSandbox, type TestSandbox, wall } from "./helpers.js";

let test: TestSandbox;
let account: string;
beforeAll(async () => {
  test = await startTestSandbox();
});
afterAll(() => test.sandbox.stop());
beforeEach(async () => {
  Object.assign(test.sandbox.settings, { moveContact: "allow", derivedMovesTimestamp: false });
  const place = { AddressLine1: "Keizersgracht 12 A", AddressLine2: "2nd floor", Postcode: "1015 CR", City: "Amsterdam", Country: "NL", State: "NH" };
  account = await test.made("Accounts", { Name: "Bakery", Status: "C", ...place });
});

const put = (kind: "Accounts" | "Contacts", id: string, body: unknown) => test.api("PUT", `crm/${kind}(guid'${id}')`, { body });
const contact = (values: object = {}) => test.made("Contacts", { Account: account, LastName: "Jansen", ...values });
const read = (id: string) => test.read("Contacts", id);
const timestamp = async (kind: "Accounts" | "Contacts", id: string) =>
  (await test.pages(`sync/CRM/${kind}?$select=ID,Timestamp`)).flat().find(({ ID }) => ID === id).Timestamp;

describe("a new contact", () => {
  it("needs an account, and one of its two names", async () => {
    const refused = await test.api("POST", "crm/Contacts", { body: {} });
    expect([refused.status, errorText(refused)]).toEqual([500, "Verplicht: Relatie\r\nVerplicht: Voornaam\r\nVerplicht: Achternaam"]);
    expect(await read(await test.made("Contacts", { Account: account, FirstName: "Anna" }))).toMatchObject({ LastName: null, FullName: "Anna" });
    const lost = await test.api("POST", "crm/Contacts", { body: { Account: "11111111-1111-1111-1111-111111111111", LastName: "x" } });
    expect([lost.status, errorText(lost)]).toEqual([500, "Bestaat niet: Relatie"]);
  });

  it("gets its defaults", async () => {
    const [first, second] = [await read(await contact()), await read(await contact())];
    expect(first).toMatchObject({ Gender: "O", Language: "NL        ", Country: "NL ", IsMailingExcluded: false });
    expect(wall(first.StartDate)).toBe("2026-06-25T00:00:00.000Z");
    expect(second.HID).toBe(first.HID + 1);
    expect(second.Person).not.toBe(first.Person);
  });

  it("knows three genders", async () => {
    expect(await read(await contact({ Gender: "V" }))).toMatchObject({ Gender: "V" });
    expect(errorText(await test.api("POST", "crm/Contacts", { body: { Account: account, LastName: "x", Gender: "F" } }))).toBe("Ongeldig: Geslacht");
  });
});

describe("what a contact shows", () => {
  it("is its account's address and code, which can't be written", async () => {
    const id = await contact();
    expect(await read(id)).toMatchObject({
      AccountName: "Bakery",
      AccountIsCustomer: true,
      Code: (await test.read("Accounts", account)).Code,
      AddressStreet: "Keizersgracht",
      AddressStreetNumber: "12",
      AddressStreetNumberSuffix: "A",
      AddressLine2: "2nd floor",
      Postcode: "1015 CR",
      City: "Amsterdam",
      State: "NH ",
    });
    await put("Contacts", id, { City: "Gent" });
    expect((await read(id)).City).toBe("Amsterdam");
    await put("Accounts", account, { City: "Utrecht", AddressLine1: "Markt" });
    expect(await read(id)).toMatchObject({ City: "Utrecht", AddressStreet: "Markt", AddressStreetNumber: null });
  });

  it.each([
    [false, "stays"],
    [true, "moves"],
  ])("with derivedMovesTimestamp %s its Timestamp %s when the account's address changes", async (setting, result) => {
    const id = await contact();
    test.sandbox.settings.derivedMovesTimestamp = setting;
    const before = await timestamp("Contacts", id);
    await put("Accounts", account, { City: "Utrecht" });
    expect((await timestamp("Contacts", id)) === before).toBe(result === "stays");
  });

  it("is a full name made of its parts", async () => {
    expect((await read(await contact({ FirstName: "Anna", MiddleName: "van der", LastName: "Berg" }))).FullName).toBe("Anna van der Berg");
  });

  it("is one e-mail under two names", async () => {
    const id = await contact({ Email: "a@x.nl" });
    expect(await read(id)).toMatchObject({ Email: "a@x.nl", BusinessEmail: "a@x.nl" });
    await put("Contacts", id, { BusinessEmail: "b@x.nl" });
    expect(await read(id)).toMatchObject({ Email: "b@x.nl", BusinessEmail: "b@x.nl" });
    await put("Contacts", id, { BusinessEmail: "c@x.nl", Email: "d@x.nl" });
    expect((await read(id)).BusinessEmail).toBe("d@x.nl");
  });

  it("is a name that the obsolete birth name overwrites", async () => {
    const id = await contact({ LastName: "Jansen", MiddleName: "van" });
    expect(await read(id)).toMatchObject({ BirthName: "Jansen", BirthNamePrefix: "van" });
    await put("Contacts", id, { BirthName: "Smit", BirthNamePrefix: "de" });
    expect(await read(id)).toMatchObject({ LastName: "Smit", MiddleName: "de" });
  });

  it("is no picture: that is written only", async () => {
    const id = await contact({ Picture: "AAAA", PictureName: "a.png" });
    expect(await read(id)).toMatchObject({ Picture: null, PictureName: "a.png" });
  });
});

describe("the main contact", () => {
  it("is the first, while the account's Modified and Timestamp stay", async () => {
    const before = { ...(await test.read("Accounts", account)), timestamp: await timestamp("Accounts", account) };
    await test.clock.advance(10_000);
    const [first, second] = [await contact(), await contact()];
    const after = { ...(await test.read("Accounts", account)), timestamp: await timestamp("Accounts", account) };
    expect(after).toEqual({ ...before, MainContact: first });
    expect([(await read(first)).IsMainContact, (await read(second)).IsMainContact]).toEqual([true, false]);
  });

  it("moves the account's Timestamp, and never its Modified, if so set", async () => {
    test.sandbox.settings.derivedMovesTimestamp = true;
    const [modified, before] = [(await test.read("Accounts", account)).Modified, await timestamp("Accounts", account)];
    await test.clock.advance(10_000);
    await contact();
    expect(Number(await timestamp("Accounts", account))).toBeGreaterThan(Number(before));
    expect((await test.read("Accounts", account)).Modified).toBe(modified);
  });

  it("is set at the account, and changes what both contacts show", async () => {
    const [first, second] = [await contact(), await contact()];
    await put("Accounts", account, { MainContact: second });
    expect(await read(first)).toMatchObject({ IsMainContact: false, AccountMainContact: second });
    expect(await read(second)).toMatchObject({ IsMainContact: true, AccountMainContact: second });
  });

  it("must be one of the account's own", async () => {
    const other = await test.made("Accounts", { Name: "Other" });
    const stranger = await test.made("Contacts", { Account: other, LastName: "x" });
    expect(errorText(await put("Accounts", account, { MainContact: stranger }))).toBe("Bestaat niet: Hoofdcontactpersoon");
  });

  it("is nobody once it is deleted", async () => {
    const first = await contact();
    await contact();
    await test.api("DELETE", `crm/Contacts(guid'${first}')`);
    expect((await test.read("Accounts", account)).MainContact).toBeNull();
  });
});

describe("anonymising", () => {
  it("takes the person out of a contact, and leaves the record with its flag", async () => {
    const id = await contact({ FirstName: "Anna", Email: "a@x.nl", BirthDate: "1990-05-17" });
    const before = await timestamp("Contacts", id);
    expect((await test.control("POST", "/anonymise", { type: "Contacts", id })).status).toBe(204);
    expect(await read(id)).toMatchObject({ IsAnonymised: 1, FirstName: null, LastName: "Anonymised", Email: null, BirthDate: null, Account: account });
    expect(Number(await timestamp("Contacts", id))).toBeGreaterThan(Number(before));
  });

  it("takes the data out of an account, and leaves its code, status and contacts", async () => {
    const id = await contact();
    const { Code } = await test.read("Accounts", account);
    await test.control("POST", "/anonymise", { type: "Accounts", id: account });
    expect(await test.read("Accounts", account)).toMatchObject({ IsAnonymised: 1, Name: "Anonymised", City: null, Code, Status: "C", MainContact: id });
  });
});

describe("moving a contact to another account", () => {
  const move = async (policy: "allow" | "ignore" | "refuse") => {
    test.sandbox.settings.moveContact = policy;
    const id = await contact();
    const other = await test.made("Accounts", { Name: "Other" });
    const { status } = await put("Contacts", id, { Account: other, FirstName: "Moved" });
    return { status, id, other, row: await read(id) };
  };

  it("makes it the main contact there, and leaves none here", async () => {
    const { status, id, other, row } = await move("allow");
    expect([status, row.Account, row.AccountName]).toEqual([204, other, "Other"]);
    expect((await test.read("Accounts", other)).MainContact).toBe(id);
    expect((await test.read("Accounts", account)).MainContact).toBeNull();
  });

  it("is ignored without a word, if so set, and the rest is written", async () => {
    const { status, row } = await move("ignore");
    expect([status, row.Account, row.FirstName]).toEqual([204, account, "Moved"]);
  });

  it("is refused, if so set, and nothing is written", async () => {
    const { status, row } = await move("refuse");
    expect([status, row.Account, row.FirstName]).toEqual([500, account, null]);
  });
});
