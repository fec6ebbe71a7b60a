import { afterEach, describe, expect, it } from "vitest";
import type { FeedPage } from "../../../src/connectors/connector.js";
import { InvalidInputError, PositionExpiredError, RefusedError, UnexpectedAnswerError } from "../../../src/domain/errors.js";
import { background, caught, customer, page, problem, type Scripted, startScripted } from "./helpers.js";

let scripted: Scripted;
afterEach(() => scripted.stop());

const now = Date.parse("2026-03-10T12:00:00.000Z");
const read = (position: string | null, feed = "changes") => scripted.connector.readFeed(feed, position, background);
const idsOf = (feedPage: FeedPage) => feedPage.changes.map((change) => (change.kind === "upsert" ? change.record.id : `-${change.ref.id}`));

describe("the changes of a Customcrm", () => {
  it("are one feed of all types, with deletions, each with its position", async () => {
    scripted = await startScripted();
    expect(scripted.connector.feeds).toEqual([{ name: "changes", types: ["Customer", "Contact", "Product"] }]);
    scripted.server.script({
      json: {
        changes: [
          { Position: "005", Type: "Customer", Id: "c1", Action: "Upsert", Record: customer("c1") },
          { Position: "006", Type: "Contact", Id: "k1", Action: "Delete" },
        ],
        position: "006",
        more: true,
      },
    });
    const first = await read("004");
    expect(first).toMatchObject({
      position: "006",
      more: true,
      changes: [
        { kind: "upsert", position: "005", record: { system: "CUSTOMCRM", type: "Customer", id: "c1", etag: '"c1-1"' } },
        { kind: "delete", position: "006", ref: { system: "CUSTOMCRM", type: "Contact", id: "k1" }, at: null },
      ],
    });
    expect(scripted.asked()).toEqual(["GET /api/v1/changes?since=004&types=Customer,Contact,Product&limit=500"]);
  });

  it("are read from the start without a position", async () => {
    scripted = await startScripted();
    scripted.server.script({ json: { changes: [], position: "000", more: false } });
    expect(await read(null)).toEqual({ changes: [], position: "000", more: false, isUnmoved: true });
    expect(scripted.asked()).toEqual(["GET /api/v1/changes?types=Customer,Contact,Product&limit=500"]);
  });

  it("that are empty leave the reader where it asked, whatever position they name (I11)", async () => {
    scripted = await startScripted();
    scripted.server.script({ json: { changes: [], position: "004", more: false } }, { json: { changes: [], position: "900", more: false } });
    for (let i = 0; i < 2; i++) expect(await read("004")).toEqual({ changes: [], position: "004", more: false, isUnmoved: true });
  });

  it("that no longer reach back far enough say so", async () => {
    scripted = await startScripted();
    scripted.server.script(problem(410, "position-expired"));
    expect(await caught(read("001"))).toBeInstanceOf(PositionExpiredError);
  });

  it.each([
    ["the CRM does not know the address", problem(404, "not-found"), "UnexpectedAnswerError"],
    ["something between says 410", { status: 410, text: "<html>" }, "UnexpectedAnswerError"],
    ["the position is not one of theirs", problem(400, "invalid-parameter"), "RefusedError"],
  ])("have not expired when %s", async (_what, reply, name) => {
    scripted = await startScripted();
    scripted.server.script(reply);
    expect(await caught(read("001"))).toMatchObject({ name });
  });

  it.each([
    ["an upsert without its record", { Position: "5", Type: "Customer", Id: "c1", Action: "Upsert" }],
    ["another record than it names", { Position: "5", Type: "Customer", Id: "c1", Action: "Upsert", Record: customer("c2") }],
    ["an unknown type", { Position: "5", Type: "Invoice", Id: "c1", Action: "Delete" }],
    ["no position", { Type: "Customer", Id: "c1", Action: "Delete" }],
  ])("are not taken when there is %s", async (_what, change) => {
    scripted = await startScripted();
    scripted.server.script({ json: { changes: [change], position: "5", more: false } });
    expect(await caught(read("4"))).toBeInstanceOf(UnexpectedAnswerError);
  });

  it("that lead back to where they were are not read for ever", async () => {
    scripted = await startScripted();
    scripted.server.script({ json: { changes: [], position: "4", more: true } });
    expect(await caught(read("4"))).toBeInstanceOf(UnexpectedAnswerError);
  });
});

describe("without the capability `changes`", () => {
  const withoutChanges = () => startScripted({ capabilities: { changes: false }, clock: () => now });
  const at = (id: string, time: string, more = {}) => customer(id, { ModifiedAt: time, ...more });

  it("there is a feed for each type, by modification time, and other positions than with it", async () => {
    scripted = await withoutChanges();
    expect(scripted.connector.feeds).toEqual([
      { name: "customers", types: ["Customer"] },
      { name: "contacts", types: ["Contact"] },
      { name: "products", types: ["Product"] },
    ]);
    const without = await scripted.connector.feedEpoch(background);
    await scripted.stop();
    scripted = await startScripted();
    expect(await scripted.connector.feedEpoch(background)).not.toBe(without);
    expect(await caught(read(null, "customers"))).toBeInstanceOf(InvalidInputError);
  });

  it("the first page begins at the start, and the next ones go on by the cursor", async () => {
    scripted = await withoutChanges();
    scripted.server.script(page([at("c1", "2026-01-01T00:00:00.000Z")], "p2"), page([at("c2", "2026-01-02T00:00:00.000Z")]));
    const first = await read(null, "customers");
    const second = await read(first.position, "customers");
    expect([idsOf(first), first.more, idsOf(second), second.more]).toEqual([["c1"], true, ["c2"], false]);
    expect(scripted.asked()).toEqual(["GET /api/v1/customers?limit=200", "GET /api/v1/customers?limit=200&cursor=p2"]);
  });

  it("a cursor within a filtered list is asked for with the filter it began with", async () => {
    scripted = await withoutChanges();
    scripted.server.script(page([at("c1", "2026-01-01T00:00:00.000Z")]), page([at("c2", "2026-01-02T00:00:00.000Z")], "p2"), page([]));
    const first = await read(null, "customers");
    const second = await read(first.position, "customers");
    await read(second.position, "customers");
    expect(scripted.asked().slice(1)).toEqual([
      "GET /api/v1/customers?modifiedSince=2026-01-01T00:00:00.001Z&limit=200",
      "GET /api/v1/customers?modifiedSince=2026-01-01T00:00:00.001Z&limit=200&cursor=p2",
    ]);
  });

  it("a cursor that has expired costs a repetition and no record", async () => {
    scripted = await withoutChanges();
    scripted.server.script(
      page([at("c1", "2026-01-01T00:00:00.000Z")], "old"),
      problem(400, "invalid-parameter"),
      page([at("c1", "2026-01-01T00:00:00.000Z"), at("c2", "2026-01-01T00:00:00.000Z")]),
    );
    const first = await read(null, "customers");
    expect(idsOf(await read(first.position, "customers"))).toEqual(["c1", "c2"]);
    expect(scripted.asked().at(-1)).toBe("GET /api/v1/customers?modifiedSince=2026-01-01T00:00:00.000Z&limit=200");
  });

  it("a refusal without a cursor is a refusal", async () => {
    scripted = await withoutChanges();
    scripted.server.script(problem(400, "invalid-parameter"));
    expect(await caught(read(null, "customers"))).toBeInstanceOf(RefusedError);
    expect(scripted.asked()).toHaveLength(1);
  });

  it("records of one time are all read, though a page ends among them", async () => {
    const recent = "2026-03-10T11:59:59.000Z";
    scripted = await withoutChanges();
    scripted.server.script(page([at("c1", recent)]), page([at("c1", recent), at("c2", recent)]), page([at("c1", recent), at("c2", recent)]));
    const first = await read(null, "customers");
    const second = await read(first.position, "customers");
    const third = await read(second.position, "customers");
    expect([first, second, third].map(idsOf)).toEqual([["c1"], ["c2"], []]);
    expect(scripted.asked()[1]).toBe(`GET /api/v1/customers?modifiedSince=${recent}&limit=200`);
  });

  it("a second change within the same millisecond is a change", async () => {
    const recent = "2026-03-10T11:59:59.000Z";
    scripted = await withoutChanges();
    scripted.server.script(page([at("c1", recent)]), page([at("c1", recent, { City: "Breda" })]));
    const first = await read(null, "customers");
    expect(idsOf(await read(first.position, "customers"))).toEqual(["c1"]);
  });

  it("a time that is over is left behind, so that thousands of records of one time are not read at every poll", async () => {
    scripted = await withoutChanges();
    scripted.server.script(page([at("c1", "2026-03-10T11:57:59.000Z")]), page([]), page([]));
    const first = await read(null, "customers");
    const second = await read(first.position, "customers");
    expect(second).toMatchObject({ changes: [], more: false, position: first.position, isUnmoved: true });
    expect(scripted.asked()[1]).toBe("GET /api/v1/customers?modifiedSince=2026-03-10T11:57:59.001Z&limit=200");
  });

  it("every change has a position from which it is read again", async () => {
    scripted = await withoutChanges();
    scripted.server.script(page([at("c1", "2026-01-01T00:00:00.000Z"), at("c2", "2026-01-02T00:00:00.000Z")]), page([at("c2", "2026-01-02T00:00:00.000Z")]));
    const first = await read(null, "customers");
    expect(idsOf(await read(first.changes[1]?.position ?? null, "customers"))).toEqual(["c2"]);
    expect(scripted.asked()[1]).toBe("GET /api/v1/customers?modifiedSince=2026-01-02T00:00:00.000Z&limit=200");
  });

  it("a position of the other kind is refused", async () => {
    scripted = await withoutChanges();
    expect(await caught(read("000000000012", "customers"))).toBeInstanceOf(InvalidInputError);
  });
});
