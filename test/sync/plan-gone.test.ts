import { describe, expect, it } from "vitest";
import type { System } from "../../src/domain/words.js";
import type { Observation } from "../../src/sync/decide/observation.js";
import { survivorOf } from "../../src/sync/decide/survivor.js";
import { plan } from "../../src/sync/plan.js";
import { account, at, gone, intentOf, none, type PairOptions, pair, paused, wantedOf, writesOf } from "./decide-helpers.js";

const agreed = { name: "Acme", phone: "010-1" };
const edited = { name: "Acme", phone: "010-2" };

/** A linked pair of which one record is gone. */
function without(system: System, options: Partial<PairOptions> = {}, over: Parameters<typeof gone>[0] = {}): Observation {
  const observation = pair({ agreed, customcrm: agreed, exact: agreed, ...options });
  return { ...observation, sides: { ...observation.sides, [system]: gone(over) } };
}
const policy = (onDelete: "DETACH" | "ARCHIVE" | "PROPAGATE") => ({ flow: { ...account, onDelete } });

describe("a deletion that is believed (R9)", () => {
  it.each(["CUSTOMCRM", "EXACT"] as const)("DETACH: gone from %s, the survivor is left alone until a person says otherwise", (system) => {
    const todo = plan(without(system));
    expect(todo).toMatchObject({
      kind: "DETACH",
      writes: [],
      ended: false,
      next: {
        state: "DETACHED",
        records: { [system]: null },
        shadows: { CUSTOMCRM: null, EXACT: null },
        problem: { code: "DELETED_ELSEWHERE", system },
        origin: null,
      },
    });
    expect(todo.history).toMatchObject([{ kind: "DETACHED", source: system }]);
    const observation = without(system);
    const again = plan({ ...observation, entity: todo.next, sides: { ...observation.sides, [system]: none } });
    expect(again).toMatchObject({ kind: "NONE", writes: [], changed: false });
  });

  it.each([
    ["in Customcrm", "EXACT", { customcrm: edited }],
    ["in Exact", "CUSTOMCRM", { exact: edited }],
    ["through the gateway", "EXACT", { entity: { wanted: wantedOf({ phone: "010-2" }) } }],
  ] as const)("an edit %s since the last agreement wins over it, under every policy", (_, system, options) => {
    for (const onDelete of ["DETACH", "ARCHIVE", "PROPAGATE"] as const) {
      const todo = plan(without(system, { ...options, ...policy(onDelete) }));
      expect(todo).toMatchObject({ kind: "DETACH", writes: [], next: { state: "DETACHED", problem: { code: "EDITED_SINCE_DELETION" } } });
      expect(todo.next.fields.phone).toBe("010-2");
    }
  });

  it("what a mutation asks for is written to the record that is left, by a look that comes by itself", () => {
    const observation = without("EXACT", { entity: { wanted: wantedOf({ phone: "010-2" }) } });
    const todo = plan(observation);
    expect(todo.next).toMatchObject({ state: "DETACHED", nextActionAt: at(0), wanted: { set: { phone: "010-2" } } });
    const next = { ...observation, entity: todo.next, sides: { ...observation.sides, EXACT: none } };
    expect(plan(next)).toMatchObject({ writes: [{ system: "CUSTOMCRM", fields: { phone: "010-2" } }], next: { state: "DETACHED" } });
  });

  it("a change of ours at the survivor is no edit", () => {
    const intents = [intentOf({ system: "CUSTOMCRM", fields: { phone: "010-2" }, source: { phone: "010-2" } })];
    expect(plan(without("EXACT", { customcrm: edited, entity: { intents } })).next.problem).toMatchObject({ code: "DELETED_ELSEWHERE" });
  });

  it("what never agreed counts as edited, as it stands nowhere else", () => {
    expect(plan(without("EXACT", { agreed: null, customcrm: edited })).next.problem).toMatchObject({ code: "EDITED_SINCE_DELETION" });
    expect(plan(without("EXACT", { ...policy("PROPAGATE"), agreed: null, customcrm: edited }))).toMatchObject({ kind: "DETACH", writes: [] });
  });

  it("PROPAGATE deletes the other record, once", () => {
    const todo = plan(without("CUSTOMCRM", policy("PROPAGATE")));
    expect(todo).toMatchObject({ kind: "DELETE", system: "EXACT", next: { state: "PENDING" } });
    expect(todo.writes).toMatchObject([{ system: "EXACT", operation: "DELETE", recordId: "x1", fields: {} }]);
    const observation = without("CUSTOMCRM", policy("PROPAGATE"));
    expect(plan({ ...observation, sides: { CUSTOMCRM: gone(), EXACT: gone() } })).toMatchObject({
      ended: true,
      writes: [],
      next: { records: { CUSTOMCRM: null, EXACT: null } },
    });
  });

  it("PROPAGATE tells the history all that the deleted record held, also what no row names, once", () => {
    const options = { ...policy("PROPAGATE"), exactProperties: { Code: "0000200", Blocked: null } };
    const todo = plan(without("CUSTOMCRM", options));
    const deleted = { before: "010-1", after: null, lost: "010-1", lostFrom: "EXACT", decidedBy: null };
    expect(todo.history).toMatchObject([{ kind: "DELETED", source: "CUSTOMCRM" }]);
    expect(todo.history[0]?.fields).toContainEqual({ field: "phone", ...deleted });
    expect(todo.history[0]?.fields).toContainEqual({ field: "Code", ...deleted, before: "0000200", lost: "0000200" });
    expect(todo.history[0]?.fields.map(({ field }) => field)).not.toContain("Blocked");
    const { over = {}, extraOver = {} } = todo.writes[0] ?? {};
    const sent = intentOf({ system: "EXACT", operation: "DELETE", sentAt: null, nextAttemptAt: null, over, extraOver });
    expect(plan(without("CUSTOMCRM", { ...options, entity: { intents: [sent] } })).history).toEqual([]);
  });

  it("a value that the deleted record had not taken stands nowhere else, and wins over its deletion", () => {
    const ignored = [{ system: "CUSTOMCRM", field: "phone", sent: "010-1", returned: null, source: "010-1" }] as const;
    for (const onDelete of ["DETACH", "ARCHIVE", "PROPAGATE"] as const) {
      const todo = plan(without("CUSTOMCRM", { ...policy(onDelete), entity: { ignored } }));
      expect(todo).toMatchObject({ kind: "DETACH", writes: [], next: { state: "DETACHED", problem: { code: "EDITED_SINCE_DELETION" } } });
    }
  });

  it("a value that the other record kept instead of what it was sent stands nowhere else either, and wins over the deletion", () => {
    const kept = { system: "EXACT", field: "phone", sent: "010-2", returned: "010-1", source: "010-2" } as const;
    expect(plan(without("CUSTOMCRM", { ...policy("PROPAGATE"), entity: { ignored: [kept] } }))).toMatchObject({
      kind: "DETACH",
      writes: [],
      next: { state: "DETACHED", problem: { code: "EDITED_SINCE_DELETION" } },
    });
    expect(plan(without("CUSTOMCRM", { ...policy("PROPAGATE"), entity: { ignored: [{ ...kept, returned: null }] } }))).toMatchObject({ kind: "DELETE" });
  });

  it("the only record is gone while a create of ours is lost: it stays until that is known, as its copy would be taken for new (R8)", () => {
    const records = { CUSTOMCRM: null, EXACT: "x1" };
    const sent = intentOf({ system: "CUSTOMCRM", operation: "CREATE", fields: agreed });
    const observation = pair({ agreed: null, customcrm: agreed, exact: agreed, entity: { records, intents: [sent] } });
    const only = { ...observation, sides: { CUSTOMCRM: none, EXACT: gone() } };
    expect(plan(only)).toMatchObject({ kind: "WAIT", ended: false, next: { state: "PENDING", records, problem: { code: "QUARANTINE" } } });
    expect(plan({ ...only, entity: { ...only.entity, intents: [] } })).toMatchObject({ ended: true });
  });

  it("a create of ours that was found, and whose record is gone again, is waited for no more, nor what it carried (R8, I7)", () => {
    const sent = intentOf({ system: "EXACT", operation: "CREATE", fields: agreed, source: agreed, sentAt: at(-10), quarantineUntil: at(-5) });
    const failure = { code: "SYSTEM_UNAVAILABLE", system: "EXACT", field: null, message: "Away", retryAt: null, refused: null, unsafe: null } as const;
    const mutation = { set: { phone: "010-1" }, before: { phone: null }, at: at(-11), actor: "anna", whenBusy: "QUEUE" } as const;
    const failed = { id: "op1", kind: "UPDATE", ...mutation, onPartialFailure: "ROLLBACK", failure } as const;
    const beside = plan(without("EXACT", { agreed: null, entity: { state: "PENDING", intents: [sent], operations: [failed] } }));
    expect(beside).toMatchObject({
      kind: "DETACH",
      next: { state: "DETACHED", records: { CUSTOMCRM: "c1", EXACT: null }, intents: [] },
      operations: [{ id: "op1", status: "REJECTED" }],
    });
    const entity = { records: { CUSTOMCRM: null, EXACT: "x1" }, state: "PENDING", intents: [sent], wanted: wantedOf({}, { kind: "DELETE" }) } as const;
    const only = without("EXACT", { agreed: null, entity });
    expect(plan({ ...only, sides: { ...only.sides, CUSTOMCRM: none } })).toMatchObject({ ended: true, writes: [] });
  });

  it("PROPAGATE that is refused detaches, with the system's own words", () => {
    const refused = [{ system: "EXACT", operation: "DELETE", fields: [], properties: {}, message: "In gebruik", since: at(-1) }] as const;
    const todo = plan(without("CUSTOMCRM", { ...policy("PROPAGATE"), entity: { refused } }));
    expect(todo).toMatchObject({
      kind: "DETACH",
      writes: [],
      next: { state: "DETACHED", problem: { code: "REFUSED_BY_SYSTEM", message: "Exact Online refused the delete: In gebruik" } },
    });
  });

  it("ARCHIVE ends the record in Exact, then detaches", () => {
    const todo = plan(without("CUSTOMCRM", policy("ARCHIVE"), { at: "2026-03-01T23:00:00.000Z" }));
    expect(todo).toMatchObject({ kind: "ARCHIVE", next: { state: "PENDING" } });
    expect(todo.writes).toMatchObject([{ system: "EXACT", operation: "UPDATE", fields: {}, extra: { EndDate: "2026-03-01" } }]);
    const ended = plan(without("CUSTOMCRM", { ...policy("ARCHIVE"), exactProperties: { EndDate: "2026-03-01" } }));
    expect(ended).toMatchObject({ writes: [], next: { state: "DETACHED", problem: { code: "DELETED_ELSEWHERE" } }, history: [{ kind: "ARCHIVED" }] });
  });

  it("ARCHIVE that Exact ignores is not repeated", () => {
    const ignored = [{ system: "EXACT", field: "EndDate", sent: "", returned: null, source: null }] as const;
    expect(plan(without("CUSTOMCRM", { ...policy("ARCHIVE"), entity: { ignored } }))).toMatchObject({
      writes: [],
      next: { state: "DETACHED", problem: { code: "IGNORED_BY_SYSTEM" } },
    });
  });

  it("ARCHIVE knows no such thing in Customcrm, so it detaches there", () => {
    expect(plan(without("EXACT", policy("ARCHIVE")))).toMatchObject({ kind: "DETACH", writes: [] });
  });

  it("merged into another record, its counterpart is detached and names the survivor; nothing is deleted", () => {
    for (const onDelete of ["DETACH", "ARCHIVE", "PROPAGATE"] as const) {
      const todo = plan(without("EXACT", { ...policy(onDelete), customcrm: edited }, { mergedInto: { recordId: "x7", label: "Acme Holding" } }));
      expect(todo).toMatchObject({ kind: "DETACH", writes: [], next: { state: "DETACHED", problem: { code: "MERGED_AWAY" } } });
      expect(todo.reason).toContain("Acme Holding (x7)");
    }
  });

  it("a pause holds deletions back as well (R10)", () => {
    for (const onDelete of ["DETACH", "ARCHIVE", "PROPAGATE"] as const) {
      const held = plan(without("CUSTOMCRM", { ...policy(onDelete), settings: { paused } }));
      expect(held).toMatchObject({
        kind: "WAIT",
        writes: [],
        next: { state: "PENDING", records: { CUSTOMCRM: "c1", EXACT: "x1" }, problem: { code: "PAUSED" } },
      });
    }
  });

  it("waits while a write to the survivor may still land", () => {
    const intents = [intentOf({ fields: { phone: "9" } })];
    expect(plan(without("CUSTOMCRM", { ...policy("PROPAGATE"), entity: { intents } }))).toMatchObject({
      kind: "WAIT",
      writes: [],
      next: { problem: { code: "QUARANTINE" } },
    });
  });

  it("both records gone: the entity has ended", () => {
    const observation = without("CUSTOMCRM");
    expect(plan({ ...observation, sides: { CUSTOMCRM: gone(), EXACT: gone() } })).toMatchObject({ ended: true, writes: [], history: [{ kind: "DELETED" }] });
  });

  it("gone, while the other record was only not read: nothing is decided", () => {
    const observation = without("CUSTOMCRM");
    expect(plan({ ...observation, sides: { CUSTOMCRM: gone(), EXACT: none } })).toMatchObject({
      kind: "WAIT",
      ended: false,
      next: { records: { CUSTOMCRM: "c1", EXACT: "x1" } },
    });
  });
});

describe("what a record was merged into", () => {
  it.each([
    [
      "all that belonged to it moved to one record",
      [
        { before: "x1", now: "x7" },
        { before: "x1", now: "x7" },
      ],
      "x7",
    ],
    [
      "some were left behind or deleted",
      [
        { before: "x1", now: "x7" },
        { before: "x1", now: "x1" },
        { before: "x1", now: null },
      ],
      "x7",
    ],
    [
      "they went to different records",
      [
        { before: "x1", now: "x7" },
        { before: "x1", now: "x8" },
      ],
      null,
    ],
    ["nothing belonged to it", [{ before: "x2", now: "x7" }], null],
    ["nobody knows", [], null],
  ])("%s", (_, dependents, survivor) => {
    expect(survivorOf("x1", dependents)).toBe(survivor);
  });
});

describe("a mutation that deletes", () => {
  const wanted = wantedOf({}, { kind: "DELETE" });
  const asked = (options: Partial<PairOptions> = {}) => pair({ agreed, customcrm: agreed, exact: agreed, ...options, entity: { wanted, ...options.entity } });

  it("deletes in Exact first, then in Customcrm", () => {
    expect(writesOf(plan(asked()))).toEqual([
      ["EXACT", "DELETE", {}],
      ["CUSTOMCRM", "DELETE", {}],
    ]);
  });

  it("goes on where one side is gone already, whatever the policy", () => {
    const observation = asked({ customcrm: edited });
    expect(writesOf(plan({ ...observation, sides: { ...observation.sides, EXACT: gone() } }))).toEqual([["CUSTOMCRM", "DELETE", {}]]);
    expect(plan({ ...observation, sides: { CUSTOMCRM: gone(), EXACT: gone() } })).toMatchObject({
      ended: true,
      history: [{ kind: "DELETED", source: "GATEWAY" }],
    });
  });

  const refusedBy = (system: System) => [{ system, operation: "DELETE", fields: [], properties: {}, message: "In use", since: at(0) }] as const;

  it("refused by Exact, everything is as before", () => {
    const done = plan(asked({ entity: { refused: refusedBy("EXACT") } }));
    expect(done).toMatchObject({
      kind: "NONE",
      writes: [],
      changed: true,
      next: { state: "LINKED", wanted: null, refused: [], records: { CUSTOMCRM: "c1", EXACT: "x1" } },
    });
  });

  it("refused by Customcrm after Exact: never undone, the entity is DETACHED and says why", () => {
    const observation = asked({ entity: { refused: refusedBy("CUSTOMCRM") } });
    const done = plan({ ...observation, sides: { ...observation.sides, EXACT: gone() } });
    expect(done).toMatchObject({
      writes: [],
      changed: true,
      next: { state: "DETACHED", wanted: null, records: { CUSTOMCRM: "c1", EXACT: null }, problem: { code: "REFUSED_BY_SYSTEM" } },
    });
  });

  it("goes through a pause, but waits for a write that may still land", () => {
    expect(plan(asked({ settings: { paused } })).writes).toHaveLength(2);
    expect(plan(asked({ entity: { intents: [intentOf({ fields: { phone: "9" } })] } }))).toMatchObject({
      writes: [],
      next: { state: "PENDING", problem: { code: "QUARANTINE" }, wanted },
    });
    expect(plan(asked({ settings: { firstContactConfirmed: false } }))).toMatchObject({ writes: [], next: { wanted } });
  });
});
