import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dataflows } from "../../src/domain/dataflow.js";
import { unreadFeed } from "../../src/store/store.js";
import { DataflowsDocument, OneOperationDocument, OneRunDocument, RunsDocument, SystemsDocument } from "../generated/operations.js";
import { firms, guid, World } from "./helpers.js";

const since = "2026-03-01T10:00:00.000Z";
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

describe("dataflows", () => {
  it("are the table that the sync works by, with the states of their links counted", async () => {
    await world.serve();
    await world.given(...firms(2, 1), { id: "alone", type: "ACCOUNT", customcrm: { Id: "C9", Name: "Alone" }, entity: { state: "PENDING" } });
    const { data, errors } = await world.ask(DataflowsDocument);
    expect(errors).toEqual([]);
    expect(data.dataflows.map(({ type, customcrmType, exactType }) => [type, customcrmType, exactType])).toEqual([
      ["ACCOUNT", "Customer", "Accounts"],
      ["CONTACT", "Contact", "Contacts"],
      ["PRODUCT", "Product", "Contacts"],
    ]);
    const [account, contact, product] = data.dataflows;
    expect(account?.counts).toEqual({ unlinked: 0, pending: 1, waiting: 0, review: 0, linked: 2, conflict: 0, failed: 0, detached: 0 });
    expect(account?.match).toEqual([["vatNumber"], ["chamberOfCommerce", "country"], ["email", "name"], ["name", "postcode"]]);
    expect(account?.properties.map(({ field }) => field)).toEqual(dataflows[0]?.rows.map((row) => row.field));
    expect(account?.properties[2]).toEqual({
      field: "addressLine1",
      customcrmProperty: "StreetAddress1",
      exactProperty: "AddressLine1",
      exactDataType: "Edm.String",
      direction: "BOTH",
      conflictPolicy: "NEWEST",
    });
    expect(contact?.properties.find(({ field }) => field === "birthDate")?.exactDataType).toBe("Edm.DateTime");
    expect(contact?.properties.find(({ field }) => field === "account")?.exactDataType).toBe("Edm.Guid");
    expect(product?.remark).toContain("contact person");
    expect(account?.paused).toBeNull();
  });

  it("say why nothing is written", async () => {
    await world.serve({
      pausedProblem: async (type) =>
        type === "ACCOUNT"
          ? { code: "PAUSED", message: "First contact: a person must resume it.", system: null, field: null, since, attempts: 0, nextAttemptAt: null }
          : null,
    });
    const { data } = await world.ask(DataflowsDocument);
    expect(data.dataflows.map(({ paused }) => paused?.code ?? null)).toEqual(["PAUSED", null, null]);
  });
});

describe("systems", () => {
  it("tell what is known of them, without a call", async () => {
    await world.serve();
    world.exact.state = {
      reachable: false,
      authorized: true,
      problem: { code: "SYSTEM_UNAVAILABLE", message: "Exact Online does not answer.", since },
      budget: [{ window: "minute", endpoint: null, limit: 60, remaining: 12, resetsAt: "2026-03-01T12:01:00.000Z" }],
    };
    await world.store.feeds.advance("EXACT", "all", { ...unreadFeed, polledAt: "2026-03-01T11:58:30.000Z", lastChangeAt: since }, []);
    const { data, errors } = await world.ask(SystemsDocument);
    expect(errors).toEqual([]);
    expect(data.systems).toEqual([
      { system: "CUSTOMCRM", reachable: true, authorized: true, problem: null, feedLagSeconds: null, lastChangeAt: null, queued: 0, budget: [] },
      {
        system: "EXACT",
        reachable: false,
        authorized: true,
        problem: { code: "SYSTEM_UNAVAILABLE", system: "EXACT" },
        feedLagSeconds: 90,
        lastChangeAt: since,
        queued: 0,
        budget: [{ window: "minute", endpoint: null, limit: 60, remaining: 12, resetsAt: "2026-03-01T12:01:00.000Z" }],
      },
    ]);
    expect([...world.exact.calls, ...world.customcrm.calls]).toEqual([]);
  });

  it("count the writes that each is owed", async () => {
    await world.serve();
    const intent = {
      operation: "CREATE",
      fields: {},
      source: {},
      operationId: null,
      queuedAt: since,
      sentAt: null,
      quarantineUntil: null,
      attempts: 0,
      nextAttemptAt: null,
      lastError: null,
    } as const;
    await world.given(
      ...Array.from({ length: 201 }, (_, i) => ({
        id: `p${i}`,
        type: "PRODUCT" as const,
        customcrm: { Id: `X${i}`, Name: `Product ${i}` },
        entity: { state: "PENDING" as const, intents: [{ ...intent, id: `i${i}`, system: "EXACT" as const }] },
      })),
      {
        id: "late",
        type: "PRODUCT",
        exact: { ID: guid(3, 1), LastName: "Late" },
        entity: { state: "PENDING", intents: [{ ...intent, id: "late", system: "CUSTOMCRM", givenUpAt: since }] },
      },
    );
    const { data } = await world.ask(SystemsDocument);
    expect(data.systems.map(({ system, queued }) => [system, queued])).toEqual([
      ["CUSTOMCRM", 0],
      ["EXACT", 201],
    ]);
  });
});

describe("runs", () => {
  const run = {
    id: "run-1",
    mode: "CHANGES",
    dryRun: true,
    types: ["ACCOUNT"],
    state: "FAILED",
    startedAt: since,
    finishedAt: null,
    progress: { read: 3, total: null, linked: 0, created: 0, updated: 0, deleted: 0, unchanged: 0, review: 0, failed: 0, etaSeconds: null },
    cost: [{ system: "EXACT", reads: 1, writes: 2, seconds: 3 }],
    problem: { code: "STORE_UNAVAILABLE", message: "Redis does not answer.", since },
    cancelRequested: false,
  } as const;

  it("are none before the first", async () => {
    await world.serve();
    expect((await world.ask(RunsDocument)).data.syncRuns).toEqual([]);
    expect((await world.ask(OneRunDocument, { id: "none" })).data.syncRun).toBeNull();
  });

  it("come newest first, and one comes with its plan, filtered and page by page", async () => {
    await world.serve();
    await world.store.documents.set("run", "run-1", run, 0, { order: 1 });
    await world.store.documents.set("run", "run-2", { ...run, id: "run-2", problem: null }, 0, { order: 2 });
    const runs = await world.ask(RunsDocument);
    expect(runs.data.syncRuns.map(({ id, problem }) => [id, problem])).toEqual([
      ["run-2", null],
      ["run-1", { code: "STORE_UNAVAILABLE", attempts: 0 }],
    ]);

    const plan = Array.from({ length: 1200 }, (_, i) => ({
      kind: i % 400 === 0 ? "CREATE" : "NONE",
      type: "ACCOUNT",
      system: null,
      label: `Firm ${i}`,
      customcrmId: null,
      exactId: null,
      fields: [],
      reason: "Both sides agree.",
    }));
    await world.store.documents.append("plan", "run-1", plan, null);
    const page = async (after: string | null) => (await world.ask(OneRunDocument, { id: "run-1", first: 2, after, actions: ["CREATE"] })).data.syncRun?.plan;
    const first = await page(null);
    expect(first).toMatchObject({
      totalCount: 3,
      nodes: [{ label: "Firm 0" }, { label: "Firm 400" }],
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    expect(await page(first?.pageInfo.endCursor ?? null)).toMatchObject({
      nodes: [{ label: "Firm 800" }],
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
    });
    expect((await world.ask(OneRunDocument, { id: "run-1" })).data.syncRun?.plan.totalCount).toBe(1200);
    expect((await world.ask(OneRunDocument, { id: "run-1", after: "x" })).errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  });
});

it("tell how an operation ended, by its id or by the key that its sender gave it", async () => {
  await world.serve({
    operationOfKey: async (key, caller) => (key === "key-12345678" && caller === "shop" ? "op-1" : null),
    callerOf: async () => ({ name: "shop", scopes: ["read"], until: null }),
  });
  await world.store.documents.set(
    "operation",
    "op-1",
    {
      id: "op-1",
      status: "REJECTED",
      writes: [{ system: "EXACT", status: "REJECTED", operation: "UPDATE", fields: ["name"], recordId: null, error: "No.", nextAttemptAt: null }],
      userErrors: [{ code: "REFUSED_BY_SYSTEM", message: "No.", field: ["set", "name"], system: "EXACT", retryAt: null }],
      startedAt: since,
      finishedAt: "2026-03-01T10:00:01.000Z",
    },
    0,
  );
  const ended = {
    id: "op-1",
    status: "REJECTED",
    finishedAt: "2026-03-01T10:00:01.000Z",
    writes: [{ system: "EXACT", status: "REJECTED" }],
    userErrors: [{ code: "REFUSED_BY_SYSTEM", field: ["set", "name"] }],
  };
  expect((await world.ask(OneOperationDocument, { by: { id: "op-1" } })).data.operation).toEqual(ended);
  expect((await world.ask(OneOperationDocument, { by: { idempotencyKey: "key-12345678" } })).data.operation).toEqual(ended);
  expect((await world.ask(OneOperationDocument, { by: { idempotencyKey: "another-key" } })).data.operation).toBeNull();
});
