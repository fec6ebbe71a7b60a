import { afterEach, describe, expect, it } from "vitest";
import type { Dataflow } from "../../src/domain/dataflow.js";
import { defaultSettings } from "../../src/domain/settings.js";
import { MemoryStore } from "../../src/store/memory.js";
import { Actions } from "../../src/sync/actions.js";
import { Guard, guardVerdict } from "../../src/sync/guards.js";
import { plan } from "../../src/sync/plan.js";
import { dataflowState } from "../../src/sync/policy.js";
import { account, at, gone, intentOf, now, pair } from "./decide-helpers.js";
import { guid, OperatorWorld, type OperatorWorldOptions, pairs } from "./operator-world.js";
import { exactId, SubmitWorld } from "./submit-world.js";

let world: OperatorWorld;
afterEach(() => world?.stop());

const { deletions, creates } = defaultSettings.guards;
describe("guardVerdict", () => {
  it.each([
    ["goes on up to the number, however few there are", { done: 20, links: 20 }, deletions, "go"],
    ["holds beyond the number and beyond the part", { done: 21, links: 400 }, deletions, "hold"],
    ["goes on beyond the number while that is a small part", { done: 21, links: 420 }, deletions, "go"],
    ["holds what makes a small world much larger", { done: 51, links: 500 }, creates, "hold"],
    ["lets a large world grow", { done: 51, links: 510 }, creates, "go"],
    ["goes on up to the number where nothing is linked yet", { done: 50, links: 0 }, creates, "go"],
  ] as const)("%s", (_what, counts, level, verdict) => {
    expect(guardVerdict(counts, level)).toBe(verdict);
  });
});

const paused = async () => (await dataflowState(world.store, "ACCOUNT", world.firstContact)).state;
const counts = () => world.store.entities.counts("ACCOUNT");
const accounts = () => [...world.exact.core.accounts.all()].length;

async function filled(count: number, options: OperatorWorldOptions = {}): Promise<void> {
  world = await OperatorWorld.start({ ...pairs(count), ...options });
  await world.cycle();
  expect((await counts()).LINKED).toBe(count);
}
const onDelete = (policy: Dataflow["onDelete"]) => ({ flows: (flows: readonly Dataflow[]) => flows.map((flow) => ({ ...flow, onDelete: policy })) });

describe("an archive", () => {
  it("counts though another write to its record was given up, and not again when it is tried again (R10)", async () => {
    const clock = () => now;
    const levels = { ...defaultSettings.guards, deletions: { count: 0, percent: 0 } };
    const guard = new Guard({ store: new MemoryStore({ clock }), clock, levels, firstContact: "review" });
    const agreed = { name: "Acme" };
    const givenUp = intentOf({ system: "CUSTOMCRM", operation: "UPDATE", sentAt: at(-600), givenUpAt: at(-10) });
    const observation = pair({ agreed, customcrm: agreed, exact: agreed, flow: { ...account, onDelete: "ARCHIVE" }, entity: { intents: [givenUp] } });
    const planned = plan({ ...observation, sides: { ...observation.sides, CUSTOMCRM: gone() } });
    expect(planned.kind).toBe("ARCHIVE");
    expect(await guard.check(observation.entity, planned)).toBe("hold");
    const ending = intentOf({ system: "EXACT", operation: "UPDATE", extra: { EndDate: "2026-03-02T00:00:00" } });
    expect(await guard.check({ ...observation.entity, intents: [givenUp, ending] }, planned)).toBe("go");
    // It has ended in Exact, and is left alone from here on.
    expect(await guard.check({ ...observation.entity, intents: [givenUp, ending] }, { ...planned, kind: "DETACH", writes: [] })).toBe("go");
  });
});

describe("a detachment", () => {
  it("that follows from the undoing of a mutation is held as well, and goes on when a person resumes the dataflow (R10)", async () => {
    const both = await SubmitWorld.start();
    const levels = { ...defaultSettings.guards, deletions: { count: 0, percent: 0 } };
    const guard = new Guard({ store: both.store, clock: () => both.clock.now(), levels, firstContact: "live" });
    const parts = { ...both.parts(), guard: guard.check.bind(guard) };
    await both.settle();
    await guard.quiet();
    const id = await both.idOf("Bakkerij Smit");
    both.exactFault("PUT", { kind: "reset-after" });
    await both.update("ACCOUNT", id, { phone: "010-9" }, { onPartialFailure: "ROLLBACK" });
    both.customcrm.core.remove("Customer", "c2");
    await both.settle(parts);
    expect(both.inExact(exactId(2))?.Phone).toBe("010-2");
    expect(await both.entity(id)).toMatchObject({ state: "PENDING", problem: { code: "PAUSED" }, records: { CUSTOMCRM: "c2" } });
    expect((await dataflowState(both.store, "ACCOUNT", "live")).state).toMatchObject({ paused: { code: "GUARD" }, guarded: ["deletions"] });
    await new Actions({ ...parts, firstContact: "live" }).resumeDataflow("ACCOUNT", "APPLY");
    await both.settle(parts);
    expect(await both.entity(id)).toMatchObject({ state: "DETACHED", records: { CUSTOMCRM: null, EXACT: exactId(2) } });
    await both.stop();
  });
});

describe("a night with 500 deletions", { timeout: 240_000 }, () => {
  it("stops after the first few, and three mutations put things right", async () => {
    await filled(550, onDelete("PROPAGATE"));
    for (let n = 1; n <= 500; n++) world.exact.core.deleteAccount(guid(n));
    await world.cycle();
    expect((await paused()).paused).toMatchObject({ code: "GUARD", message: expect.stringContaining("deletions") });
    // 5 % of 550 are 27: so many went through before.
    const left = world.customcrm.core.all("Customer").length;
    expect(left).toBe(550 - 27);
    expect(world.fired.length).toBeGreaterThan(0);
    await world.cycle();
    expect(world.customcrm.core.all("Customer").length).toBe(left);

    await world.actions.resumeDataflow("ACCOUNT", "DISCARD");
    expect(world.customcrm.core.all("Customer").length).toBe(left);
    expect((await counts()).DETACHED).toBe(left - 50);
    expect(await world.actions.retryAll(["ACCOUNT"], "DELETED_ELSEWHERE", null)).toBe(left - 50);
    await world.settle();
    const { id } = await world.runs.start({ mode: "FULL" });
    await world.work();
    expect(await world.run(id)).toMatchObject({ state: "DONE" });
    expect(await counts()).toMatchObject({ LINKED: left, DETACHED: 0, PENDING: 0 });
    expect(accounts()).toBe(left);
    expect((await paused()).paused).toBeNull();
  });
});

describe("the guard of deletions", { timeout: 120_000 }, () => {
  it("with APPLY lets all that is held go, without counting it again", async () => {
    await filled(60, onDelete("PROPAGATE"));
    for (let n = 1; n <= 40; n++) world.exact.core.deleteAccount(guid(n));
    await world.cycle();
    expect(world.customcrm.core.all("Customer").length).toBe(40);
    await world.actions.resumeDataflow("ACCOUNT", "APPLY");
    await world.settle();
    expect(world.customcrm.core.all("Customer").length).toBe(20);
    expect(await counts()).toMatchObject({ LINKED: 20, PENDING: 0 });
    expect((await paused()).paused).toBeNull();
    // Once that is done it counts again.
    for (let n = 41; n <= 60; n++) world.exact.core.deleteAccount(guid(n));
    world.exact.core.createAccount({ Name: "Another" });
    await world.cycle();
    expect((await paused()).paused).toBeNull();
  });

  it("counts detachments alike, over 24 hours and a restart, and forgets them after that", async () => {
    await filled(60);
    const night = async (from: number, to: number) => {
      for (let n = from; n <= to; n++) world.exact.core.deleteAccount(guid(n));
      await world.cycle();
    };
    await night(1, 15);
    world.restart();
    await world.clock.advance(25 * 3_600_000);
    await night(16, 30);
    expect((await paused()).paused).toBeNull();
    await world.clock.advance(3_600_000);
    world.restart();
    await night(31, 40);
    expect((await paused()).paused).toMatchObject({ code: "GUARD" });
    expect(await counts()).toMatchObject({ DETACHED: 35, LINKED: 20 });
  });

  it("does not count what a person deletes or cuts", async () => {
    await filled(30);
    for (let n = 1; n <= 30; n++) await world.actions.unlink((await world.of("ACCOUNT", "EXACT", guid(n))).id, null);
    await world.settle();
    expect((await paused()).paused).toBeNull();
  });
});

describe("the guard of creates", { timeout: 120_000 }, () => {
  const importRows = (count: number) => {
    for (let n = 1; n <= count; n++) world.customcrm.core.create("Customer", { Name: `Imported ${n}` });
  };

  it("holds an import that is out of proportion; APPLY lets it go, DISCARD leaves it alone", async () => {
    await filled(20);
    importRows(70);
    await world.cycle();
    expect((await paused()).paused).toMatchObject({ code: "GUARD", message: expect.stringContaining("creates") });
    expect(accounts()).toBe(70);
    // Of the seventy, those that were being made when it fired wait with the rest: Customcrm is told their ids when the dataflow is resumed.
    const { LINKED, PENDING } = await counts();
    expect(LINKED + PENDING).toBe(90);
    expect(PENDING).toBeGreaterThanOrEqual(20);
    expect(LINKED).toBeGreaterThanOrEqual(20);
    await world.actions.resumeDataflow("ACCOUNT", "DISCARD");
    await world.settle();
    expect(accounts()).toBe(70);
    expect(await counts()).toMatchObject({ LINKED: 70, PENDING: 0, UNLINKED: 20 });
  });

  it("with APPLY creates all of it", async () => {
    await filled(20);
    importRows(70);
    await world.cycle();
    await world.actions.resumeDataflow("ACCOUNT", "APPLY");
    await world.settle();
    expect(accounts()).toBe(90);
    expect((await paused()).paused).toBeNull();
  });

  it("does not count the first fill, nor what a person has confirmed as a plan", async () => {
    const customers = pairs(80).customers;
    world = await OperatorWorld.start({ customers });
    await world.cycle();
    expect(accounts()).toBe(80);
    await world.stop();
    world = await OperatorWorld.start({ customers, firstContact: "review" });
    await world.cycle();
    expect(accounts()).toBe(0);
    await world.actions.resumeDataflow("ACCOUNT", "APPLY");
    await world.settle();
    expect(accounts()).toBe(80);
    expect((await paused()).paused).toBeNull();
  });
});

describe("a side that reads as empty", { timeout: 120_000 }, () => {
  it("pauses the dataflow and deletes nothing, however often it is read", async () => {
    await filled(12);
    world.exact.faults.add({ path: "/api/v1/", method: "GET", fault: { kind: "empty-list" } });
    for (let times = 0; times < 3; times++) await world.engine.compare("EXACT");
    await world.settle();
    expect((await paused()).paused).toMatchObject({ code: "GUARD", message: expect.stringContaining("Exact Online shows no record where 12 links were") });
    expect(await counts()).toMatchObject({ LINKED: 12, DETACHED: 0 });
    world.exact.faults.clear();
    await world.actions.resumeDataflow("ACCOUNT", "APPLY");
    await world.cycle();
    expect(await counts()).toMatchObject({ LINKED: 12 });
    expect((await paused()).paused).toBeNull();
  });
});
