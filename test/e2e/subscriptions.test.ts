import { afterAll, beforeAll, expect, it } from "vitest";
import { type Client, type Subscribed, wsClient } from "../server/clients.js";
import { customcrmId, exactId, type SmallWorld, startSmallWorld, until } from "./small-world.js";

let world: SmallWorld;
let client: Client;
let watcher: Subscribed;

beforeAll(async () => {
  world = await startSmallWorld();
  await world.start();
  await world.app.ready;
  await cycle();
  client = wsClient(world.app.url);
  watcher = client.subscribe("subscription { entityChanged { id kind state source fields entity { customcrmId exactId ... on Account { phone } } } }");
  // Whoever listens is told of the next edit.
  let edits = 0;
  await until(async () => {
    world.customcrm.core.patch("Customer", customcrmId(3), { Phone: `020 555 020${edits++}` });
    await cycle();
    return watcher.told.length > 0;
  }, "the client is told");
}, 60_000);
afterAll(async () => {
  client?.dispose();
  await world?.stop();
});

/** What a poll of both systems and the settling after it bring about. */
async function cycle(): Promise<void> {
  const { engine, store } = world.app;
  await Promise.all([engine.poll("CUSTOMCRM", { isHinted: true }), engine.poll("EXACT", { isHinted: true })]);
  await engine.drain();
  await until(async () => (await store.feeds.countDirty()) === 0, "nothing is marked");
}

const told = () => watcher.told.map(({ data, errors }) => errors ?? data?.entityChanged);
const idOf = async (n: number) => (await world.app.store.entities.ofRecords("ACCOUNT", "CUSTOMCRM", [customcrmId(n)]))[0]?.id;

it("tells a client of an edit that was made in Exact: that it came, and that both agree again", async () => {
  watcher.told.length = 0;
  world.exact.core.editAccount(exactId(1), { Phone: "+31 10 111 11 11" });
  await cycle();
  const id = await idOf(1);
  await expect.poll(told).toContainEqual(expect.objectContaining({ id, kind: "UPDATED", source: "EXACT", fields: ["phone"] }));
  await expect.poll(told).toContainEqual(expect.objectContaining({ id, state: "LINKED", entity: expect.objectContaining({ phone: "+31 10 111 11 11" }) }));
});

it("tells of a customer that is new in Customcrm, and of its link once Exact has it", async () => {
  watcher.told.length = 0;
  world.customcrm.core.create("Customer", { Name: "Nieuw Glas", Email: "info@nieuwglas.nl" });
  await cycle();
  await expect
    .poll(told, { timeout: 10_000 })
    .toContainEqual(expect.objectContaining({ state: "LINKED", entity: expect.objectContaining({ exactId: expect.any(String) }) }));
  expect(told()[0]).toMatchObject({ kind: "CREATED", source: "CUSTOMCRM", fields: expect.arrayContaining(["name", "email"]) });
});
