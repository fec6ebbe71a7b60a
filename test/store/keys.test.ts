import { expect, it } from "vitest";
import { InvalidInputError } from "../../src/domain/errors.js";
import { keysOf } from "../../src/store/keys.js";

const keys = keysOf("acme");
const ref = "EXACT:Accounts:x";

/** One of each; a key added to the file must be added here, or this does not compile. */
const all: { readonly [K in keyof typeof keys]: readonly string[] } = {
  format: [keys.format],
  entity: [keys.entity("x")],
  history: [keys.history("x")],
  alias: [keys.alias("x")],
  aliases: [keys.aliases("x")],
  record: [keys.record(ref)],
  byId: [keys.byId("ACCOUNT"), keys.byId("ACCOUNT", "LINKED")],
  byName: [keys.byName("ACCOUNT")],
  byModified: [keys.byModified("ACCOUNT")],
  names: [keys.names("ACCOUNT")],
  term: [keys.term("ACCOUNT"), keys.term("ACCOUNT", "email")],
  match: [keys.match("ACCOUNT")],
  due: [keys.due],
  snapshot: [keys.snapshot(ref)],
  written: [keys.written(ref)],
  ticket: [keys.ticket],
  feed: [keys.feed("EXACT", "x")],
  dirty: [keys.dirty],
  dirtyGenerations: [keys.dirtyGenerations],
  dirtyCount: [keys.dirtyCount],
  lease: [keys.lease("x")],
  leaseToken: [keys.leaseToken],
  secret: [keys.secret("x")],
  document: [keys.document("run", "x")],
  documents: [keys.documents("run")],
  documentExpiry: [keys.documentExpiry("run")],
  items: [keys.items("run", "x")],
  tallies: [keys.tallies],
  tallyCounts: [keys.tallyCounts("x")],
  tallyEntities: [keys.tallyEntities("x")],
  tallyStanding: [keys.tallyStanding("x")],
  events: [keys.events],
  queue: [keys.queue],
  other: [keys.other("x")],
};

it("carry the tenant's hash tag, so that they share a slot of a cluster", () => {
  for (const key of Object.values(all).flat()) expect(key).toMatch(/^tandem:\{acme\}:/);
});

it("are spelled differently each", () => {
  const spelled = Object.values(all).flat();
  expect(new Set(spelled).size).toBe(spelled.length);
});

it.each(["", "a}b", "a{b", "a:b", "a b", "x".repeat(65)])("refuse %j as a tenant", (tenant) => {
  expect(() => keysOf(tenant)).toThrow(InvalidInputError);
});
