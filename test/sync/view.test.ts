import { describe, expect, it } from "vitest";
import type { Fields } from "../../src/domain/canonical.js";
import { type Dataflow, dataflowOf, dataflows, fieldsOf, propertiesOf, recordTypeOf } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { SystemRecord } from "../../src/domain/record.js";
import { defaultSettings } from "../../src/domain/settings.js";
import type { EntityType, System } from "../../src/domain/words.js";
import { isNews, mergedView } from "../../src/sync/view.js";

const base = { name: "Firm", phone: "1", city: "Delft", postcode: "2611 AA" };
const earlier = "2026-03-01T10:00:00.000Z";
const later = "2026-03-01T11:00:00.000Z";
const now = Date.parse("2026-03-01T12:00:00.000Z");
const settings = { ...defaultSettings, paused: null, firstContactConfirmed: true };

/** An account or contact in both systems, which agreed on `base`. */
function seen(more: { type?: EntityType; flow?: Dataflow; base?: Fields; customcrm?: Side; exact?: Side; entity?: Partial<Entity>; fields?: Fields }) {
  const flow = more.flow ?? dataflowOf(dataflows, more.type ?? "ACCOUNT");
  const agreed = more.base ?? base;
  const shadow = (system: System) => fieldsOf(flow, recordOf(flow, system, agreed, null));
  const entity: Entity = {
    id: "e1",
    type: flow.type,
    revision: 1,
    records: { CUSTOMCRM: more.customcrm === "none" ? null : "C1", EXACT: more.exact === "none" ? null : "X1" },
    formerExactEntityId: null,
    state: "LINKED",
    version: 1,
    origin: "MATCHED",
    linkedAt: earlier,
    syncedAt: earlier,
    problem: null,
    candidates: [],
    conflicts: [],
    ignored: [],
    cutFrom: [],
    fields: more.fields ?? agreed,
    modifiedAt: earlier,
    shadows: { CUSTOMCRM: shadow("CUSTOMCRM"), EXACT: shadow("EXACT") },
    intents: [],
    wanted: null,
    nextActionAt: null,
    ...more.entity,
  };
  const record = (system: System, side: Side = {}) =>
    typeof side === "string" ? null : recordOf(flow, system, { ...agreed, ...side.set }, side.at ?? earlier);
  return { flow, entity, records: { CUSTOMCRM: record("CUSTOMCRM", more.customcrm), EXACT: record("EXACT", more.exact) } };
}
/** What a side shows now; `none`: it has no record, `unread`: it could not be read. */
type Side = { readonly set?: Fields; readonly at?: string } | "none" | "unread";

function recordOf(flow: Dataflow, system: System, fields: Fields, modifiedAt: string | null): SystemRecord {
  const id = system === "CUSTOMCRM" ? "C1" : "X1";
  return { system, type: recordTypeOf(flow, system), id, modifiedAt, createdAt: null, etag: null, properties: propertiesOf(flow, system, fields) };
}

/** Accounts a1 and a2 are known on both sides, under their own ids. */
const references = {
  ofRecord: (system: System, id: string) =>
    /^[CX]-a\d$/.test(id) ? { entityId: id.slice(2), counterpart: `${system === "CUSTOMCRM" ? "X" : "C"}${id.slice(1)}` } : null,
  ofEntity: (id: string) => ({ entityId: id, records: { CUSTOMCRM: `C-${id}`, EXACT: `X-${id}` } }),
};

const shown = (more: Parameters<typeof seen>[0]) => mergedView(seen(more), references, settings, now).fields;
const wanted = (set: Fields, at: string): Entity["wanted"] => ({ operationId: "op", kind: "UPDATE", set, at, actor: null });
const policy = (policy: "EXACT" | "MANUAL"): Dataflow => ({
  ...dataflowOf(dataflows, "ACCOUNT"),
  rows: dataflowOf(dataflows, "ACCOUNT").rows.map((row) => ({ ...row, policy })),
});

describe("a linked pair shows", () => {
  it.each<[string, Parameters<typeof seen>[0], Fields]>([
    ["what is stored while nothing has changed", {}, { name: "Firm", phone: "1" }],
    ["what changed in Exact alone", { exact: { set: { name: "New" } } }, { name: "New", phone: "1" }],
    ["what changed in Customcrm alone", { customcrm: { set: { phone: "2" } } }, { name: "Firm", phone: "2" }],
    ["both changes where they are of different fields", { customcrm: { set: { phone: "2" } }, exact: { set: { name: "New" } } }, { name: "New", phone: "2" }],
    ["a field that was cleared as empty", { exact: { set: { phone: null } } }, { phone: null }],
    ["the newer of two edits", { customcrm: { set: { name: "C" }, at: earlier }, exact: { set: { name: "X" }, at: later } }, { name: "X" }],
    ["Customcrm's where the order can't be told", { customcrm: { set: { name: "C" } }, exact: { set: { name: "X" } } }, { name: "C" }],
    ["the side that the policy names", { flow: policy("EXACT"), customcrm: { set: { name: "C" }, at: later }, exact: { set: { name: "X" } } }, { name: "X" }],
    [
      "the agreed value where a person must decide",
      { flow: policy("MANUAL"), customcrm: { set: { name: "C" } }, exact: { set: { name: "X" } } },
      { name: "Firm" },
    ],
    [
      "an address as one field",
      { customcrm: { set: { city: "Leiden" }, at: earlier }, exact: { set: { postcode: "9" }, at: later } },
      { city: "Delft", postcode: "9" },
    ],
    [
      "what a mutation wants, over what both hold",
      { entity: { wanted: wanted({ name: "Wanted" }, later) }, fields: { ...base, name: "Wanted" } },
      { name: "Wanted" },
    ],
    ["an edit newer than the mutation", { entity: { wanted: wanted({ name: "Wanted" }, earlier) }, exact: { set: { name: "X" }, at: later } }, { name: "X" }],
    ["Customcrm's change while Exact can't be read", { customcrm: { set: { name: "C" } }, exact: "unread" }, { name: "C", phone: "1" }],
    ["Exact's change while Customcrm can't be read", { exact: { set: { name: "X" } }, customcrm: "unread" }, { name: "X", phone: "1" }],
  ])("%s", (_what, given, expected) => {
    expect(shown(given)).toMatchObject(expected);
  });

  it("the newest time that either side gives", () => {
    expect(mergedView(seen({ exact: { at: later } }), references, settings, now).modifiedAt).toBe(later);
    expect(mergedView(seen({ entity: { modifiedAt: later } }), references, settings, now).modifiedAt).toBe(later);
  });
});

describe("a contact's account", () => {
  const contact = { type: "CONTACT", base: { lastName: "Jansen" }, fields: { lastName: "Jansen", account: "a1" } } as const;
  const at = (system: System, account: string) => ({ set: { account: `${system === "CUSTOMCRM" ? "C" : "X"}-${account}` } });
  const entity = (): Partial<Entity> => ({
    shadows: { CUSTOMCRM: { lastName: "Jansen", account: "C-a1" }, EXACT: { lastName: "Jansen", account: "X-a1" } },
  });

  it("is the entity that the moved side names", () => {
    expect(shown({ ...contact, entity: entity(), customcrm: at("CUSTOMCRM", "a1"), exact: at("EXACT", "a2") }).account).toBe("a2");
  });

  it("is none when it is a record that no entity knows", () => {
    expect(shown({ ...contact, entity: entity(), customcrm: at("CUSTOMCRM", "a1"), exact: { set: { account: "X-unknown" } } }).account).toBeNull();
  });
});

describe("an entity with one record shows", () => {
  const alone = { exact: "none", entity: { shadows: { CUSTOMCRM: null, EXACT: null }, state: "UNLINKED" } } as const;

  it("that record", () => {
    expect(shown({ ...alone, customcrm: { set: { name: "New", city: null } } })).toMatchObject({ name: "New", city: null, phone: "1" });
  });

  it("what a mutation wants, over that record", () => {
    expect(shown({ ...alone, entity: { ...alone.entity, wanted: wanted({ name: "Wanted" }, later) }, customcrm: { set: { phone: "2" } } })).toMatchObject({
      name: "Wanted",
      phone: "2",
    });
  });

  it("what is stored, if the record can't be read", () => {
    expect(shown({ ...alone, customcrm: "unread" })).toEqual(base);
  });
});

describe("a reading is news", () => {
  it.each<[string, Parameters<typeof seen>[0], boolean]>([
    ["not when both records are as they were agreed on", {}, false],
    ["when one differs", { exact: { set: { phone: "2" } } }, true],
    ["not when nothing could be read", { customcrm: "unread", exact: "unread" }, false],
    ["when there is nothing to compare it with", { exact: "none", entity: { shadows: { CUSTOMCRM: null, EXACT: null } } }, true],
  ])("%s", (_what, given, expected) => {
    expect(isNews(seen(given))).toBe(expected);
  });
});
