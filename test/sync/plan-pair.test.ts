import { describe, expect, it } from "vitest";
import type { Entity } from "../../src/domain/entity.js";
import { plan } from "../../src/sync/plan.js";
import { account, at, contact, intentOf, pair, paused, product, referencesOf, wantedOf, withRows, writesOf } from "./decide-helpers.js";

const agreed = { name: "Acme", email: "info@acme.nl", phone: "010-1", city: "Breda" };
const changed = (over: Record<string, string | null>) => ({ ...agreed, ...over });

describe("a linked pair", () => {
  it("needs nothing while each side equals its shadow (R5, I5)", () => {
    const done = plan(pair({ agreed, customcrm: agreed, exact: agreed }));
    expect(done).toMatchObject({ kind: "NONE", writes: [], changed: false, history: [], changes: [] });
    expect(done.reason).toBe("Both sides agree on Acme.");
  });

  it.each([
    ["Customcrm", changed({ email: "new@acme.nl" }), agreed, "EXACT", { email: "new@acme.nl" }, "CUSTOMCRM"],
    ["Exact", agreed, changed({ email: "new@acme.nl" }), "CUSTOMCRM", { email: "new@acme.nl" }, "EXACT"],
    ["Customcrm, which cleared it", changed({ phone: null }), agreed, "EXACT", { phone: null }, "CUSTOMCRM"],
  ])("carries a change of %s to the other side, and only what differs there (R3, I6)", (_, customcrm, exact, system, fields, source) => {
    const todo = plan(pair({ agreed, customcrm, exact }));
    expect(writesOf(todo)).toEqual([[system, "UPDATE", fields]]);
    expect(todo.next).toMatchObject({ state: "PENDING", version: 6, fields });
    const [field] = Object.keys(fields);
    expect(todo.history).toEqual([
      {
        at: at(0),
        kind: "UPDATED",
        source,
        actor: null,
        fields: [
          expect.objectContaining({
            field,
            before: agreed[field as "email"],
            after: (fields as Record<string, string | null>)[field ?? ""] ?? null,
            lost: null,
            decidedBy: null,
          }),
        ],
      },
    ]);
  });

  it("remembers what a write was made from and what it replaces", () => {
    const [write] = plan(pair({ agreed, customcrm: changed({ email: "new@acme.nl" }), exact: agreed })).writes;
    expect(write).toMatchObject({ recordId: "x1", source: { email: "new@acme.nl" }, over: { email: "info@acme.nl" }, extra: {} });
  });

  it("takes an equal edit on both sides for agreed, and says so in the history", () => {
    const both = changed({ phone: "010-2" });
    const done = plan(pair({ agreed, customcrm: both, exact: both }));
    expect(done).toMatchObject({ kind: "NONE", writes: [], next: { state: "LINKED", version: 6, syncedAt: at(0) } });
    expect(done.next.shadows.CUSTOMCRM?.phone).toBe("010-2");
    expect(done.history).toHaveLength(1);
  });

  it("does not move the version for an echo, nor for a state (contract: version)", () => {
    const echo = plan(pair({ agreed, customcrm: agreed, exact: agreed, entity: { state: "PENDING" } }));
    expect(echo).toMatchObject({ changed: true, next: { state: "LINKED", version: 5 } });
  });

  it("merges fields of one record from both sides, each with its own write", () => {
    const todo = plan(pair({ agreed, customcrm: changed({ phone: "010-2" }), exact: changed({ email: "e@acme.nl" }) }));
    expect(writesOf(todo)).toEqual([
      ["EXACT", "UPDATE", { phone: "010-2" }],
      ["CUSTOMCRM", "UPDATE", { email: "e@acme.nl" }],
    ]);
    expect(todo.history.map((event) => [event.source, event.fields.map((one) => one.field)])).toEqual([
      ["EXACT", ["email"]],
      ["CUSTOMCRM", ["phone"]],
    ]);
  });

  it("sends of a group only the fields that differ at the target (I6)", () => {
    const todo = plan(
      pair({
        agreed: changed({ addressLine1: "Weg 1" }),
        customcrm: changed({ addressLine1: "Weg 1", city: "Tilburg" }),
        exact: changed({ addressLine1: "Weg 1" }),
      }),
    );
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { city: "Tilburg" }]]);
  });

  it("shows the newest time that either side gives", () => {
    expect(plan(pair({ agreed, customcrm: agreed, exact: agreed, customcrmAt: at(-3), exactAt: at(-9) })).next.modifiedAt).toBe(at(-3));
  });
});

describe("a conflict", () => {
  const apart = { agreed, customcrm: changed({ email: "c@acme.nl" }), exact: changed({ email: "e@acme.nl" }) };

  it("is decided by the newer time, and the loser stands in the history (R3, I4)", () => {
    const todo = plan(pair({ ...apart, customcrmAt: at(-10), exactAt: at(-1) }));
    expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { email: "e@acme.nl" }]]);
    expect(todo.history[0]).toMatchObject({
      source: "EXACT",
      fields: [{ field: "email", before: "info@acme.nl", after: "e@acme.nl", lost: "c@acme.nl", lostFrom: "CUSTOMCRM", decidedBy: "NEWEST" }],
    });
  });

  it("goes to Customcrm where a write of ours moved a side's time since (R3)", () => {
    const todo = plan(pair({ ...apart, customcrmAt: at(-10), exactAt: at(-1), entity: { timeUnknown: ["EXACT.email"] } }));
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { email: "c@acme.nl" }]]);
    expect(todo.history[0]?.fields[0]).toMatchObject({ decidedBy: "CUSTOMCRM" });
    const other = plan(pair({ ...apart, customcrmAt: at(-10), exactAt: at(-1), entity: { timeUnknown: ["EXACT.phone"] } }));
    expect(writesOf(other)).toEqual([["CUSTOMCRM", "UPDATE", { email: "e@acme.nl" }]]);
  });

  it("is told once, however often the same write is planned again", () => {
    const first = plan(pair({ ...apart, customcrmAt: at(-1), exactAt: at(-10) }));
    const [write] = first.writes;
    const intents = [
      intentOf({
        fields: write?.fields ?? {},
        source: write?.source ?? {},
        over: write?.over ?? {},
        sentAt: null,
        quarantineUntil: null,
        nextAttemptAt: at(-1),
      }),
    ];
    const again = plan(pair({ ...apart, customcrmAt: at(-1), exactAt: at(-10), entity: { ...first.next, intents } }));
    expect(writesOf(again)).toEqual(writesOf(first));
    expect(again.history).toEqual([]);
    expect(again.changes).toHaveLength(1);
    const anotherLoser = plan(
      pair({ ...apart, exact: changed({ email: "e2@acme.nl" }), customcrmAt: at(-1), exactAt: at(-10), entity: { ...first.next, intents } }),
    );
    expect(anotherLoser.history[0]?.fields).toMatchObject([{ lost: "e2@acme.nl" }]);
  });

  describe("under MANUAL", () => {
    const flow = withRows(account, { email: { policy: "MANUAL" } });
    const todo = plan(pair({ ...apart, flow }));

    it("waits for a person, with both values on record; nothing is written", () => {
      expect(todo).toMatchObject({ kind: "CONFLICT", writes: [], next: { state: "CONFLICT", problem: { code: "CONFLICT", field: "email" }, version: 5 } });
      expect(todo.next.conflicts).toEqual([{ field: "email", agreed: "info@acme.nl", customcrm: "c@acme.nl", exact: "e@acme.nl", since: at(0) }]);
      expect(todo.next.fields.email).toBe("info@acme.nl");
      expect(todo.history).toMatchObject([{ kind: "CONFLICT", fields: [{ after: "c@acme.nl", lost: "e@acme.nl", decidedBy: "MANUAL" }] }]);
    });

    it("keeps its time and is told once, until a value changes", () => {
      const later = { ...apart, flow, entity: todo.next, now: Date.parse(at(60)) };
      expect(plan(pair(later))).toMatchObject({ changed: false, history: [], next: { conflicts: [{ since: at(0) }] } });
      const edited = plan(pair({ ...later, exact: changed({ email: "e2@acme.nl" }) }));
      expect(edited.next.conflicts).toMatchObject([{ exact: "e2@acme.nl", since: at(60) }]);
      expect(edited.history).toHaveLength(1);
    });

    it("holds up no other field", () => {
      const more = plan(pair({ ...apart, flow, customcrm: changed({ email: "c@acme.nl", phone: "010-2" }) }));
      expect(writesOf(more)).toEqual([["EXACT", "UPDATE", { phone: "010-2" }]]);
      expect(more.next.conflicts).toHaveLength(1);
    });

    it("ends when both sides agree, or one goes back", () => {
      expect(plan(pair({ ...apart, flow, entity: todo.next, exact: apart.customcrm }))).toMatchObject({
        kind: "NONE",
        next: { state: "LINKED", conflicts: [], problem: null },
      });
      expect(writesOf(plan(pair({ ...apart, flow, entity: todo.next, exact: agreed })))).toEqual([["EXACT", "UPDATE", { email: "c@acme.nl" }]]);
    });

    it("ends by a mutation, which keeps both losers", () => {
      const resolved = plan(pair({ ...apart, flow, entity: { ...todo.next, wanted: wantedOf({ email: "new@acme.nl" }) } }));
      expect(writesOf(resolved)).toEqual([
        ["EXACT", "UPDATE", { email: "new@acme.nl" }],
        ["CUSTOMCRM", "UPDATE", { email: "new@acme.nl" }],
      ]);
      expect(resolved.next.conflicts).toEqual([]);
      expect(resolved.history).toMatchObject([{ kind: "RESOLVED", source: "GATEWAY", actor: "anna", fields: [{ lost: "c@acme.nl" }, { lost: "e@acme.nl" }] }]);
    });
  });

  it("never arises for a one-way field: what is edited at the target stays, and does not travel", () => {
    const flow = withRows(account, { email: { direction: "TO_EXACT" } });
    const drift = plan(pair({ agreed, flow, customcrm: agreed, exact: changed({ email: "e@acme.nl" }) }));
    expect(drift).toMatchObject({ kind: "NONE", writes: [], next: { state: "LINKED", fields: { email: "info@acme.nl" } } });
    const overwritten = plan(pair({ ...apart, flow }));
    expect(writesOf(overwritten)).toEqual([["EXACT", "UPDATE", { email: "c@acme.nl" }]]);
    expect(overwritten.history[0]?.fields).toMatchObject([{ lost: "e@acme.nl", lostFrom: "EXACT", decidedBy: "CUSTOMCRM" }]);
  });
});

describe("the first agreement (R4)", () => {
  const fresh = { state: "PENDING", fields: {} } as const;

  it("fills what is empty on either side, and loses nothing", () => {
    const todo = plan(pair({ customcrm: { name: "Acme", phone: "010-1" }, exact: { name: "Acme", email: "e@acme.nl" }, entity: { ...fresh } }));
    expect(writesOf(todo)).toEqual([
      ["EXACT", "UPDATE", { phone: "010-1" }],
      ["CUSTOMCRM", "UPDATE", { email: "e@acme.nl" }],
    ]);
    expect(todo.history.flatMap((event) => event.fields).every((one) => one.lostFrom === null)).toBe(true);
  });

  it("makes a shadow of what agrees, and of nothing else: a base is never invented", () => {
    const { next } = plan(pair({ customcrm: { name: "Acme", phone: "010-1" }, exact: { name: "Acme", phone: "010-9" }, entity: { ...fresh } }));
    expect(next.shadows.CUSTOMCRM?.name).toBe("Acme");
    expect(next.shadows.CUSTOMCRM).not.toHaveProperty("phone");
    expect(next.shadows.EXACT).not.toHaveProperty("phone");
  });

  it("takes the values of the side that a person prefers", () => {
    const todo = plan(pair({ customcrm: { name: "Acme", phone: "010-1" }, exact: { name: "ACME", phone: "010-9" }, prefer: "EXACT", entity: { ...fresh } }));
    expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { name: "ACME", phone: "010-9" }]]);
    expect(todo.history[0]?.fields).toMatchObject([{ lost: "Acme", decidedBy: "EXACT" }, { lost: "010-1" }]);
  });

  it("a group of which one row was switched on later is unknown as a whole", () => {
    const shadow = { name: "Acme", addressLine1: "Weg 1", addressLine2: null, postcode: "1000", city: "Breda" };
    const both = { name: "Acme", addressLine1: "Weg 1", postcode: "1000", city: "Breda" };
    const todo = plan(pair({ customcrm: both, exact: { ...both, country: "NL" }, entity: { shadows: { CUSTOMCRM: shadow, EXACT: shadow } } }));
    expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { country: "NL" }]]);
    const apart = plan(
      pair({ customcrm: { ...both, country: "BE" }, exact: { ...both, country: "NL" }, entity: { shadows: { CUSTOMCRM: shadow, EXACT: shadow } } }),
    );
    expect(apart.history.flatMap((event) => event.fields)).toContainEqual(expect.objectContaining({ field: "country", lost: "NL", lostFrom: "EXACT" }));
  });

  it("treats a row that was switched on later as unknown, not as empty", () => {
    const shadow = { name: "Acme" };
    const todo = plan(pair({ customcrm: { name: "Acme" }, exact: { name: "Acme", fax: "010-3" }, entity: { shadows: { CUSTOMCRM: shadow, EXACT: shadow } } }));
    expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { fax: "010-3" }]]);
  });
});

describe("references merge on what they refer to (R3, R7)", () => {
  const references = referencesOf([
    { entityId: "A", customcrm: "cA", exact: "xA" },
    { entityId: "B", customcrm: "cB", exact: "xB", former: "B-old" },
    { entityId: "C-only", customcrm: "cC", exact: null },
  ]);
  const vos = { firstName: "Jan", lastName: "Vos" };
  const inA = { flow: contact, references, agreed: { CUSTOMCRM: { ...vos, account: "cA" }, EXACT: { ...vos, account: "xA" } } };

  it("another record id of the same account is no difference", () => {
    const done = plan(pair({ ...inA, customcrm: { ...vos, account: "cA" }, exact: { ...vos, account: "xA" }, entity: { fields: { ...vos, account: "A" } } }));
    expect(done).toMatchObject({ writes: [], next: { version: 5 } });
    expect(done.next.fields.account).toBe("A");
  });

  it("a moved contact is moved on the other side, to that side's own record", () => {
    const todo = plan(pair({ ...inA, customcrm: { ...vos, account: "cB" }, exact: { ...vos, account: "xA" }, entity: { fields: { ...vos, account: "A" } } }));
    expect(todo.writes).toMatchObject([{ system: "EXACT", fields: { account: "xB" }, source: { account: "cB" }, over: { account: "xA" } }]);
    expect(todo.history[0]?.fields).toMatchObject([{ field: "account", before: "A", after: "B" }]);
  });

  it("a move to an account without a counterpart waits alone; the other fields go on", () => {
    const todo = plan(pair({ ...inA, customcrm: { firstName: "Jan", lastName: "Vos", phone: "06", account: "cC" }, exact: { ...vos, account: "xA" } }));
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { phone: "06" }]]);
    const later = plan(pair({ ...inA, customcrm: { ...vos, account: "cC" }, exact: { ...vos, account: "xA" } }));
    expect(later).toMatchObject({
      kind: "WAIT",
      writes: [],
      next: { state: "WAITING", problem: { code: "WAITING_FOR_REFERENCE", system: "EXACT", field: "account" } },
    });
  });

  it("starts by itself when the account has its counterpart", () => {
    const linked = referencesOf([
      { entityId: "A", customcrm: "cA", exact: "xA" },
      { entityId: "C-only", customcrm: "cC", exact: "xC" },
    ]);
    const todo = plan(
      pair({ ...inA, references: linked, customcrm: { ...vos, account: "cC" }, exact: { ...vos, account: "xA" }, entity: { state: "WAITING" } }),
    );
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { account: "xC" }]]);
  });

  it("an account that got another entity id by being linked is no change", () => {
    const done = plan(
      pair({
        ...inA,
        agreed: { CUSTOMCRM: { ...vos, account: "cB" }, EXACT: { ...vos, account: "xB" } },
        customcrm: { ...vos, account: "cB" },
        exact: { ...vos, account: "xB" },
        entity: { fields: { ...vos, account: "B-old" } },
      }),
    );
    expect(done).toMatchObject({ writes: [], history: [], next: { version: 5, fields: { account: "B" } } });
  });

  it("an account that nobody knows is never sent, and shows as none", () => {
    const todo = plan(
      pair({ ...inA, customcrm: { ...vos, account: "cA" }, exact: { ...vos, account: "x-unknown" }, entity: { fields: { ...vos, account: "A" } } }),
    );
    expect(todo).toMatchObject({ writes: [], next: { state: "WAITING", fields: { account: null } } });
  });

  describe("a product's default account in Exact", () => {
    const withDefault = {
      flow: product,
      references: referencesOf([
        { entityId: "A", customcrm: "cA", exact: "xA" },
        { entityId: "D", customcrm: "cD", exact: "xD" },
      ]),
      settings: { defaultAccount: "xD" },
    };
    const bolt = { name: "Bolt" };

    it("reads as no account, so that it never travels back", () => {
      const done = plan(pair({ ...withDefault, customcrm: bolt, exact: { ...bolt, account: "xD" }, entity: { fields: { name: "Bolt" } } }));
      expect(done).toMatchObject({ kind: "NONE", writes: [], next: { state: "LINKED", fields: { account: null } } });
    });

    it("is what 'no account' becomes there", () => {
      const shadows = { agreed: { CUSTOMCRM: { ...bolt, account: "cA" }, EXACT: { ...bolt, account: "xA" } } };
      const todo = plan(pair({ ...withDefault, ...shadows, customcrm: bolt, exact: { ...bolt, account: "xA" } }));
      expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { account: "xD" }]]);
    });

    it("equals the Customcrm customer that is linked with that very account", () => {
      const done = plan(pair({ ...withDefault, customcrm: { ...bolt, account: "cD" }, exact: { ...bolt, account: "xD" } }));
      expect(done).toMatchObject({ writes: [], next: { state: "LINKED", fields: { account: "D" } } });
      const moved = plan(
        pair({
          ...withDefault,
          agreed: { CUSTOMCRM: { ...bolt, account: "cD" }, EXACT: { ...bolt, account: "xD" } },
          customcrm: { ...bolt, account: "cD" },
          exact: { ...bolt, account: "xA" },
        }),
      );
      expect(writesOf(moved)).toEqual([["CUSTOMCRM", "UPDATE", { account: "cA" }]]);
    });

    it("is a real account for a contact, which must have one", () => {
      const vos = { lastName: "Vos" };
      const done = plan(
        pair({
          ...withDefault,
          flow: contact,
          customcrm: { ...vos, account: "cA" },
          exact: { ...vos, account: "xD" },
          agreed: { CUSTOMCRM: { ...vos, account: "cA" }, EXACT: { ...vos, account: "xA" } },
        }),
      );
      expect(writesOf(done)).toEqual([["CUSTOMCRM", "UPDATE", { account: "cD" }]]);
    });

    it("missing, keeps that field waiting with this as its problem", () => {
      const todo = plan(
        pair({
          ...withDefault,
          settings: {},
          agreed: { CUSTOMCRM: { ...bolt, account: "cA" }, EXACT: { ...bolt, account: "xA" } },
          customcrm: bolt,
          exact: { ...bolt, account: "xA" },
        }),
      );
      expect(todo).toMatchObject({ writes: [], next: { state: "WAITING", problem: { code: "NO_DEFAULT_ACCOUNT" } } });
    });
  });
});

describe("what can't be written", () => {
  const references = referencesOf([{ entityId: "A", customcrm: "cA", exact: "xA" }]);
  const inA = { account: "cA" };
  const vos = {
    flow: contact,
    references,
    agreed: { CUSTOMCRM: { firstName: "Jan", lastName: "Vos", phone: "06", ...inA }, EXACT: { firstName: "Jan", lastName: "Vos", phone: "06", account: "xA" } },
  };

  it("Customcrm's required last name can't be cleared: that name fails, the other fields go on", () => {
    const todo = plan(
      pair({
        ...vos,
        customcrm: { firstName: "Jan", lastName: "Vos", phone: "06", ...inA },
        exact: { firstName: "Piet", lastName: null, phone: "07", account: "xA" },
      }),
    );
    expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { phone: "07" }]]);
    const after = plan(
      pair({
        ...vos,
        customcrm: { firstName: "Jan", lastName: "Vos", phone: "06", ...inA },
        exact: { firstName: "Piet", lastName: null, phone: "06", account: "xA" },
      }),
    );
    expect(after).toMatchObject({ writes: [], next: { state: "FAILED", problem: { code: "NO_LAST_NAME", field: "lastName" } } });
  });

  it("an account's name can't be cleared in Customcrm", () => {
    const todo = plan(pair({ agreed, customcrm: agreed, exact: changed({ name: null }) }));
    expect(todo).toMatchObject({ writes: [], next: { state: "FAILED", problem: { code: "REFUSED_BY_SYSTEM", field: "name" } } });
  });

  it("a value that is too long for the other system is not sent there, and costs it no error", () => {
    const todo = plan(pair({ agreed, customcrm: changed({ addressLine1: "a".repeat(81), phone: "07" }), exact: agreed }));
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { phone: "07" }]]);
    const after = plan(pair({ agreed, customcrm: changed({ addressLine1: "a".repeat(81) }), exact: agreed }));
    expect(after).toMatchObject({ writes: [], next: { state: "FAILED", problem: { code: "REFUSED_BY_SYSTEM", system: "EXACT", field: "addressLine1" } } });
    expect(after.next?.problem?.message).toBe(
      "Exact Online takes at most 80 characters of AddressLine1, and addressLine1 has 81. It was not sent: shorten it.",
    );
    expect(writesOf(plan(pair({ agreed, customcrm: changed({ addressLine1: "a".repeat(80) }), exact: agreed })))).toHaveLength(1);
  });

  const ignored: Entity["ignored"] = [{ system: "EXACT", field: "email", sent: "c@acme.nl", returned: "info@acme.nl", source: "c@acme.nl" }];
  it.each([
    ["is not repeated", changed({ email: "c@acme.nl" }), agreed, []],
    ["is tried again when the source changes", changed({ email: "c2@acme.nl" }), agreed, [["EXACT", "UPDATE", { email: "c2@acme.nl" }]]],
    ["gives way to an edit on that side", changed({ email: "c@acme.nl" }), changed({ email: "e@acme.nl" }), [["CUSTOMCRM", "UPDATE", { email: "e@acme.nl" }]]],
  ])("R5: what a system ignored %s", (_, customcrm, exact, writes) => {
    const shadows = { CUSTOMCRM: changed({ email: "c@acme.nl" }), EXACT: agreed };
    const entity = { ignored, fields: changed({ email: "c@acme.nl" }), shadows: { CUSTOMCRM: full(shadows.CUSTOMCRM), EXACT: full(shadows.EXACT) } };
    expect(writesOf(plan(pair({ customcrm, exact, customcrmAt: at(-10), exactAt: at(-1), entity })))).toEqual(writes);
  });

  it("I4: what was ignored, and an edit replaces after a pause, stands in the history", () => {
    const shadows = { CUSTOMCRM: full(changed({ email: "c@acme.nl" })), EXACT: full(agreed) };
    const edited = { customcrm: changed({ email: "c@acme.nl" }), exact: changed({ email: "e@acme.nl" }), customcrmAt: at(-10), exactAt: at(-1) };
    const entity = { ignored, fields: changed({ email: "c@acme.nl" }), shadows };
    const held = plan(pair({ ...edited, entity, settings: { paused } }));
    expect(held).toMatchObject({ writes: [], next: { ignored, problem: { code: "PAUSED" } } });
    const after = plan(pair({ ...edited, entity: held.next }));
    expect(writesOf(after)).toEqual([["CUSTOMCRM", "UPDATE", { email: "e@acme.nl" }]]);
    expect([...held.history, ...after.history].flatMap((event) => event.fields)).toContainEqual(
      expect.objectContaining({ field: "email", lost: "c@acme.nl", lostFrom: "CUSTOMCRM" }),
    );
  });

  it.each([
    ["the other side is", changed({ email: "c2@acme.nl" }), agreed],
    ["that record is", changed({ email: "c@acme.nl" }), changed({ email: "e@acme.nl" })],
    ["both are", changed({ email: "c2@acme.nl" }), changed({ email: "e@acme.nl" })],
  ])("R5: what was ignored stays known where %s edited, and set back before that is written", (_, customcrm, exact) => {
    const shadows = { CUSTOMCRM: full(changed({ email: "c@acme.nl" })), EXACT: full(agreed) };
    const edited = plan(pair({ customcrm, exact, entity: { ignored, fields: changed({ email: "c@acme.nl" }), shadows } }));
    expect(edited).toMatchObject({ next: { state: "PENDING", ignored } });
    const back = plan(pair({ customcrm: changed({ email: "c@acme.nl" }), exact: agreed, entity: { ...edited.next, intents: [] } }));
    expect(back).toMatchObject({ writes: [], next: { state: "FAILED", ignored, problem: { code: "IGNORED_BY_SYSTEM", field: "email" } } });
  });

  it("R5: an ignored field leaves the entity FAILED with the reason, and a mutation of the same value does not repeat it", () => {
    const entity = { ignored, wanted: wantedOf({ email: "c@acme.nl" }) };
    const done = plan(pair({ agreed, customcrm: changed({ email: "c@acme.nl" }), exact: agreed, entity }));
    expect(done).toMatchObject({
      writes: [],
      next: { state: "FAILED", wanted: null, problem: { code: "IGNORED_BY_SYSTEM", system: "EXACT", field: "email" } },
    });
    expect(done.next.ignored).toEqual(ignored);
  });

  const refused: Entity["refused"] = [
    { system: "EXACT", operation: "UPDATE", fields: ["email"], properties: { Email: "bad" }, message: "Ongeldig: E-mail", since: at(-9) },
  ];
  it.each([
    ["is not sent again unchanged", changed({ email: "bad" }), []],
    ["holds up no other field", changed({ email: "bad", phone: "010-2" }), [["EXACT", "UPDATE", { phone: "010-2" }]]],
    ["is sent again once it changes", changed({ email: "good@acme.nl" }), [["EXACT", "UPDATE", { email: "good@acme.nl" }]]],
  ])("R14: what was refused for good %s", (_, customcrm, writes) => {
    expect(writesOf(plan(pair({ agreed, customcrm, exact: agreed, entity: { refused, state: "FAILED" } })))).toEqual(writes);
  });

  it("R14: the entity is FAILED with the system's own words, until it changes", () => {
    const stuck = plan(pair({ agreed, customcrm: changed({ email: "bad" }), exact: agreed, entity: { refused } }));
    expect(stuck.next).toMatchObject({
      state: "FAILED",
      problem: { code: "REFUSED_BY_SYSTEM", system: "EXACT", field: "email", message: "Exact Online refused email: Ongeldig: E-mail" },
    });
    const back = plan(pair({ agreed, customcrm: agreed, exact: agreed, entity: { refused, state: "FAILED" } }));
    expect(back.next).toMatchObject({ state: "LINKED", problem: null, refused: [] });
  });

  it("R14: another mapping of the same value is another write", () => {
    const flow = withRows(account, { email: { exact: "EmailTwo" } });
    expect(writesOf(plan(pair({ flow, agreed, customcrm: changed({ email: "bad" }), exact: agreed, entity: { refused } })))).toEqual([
      ["EXACT", "UPDATE", { email: "bad" }],
    ]);
  });

  it("a person who was anonymised in Exact is never filled again, and the emptiness does not travel", () => {
    const done = plan(pair({ agreed, customcrm: changed({ phone: "new" }), exact: { name: "Anonymous" }, exactProperties: { IsAnonymised: 1 } }));
    expect(done).toMatchObject({ writes: [], next: { state: "DETACHED", problem: { code: "DELETED_ELSEWHERE", system: "EXACT" } } });
    expect(done.history.map((event) => event.kind)).toContain("DETACHED");
    const again = plan(
      pair({ agreed, customcrm: changed({ phone: "new" }), exact: { name: "Anonymous" }, exactProperties: { IsAnonymised: 1 }, entity: done.next }),
    );
    expect(again).toMatchObject({ writes: [], changed: false });
    const mutation = plan(
      pair({ agreed, customcrm: agreed, exact: {}, exactProperties: { IsAnonymised: 1 }, entity: { ...done.next, wanted: wantedOf({ phone: "08" }) } }),
    );
    expect(writesOf(mutation)).toEqual([["CUSTOMCRM", "UPDATE", { phone: "08" }]]);
  });
});

describe("what is held back", () => {
  const due = { agreed, customcrm: changed({ email: "c@acme.nl" }), exact: agreed };

  it("while the dataflow is paused nothing is written, and the entity says why", () => {
    const held = plan(pair({ ...due, settings: { paused } }));
    expect(held).toMatchObject({
      kind: "WAIT",
      writes: [],
      next: { state: "PENDING", problem: { code: "PAUSED", message: "A person paused this dataflow." } },
    });
    expect(held.next.fields.email).toBe("c@acme.nl");
  });

  it("a mutation goes through while the dataflow is paused; the rest of the record stays back", () => {
    const entity = { wanted: wantedOf({ phone: "010-2" }) };
    expect(writesOf(plan(pair({ ...due, settings: { paused }, entity })))).toEqual([
      ["EXACT", "UPDATE", { phone: "010-2" }],
      ["CUSTOMCRM", "UPDATE", { phone: "010-2" }],
    ]);
  });

  it("before first contact is confirmed not even that (R11)", () => {
    const entity = { wanted: wantedOf({ phone: "010-2" }) };
    const held = plan(pair({ ...due, settings: { firstContactConfirmed: false }, entity }));
    expect(held).toMatchObject({ writes: [], next: { state: "PENDING", problem: { code: "PAUSED" }, wanted: { set: { phone: "010-2" } } } });
  });

  it("a paused dataflow with nothing owed is simply LINKED", () => {
    expect(plan(pair({ agreed, customcrm: agreed, exact: agreed, settings: { paused } }))).toMatchObject({ kind: "NONE", changed: false });
  });

  it("a loss is told only with the write that brings it about", () => {
    const conflict = { agreed, customcrm: changed({ email: "c@acme.nl" }), exact: changed({ email: "e@acme.nl" }), customcrmAt: at(-1), exactAt: at(-9) };
    const held = plan(pair({ ...conflict, settings: { paused } }));
    expect(held.history.flatMap((event) => event.fields)).toMatchObject([{ after: "c@acme.nl", lostFrom: null }]);
    const resumed = plan(pair({ ...conflict, entity: held.next }));
    expect(resumed.history.flatMap((event) => event.fields)).toMatchObject([{ lost: "e@acme.nl", lostFrom: "EXACT" }]);
  });

  it("in quarantine nothing is sent to that record; the other side goes on (R8)", () => {
    const intents = [intentOf({ fields: { phone: "010-7" }, source: { phone: "010-7" } })];
    const both = { agreed, customcrm: changed({ email: "c@acme.nl", phone: "010-7" }), exact: changed({ city: "Tilburg" }), entity: { intents } };
    const held = plan(pair(both));
    expect(writesOf(held)).toEqual([["CUSTOMCRM", "UPDATE", { city: "Tilburg" }]]);
    const only = plan(pair({ ...both, exact: agreed }));
    expect(only).toMatchObject({
      kind: "WAIT",
      writes: [],
      next: { state: "PENDING", problem: { code: "QUARANTINE", system: "EXACT", nextAttemptAt: at(3) }, nextActionAt: at(3) },
    });
    expect(only.next.intents).toEqual(intents);
  });

  it("stays pending in quarantine even if nothing is owed any more: the write may still land", () => {
    const intents = [intentOf({ fields: { phone: "010-7" }, source: { phone: "010-7" } })];
    expect(plan(pair({ agreed, customcrm: agreed, exact: agreed, entity: { intents } })).next).toMatchObject({
      state: "PENDING",
      problem: { code: "QUARANTINE" },
    });
  });

  it("waits out a back-off, unless a person waits for it", () => {
    const intents = [
      intentOf({ fields: { email: "c@acme.nl" }, sentAt: null, quarantineUntil: null, nextAttemptAt: at(4), attempts: 3, lastError: "Exact answered 503." }),
    ];
    const held = plan(pair({ ...due, entity: { intents } }));
    expect(held.next).toMatchObject({
      state: "PENDING",
      nextActionAt: at(4),
      problem: { code: "SYSTEM_UNAVAILABLE", message: "Exact answered 503.", attempts: 3, nextAttemptAt: at(4) },
    });
    expect(writesOf(plan(pair({ ...due, entity: { intents }, urgent: true })))).toHaveLength(1);
    expect(writesOf(plan(pair({ ...due, entity: { intents }, now: Date.parse(at(5)) })))).toHaveLength(1);
  });

  it("every entity that is owed something says when it is looked at next", () => {
    expect(plan(pair(due)).next.nextActionAt).toBe(at(0));
    expect(plan(pair({ agreed, customcrm: agreed, exact: agreed, entity: { nextActionAt: at(-3) } })).next.nextActionAt).toBeNull();
  });
});

describe("our own writes are told from edits by their value (R8)", () => {
  const sent = { fields: { email: "c1@acme.nl" }, source: { email: "c1@acme.nl" }, over: { email: "info@acme.nl" } };

  it("a lost answer whose write has landed: both shadows move, and nothing is sent", () => {
    const done = plan(
      pair({
        agreed,
        customcrm: changed({ email: "c1@acme.nl" }),
        exact: changed({ email: "c1@acme.nl" }),
        entity: { intents: [intentOf(sent)], fields: full(changed({ email: "c1@acme.nl" })) },
      }),
    );
    expect(done).toMatchObject({ kind: "NONE", writes: [], history: [], next: { state: "LINKED", intents: [], version: 5 } });
    expect(done.next.shadows.EXACT?.email).toBe("c1@acme.nl");
  });

  it("an edit made meanwhile at the source is an edit: the other side's shadow is what the write was made from", () => {
    const todo = plan(
      pair({
        agreed,
        customcrm: changed({ email: "c2@acme.nl" }),
        exact: changed({ email: "c1@acme.nl" }),
        exactAt: at(-1),
        customcrmAt: at(-30),
        entity: { intents: [intentOf(sent)] },
      }),
    );
    // Not a conflict in which our own write could win.
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { email: "c2@acme.nl" }]]);
    expect(todo.next.shadows).toMatchObject({ CUSTOMCRM: { email: "c1@acme.nl" }, EXACT: { email: "c1@acme.nl" } });
    expect(todo.history.flatMap((event) => event.fields).every((one) => one.lostFrom === null)).toBe(true);
  });

  describe("a write lands whole: where one of its values shows, what another field of it shows came after", () => {
    const whole = { fields: { email: "c1@acme.nl", phone: "p" }, source: { email: "c1@acme.nl", phone: "p" }, over: { email: "info@acme.nl", phone: "010-1" } };
    const showing = (email: string, customcrm = "c1@acme.nl") =>
      pair({
        agreed,
        customcrm: changed({ email: customcrm, phone: "p" }),
        exact: changed({ email, phone: "p" }),
        entity: { intents: [intentOf(whole)], fields: full(changed({ email: "c1@acme.nl", phone: "p" })) },
      });

    it("an edit of it travels back, and is in no conflict with what we wrote", () => {
      const todo = plan(showing("e3@acme.nl"));
      expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { email: "e3@acme.nl" }]]);
      expect(todo.next.shadows).toMatchObject({ CUSTOMCRM: { email: "c1@acme.nl", phone: "p" }, EXACT: { email: "c1@acme.nl", phone: "p" } });
      // Should it be a system's own idea of the value after all, what was sent is not lost.
      expect(todo.history.flatMap((event) => event.fields)).toMatchObject([{ after: "e3@acme.nl", lost: "c1@acme.nl", lostFrom: "CUSTOMCRM" }]);
    });

    it("against an edit at the source it is a conflict like any other", () => {
      const todo = plan(showing("e3@acme.nl", "c4@acme.nl"));
      expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { email: "c4@acme.nl" }]]);
      expect(todo.history.flatMap((event) => event.fields)).toMatchObject([{ after: "c4@acme.nl", lost: "e3@acme.nl", lostFrom: "EXACT" }]);
    });

    it("what it still shows as before was dropped, and is sent again: the answer will tell (R5)", () => {
      expect(writesOf(plan(showing("info@acme.nl")))).toEqual([["EXACT", "UPDATE", { email: "c1@acme.nl" }]]);
    });
  });

  describe("a write that lands over an edit which has won meanwhile", () => {
    const flow = withRows(account, { email: { policy: "EXACT" } });
    const ours = changed({ email: "c1@acme.nl" });
    const theirs = changed({ email: "e2@acme.nl" });
    /** Exact was edited while our write to it was under way, and wins: the edit travels. */
    const edited = pair({ flow, agreed, customcrm: ours, exact: theirs, entity: { intents: [intentOf(sent)], fields: full(ours) } });
    const travelling = plan(edited);
    const later = (customcrm: typeof agreed, exact: typeof agreed, entity: Partial<Entity> = {}) =>
      pair({ flow, agreed, customcrm, exact, entity: { ...travelling.next, ...entity } });

    it("is marked as overtaken once the edit has won", () => {
      expect(writesOf(travelling)).toEqual([["CUSTOMCRM", "UPDATE", { email: "e2@acme.nl" }]]);
      expect(travelling.next.intents).toMatchObject([{ id: "i1", overtaken: { email: "e2@acme.nl" } }]);
      expect(plan(later(ours, theirs)).next.intents).toEqual(travelling.next.intents);
    });

    it("is put right where the edit has travelled, and where it has not", () => {
      expect(writesOf(plan(later(theirs, ours)))).toEqual([["EXACT", "UPDATE", { email: "e2@acme.nl" }]]);
      const both = plan(later(ours, ours));
      expect(writesOf(both)).toEqual([
        ["EXACT", "UPDATE", { email: "e2@acme.nl" }],
        ["CUSTOMCRM", "UPDATE", { email: "e2@acme.nl" }],
      ]);
      expect(both.writes).toMatchObject([{ source: {} }, { source: { email: "e2@acme.nl" } }]);
      expect(both.next.shadows.EXACT?.email).toBe("info@acme.nl");
      // The mark is durable, and ends with the repair.
      expect(plan(later(ours, ours, both.next)).writes).toEqual(both.writes);
      expect(plan(later(theirs, theirs, both.next)).next).toMatchObject({ state: "LINKED", shadows: { EXACT: { email: "e2@acme.nl" } } });
    });

    it("stands where an edit at its source has won since, and the other is in the history", () => {
      const told = plan(
        pair({
          ...later(ours, ours),
          flow: withRows(account, { email: { policy: "CUSTOMCRM" } }),
          agreed,
          customcrm: ours,
          exact: ours,
          entity: travelling.next,
        }),
      );
      expect(told).toMatchObject({ writes: [], next: { state: "LINKED", intents: [], shadows: { EXACT: { email: "c1@acme.nl" } } } });
      expect(told.history.flatMap((event) => event.fields)).toMatchObject([{ after: "c1@acme.nl", lost: "e2@acme.nl", lostFrom: "EXACT" }]);
    });

    it("is no matter once the value that it replaced stands again", () => {
      expect(plan(later(agreed, agreed)).next.intents[0]).not.toHaveProperty("overtaken");
    });
  });

  it("by the end of its quarantine a write that is not there is given up and sent again", () => {
    const todo = plan(
      pair({ agreed, customcrm: changed({ email: "c1@acme.nl" }), exact: agreed, entity: { intents: [intentOf({ ...sent, quarantineUntil: at(-1) })] } }),
    );
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { email: "c1@acme.nl" }]]);
    expect(todo.next.intents).toMatchObject([{ id: "i1", givenUpAt: at(0) }]);
  });

  it("a given-up write that lands late is repaired and does not travel", () => {
    const v2 = changed({ email: "c2@acme.nl" });
    const intents = [intentOf({ ...sent, givenUpAt: at(-10) })];
    const late = { agreed: v2, customcrm: v2, exact: changed({ email: "c1@acme.nl" }), exactAt: at(-1), entity: { intents } };
    const todo = plan(pair(late));
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { email: "c2@acme.nl" }]]);
    expect(todo.history).toMatchObject([{ kind: "REPAIRED", source: "CUSTOMCRM", fields: [{ field: "email", lost: "c1@acme.nl", lostFrom: "EXACT" }] }]);
    expect(todo.next.shadows.EXACT?.email).toBe("c2@acme.nl");
    // The mark is durable: planned again after a crash, it is the same repair, told once.
    expect(todo.next.intents).toEqual(intents);
  });

  it("an empty field alone does not show that a given-up write came late: a person has emptied it", () => {
    const emptying = { fields: { email: null }, source: { email: null }, over: { email: "info@acme.nl" }, givenUpAt: at(-10) };
    const v2 = changed({ email: "c2@acme.nl" });
    const emptied = (intent: object, exact: typeof agreed | object) =>
      writesOf(plan(pair({ agreed: v2, customcrm: v2, exact: { ...v2, ...exact }, entity: { intents: [intentOf({ ...emptying, ...intent })] } })));
    expect(emptied({}, { email: null })).toEqual([["CUSTOMCRM", "UPDATE", { email: null }]]);
    const withMore = { fields: { email: null, phone: "010-7" }, source: { email: null, phone: "010-7" } };
    expect(emptied(withMore, { email: null, phone: "010-7" })).toEqual([["EXACT", "UPDATE", { email: "c2@acme.nl", phone: "010-1" }]]);
  });

  it("a value that no write of ours ever held is an edit", () => {
    const v2 = changed({ email: "c2@acme.nl" });
    const todo = plan(
      pair({ agreed: v2, customcrm: v2, exact: changed({ email: "e@acme.nl" }), entity: { intents: [intentOf({ ...sent, givenUpAt: at(-10) })] } }),
    );
    expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { email: "e@acme.nl" }]]);
  });

  it("after an hour a given-up write is forgotten", () => {
    const v2 = changed({ email: "c2@acme.nl" });
    const todo = plan(
      pair({ agreed: v2, customcrm: v2, exact: changed({ email: "c1@acme.nl" }), entity: { intents: [intentOf({ ...sent, givenUpAt: at(-61) })] } }),
    );
    expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { email: "c1@acme.nl" }]]);
    expect(todo.next.intents).toEqual([]);
  });

  it("our create that is found: the shadow is what was sent, not what the source shows by now", () => {
    const create = intentOf({ operation: "CREATE", fields: { name: "Acme", phone: "010-1" }, source: { name: "Acme", phone: "010-1", email: null } });
    const found = pair({
      customcrm: { name: "Acme", phone: "010-2" },
      exact: { name: "Acme", phone: "010-1" },
      customcrmAt: at(-30),
      exactAt: at(-1),
      customcrmProperties: { ExternalId: null },
      entity: { fields: full({ name: "Acme", phone: "010-1" }), intents: [create], origin: null, linkedAt: null, syncedAt: null },
    });
    const todo = plan(found);
    expect(todo.writes).toMatchObject([
      { system: "EXACT", fields: { phone: "010-2" } },
      { system: "CUSTOMCRM", fields: {}, extra: { ExternalId: "x1" } },
    ]);
    expect(todo.next).toMatchObject({ origin: "CREATED", linkedAt: at(0), intents: [], shadows: { CUSTOMCRM: { phone: "010-1" }, EXACT: { phone: "010-1" } } });
    expect(todo.history.map((event) => event.kind)).toEqual(["CREATED", "UPDATED"]);
  });
});

describe("the counterpart's id in Customcrm (ExternalId)", () => {
  const untold = { customcrmProperties: { ExternalId: null } };

  it("is never written for a match alone", () => {
    expect(plan(pair({ agreed, customcrm: agreed, exact: agreed, ...untold })).writes).toEqual([]);
  });

  it("goes beside another write to Customcrm", () => {
    const [write] = plan(pair({ agreed, customcrm: agreed, exact: changed({ phone: "010-2" }), ...untold })).writes;
    expect(write).toMatchObject({ system: "CUSTOMCRM", fields: { phone: "010-2" }, extra: { ExternalId: "x1" } });
  });

  it("is not repeated where it stands already", () => {
    expect(plan(pair({ agreed, customcrm: agreed, exact: changed({ phone: "010-2" }) })).writes[0]?.extra).toEqual({});
  });

  it("takes one extra write after our own create in Exact", () => {
    const owed = plan(pair({ agreed, customcrm: agreed, exact: agreed, ...untold, entity: { externalIdOwed: true } }));
    expect(owed.writes).toMatchObject([{ system: "CUSTOMCRM", operation: "UPDATE", fields: {}, extra: { ExternalId: "x1" } }]);
    // A pause holds it: only what is PENDING is looked at when the dataflow is resumed.
    const held = plan(pair({ agreed, customcrm: agreed, exact: agreed, ...untold, settings: { paused }, entity: { externalIdOwed: true } }));
    expect(held).toMatchObject({ writes: [], next: { state: "PENDING", problem: { code: "PAUSED" }, externalIdOwed: true } });
    const told = plan(pair({ agreed, customcrm: agreed, exact: agreed, entity: { externalIdOwed: true } }));
    expect(told).toMatchObject({ writes: [], next: { externalIdOwed: false } });
  });

  it("is left out where a site's Customcrm has no place for it", () => {
    const flow = { ...account, externalId: "" };
    expect(plan(pair({ flow, agreed, customcrm: agreed, exact: agreed, ...untold, entity: { externalIdOwed: true } })).writes).toEqual([]);
  });
});

describe("a mutation on a linked pair", () => {
  it("writes to both sides, the stricter one first, and only where the value differs", () => {
    const todo = plan(
      pair({ agreed, customcrm: agreed, exact: changed({ phone: "010-2" }), entity: { wanted: wantedOf({ phone: "010-2", city: "Tilburg" }) } }),
    );
    expect(writesOf(todo)).toEqual([
      ["EXACT", "UPDATE", { city: "Tilburg" }],
      ["CUSTOMCRM", "UPDATE", { city: "Tilburg", phone: "010-2" }],
    ]);
    // Neither side held the city: no side's value is its source, so no shadow may move for it alone.
    expect(todo.writes[0]?.source).toEqual({});
    expect(todo.writes[1]?.source).toEqual({ phone: "010-2" });
    expect(todo.next.wanted?.set).toEqual({ phone: "010-2", city: "Tilburg" });
  });

  it("is over when both sides hold it", () => {
    const both = changed({ phone: "010-2" });
    const done = plan(pair({ agreed, customcrm: both, exact: both, entity: { wanted: wantedOf({ phone: "010-2" }), fields: full(both) } }));
    expect(done).toMatchObject({ kind: "NONE", history: [], next: { wanted: null, state: "LINKED", version: 5 } });
  });

  it("waits with what can't go yet, and writes the rest", () => {
    const references = referencesOf([
      { entityId: "A", customcrm: "cA", exact: "xA" },
      { entityId: "N", customcrm: "cN", exact: null },
    ]);
    const vos = { firstName: "Jan", lastName: "Vos" };
    const todo = plan(
      pair({
        flow: contact,
        references,
        agreed: { CUSTOMCRM: { ...vos, account: "cA" }, EXACT: { ...vos, account: "xA" } },
        customcrm: { ...vos, account: "cA" },
        exact: { ...vos, account: "xA" },
        entity: { wanted: wantedOf({ account: "N", phone: "06" }) },
      }),
    );
    expect(writesOf(todo)).toEqual([
      ["EXACT", "UPDATE", { phone: "06" }],
      ["CUSTOMCRM", "UPDATE", { phone: "06", account: "cN" }],
    ]);
    const later = plan(
      pair({
        flow: contact,
        references,
        agreed: { CUSTOMCRM: { ...vos, account: "cA" }, EXACT: { ...vos, account: "xA" } },
        customcrm: { ...vos, account: "cN" },
        exact: { ...vos, account: "xA" },
        entity: { wanted: wantedOf({ account: "N" }) },
      }),
    );
    expect(later).toMatchObject({ writes: [], next: { state: "WAITING", wanted: { set: { account: "N" } }, problem: { code: "WAITING_FOR_REFERENCE" } } });
  });

  it("gives way to a clearly newer edit, and is kept as its loser", () => {
    const todo = plan(
      pair({
        agreed,
        customcrm: changed({ phone: "010-9" }),
        exact: agreed,
        customcrmAt: at(-1),
        entity: { wanted: wantedOf({ phone: "010-2" }, { at: at(-10) }) },
      }),
    );
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { phone: "010-9" }]]);
    expect(todo.next.wanted).toBeNull();
    expect(todo.history.flatMap((event) => event.fields)).toContainEqual(
      expect.objectContaining({ field: "phone", after: "010-9", lost: "010-2", lostFrom: "GATEWAY" }),
    );
  });

  it("goes to Customcrm only once Exact has taken it; what people edited there meanwhile goes on", () => {
    const entity = { wanted: wantedOf({ phone: "010-2" }), intents: [intentOf({ fields: { phone: "010-2" }, over: { phone: "010-1" } })] };
    const held = plan(pair({ agreed, customcrm: agreed, exact: changed({ city: "Tilburg" }), entity }));
    expect(writesOf(held)).toEqual([["CUSTOMCRM", "UPDATE", { city: "Tilburg" }]]);
    expect(held.next).toMatchObject({ state: "PENDING", wanted: { set: { phone: "010-2" } }, problem: { code: "QUARANTINE", system: "EXACT" } });
    const landed = plan(pair({ agreed, customcrm: agreed, exact: changed({ phone: "010-2" }), entity }));
    expect(writesOf(landed)).toEqual([["CUSTOMCRM", "UPDATE", { phone: "010-2" }]]);
  });

  it("sets a product's number in Customcrm alone", () => {
    const bolt = { name: "Bolt" };
    const common = { flow: product, agreed: bolt, customcrm: bolt, exact: bolt };
    const todo = plan(pair({ ...common, entity: { wanted: wantedOf({ number: "P-1" }) }, customcrmProperties: { Number: null } }));
    expect(todo.writes).toMatchObject([{ system: "CUSTOMCRM", fields: {}, extra: { Number: "P-1" } }]);
    expect(todo.next.wanted).not.toBeNull();
    expect(plan(pair({ ...common, entity: { wanted: wantedOf({ number: "P-1" }) }, customcrmProperties: { Number: "P-1" } })).next.wanted).toBeNull();
  });
});

describe("a record that is known but was not read", () => {
  it("stops everything for its entity", () => {
    const observation = pair({ agreed, customcrm: agreed, exact: agreed });
    const waiting = plan({ ...observation, sides: { ...observation.sides, EXACT: { kind: "none" } } });
    expect(waiting).toMatchObject({
      kind: "WAIT",
      writes: [],
      ended: false,
      next: { state: "LINKED", records: { EXACT: "x1" }, problem: { code: "SYSTEM_UNAVAILABLE", system: "EXACT" } },
    });
  });
});

/** All of an account's fields, empty where not named. */
function full(fields: Record<string, string | null>): Entity["fields"] {
  return Object.fromEntries(account.rows.map((row) => [row.field, fields[row.field] ?? null]));
}
