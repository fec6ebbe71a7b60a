import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorText, startTestSandbox, type TestSandbox, wall } from "./helpers.js";

let test: TestSandbox;
let account: string;
beforeAll(async () => {
  test = await startTestSandbox();
});
afterAll(() => test.sandbox.stop());
beforeEach(async () => {
  Object.assign(test.sandbox.settings, { postStatus: 201, chosenIds: "replace", nullInPut: "clears", tooLong: "error", maxLengths: {} });
  account = await test.made("Accounts", { Name: "Base" });
});

const put = (kind: string, id: string, body: unknown) => test.api("PUT", `crm/${kind}(guid'${id}')`, { body });
const stamps = async (id: string) => {
  const [row] = (await test.pages(`sync/CRM/Accounts?$select=ID,Timestamp,Modified`)).flat().filter(({ ID }) => ID === id);
  return { timestamp: Number(row.Timestamp), modified: wall(row.Modified) };
};

describe("POST", () => {
  it("answers 201 with the ID, and null for what was just sent", async () => {
    const { status, body, headers } = await test.api("POST", "crm/Accounts", { body: { Name: "New", City: "Gent" } });
    expect(status).toBe(201);
    expect(body.d).toMatchObject({ Name: null, City: null, Created: null, __metadata: { type: "Exact.Web.Api.Models.Account" } });
    expect(headers.get("location")).toContain(`crm/Accounts(guid'${body.d.ID}')`);
    expect(await test.read("Accounts", body.d.ID)).toMatchObject({ Name: "New", City: "Gent" });
  });

  it("answers with the values for `Prefer: return=representation`", async () => {
    const { body } = await test.api("POST", "crm/Accounts", { body: { Name: "New" }, headers: { prefer: "return=representation" } });
    expect(body.d).toMatchObject({ Name: "New", Status: "A" });
  });

  it("may answer 200", async () => {
    test.sandbox.settings.postStatus = 200;
    expect((await test.api("POST", "crm/Accounts", { body: { Name: "New" } })).status).toBe(200);
  });

  it("repeated makes two: names and e-mails are not unique", async () => {
    const twice = { Name: "Twin", Email: "twin@x.nl" };
    expect(await test.made("Accounts", twice)).not.toBe(await test.made("Accounts", twice));
  });

  it("replaces the zero guid and, by default, every chosen ID", async () => {
    const chosen = "aaaaaaaa-1111-4111-8111-111111111111";
    expect(await test.made("Accounts", { Name: "a", ID: "00000000-0000-0000-0000-000000000000" })).not.toMatch(/^0{8}-/);
    expect(await test.made("Accounts", { Name: "a", ID: chosen })).not.toBe(chosen);
    test.sandbox.settings.chosenIds = "use";
    expect(await test.made("Accounts", { Name: "a", ID: chosen })).toBe(chosen);
    expect(errorText(await test.api("POST", "crm/Accounts", { body: { Name: "a", ID: chosen } }))).toBe("Gegeven bestaat reeds.");
    test.sandbox.settings.chosenIds = "refuse";
    expect((await test.api("POST", "crm/Accounts", { body: { Name: "a", ID: account } })).status).toBe(500);
    expect(await test.made("Accounts", { Name: "a" })).toBeTruthy();
  });
});

describe("PUT", () => {
  it("answers 204 with nothing and changes what it names", async () => {
    const before = await test.read("Accounts", account);
    const { status, text } = await put("Accounts", account, { City: "Gent" });
    expect([status, text]).toEqual([204, ""]);
    const after = await test.read("Accounts", account);
    expect({ ...after, Modified: null }).toEqual({ ...before, City: "Gent", Modified: null });
  });

  it.each([
    ["an unchanged value", { Name: "Base" }],
    ["nothing", {}],
  ])("of %s moves Modified and Timestamp all the same", async (_what, body) => {
    const before = await stamps(account);
    await test.clock.advance(5_000);
    expect((await put("Accounts", account, body)).status).toBe(204);
    const after = await stamps(account);
    expect(after.timestamp).toBeGreaterThan(before.timestamp);
    expect(Date.parse(after.modified) - Date.parse(before.modified)).toBe(5_000);
  });

  it("clears by null, unless that is ignored", async () => {
    await put("Accounts", account, { City: "Gent", Email: "a@x.nl" });
    await put("Accounts", account, { City: null });
    expect((await test.read("Accounts", account)).City).toBeNull();
    test.sandbox.settings.nullInPut = "ignored";
    await put("Accounts", account, { Email: null });
    expect((await test.read("Accounts", account)).Email).toBe("a@x.nl");
  });

  it("reads an empty text as null, but as empty where Exact does", async () => {
    await put("Accounts", account, { City: "", GlnNumber: "", Fax: "x" });
    expect(await test.read("Accounts", account)).toMatchObject({ City: null, GlnNumber: "", OINNumber: "", Fax: "x" });
  });

  it("changes no ID", async () => {
    await put("Accounts", account, { ID: "aaaaaaaa-1111-4111-8111-111111111111" });
    expect((await test.read("Accounts", account)).ID).toBe(account);
  });
});

describe("a body", () => {
  it("may hold what can't be written: it is ignored without a word", async () => {
    const before = await test.read("Accounts", account);
    const body = { Name: "Kept", IsPurchase: false, IsSales: true, Created: "2020-01-01T00:00:00", CountryName: "x", DunsNumber: "y", IsBank: true };
    expect((await put("Accounts", account, body)).status).toBe(204);
    expect(await test.read("Accounts", account)).toEqual({ ...before, Name: "Kept" });
  });

  it("must not hold what the type does not have", async () => {
    const refused = await put("Accounts", account, { Nonsense: 1 });
    expect(refused.status).toBe(400);
    expect(errorText(refused)).toBe(
      "Error processing request stream. The property name 'Nonsense' specified for type 'Exact.Web.Api.Models.Account' is not valid.",
    );
  });

  it.each([
    ["a guid that is none", { AccountManager: "x" }, "AccountManager", "Guid"],
    ["a number for a text", { Name: 5 }, "Name", "String"],
    ["a text for a flag", { Blocked: "true" }, "Blocked", "Boolean"],
    ["a number that is too large", { IsMailing: 256 }, "IsMailing", "Byte"],
    ["a text for a number", { Latitude: "north" }, "Latitude", "Double"],
  ])("must not hold %s", async (_what, body, property, type) => {
    const refused = await put("Accounts", account, body);
    expect(refused.status).toBe(400);
    expect(errorText(refused)).toContain(`Error encountered in converting the value from request payload for property '${property}' to type '${type}'`);
  });

  it("must be JSON, and an object", async () => {
    expect((await put("Accounts", account, "{ half")).status).toBe(400);
    expect((await put("Accounts", account, [])).status).toBe(400);
    const asForm = { body: "Name=x", headers: { "content-type": "application/x-www-form-urlencoded" } };
    expect((await test.api("POST", "crm/Accounts", asForm)).status).toBe(415);
  });

  it("takes decimals as text too, and stores texts as they are sent", async () => {
    await put("Accounts", account, { Latitude: "52.09", Phone: "+33123456789", Remarks: "a\r\nb" });
    expect(await test.read("Accounts", account)).toMatchObject({ Latitude: 52.09, Phone: "+33123456789", Remarks: "a\r\nb" });
  });

  it("with a text that is too long is refused, or cut", async () => {
    test.sandbox.settings.maxLengths = { "Accounts.Name": 50 };
    const long = { Name: "n".repeat(60), AddressLine1: "a".repeat(90) };
    const refused = await put("Accounts", account, long);
    expect([refused.status, errorText(refused)]).toEqual([500, "Te lang: Naam\r\nTe lang: Adresregel 1"]);
    test.sandbox.settings.tooLong = "truncate";
    await put("Accounts", account, long);
    expect(await test.read("Accounts", account)).toMatchObject({ Name: "n".repeat(50), AddressLine1: "a".repeat(80) });
  });
});

describe("padded texts", () => {
  it("come back at their width", async () => {
    await put("Accounts", account, { Country: "NL", Language: "NL", State: "UT", SearchCode: "base" });
    expect(await test.read("Accounts", account)).toMatchObject({ Country: "NL ", Language: "NL        ", State: "UT ", SearchCode: "base".padEnd(20) });
  });

  it("may be sent padded", async () => {
    await put("Accounts", account, { Country: "NL ", Language: "NL        " });
    expect(await test.read("Accounts", account)).toMatchObject({ Country: "NL ", Language: "NL        " });
  });
});

describe("what the business rules refuse", () => {
  it("is 500 with an empty code and the user's language, a line for each fault", async () => {
    const refused = await test.api("POST", "crm/Accounts", { body: { Status: "X", Country: "XX" } });
    expect(refused.status).toBe(500);
    expect(refused.body).toEqual({
      error: { code: "", message: { lang: "", value: "Verplicht: Naam\r\nOngeldig: Status\r\nOngeldig: Land" } },
    });
  });

  it("is in English for an English user", async () => {
    test.sandbox.settings.userLanguage = "en-GB";
    expect(errorText(await test.api("POST", "crm/Accounts", { body: {} }))).toBe("Mandatory: Name");
    test.sandbox.settings.userLanguage = "nl-NL";
  });

  it("changes nothing", async () => {
    const before = await stamps(account);
    expect((await put("Accounts", account, { Name: null, City: "Gent" })).status).toBe(500);
    expect(await stamps(account)).toEqual(before);
    expect((await test.read("Accounts", account)).City).toBeNull();
  });
});
