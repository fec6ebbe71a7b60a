import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AmbiguousError,
  InvalidInputError,
  NotAuthorizedError,
  NotFoundError,
  RateLimitedError,
  RefusedError,
  UnavailableError,
  UnexpectedAnswerError,
} from "../../../src/domain/errors.js";
import { accountRow, bare, contactRow, exactError, guid, now, type Rig, results, startedAt, startRig, wall } from "./helpers.js";

/** Exact's awkward cases, each with the section of the reference that it comes from. */

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  await rig.connect();
});
afterEach(() => rig.stop());

const base = "/api/v1/123456";
const lastCall = () => rig.server.apiCalls.at(-1);
const filterOf = (i: number) => rig.server.apiCalls[i]?.query.get("$filter");
const oneAccount = async (more: Record<string, unknown>) => {
  rig.server.answer(results([accountRow(1, more)]));
  return (await rig.exact.getMany("Accounts", [guid(1)], now)).get(guid(1));
};

describe("requests (§3 content, $select)", () => {
  it("asks for JSON, with the bearer token, and selects exactly the properties in use", async () => {
    rig.server.answer(results([]));
    await rig.exact.getMany("Accounts", [guid(1)], now);
    expect(lastCall()?.headers).toMatchObject({ accept: "application/json", authorization: "Bearer access-1" });
    expect(lastCall()?.query.get("$select")?.split(",").sort()).toEqual(
      // biome-ignore format: a list of names
      ["AddressLine1", "AddressLine2", "Blocked", "ChamberOfCommerce", "City", "Code", "Country", "Created", "Email", "EndDate", "Fax", "ID", "IsAnonymised", "Modified", "Name", "Phone", "Postcode", "Remarks", "Status", "VATNumber", "Website"],
    );
  });

  it("selects the properties of a contact, never one that Exact lacks", async () => {
    rig.server.answer(results([]));
    await rig.exact.getMany("Contacts", [guid(1)], now);
    expect(lastCall()?.query.get("$select")?.split(",").sort()).toEqual(
      // biome-ignore format: a list of names
      ["Account", "BirthDate", "Created", "Email", "EndDate", "FirstName", "FullName", "ID", "IsAnonymised", "IsMainContact", "JobTitleDescription", "LastName", "Mobile", "Modified", "Notes", "Phone"],
    );
  });
});

describe("envelopes (§3)", () => {
  it.each([
    ["results", results([accountRow(1)])],
    ["a bare array", bare([accountRow(1)])],
  ])("reads a list in %s", async (_name, answer) => {
    rig.server.answer(answer);
    expect([...(await rig.exact.getMany("Accounts", [guid(1)], now)).keys()]).toEqual([guid(1)]);
  });

  it.each([
    ["an empty results", results([])],
    ["an empty bare array", bare([])],
  ])("reads %s as nothing found", async (_name, answer) => {
    rig.server.answer(answer);
    expect((await rig.exact.getMany("Accounts", [guid(1)], now)).size).toBe(0);
  });

  it.each([
    ["an HTML page", { text: "<html>maintenance</html>" }],
    ["no envelope", { json: [] }],
    ["an object in place of a list", { json: { d: {} } }],
    ["null", { json: { d: null } }],
    ["a row without an ID", results([{ Name: "x" }])],
    ["a row that is no object", results(["x"])],
    ["a next page that is no address", { json: { d: { results: [], __next: 7 } } }],
  ])("takes %s for an answer it cannot read, not for an empty list (I11)", async (_name, answer) => {
    rig.server.answer(answer);
    await expect(rig.exact.list("Accounts", null, now)).rejects.toThrow(UnexpectedAnswerError);
  });

  it("takes a list that is cut off for no list at all", async () => {
    rig.server.answer({ cut: "within" }, { cut: "within" });
    await expect(rig.exact.list("Accounts", null, now)).rejects.toThrow(UnavailableError);
  });

  it("ignores properties it does not know (§7 undocumented fields)", async () => {
    const record = await oneAccount({ ClientGroup: "new in 2026", BankAccounts: { __deferred: { uri: "x" } } });
    expect(record?.properties).not.toHaveProperty("ClientGroup");
    expect(record?.properties).not.toHaveProperty("__metadata");
  });
});

describe("values (§3 wire types and dates, §7 padding)", () => {
  it("trims padding, and reads empty texts as null", async () => {
    const record = await oneAccount({ Code: "           0000011", Country: "FR ", Fax: "", Remarks: "   ", Name: " Ann " });
    expect(record?.properties).toMatchObject({ Code: "0000011", Country: "FR", Fax: null, Remarks: null, Name: "Ann" });
  });

  it.each([
    ["summer (FIX)", "2026-06-25T16:21:04.260", "2026-06-25T14:21:04.260Z"],
    ["winter", "2026-01-25T16:21:04.263", "2026-01-25T15:21:04.263Z"],
    ["the last minute before the clocks go forward", "2026-03-29T01:59:59.997", "2026-03-29T00:59:59.997Z"],
    ["the first one after", "2026-03-29T03:00:00.000", "2026-03-29T01:00:00.000Z"],
    ["the last one before the repeated hour", "2026-10-25T01:59:59.997", "2026-10-24T23:59:59.997Z"],
    ["the repeated hour, which is read as its first pass", "2026-10-25T02:30:00.000", "2026-10-25T00:30:00.000Z"],
    ["the first one after the repeated hour", "2026-10-25T03:00:00.000", "2026-10-25T02:00:00.000Z"],
  ])("reads the wall clock in %s", async (_name, local, utc) => {
    const record = await oneAccount({ Modified: wall(local), Created: wall(local) });
    expect([record?.modifiedAt, record?.createdAt]).toEqual([utc, utc]);
  });

  it("does not shift a date", async () => {
    expect((await oneAccount({ EndDate: wall("2026-06-25T00:00:00") }))?.properties.EndDate).toBe("2026-06-25");
    rig.server.answer(results([contactRow(2, { BirthDate: wall("1966-01-01T00:00:00") })]));
    expect((await rig.exact.getMany("Contacts", [guid(2)], now)).get(guid(2))?.properties.BirthDate).toBe("1966-01-01");
  });

  it("reads in the configured zone", async () => {
    const exact = rig.replica({ zone: "Europe/London" });
    rig.server.answer(results([accountRow(1, { Modified: wall("2026-06-25T16:00:00") })]));
    expect((await exact.getMany("Accounts", [guid(1)], now)).get(guid(1))?.modifiedAt).toBe("2026-06-25T15:00:00.000Z");
  });

  it("keeps flags and numbers as they are", async () => {
    expect((await oneAccount({ Blocked: true, IsAnonymised: 1 }))?.properties).toMatchObject({ Blocked: true, IsAnonymised: 1 });
  });

  it("refuses a date it cannot read rather than calling it empty", async () => {
    await expect(oneAccount({ EndDate: "soon" })).rejects.toThrow(UnexpectedAnswerError);
  });
});

describe("reading by id (§2 error velocity, URL length; §3 paging)", () => {
  it("reads a hundred accounts in two calls, each within 6,000 characters, and never by key", async () => {
    const ids = Array.from({ length: 100 }, (_, i) => guid(i + 1));
    rig.server.answer(results(ids.slice(0, 60).map((_, i) => accountRow(i + 1))), results(ids.slice(60).map((_, i) => accountRow(i + 61))));
    const found = await rig.exact.getMany("Accounts", [...ids, ...ids], now);
    expect([...found.keys()]).toEqual(ids);
    expect(rig.server.apiCalls).toHaveLength(2);
    for (const call of rig.server.apiCalls) {
      expect(rig.server.url.length + call.path.length).toBeLessThanOrEqual(6_000);
      expect(call.path.startsWith(`${base}/crm/Accounts?`)).toBe(true);
    }
    expect(filterOf(1)?.split(" or ")).toHaveLength(40);
    expect(filterOf(1)?.split(" or ")[0]).toBe(`ID eq guid'${guid(61)}'`);
  });

  it("leaves out what is missing, and answers under the id as it was asked for", async () => {
    rig.server.answer(results([accountRow(0xabc)]));
    const asked = guid(0xabc).toUpperCase();
    const found = await rig.exact.getMany("Accounts", [asked, guid(2), "no guid"], now);
    expect([...found.keys()]).toEqual([asked]);
    expect(found.get(asked)?.id).toBe(guid(0xabc));
    expect(filterOf(0)).toBe(`ID eq guid'${guid(0xabc)}' or ID eq guid'${guid(2)}'`);
  });

  it("calls nothing for no ids", async () => {
    expect((await rig.exact.getMany("Accounts", ["no guid"], now)).size).toBe(0);
    expect(rig.server.calls).toEqual([]);
  });

  it("follows a next page there too", async () => {
    rig.server.answer(results([accountRow(1)], `https://start.exactonline.nl${base}/crm/Accounts?$skiptoken=guid'${guid(1)}'`), results([accountRow(2)]));
    expect((await rig.exact.getMany("Accounts", [guid(1), guid(2)], now)).size).toBe(2);
  });
});

describe("the full list (§5 bulk)", () => {
  it("reads bulk, and follows `__next` to the letter, on the configured host", async () => {
    const next = `${base}/bulk/CRM/Contacts?$select=ID&$skiptoken=datetime'2018-09-21T04%3A18%3A55.617',guid'${guid(3)}'`;
    rig.server.answer(results([contactRow(1)], `https://start.exactonline.nl${next}`), results([contactRow(2)]));
    const first = await rig.exact.list("Contacts", null, now);
    expect(lastCall()?.path.startsWith(`${base}/bulk/CRM/Contacts?$select=ID,`)).toBe(true);
    const second = await rig.exact.list("Contacts", first.next, now);
    expect(lastCall()?.path.replaceAll("%27", "'")).toBe(next);
    expect([...first.records, ...second.records].map((record) => record.id)).toEqual([guid(1), guid(2)]);
    expect(second.next).toBeNull();
  });
});

describe("searching (§3 $filter, §5, §7)", () => {
  const search = async (type: "Accounts" | "Contacts", where: Record<string, string>, since: string | null = null) => {
    const conditions = Object.entries(where).map(([property, equals]) => ({ property, equals }));
    return (await rig.exact.find(type, conditions, since, now)).map((record) => record.id);
  };

  it("filters accounts by all conditions, doubling quotes", async () => {
    rig.server.answer(results([accountRow(1)]));
    expect(await search("Accounts", { Email: "a@b.nl", Name: "D'Or & Co" })).toEqual([guid(1)]);
    expect(lastCall()?.path).toContain(`${base}/crm/Accounts?`);
    expect(filterOf(0)).toBe("Email eq 'a@b.nl' and Name eq 'D''Or & Co'");
  });

  it("pads a code on the left, and a country both ways", async () => {
    rig.server.answer(results([]));
    await search("Accounts", { Code: "11", Country: "FR" });
    expect(filterOf(0)).toBe("Code eq '                11' and (Country eq 'FR' or Country eq 'FR ')");
  });

  it("writes the time of creation as the wall clock", async () => {
    rig.server.answer(results([]));
    await search("Accounts", { Name: "Ann" }, "2026-06-25T14:21:04.260Z");
    expect(filterOf(0)).toBe("Name eq 'Ann' and Created ge datetime'2026-06-25T16:21:04'");
  });

  it("goes back an hour where the repeated hour could hide what was created in it", async () => {
    rig.server.answer(results([]), results([]));
    await search("Accounts", { Name: "Ann" }, "2026-10-25T00:30:00.000Z");
    await search("Accounts", { Name: "Ann" }, "2026-10-25T01:30:00.000Z");
    expect(filterOf(0)).toContain("Created ge datetime'2026-10-25T01:30:00'");
    expect(filterOf(1)).toContain("Created ge datetime'2026-10-25T02:30:00'");
  });

  it("compares itself what may not be filtered on, over all pages", async () => {
    rig.server.answer(
      results([accountRow(1, { Website: "other.nl" })], `${rig.server.url}${base}/crm/Accounts?$skiptoken=1`),
      results([accountRow(2, { Website: "X.nl " })]),
    );
    expect(await search("Accounts", { Name: "Ann", Website: "x.nl" })).toEqual([guid(2)]);
    expect(filterOf(0)).toBe("Name eq 'Ann'");
  });

  it("reads a page of accounts only, where the filter holds everything", async () => {
    rig.server.answer(results([accountRow(1)], `${rig.server.url}${base}/crm/Accounts?$skiptoken=1`));
    expect(await search("Accounts", { Name: "Ann" })).toEqual([guid(1)]);
    expect(rig.server.apiCalls).toHaveLength(1);
  });

  it("filters contacts by account only, in bulk, and compares the rest blind to case and padding", async () => {
    const rows = [
      contactRow(1, { LastName: "JANSEN " }),
      contactRow(2, { LastName: "Jansens" }),
      contactRow(3, { LastName: "jansen", Created: wall("2026-06-25T15:00:00") }),
    ];
    rig.server.answer(results(rows));
    expect(await search("Contacts", { Account: guid(1).toUpperCase(), LastName: "Jansen" }, "2026-06-25T14:00:00.000Z")).toEqual([guid(1)]);
    expect(lastCall()?.path).toContain(`${base}/bulk/CRM/Contacts?`);
    expect(filterOf(0)).toBe(`Account eq guid'${guid(1)}'`);
  });

  it("never sends an empty filter", async () => {
    rig.server.answer(results([contactRow(1, { Email: "a@b.nl" })]));
    expect(await search("Contacts", { Email: "A@b.nl" })).toEqual([guid(1)]);
    expect(lastCall()?.path).not.toContain("filter");
  });

  it("refuses a property that Exact does not have, before any call", async () => {
    await expect(search("Accounts", { Nmae: "x" })).rejects.toThrow(InvalidInputError);
    expect(rig.server.calls).toEqual([]);
  });
});

describe("creating (§3 writes)", () => {
  it("asks for the representation and gives the record that came back", async () => {
    rig.server.answer({ status: 201, json: { d: accountRow(7, { Name: "Ann" }) } });
    const created = await rig.exact.create("Accounts", { Name: "Ann", Status: "C", Fax: null }, "key", now);
    expect(lastCall()).toMatchObject({ method: "POST", path: `${base}/crm/Accounts` });
    expect(lastCall()?.headers).toMatchObject({ prefer: "return=representation", "content-type": "application/json" });
    expect(JSON.parse(lastCall()?.body ?? "")).toEqual({ Name: "Ann", Status: "C" });
    expect(created.id).toBe(guid(7));
    expect(created.record?.properties).toMatchObject({ Name: "Ann", Code: "0000007" });
  });

  it.each([
    ["all is null, even what was sent", Object.fromEntries(Object.keys(accountRow(7)).map((name) => [name, null]))],
    ["what was sent came back, but no times", { Created: null, Modified: null }],
    ["one sent property is null: Exact dropped it, or did not return it", { Name: null }],
    ["a property is absent", { Website: undefined }],
  ])("takes only the id when %s", async (_name, more) => {
    rig.server.answer({ status: 201, json: { d: accountRow(7, { ...more, ID: guid(7) }) } });
    expect(await rig.exact.create("Accounts", { Name: "Ann" }, "key", now)).toEqual({ id: guid(7), record: null });
  });

  it.each([
    ["the connection is cut before an answer", { cut: "before" }],
    ["the answer is cut off", { cut: "within" }],
    ["a proxy answers with an HTML 502", { status: 502, text: "<html>" }],
    ["a 500 comes without Exact's JSON", { status: 500, text: "Internal error" }],
    ["a 500 comes with JSON of another kind", { status: 500, json: { error: "x" } }],
    ["the answer is no JSON", { status: 201, text: "<html>" }],
    ["the answer has no id", { status: 201, json: { d: { Name: "Ann" } } }],
    ["it redirects", { status: 302, headers: { location: "/login" }, text: "" }],
  ] as const)("is ambiguous, and never repeated, when %s", async (_name, answer) => {
    rig.server.answer(answer);
    await expect(rig.exact.create("Accounts", { Name: "Ann" }, "key", now)).rejects.toThrow(AmbiguousError);
    expect(rig.server.apiCalls).toHaveLength(1);
  });

  it("is ambiguous when no answer comes in time", async () => {
    rig.server.answer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      return { status: 201, json: { d: accountRow(7) } };
    });
    await expect(rig.exact.create("Accounts", { Name: "Ann" }, "key", now)).rejects.toThrow(AmbiguousError);
  });

  it("certainly did not happen when nothing listens there", async () => {
    const fresh = rig.replica();
    await rig.server.stop();
    await expect(fresh.create("Accounts", { Name: "Ann" }, "key", now)).rejects.toThrow(UnavailableError);
  });
});

describe("updating and deleting (§3 writes, §7)", () => {
  it("puts only what is given; null and an empty text clear", async () => {
    rig.server.answer({ status: 204, text: "" });
    expect(await rig.exact.update("Contacts", guid(5).toUpperCase(), { Email: "a@b.nl", Phone: null, Notes: "" }, null, now)).toBeNull();
    expect(lastCall()).toMatchObject({ method: "PUT", path: `${base}/crm/Contacts(guid'${guid(5)}')` });
    expect(JSON.parse(lastCall()?.body ?? "")).toEqual({ Email: "a@b.nl", Phone: null, Notes: null });
  });

  it("writes dates as midnight of the wall clock, and instants as the wall clock", async () => {
    rig.server.answer({ status: 204, text: "" }, { status: 204, text: "" });
    await rig.exact.update("Contacts", guid(5), { BirthDate: "1990-02-28" }, null, now);
    await rig.exact.update("Accounts", guid(5), { EndDate: "2026-06-25T22:30:00.000Z" }, null, now);
    expect(rig.server.apiCalls.map((call) => JSON.parse(call.body))).toEqual([{ BirthDate: "1990-02-28T00:00:00" }, { EndDate: "2026-06-26T00:30:00" }]);
  });

  it("sends nothing for nothing, as a PUT moves Modified even so", async () => {
    await rig.exact.update("Contacts", guid(5), {}, null, now);
    expect(rig.server.calls).toEqual([]);
  });

  it.each([
    ["Accounts", { Code: "1" }, /Accounts.Code cannot be written/],
    ["Accounts", { ID: guid(1) }, /Accounts.ID/],
    ["Accounts", { IsSales: true }, /ignores it/],
    ["Accounts", { Nmae: "x" }, /no such property/],
    ["Accounts", { constructor: "x" }, /no such property/],
    ["Accounts", { AccountManager: "Robin" }, /a guid was expected/],
    ["Accounts", { Blocked: "yes" }, /true or false/],
    ["Accounts", { EndDate: "2026-02-30" }, /a date/],
    ["Contacts", { BirthName: "x" }, /BirthName/],
    ["Contacts", { BirthNamePrefix: "x" }, /BirthNamePrefix/],
    ["Contacts", { FullName: "x" }, /ignores it/],
    ["Contacts", { BirthDate: "28-2-1990" }, /a date/],
  ] as const)("refuses to update %s with %o, before any call", async (type, properties, message) => {
    const end = rig.exact.update(type, guid(5), properties, null, now);
    await expect(end).rejects.toThrow(InvalidInputError);
    await expect(end).rejects.toThrow(message);
    expect(rig.server.calls).toEqual([]);
  });

  it("lets a create carry a code, but no id and no birth name", async () => {
    rig.server.answer({ status: 201, json: { d: accountRow(7) } });
    await rig.exact.create("Accounts", { Name: "Ann", Code: "77" }, "key", now);
    expect(JSON.parse(lastCall()?.body ?? "")).toEqual({ Name: "Ann", Code: "77" });
    await expect(rig.exact.create("Accounts", { Name: "Ann", ID: guid(1) }, "key", now)).rejects.toThrow(InvalidInputError);
    await expect(rig.exact.create("Contacts", { BirthName: "Ann" }, "key", now)).rejects.toThrow(InvalidInputError);
  });

  it("says that the record is gone when an update finds none", async () => {
    rig.server.answer({ status: 404, text: "" });
    await expect(rig.exact.update("Accounts", guid(5), { Name: "x" }, null, now)).rejects.toThrow(NotFoundError);
    await expect(rig.exact.update("Accounts", "no guid", { Name: "x" }, null, now)).rejects.toThrow(NotFoundError);
  });

  it.each([204, 404])("has deleted when Exact answers %i", async (status) => {
    rig.server.answer({ status, text: "" });
    await rig.exact.remove("Accounts", guid(5), null, now);
    expect(lastCall()).toMatchObject({ method: "DELETE", path: `${base}/crm/Accounts(guid'${guid(5)}')` });
  });

  it("passes on why a record in use can't be deleted", async () => {
    rig.server.answer(exactError("Kan niet verwijderen: Gegeven is in gebruik."));
    await expect(rig.exact.remove("Accounts", guid(5), null, now)).rejects.toThrow(RefusedError);
  });

  it.each([
    ["nothing but a reset", { cut: "before" }],
    ["an HTML page with status 200", { status: 200, text: "<html>log in</html>" }],
    ["a 503", { status: 503, text: "" }],
  ] as const)("is ambiguous about an update that is answered with %s", async (_name, answer) => {
    rig.server.answer(answer);
    await expect(rig.exact.update("Accounts", guid(5), { Name: "x" }, null, now)).rejects.toThrow(AmbiguousError);
    expect(rig.server.apiCalls).toHaveLength(1);
  });
});

describe("errors (§1, §2, §3)", () => {
  const failRead = (answer: Parameters<typeof rig.server.answer>[0]) => {
    rig.server.answer(answer);
    return rig.exact.list("Accounts", null, now);
  };

  it("takes a 500 with Exact's JSON for a refusal, line by line (PQ#416)", async () => {
    rig.server.answer(exactError("Verplicht: Naam\r\nGegeven bestaat reeds.\r\n"));
    await expect(rig.exact.create("Accounts", { Status: "C" }, "key", now)).rejects.toMatchObject({
      name: "RefusedError",
      reasons: [
        { property: null, message: "Verplicht: Naam" },
        { property: null, message: "Gegeven bestaat reeds." },
      ],
    });
  });

  it("names the property where Exact does (PQ#257)", async () => {
    rig.server.answer(
      exactError("Error processing request stream. The property name 'Nmae' specified for type 'Exact.Web.Api.Models.Account' is not valid.", 400),
    );
    await expect(rig.exact.update("Accounts", guid(1), { Name: "x" }, null, now)).rejects.toMatchObject({
      name: "RefusedError",
      reasons: [{ property: "Nmae" }],
    });
  });

  it.each([
    ["400 of a query", exactError("Bad Request - Error in query syntax.", 400), RefusedError, /query syntax/],
    ["400 without words", { status: 400, text: "" }, RefusedError, /status 400/],
    ["405", { status: 405, text: "" }, RefusedError, /405/],
    ["503", { status: 503, text: "<html>" }, UnavailableError, /503/],
    ["500 without JSON", { status: 500, text: "oops" }, UnavailableError, /500/],
    ["504 with words", exactError("Timeout", 504), UnavailableError, /504/],
    [
      "403 for a missing scope",
      exactError("Forbidden - Application Scope Violated. Cannot read 'crm.accounts' scope.", 403),
      NotAuthorizedError,
      /crm\.accounts/,
    ],
    [
      "403 NoDivisionAccess",
      { status: 403, headers: { Reason: "NoDivisionAccess" }, text: "" },
      NotAuthorizedError,
      /no access to the division.*EXACT_DIVISION/,
    ],
    ["403 LicenseExpired", { status: 403, headers: { Reason: "LicenseExpired" }, text: "" }, NotAuthorizedError, /licence has expired/],
    ["403 for a reason that is new", { status: 403, headers: { Reason: "MoonPhase" }, text: "" }, NotAuthorizedError, /MoonPhase/],
  ] as const)("%s", async (_name, answer, type, words) => {
    const end = failRead(answer);
    await expect(end).rejects.toThrow(type);
    await expect(end).rejects.toThrow(words);
  });

  const minute = "x-ratelimit-minutely-";
  const day = "x-ratelimit-";
  const at = (seconds: number) => String(startedAt + seconds * 1000);
  it.each([
    ["the minute's headers only", { [`${minute}limit`]: "60", [`${minute}remaining`]: "0", [`${minute}reset`]: at(20) }, 20],
    ["the day's headers only", { [`${day}limit`]: "5000", [`${day}remaining`]: "0", [`${day}reset`]: at(36_000) }, 36_000],
    ["both, the minute spent", { [`${minute}remaining`]: "0", [`${minute}reset`]: at(20), [`${day}remaining`]: "100", [`${day}reset`]: at(36_000) }, 20],
    ["both, both spent", { [`${minute}remaining`]: "0", [`${minute}reset`]: at(20), [`${day}remaining`]: "0", [`${day}reset`]: at(36_000) }, 36_000],
    [
      "something left in each: a shared key (PQ#646)",
      { [`${minute}remaining`]: "9", [`${minute}reset`]: at(20), [`${day}remaining`]: "9", [`${day}reset`]: at(36_000) },
      20,
    ],
    ["none (PQ#255)", {}, 60],
    ["Retry-After", { "retry-after": "7" }, 7],
    ["a reset in the past", { [`${minute}remaining`]: "0", [`${minute}reset`]: at(-5) }, 60],
    ["headers that are no numbers", { [`${minute}reset`]: "soon", [`${day}reset`]: "" }, 60],
  ] as const)("comes back after a 429 with %s", async (_name, headers, seconds) => {
    rig.server.answer({ status: 429, headers, text: "" });
    await expect(rig.exact.create("Accounts", { Name: "x" }, "key", now)).rejects.toThrow(RateLimitedError);
    rig.server.answer({ status: 429, headers, text: "" });
    await expect(rig.exact.list("Accounts", null, now)).rejects.toMatchObject({ retryAt: new Date(startedAt + seconds * 1000).toISOString() });
  });

  it("shows in its status what the last answer complained of, until that endpoint answers well again", async () => {
    await expect(failRead({ status: 403, headers: { Reason: "BlockedUser" }, text: "" })).rejects.toThrow(NotAuthorizedError);
    rig.clock.now += 1000;
    expect((await rig.exact.status()).problem).toMatchObject({ code: "NOT_AUTHORIZED", since: "2026-06-25T14:00:00.000Z" });
    await failRead(results([]));
    expect(await rig.exact.status()).toMatchObject({ reachable: true, authorized: true, problem: null });
  });
});

describe("the address of a call (§2 URL length)", () => {
  it("refuses what Exact would not take, before any call", async () => {
    await expect(rig.exact.find("Accounts", [{ property: "Name", equals: "x".repeat(6_000) }], null, now)).rejects.toThrow(/6000/);
    expect(rig.server.calls).toEqual([]);
  });
});
