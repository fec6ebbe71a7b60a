import { describe, expect, it } from "vitest";
import type { MatchCandidate, Review } from "../../src/domain/entity.js";
import type { MatchDecision } from "../../src/sync/match.js";
import { plan } from "../../src/sync/plan.js";
import { account, alone, at, contact, entityOf, intentOf, none, paused, product, referencesOf, settings, wantedOf, writesOf } from "./decide-helpers.js";

const acme = { name: "Acme", email: "info@acme.nl", phone: null };
const toBoth = { ...account, create: { toExact: { kind: "always" }, toCustomcrm: { kind: "always" } } } as const;
const contactsToBoth = { ...contact, create: toBoth.create };
const references = referencesOf([
  { entityId: "A", customcrm: "cA", exact: "xA" },
  { entityId: "N", customcrm: "cN", exact: null },
]);

describe("the creation rules", () => {
  it("always: a Customcrm customer gets an Exact account, with what is filled and the defaults", () => {
    const todo = plan(alone({ system: "CUSTOMCRM", fields: acme }));
    expect(todo).toMatchObject({ kind: "CREATE", system: "EXACT", next: { state: "PENDING", nextActionAt: at(0), version: 5 }, history: [] });
    expect(todo.writes).toEqual([
      {
        system: "EXACT",
        operation: "CREATE",
        recordId: null,
        fields: { name: "Acme", email: "info@acme.nl" },
        source: expect.objectContaining({ name: "Acme", phone: null }),
        over: {},
        extra: { Status: "C" },
      },
    ]);
    expect(todo.changes).toMatchObject([{ field: "name", before: null, after: "Acme" }, { field: "email" }]);
    expect(todo.reason).toBe("Exact Online gets a new record for Acme. Every such record gets one in Exact Online.");
  });

  it("never: an Exact account is left alone, and the plan says why", () => {
    const left = plan(alone({ system: "EXACT", fields: acme }));
    expect(left).toMatchObject({ kind: "NONE", writes: [], changed: false, next: { state: "UNLINKED", problem: null } });
    expect(left.reason).toContain("creates nothing in Customcrm");
  });

  it("always, from Exact too where a site says so: the new record carries its counterpart's id", () => {
    const todo = plan(alone({ system: "EXACT", fields: acme, flow: toBoth }));
    expect(todo.writes).toMatchObject([{ system: "CUSTOMCRM", operation: "CREATE", fields: { name: "Acme" }, extra: { ExternalId: "x1" } }]);
  });

  it.each([
    ["nobody refers to it", [], "UNLINKED", 0],
    ["a type that the rule does not name refers to it", ["PRODUCT"], "UNLINKED", 0],
    ["a contact refers to it", ["CONTACT"], "PENDING", 1],
  ] as const)("whenReferenced: %s", (_, referencedBy, state, writes) => {
    const flow = { ...account, create: { ...account.create, toExact: { kind: "whenReferenced", by: ["CONTACT"] } } } as const;
    const todo = plan(alone({ system: "CUSTOMCRM", fields: acme, flow, referencedBy }));
    expect(todo.next.state).toBe(state);
    expect(todo.writes).toHaveLength(writes);
  });

  it.each([
    ["NL", "PENDING", 1],
    ["BE", "UNLINKED", 0],
    [null, "UNLINKED", 0],
  ] as const)("when: country %s", (country, state, writes) => {
    const flow = {
      ...account,
      create: { ...account.create, toExact: { kind: "when", filter: { field: "country", equals: "NL" }, reason: "The division is Dutch." } },
    } as const;
    const todo = plan(alone({ system: "CUSTOMCRM", fields: { ...acme, country }, flow }));
    expect(todo.next.state).toBe(state);
    expect(todo.writes).toHaveLength(writes);
    expect(todo.reason).toContain("The division is Dutch.");
  });

  it("a one-way field is created only where it goes", () => {
    const flow = { ...toBoth, rows: account.rows.map((row) => (row.field === "email" ? { ...row, direction: "TO_CUSTOMCRM" as const } : row)) };
    expect(plan(alone({ system: "CUSTOMCRM", fields: acme, flow })).writes[0]?.fields).toEqual({ name: "Acme" });
    expect(plan(alone({ system: "EXACT", fields: acme, flow })).writes[0]?.fields).toEqual({ name: "Acme", email: "info@acme.nl" });
  });
});

describe("what must be there first", () => {
  const vos = { firstName: "Jan", lastName: "Vos" };

  it("a contact goes to its account's counterpart (R7, I10)", () => {
    const todo = plan(alone({ system: "CUSTOMCRM", flow: contact, references, fields: { ...vos, account: "cA" } }));
    expect(todo.writes[0]?.fields).toEqual({ ...vos, account: "xA" });
    expect(todo.writes[0]?.source).toMatchObject({ account: "cA" });
  });

  it.each([
    ["whose account has no counterpart yet", "cN"],
    ["whose account nobody has seen yet", "c-unknown"],
  ])("a contact %s waits (R7, I10)", (_, id) => {
    const waiting = plan(alone({ system: "CUSTOMCRM", flow: contact, references, fields: { ...vos, account: id } }));
    expect(waiting).toMatchObject({
      kind: "WAIT",
      writes: [],
      next: { state: "WAITING", problem: { code: "WAITING_FOR_REFERENCE", system: "EXACT", field: "account" } },
    });
  });

  it("a contact without a last name is not created in Customcrm, and its problem says so", () => {
    const failed = plan(alone({ system: "EXACT", flow: contactsToBoth, references, fields: { firstName: "Jan", lastName: null, account: "xA" } }));
    expect(failed).toMatchObject({
      kind: "NONE",
      writes: [],
      next: { state: "FAILED", problem: { code: "NO_LAST_NAME", system: "CUSTOMCRM", field: "lastName" } },
    });
    const named = plan(alone({ system: "EXACT", flow: contactsToBoth, references, fields: { ...vos, account: "xA" }, entity: failed.next }));
    expect(named.writes).toMatchObject([{ system: "CUSTOMCRM", operation: "CREATE" }]);
  });

  it("a contact with a last name alone goes to Exact", () => {
    expect(plan(alone({ system: "CUSTOMCRM", flow: contact, references, fields: { lastName: "Vos", account: "cA" } })).writes).toHaveLength(1);
  });

  it.each([
    ["without a customer goes under the default account", null, "xD", { name: "Bolt", account: "xD" }],
    ["with a customer goes under that", "cA", "xD", { name: "Bolt", account: "xA" }],
    ["with a customer needs no default account", "cA", null, { name: "Bolt", account: "xA" }],
  ])("a product %s", (_, customer, defaultAccount, fields) => {
    const todo = plan(alone({ system: "CUSTOMCRM", flow: product, references, fields: { name: "Bolt", account: customer }, settings: { defaultAccount } }));
    expect(todo.writes[0]?.fields).toEqual(fields);
  });

  it.each([
    ["without a customer and without a default account", null, null, "NO_DEFAULT_ACCOUNT"],
    ["whose customer has no counterpart, default account or not", "cN", "xD", "WAITING_FOR_REFERENCE"],
  ])("a product %s waits", (_, customer, defaultAccount, code) => {
    const waiting = plan(alone({ system: "CUSTOMCRM", flow: product, references, fields: { name: "Bolt", account: customer }, settings: { defaultAccount } }));
    expect(waiting).toMatchObject({ writes: [], next: { state: "WAITING", problem: { code } } });
  });

  it("a record with a value that is too long for the other system is not created there, and its problem says so", () => {
    const todo = plan(alone({ system: "CUSTOMCRM", fields: { ...acme, addressLine2: "a".repeat(81) } }));
    expect(todo).toMatchObject({ writes: [], next: { state: "FAILED", problem: { code: "REFUSED_BY_SYSTEM", system: "EXACT", field: "addressLine2" } } });
  });

  it("an anonymised Exact record is not copied", () => {
    expect(plan(alone({ system: "EXACT", flow: toBoth, fields: acme, properties: { IsAnonymised: 1 } }))).toMatchObject({
      kind: "NONE",
      writes: [],
      next: { state: "UNLINKED" },
    });
  });
});

describe("the match runs before every create (R6)", () => {
  const candidates: MatchCandidate[] = [{ system: "EXACT", recordId: "x9", entityId: "e9", label: "Acme (Breda)", matchedOn: ["email", "name"] }];
  const review: Review = { keys: { e1: ["k"], e9: ["k"] }, answer: null };
  const inReview: MatchDecision = { kind: "review", problem: "AMBIGUOUS_MATCH", candidates, review };

  it("one record fits: link instead of create", () => {
    const todo = plan(alone({ system: "CUSTOMCRM", fields: acme, match: { kind: "link", with: "e9", matchedOn: ["email", "name"] } }));
    expect(todo).toMatchObject({
      kind: "LINK",
      writes: [],
      link: { with: "e9", matchedOn: ["email", "name"] },
      reason: "Exactly one record fits, by email and name.",
    });
  });

  it("a person must choose: nothing is created, and everybody involved is looked at", () => {
    const todo = plan(alone({ system: "CUSTOMCRM", fields: acme, match: inReview }));
    expect(todo).toMatchObject({
      kind: "REVIEW",
      writes: [],
      wake: ["e9"],
      next: { state: "REVIEW", candidates, review, problem: { code: "AMBIGUOUS_MATCH" } },
    });
    expect(todo.reason).toContain("Acme (Breda)");
    const again = plan(alone({ system: "CUSTOMCRM", fields: acme, match: inReview, entity: todo.next }));
    expect(again).toMatchObject({ kind: "REVIEW", changed: false, wake: [] });
  });

  it("a REVIEW that has ended is forgotten, and the others who were involved are looked at", () => {
    const todo = plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { state: "REVIEW", candidates, review } }));
    expect(todo).toMatchObject({ kind: "CREATE", wake: ["e9"], next: { candidates: [], review: null, problem: null } });
  });

  it.each([
    ["CREATE_NEW", "CREATE", "PENDING", 1],
    ["LEAVE_ALONE", "NONE", "UNLINKED", 0],
  ] as const)("a person's %s stands", (answer, kind, state, writes) => {
    const answered = { keys: review.keys, answer };
    const todo = plan(
      alone({ system: "CUSTOMCRM", fields: acme, match: { kind: "answered", answer }, entity: { state: "REVIEW", candidates, review: answered } }),
    );
    expect(todo).toMatchObject({ kind, next: { state, candidates: [], review: answered } });
    expect(todo.writes).toHaveLength(writes);
  });

  it("CREATE_NEW goes beyond the rule of the dataflow", () => {
    const todo = plan(
      alone({ system: "EXACT", fields: acme, match: { kind: "answered", answer: "CREATE_NEW" }, entity: { review: { keys: {}, answer: "CREATE_NEW" } } }),
    );
    expect(todo.writes).toMatchObject([{ system: "CUSTOMCRM", operation: "CREATE" }]);
  });

  it("waits for a create elsewhere that may turn out to be the same", () => {
    const waiting = plan(alone({ system: "CUSTOMCRM", fields: acme, match: { kind: "wait", for: "e9", until: at(3) } }));
    expect(waiting).toMatchObject({ kind: "WAIT", writes: [], next: { state: "WAITING", nextActionAt: at(3), problem: { code: "HELD_BY_OPEN_CREATE" } } });
  });

  it.each([
    ["a create that fits it", { match: { kind: "wait", for: "e9", until: null } }],
    ["a create that it may come from", { hold: { reason: "A create in Exact is open.", until: null } }],
  ] as const)("held by %s that has no time of its own, it looks again by itself", (_, options) => {
    const held = plan(alone({ system: "CUSTOMCRM", fields: acme, ...options }));
    expect(held.next.problem).toMatchObject({ code: "HELD_BY_OPEN_CREATE" });
    expect(held.next.nextActionAt).not.toBeNull();
    expect(held.next.problem?.nextAttemptAt).toBe(held.next.nextActionAt);
  });

  it("a row that may belong to an open create is held, before it is matched", () => {
    const held = plan(
      alone({
        system: "EXACT",
        fields: acme,
        hold: { reason: "A create in Exact is open.", until: at(2) },
        match: { kind: "link", with: "e9", matchedOn: [] },
      }),
    );
    expect(held).toMatchObject({
      kind: "WAIT",
      link: null,
      next: { state: "WAITING", nextActionAt: at(2), problem: { code: "HELD_BY_OPEN_CREATE", message: "A create in Exact is open." } },
    });
  });
});

describe("a create that is under way, refused or held back (R8, R14)", () => {
  const create = intentOf({ operation: "CREATE", fields: { name: "Acme", email: "info@acme.nl" }, source: { name: "Acme" } });

  it("is not repeated while its outcome is unknown", () => {
    const held = plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { state: "PENDING", intents: [create] } }));
    expect(held).toMatchObject({
      kind: "WAIT",
      writes: [],
      next: { state: "PENDING", nextActionAt: at(3), problem: { code: "QUARANTINE", system: "EXACT" }, intents: [create] },
    });
  });

  it("is not repeated after the quarantine either, before it was looked for", () => {
    const late = { ...create, quarantineUntil: at(-1) };
    const held = plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { intents: [late] } }));
    expect(held).toMatchObject({ writes: [], next: { nextActionAt: at(0), problem: { code: "QUARANTINE" } } });
    expect(held.reason).toContain("must be looked for");
    const looked = plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { intents: [late] }, lookedFor: ["i1"] }));
    expect(writesOf(looked)).toEqual([["EXACT", "CREATE", { name: "Acme", email: "info@acme.nl" }]]);
    expect(looked.next.intents).toMatchObject([{ givenUpAt: at(0) }]);
  });

  it("being looked for inside the quarantine changes nothing: it may still land", () => {
    expect(plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { intents: [create] }, lookedFor: ["i1"] })).writes).toEqual([]);
  });

  const refused = [
    {
      system: "EXACT",
      operation: "CREATE",
      fields: ["name", "email"],
      properties: { Name: "Acme", Email: "info@acme.nl" },
      message: "Verplicht: Land",
      since: at(-9),
    },
  ] as const;

  it("refused for good, it is not repeated until the record changes", () => {
    const stuck = plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { state: "PENDING", refused } }));
    expect(stuck).toMatchObject({
      writes: [],
      next: { state: "FAILED", refused, problem: { code: "REFUSED_BY_SYSTEM", message: "Exact Online refused name, email: Verplicht: Land" } },
    });
    expect(plan(alone({ system: "CUSTOMCRM", fields: acme, entity: stuck.next }))).toMatchObject({ changed: false });
    const edited = plan(alone({ system: "CUSTOMCRM", fields: { ...acme, country: "NL" }, entity: stuck.next }));
    expect(edited).toMatchObject({ kind: "CREATE", next: { refused: [], problem: null } });
  });

  it("a pause holds creates, not links", () => {
    expect(plan(alone({ system: "CUSTOMCRM", fields: acme, settings: { paused } }))).toMatchObject({
      kind: "WAIT",
      writes: [],
      next: { state: "PENDING", problem: { code: "PAUSED" } },
    });
    expect(plan(alone({ system: "CUSTOMCRM", fields: acme, settings: { paused }, match: { kind: "link", with: "e9", matchedOn: ["vatNumber"] } })).kind).toBe(
      "LINK",
    );
  });

  it("first contact never creates (R11)", () => {
    expect(plan(alone({ system: "CUSTOMCRM", fields: acme, settings: { firstContactConfirmed: false } }))).toMatchObject({
      writes: [],
      next: { state: "PENDING", problem: { code: "PAUSED" } },
    });
  });

  it("waits out a back-off", () => {
    const owed = intentOf({ operation: "CREATE", sentAt: null, quarantineUntil: null, nextAttemptAt: at(1), lastError: "No answer." });
    expect(plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { intents: [owed] } }))).toMatchObject({
      writes: [],
      next: { state: "PENDING", nextActionAt: at(1) },
    });
  });
});

describe("an edit of a record that stands alone", () => {
  it("is the new value: version, history, nothing to write", () => {
    const todo = plan(
      alone({
        system: "EXACT",
        fields: { ...acme, phone: "010-2" },
        entity: { fields: { ...Object.fromEntries(account.rows.map((row) => [row.field, null])), ...acme } },
      }),
    );
    expect(todo).toMatchObject({ writes: [], next: { version: 6, fields: { phone: "010-2" } } });
    expect(todo.history).toMatchObject([{ kind: "UPDATED", source: "EXACT", fields: [{ field: "phone", before: null, after: "010-2" }] }]);
  });

  it("a detached record is left alone, but shown as it is", () => {
    const problem = {
      code: "DELETED_ELSEWHERE",
      message: "It was deleted in Exact Online.",
      system: "EXACT",
      field: null,
      since: at(-99),
      attempts: 0,
      nextAttemptAt: null,
    } as const;
    const left = plan(alone({ system: "CUSTOMCRM", fields: { ...acme, phone: "010-2" }, entity: { state: "DETACHED", problem } }));
    expect(left).toMatchObject({ kind: "NONE", writes: [], next: { state: "DETACHED", problem, fields: { phone: "010-2" } } });
    expect(
      plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { state: "DETACHED", problem }, match: { kind: "link", with: "e9", matchedOn: [] } })).kind,
    ).toBe("NONE");
  });
});

describe("a mutation on a record that stands alone", () => {
  it("writes the side that exists first; what the rules ask for comes after", () => {
    const todo = plan(alone({ system: "CUSTOMCRM", fields: acme, entity: { wanted: wantedOf({ phone: "010-2" }) } }));
    expect(writesOf(todo)).toEqual([["CUSTOMCRM", "UPDATE", { phone: "010-2" }]]);
    expect(todo.history).toMatchObject([{ source: "GATEWAY", actor: "anna", fields: [{ field: "phone", after: "010-2" }] }]);
    const after = plan(alone({ system: "CUSTOMCRM", fields: { ...acme, phone: "010-2" }, entity: todo.next }));
    expect(after).toMatchObject({ kind: "CREATE", next: { wanted: null } });
  });

  it("goes to a detached record as well, and leaves it detached", () => {
    const todo = plan(alone({ system: "EXACT", fields: acme, entity: { state: "DETACHED", wanted: wantedOf({ phone: "010-2" }) } }));
    expect(writesOf(todo)).toEqual([["EXACT", "UPDATE", { phone: "010-2" }]]);
  });

  it("keeps as lost what somebody entered there unseen", () => {
    const todo = plan(alone({ system: "EXACT", fields: { ...acme, phone: "unseen" }, entity: { fields: { ...acme }, wanted: wantedOf({ phone: "010-2" }) } }));
    expect(todo.history.flatMap((event) => event.fields)).toContainEqual(
      expect.objectContaining({ field: "phone", after: "010-2", lost: "unseen", lostFrom: "EXACT" }),
    );
  });

  it("waits in a quarantine", () => {
    const held = plan(
      alone({ system: "EXACT", fields: acme, entity: { wanted: wantedOf({ phone: "010-2" }), intents: [intentOf({ fields: { phone: "1" } })] } }),
    );
    expect(held).toMatchObject({ writes: [], next: { state: "PENDING", problem: { code: "QUARANTINE" }, wanted: { set: { phone: "010-2" } } } });
  });

  it("a reference without a counterpart there waits, and the entity says so", () => {
    const waiting = plan(
      alone({ system: "EXACT", flow: contact, references, fields: { lastName: "Vos", account: "xA" }, entity: { wanted: wantedOf({ account: "N" }) } }),
    );
    expect(waiting).toMatchObject({ writes: [], next: { state: "WAITING", problem: { code: "WAITING_FOR_REFERENCE" }, wanted: { set: { account: "N" } } } });
  });
});

describe("an entity that only a mutation knows", () => {
  const newcomer = (set: Record<string, string | null>, more: Partial<Parameters<typeof alone>[0]> = {}) => {
    const base = alone({ system: "CUSTOMCRM", fields: {}, references, ...more });
    return {
      ...base,
      entity: entityOf({
        type: base.flow.type,
        records: { CUSTOMCRM: null, EXACT: null },
        state: "PENDING",
        fields: set,
        origin: null,
        wanted: wantedOf(set, { kind: "CREATE" }),
        ...more.entity,
      }),
      sides: { CUSTOMCRM: none, EXACT: none },
    };
  };

  it("is created in Exact first, and in Customcrm from there, whatever the rules say", () => {
    const first = plan(newcomer({ name: "Acme" }));
    expect(first.writes).toMatchObject([{ system: "EXACT", operation: "CREATE", fields: { name: "Acme" }, source: {}, extra: { Status: "C" } }]);
    const second = plan(alone({ system: "EXACT", fields: { name: "Acme" }, entity: { wanted: wantedOf({ name: "Acme" }, { kind: "CREATE" }) } }));
    expect(second.writes).toMatchObject([
      { system: "CUSTOMCRM", operation: "CREATE", fields: { name: "Acme" }, extra: { ExternalId: "x1" }, source: { name: "Acme" } },
    ]);
  });

  it("a contact whose account Exact does not have yet is created in Customcrm, and waits for the rest", () => {
    const todo = plan(newcomer({ lastName: "Vos", account: "N" }, { flow: contact }));
    expect(todo.writes).toMatchObject([{ system: "CUSTOMCRM", fields: { lastName: "Vos", account: "cN" } }]);
    const rest = plan(
      alone({
        system: "CUSTOMCRM",
        flow: contact,
        references,
        fields: { lastName: "Vos", account: "cN" },
        entity: { wanted: wantedOf({ lastName: "Vos", account: "N" }, { kind: "CREATE" }) },
      }),
    );
    expect(rest).toMatchObject({ writes: [], next: { state: "WAITING", problem: { code: "WAITING_FOR_REFERENCE" } } });
  });

  it("a product's number goes with its create in Customcrm", () => {
    const wanted = wantedOf({ name: "Bolt", number: "P-1" }, { kind: "CREATE" });
    const second = plan(alone({ system: "EXACT", flow: product, fields: { name: "Bolt" }, entity: { wanted } }));
    expect(second.writes).toMatchObject([{ system: "CUSTOMCRM", extra: { Number: "P-1", ExternalId: "x1" } }]);
  });

  it("is not created twice while the first answer is unknown", () => {
    const held = plan(newcomer({ name: "Acme" }, { entity: { intents: [intentOf({ operation: "CREATE", fields: { name: "Acme" } })] } }));
    expect(held).toMatchObject({ writes: [], next: { state: "PENDING", problem: { code: "QUARANTINE" } } });
  });

  it("waits where nobody can take it yet, and in a dataflow before first contact", () => {
    expect(plan(newcomer({ lastName: "Vos", account: "unknown" }, { flow: contact }))).toMatchObject({ writes: [], next: { state: "WAITING" } });
    expect(plan({ ...newcomer({ name: "Acme" }), settings: { ...settings, firstContactConfirmed: false } })).toMatchObject({
      writes: [],
      next: { state: "PENDING", problem: { code: "PAUSED" } },
    });
  });

  it("is over when nothing asks for it any more", () => {
    expect(plan({ ...newcomer({ name: "Acme" }), entity: entityOf({ records: { CUSTOMCRM: null, EXACT: null } }) })).toMatchObject({ ended: true, writes: [] });
  });
});
