import { describe, expect, it } from "vitest";
import type { Fields } from "../../src/domain/canonical.js";
import type { OpenOperation } from "../../src/domain/entity.js";
import type { Observation } from "../../src/sync/decide/observation.js";
import { accepted } from "../../src/sync/decide/operations/accept.js";
import { expectedOf } from "../../src/sync/decide/operations/expected.js";
import { withFailure } from "../../src/sync/decide/operations/fail.js";
import { joined } from "../../src/sync/links.js";
import { goesOn, plan } from "../../src/sync/plan.js";
import { account, alone, at, gone, intentOf, now, type PairOptions, pair, wantedOf, writesOf } from "./decide-helpers.js";

const agreed = { name: "Acme", phone: "010-1" };

/** A mutation under way. */
const mutation = (id: string, set: Fields, over: Partial<OpenOperation> = {}): OpenOperation => ({
  id,
  kind: "UPDATE",
  set,
  before: {},
  at: at(0),
  actor: "anna",
  onPartialFailure: "RETRY",
  whenBusy: "QUEUE",
  ...over,
});
const landed = (system: "EXACT" | "CUSTOMCRM", fields: Fields) => ({ id: `landed ${system}`, system, operation: "UPDATE" as const, recordId: null, fields });
const asked = (options: Partial<PairOptions>) => pair({ agreed, customcrm: agreed, exact: agreed, ...options });
const manual = { ...account, rows: account.rows.map((row) => ({ ...row, policy: "MANUAL" as const })) };
const told = (observation: Observation) =>
  (plan(observation).operations ?? []).map(({ id, status, userErrors }) => [id, status, userErrors.map((one) => one.code)]);

describe("a mutation that creates", () => {
  const create = mutation("op1", agreed, { kind: "CREATE" });
  const wanted = wantedOf(agreed, { kind: "CREATE" });
  const shadows = { CUSTOMCRM: null, EXACT: null };

  it("is over once a record that it made is deleted again: what is left is DETACHED, and nothing is owed any more", () => {
    const observation = asked({ entity: { state: "PENDING", wanted, operations: [create], shadows } });
    const done = plan({ ...observation, sides: { ...observation.sides, EXACT: gone() } });
    expect(done).toMatchObject({ writes: [], next: { state: "DETACHED", wanted: null }, operations: [{ id: "op1", status: "APPLIED" }] });
    expect(done.next.operations).toBeUndefined();
  });

  it("and what a later one has added to it is asked of the record that is left", () => {
    const update = mutation("op2", { phone: "010-2" });
    const both = { ...wanted, set: { ...agreed, phone: "010-2" } };
    const observation = asked({ entity: { state: "PENDING", wanted: both, operations: [create, update], shadows } });
    const done = plan({ ...observation, sides: { ...observation.sides, EXACT: gone() } });
    expect(done.next).toMatchObject({ state: "DETACHED", wanted: { kind: "UPDATE", set: { phone: "010-2" } } });
  });

  it("says which of its values stands on neither side: after a lost answer nobody knows whether it was edited or dropped", () => {
    const found = { name: "Acme" };
    const observation = asked({ customcrm: found, exact: found, entity: { state: "PENDING", wanted, operations: [create], shadows } });
    expect(plan(observation).operations).toMatchObject([{ status: "APPLIED", userErrors: [{ code: "MODIFIED_ELSEWHERE", field: ["phone"] }] }]);
    const whole = asked({ entity: { state: "PENDING", wanted, operations: [create], shadows } });
    expect(told(whole)).toEqual([["op1", "APPLIED", []]]);
  });
});

describe("a mutation that could not be undone on one side, while what was sent to undo it on the other may still land", () => {
  const failure = { code: "REFUSED_BY_SYSTEM" as const, system: "EXACT" as const, field: "fax", message: "Odd", retryAt: null, refused: null, unsafe: null };
  const made = (["EXACT", "CUSTOMCRM"] as const).map((system) => ({ ...landed(system, agreed), operation: "CREATE" as const }));
  const create = mutation("op1", { ...agreed, fax: "010-9" }, { kind: "CREATE", onPartialFailure: "ROLLBACK", landed: made, failure });
  const undo = intentOf({ system: "CUSTOMCRM", operation: "DELETE", undoes: "op1", operationId: "op1" });
  const edited = { ...agreed, phone: "010-5" };
  const before = asked({ exact: edited, entity: { state: "PENDING", operations: [create], intents: [undo] } });
  const ends = (observation: Observation) => plan(observation).operations?.map(({ status, writes }) => [status, ...writes.map((one) => one.status)]);

  it("ends once it is known what is left of it, and writes nothing meanwhile (R8)", () => {
    expect(ends(before)).toEqual([["PENDING", "PENDING", "PENDING"]]);
    expect(plan(before)).toMatchObject({ writes: [], next: { state: "PENDING", problem: { code: "QUARANTINE" }, nextActionAt: at(3) } });
  });

  it("is undone on that side once its record is gone: what is left is for a person", () => {
    const half = { ...before, sides: { ...before.sides, CUSTOMCRM: gone() } };
    expect(ends(half)).toEqual([["PARTIAL", "APPLIED", "ROLLED_BACK"]]);
    expect(plan(half).next).toMatchObject({ state: "DETACHED", problem: { code: "ROLLBACK_UNSAFE" }, records: { CUSTOMCRM: null, EXACT: "x1" } });
  });

  it("stands on both where that has not landed by the end of its quarantine: what was edited travels", () => {
    const whole = { ...before, now: now + 5 * 60_000 };
    expect(ends(whole)).toEqual([["PARTIAL", "APPLIED", "APPLIED"]]);
    expect(writesOf(plan(whole))).toEqual([["CUSTOMCRM", "UPDATE", { phone: "010-5" }]]);
  });

  it("nor is an update told as not sent to a side while it may still land there", () => {
    const over = {
      onPartialFailure: "ROLLBACK" as const,
      failure: { ...failure, code: "SYSTEM_UNAVAILABLE" as const, system: "CUSTOMCRM" as const, field: null },
    };
    const taken = { ...landed("EXACT", { phone: "010-2" }), over: { phone: "010-1" } };
    const update = mutation("op1", { phone: "010-2" }, { before: { phone: "010-1" }, landed: [taken], ...over });
    const sent = intentOf({ system: "CUSTOMCRM", fields: { phone: "010-2" }, over: { phone: "010-1" }, operationId: "op1" });
    const lost = asked({ exact: edited, entity: { state: "PENDING", operations: [update], intents: [sent] } });
    expect(ends(lost)).toEqual([["PENDING", "PENDING", "PENDING"]]);
    expect(ends({ ...lost, now: now + 5 * 60_000 })).toEqual([["PARTIAL", "APPLIED", "NOT_SENT"]]);
  });

  it("is undone there as well where the edit was taken back meanwhile", () => {
    const waited = plan(before).next;
    const back = asked({ entity: waited, now: now + 5 * 60_000 });
    expect(writesOf(plan(back))).toEqual([
      ["CUSTOMCRM", "DELETE", {}],
      ["EXACT", "DELETE", {}],
    ]);
  });
});

describe("a mutation that failed on one side, and whose record on the other is deleted before it is put back", () => {
  const failure = {
    code: "REFUSED_BY_SYSTEM" as const,
    system: "CUSTOMCRM" as const,
    field: "phone",
    message: "Odd",
    retryAt: null,
    refused: null,
    unsafe: null,
  };
  const taken = { ...landed("EXACT", { phone: "010-2" }), over: { phone: "010-1" } };
  const update = mutation("op1", { phone: "010-2" }, { onPartialFailure: "ROLLBACK", before: { phone: "010-1" }, landed: [taken], failure });
  const before = asked({ entity: { state: "PENDING", operations: [update] } });

  it("is REJECTED: nothing of it stands on either side (I9)", () => {
    const done = plan({ ...before, sides: { ...before.sides, EXACT: gone() } }).operations;
    expect(done?.map(({ status, writes }) => [status, ...writes.map((one) => one.status)])).toEqual([["REJECTED", "ROLLED_BACK", "REJECTED"]]);
    expect(done?.[0]?.userErrors.map((one) => one.message)).toEqual(["Odd", "Exact Online had taken it, and its record is gone since."]);
  });
});

describe("a mutation whose value is one half of a conflict", () => {
  const taken = mutation("op1", { phone: "010-2" }, { landed: [landed("EXACT", { phone: "010-2" })] });
  const apart = { flow: manual, exact: { ...agreed, phone: "010-2" }, customcrm: { ...agreed, phone: "010-3" }, customcrmAt: at(30) };

  it("is PARTIAL: its value stands, and a person chooses", () => {
    const observation = asked({ ...apart, entity: { state: "PENDING", wanted: wantedOf({ phone: "010-2" }, { at: at(0) }), operations: [taken] } });
    expect(plan(observation).next).toMatchObject({ state: "CONFLICT", conflicts: [{ field: "phone", customcrm: "010-3", exact: "010-2" }] });
    expect(told(observation)).toEqual([["op1", "PARTIAL", ["MODIFIED_ELSEWHERE"]]]);
  });

  it("also where a newer one, which that edit has overtaken, had set the field", () => {
    const newer = mutation("op2", { phone: "010-9" }, { at: at(1) });
    const observation = asked({ ...apart, entity: { state: "PENDING", wanted: wantedOf({ phone: "010-9" }, { at: at(1) }), operations: [taken, newer] } });
    expect(told(observation)).toEqual([
      ["op1", "PARTIAL", ["VERSION_CONFLICT"]],
      ["op2", "REJECTED", ["MODIFIED_ELSEWHERE"]],
    ]);
  });
});

describe("a mutation that a newer one has taken over, and whose value came to a record that the newer one never reached", () => {
  it("is PARTIAL: its value stands there (I9)", () => {
    const older = mutation("op1", { phone: "010-2" }, { landed: [landed("CUSTOMCRM", { phone: "010-2" }), landed("EXACT", { phone: "010-2" })] });
    const newer = mutation("op2", { phone: "010-3" }, { at: at(1), landed: [landed("CUSTOMCRM", { phone: "010-3" })] });
    const made = { ...agreed, phone: "010-2" };
    const observation = asked({ exact: made, entity: { state: "PENDING", fields: { ...agreed, phone: "010-3" }, operations: [older, newer] } });
    const done = plan({ ...observation, sides: { ...observation.sides, CUSTOMCRM: gone() } });
    expect(done).toMatchObject({ writes: [], next: { state: "DETACHED" } });
    const newest = { id: "op2", status: "REJECTED", userErrors: [{ code: "NOT_FOUND", message: "Its record in Customcrm, which had taken phone, is gone." }] };
    expect(done.operations).toMatchObject([{ id: "op1", status: "PARTIAL", userErrors: [{ code: "VERSION_CONFLICT" }] }, newest]);
  });
});

describe("a mutation of which an edit has won over one value, and a newer mutation has taken over the other", () => {
  const failure = { code: "SYSTEM_UNAVAILABLE" as const, system: "EXACT" as const, field: null, message: "Away", retryAt: null, refused: null, unsafe: null };
  const older = mutation("op1", { phone: "010-2", description: "Old" }, { landed: [landed("EXACT", { phone: "010-2", description: "Old" })] });
  const newer = mutation("op2", { description: "New" }, { before: { description: "Old" }, onPartialFailure: "ROLLBACK" });
  const exact = { ...agreed, phone: "010-3", description: "Old" };
  const written = { ...agreed, phone: "010-2" };
  const before = asked({
    agreed: { CUSTOMCRM: agreed, EXACT: written },
    exact,
    entity: { state: "PENDING", fields: { ...exact, description: "New" }, wanted: wantedOf({ description: "New" }), operations: [older, newer] },
  });

  it("ends no sooner than that one: should it fail, what it had taken over stands again (I9)", () => {
    expect(told(before)).toMatchObject([
      ["op1", "PENDING", []],
      ["op2", "PENDING", []],
    ]);
    const failed = { ...before, entity: withFailure(account, before.entity, newer, failure) };
    expect(told(failed)).toMatchObject([
      ["op1", "PENDING", []],
      ["op2", "REJECTED", ["SYSTEM_UNAVAILABLE"]],
    ]);
    const done = { ...plan(failed).next, shadows: { CUSTOMCRM: exact, EXACT: exact } };
    const both = asked({ customcrm: exact, exact, agreed: exact, entity: { ...done, intents: [], wanted: null } });
    expect(told(both)).toMatchObject([["op1", "APPLIED", ["MODIFIED_ELSEWHERE"]]]);
  });
});

describe("a write for a mutation whose answer was lost, and which lands when newer ones are under way", () => {
  const sent = intentOf({ system: "CUSTOMCRM", operation: "UPDATE", fields: { phone: "010-2" }, sentAt: at(0) });
  const taken = (phone: string) => ({ landed: [{ ...landed("EXACT", { phone }), over: { phone: "010-1" } }] });
  const oldest = mutation("op1", { phone: "010-2" }, { before: { phone: "010-1" }, ...taken("010-2") });
  const older = mutation("op2", { phone: "010-3" }, { at: at(1), before: { phone: "010-2" }, ...taken("010-3") });

  it("is no change that somebody made elsewhere: the newest one goes on", () => {
    const before = asked({ entity: { state: "PENDING", fields: { ...agreed, phone: "010-3" }, intents: [sent], operations: [oldest, older] } });
    const newest = mutation("op3", { phone: "010-4" }, { at: at(2), before: { phone: "010-3" }, expected: expectedOf(before, ["phone"]) });
    const entity = { ...accepted(account, before.entity, newest, now).entity, intents: [sent] };
    const landedLate = { ...before, entity, sides: pair({ agreed, customcrm: { ...agreed, phone: "010-2" }, customcrmAt: at(30), exact: agreed }).sides };
    expect(told(landedLate).at(-1)).toEqual(["op3", "PENDING", []]);
    expect(plan(landedLate).writes.map(({ fields }) => fields)).toEqual([{ phone: "010-4" }, { phone: "010-4" }]);
  });

  it("is no newer edit either, when the newest has failed and is undone first (R3)", () => {
    const failure = { code: "SYSTEM_UNAVAILABLE" as const, system: "EXACT" as const, field: null, message: "Away", retryAt: null, refused: null, unsafe: null };
    const over = { landed: [{ ...landed("EXACT", { phone: "010-4" }), id: "newest", over: { phone: "010-3" } }] };
    const newest = mutation("op3", { phone: "010-4" }, { at: at(2), before: { phone: "010-3" }, onPartialFailure: "ROLLBACK", failure, ...over });
    const customcrm = { ...agreed, phone: "010-2" };
    const wanted = wantedOf({ phone: "010-3" }, { at: at(1) });
    const entity = { state: "PENDING" as const, fields: { ...agreed, phone: "010-3" }, wanted, intents: [sent], operations: [oldest, older, newest] };
    const undoing = asked({ customcrm, customcrmAt: at(30), exact: { ...agreed, phone: "010-4" }, entity });
    const undone = plan(undoing);
    expect(undone.writes).toMatchObject([{ system: "EXACT", fields: { phone: "010-3" }, undoes: "op3" }]);
    const after = asked({ customcrm, customcrmAt: at(30), exact: { ...agreed, phone: "010-3" } });
    const done = plan({ ...undoing, sides: after.sides, entity: undone.next });
    expect(done.writes).toMatchObject([{ system: "CUSTOMCRM", fields: { phone: "010-3" } }]);
    expect(done.next.fields.phone).toBe("010-3");
  });
});

describe("a mutation that tries once more what a system had not taken, and fails", () => {
  const ignored = [{ system: "EXACT" as const, field: "phone", sent: "010-1", returned: null, source: "010-1" }];
  const silent = { ...agreed, phone: null };
  const failure = { code: "SYSTEM_UNAVAILABLE" as const, system: "EXACT" as const, field: null, message: "Away", retryAt: null, refused: null, unsafe: null };
  const before = asked({ agreed: { CUSTOMCRM: agreed, EXACT: silent }, exact: silent, entity: { state: "FAILED", ignored } });

  it("leaves it as it was: the link says again what was not taken (R5)", () => {
    const { entity } = accepted(account, before.entity, mutation("op1", { phone: "010-2" }), now);
    expect(entity.ignored).toEqual([]);
    const [operation] = entity.operations ?? [];
    if (!operation) throw new Error("The mutation is under way.");
    const done = plan({ ...before, entity: withFailure(account, entity, operation, failure) });
    expect(done).toMatchObject({ writes: [], next: { state: "FAILED", problem: { code: "IGNORED_BY_SYSTEM" }, ignored } });
  });

  it("also where a newer one had taken over the field, and fails after it", () => {
    const first = accepted(account, before.entity, mutation("op1", { phone: "010-2" }), now).entity;
    const both = accepted(account, first, mutation("op2", { phone: "010-3" }), now).entity;
    const failed = ["op1", "op2"].reduce((entity, id) => {
      const one = entity.operations?.find((other) => other.id === id);
      return one ? withFailure(account, entity, one, failure) : entity;
    }, both);
    expect(plan({ ...before, entity: failed }).next).toMatchObject({ state: "FAILED", ignored });
  });
});

describe("a deletion that was refused with both records still there", () => {
  it("leaves what other mutations had asked for before it: that goes on", () => {
    const older = mutation("op1", { phone: "010-2" });
    const failure = { code: "REFERENCED" as const, system: "EXACT" as const, field: null, message: "In use", retryAt: null, refused: null, unsafe: null };
    const remove = mutation("op2", {}, { kind: "DELETE", failure });
    const refused = [{ system: "EXACT", operation: "DELETE", fields: [], properties: {}, message: "In use", since: at(0) }] as const;
    const done = plan(asked({ entity: { state: "PENDING", wanted: wantedOf({}, { kind: "DELETE" }), operations: [older, remove], refused } }));
    expect(writesOf(done)).toEqual([
      ["EXACT", "UPDATE", { phone: "010-2" }],
      ["CUSTOMCRM", "UPDATE", { phone: "010-2" }],
    ]);
    expect(done.operations).toMatchObject([
      { id: "op1", status: "PENDING" },
      { id: "op2", status: "REJECTED" },
    ]);
  });
});

describe("mutations on two entities that become one", () => {
  const halves = (older: Partial<OpenOperation>, newer: Partial<OpenOperation>) => {
    const exact = alone({ system: "EXACT", fields: agreed, entity: { id: "e2", wanted: wantedOf({ phone: "010-2" }, { at: at(0) }) } }).entity;
    // Its own side has taken it already.
    const customcrm = alone({ system: "CUSTOMCRM", fields: agreed, entity: { id: "e1", wanted: null } }).entity;
    return joined(
      { ...customcrm, operations: [mutation("op2", { phone: "010-3" }, { at: at(1), ...newer })] },
      { ...exact, operations: [mutation("op1", { phone: "010-2" }, older)] },
      "MATCHED",
      at(2),
    );
  };

  it("the newest of them wins the field that several set, also where its own side has taken it already", () => {
    expect(halves({}, {}).wanted).toMatchObject({ set: { phone: "010-3" }, times: { phone: at(1) } });
  });

  it("one that has failed wins nothing", () => {
    const failure = { code: "SYSTEM_UNAVAILABLE" as const, system: null, field: null, message: "Away", retryAt: null, refused: null, unsafe: null };
    expect(halves({}, { failure }).wanted).toMatchObject({ set: { phone: "010-2" } });
  });
});

describe("a value that the author of a mutation did not know of", () => {
  const observed = (before: Fields, phone: string) => {
    const both = { ...agreed, phone };
    return asked({
      agreed: both,
      customcrm: both,
      exact: both,
      entity: {
        state: "PENDING",
        fields: { ...both, phone: "010-9" },
        wanted: wantedOf({ phone: "010-9" }),
        operations: [mutation("op1", { phone: "010-9" }, { before })],
      },
    });
  };
  const lostIn = (observation: Observation) =>
    plan(observation).history.flatMap(({ fields }) => fields.flatMap(({ lost, lostFrom }) => (lost === null ? [] : [[lost, lostFrom]])));

  it("is told as lost, once, although both sides agree on it (I4)", () => {
    const observation = observed({ phone: "010-1" }, "010-2");
    expect(lostIn(observation)).toEqual([["010-2", "CUSTOMCRM"]]);
    expect(lostIn({ ...observation, entity: plan(observation).next })).toEqual([]);
  });

  it("one that was shown when it was accepted is simply replaced", () => {
    expect(lostIn(observed({ phone: "010-2" }, "010-2"))).toEqual([]);
  });
});

describe("a mutation whose value one system has taken already", () => {
  const taken = mutation("op1", { phone: "010-2" }, { before: { phone: "010-1" }, landed: [landed("EXACT", { phone: "010-2" })] });
  const stands = (exact: string | null, options: Partial<PairOptions> = {}) =>
    asked({
      exact: { ...agreed, phone: exact },
      // Within the clocks' tolerance: the times tell no order.
      exactAt: at(0),
      ...options,
      entity: { state: "PENDING", wanted: wantedOf({ phone: "010-2" }, { at: at(0) }), operations: [taken], timeUnknown: ["EXACT.phone"], ...options.entity },
    });
  const lostIn = (observation: Observation) =>
    plan(observation).history.flatMap(({ fields }) => fields.flatMap(({ lost, lostFrom }) => (lost === null ? [] : [[lost, lostFrom]])));

  it.each([["010-3"], [null]])("loses to %s, entered there since, whatever the clocks say: its author replaced the mutation's value (I4)", (exact) => {
    const observation = stands(exact);
    expect(writesOf(plan(observation))).toEqual([["CUSTOMCRM", "UPDATE", { phone: exact }]]);
    expect(lostIn(observation)).toEqual([["010-2", "GATEWAY"]]);
    expect(plan(observation).next.wanted).toBeNull();
  });

  it("and what was entered wins also once the mutation has ended and before it is written, although the other side took the mutation's value", () => {
    const both = { ...taken, landed: [landed("EXACT", { phone: "010-2" }), landed("CUSTOMCRM", { phone: "010-2" })] };
    const observation = stands(null, { agreed: { ...agreed, phone: null }, customcrm: { ...agreed, phone: "010-2" }, entity: { operations: [both] } });
    const ended = plan(observation);
    expect(ended.next.operations).toBeUndefined();
    for (const one of [ended, plan({ ...observation, entity: ended.next })]) expect(writesOf(one)).toEqual([["CUSTOMCRM", "UPDATE", { phone: null }]]);
  });

  it("also where nobody knows what both agreed on before", () => {
    expect(writesOf(plan(stands("010-3", { agreed: null })))).toContainEqual(["CUSTOMCRM", "UPDATE", { phone: "010-3" }]);
  });

  it("an edit on the other side that neither author knew of is decided by policy against it, and neither is lost unseen", () => {
    const observation = stands("010-3", { customcrm: { ...agreed, phone: "010-4" } });
    expect(writesOf(plan(observation))).toEqual([["EXACT", "UPDATE", { phone: "010-4" }]]);
    expect(lostIn(observation)).toEqual([
      ["010-3", "EXACT"],
      ["010-2", "GATEWAY"],
    ]);
  });

  it("goes on where its value still stands, and where the system kept another than it was sent", () => {
    expect(writesOf(plan(stands("010-2")))).toEqual([["CUSTOMCRM", "UPDATE", { phone: "010-2" }]]);
    const kept = { ...taken, landed: [landed("EXACT", { phone: "0102" })] };
    expect(writesOf(plan(stands("0102", { entity: { operations: [kept] } })))).toContainEqual(["CUSTOMCRM", "UPDATE", { phone: "010-2" }]);
  });

  it("a newer one that has not been written yet wins over what was entered in between", () => {
    const newer = mutation("op2", { phone: "010-9" }, { before: { phone: "010-2" } });
    const entity = { operations: [taken, newer], wanted: wantedOf({ phone: "010-9" }, { at: at(0) }) };
    expect(writesOf(plan(stands("010-3", { entity })))).toContainEqual(["EXACT", "UPDATE", { phone: "010-9" }]);
  });
});

it("goes on where, without the mutation that ends, a late write of its own is to be put right (I5)", () => {
  const shadows = { CUSTOMCRM: agreed, EXACT: { ...agreed, phone: "010-7" } };
  const late = intentOf({ system: "CUSTOMCRM", fields: { phone: "010-9" }, over: { phone: "010-1" }, sentAt: at(-20), givenUpAt: at(-10) });
  const taken = mutation("op1", { phone: "010-9" }, { landed: [landed("EXACT", { phone: "010-7" }), landed("CUSTOMCRM", { phone: "010-9" })] });
  const ignored = [{ system: "EXACT" as const, field: "phone", sent: "010-9", returned: "010-7", source: "010-1" }];
  const observation = asked({
    customcrm: { ...agreed, phone: "010-9" },
    exact: { ...agreed, phone: "010-7" },
    entity: { state: "PENDING", shadows, ignored, intents: [late], wanted: wantedOf({ phone: "010-9" }), operations: [taken] },
  });
  const ended = plan(observation);
  expect(ended.next.operations).toBeUndefined();
  expect(ended.writes).toEqual([]);
  expect(goesOn(observation, ended)).toBe(true);
  expect(writesOf(plan({ ...observation, entity: ended.next }))).toEqual([["CUSTOMCRM", "UPDATE", { phone: "010-7" }]]);
});

it("leaves what was entered in a lone record after its value had landed there, while another mutation is still owed (R3)", () => {
  const phone = mutation("op1", { phone: "010-2" }, { before: { phone: "010-1" }, landed: [landed("CUSTOMCRM", { phone: "010-2" })] });
  const city = mutation("op2", { city: "Delft" });
  const wanted = wantedOf({ phone: "010-2", city: "Delft" });
  const entity = { state: "PENDING" as const, wanted, operations: [phone, city] };
  const todo = plan(alone({ system: "CUSTOMCRM", fields: { ...agreed, phone: "010-3" }, entity }));
  expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { city: "Delft" }]]);
  expect(todo.next.wanted).toMatchObject({ set: { city: "Delft" } });
});
