import { describe, expect, it } from "vitest";
import type { Fields } from "../../src/domain/canonical.js";
import { limits } from "../../src/domain/limits.js";
import { isoTime, type System } from "../../src/domain/words.js";
import type { Observation } from "../../src/sync/decide/observation.js";
import { owing, sending } from "../../src/sync/decide/owing.js";
import { undoOf } from "../../src/sync/decide/undo.js";
import type { WriteOutcome } from "../../src/sync/outcome.js";
import { plan } from "../../src/sync/plan.js";
import { settled } from "../../src/sync/settled.js";
import { account, alone, at, contact, gone, intentOf, none, now, pair, paused, present, product, referencesOf, wantedOf, writesOf } from "./decide-helpers.js";

const agreed = { name: "Acme", email: "info@acme.nl", phone: "010-1" };
const changed = (over: Fields) => ({ ...agreed, ...over });
const done = (id: string): WriteOutcome => ({ kind: "done", id, record: null });
const refused = (property: string | null = null): WriteOutcome => ({ kind: "refused", message: "Ongeldig", property, reason: null });

/** Plans, records what is owed, marks it as sent, and lets each write end as said; `readBack` is what the sides show then. */
function carryOut(before: Observation, outcomes: readonly WriteOutcome[], readBack: Partial<Observation["sides"]>) {
  const planned = plan(before);
  const owed = owing(
    planned,
    planned.writes.map((_, i) => `w${i}`),
    null,
    now,
  );
  const sent = owed.intents.reduce((entity, intent) => sending(entity, intent.id, now, 300_000), owed.entity);
  const results = sent.intents
    .filter((intent) => intent.id.startsWith("w"))
    .flatMap((intent, i) => {
      const outcome = outcomes[i];
      return outcome ? [{ intent, outcome, nextAttemptAt: at(2) }] : [];
    });
  const after: Observation = { ...before, entity: sent, sides: { ...before.sides, ...readBack } };
  return { planned, sent, results, after, next: settled(after, results) };
}
const customcrm = (fields: Fields, properties = { ExternalId: "x1" as string | null }) => present(account, "CUSTOMCRM", "c1", fields, { properties });
const exact = (fields: Fields) => present(account, "EXACT", "x1", fields, { modifiedAt: at(0) });

describe("a write that was accepted and read back as sent", () => {
  const before = pair({ agreed, customcrm: changed({ email: "c@acme.nl" }), exact: agreed });
  const { planned, next } = carryOut(before, [done("x1")], { EXACT: exact(changed({ email: "c@acme.nl" })) });

  it("moves both shadows, and nothing is left to do", () => {
    expect(next).toMatchObject({ kind: "NONE", writes: [], next: { state: "LINKED", intents: [], syncedAt: at(0), version: planned.next.version } });
    expect([next.next.shadows.CUSTOMCRM?.email, next.next.shadows.EXACT?.email]).toEqual(["c@acme.nl", "c@acme.nl"]);
    expect(next.history).toEqual([]);
  });

  it("an edit made at the source meanwhile stays an edit, and travels", () => {
    const meanwhile = carryOut(before, [done("x1")], { EXACT: exact(changed({ email: "c@acme.nl" })), CUSTOMCRM: customcrm(changed({ email: "c2@acme.nl" })) });
    expect(meanwhile.next.next.shadows.CUSTOMCRM?.email).toBe("c@acme.nl");
    expect(writesOf(meanwhile.next)).toEqual([["EXACT", "UPDATE", { email: "c2@acme.nl" }]]);
  });

  it("an edit seen beside it in the answer has no time of its own: our write moved it (R3)", () => {
    const beside = carryOut({ ...before }, [done("x1")], {
      EXACT: exact(changed({ email: "c@acme.nl", phone: "e" })),
      CUSTOMCRM: customcrm(changed({ email: "c@acme.nl", phone: "c" })),
    });
    expect(writesOf(beside.next)).toEqual([["EXACT", "UPDATE", { phone: "c" }]]);
    expect(beside.next.next.timeUnknown).toContain("EXACT.phone");
    expect(beside.next.next.timeUnknown).not.toContain("EXACT.email");
  });

  it("what looks the same in canonical form is as sent", () => {
    const padded = carryOut(before, [done("x1")], { EXACT: exact(changed({ email: "  c@acme.nl " })) });
    expect(padded.next).toMatchObject({ kind: "NONE", next: { state: "LINKED", ignored: [] } });
  });
});

describe("a write that was read back other than sent (R5)", () => {
  const before = pair({ agreed, customcrm: changed({ email: "c@acme.nl", phone: "0123456789" }), exact: agreed });

  it.each([
    ["dropped without a word", "010-1"],
    ["cut short", "01234"],
    ["emptied", null],
  ])("%s: neither repeated nor taken for an edit; the other fields are settled", (_, phone) => {
    const { next } = carryOut(before, [done("x1")], { EXACT: exact(changed({ email: "c@acme.nl", phone })) });
    expect(next).toMatchObject({
      writes: [],
      next: { state: "FAILED", problem: { code: "IGNORED_BY_SYSTEM", system: "EXACT", field: "phone" }, shadows: { EXACT: { email: "c@acme.nl" } } },
    });
    expect(next.next.ignored).toEqual([{ system: "EXACT", field: "phone", sent: "0123456789", returned: phone, source: "0123456789" }]);
    expect(next.next.fields.phone).toBe("0123456789");
  });

  it("is tried again when the value changes, and forgotten when both agree", () => {
    const { next, after } = carryOut(before, [done("x1")], { EXACT: exact(changed({ email: "c@acme.nl", phone: "01234" })) });
    const later = (sides: Partial<Observation["sides"]>) => plan({ ...after, entity: next.next, sides: { ...after.sides, ...sides } });
    expect(later({})).toMatchObject({ writes: [], changed: false });
    expect(writesOf(later({ CUSTOMCRM: customcrm(changed({ email: "c@acme.nl", phone: "09876" })) }))).toEqual([["EXACT", "UPDATE", { phone: "09876" }]]);
    expect(later({ CUSTOMCRM: customcrm(changed({ email: "c@acme.nl", phone: "01234" })) })).toMatchObject({
      writes: [],
      next: { state: "LINKED", ignored: [], problem: null },
    });
    expect(writesOf(later({ EXACT: exact(changed({ email: "c@acme.nl", phone: "edited" })) }))).toEqual([["CUSTOMCRM", "UPDATE", { phone: "edited" }]]);
  });

  it("is told as lost when another value comes to stand there, also after a pause (I4)", () => {
    const { next, after } = carryOut(before, [done("x1")], { EXACT: exact(changed({ email: "c@acme.nl", phone: "entered" })) });
    const sides = { ...after.sides, CUSTOMCRM: customcrm(changed({ email: "c@acme.nl", phone: "09876" })) };
    const held = plan({ ...after, entity: next.next, sides, settings: { ...after.settings, paused } });
    expect(held).toMatchObject({ writes: [], next: { state: "PENDING", problem: { code: "PAUSED" } } });
    const resumed = plan({ ...after, entity: held.next, sides });
    expect(writesOf(resumed)).toEqual([["EXACT", "UPDATE", { phone: "09876" }]]);
    expect(resumed.history.flatMap((event) => event.fields)).toMatchObject([{ field: "phone", lost: "entered", lostFrom: "EXACT" }]);
    expect(plan({ ...after, entity: resumed.next, sides }).history).toEqual([]);
    const settled = plan({ ...after, entity: resumed.next, sides: { ...sides, EXACT: exact(changed({ email: "c@acme.nl", phone: "09876" })) } });
    expect(settled.next.ignored).toEqual([]);
  });

  it("ends a mutation as well: it does not stay open for what a system will not take", () => {
    const asked = pair({ agreed, customcrm: agreed, exact: agreed, entity: { wanted: wantedOf({ phone: "0123456789" }) } });
    const { next } = carryOut(asked, [done("x1"), done("c1")], {
      EXACT: exact(changed({ phone: "01234" })),
      CUSTOMCRM: customcrm(changed({ phone: "0123456789" })),
    });
    expect(next).toMatchObject({ writes: [], next: { state: "FAILED", wanted: null, problem: { code: "IGNORED_BY_SYSTEM" } } });
    const quiet = plan({
      ...asked,
      entity: next.next,
      sides: { EXACT: exact(changed({ phone: "01234" })), CUSTOMCRM: customcrm(changed({ phone: "0123456789" })) },
    });
    expect(quiet).toMatchObject({ writes: [], changed: false });
  });
});

describe("a mutation's writes", () => {
  const asked = pair({ agreed, customcrm: agreed, exact: agreed, entity: { wanted: wantedOf({ phone: "010-2" }) } });

  it("move no shadow before both sides hold the value", () => {
    const { next } = carryOut(asked, [done("x1"), { kind: "later", code: "SYSTEM_UNAVAILABLE", message: "No answer.", retryAt: null }], {
      EXACT: exact(changed({ phone: "010-2" })),
    });
    expect(next.next).toMatchObject({
      state: "PENDING",
      shadows: { CUSTOMCRM: { phone: "010-1" }, EXACT: { phone: "010-1" } },
      wanted: { set: { phone: "010-2" } },
      nextActionAt: at(2),
    });
    expect(next.next.problem).toMatchObject({ code: "SYSTEM_UNAVAILABLE", system: "CUSTOMCRM", nextAttemptAt: at(2) });
  });

  it("end it when both were read back", () => {
    const both = changed({ phone: "010-2" });
    const { next } = carryOut(asked, [done("x1"), done("c1")], { EXACT: exact(both), CUSTOMCRM: customcrm(both) });
    expect(next).toMatchObject({ kind: "NONE", next: { state: "LINKED", wanted: null, shadows: { EXACT: { phone: "010-2" } } } });
  });

  it("a product's number is sent once, whatever the answer", () => {
    const bolt = { name: "Bolt" };
    const before = pair({
      flow: product,
      agreed: bolt,
      customcrm: bolt,
      exact: bolt,
      customcrmProperties: { Number: null },
      entity: { wanted: wantedOf({ number: "P-1" }) },
    });
    for (const outcome of [done("c1"), refused("Number")]) {
      const { next } = carryOut(before, [outcome], {});
      expect(next).toMatchObject({ writes: [], next: { wanted: null } });
    }
  });
});

describe("a write whose sender ended before it could tell more", () => {
  const before = pair({ agreed, customcrm: changed({ email: "c@acme.nl" }), exact: agreed });
  const { sent, after } = carryOut(before, [], {});

  it("is looked at once the sender's lease has run out, and says then that it waits, and until when (I7)", () => {
    const leaseEnd = now + limits.sync.leaseMs;
    expect(sent).toMatchObject({ state: "PENDING", problem: null, nextActionAt: isoTime(leaseEnd) });
    const looked = plan({ ...after, now: leaseEnd });
    expect(looked.next).toMatchObject({ problem: { code: "QUARANTINE", nextAttemptAt: at(5) }, nextActionAt: at(5) });
  });
});

describe("a create", () => {
  const before = alone({ system: "CUSTOMCRM", fields: { name: "Acme", phone: "010-1" } });
  const createdAs = (fields: Fields) => ({ EXACT: exact(fields) });

  it("links the new record; then Customcrm is told its id in one extra write, and that is all", () => {
    const first = carryOut(before, [done("x1")], createdAs({ name: "Acme", phone: "010-1" }));
    expect(first.next.next).toMatchObject({
      records: { CUSTOMCRM: "c1", EXACT: "x1" },
      origin: "CREATED",
      linkedAt: at(0),
      shadows: { EXACT: { name: "Acme", phone: "010-1" } },
    });
    expect(first.next.history).toMatchObject([
      { kind: "CREATED", source: "CUSTOMCRM", fields: [{ field: "name", before: null, after: "Acme" }, { field: "phone" }] },
    ]);
    expect(first.next.writes).toMatchObject([{ system: "CUSTOMCRM", operation: "UPDATE", fields: {}, extra: { ExternalId: "x1" } }]);

    const second = carryOut({ ...first.after, entity: first.next.next }, [done("c1")], { CUSTOMCRM: customcrm({ name: "Acme", phone: "010-1" }) });
    expect(second.next).toMatchObject({ kind: "NONE", writes: [], next: { state: "LINKED", externalIdOwed: false } });
  });

  it.each([
    ["does not keep it", done("c1")],
    ["refuses it", refused("ExternalId")],
    ["refuses it without naming it", refused()],
  ])("a Customcrm that %s is not told again", (_, outcome) => {
    const first = carryOut(before, [done("x1")], createdAs({ name: "Acme", phone: "010-1" }));
    const second = carryOut({ ...first.after, entity: first.next.next }, [outcome], {});
    expect(second.next).toMatchObject({ writes: [], next: { state: "LINKED", externalIdOwed: false } });
  });

  it("a Customcrm that refuses the property by name gets the other fields without it", () => {
    const first = carryOut(before, [done("x1")], createdAs({ name: "Acme", phone: "010-1" }));
    const second = carryOut({ ...first.after, entity: first.next.next }, [refused("ExternalId")], {});
    const edited = plan({ ...second.after, entity: second.next.next, sides: { ...second.after.sides, EXACT: exact({ name: "Acme", phone: "010-9" }) } });
    expect(edited.writes).toMatchObject([{ system: "CUSTOMCRM", fields: { phone: "010-9" }, extra: {} }]);
  });

  it("an edit of the source made meanwhile travels: the shadow is what was sent", () => {
    const edited = present(account, "CUSTOMCRM", "c1", { name: "Acme", phone: "010-2" });
    const { next } = carryOut(before, [done("x1")], { ...createdAs({ name: "Acme", phone: "010-1" }), CUSTOMCRM: edited });
    expect(writesOf(next)[0]).toEqual(["EXACT", "UPDATE", { phone: "010-2" }]);
  });

  it("a default that the system filled in is a value, and beats no value (R4)", () => {
    const { next } = carryOut(before, [done("x1")], createdAs({ name: "Acme", phone: "010-1", country: "NL" }));
    expect(next.writes).toMatchObject([{ system: "CUSTOMCRM", fields: { country: "NL" }, extra: { ExternalId: "x1" } }]);
  });

  it("refused for good it stands as FAILED with the system's words", () => {
    const { next } = carryOut(before, [refused()], {});
    expect(next).toMatchObject({
      writes: [],
      next: {
        state: "FAILED",
        records: { EXACT: null },
        intents: [],
        problem: { code: "REFUSED_BY_SYSTEM", message: "Exact Online refused name, phone: Ongeldig" },
      },
    });
  });

  it("with its answer lost it stays in quarantine", () => {
    const { next } = carryOut(before, [{ kind: "ambiguous", message: "The answer was lost." }], {});
    expect(next).toMatchObject({
      writes: [],
      next: { state: "PENDING", nextActionAt: at(5), intents: [{ id: "w0", sentAt: at(0), lastError: "The answer was lost.", attempts: 1 }] },
    });
  });

  it("taken but not read back: its id is known, and nothing more is sent before it has been read", () => {
    const { next } = carryOut(before, [done("x1")], {});
    expect(next).toMatchObject({ kind: "WAIT", writes: [], next: { records: { EXACT: "x1" }, intents: [{ operation: "CREATE" }] } });
  });

  it("of a mutation: both sides, then linked", () => {
    const wanted = wantedOf({ name: "Acme" }, { kind: "CREATE" });
    const nobody = { ...before, entity: { ...before.entity, records: { CUSTOMCRM: null, EXACT: null }, wanted }, sides: { CUSTOMCRM: none, EXACT: none } };
    const first = carryOut(nobody, [done("x1")], createdAs({ name: "Acme" }));
    expect(first.next.history).toMatchObject([{ kind: "CREATED", source: "GATEWAY", actor: "anna" }]);
    expect(first.next.writes).toMatchObject([{ system: "CUSTOMCRM", operation: "CREATE", extra: { ExternalId: "x1" } }]);
    const second = carryOut({ ...first.after, entity: first.next.next }, [done("c1")], { CUSTOMCRM: customcrm({ name: "Acme" }) });
    expect(second.next).toMatchObject({
      kind: "NONE",
      writes: [],
      next: { state: "LINKED", wanted: null, records: { CUSTOMCRM: "c1", EXACT: "x1" }, externalIdOwed: false },
    });
  });
});

describe("other endings", () => {
  const before = pair({ agreed, customcrm: changed({ email: "c@acme.nl", phone: "010-2" }), exact: agreed });

  it("refused with a property named: that field fails, the other is sent again without it (R7)", () => {
    const { next } = carryOut(before, [refused("Email")], {});
    expect(writesOf(next)).toEqual([["EXACT", "UPDATE", { phone: "010-2" }]]);
    const second = carryOut({ ...before, entity: next.next }, [done("x1")], { EXACT: exact(changed({ phone: "010-2" })) });
    expect(second.next).toMatchObject({ writes: [], next: { state: "FAILED", problem: { code: "REFUSED_BY_SYSTEM", field: "email" } } });
  });

  it("refused without a name: the whole write waits for a change", () => {
    const { next } = carryOut(before, [refused()], {});
    expect(next).toMatchObject({
      writes: [],
      next: { state: "FAILED", refused: [{ fields: ["email", "phone"], properties: { Email: "c@acme.nl", Phone: "010-2" } }] },
    });
  });

  it("refused without a name: a move is taken to be what was refused, and the other fields go on without it (R7)", () => {
    const references = referencesOf([
      { entityId: "A", customcrm: "cA", exact: "xA" },
      { entityId: "B", customcrm: "cB", exact: "xB" },
    ]);
    const vos = { firstName: "Jan", lastName: "Vos" };
    const base = { flow: contact, references, agreed: { CUSTOMCRM: { ...vos, account: "cA" }, EXACT: { ...vos, account: "xA" } } };
    const moved = pair({ ...base, customcrm: { ...vos, phone: "010-2", account: "cB" }, exact: { ...vos, account: "xA" } });
    const { next } = carryOut(moved, [refused()], {});
    expect(writesOf(next)).toEqual([["EXACT", "UPDATE", { phone: "010-2" }]]);
    expect(next.next.refused).toMatchObject([{ system: "EXACT", fields: ["account"] }]);
  });

  it("for now: unsent again, counted, and tried at its time", () => {
    const { next } = carryOut(before, [{ kind: "later", code: "RATE_LIMITED", message: "Exact takes no calls.", retryAt: null }], {});
    expect(next.next).toMatchObject({
      state: "PENDING",
      nextActionAt: at(2),
      problem: { code: "RATE_LIMITED", attempts: 1, nextAttemptAt: at(2) },
      intents: [{ sentAt: null, quarantineUntil: null, attempts: 1 }],
    });
    const again = carryOut({ ...before, entity: next.next, now: Date.parse(at(3)) }, [done("x1")], {
      EXACT: exact(changed({ email: "c@acme.nl", phone: "010-2" })),
    });
    expect(again.sent.intents).toMatchObject([{ attempts: 2, queuedAt: at(0) }]);
    expect(again.next.next).toMatchObject({ state: "LINKED", problem: null, intents: [] });
  });

  it("modified: read again, and decided anew", () => {
    const { next } = carryOut(before, [{ kind: "modified" }], { EXACT: exact(changed({ email: "e@acme.nl" })) });
    expect(next.next.intents).toEqual([]);
    expect(next.writes.map((write) => write.system)).toContain("EXACT");
  });

  it("missing: one answer is no proof of a deletion (R9), and the write is not sent again and again", () => {
    const { next } = carryOut(before, [{ kind: "missing" }], {});
    expect(next).toMatchObject({ writes: [], next: { state: "PENDING", nextActionAt: at(2), problem: { code: "SYSTEM_UNAVAILABLE", nextAttemptAt: at(2) } } });
  });

  it("deleted: both gone, the entity has ended", () => {
    const asked = pair({ agreed, customcrm: agreed, exact: agreed, entity: { wanted: wantedOf({}, { kind: "DELETE" }) } });
    const { next } = carryOut(asked, [done("x1"), done("c1")], { EXACT: gone(), CUSTOMCRM: gone() });
    expect(next).toMatchObject({ ended: true, next: { records: { CUSTOMCRM: null, EXACT: null } } });
  });

  it("an end date that Exact dropped is not sent again", () => {
    const archive = { ...account, onDelete: "ARCHIVE" as const };
    const observation = pair({ flow: archive, agreed, customcrm: agreed, exact: agreed });
    const { next } = carryOut({ ...observation, sides: { ...observation.sides, CUSTOMCRM: gone() } }, [done("x1")], {});
    expect(next).toMatchObject({ writes: [], next: { state: "DETACHED", problem: { code: "IGNORED_BY_SYSTEM" } } });
  });

  it("an update whose record is gone meanwhile says nothing of what was ignored", () => {
    const { next } = carryOut(before, [done("x1")], { EXACT: gone() });
    expect(next).toMatchObject({ kind: "DETACH", next: { ignored: [], state: "DETACHED" } });
  });
});

describe("undoing what was accepted on one side only (I9)", () => {
  const seen = (system: System, fields: Fields) => present(account, system, "x1", fields);
  const update = intentOf({ fields: { phone: "010-2", email: null }, over: { phone: "010-1", email: "a@a.nl" } });

  it.each([
    ["still as we wrote it", { phone: "010-2" }, { kind: "write", write: { operation: "UPDATE", fields: { phone: "010-1", email: "a@a.nl" } } }],
    [
      "another field was edited: only ours are put back",
      { phone: "010-2", city: "Breda" },
      { kind: "write", write: { fields: { phone: "010-1", email: "a@a.nl" } } },
    ],
    ["somebody has put it back already", { phone: "010-1", email: "a@a.nl" }, { kind: "nothing" }],
    ["half of it is back", { phone: "010-1" }, { kind: "write", write: { fields: { email: "a@a.nl" } } }],
    ["somebody has edited it since", { phone: "010-9" }, { kind: "unsafe", reason: "Somebody has changed phone since." }],
  ])("an update: %s", (_, fields, expected) => {
    expect(undoOf(update, "x1", seen("EXACT", fields))).toMatchObject(expected);
  });

  const create = intentOf({ operation: "CREATE", fields: { name: "Acme" } });
  it.each([
    ["still as we made it", seen("EXACT", { name: "Acme" }), { kind: "write", write: { operation: "DELETE", recordId: "x1" } }],
    ["edited since", seen("EXACT", { name: "Acme Two" }), { kind: "unsafe" }],
    ["added to since", seen("EXACT", { name: "Acme", phone: "010-1" }), { kind: "unsafe" }],
    ["gone already", gone(), { kind: "nothing" }],
  ])("a create: %s", (_, sighting, expected) => {
    expect(undoOf(create, "x1", sighting)).toMatchObject(expected);
  });

  it("a delete is never undone by creating again", () => {
    expect(undoOf(intentOf({ operation: "DELETE" }), "x1", gone())).toMatchObject({ kind: "unsafe" });
  });
});
