import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { createServer, type Server } from "../../src/server/server.js";
import { dataflowState, whyPaused } from "../../src/sync/policy.js";
import { accountRow, customerRow, guid, OperatorWorld, type OperatorWorldOptions, pairs } from "../sync/operator-world.js";

let world: OperatorWorld;
let server: Server;
afterEach(async () => {
  await server?.stop();
  await world?.stop();
});

async function serve(options: OperatorWorldOptions): Promise<void> {
  world = await OperatorWorld.start(options);
  await world.cycle();
  const { store, settings, actions, runs } = world;
  server = await createServer({
    store,
    connectors: { CUSTOMCRM: world.links.customcrm, EXACT: world.links.exact },
    settings,
    clock: () => world.clock.now(),
    log: pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
    actions,
    runs,
    pausedProblem: async (type) => whyPaused(await dataflowState(store, type, world.firstContact), "2026-01-01T00:00:00.000Z"),
  });
}

async function ask(query: string, variables: object = {}): Promise<{ data: Record<string, unknown>; errors?: readonly { message: string }[] }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${server.url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return (await response.json()) as never;
}

const told = "link { state version origin customcrmId exactId entity { id } conflicts { field } problem { code } } userErrors { code message field }";

describe("mutations of links", { timeout: 60_000 }, () => {
  it("answer with the link as it stands, or with why not", async () => {
    await serve(pairs(2));
    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    const cut = await ask(`mutation ($id: ID!) { unlink(id: $id) { ${told} } }`, { id });
    expect(cut).toMatchObject({ data: { unlink: { link: { state: "DETACHED", customcrmId: "cus1", exactId: null, entity: { id } }, userErrors: [] } } });
    const again = await ask(`mutation ($id: ID!) { unlink(id: $id) { ${told} } }`, { id });
    expect(again.errors).toBeUndefined();
    expect(again.data.unlink).toMatchObject({ userErrors: [{ code: "NOT_LINKED", field: ["id"] }] });
    const none = await ask(`mutation { unlink(id: "acc_none") { ${told} } }`);
    expect(none.data.unlink).toMatchObject({ link: null, userErrors: [{ code: "NOT_FOUND" }] });
    const input = { type: "ACCOUNT", customcrmId: "cus1", exactId: guid(1) };
    const joined = await ask(`mutation ($input: LinkRecordsInput!) { linkRecords(input: $input) { ${told} } }`, { input });
    expect(joined.data.linkRecords).toMatchObject({ link: { state: "LINKED", origin: "MANUAL", exactId: guid(1) }, userErrors: [] });
  });

  it("choose, resolve, take back, retry and look again", async () => {
    await serve({
      customers: [customerRow(1), customerRow(2)],
      accounts: [accountRow(1), { ...accountRow(1), ID: guid(9) }, accountRow(2)],
      flows: (flows) => flows.map((flow) => ({ ...flow, rows: flow.rows.map((row) => (row.field === "phone" ? { ...row, policy: "MANUAL" } : row)) })),
    });
    const review = await world.of("ACCOUNT", "CUSTOMCRM", "cus1");
    const chosen = await ask(`mutation ($input: ChooseMatchInput!) { chooseMatch(input: $input) { ${told} } }`, {
      input: { id: review.id, choice: { recordId: guid(9) } },
    });
    expect(chosen.data.chooseMatch).toMatchObject({ link: { state: "LINKED", exactId: guid(9) }, userErrors: [] });

    const { id } = await world.of("ACCOUNT", "CUSTOMCRM", "cus2");
    world.customcrm.core.patch("Customer", "cus2", { Phone: "crm" });
    world.exact.core.editAccount(guid(2), { Phone: "exact" });
    await world.cycle();
    const resolve = `mutation ($input: ResolveConflictInput!) { resolveConflict(input: $input) { ${told} } }`;
    const both = await ask(resolve, { input: { id, field: "phone", take: { system: "EXACT", set: { value: "x" } } } });
    expect(both.errors?.[0]?.message).toContain("ConflictChoice");
    expect((await world.byId(id)).state).toBe("CONFLICT");
    const resolved = await ask(resolve, { input: { id, field: "phone", take: { set: { value: null } } } });
    expect(resolved.data.resolveConflict).toMatchObject({ link: { state: "LINKED", conflicts: [] }, userErrors: [] });
    expect(world.customer("cus2").Phone ?? null).toBeNull();

    const history = await ask(`query ($id: ID!) { account(by: { id: $id }) { link { history { nodes { id fields { field lost lostFrom } } } } } }`, { id });
    const { nodes } = (history.data.account as { link: { history: { nodes: { id: string; fields: { lostFrom: string | null }[] }[] } } }).link.history;
    const event = nodes.find((one) => one.fields.some(({ lostFrom }) => lostFrom === "EXACT"));
    const back = await ask(`mutation ($id: ID!) { takeBack(eventId: $id) { ${told} } }`, { id: event?.id });
    expect(back.data.takeBack).toMatchObject({ link: { state: "LINKED" }, userErrors: [] });

    const retried = await ask(`mutation ($ids: [ID!]!) { retry(ids: $ids) { ${told} } retryAll resolveConflicts(take: EXACT) }`, { ids: [id, "acc_none"] });
    expect(retried.data).toMatchObject({
      retry: [
        { link: { entity: { id } }, userErrors: [] },
        { link: null, userErrors: [{ code: "NOT_FOUND" }] },
      ],
      retryAll: 0,
      resolveConflicts: 0,
    });
    const looked = await ask(`mutation ($id: ID!) { syncEntity(id: $id) { ${told} } }`, { id });
    expect(looked.data.syncEntity).toMatchObject({ link: { state: "LINKED" }, userErrors: [] });
  });
});

describe("mutations of dataflows", { timeout: 60_000 }, () => {
  it("pause with a reason that everybody can read, and resume", async () => {
    await serve(pairs(1));
    const pause = `mutation ($reason: String!) { pauseDataflow(type: ACCOUNT, reason: $reason) { dataflow { type paused { code message } } userErrors { code field } } }`;
    expect((await ask(pause, { reason: " " })).data.pauseDataflow).toMatchObject({
      dataflow: { paused: null },
      userErrors: [{ code: "INVALID", field: ["reason"] }],
    });
    expect((await ask(pause, { reason: "Year end" })).data.pauseDataflow).toMatchObject({
      dataflow: { type: "ACCOUNT", paused: { code: "PAUSED", message: "Year end" } },
      userErrors: [],
    });
    const resumed = await ask(`mutation { resumeDataflow(type: ACCOUNT) { dataflow { paused { code } } userErrors { code } } }`);
    expect(resumed.data.resumeDataflow).toEqual({ dataflow: { paused: null }, userErrors: [] });
  });

  it("say of a first contact that a person must begin it", async () => {
    await serve({ ...pairs(1), firstContact: "review" });
    const { data } = await ask("{ dataflows { paused { code message } } }");
    expect((data.dataflows as { paused: { message: string } }[])[0]?.paused.message).toContain("First contact");
  });
});

describe("runs", { timeout: 60_000 }, () => {
  it("are started at once, planned page by page, and cancelled", async () => {
    await serve({ customers: [customerRow(1), customerRow(2), customerRow(3)], accounts: [accountRow(1)], firstContact: "review" });
    const started = await ask(`mutation { sync(input: { mode: FULL, dryRun: true }) { run { id state mode dryRun types } userErrors { code } } }`);
    expect(started.data.sync).toMatchObject({ run: { state: "QUEUED", mode: "FULL", dryRun: true, types: ["ACCOUNT", "CONTACT", "PRODUCT"] }, userErrors: [] });
    const { id } = (started.data.sync as { run: { id: string } }).run;
    await world.work();
    const plan =
      "plan(first: 1, after: $after, actions: [CREATE]) { totalCount nodes { kind label system fields { field after } reason } pageInfo { hasNextPage endCursor } }";
    const query = `query ($id: ID!, $after: String) { syncRun(id: $id) { state progress { created } cost { system writes seconds } ${plan} } }`;
    const first = (await ask(query, { id })).data.syncRun as { plan: { nodes: { label: string }[]; pageInfo: { endCursor: string } } };
    expect(first).toMatchObject({ state: "DONE", progress: { created: 2 }, plan: { totalCount: 2, pageInfo: { hasNextPage: true } } });
    const second = (await ask(query, { id, after: first.plan.pageInfo.endCursor })).data.syncRun as typeof first;
    expect(second).toMatchObject({ plan: { pageInfo: { hasNextPage: false } } });
    expect([first, second].map((one) => one.plan.nodes[0]?.label).sort()).toEqual(["Firm 2 (info@firm2.nl)", "Firm 3 (info@firm3.nl)"]);
    const other = (await ask(`mutation { sync(input: {}) { run { id mode dryRun } } }`)).data.sync as { run: { id: string } };
    expect(other.run).toMatchObject({ mode: "CHANGES", dryRun: false });
    const cancelled = await ask(`mutation ($id: ID!) { cancelSync(id: $id) { run { state } userErrors { code } } }`, { id: other.run.id });
    expect(cancelled.data.cancelSync).toEqual({ run: { state: "CANCELLED" }, userErrors: [] });
    const refused = await ask(
      `mutation { cancelSync(id: "none") { run { id } userErrors { code } } sync(input: { types: [] }) { run { id } userErrors { code } } }`,
    );
    expect(refused.data).toEqual({ cancelSync: { run: null, userErrors: [{ code: "NOT_FOUND" }] }, sync: { run: null, userErrors: [{ code: "INVALID" }] } });
  });
});
