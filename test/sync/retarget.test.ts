import { afterAll, beforeAll, expect, it } from "vitest";
import { parseDataflowFile } from "../../src/dataflow-file.js";
import { type Dataflow, dataflowOf, dataflows } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import { RedisStore } from "../../src/store/redis.js";
import { writeOf } from "../../src/sync/document.js";
import { exportLinks } from "../../src/sync/link-map/export.js";
import { importLinks } from "../../src/sync/link-map/import.js";
import { checkTargets, retarget } from "../../src/sync/link-map/retarget.js";
import { dataflowState } from "../../src/sync/policy.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { entityOf } from "./decide-helpers.js";

const asItems = parseDataflowFile("dataflows: { PRODUCT: { exact: Items } }").flows;
const now = Date.parse("2026-03-01T12:00:00.000Z");

const product = (id: string, more: Partial<Entity>): Entity =>
  entityOf({ id, type: "PRODUCT", revision: 0, fields: { name: id, email: "a@b.nl" }, formerExactEntityId: null, intents: [], ...more });
const linked = product("pro_linked", { records: { CUSTOMCRM: "p1", EXACT: "c1" }, state: "LINKED", origin: "CREATED" });
const alone = product("pro_alone", { records: { CUSTOMCRM: "p2", EXACT: null }, state: "UNLINKED" });
const contact = entityOf({ id: "con_1", type: "CONTACT", revision: 0, records: { CUSTOMCRM: null, EXACT: "c2" }, state: "UNLINKED", intents: [] });

describeWithRedis("a link map whose site keeps products as other records of Exact", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  /** A store by one table, filled, and the same by another table: a start with another dataflow.yml. */
  async function restarted(given: readonly Entity[], before: readonly Dataflow[], after: readonly Dataflow[]) {
    const options = { url: redis.url, tenant: redis.newTenant(), encryptionKey: "a key for tests" };
    const old = await RedisStore.connect({ ...options, flows: before });
    try {
      await checkTargets(old, before);
      for (const entity of given) await old.entities.commit({ put: [writeOf(dataflowOf(before, entity.type), entity, [])] });
    } finally {
      await old.stop();
    }
    return RedisStore.connect({ ...options, flows: after });
  }
  const ref = (type: "Contacts" | "Items", id: string) => ({ system: "EXACT", type, id }) as const;

  it("is refused as it stands: the ids of contacts would be taken for those of items", async () => {
    const store = await restarted([linked, alone, contact], dataflows, asItems);
    try {
      await expect(checkTargets(store, asItems)).rejects.toThrow(
        "The link map keeps 1 products as Contacts of Exact, and dataflow.yml says Items. Nothing was begun. " +
          "Set dataflows.PRODUCT.exact back to Contacts, or run: npm run links -- retarget",
      );
      await checkTargets(store, dataflows);
    } finally {
      await store.stop();
    }
  });

  it("is taken over while no product has a record in Exact, and remembers that", async () => {
    const store = await restarted([alone, contact], dataflows, asItems);
    try {
      await checkTargets(store, asItems);
      await store.entities.commit({ put: [writeOf(dataflowOf(asItems, "PRODUCT"), { ...linked, records: { CUSTOMCRM: "p1", EXACT: "i1" } }, [])] });
      await checkTargets(store, asItems);
      await expect(checkTargets(store, dataflows)).rejects.toThrow("keeps 1 products as Items of Exact, and dataflow.yml says Contacts");
    } finally {
      await store.stop();
    }
  });

  it("is mended by retarget: links are cut, the old records are free, and a person sees the plan first", async () => {
    const store = await restarted([linked, alone, contact], dataflows, asItems);
    try {
      expect(await retarget(store, asItems, now)).toEqual({ cut: 1, forgotten: 0 });
      await checkTargets(store, asItems);
      expect((await store.entities.get(["pro_linked"]))[0]).toMatchObject({
        records: { CUSTOMCRM: "p1", EXACT: null },
        state: "UNLINKED",
        fields: { name: "pro_linked" },
      });
      expect(await store.entities.idsOfRecords([ref("Contacts", "c1"), ref("Items", "c1"), ref("Contacts", "c2")])).toEqual([null, null, "con_1"]);
      expect((await store.entities.history("pro_linked", 5, null)).events[0]).toMatchObject({ kind: "UNLINKED" });
      expect((await dataflowState(store, "PRODUCT", "live")).state.confirmed).toBe(false);
      expect((await dataflowState(store, "CONTACT", "live")).state.confirmed).toBe(true);
      expect(await retarget(store, asItems, now)).toEqual({ cut: 0, forgotten: 0 });
    } finally {
      await store.stop();
    }
  });

  it("going back forgets items that stand in Exact alone", async () => {
    const item = product("pro_item", { records: { CUSTOMCRM: null, EXACT: "i1" }, state: "UNLINKED" });
    const store = await restarted([item, contact], asItems, dataflows);
    try {
      await expect(checkTargets(store, dataflows)).rejects.toThrow("keeps 1 products as Items");
      expect(await retarget(store, dataflows, now)).toEqual({ cut: 0, forgotten: 1 });
      expect(await store.entities.idsOfRecords([ref("Items", "i1"), ref("Contacts", "i1")])).toEqual([null, null]);
    } finally {
      await store.stop();
    }
  });

  it("is left alone while a write to one of them may still land", async () => {
    const sent = { id: "i", system: "EXACT", operation: "UPDATE", sentAt: "2026-03-01T11:59:00.000Z" } as unknown as Entity["intents"][number];
    const store = await restarted([{ ...linked, intents: [sent] }], dataflows, asItems);
    try {
      await expect(retarget(store, asItems, now)).rejects.toThrow("A write for pro_linked may still land.");
      expect((await store.entities.get(["pro_linked"]))[0]?.records.EXACT).toBe("c1");
    } finally {
      await store.stop();
    }
  });

  it("written out by one table is not read in by the other", async () => {
    const [from, to] = [await restarted([linked], dataflows, dataflows), await restarted([], asItems, asItems)];
    try {
      await expect(importLinks(to, asItems, exportLinks(from, dataflows))).rejects.toThrow("pro_linked was linked with Contacts records of Exact");
      expect(await importLinks(from, dataflows, exportLinks(from, dataflows))).toMatchObject({ known: 1 });
    } finally {
      await from.stop();
      await to.stop();
    }
  });
});
