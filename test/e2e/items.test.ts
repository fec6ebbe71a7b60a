import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithOwnRedis, type OwnRedis, startOwnRedis } from "../helpers/redis.js";
import { type SmallWorld, startSmallWorld, until } from "./small-world.js";

let redis: OwnRedis;
let world: SmallWorld;
/** Product ids in Customcrm: one whose number an item has, one whose number none has, one without a number. */
let drill: string;
let saw: string;
let unnumbered: string;
let drillItem: string;

const product = (id: string) => world.customcrm.core.find("Product", id)?.values;
const item = (id: string) => world.exact.core.table("Items").get(id);
const items = () => [...world.exact.core.table("Items").all()].length;
const entityOf = async (id: string) => (await world.app.store.entities.ofRecords("PRODUCT", "CUSTOMCRM", [id]))[0];
const itemOf = async (id: string) => (await entityOf(id))?.records.EXACT ?? "";
const isLinked = (id: string) => async () => (await entityOf(id))?.state === "LINKED";
const writes = () => world.exact.calls.all().filter(({ method, path }) => method !== "GET" && path.includes("/logistics/Items"));

// The interval is an hour: what arrives came by a webhook.
describeWithOwnRedis("a site whose dataflow.yml keeps products as items of Exact", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    redis = await startOwnRedis();
    world = await startSmallWorld({ redisUrl: redis.url, dataflowFile: "dataflows: { PRODUCT: { exact: Items } }" });
    drill = world.customcrm.core.create("Product", { Name: "Drill", Number: "D-1" }).id;
    saw = world.customcrm.core.create("Product", { Name: "Saw", Number: "S-1", Description: "Cuts" }).id;
    unnumbered = world.customcrm.core.create("Product", { Name: "Advice" }).id;
    drillItem = world.exact.core.create("Items", { Code: "D-1", Description: "Drill" });
    await world.start();
    await world.app.ready;
    await until(async () => (await isLinked(drill)()) && (await isLinked(saw)()), "products have their items");
  }, 60_000);
  afterAll(async () => {
    await world?.stop();
    await redis?.stop();
  }, 60_000);

  it("links by number, makes the items that are missing, and says why one without a number waits", async () => {
    expect(await itemOf(drill)).toBe(drillItem);
    expect(item(await itemOf(saw))).toMatchObject({ Code: "S-1", Description: "Saw", Notes: "Cuts", IsSalesItem: true });
    expect(product(saw)?.ExternalId).toBe(await itemOf(saw));
    expect(await entityOf(unnumbered)).toMatchObject({ records: { EXACT: null }, problem: { field: "number" } });
    expect(items()).toBe(2);
  });

  it("lets no product become a contact person, and keeps contacts as they were", async () => {
    expect([...world.exact.core.table("Contacts").all()].map(({ id }) => world.exact.core.contacts.get(id)?.LastName)).toEqual(["Vos"]);
  });

  it("is told of items by a webhook: an edit and a new number in Exact arrive in Customcrm", async () => {
    const topics = async () => ((await (await fetch(`${world.exact.origin}/_control/webhooks`)).json()) as { topic: string }[]).map(({ topic }) => topic);
    await until(async () => (await topics()).includes("Items"), "Exact is subscribed to");
    world.exact.core.edit("Items", drillItem, { Description: "Drill, 800 W", Code: "D-1B" });
    await until(() => product(drill)?.Name === "Drill, 800 W", "the edit has arrived");
    expect(product(drill)?.Number).toBe("D-1B");
  });

  it("carries an edit in Customcrm to the item, that field alone, and makes the item of one that is given its number", async () => {
    world.exact.calls.reset();
    world.customcrm.core.patch("Product", saw, { Description: null });
    await until(async () => item(await itemOf(saw))?.Notes === null, "the edit has arrived");
    expect(writes().map(({ method, body }) => [method, JSON.parse(body ?? "{}")])).toEqual([["PUT", { Notes: null }]]);
    world.customcrm.core.patch("Product", unnumbered, { Number: "A-1" });
    await until(isLinked(unnumbered), "it has its item");
    expect(item(await itemOf(unnumbered))).toMatchObject({ Code: "A-1", Description: "Advice" });
  });

  it("makes, edits and shows both records by one mutation each", async () => {
    const made = (await world.ask(
      'mutation { createProduct(input: { fields: { name: "Lathe", number: "L-1" } }) { operation { status } product { id customcrmId exactItem { code description } } } }',
    )) as { createProduct: { operation: { status: string }; product: { id: string; customcrmId: string } } };
    expect(made.createProduct).toMatchObject({ operation: { status: "APPLIED" }, product: { exactItem: { code: "L-1", description: "Lathe" } } });
    const { id, customcrmId } = made.createProduct.product;
    expect(await world.ask(`mutation { updateProduct(input: { id: "${id}", set: { name: "Lathe II" } }) { operation { status } } }`)).toEqual({
      updateProduct: { operation: { status: "APPLIED" } },
    });
    expect([product(customcrmId)?.Name, item(await itemOf(customcrmId))?.Description]).toEqual(["Lathe II", "Lathe II"]);
  });

  it("after a restart goes by the map that is there: no item is made or written, and an edit still arrives", async () => {
    const before = await Promise.all([drill, saw, unnumbered].map(itemOf));
    const count = items();
    await world.stopApp();
    world.exact.calls.reset();
    world.exact.core.edit("Items", drillItem, { Description: "Drill, 900 W" });
    await world.start();
    await world.app.ready;
    await until(() => product(drill)?.Name === "Drill, 900 W", "the edit that was made meanwhile has arrived");
    expect(await Promise.all([drill, saw, unnumbered].map(itemOf))).toEqual(before);
    expect([items(), writes()]).toEqual([count, []]);
  });

  it("leaves the item when the product is deleted, and the product when the item is", async () => {
    const [sawItem, adviceItem] = [await itemOf(saw), await itemOf(unnumbered)];
    world.customcrm.core.remove("Product", saw);
    world.exact.core.remove("Items", adviceItem);
    await until(async () => (await entityOf(unnumbered))?.state === "DETACHED", "the item's deletion is known");
    const survivor = async () => (await world.app.store.entities.ofRecords("PRODUCT", "EXACT", [sawItem]))[0];
    await until(async () => (await survivor())?.state === "DETACHED", "the product's deletion is known");
    expect([item(sawItem)?.Code, product(unnumbered)?.Name]).toEqual(["S-1", "Advice"]);
  });
});
