import { afterEach, describe, expect, it } from "vitest";
import type { PlannedAction } from "../../src/domain/run.js";
import { entityTypes } from "../../src/domain/words.js";
import { costOf } from "../../src/sync/runs/cost.js";
import { accountRow, customerRow, guid, OperatorWorld, type OperatorWorldOptions } from "./operator-world.js";

let world: OperatorWorld;
afterEach(() => world?.stop());

/** Some of everything: pairs that agree and one that does not, a firm and people of one side, twins, and a product without a customer. */
const firms: OperatorWorldOptions = {
  customers: [customerRow(1, { Phone: "crm" }), customerRow(2), customerRow(3, { Name: "Only here" }), customerRow(4)],
  crmContacts: [
    { Id: "con1", CustomerId: "cus1", FirstName: "Eva", LastName: "Vos", Email: "eva@firm1.nl" },
    { Id: "con2", CustomerId: "cus3", FirstName: "Jan", LastName: "Smit", Email: "jan@only.nl" },
  ],
  products: [{ Id: "pro1", Name: "Drill" }],
  accounts: [accountRow(1, { Phone: "exact", City: "Delft" }), accountRow(2), accountRow(4), { ...accountRow(4), ID: guid(5) }],
  exactContacts: [{ ID: guid(21), Account: guid(1), FirstName: "Eva", LastName: "Vos", Email: "eva@firm1.nl" }],
};

async function plan(id: string): Promise<readonly PlannedAction[]> {
  return (await world.store.documents.slice<PlannedAction>("plan", id, 0, 1000)).items;
}
async function dryRun(input: Parameters<OperatorWorld["runs"]["start"]>[0] = { mode: "FULL" }) {
  const { id } = await world.runs.start({ ...input, dryRun: true });
  await world.work();
  return { run: await world.run(id), actions: await plan(id) };
}
async function realRun(input: Parameters<OperatorWorld["runs"]["start"]>[0] = { mode: "FULL" }) {
  const { id } = await world.runs.start(input);
  await world.work();
  return { run: await world.run(id), actions: await plan(id) };
}
/** What is done, whatever ids it is done with. */
const done = (actions: readonly PlannedAction[]) =>
  actions
    .filter(({ kind }) => ["LINK", "CREATE", "UPDATE", "DELETE", "DETACH", "ARCHIVE"].includes(kind))
    .map(({ kind, type, system, label, fields }) =>
      JSON.stringify({ kind, type, system, label, fields: fields.map(({ field, before, lost }) => [field, field === "account" ? "" : before, lost]) }),
    )
    .sort();
const kindsOf = (actions: readonly PlannedAction[], type: string) =>
  actions.filter((one) => one.type === type).map(({ kind, label }) => `${kind} ${label.split(" (")[0]}`);
const stored = async () => {
  const counts = await Promise.all(entityTypes.map((type) => world.store.entities.counts(type)));
  return counts.flatMap((one) => Object.values(one)).reduce((sum, count) => sum + count, 0);
};

describe("a dry run", { timeout: 60_000 }, () => {
  it("says what would be linked and on which key, created, updated field by field, left to a person, and what waits", async () => {
    world = await OperatorWorld.start({ ...firms, firstContact: "review" });
    const { run, actions } = await dryRun();
    expect(run).toMatchObject({ state: "DONE", problem: null, dryRun: true, progress: { linked: 3, created: 2 } });
    expect(run.finishedAt).not.toBeNull();
    expect(kindsOf(actions, "ACCOUNT").sort()).toEqual(
      ["CREATE Only here", "LINK Firm 1", "LINK Firm 2", "REVIEW Firm 4", "REVIEW Firm 4", "REVIEW Firm 4", "UPDATE Firm 1", "UPDATE Only here"].sort(),
    );
    // The contact of a firm that is still to be created is created after it.
    expect(kindsOf(actions, "CONTACT").sort()).toEqual(["CREATE Jan Smit", "LINK Eva Vos", "UPDATE Jan Smit"].sort());
    expect(kindsOf(actions, "PRODUCT")).toEqual(["WAIT Drill"]);
    const link = actions.find((one) => one.kind === "LINK" && one.label.startsWith("Firm 1"));
    expect(link).toMatchObject({ customcrmId: "cus1", exactId: guid(1), reason: expect.stringContaining("email and name") });
    expect(link?.fields.map((one) => one.field)).toEqual(["email", "name"]);
    const update = actions.find((one) => one.kind === "UPDATE" && one.label.startsWith("Firm 1"));
    expect(update?.fields).toContainEqual({
      field: "phone",
      before: expect.anything(),
      after: "crm",
      lost: "exact",
      lostFrom: "EXACT",
      decidedBy: "CUSTOMCRM",
    });
    expect(update?.fields).toContainEqual(expect.objectContaining({ field: "city", before: null, after: "Delft" }));
    const create = actions.find((one) => one.kind === "CREATE" && one.type === "ACCOUNT");
    expect(create).toMatchObject({ system: "EXACT", customcrmId: "cus3", exactId: null });
    expect(create?.fields).toContainEqual(expect.objectContaining({ field: "name", before: null, after: "Only here" }));
  });

  it("writes nothing: not to the systems, and not to what the gateway knows", async () => {
    world = await OperatorWorld.start(firms);
    await dryRun();
    expect(world.writes()).toEqual([]);
    expect(await stored()).toBe(0);
    expect(await world.store.feeds.countDirty()).toBe(0);
    expect(await world.store.feeds.get("EXACT", world.links.exact.feeds[0]?.name ?? "")).toMatchObject({ position: null, polledAt: null });
  });

  it("is what the run after it does, and costs the writes that it said", async () => {
    world = await OperatorWorld.start(firms);
    const dry = await dryRun();
    const real = await realRun();
    expect(real.run).toMatchObject({ state: "DONE", dryRun: false });
    expect(done(real.actions)).toEqual(done(dry.actions));
    const { read: _, total: __, etaSeconds: ___, unchanged: ____, ...counts } = dry.run.progress;
    expect(real.run.progress).toMatchObject(counts);
    const written = (system: string) => dry.run.cost.find((one) => one.system === system)?.writes;
    const calls = (log: { all(): readonly { method: string; path: string }[] }) =>
      log.all().filter((call) => ["POST", "PUT", "PATCH", "DELETE"].includes(call.method) && !call.path.includes("oauth")).length;
    expect([written("EXACT"), written("CUSTOMCRM")]).toEqual([calls(world.exact.calls), calls(world.customcrm.calls)]);
    expect(written("EXACT")).toBeGreaterThan(0);
  });

  it("after that run has nothing left to do", async () => {
    world = await OperatorWorld.start(firms);
    await realRun();
    const { actions, run } = await dryRun();
    expect(done(actions)).toEqual([]);
    expect(run.progress).toMatchObject({ linked: 0, created: 0, updated: 0, review: 3 });
    expect(run.progress.unchanged).toBeGreaterThan(0);
  });

  it("shows the edits since the last poll without taking them from the run that follows", async () => {
    world = await OperatorWorld.start(firms);
    await world.cycle();
    world.customcrm.core.patch("Customer", "cus2", { Phone: "020 7" });
    world.exact.core.deleteContact(guid(21));
    const dry = await dryRun({ mode: "CHANGES" });
    expect(kindsOf(dry.actions, "ACCOUNT").filter((one) => one.startsWith("UPDATE"))).toEqual(["UPDATE Firm 2"]);
    expect(kindsOf(dry.actions, "CONTACT")).toEqual(["DETACH Eva Vos"]);
    expect(world.account(guid(2))?.Phone ?? null).toBeNull();
    const real = await realRun({ mode: "CHANGES" });
    expect(done(real.actions)).toEqual(done(dry.actions));
    expect(world.account(guid(2))?.Phone).toBe("020 7");
  });

  it("tells of the types that were asked for only", async () => {
    world = await OperatorWorld.start(firms);
    const { actions, run } = await dryRun({ mode: "FULL", types: ["PRODUCT"] });
    expect(new Set(actions.map((one) => one.type))).toEqual(new Set(["PRODUCT"]));
    expect(run.types).toEqual(["PRODUCT"]);
  });
});

describe("a run", { timeout: 60_000 }, () => {
  it("that is cancelled before it began does nothing", async () => {
    world = await OperatorWorld.start(firms);
    const { id } = await world.runs.start({ mode: "FULL" });
    expect(await world.runs.cancel(id)).toMatchObject({ state: "CANCELLED" });
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "CANCELLED", progress: { read: 0 } });
    expect(world.writes()).toEqual([]);
    expect(await world.runs.cancel("none")).toBeNull();
  });

  it.each([true, false])("that is cancelled while it runs stops (dry: %s)", async (isDry) => {
    world = await OperatorWorld.start(firms);
    world.exact.faults.add({ path: "/api/v1/", fault: { kind: "slow", ms: 300_000 } });
    const { id } = await world.runs.start({ mode: "FULL", dryRun: isDry });
    const working = world.work();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await world.run(id)).state).toBe("RUNNING");
    await world.runs.cancel(id);
    await working;
    expect(await world.run(id)).toMatchObject({ state: "CANCELLED", problem: null });
    // One that is over stays as it is.
    expect(await world.runs.cancel(id)).toMatchObject({ state: "CANCELLED" });
  });

  it.each([true, false])("that a process has left goes on in the next one (dry: %s)", async (isDry) => {
    world = await OperatorWorld.start(firms);
    world.exact.faults.add({ path: "/api/v1/", fault: { kind: "slow", ms: 300_000 } });
    const { id } = await world.runs.start({ mode: "FULL", dryRun: isDry });
    const ending = new AbortController();
    const working = world.work(ending.signal).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    ending.abort();
    await working;
    expect((await world.run(id)).state).toBe("RUNNING");
    world.exact.faults.clear();
    world.restart();
    await world.runs.resume();
    await world.work();
    const run = await world.run(id);
    expect(run).toMatchObject({ state: "DONE", progress: { linked: 3, created: 2 } });
    expect(
      kindsOf(await plan(id), "ACCOUNT")
        .filter((one) => one.startsWith("LINK"))
        .sort(),
    ).toEqual(["LINK Firm 1", "LINK Firm 2"]);
    expect((await world.store.entities.counts("ACCOUNT")).LINKED).toBe(isDry ? 0 : 3);
  });

  it("fails with the system's own words when it can't be read, and says so", async () => {
    world = await OperatorWorld.start(firms);
    await world.exact.setDown(true);
    const { run } = await dryRun();
    expect(run).toMatchObject({ state: "FAILED", problem: { code: "SYSTEM_UNAVAILABLE" } });
    expect(run.finishedAt).not.toBeNull();
  });
});

describe("the cost of a plan", () => {
  const window = (name: string, limit: number | null, remaining: number | null = limit) => ({ window: name, endpoint: null, limit, remaining, resetsAt: null });
  it.each([
    ["goes by the minute while the day lasts", { reads: 2, writes: 40 }, [window("minute", 60), window("day", 5000)], 60],
    [
      "takes another day for each day's share beyond what is left",
      { reads: 0, writes: 3_510 },
      [window("minute", 60), window("day", 5000, 0)],
      86_400 + Math.ceil(86_400) + Math.ceil(10 / 0.7),
    ],
    ["assumes a modest pace where the system says nothing", { reads: 5, writes: 5 }, [], 2],
    ["is nothing for nothing", { reads: 0, writes: 0 }, [window("minute", 60)], 0],
  ])("%s", (_what, calls, budget, seconds) => {
    expect(costOf("EXACT", calls, budget)).toEqual({ system: "EXACT", ...calls, seconds });
  });
});
