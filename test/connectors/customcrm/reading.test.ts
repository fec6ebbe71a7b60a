import { afterEach, describe, expect, it } from "vitest";
import { InvalidInputError, UnavailableError, UnexpectedAnswerError } from "../../../src/domain/errors.js";
import { background, caught, customer, page, problem, type Scripted, startScripted } from "./helpers.js";

let scripted: Scripted;
afterEach(() => scripted.stop());

describe("a record", () => {
  it("is read with its stamps and all properties of its type; no value, in any form, is null", async () => {
    scripted = await startScripted();
    scripted.server.script(page([customer("c1", { Email: " a@b.nl ", Phone: "", Fax: null, Country: "NL", Surprise: { deep: true } })]));
    const record = (await scripted.connector.getMany("Customer", ["c1"], background)).get("c1");
    expect(record).toEqual({
      system: "CUSTOMCRM",
      type: "Customer",
      id: "c1",
      modifiedAt: "2026-02-03T04:05:06.789Z",
      createdAt: "2026-01-02T03:04:05.678Z",
      etag: '"c1-1"',
      properties: {
        Name: "Customer c1",
        Email: "a@b.nl",
        Phone: null,
        Fax: null,
        Website: null,
        Description: null,
        StreetAddress1: null,
        StreetAddress2: null,
        ZipCode: null,
        City: null,
        Country: "NL",
        VatNumber: null,
        OrganisationNumber: null,
        ExternalId: null,
      },
    });
  });

  it("has its times in UTC with milliseconds, and its dates as dates", async () => {
    scripted = await startScripted();
    const row = { Id: "k1", ModifiedAt: "2026-02-03T06:05:06+02:00", LastName: "Vries", CustomerId: "c1", BirthDate: "1980-05-06T00:00:00Z" };
    scripted.server.script(page([row]));
    const record = (await scripted.connector.getMany("Contact", ["k1"], background)).get("k1");
    expect(record).toMatchObject({
      modifiedAt: "2026-02-03T04:05:06.000Z",
      createdAt: null,
      etag: null,
      properties: { BirthDate: "1980-05-06", CustomerId: "c1" },
    });
  });

  it.each([
    ["a number for a text", { Email: 7 }, "c1", /Customer c1: Email/],
    ["an id that is none", { Id: "a,b" }, null, /Customer without an Id: Id/],
    ["a time that is none", { ModifiedAt: "yesterday" }, "c1", /Customer c1: ModifiedAt/],
    ["a list", { Name: ["x"] }, "c1", /Customer c1: Name/],
  ])("with %s is named, and holds up no other of its page (R14)", async (_what, wrong, id, message) => {
    scripted = await startScripted();
    scripted.server.script(page([customer("c0"), customer("c1", wrong)]));
    const { records, unreadable } = await scripted.connector.list("Customer", null, background);
    expect(records.map((record) => record.id)).toEqual(["c0"]);
    expect(unreadable).toEqual([{ type: "Customer", id, message: expect.stringMatching(message) }]);
    expect((await scripted.connector.status()).problem).toMatchObject({ code: "UNEXPECTED_ANSWER", message: expect.stringMatching(message) });
  });

  it("alone on its page is an answer that can't be read, not an empty list (I11)", async () => {
    scripted = await startScripted();
    scripted.server.script(page([customer("c1", { Email: 7 })]));
    const error = await caught(scripted.connector.list("Customer", null, background));
    expect(error).toBeInstanceOf(UnexpectedAnswerError);
    expect((error as Error).message).toMatch(/Customer c1: Email/);
  });
});

describe("records by id", () => {
  it("come a hundred in a call, equal ids once, and missing ones are left out", async () => {
    scripted = await startScripted();
    const ids = Array.from({ length: 150 }, (_, index) => `c${index}`);
    scripted.server.answer(({ query }) =>
      page(
        (query.get("ids") ?? "")
          .split(",")
          .filter((id) => id !== "c7")
          .map((id) => customer(id)),
      ),
    );
    const found = await scripted.connector.getMany("Customer", [...ids, "c1", "c149"], background);
    expect(found.size).toBe(149);
    expect(found.has("c7")).toBe(false);
    expect(scripted.server.requests.map(({ query }) => query.get("ids")?.split(",").length)).toEqual([100, 50]);
    expect(scripted.server.requests[0]?.headers.authorization).toBe("Bearer secret-token");
  });

  it("come in more calls when the address would be too long", async () => {
    scripted = await startScripted();
    scripted.server.answer(({ query }) => page((query.get("ids") ?? "").split(",").map((id) => customer(id))));
    const ids = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(64, "x"));
    expect((await scripted.connector.getMany("Customer", ids, background)).size).toBe(100);
    expect(Math.max(...scripted.asked().map((one) => one.length))).toBeLessThan(6_000);
  });

  it("that can't be ids are not asked for, and none at all make no call", async () => {
    scripted = await startScripted();
    expect((await scripted.connector.getMany("Customer", ["a,b", "", "x".repeat(65)], background)).size).toBe(0);
    expect(scripted.asked()).toEqual([]);
  });

  it.each([
    ["records that were not asked for", page([customer("c1"), customer("zz")])],
    ["only a part", page([customer("c1")], "more")],
    ["an empty object", { json: {} }],
    ["a page of HTML", { text: "<html>", headers: { "content-type": "text/html" } }],
    ["a 404 that is not the CRM's own", { status: 404, text: "<html>" }],
  ])("are not taken for missing when the answer is %s", async (_what, reply) => {
    scripted = await startScripted();
    scripted.server.script(reply);
    expect(await caught(scripted.connector.getMany("Customer", ["c1", "c2"], background))).toBeInstanceOf(UnexpectedAnswerError);
  });

  it("come one by one without the capability `ids`, eight at a time", async () => {
    scripted = await startScripted({ capabilities: { ids: false } });
    let open = 0;
    let most = 0;
    scripted.server.answer(({ path }) => (_request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        const id = path.split("/").at(-1) ?? "";
        if (id === "c3") response.writeHead(410).end(JSON.stringify({ title: "Gone", status: 410 }));
        else if (id === "c4") response.writeHead(404).end(JSON.stringify({ title: "Not found", status: 404 }));
        else response.setHeader("etag", `"h-${id}"`).end(JSON.stringify(customer(id)));
      }, 5);
    });
    const ids = Array.from({ length: 20 }, (_, index) => `c${index}`);
    const found = await scripted.connector.getMany("Customer", ids, background);
    expect([...found.keys()]).toEqual(ids.filter((id) => id !== "c3" && id !== "c4"));
    expect(found.get("c1")?.etag).toBe('"h-c1"');
    expect(most).toBeLessThanOrEqual(8);
  });

  it("one by one are not missing when a proxy says 404", async () => {
    scripted = await startScripted({ capabilities: { ids: false } });
    scripted.server.script({ status: 404, text: "no such route" });
    expect(await caught(scripted.connector.getMany("Customer", ["c1"], background))).toBeInstanceOf(UnexpectedAnswerError);
  });
});

describe("the list of a type", () => {
  it("comes page by page, 200 at a time, until there is no next one", async () => {
    scripted = await startScripted();
    scripted.server.script(page([customer("c1")], "next"), page([customer("c2")]));
    const first = await scripted.connector.list("Customer", null, background);
    const second = await scripted.connector.list("Customer", first.next, background);
    expect([first.records[0]?.id, first.next, second.records[0]?.id, second.next]).toEqual(["c1", "next", "c2", null]);
    expect(scripted.asked()).toEqual(["GET /api/v1/customers?limit=200", "GET /api/v1/customers?limit=200&cursor=next"]);
  });

  it("that leads back to where it was is not read for ever", async () => {
    scripted = await startScripted();
    scripted.server.script(page([customer("c1")], "next"));
    expect(await caught(scripted.connector.list("Customer", "next", background))).toBeInstanceOf(UnexpectedAnswerError);
  });

  it("that is not there at all points at the settings", async () => {
    scripted = await startScripted();
    scripted.server.otherwise(problem(404, "not-found"));
    const error = await caught(scripted.connector.list("Customer", null, background));
    expect(error).toMatchObject({ name: "UnexpectedAnswerError", message: expect.stringContaining("CUSTOMCRM_BASE_URL") });
    expect((await scripted.connector.status()).problem).toMatchObject({ code: "UNEXPECTED_ANSWER" });
  });

  it("is not known for a type of the other system", async () => {
    scripted = await startScripted();
    expect(await caught(scripted.connector.list("Accounts", null, background))).toBeInstanceOf(InvalidInputError);
  });
});

describe("a search", () => {
  it("uses the filters that Customcrm has and compares the rest itself", async () => {
    scripted = await startScripted();
    scripted.server.script(
      page([
        customer("c1", { Name: "De Vries", ZipCode: "1234 AB" }),
        customer("c2", { Name: "DE VRIES", ZipCode: "9999 ZZ" }),
        customer("c3", { Name: "De Vries & Zonen", ZipCode: "1234 AB" }),
        customer("c4", { Name: "de vries ", ZipCode: "1234 AB" }),
      ]),
    );
    const where = [
      { property: "Name", equals: "De Vries" },
      { property: "ZipCode", equals: "1234 AB" },
    ];
    expect((await scripted.connector.find("Customer", where, null, background)).map(({ id }) => id)).toEqual(["c1", "c4"]);
    expect(scripted.asked()).toEqual(["GET /api/v1/customers?name=De+Vries&limit=200"]);
  });

  it.each([
    ["Customer", "Email", "A@b.nl", "email=A@b.nl"],
    ["Contact", "LastName", "Bos", "name=Bos"],
    ["Contact", "CustomerId", "c1", "customerId=c1"],
    ["Product", "ExternalId", "x", "externalId=x"],
  ] as const)("for a %s by %s asks for it", async (type, property, equals, query) => {
    scripted = await startScripted();
    scripted.server.script(page([]));
    await scripted.connector.find(type, [{ property, equals }], null, background);
    expect(scripted.asked()[0]).toContain(`?${query}&limit=200`);
  });

  it("reads on until the equal one is found among those that only begin alike", async () => {
    scripted = await startScripted();
    scripted.server.script(page([customer("c1", { Name: "Bos en Lommer" })], "p2"), page([customer("c2", { Name: "Bos" })]));
    const found = await scripted.connector.find("Customer", [{ property: "Name", equals: "Bos" }], null, background);
    expect(found.map(({ id }) => id)).toEqual(["c2"]);
    expect(scripted.asked()[1]).toBe("GET /api/v1/customers?name=Bos&limit=200&cursor=p2");
  });

  it("finds only what was created since, and narrows by what can only be later", async () => {
    scripted = await startScripted();
    scripted.server.script(page([customer("old", { Name: "Bos" }), customer("new", { Name: "Bos", CreatedAt: "2026-02-01T00:00:00.000Z" })]));
    const found = await scripted.connector.find("Customer", [{ property: "Name", equals: "Bos" }], "2026-01-15T00:00:00.000Z", background);
    expect(found.map(({ id }) => id)).toEqual(["new"]);
    expect(scripted.server.requests[0]?.query.get("modifiedSince")).toBe("2026-01-15T00:00:00.000Z");
  });

  it("for an empty value finds nothing and asks nobody", async () => {
    scripted = await startScripted();
    expect(await scripted.connector.find("Customer", [{ property: "Email", equals: " " }], null, background)).toEqual([]);
    expect(scripted.asked()).toEqual([]);
  });
});

describe("a read that fails", () => {
  it.each([500, 502, 503])("with %i is unavailable, and says so until a call succeeds", async (status) => {
    scripted = await startScripted();
    scripted.server.script({ status, text: "<html>bad gateway</html>" }, page([]));
    expect(await caught(scripted.connector.list("Customer", null, background))).toBeInstanceOf(UnavailableError);
    expect(await scripted.connector.status()).toMatchObject({ reachable: false, authorized: true, problem: { code: "SYSTEM_UNAVAILABLE" } });
    await scripted.connector.probe(background);
    expect(await scripted.connector.status()).toEqual({ reachable: true, authorized: true, problem: null, budget: [] });
  });

  it("because nobody is let in says so, and not that the system is away", async () => {
    scripted = await startScripted();
    scripted.server.script(problem(401, "unauthorized"));
    expect(await caught(scripted.connector.probe(background))).toMatchObject({ name: "NotAuthorizedError", code: "NOT_AUTHORIZED" });
    expect(await scripted.connector.status()).toMatchObject({ reachable: true, authorized: false });
  });

  it("because of too many calls tells when to come back, and asks no more until then", async () => {
    let now = Date.parse("2026-03-10T12:00:00.000Z");
    scripted = await startScripted({ clock: () => now });
    scripted.server.script(problem(429, "too-many-requests", {}, { "retry-after": "7" }), page([]));
    expect(await caught(scripted.connector.probe(background))).toMatchObject({ name: "RateLimitedError", retryAt: "2026-03-10T12:00:07.000Z" });
    expect(await caught(scripted.connector.probe(background))).toMatchObject({ name: "RateLimitedError", retryAt: "2026-03-10T12:00:07.000Z" });
    expect(scripted.asked()).toHaveLength(1);
    now += 7_000;
    await scripted.connector.probe(background);
    expect(scripted.asked()).toHaveLength(2);
  });
});
