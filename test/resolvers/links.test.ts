import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Intent } from "../../src/domain/entity.js";
import { HistoryDocument, LinksDocument } from "../generated/operations.js";
import { firms, guid, startWorld, type World } from "./helpers.js";

const since = "2026-03-01T10:00:00.000Z";
const intent: Intent = {
  id: "i1",
  system: "EXACT",
  operation: "UPDATE",
  fields: { name: "New", phone: null },
  source: {},
  operationId: null,
  queuedAt: since,
  sentAt: null,
  quarantineUntil: null,
  attempts: 2,
  nextAttemptAt: null,
  lastError: "timed out",
};

let world: World;
beforeEach(async () => {
  world = await startWorld();
  await world.given(...firms(2, 1));
});
afterEach(() => world.stop());

describe("links", () => {
  it("come by type and state, with their entity and a count", async () => {
    const all = await world.ask(LinksDocument, {});
    expect(all.errors).toEqual([]);
    expect(all.data.links.totalCount).toBe(4);
    expect(all.data.links.nodes.map(({ type, entity }) => [type, entity.__typename, entity.id])).toEqual([
      ["ACCOUNT", "Account", "account-000"],
      ["ACCOUNT", "Account", "account-001"],
      ["CONTACT", "Contact", "contact-000-0"],
      ["CONTACT", "Contact", "contact-001-0"],
    ]);
    const some = await world.ask(LinksDocument, { types: ["CONTACT", "CONTACT"], states: ["LINKED"], first: 1 });
    expect(some.data.links).toMatchObject({ totalCount: 2, pageInfo: { hasNextPage: true }, nodes: [{ entity: { fullName: "Person 0 of 000" } }] });
    const rest = await world.ask(LinksDocument, { types: ["CONTACT"], after: some.data.links.pageInfo.endCursor ?? null });
    expect(rest.data.links.nodes.map(({ entity }) => entity.id)).toEqual(["contact-001-0"]);
  });

  it.each([{ types: [] }, { states: [] }])("of %j are none", async (variables) => {
    expect((await world.ask(LinksDocument, variables)).data.links).toMatchObject({ totalCount: 0, nodes: [] });
  });

  it("say what a person can choose from; what is gone since is left out", async () => {
    await world.given({
      id: "unsure",
      type: "ACCOUNT",
      customcrm: { Id: "C9", Name: "Unsure" },
      entity: {
        state: "REVIEW",
        problem: { code: "AMBIGUOUS_MATCH", message: "More than one record fits.", system: null, field: null, since, attempts: 0, nextAttemptAt: null },
        candidates: [
          { system: "EXACT", recordId: guid(1, 1), entityId: "account-001", label: "Firm 001", matchedOn: ["email", "name"] },
          { system: "EXACT", recordId: guid(1, 99), entityId: "gone", label: "Gone", matchedOn: ["name"] },
        ],
      },
    });
    const { data } = await world.ask(LinksDocument, { states: ["REVIEW"] });
    expect(data.links.nodes).toMatchObject([
      {
        state: "REVIEW",
        customcrmId: "C9",
        exactId: null,
        origin: null,
        problem: { code: "AMBIGUOUS_MATCH", message: "More than one record fits.", system: null, since },
        candidates: [
          { system: "EXACT", recordId: guid(1, 1), label: "Firm 001", matchedOn: ["email", "name"], entity: { __typename: "Account", id: "account-001" } },
        ],
      },
    ]);
  });

  it("say what is owed, without what was given up, and what a person must decide", async () => {
    await world.given({
      id: "busy",
      type: "ACCOUNT",
      customcrm: { Id: "C9", Name: "New" },
      exact: { ID: guid(1, 9), Name: "Old" },
      entity: {
        state: "CONFLICT",
        intents: [intent, { ...intent, id: "i2", givenUpAt: since }],
        conflicts: [{ field: "email", agreed: null, customcrm: "a@x.nl", exact: "b@x.nl", since }],
      },
    });
    const { data } = await world.ask(LinksDocument, { states: ["CONFLICT"] });
    expect(data.links.nodes[0]).toMatchObject({
      pending: [{ system: "EXACT", operation: "UPDATE", fields: ["name", "phone"], attempts: 2 }],
      conflicts: [{ field: "email", agreed: null, customcrm: "a@x.nl", exact: "b@x.nl" }],
    });
  });
});

it("give their history page by page, newest first", async () => {
  const change = { field: "name", before: "Old", after: "New", lost: "Newer", lostFrom: "EXACT", decidedBy: "CUSTOMCRM" } as const;
  const events = (["SEEN", "LINKED", "UPDATED"] as const).map((kind, i) => ({
    at: `2026-02-0${i + 1}T00:00:00.000Z`,
    kind,
    source: "CUSTOMCRM" as const,
    actor: null,
    fields: kind === "UPDATED" ? [change] : [],
  }));
  await world.given({ id: "old", type: "ACCOUNT", customcrm: { Id: "C8", Name: "New" }, history: events });
  const first = (await world.ask(HistoryDocument, { id: "old", first: 2 })).data.account?.link.history;
  expect(first?.nodes.map(({ kind }) => kind)).toEqual(["UPDATED", "LINKED"]);
  expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true }, nodes: [{ fields: [change] }, {}] });
  const rest = (await world.ask(HistoryDocument, { id: "old", after: first?.pageInfo.endCursor ?? null })).data.account?.link.history;
  expect(rest).toMatchObject({ pageInfo: { hasNextPage: false }, nodes: [{ kind: "SEEN" }] });
});
