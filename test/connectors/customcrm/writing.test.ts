import { afterEach, describe, expect, it } from "vitest";
import { parseDataflowFile } from "../../../src/dataflow-file.js";
import { dataflowOf, fieldsOf, ownPropertiesOf, propertiesOf } from "../../../src/domain/dataflow.js";
import { AmbiguousError, InvalidInputError, UnavailableError } from "../../../src/domain/errors.js";
import { halfABody, hang, type Reply, reset } from "../../helpers/scripted-server.js";
import { caught, customer, interactive, page, problem, type Scripted, startScripted } from "./helpers.js";

let scripted: Scripted;
afterEach(() => scripted.stop());

const create = () => scripted.connector.create("Customer", { Name: "A", Email: null, Phone: "" }, "key-12345", interactive);
const update = () => scripted.connector.update("Customer", "c1", { Name: "B", Email: null }, '"e1"', interactive);
const remove = () => scripted.connector.remove("Customer", "c1", '"e1"', interactive);
const lastRequest = () => scripted.server.requests.at(-1);

describe("a create", () => {
  it("sends what has a value, with a key that makes a repeat harmless", async () => {
    scripted = await startScripted();
    scripted.server.script({ status: 201, json: customer("c9", { ETag: undefined }), headers: { etag: '"9"', location: "/api/v1/customers/c9" } });
    expect(await create()).toMatchObject({ id: "c9", record: { id: "c9", etag: '"9"', properties: { Name: "Customer c9" } } });
    expect(lastRequest()).toMatchObject({ method: "POST", path: "/api/v1/customers", body: '{"Name":"A"}' });
    expect(lastRequest()?.headers).toMatchObject({ "idempotency-key": "key-12345", "content-type": "application/json" });
  });

  it("sends the same fitting key for one that the contract would not take", async () => {
    scripted = await startScripted();
    scripted.server.otherwise({ status: 201, json: customer("c9") });
    await scripted.connector.create("Customer", { Name: "A" }, "é", interactive);
    await scripted.connector.create("Customer", { Name: "A" }, "é", interactive);
    const keys = scripted.server.requests.map(({ headers }) => String(headers["idempotency-key"]));
    expect(keys[0]).toMatch(/^[\x21-\x7e]{8,128}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it("sends no key to a CRM that does not know them", async () => {
    scripted = await startScripted({ capabilities: { idempotencyKey: false } });
    scripted.server.script({ status: 201, json: customer("c9") });
    await create();
    expect(lastRequest()?.headers).not.toHaveProperty("idempotency-key");
  });

  it("is known by its Location when the answer holds no record", async () => {
    scripted = await startScripted();
    scripted.server.script({ status: 201, headers: { location: "/api/v1/customers/c9" } });
    expect(await create()).toEqual({ id: "c9", record: null });
  });

  it.each<[string, Reply]>([
    ["no record and no Location", { status: 201 }],
    ["a record without an Id", { status: 201, json: { Name: "A" } }],
    ["not JSON", { status: 201, text: "<html>" }],
    ["half of it", halfABody],
    ["a 202", { status: 202, json: {} }],
    ["a redirect", { status: 302, headers: { location: "/login" } }],
  ])("is ambiguous when the answer is %s", async (_what, reply) => {
    scripted = await startScripted();
    scripted.server.script(reply);
    expect(await caught(create())).toBeInstanceOf(AmbiguousError);
    expect(scripted.server.requests).toHaveLength(1);
  });

  it("of a property that this Customcrm calls by a name of its own is sent and read by that name", async () => {
    const { flows } = parseDataflowFile("dataflows: { ACCOUNT: { fields: { phone: { customcrmProperty: Telephone } } } }");
    scripted = await startScripted({ own: ownPropertiesOf(flows) });
    scripted.server.script({ status: 201, json: customer("c9", { Telephone: " 020 555 0100 ", ETag: undefined }) });
    const flow = dataflowOf(flows, "ACCOUNT");
    const { record } = await scripted.connector.create("Customer", propertiesOf(flow, "CUSTOMCRM", { name: "A", phone: "020" }), "key-12345", interactive);
    expect(lastRequest()?.body).toBe('{"Name":"A","Telephone":"020"}');
    expect(record && fieldsOf(flow, record).phone).toBe("020 555 0100");
  });

  it("of a property that Customcrm does not have is not sent", async () => {
    scripted = await startScripted();
    expect(await caught(scripted.connector.create("Product", { Name: "A", City: "B" }, "key-12345", interactive))).toBeInstanceOf(InvalidInputError);
    expect(scripted.server.requests).toEqual([]);
  });

  it("leaves out what this CRM omits", async () => {
    scripted = await startScripted({ omits: ["Customer.VatNumber"] });
    scripted.server.script({ status: 201, json: customer("c9") });
    await scripted.connector.create("Customer", { Name: "A", VatNumber: "NL1" }, "key-12345", interactive);
    expect(lastRequest()?.body).toBe('{"Name":"A"}');
  });
});

describe("an update", () => {
  it("is a merge patch of just these properties, guarded by the ETag; null clears", async () => {
    scripted = await startScripted();
    scripted.server.script({ json: customer("c1", { Name: "B" }), headers: { etag: '"e2"' } });
    expect(await update()).toMatchObject({ id: "c1", etag: '"e2"', properties: { Name: "B" } });
    expect(lastRequest()).toMatchObject({ method: "PATCH", path: "/api/v1/customers/c1", body: '{"Name":"B","Email":null}' });
    expect(lastRequest()?.headers).toMatchObject({ "if-match": '"e1"', "content-type": "application/merge-patch+json" });
  });

  it("without an ETag is not guarded", async () => {
    scripted = await startScripted();
    scripted.server.script({ json: customer("c1") });
    await scripted.connector.update("Customer", "c1", { Name: "B" }, null, interactive);
    expect(lastRequest()?.headers).not.toHaveProperty("if-match");
  });

  it("of nothing writes nothing and gives the record as it is", async () => {
    scripted = await startScripted({ omits: ["Customer.VatNumber"] });
    scripted.server.otherwise(page([customer("c1")]));
    expect(await scripted.connector.update("Customer", "c1", { VatNumber: "NL1" }, '"e1"', interactive)).toMatchObject({ id: "c1" });
    expect(scripted.asked()).toEqual(["GET /api/v1/customers?ids=c1&limit=100"]);
  });

  it("of a record that was changed meanwhile is refused as such", async () => {
    scripted = await startScripted();
    scripted.server.script(problem(412, "precondition-failed"));
    expect(await caught(update())).toMatchObject({ name: "ModifiedElsewhereError" });
  });

  it.each([404, 410])("of a record that is gone (%i) says so", async (status) => {
    scripted = await startScripted();
    scripted.server.script(problem(status, "not-found"));
    expect(await caught(update())).toMatchObject({ name: "NotFoundError" });
  });

  describe("in a CRM without If-Match", () => {
    it("reads just before it, and writes if nothing has changed", async () => {
      scripted = await startScripted({ capabilities: { ifMatch: false } });
      scripted.server.script(page([customer("c1")]), { json: customer("c1") }, { json: customer("c1") });
      const record = (await scripted.connector.getMany("Customer", ["c1"], interactive)).get("c1");
      await scripted.connector.update("Customer", "c1", { Name: "B" }, record?.etag ?? null, interactive);
      expect(scripted.asked().slice(1)).toEqual(["GET /api/v1/customers/c1", "PATCH /api/v1/customers/c1"]);
      expect(lastRequest()?.headers).not.toHaveProperty("if-match");
    });

    it("is refused when the record has changed since it was read", async () => {
      scripted = await startScripted({ capabilities: { ifMatch: false } });
      scripted.server.script(page([customer("c1")]), { json: customer("c1", { ModifiedAt: "2026-02-04T00:00:00.000Z" }) });
      const record = (await scripted.connector.getMany("Customer", ["c1"], interactive)).get("c1");
      const error = await caught(scripted.connector.update("Customer", "c1", { Name: "B" }, record?.etag ?? null, interactive));
      expect(error).toMatchObject({ name: "ModifiedElsewhereError" });
      expect(scripted.asked().at(-1)).toBe("GET /api/v1/customers/c1");
    });

    it("is certainly not made when the read before it fails", async () => {
      scripted = await startScripted({ capabilities: { ifMatch: false } });
      scripted.server.script({ status: 503 });
      expect(await caught(scripted.connector.update("Customer", "c1", { Name: "B" }, "2026-02-03T04:05:06.789Z", interactive))).toBeInstanceOf(
        UnavailableError,
      );
    });
  });
});

describe("a delete", () => {
  it("is guarded by the ETag", async () => {
    scripted = await startScripted();
    scripted.server.script({ status: 204 });
    await remove();
    expect(lastRequest()).toMatchObject({ method: "DELETE", path: "/api/v1/customers/c1", body: "" });
    expect(lastRequest()?.headers).toMatchObject({ "if-match": '"e1"' });
  });

  it.each([404, 410])("of what is gone already (%i) is a success", async (status) => {
    scripted = await startScripted();
    scripted.server.script(problem(status, "not-found"));
    await remove();
    expect(scripted.server.requests).toHaveLength(1);
  });

  it("is ambiguous when it is answered otherwise than the contract says: whoever answered may not have done it", async () => {
    scripted = await startScripted();
    scripted.server.script({ status: 200, text: '{"d":' });
    expect(await caught(remove())).toMatchObject({ name: "AmbiguousError", code: "AMBIGUOUS" });
  });

  it("is no success when only a proxy knows no such page", async () => {
    scripted = await startScripted();
    scripted.server.script({ status: 404, text: "<html>" });
    expect(await caught(remove())).toBeInstanceOf(UnavailableError);
  });

  it("of a customer with contacts is refused for good, by a reason that programs know", async () => {
    scripted = await startScripted();
    scripted.server.script(problem(409, "has-dependents", { detail: "c1 has 2 contacts." }));
    expect(await caught(remove())).toMatchObject({
      name: "RefusedError",
      reason: "has-dependents",
      reasons: [{ property: null, message: "c1 has 2 contacts." }],
    });
  });
});

describe("a write that is refused", () => {
  it.each([400, 409, 422])("with %i carries the CRM's own words, by property", async (status) => {
    scripted = await startScripted();
    const errors = [
      { property: "Name", code: "too-long", message: "Name is too long." },
      { property: "", code: "odd", message: "Something else." },
    ];
    scripted.server.otherwise(problem(status, "validation-failed", { errors }));
    for (const write of [create, update, remove]) {
      expect(await caught(write())).toMatchObject({
        name: "RefusedError",
        reason: "validation-failed",
        message: "Name is too long. Something else.",
        reasons: [
          { property: "Name", message: "Name is too long." },
          { property: null, message: "Something else." },
        ],
      });
    }
    expect((await scripted.connector.status()).problem).toBeNull();
  });
});

describe("a write whose answer is lost", () => {
  it.each<[string, Reply]>([
    ["a 500", { status: 500, text: "oops" }],
    ["a 502", { status: 502, text: "<html>" }],
    ["a 503 with a problem", problem(503, "busy")],
    ["a reset", reset],
    ["silence", hang],
  ])("by %s is ambiguous and is not repeated", async (_what, reply) => {
    scripted = await startScripted({ timeoutMs: 150 });
    for (const write of [create, update, remove]) {
      scripted.server.requests.length = 0;
      scripted.server.script(reply);
      expect(await caught(write())).toBeInstanceOf(AmbiguousError);
      expect(scripted.server.requests).toHaveLength(1);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  });

  it("before it was sent certainly had no effect", async () => {
    scripted = await startScripted();
    await scripted.server.stop();
    for (const write of [create, update, remove]) expect(await caught(write())).toBeInstanceOf(UnavailableError);
    expect(await scripted.connector.status()).toMatchObject({ reachable: false });
    scripted.server.stop = async () => {};
  });

  it.each<[number, string]>([
    [401, "NotAuthorizedError"],
    [403, "NotAuthorizedError"],
    [429, "RateLimitedError"],
    [408, "UnavailableError"],
  ])("is not lost when the status is %i: nothing was done", async (status, name) => {
    scripted = await startScripted();
    scripted.server.script(problem(status, "no"));
    expect(await caught(create())).toMatchObject({ name });
  });
});
