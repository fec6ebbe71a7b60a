import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NotAuthorizedError, RateLimitedError, UnavailableError } from "../../src/domain/errors.js";
import { BothSidesDocument, ContactListDocument, OneAccountDocument, OneContactDocument, UnifiedDocument } from "../generated/operations.js";
import { firms, guid, startWorld, type World } from "./helpers.js";

const changedAt = "2026-03-01T11:59:00.000Z";
let world: World;
beforeEach(async () => {
  world = await startWorld();
  await world.given(...firms(3, 2));
});
afterEach(() => world.stop());

const account = (maxAge?: number) => world.ask(OneAccountDocument, { by: { id: "account-001" }, ...(maxAge === undefined ? {} : { maxAge }) });

describe("what was just read", () => {
  it("shows in the unified fields at once, and the sync is told to look", async () => {
    world.exact.edit("Accounts", guid(1, 1), { Name: "Firm One", Phone: "020-7654321" }, changedAt);
    const before = await account();
    expect(before.data.account).toMatchObject({ name: "Firm 001", exact: { name: "Firm 001" } });
    const after = await account(0);
    expect(after.data.account).toMatchObject({ name: "Firm One", phone: "020-7654321", modifiedAt: changedAt, exact: { name: "Firm One" } });
    expect(await world.store.feeds.dirty(10)).toMatchObject([{ entityId: "account-001" }]);
  });

  it("is stored, so that the next query has it without a call", async () => {
    world.customcrm.edit("Customer", "C001", { ZipCode: "1013 ZZ" }, changedAt);
    await account(0);
    const calls = world.customcrm.calls.length;
    const { data } = await account();
    expect(data.account?.customcrm).toMatchObject({ zipCode: "1013 ZZ", asOf: "2026-03-01T12:00:00.000Z" });
    expect(world.customcrm.calls).toHaveLength(calls);
  });

  it("is marked in the step that stores it: a crash after it loses no change, whoever looked right before it", async () => {
    const { feeds, snapshots } = world.store;
    const put = snapshots.put.bind(snapshots);
    snapshots.put = async (...args) => {
      await feeds.clearDirty(await feeds.dirty(10));
      await put(...args);
      throw new Error("crash");
    };
    world.customcrm.edit("Customer", "C001", { Name: "New" }, changedAt);
    world.exact.records.delete(`Accounts:${guid(1, 1)}`);
    await account(0);
    expect((await feeds.dirty(10)).map(({ entityId }) => entityId)).toEqual(["account-001"]);
  });

  it("marks nothing when nothing has changed", async () => {
    await account(0);
    expect(await world.store.feeds.dirty(10)).toEqual([]);
  });

  it("takes the later of two edits of one field, as the sync will", async () => {
    world.exact.edit("Accounts", guid(1, 1), { Name: "By Exact" }, "2026-03-01T11:00:00.000Z");
    world.customcrm.edit("Customer", "C001", { Name: "By Customcrm" }, "2026-03-01T11:30:00.000Z");
    expect((await account(0)).data.account?.name).toBe("By Customcrm");
  });

  it("follows a reference that was moved to another account", async () => {
    world.exact.edit("Contacts", guid(2, 100), { Account: guid(1, 2) }, changedAt);
    const { data } = await world.ask(OneContactDocument, { by: { id: "contact-001-0" }, maxAge: 0 });
    expect(data.contact).toMatchObject({ account: { id: "account-002" }, exact: { accountId: guid(1, 2) } });
  });

  it("holds for everything below the root where it was asked for", async () => {
    world.exact.edit("Contacts", guid(2, 100), { Email: "new@firm001.nl" }, changedAt);
    world.exact.edit("Accounts", guid(1, 1), { Name: "Firm One" }, changedAt);
    const below = await world.ask(UnifiedDocument, { first: 3, maxAge: 0 });
    expect(below.data.accounts.nodes[1]?.contacts.nodes[0]).toMatchObject({ email: "new@firm001.nl", account: { name: "Firm One" } });
    const above = await world.ask(ContactListDocument, { maxAge: 0 });
    expect(above.data.contacts.nodes.find(({ id }) => id === "contact-001-1")?.account?.name).toBe("Firm One");
  });

  it("gives way to a write of ours that ended while it was read, and is read again", async () => {
    const ref = { system: "EXACT", type: "Accounts", id: guid(1, 1) } as const;
    let open = () => {};
    world.exact.gate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = account(0);
    await expect.poll(() => world.exact.calls).toHaveLength(1);
    // The answer under way holds the old name; meanwhile we write a new one.
    world.exact.edit("Accounts", ref.id, { Name: "Written" }, changedAt);
    await world.store.snapshots.noteWrite(ref, changedAt, null);
    open();
    expect((await asked).data.account?.exact?.name).toBe("Written");
    expect(world.exact.calls).toHaveLength(2);
  });

  it("gives way to a snapshot that somebody else took later", async () => {
    const ref = { system: "EXACT", type: "Accounts", id: guid(1, 1) } as const;
    const [known] = await world.store.snapshots.get([ref]);
    if (!known) throw new Error("no snapshot");
    let open = () => {};
    world.exact.gate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = account(0);
    await expect.poll(() => world.exact.calls).toHaveLength(1);
    const later = { ...known.record, properties: { ...known.record.properties, Name: "Later" } };
    await world.store.snapshots.put([later], "2026-03-01T12:00:00.000Z", await world.store.snapshots.ticket());
    open();
    expect((await asked).data.account?.exact?.name).toBe("Later");
    expect(world.exact.calls).toHaveLength(1);
  });
});

describe("a system that does not answer", () => {
  beforeEach(() => world.exact.stop());

  it("leaves its records as they were last read, each with an error beside it that says of when", async () => {
    const { data, errors, status } = await world.ask(BothSidesDocument, { first: 3, maxAge: 0 });
    expect(status).toBe(200);
    expect(data.accounts.nodes.map(({ exact, customcrm }) => [exact?.name, exact?.asOf, customcrm?.asOf])).toEqual(
      ["000", "001", "002"].map((n) => [`Firm ${n}`, "2026-03-01T11:00:00.000Z", "2026-03-01T12:00:00.000Z"]),
    );
    expect(errors).toHaveLength(3 + 6);
    expect(errors).toContainEqual({
      message: expect.stringContaining("did not answer"),
      path: ["accounts", "nodes", 1, "exact"],
      extensions: { code: "SYSTEM_UNAVAILABLE", system: "EXACT", asOf: "2026-03-01T11:00:00.000Z" },
    });
  });

  it("is told once for a list whose records are not asked for", async () => {
    const { data, errors } = await world.ask(UnifiedDocument, { first: 3, maxAge: 0 });
    expect(data.accounts.nodes).toHaveLength(3);
    expect(errors.map(({ path, extensions }) => [path, extensions?.system])).toEqual([
      [["accounts"], "EXACT"],
      [["accounts", "nodes", 0, "contacts"], "EXACT"],
      [["accounts", "nodes", 0, "contacts", "nodes", 0, "account"], "EXACT"],
    ]);
  });

  it.each([
    new UnavailableError("EXACT", "timed out"),
    new RateLimitedError("EXACT", "2026-03-02T00:00:00.000Z"),
    new NotAuthorizedError("EXACT", "Connect it."),
  ])("is waited for once in a request (%s)", async (failure) => {
    world.exact.failure = failure;
    await world.ask(BothSidesDocument, { first: 3, maxAge: 0 });
    expect(world.exact.calls).toEqual(["Accounts: 3"]);
  });

  it("does not hide what the other system has changed", async () => {
    world.customcrm.edit("Customer", "C001", { Name: "Renamed" }, changedAt);
    expect((await account(0)).data.account).toMatchObject({ name: "Renamed", customcrm: { name: "Renamed" }, exact: { name: "Firm 001" } });
  });

  it("gives null and an error for a record that was never read", async () => {
    await world.given({
      id: "unread",
      type: "ACCOUNT",
      hasSnapshots: false,
      customcrm: { Id: "C9", Name: "Unread" },
      exact: { ID: guid(1, 9), Name: "Unread" },
    });
    const { data, errors } = await world.ask(OneAccountDocument, { by: { id: "unread" } });
    expect(data.account).toMatchObject({ name: "Unread", customcrm: { name: "Unread" }, exact: null });
    expect(errors).toMatchObject([{ path: ["account", "exact"], extensions: { code: "SYSTEM_UNAVAILABLE", system: "EXACT" } }]);
  });

  it("is not called by queries that do not ask for it", async () => {
    const { errors } = await world.ask(BothSidesDocument, { first: 3 });
    expect(errors).toEqual([]);
    expect(world.exact.calls).toEqual([]);
  });
});

it.each([
  [new NotAuthorizedError("EXACT", "Exact Online must be connected again."), { code: "NOT_AUTHORIZED", system: "EXACT" }],
  [new RateLimitedError("EXACT", "2026-03-02T00:00:00.000Z"), { code: "RATE_LIMITED", system: "EXACT", retryAt: "2026-03-02T00:00:00.000Z" }],
])("tells what a client can do about %s", async (failure, extensions) => {
  world.exact.failure = failure;
  const { errors } = await account(0);
  expect(errors).toMatchObject([{ message: failure.message, path: ["account", "exact"], extensions }]);
});

describe("a record that its system no longer returns", () => {
  it("stays, with an error, until its deletion is certain", async () => {
    world.exact.records.delete(`Accounts:${guid(1, 1)}`);
    const { data, errors } = await account(0);
    expect(data.account?.exact).toMatchObject({ name: "Firm 001", asOf: "2026-03-01T11:00:00.000Z" });
    expect(errors).toMatchObject([{ path: ["account", "exact"], extensions: { code: "NOT_FOUND", system: "EXACT", asOf: "2026-03-01T11:00:00.000Z" } }]);
  });

  it("is null without an error, and not asked for again, once its deletion is known", async () => {
    await world.store.snapshots.putDeleted([{ system: "EXACT", type: "Accounts", id: guid(1, 1) }], changedAt, await world.store.snapshots.ticket());
    const { data, errors } = await account(0);
    expect(data.account?.exact).toBeNull();
    expect(errors).toEqual([]);
    expect(world.exact.calls).toEqual([]);
  });
});
