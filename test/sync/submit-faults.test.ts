import { afterEach, describe, expect, it } from "vitest";
import type { NewFaultRule } from "../../src/sandbox/kit/index.js";
import { Engine } from "../../src/sync/engine.js";
import type { Submitted } from "../../src/sync/submit.js";
import { codesOf, exactId, SubmitWorld, type WorldOptions, withMethods, writesOf } from "./submit-world.js";

const worlds: SubmitWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) {
    expect(world.faultsOfOurs).toEqual([]);
    await world.stop();
  }
});
const start = async (options: WorldOptions = {}): Promise<SubmitWorld> => {
  const world = await SubmitWorld.start(options);
  worlds.push(world);
  return world;
};

const refusedByExact = { kind: "status", status: 500, body: { error: { code: "", message: { lang: "", value: "Ongeldig: Telefoon" } } } } as const;
const refusedByCustomcrm = {
  kind: "status",
  status: 422,
  body: { type: "urn:customcrm:validation-failed", title: "Not valid", status: 422, errors: [{ property: "Phone", message: "Phone is odd." }] },
} as const;

type Fault = NewFaultRule["fault"];
/** What leaves open whether a write has happened, and whether it has. */
const lost: readonly (readonly [string, Fault, boolean])[] = [
  ["an answer that never comes, and no effect", { kind: "hang" }, false],
  ["an answer that never comes after the effect", { kind: "hang", effect: true }, true],
  ["a reset before", { kind: "reset-before" }, false],
  ["a reset after the effect", { kind: "reset-after" }, true],
  ["half an answer", { kind: "half-body" }, true],
  ["a page of a proxy", { kind: "html-502" }, false],
  ["a page of a proxy after the effect", { kind: "html-502", effect: true }, true],
  ["500 without JSON", { kind: "status", status: 500, body: "oops" }, false],
  ["503", { kind: "status", status: 503 }, false],
  ["a write that lands half a minute later", { kind: "late", ms: 30_000 }, false],
];
/** What certainly did not happen, and may be tried again. */
const passing: readonly (readonly [string, Fault])[] = [
  ["401", { kind: "status", status: 401 }],
  ["403", { kind: "status", status: 403 }],
];

describe("the first side, Exact, refuses for good", () => {
  it("an update: nothing was changed anywhere, in the system's own words", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.exactFault("PUT", refusedByExact);
    world.startCounting();
    const done = await world.update("ACCOUNT", id, { phone: "odd", city: "Delft" });
    expect(done).toMatchObject({
      status: "REJECTED",
      userErrors: [{ code: "REFUSED_BY_SYSTEM", system: "EXACT", message: expect.stringContaining("Ongeldig: Telefoon") }],
    });
    expect(writesOf(done.operation)).toEqual(["EXACT REJECTED", "CUSTOMCRM NOT_SENT"]);
    expect(world.calls()).toEqual({ exact: ["GET", "PUT"], customcrm: [] });
    expect(done.entity).toMatchObject({ state: "LINKED", problem: null, wanted: null, fields: { phone: "010-1", city: null } });
    await world.calm();
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-1" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-1" });
    expect(await world.history(id)).toContainEqual(expect.stringContaining("REFUSED by EXACT: phone odd → 010-1 (lost odd)"));
  });

  it("a create: the entity is gone again, and no record is left", async () => {
    const world = await start();
    const before = world.census();
    world.exactFault("POST", refusedByExact);
    const done = await world.create("ACCOUNT", { name: "Odd BV" });
    expect(done).toMatchObject({ status: "REJECTED", entity: null });
    expect(writesOf(done.operation)).toEqual(["EXACT REJECTED", "CUSTOMCRM NOT_SENT"]);
    await world.calm();
    expect(world.census()).toEqual(before);
    expect((await world.store.entities.list({ type: "ACCOUNT", name: { equals: "Odd BV" }, terms: {}, order: "NAME_ASC" }, 5, null)).entities).toEqual([]);
  });

  it("a delete: nothing is half gone", async () => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    world.exactFault("DELETE", refusedByExact);
    const done = await world.remove("CONTACT", id);
    expect(done).toMatchObject({ status: "REJECTED", userErrors: [{ code: "REFUSED_BY_SYSTEM", system: "EXACT" }], entity: { state: "LINKED", wanted: null } });
    expect(writesOf(done.operation)).toEqual(["EXACT REJECTED", "CUSTOMCRM NOT_SENT"]);
    await world.calm();
    expect(world.inCustomcrm("p1", "Contact")).not.toBeNull();
    expect(await world.entity(id)).toMatchObject({ state: "LINKED" });
  });
});

describe("the second side, Customcrm, refuses for good", () => {
  it("an update: Exact is put back", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.customcrmFault("PATCH", refusedByCustomcrm);
    world.startCounting();
    const done = await world.update("ACCOUNT", id, { phone: "odd" });
    expect(done.status).toBe("REJECTED");
    expect(writesOf(done.operation)).toEqual(["EXACT ROLLED_BACK", "CUSTOMCRM REJECTED"]);
    expect(codesOf(done)).toEqual(["REFUSED_BY_SYSTEM", "ROLLED_BACK"]);
    expect(done.userErrors[0]).toMatchObject({ field: ["phone"], system: "CUSTOMCRM", message: expect.stringContaining("Phone is odd.") });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-1" });
    expect(done.entity).toMatchObject({ state: "LINKED", fields: { phone: "010-1" }, wanted: null });
    world.startCounting();
    await world.calm();
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-1" });
    expect([...world.calls().exact, ...world.calls().customcrm].filter((method) => method !== "GET")).toEqual([]);
    expect(await world.history(id)).toContainEqual(expect.stringContaining("ROLLED_BACK by CUSTOMCRM: phone odd → 010-1 (lost odd)"));
  });

  it("a create: the record in Exact is deleted again, and the entity is gone", async () => {
    const world = await start();
    const before = world.census();
    world.customcrmFault("POST", refusedByCustomcrm);
    const done = await world.create("ACCOUNT", { name: "Odd BV", phone: "odd" });
    expect(done).toMatchObject({ status: "REJECTED", entity: null });
    expect(writesOf(done.operation)).toEqual(["EXACT ROLLED_BACK", "CUSTOMCRM REJECTED"]);
    expect(world.census()).toEqual(before);
    await world.calm();
    expect(world.census()).toEqual(before);
  });

  it("a delete: PARTIAL, and what is left is DETACHED", async () => {
    const world = await start();
    const id = await world.idOf("Eva Vos", "CONTACT");
    world.customcrmFault("DELETE", { kind: "status", status: 409, body: { type: "urn:customcrm:has-dependents", title: "In use", status: 409 } });
    const done = await world.remove("CONTACT", id);
    expect(done).toMatchObject({
      status: "PARTIAL",
      userErrors: [{ code: "REFERENCED", system: "CUSTOMCRM" }],
      entity: { state: "DETACHED", records: { EXACT: null } },
    });
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM REJECTED"]);
    await world.calm();
    expect(await world.entity(id)).toMatchObject({ state: "DETACHED" });
    expect(world.inCustomcrm("p1", "Contact")).not.toBeNull();
  });

  it("and somebody has edited the field in Exact meanwhile: PARTIAL, and nothing of theirs is lost", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.customcrmFault("PATCH", refusedByCustomcrm);
    const exact = world.connectors.EXACT;
    const customcrm = world.connectors.CUSTOMCRM;
    const parts = world.parts();
    const nosy = withMethods(customcrm, {
      update: async (...given) => {
        world.exact.core.editAccount(exactId(1), { Phone: "010-7" });
        return customcrm.update(...given);
      },
    });
    const done = await world.submit(
      { kind: "UPDATE", type: "ACCOUNT", id, fields: { phone: "odd" } },
      { ...parts, connectors: { EXACT: exact, CUSTOMCRM: nosy } },
    );
    expect(done.status).toBe("PARTIAL");
    expect(done.userErrors[0]?.message).toContain("Somebody has changed phone since");
    await world.calm();
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-7" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-7" });
  });

  it("and Exact does not take back the record it had made: PARTIAL, FAILED, and both are told", async () => {
    const world = await start();
    world.customcrmFault("POST", refusedByCustomcrm);
    world.exactFault("DELETE", refusedByExact);
    const done = await world.create("ACCOUNT", { name: "Odd BV", phone: "odd" });
    expect(done).toMatchObject({ status: "PARTIAL", entity: { state: "FAILED", problem: { code: "REFUSED_BY_SYSTEM" } } });
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM REJECTED"]);
    world.startCounting();
    await world.calm();
    expect(world.calls().customcrm.filter((method) => method !== "GET")).toEqual([]);
    expect(await world.entity(done.entity?.id ?? "")).toMatchObject({ state: "FAILED" });
  });
});

describe("a write whose answer is lost", () => {
  const expectOnBoth = (world: SubmitWorld, phone: string) => {
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: phone });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: phone });
  };
  const pending = async (world: SubmitWorld, done: Submitted) => {
    expect(done).toMatchObject({ status: "PENDING", userErrors: [], operation: { finishedAt: null } });
    expect(done.entity).toMatchObject({ fields: { phone: "010-9" } });
    await world.calm();
    return world.operation(done.operation?.id);
  };

  /** A change that Exact has taken, the answer to which was lost, and that no feed has shown yet. */
  const lostUnseen = async (world: SubmitWorld, onPartialFailure: "ROLLBACK" | "RETRY") => {
    world.exactFault("PUT", { kind: "reset-after" });
    const id = await world.idOf("Vos Metaal");
    const done = await world.update("ACCOUNT", id, { phone: "010-9" }, { onPartialFailure });
    expect(done.status).toBe("PENDING");
    return { id, operationId: done.operation?.id };
  };
  /** Time goes by, and what is due is settled; no feed is read. */
  const withoutFeeds = async (world: SubmitWorld, ms: number) => {
    await world.clock.advance(ms);
    const engine = new Engine(world.parts());
    await engine.sweep();
    await engine.drain();
  };

  it.each(lost)("an update in Exact, %s: PENDING, then APPLIED", async (_, fault) => {
    const world = await start();
    world.exactFault("PUT", fault);
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" });
    expect(done.operation?.writes[0]).toMatchObject({ system: "EXACT", status: "PENDING", nextAttemptAt: expect.any(String) });
    expect(await pending(world, done)).toMatchObject({ status: "APPLIED", finishedAt: expect.any(String) });
    expectOnBoth(world, "010-9");
  });

  it.each(lost)("an update in Customcrm, %s: PENDING, then APPLIED", async (_, fault) => {
    const world = await start();
    world.customcrmFault("PATCH", fault);
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" });
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM PENDING"]);
    expect(await pending(world, done)).toMatchObject({ status: "APPLIED" });
    expectOnBoth(world, "010-9");
  });

  it.each(lost)("a create in Exact, %s: PENDING, then APPLIED, and never twice", async (_, fault) => {
    const world = await start();
    const before = world.census();
    world.exactFault("POST", fault);
    const done = await world.create("ACCOUNT", { name: "Nieuw BV", phone: "010-9" });
    expect(await pending(world, done)).toMatchObject({ status: "APPLIED" });
    expect(world.census()).toEqual({ exact: before.exact + 1, customcrm: before.customcrm + 1 });
    expect(await world.entity(done.entity?.id ?? "")).toMatchObject({ state: "LINKED" });
  });

  it.each(lost)("a create in Customcrm, %s: PENDING, then APPLIED, and never twice", async (_, fault) => {
    const world = await start();
    const before = world.census();
    world.customcrmFault("POST", fault);
    const done = await world.create("ACCOUNT", { name: "Nieuw BV", phone: "010-9" });
    expect(await pending(world, done)).toMatchObject({ status: "APPLIED" });
    expect(world.census()).toEqual({ exact: before.exact + 1, customcrm: before.customcrm + 1 });
  });

  it.each(lost)("a delete in either system, %s: PENDING, then gone on both sides", async (_, fault) => {
    for (const system of ["exact", "customcrm"] as const) {
      const world = await start();
      const id = await world.idOf("Eva Vos", "CONTACT");
      if (system === "exact") world.exactFault("DELETE", fault);
      else world.customcrmFault("DELETE", fault);
      const done = await world.remove("CONTACT", id);
      expect(done.status).toBe("PENDING");
      await world.calm();
      expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
      expect(world.inExact(exactId(9), "Contacts")).toBeNull();
      expect(world.inCustomcrm("p1", "Contact")).toBeNull();
      expect(await world.entity(id)).toBeNull();
    }
  });

  it.each(lost)("with ROLLBACK, an update in Exact, %s: REJECTED once nothing of it can land, and no trace", async (_, fault, hasEffect) => {
    const world = await start();
    world.exactFault("PUT", fault);
    const id = await world.idOf("Vos Metaal");
    const done = await world.update("ACCOUNT", id, { phone: "010-9" }, { onPartialFailure: "ROLLBACK" });
    expect(done.status).toBe("PENDING");
    await world.later(1_000);
    // What is seen to have landed is undone at once; what is not seen may still come.
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: hasEffect ? "REJECTED" : "PENDING" });
    await world.calm();
    const ended = await world.operation(done.operation?.id);
    expect(ended).toMatchObject({ status: "REJECTED", userErrors: [{ code: "SYSTEM_UNAVAILABLE" }, ...(ended?.userErrors.slice(1) ?? [])] });
    expectOnBoth(world, "010-1");
    expect(await world.entity(id)).toMatchObject({ state: "LINKED", fields: { phone: "010-1" }, wanted: null });
  });

  it("with ROLLBACK, that no feed has shown by the end of its quarantine: the record is read before anybody says that nothing stands", async () => {
    const world = await start();
    const { id, operationId } = await lostUnseen(world, "ROLLBACK");
    await withoutFeeds(world, 70_000);
    expect(await world.operation(operationId)).toMatchObject({ status: "REJECTED" });
    expectOnBoth(world, "010-1");
    expect(await world.entity(id)).toMatchObject({ state: "LINKED", fields: { phone: "010-1" }, intents: [] });
  });

  it.each(["ROLLBACK", "RETRY"] as const)("with %s, and its record can't be read: nothing is said or sent until it can", async (onPartialFailure) => {
    const world = await start();
    const { id, operationId } = await lostUnseen(world, onPartialFailure);
    world.exactFault("GET", { kind: "status", status: 503 }, { times: 100 });
    world.startCounting();
    await withoutFeeds(world, 70_000);
    await withoutFeeds(world, 40_000);
    expect(await world.operation(operationId)).toMatchObject({ status: "PENDING" });
    expect(await world.entity(id)).toMatchObject({ problem: { code: "QUARANTINE", message: expect.stringContaining("could not be read since") } });
    const { exact, customcrm } = world.calls();
    expect([...exact, ...customcrm].filter((method) => method !== "GET")).toEqual([]);
    await world.calm();
    const isUndone = onPartialFailure === "ROLLBACK";
    expect(await world.operation(operationId)).toMatchObject({ status: isUndone ? "REJECTED" : "APPLIED" });
    expectOnBoth(world, isUndone ? "010-1" : "010-9");
  });

  it("a 200 with a body that nobody needs is no lost answer", async () => {
    const world = await start();
    world.exactFault("PUT", { kind: "garbage" });
    expect((await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" })).status).toBe("APPLIED");
    expectOnBoth(world, "010-9");
  });

  it.each(lost)("with ROLLBACK, a create in Exact, %s: both sides end as they were", async (_, fault) => {
    const world = await start();
    const before = world.census();
    world.exactFault("POST", fault);
    const done = await world.create("ACCOUNT", { name: "Nieuw BV", phone: "010-9" }, { onPartialFailure: "ROLLBACK" });
    expect(done.status).toBe("PENDING");
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "REJECTED" });
    expect(world.census()).toEqual(before);
    expect(await world.entity(done.entity?.id ?? "")).toBeNull();
  });

  it.each(lost)("with ROLLBACK, a create in Customcrm, %s: both sides end as they were", async (_, fault) => {
    const world = await start();
    const before = world.census();
    world.customcrmFault("POST", fault);
    const done = await world.create("ACCOUNT", { name: "Nieuw BV", phone: "010-9" }, { onPartialFailure: "ROLLBACK" });
    expect(done.status).toBe("PENDING");
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "REJECTED" });
    expect(world.census()).toEqual(before);
    expect(await world.entity(done.entity?.id ?? "")).toBeNull();
  });
});

describe("a read that fails, whatever way", () => {
  const reads: readonly (readonly [string, Fault])[] = [
    ["never answered", { kind: "hang" }],
    ["reset", { kind: "reset-before" }],
    ["half an answer", { kind: "half-body" }],
    ["a page of a proxy", { kind: "html-502" }],
    ["an answer that can't be read", { kind: "garbage" }],
    ["500 with JSON", refusedByExact],
    ["500 without", { kind: "status", status: 500 }],
    ["400", { kind: "status", status: 400, body: { error: { code: "", message: { lang: "", value: "Bad Request" } } } }],
    ["404", { kind: "status", status: 404 }],
    ["403", { kind: "status", status: 403 }],
    ["a list that says there is nothing", { kind: "empty-list" }],
  ];

  it.each(reads)("before an update in Exact: %s", async (_, fault) => {
    const world = await start();
    // A read that is reset is repeated once; the second one fails as well.
    world.exactFault("GET", fault, { times: 2 });
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" });
    expect(["PENDING", "APPLIED"]).toContain(done.status);
    if (done.status === "PENDING") {
      expect(done.operation?.writes[0]).toMatchObject({ status: "PENDING", error: expect.any(String), nextAttemptAt: expect.any(String) });
      // An empty list is no proof that the record is gone: the write tells.
      if (fault.kind !== "empty-list") expect(world.calls().exact).not.toContain("PUT");
    }
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect([world.inExact(exactId(1))?.Phone, world.inCustomcrm("c1")?.Phone]).toEqual(["010-9", "010-9"]);
  });

  it.each(reads)("after an update in Exact: %s", async (_, fault) => {
    const world = await start();
    world.exactFault("GET", fault, { nth: 2, times: 2 });
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" });
    // Taken, and not read back: that is not known yet (R5).
    expect(["PENDING", "APPLIED"]).toContain(done.status);
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect([world.inExact(exactId(1))?.Phone, world.inCustomcrm("c1")?.Phone]).toEqual(["010-9", "010-9"]);
  });

  it.each(reads)("before a create: %s", async (_, fault) => {
    const world = await start();
    const before = world.census();
    world.exactFault("GET", fault, { times: 2 });
    const done = await world.create("ACCOUNT", { name: "Nieuw BV", vatNumber: "NL42" });
    expect(["PENDING", "APPLIED"]).toContain(done.status);
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
    expect(world.census()).toEqual({ exact: before.exact + 1, customcrm: before.customcrm + 1 });
  });

  it.each(reads)("before an account is deleted: %s", async (_, fault) => {
    const world = await start();
    world.exactFault("GET", fault, { times: 2 });
    const done = await world.remove("ACCOUNT", await world.idOf("Bakkerij Smit"));
    // Who can't look whether something refers to it deletes nothing.
    if (fault.kind === "empty-list") expect(done.status).toBe("APPLIED");
    else {
      expect(done).toMatchObject({ status: "REJECTED", operation: null });
      expect(["SYSTEM_UNAVAILABLE", "RATE_LIMITED"]).toContain(done.userErrors[0]?.code);
      expect([world.inExact(exactId(2)), world.inCustomcrm("c2")]).not.toContain(null);
    }
  });
});

describe("a side that fails for now", () => {
  it.each(passing)("Exact says %s: PENDING, and the background carries on", async (_, fault) => {
    const world = await start();
    world.exactFault("PUT", fault, { times: 2 });
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" });
    expect(done.status).toBe("PENDING");
    expect(writesOf(done.operation)).toEqual(["EXACT PENDING", "CUSTOMCRM PENDING"]);
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
  });

  it("is asked once for one mutation, not again and again", async () => {
    const world = await start();
    await world.exact.setDown(true);
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" });
    expect(done).toMatchObject({ status: "PENDING", entity: { state: "PENDING", problem: { code: "SYSTEM_UNAVAILABLE", attempts: 1 } } });
    expect(done.operation?.writes[0]).toMatchObject({ status: "PENDING", nextAttemptAt: expect.any(String) });
    await world.exact.setDown(false);
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
  });

  it("with ROLLBACK, Exact being away refuses at once; Customcrm being away undoes Exact", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    await world.exact.setDown(true);
    const first = await world.update("ACCOUNT", id, { phone: "010-9" }, { onPartialFailure: "ROLLBACK" });
    expect(first).toMatchObject({ status: "REJECTED", userErrors: [{ code: "SYSTEM_UNAVAILABLE", system: "EXACT" }], entity: { fields: { phone: "010-1" } } });
    expect(writesOf(first.operation)).toEqual(["EXACT NOT_SENT", "CUSTOMCRM NOT_SENT"]);
    await world.exact.setDown(false);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await world.customcrm.setDown(true);
    const second = await world.update("ACCOUNT", id, { phone: "010-9" }, { onPartialFailure: "ROLLBACK" });
    expect(second).toMatchObject({ status: "REJECTED", entity: { state: "LINKED", fields: { phone: "010-1" } } });
    expect(writesOf(second.operation)).toEqual(["EXACT ROLLED_BACK", "CUSTOMCRM NOT_SENT"]);
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-1" });
    await world.customcrm.setDown(false);
  });
});

describe("a system without room", () => {
  const busy = { kind: "status", status: 429, headers: { "retry-after": "30" } } as const;

  it("REFUSE: refused at once with when to come back, and nothing is kept", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.exactFault("GET", busy);
    const done = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(done).toMatchObject({ status: "REJECTED", userErrors: [{ code: "RATE_LIMITED", system: "EXACT", retryAt: expect.any(String) }] });
    expect(writesOf(done.operation)).toEqual(["EXACT NOT_SENT", "CUSTOMCRM NOT_SENT"]);
    await world.calm();
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-1" });
    world.exactFault("POST", busy);
    const created = await world.create("ACCOUNT", { name: "Nieuw BV" });
    expect(created).toMatchObject({ status: "REJECTED", entity: null, userErrors: [{ code: "RATE_LIMITED" }] });
  });

  it("QUEUE: PENDING, and done when there is room", async () => {
    const world = await start();
    world.exactFault("PUT", busy);
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" }, { whenBusy: "QUEUE" });
    expect(done).toMatchObject({ status: "PENDING", userErrors: [] });
    expect(done.operation?.writes[0]).toMatchObject({ status: "PENDING", nextAttemptAt: expect.any(String) });
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
  });

  it("once Exact has taken it, Customcrm's being busy is waited out", async () => {
    const world = await start();
    world.customcrmFault("PATCH", busy);
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9" });
    expect(done.status).toBe("PENDING");
    expect(writesOf(done.operation)).toEqual(["EXACT APPLIED", "CUSTOMCRM PENDING"]);
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED" });
  });
});

describe("a value that a system takes and does not keep", () => {
  it("PARTIAL: the other side holds it, the link says what was ignored", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.exactFault("PUT", { kind: "drop-field", field: "Phone" });
    const done = await world.update("ACCOUNT", id, { phone: "010-9", city: "Delft" });
    expect(done).toMatchObject({
      status: "PARTIAL",
      userErrors: [{ code: "REFUSED_BY_SYSTEM", system: "EXACT", field: ["phone"] }],
      entity: { state: "FAILED", problem: { code: "IGNORED_BY_SYSTEM", system: "EXACT", field: "phone" } },
    });
    expect(writesOf(done.operation)).toEqual(["EXACT REJECTED", "CUSTOMCRM APPLIED"]);
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-9", City: "Delft" });
    const again = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(again).toMatchObject({ status: "APPLIED", entity: { state: "LINKED" } });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-9" });
  });

  it("with ROLLBACK: REJECTED, and an edit of that field that had not travelled yet goes on (I2)", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    world.customcrm.core.patch("Customer", "c1", { Phone: "010-7" });
    await new Engine(world.parts()).poll("CUSTOMCRM");
    world.customcrmFault("PATCH", { kind: "drop-field", field: "Phone" });
    const done = await world.update("ACCOUNT", id, { phone: "010-9", city: "Delft" }, { onPartialFailure: "ROLLBACK" });
    expect(done.status).toBe("REJECTED");
    await world.calm();
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-7" });
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-7" });
    expect(await world.entity(id)).toMatchObject({ state: "LINKED", fields: { phone: "010-7", city: null } });
  });

  it("with ROLLBACK: REJECTED, and both sides are as before", async () => {
    const world = await start();
    world.exactFault("PUT", { kind: "drop-field", field: "Phone" });
    const done = await world.update("ACCOUNT", await world.idOf("Vos Metaal"), { phone: "010-9", city: "Delft" }, { onPartialFailure: "ROLLBACK" });
    expect(done).toMatchObject({ status: "REJECTED", entity: { state: "LINKED", fields: { phone: "010-1", city: null } } });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-1", City: null });
    expect(world.inCustomcrm("c1")?.City ?? null).toBeNull();
    await world.calm();
    expect(world.inCustomcrm("c1")).toMatchObject({ Phone: "010-1" });
  });

  it("with ROLLBACK, and a person entered it just then: put back all the same, and the history has theirs (I4)", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const exact = world.connectors.EXACT;
    const overtaken = withMethods(exact, {
      update: async (...given) => {
        const answer = await exact.update(...given);
        if (given[2].Phone === "010-9") world.exact.core.editAccount(exactId(1), { Phone: "010-7" });
        return answer;
      },
    });
    const parts = { ...world.parts(), connectors: { ...world.connectors, EXACT: overtaken } };
    const asked = { kind: "UPDATE", type: "ACCOUNT", id, fields: { phone: "010-9" }, onPartialFailure: "ROLLBACK" } as const;
    expect(await world.submit(asked, parts)).toMatchObject({ status: "REJECTED" });
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-1" });
    expect(await world.history(id)).toContainEqual(expect.stringContaining("ROLLED_BACK by GATEWAY: phone 010-7 → 010-1 (lost 010-7)"));
  });
});

describe("a mutation with ROLLBACK that fails when a newer one has taken over its field", () => {
  it.each(["fails as well", "stands"])("and that one %s: nothing of the older one comes back", async (end) => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const parts = world.parts();
    const { EXACT, CUSTOMCRM } = world.connectors;
    const all = { onPartialFailure: "ROLLBACK" } as const;
    let second: Promise<Submitted> | null = null;
    // The second comes while Exact holds the first, and Customcrm is about to be told.
    const meanwhile = withMethods(EXACT, {
      update: async (...given) => {
        const record = await EXACT.update(...given);
        second ??= world.update("ACCOUNT", id, { phone: "010-9" }, end === "stands" ? {} : all);
        await new Promise((resolve) => setTimeout(resolve, 50));
        return record;
      },
    });
    world.customcrmFault("PATCH", { kind: "status", status: 429, headers: { "Retry-After": "30" } }, { times: end === "stands" ? 1 : 2 });
    const first = await world.submit(
      { kind: "UPDATE", type: "ACCOUNT", id, fields: { phone: "010-8" }, ...all },
      { ...parts, connectors: { EXACT: meanwhile, CUSTOMCRM } },
    );
    await second;
    await world.calm();
    expect(await world.operation(first.operation?.id)).toMatchObject({ status: "REJECTED" });
    const { operation } = await (second as unknown as Promise<Submitted>);
    const isStanding = end === "stands";
    expect(await world.operation(operation?.id)).toMatchObject({ status: isStanding ? "APPLIED" : "REJECTED" });
    const phone = isStanding ? "010-9" : "010-1";
    expect([world.inExact(exactId(1))?.Phone, world.inCustomcrm("c1")?.Phone]).toEqual([phone, phone]);
    expect(await world.entity(id)).toMatchObject({ state: "LINKED", fields: { phone }, wanted: null });
  });
});

describe("a change of what is just being created on the other side", () => {
  /** A firm that Customcrm alone has; the answer to its create in Exact will be lost, though it happens. */
  async function begun(): Promise<{ readonly world: SubmitWorld; readonly id: string; readonly customcrmId: string }> {
    const world = await start();
    const { id: customcrmId } = world.customcrm.core.create("Customer", { Name: "Nieuw BV", Phone: "010-4" });
    await new Engine(world.parts()).poll("CUSTOMCRM");
    world.exactFault("POST", { kind: "reset-after" });
    return { world, id: await world.idOf("Nieuw BV"), customcrmId };
  }
  const inExactOf = async (world: SubmitWorld, id: string) => world.inExact((await world.entity(id))?.records.EXACT);

  it("is APPLIED once the record is found and has it too", async () => {
    const { world, id } = await begun();
    await world.settle();
    const done = await world.update("ACCOUNT", id, { phone: "010-9" });
    expect(done).toMatchObject({ status: "PENDING", operation: { writes: [{ system: "EXACT" }, { system: "CUSTOMCRM", status: "APPLIED" }] } });
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "APPLIED", userErrors: [] });
    expect(await inExactOf(world, id)).toMatchObject({ Phone: "010-9" });
  });

  it("with ROLLBACK: no value of it stands, and the record that the sync has made does", async () => {
    const { world, id, customcrmId } = await begun();
    const done = await world.update("ACCOUNT", id, { phone: "010-9" }, { onPartialFailure: "ROLLBACK" });
    expect(done.status).toBe("PENDING");
    await world.calm();
    expect(await world.operation(done.operation?.id)).toMatchObject({ status: "REJECTED" });
    expect(await world.entity(id)).toMatchObject({ state: "LINKED", fields: { phone: "010-4" } });
    expect([world.inCustomcrm(customcrmId)?.Phone, (await inExactOf(world, id))?.Phone]).toEqual(["010-4", "010-4"]);
  });
});
