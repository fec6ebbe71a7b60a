import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fields } from "../../src/domain/canonical.js";
import type { Entity } from "../../src/domain/entity.js";
import type { System } from "../../src/domain/words.js";
import { decideMatch, type MatchDecision, reachOf } from "../../src/sync/match.js";
import { account, at, contact, entityOf, intentOf, product } from "./decide-helpers.js";

/** An entity with a record on one side; its id tells the side: c… or x…. */
function only(id: string, fields: Fields, over: Partial<Entity> = {}): Entity {
  const system: System = id.startsWith("c") ? "CUSTOMCRM" : "EXACT";
  return entityOf({ id, records: { CUSTOMCRM: null, EXACT: null, [system]: `${id}-record` }, state: "UNLINKED", fields, ...over });
}
const decide = (subject: Entity, pool: readonly Entity[], flow = account): MatchDecision =>
  decideMatch({ flow, subject, pool: pool.filter((one) => one.id !== subject.id) });
/** The decision in short: `link x1 by vatNumber`, `AMBIGUOUS_MATCH x1 x2`, `none`. */
function short(decision: MatchDecision): string {
  if (decision.kind === "link") return `link ${decision.with} by ${decision.matchedOn.join("+")}`;
  if (decision.kind === "review") return `${decision.problem} ${decision.candidates.map((one) => one.entityId).join(" ")}`;
  return decision.kind;
}

const vat = { vatNumber: "NL001" };
const kvk = { chamberOfCommerce: "24", country: "NL" };
const mail = { email: "info@acme.nl", name: "Acme" };
const place = { name: "Acme", postcode: "1234 AB" };

describe("which record is the same thing (R6)", () => {
  it.each([
    ["nobody carries a key", only("c1", vat), [], "none"],
    ["exactly one fits, both ways round", only("c1", vat), [only("x1", vat)], "link x1 by vatNumber"],
    ["written differently, the same key", only("c1", vat), [only("x1", { vatNumber: "nl 00.1" })], "link x1 by vatNumber"],
    ["a later alternative decides when the first names nobody", only("c1", { ...vat, ...mail }), [only("x1", mail)], "link x1 by email+name"],
    ["a key of two parts needs both", only("c1", mail), [only("x1", { email: mail.email, name: "Other" })], "none"],
    ["an empty value never matches", only("c1", { name: "Acme", postcode: null }), [only("x1", { name: "Acme", postcode: null })], "none"],
    ["all alternatives agree", only("c1", { ...vat, ...mail, ...place }), [only("x1", { ...vat, ...mail, ...place })], "link x1 by vatNumber"],
    ["more than one fits", only("c1", vat), [only("x1", vat), only("x2", vat)], "AMBIGUOUS_MATCH x1 x2"],
    ["another record of its own side fits as well", only("c1", vat), [only("x1", vat), only("c2", vat)], "AMBIGUOUS_MATCH x1"],
    ["a later alternative names another record", only("c1", { ...vat, ...mail }), [only("x1", vat), only("x2", mail)], "KEYS_DISAGREE x1 x2"],
    ["a later alternative of the other record names another", only("c1", vat), [only("x1", { ...vat, ...kvk }), only("c2", kvk)], "KEYS_DISAGREE x1"],
    ["the other record's first alternative names another", only("c1", kvk), [only("x1", { ...vat, ...kvk }), only("c2", vat)], "KEYS_DISAGREE x1"],
    [
      "more than one in the first alternative, though a later one would tell",
      only("c1", { ...vat, ...mail }),
      [only("x1", { ...vat, ...mail }), only("x2", vat)],
      "AMBIGUOUS_MATCH x1 x2",
    ],
    ["the only one that fits is detached", only("c1", vat), [only("x1", vat, { state: "DETACHED" })], "AMBIGUOUS_MATCH x1"],
    ["one is free and one is detached", only("c1", vat), [only("x1", vat), only("x2", vat, { state: "DETACHED" })], "AMBIGUOUS_MATCH x1 x2"],
    ["those that are linked already don't count", only("c1", vat), [only("x1", vat), entityOf({ id: "e9", fields: vat })], "link x1 by vatNumber"],
    ["another type does not count", only("c1", vat), [only("x1", vat, { type: "CONTACT" })], "none"],
  ])("%s", (_, subject, pool, expected) => {
    expect(short(decide(subject, pool))).toBe(expected);
  });

  it("names for each candidate what it fits by, and who it is", () => {
    const decision = decide(only("c1", { ...vat, ...mail }), [only("x1", { ...vat, city: "Breda" }), only("x2", mail)]);
    expect(decision).toMatchObject({
      kind: "review",
      candidates: [
        { system: "EXACT", recordId: "x1-record", entityId: "x1", matchedOn: ["vatNumber"], label: "without a name (Breda)" },
        { system: "EXACT", recordId: "x2-record", entityId: "x2", matchedOn: ["email", "name"], label: "Acme (info@acme.nl)" },
      ],
    });
  });

  it("never proposes a pair again that a person cut, from either side", () => {
    const c = only("c1", vat, { cutFrom: ["x1-record"] });
    const x = only("x1", vat);
    expect(short(decide(c, [x]))).toBe("none");
    expect(short(decide(x, [c]))).toBe("none");
    expect(short(decide(c, [x, only("x2", vat)]))).toBe("link x2 by vatNumber");
  });

  it("matches contacts only within one account", () => {
    const person = { firstName: "Jan", lastName: "Vos", email: "jan@acme.nl" };
    const contactOf = (id: string, accountId: string | null) => only(id, { ...person, account: accountId }, { type: "CONTACT" });
    expect(short(decide(contactOf("c1", "A"), [contactOf("x1", "A")], contact))).toBe("link x1 by account+email");
    expect(short(decide(contactOf("c1", "A"), [contactOf("x1", "B")], contact))).toBe("none");
    expect(short(decide(contactOf("c1", null), [contactOf("x1", null)], contact))).toBe("none");
  });

  it("never matches products", () => {
    const thing = { name: "Bolt", email: "a@b.nl", account: "A" };
    expect(short(decide(only("c1", thing, { type: "PRODUCT" }), [only("x1", thing, { type: "PRODUCT" })], product))).toBe("none");
  });

  it("waits for a record whose own create is under way", () => {
    const busy = only("x1", vat, { intents: [intentOf({ system: "CUSTOMCRM", operation: "CREATE" })], nextActionAt: at(3) });
    expect(decide(only("c1", vat), [busy])).toEqual({ kind: "wait", for: "x1", until: at(3) });
    const owed = only("x1", vat, { intents: [intentOf({ system: "CUSTOMCRM", operation: "CREATE", sentAt: null, quarantineUntil: null })] });
    expect(short(decide(only("c1", vat), [owed]))).toBe("link x1 by vatNumber");
  });
});

describe("a REVIEW ends by a person or by a changed key value, never by elimination (R6)", () => {
  const x1 = only("x1", vat);
  const x2 = only("x2", vat);
  /** The entity as it is stored after its REVIEW was raised. */
  function inReview(subject: Entity, pool: readonly Entity[]): Entity {
    const decision = decide(subject, pool);
    if (decision.kind !== "review") throw new Error(`Expected a review, got ${decision.kind}.`);
    return { ...subject, state: "REVIEW", candidates: decision.candidates, review: decision.review };
  }
  const c1 = inReview(only("c1", vat), [x1, x2]);

  it.each([
    ["nothing has changed", [x1, x2], "AMBIGUOUS_MATCH x1 x2"],
    ["one candidate was deleted", [x1], "AMBIGUOUS_MATCH x1"],
    ["one candidate was linked to another", [x1, { ...x2, records: { CUSTOMCRM: "c9", EXACT: "x2-record" } }], "AMBIGUOUS_MATCH x1"],
    ["all candidates are gone", [], "AMBIGUOUS_MATCH "],
    ["a third one appears", [x1, x2, only("x3", vat)], "AMBIGUOUS_MATCH x1 x2 x3"],
    ["a candidate changed something that is no key", [x1, { ...x2, fields: { ...vat, city: "Breda" } }], "AMBIGUOUS_MATCH x1 x2"],
    ["a candidate's key was corrected", [x1, only("x2", { vatNumber: "NL002" })], "link x1 by vatNumber"],
    ["all candidates' keys were corrected", [only("x1", { vatNumber: "NL003" }), only("x2", { vatNumber: "NL002" })], "none"],
  ])("%s", (_, pool, expected) => {
    expect(short(decide(c1, pool))).toBe(expected);
  });

  it("its own key was corrected", () => {
    expect(short(decide({ ...c1, fields: { vatNumber: "NL005" } }, [x1, x2, only("x5", { vatNumber: "NL005" })]))).toBe("link x5 by vatNumber");
  });

  it("stands also when it is decided again and again while candidates go", () => {
    const again = inReview(c1, [x1]);
    expect(short(decide(again, [x1]))).toBe("AMBIGUOUS_MATCH x1");
    expect(short(decide(again, []))).toBe("AMBIGUOUS_MATCH ");
  });

  it("a newcomer does not link to a record whose REVIEW stands", () => {
    const reviewed = inReview(x1, [only("c1", vat), only("c2", vat)]);
    expect(short(decide(only("c3", vat), [reviewed]))).toBe("AMBIGUOUS_MATCH x1");
  });

  it("ends on both sides when the rival's key is corrected", () => {
    const reviewed = inReview(x1, [only("c1", vat), x2]);
    const corrected = only("x2", { vatNumber: "NL002" });
    expect(short(decide(c1, [reviewed, corrected]))).toBe("link x1 by vatNumber");
    expect(short(decide(reviewed, [c1, corrected]))).toBe("link c1 by vatNumber");
  });

  it.each(["CREATE_NEW", "LEAVE_ALONE"] as const)("keeps a person's %s until a key changes", (answer) => {
    const answered: Entity = { ...c1, state: "UNLINKED", review: { keys: c1.review?.keys ?? {}, answer } };
    expect(decide(answered, [x1, x2])).toEqual({ kind: "answered", answer });
    expect(decide(answered, [x1])).toEqual({ kind: "answered", answer });
    expect(short(decide(answered, [x1, only("x2", { vatNumber: "NL002" })]))).toBe("link x1 by vatNumber");
  });
});

describe("what must be looked up", () => {
  it("gives the other side's keys, and everybody whom a standing REVIEW rests on", () => {
    expect(reachOf(account, only("c1", { ...vat, ...mail }))).toEqual({ keys: ["EXACT:0:nl001", "EXACT:2:info@acme.nl\u0001acme"], ids: [] });
    expect(reachOf(account, only("x1", vat, { review: { keys: { x1: [], c1: [], c2: [] }, answer: null } }))).toEqual({
      keys: ["CUSTOMCRM:0:nl001"],
      ids: ["c1", "c2"],
    });
    expect(reachOf(account, entityOf({ fields: vat }))).toEqual({ keys: [], ids: [] });
  });
});

describe("whatever the records", () => {
  const few = (...values: string[]) => fc.constantFrom(null, ...values);
  const fields = fc.record({
    vatNumber: few("1", "2"),
    chamberOfCommerce: few("7"),
    country: few("NL", "BE"),
    email: few("a@a.nl"),
    name: fc.constantFrom("A", "B"),
    postcode: few("1000"),
  });
  const world = fc
    .tuple(
      fc.array(fields, { minLength: 1, maxLength: 4 }),
      fc.array(fields, { minLength: 1, maxLength: 4 }),
      fc.array(fc.constantFrom("UNLINKED", "UNLINKED", "UNLINKED", "DETACHED"), { minLength: 8, maxLength: 8 }),
    )
    .map(([cs, xs, states]) => [
      ...cs.map((one, i) => only(`c${i}`, one, { state: (states[i] ?? "UNLINKED") as "UNLINKED" })),
      ...xs.map((one, i) => only(`x${i}`, one, { state: (states[i + 4] ?? "UNLINKED") as "UNLINKED" })),
    ]);

  it("decides alike from either side: links are mutual, and whoever is a candidate is in REVIEW too", () => {
    fc.assert(
      fc.property(world, (all) => {
        for (const subject of all) {
          const decision = decide(subject, all);
          if (decision.kind === "link") {
            const other = all.find((one) => one.id === decision.with);
            expect(other && short(decide(other, all))).toBe(`link ${subject.id} by ${decision.matchedOn.join("+")}`);
          }
          if (decision.kind === "review") {
            for (const candidate of decision.candidates) {
              const other = all.find((one) => one.id === candidate.entityId);
              expect(other && decide(other, all)).toMatchObject({
                kind: "review",
                candidates: expect.arrayContaining([expect.objectContaining({ entityId: subject.id })]),
              });
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("never links two to one", () => {
    fc.assert(
      fc.property(world, (all) => {
        const linked = all
          .filter((one) => one.id.startsWith("c"))
          .flatMap((one) => {
            const decision = decide(one, all);
            return decision.kind === "link" ? [decision.with] : [];
          });
        expect(new Set(linked).size).toBe(linked.length);
      }),
      { numRuns: 300 },
    );
  });

  it("does not depend on the order in which records come", () => {
    fc.assert(
      fc.property(world, (all) => {
        for (const subject of all) {
          const sorted = (decision: MatchDecision) => short(decision).split(" ").sort().join(" ");
          expect(sorted(decide(subject, [...all].reverse()))).toBe(sorted(decide(subject, all)));
        }
      }),
    );
  });

  it("sees no more than two steps: a pool gathered by reachOf gives the same answer as the whole world", () => {
    fc.assert(
      fc.property(world, (all) => {
        const carriers = (keys: readonly string[]) => all.filter((one) => keys.some((key) => reachOf(account, one).keys.some((own) => mirrored(own) === key)));
        const mirrored = (key: string) => (key.startsWith("EXACT") ? key.replace("EXACT", "CUSTOMCRM") : key.replace("CUSTOMCRM", "EXACT"));
        for (const subject of all) {
          const near = carriers(reachOf(account, subject).keys);
          const far = near.flatMap((one) => carriers(reachOf(account, one).keys));
          expect(short(decide(subject, [...near, ...far]))).toBe(short(decide(subject, all)));
        }
      }),
    );
  });
});
