import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { exactBudgetRules, SharedBudget, unlimitedBudget } from "../../../src/connectors/budget.js";
import type { CallOptions, FeedPage } from "../../../src/connectors/connector.js";
import { createExactConnector, type ExactConnector, type ExactConnectorOptions, readWebhook } from "../../../src/connectors/exact/index.js";
import { HttpClient } from "../../../src/connectors/http.js";
import { AmbiguousError, NotAuthorizedError, NotFoundError, RateLimitedError, RefusedError } from "../../../src/domain/errors.js";
import { limits } from "../../../src/domain/limits.js";
import type { SystemRecord } from "../../../src/domain/record.js";
import { type ExactSandbox, type ExactSeed, type ExactSettings, startExactSandbox } from "../../../src/sandbox/exact/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { MemoryBudgetStore } from "../../../src/store/budget-memory.js";
import { MemoryStore } from "../../../src/store/memory.js";
import type { FeedState } from "../../../src/store/store.js";
import { afterPoll } from "../../../src/sync/cursor.js";

/** The connector against the whole of a simulated Exact Online, on a clock that only the test moves. */

const now: CallOptions = { class: "interactive" };
const redirectUri = "http://127.0.0.1:4000/auth/exact/callback";
const begin = Date.UTC(2026, 5, 25, 12, 14, 2, 260);
const second = 1_000;
const day = 86_400 * second;
const unlimited: Partial<ExactSettings> = { minuteLimit: null, dayLimit: null, fairUseLimit: null, errorLimit: null };

interface World {
  readonly exact: ExactConnector;
  readonly sandbox: ExactSandbox;
  readonly clock: VirtualClock;
  replica(more?: Partial<ExactConnectorOptions>): ExactConnector;
  consent(exact?: ExactConnector): Promise<void>;
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function startWorld(settings: Partial<ExactSettings> = {}, initial: ExactSeed = { accounts: [], contacts: [] }, isLimited = false): Promise<World> {
  const clock = new VirtualClock(begin);
  const sandbox = await startExactSandbox({ clock, initial, settings: isLimited ? settings : { ...unlimited, ...settings } });
  stops.push(() => sandbox.stop());
  const store = new MemoryStore({ clock: () => clock.now() });
  const budgetStore = new MemoryBudgetStore(exactBudgetRules);
  let permits = 0;
  const replica = (more: Partial<ExactConnectorOptions> = {}) => {
    const http = new HttpClient({ system: "EXACT", baseUrl: sandbox.origin, timeoutMs: 2_000, halfOpenAfterMs: [1], clock: () => clock.now() });
    stops.push(() => http.stop());
    const limited = () =>
      new SharedBudget({
        system: "EXACT",
        store: budgetStore,
        clock: () => clock.now(),
        newId: () => `permit-${++permits}`,
        schedule: (ms, run) => clock.setTimer(run, ms),
      });
    return createExactConnector({
      baseUrl: sandbox.origin,
      clientId: sandbox.settings.clientId,
      clientSecret: sandbox.settings.clientSecret,
      redirectUri,
      division: null,
      secrets: store.secrets,
      leases: store.leases,
      documents: store.documents,
      budget: isLimited ? limited() : unlimitedBudget("EXACT"),
      http,
      clock: () => clock.now(),
      sleep: () => new Promise((resolve) => setTimeout(resolve, 2)),
      ...more,
    });
  };
  const exact = replica();
  const consent = async (asked = exact) => {
    // The operator's browser: the consent page, a click on "Allow", and back to our callback.
    const page = await asked.authorizationUrl();
    const form = new URL(page).searchParams;
    form.set("decision", "allow");
    const back = await fetch(`${sandbox.origin}/api/oauth2/auth`, { method: "POST", body: form, redirect: "manual" });
    await asked.completeConsent(new URL(back.headers.get("location") ?? "").search, now);
  };
  await consent();
  return { exact, sandbox, clock, replica, consent };
}

const statuses = (sandbox: ExactSandbox) => new Set(sandbox.calls.all().map((call) => call.status));
const namesOf = (records: Iterable<SystemRecord>) => [...records].map((record) => record.properties.Name ?? record.properties.LastName).sort();
const acme = { Name: "Acme", Country: "NL", Postcode: "2611 AB", City: "Delft", Email: "info@acme.nl", VATNumber: "NL001234567B01", Status: "C" };

async function readAll(exact: ExactConnector, feed: string, from: string | null): Promise<{ readonly pages: readonly FeedPage[]; readonly position: string }> {
  const pages: FeedPage[] = [];
  for (let position = from; ; ) {
    const page = await exact.readFeed(feed, position, now);
    pages.push(page);
    position = page.position;
    if (!page.more) return { pages, position };
  }
}
const idsIn = (pages: readonly FeedPage[]) =>
  pages.flatMap((page) => page.changes.map((change) => (change.kind === "upsert" ? change.record.id : change.ref.id)));

describe("connecting", () => {
  it("goes through the consent page, finds the division, and reads", async () => {
    const { exact, sandbox } = await startWorld({}, { accounts: [acme], contacts: [] });
    expect(namesOf((await exact.list("Accounts", null, now)).records)).toEqual(["Acme"]);
    expect(await exact.status()).toMatchObject({ reachable: true, authorized: true, problem: null });
    expect(sandbox.calls.last(1)[0]?.path).toContain(String(sandbox.settings.division));
  });

  it("keeps the chain over days, with two replicas that call at odd times: no refresh is refused", async () => {
    const { exact, sandbox, clock, replica } = await startWorld();
    const other = replica();
    for (let i = 0; i < 300; i++) {
      await clock.advance((i % 7) * 97 * second + 31 * second);
      await Promise.all([exact.probe(now), other.probe(now), ...(i % 3 === 0 ? [other.probe(now)] : [])]);
    }
    expect(statuses(sandbox)).toEqual(new Set([200, 302]));
    const refreshes = sandbox.calls.all().filter((call) => call.path === "/api/oauth2/token");
    expect(refreshes.length).toBeGreaterThan(100);
    for (const [i, call] of refreshes.entries()) expect(call.at - (refreshes[i - 1]?.at ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(570 * second);
  });

  it("survives a lost answer to a refresh where Exact has the grace, and asks for consent where it has not", async () => {
    const graced = await startWorld({ refreshGrace: true });
    await graced.clock.advance(650 * second);
    graced.sandbox.faults.add({ path: "/api/oauth2/token", nth: 1, fault: { kind: "reset-after" } });
    await expect(graced.exact.probe(now)).rejects.toThrow(/did not answer/);
    await graced.clock.advance(11 * second);
    await expect(graced.exact.probe(now)).rejects.toThrow(RateLimitedError);
    await graced.clock.advance(565 * second);
    await graced.exact.probe(now);

    const strict = await startWorld();
    await strict.clock.advance(650 * second);
    strict.sandbox.faults.add({ path: "/api/oauth2/token", nth: 1, fault: { kind: "reset-after" } });
    await expect(strict.exact.probe(now)).rejects.toThrow(/did not answer/);
    await strict.clock.advance(600 * second);
    await expect(strict.exact.probe(now)).rejects.toThrow(/cut off.*GET \/auth\/exact/);
    const before = strict.sandbox.calls.counts();
    await expect(strict.exact.probe(now)).rejects.toThrow(NotAuthorizedError);
    expect(strict.sandbox.calls.counts()).toEqual(before);
    await strict.consent();
    await strict.exact.probe(now);
  });

  it("notices a withdrawn consent, stops calling, and comes back with a new one", async () => {
    const { exact, sandbox, clock, consent } = await startWorld();
    sandbox.revokeConsent();
    await expect(exact.list("Accounts", null, now)).rejects.toThrow(/GET \/auth\/exact/);
    await expect(exact.list("Accounts", null, now)).rejects.toThrow(NotAuthorizedError);
    await clock.advance(600 * second);
    await expect(exact.list("Accounts", null, now)).rejects.toThrow(/chainId/);
    const calls = sandbox.calls.all().length;
    for (let i = 0; i < 20; i++) {
      await clock.advance(600 * second);
      await expect(exact.list("Accounts", null, now)).rejects.toThrow(NotAuthorizedError);
    }
    expect(sandbox.calls.all()).toHaveLength(calls);
    await consent();
    await exact.list("Accounts", null, now);
  });

  it("says after 30 days without use what must be done", async () => {
    const { exact, clock } = await startWorld();
    await clock.advance(30 * day + second);
    await expect(exact.probe(now)).rejects.toThrow(/30 days.*GET \/auth\/exact/);
  });

  it.each(["BlockedUser", "InactiveUser", "BlockedCustomer", "LicenseExpired", "DivisionBlocked", "NoDivisionAccess"] as const)(
    "explains a 403 for %s",
    async (refusal) => {
      const { exact, sandbox } = await startWorld();
      Object.assign(sandbox.settings, { refusal });
      await expect(exact.list("Accounts", null, now)).rejects.toThrow(NotAuthorizedError);
    },
  );

  it("names a scope that is missing", async () => {
    const { exact } = await startWorld({ scopes: ["organization administration"] });
    await expect(exact.list("Accounts", null, now)).rejects.toThrow(/Cannot read 'crm\.accounts' scope/);
  });
});

describe("reading and writing", () => {
  it("creates, reads back, updates, clears and deletes an account", async () => {
    const { exact } = await startWorld();
    const { id, record } = await exact.create("Accounts", { ...acme, Fax: null }, "key", now);
    expect(record).toMatchObject({
      id,
      createdAt: "2026-06-25T12:14:02.260Z",
      properties: { Name: "Acme", Country: "NL", Code: "0000001", Status: "C", Website: null },
    });
    expect((await exact.getMany("Accounts", [id], now)).get(id)).toEqual(record);

    await exact.update("Accounts", id, { Name: "Acme B.V.", Email: null, EndDate: "2026-12-31" }, null, now);
    expect((await exact.getMany("Accounts", [id], now)).get(id)?.properties).toMatchObject({
      Name: "Acme B.V.",
      Email: null,
      EndDate: "2026-12-31",
      City: "Delft",
    });

    await exact.remove("Accounts", id, null, now);
    await exact.remove("Accounts", id, null, now);
    expect((await exact.getMany("Accounts", [id], now)).size).toBe(0);
    await expect(exact.update("Accounts", id, { Name: "x" }, null, now)).rejects.toThrow(NotFoundError);
  });

  it("creates a contact with a birthday, which comes back as that day", async () => {
    const { exact } = await startWorld();
    const { id: account } = await exact.create("Accounts", acme, "key", now);
    const { record } = await exact.create("Contacts", { Account: account, FirstName: "Ann", LastName: "Jansen", BirthDate: "1990-03-25" }, "key", now);
    expect(record?.properties).toMatchObject({ Account: account, FullName: "Ann Jansen", IsMainContact: true, BirthDate: "1990-03-25" });
  });

  it("reads the times of records made in every month as they were", async () => {
    const { exact, clock } = await startWorld();
    const made: { id: string; at: number }[] = [];
    for (let month = 0; month < 12; month++) {
      // In two steps: a connection that is not used for 30 days is lost.
      await clock.advance(15 * day);
      await exact.probe(now);
      await clock.advance(16 * day);
      made.push({ id: (await exact.create("Accounts", { Name: `Month ${month}` }, "key", now)).id, at: clock.now() });
    }
    const found = await exact.getMany(
      "Accounts",
      made.map(({ id }) => id),
      now,
    );
    // SQL Server's times are exact to about 3 ms.
    for (const { id, at } of made) expect(Math.abs(Date.parse(found.get(id)?.createdAt ?? "") - at)).toBeLessThan(5);
  });

  it("passes on what the bookkeeper's rules refuse, line by line, and calls a lost answer ambiguous", async () => {
    const { exact, sandbox } = await startWorld();
    await expect(exact.create("Accounts", { City: "Delft" }, "key", now)).rejects.toThrow(RefusedError);
    await expect(exact.create("Contacts", { FirstName: "Ann" }, "key", now)).rejects.toMatchObject({ name: "RefusedError" });
    for (const fault of [{ kind: "reset-after" }, { kind: "half-body" }, { kind: "html-502" }, { kind: "garbage" }] as const) {
      sandbox.faults.clear();
      sandbox.faults.add({ method: "POST", path: "crm/Accounts", nth: 1, fault });
      await expect(exact.create("Accounts", { ...acme, Name: fault.kind }, "key", now)).rejects.toThrow(AmbiguousError);
    }
  });

  it("finds what a lost create has made, by filter, and what a bookkeeper typed in another case", async () => {
    const { exact, sandbox, clock } = await startWorld();
    sandbox.core.createAccount({ ...acme, Name: "Old Acme" });
    await clock.advance(3_600 * second);
    const since = new Date(clock.now()).toISOString();
    sandbox.faults.add({ method: "POST", path: "crm/Accounts", nth: 1, fault: { kind: "reset-after" } });
    await expect(exact.create("Accounts", acme, "key", now)).rejects.toThrow(AmbiguousError);
    const found = await exact.find(
      "Accounts",
      [
        { property: "Email", equals: "info@acme.nl" },
        { property: "Country", equals: "NL" },
      ],
      since,
      now,
    );
    expect(namesOf(found)).toEqual(["Acme"]);
    expect(namesOf(await exact.find("Accounts", [{ property: "Code", equals: "0000001" }], null, now))).toEqual(["Old Acme"]);

    const account = found[0]?.id ?? "";
    sandbox.core.createContact({ Account: account, FirstName: "Ann", LastName: "JANSEN" });
    const where = [
      { property: "Account", equals: account },
      { property: "LastName", equals: "Jansen" },
    ];
    expect(namesOf(await exact.find("Contacts", where, since, now))).toEqual(["JANSEN"]);
    await clock.advance(10 * second);
    expect(await exact.find("Contacts", where, new Date(clock.now()).toISOString(), now)).toEqual([]);
  });

  it("reads a hundred accounts in two calls and ten thousand in ten, none twice and none missed", async () => {
    const { exact, sandbox } = await startWorld({}, { accounts: Array.from({ length: 10_000 }, (_, i) => ({ Name: `Account ${i}` })), contacts: [] });
    const ids = new Set<string>();
    let rows = 0;
    const before = sandbox.calls.all().length;
    for (let next: string | null = null, first = true; first || next !== null; first = false) {
      const page = await exact.list("Accounts", next, now);
      for (const record of page.records) ids.add(record.id);
      rows += page.records.length;
      next = page.next;
    }
    expect([ids.size, rows, sandbox.calls.all().length - before]).toEqual([10_000, 10_000, 10]);
    expect((await exact.getMany("Accounts", [...ids].slice(0, 100), now)).size).toBe(100);
    expect(sandbox.calls.all().length - before).toBe(12);

    const { pages } = await readAll(exact, "Accounts", null);
    expect([pages.length, new Set(idsIn(pages)).size, idsIn(pages).length]).toEqual([10, 10_000, 10_000]);
  });
});

describe("feeds", () => {
  it("show each edit by hand once, from the position before it", async () => {
    const { exact, sandbox } = await startWorld({}, { accounts: [acme, { Name: "Other" }], contacts: [] });
    const { position, pages } = await readAll(exact, "Accounts", null);
    expect(idsIn(pages)).toHaveLength(2);
    const id = sandbox.core.createAccount({ Name: "New" });
    const after = await readAll(exact, "Accounts", position);
    expect(idsIn(after.pages)).toEqual([id]);
    expect(idsIn((await readAll(exact, "Accounts", after.position)).pages)).toEqual([]);
    expect(idsIn((await readAll(exact, "Accounts", position)).pages)).toEqual([id]);
  });

  it.each(["timestamp", "id"] as const)("reach the highest Timestamp over several pages in the order of %s", async (syncOrder) => {
    const { exact, sandbox } = await startWorld({ syncOrder }, { accounts: Array.from({ length: 2_500 }, (_, i) => ({ Name: `Account ${i}` })), contacts: [] });
    const { position, pages } = await readAll(exact, "Accounts", null);
    expect([pages.length, new Set(idsIn(pages)).size]).toEqual([3, 2_500]);
    expect(position).toMatch(/^\d+$/);
    const id = sandbox.core.createAccount({ Name: "New" });
    expect(idsIn((await readAll(exact, "Accounts", position)).pages)).toEqual([id]);
  });

  it("miss no change that becomes visible late, when read again over the overlap (R12)", async () => {
    const { exact, sandbox, clock } = await startWorld({ lateShare: 0.4, lateMs: 9 * 60 * second });
    let state: FeedState = { position: null, low: null, seen: [], epoch: null, polledAt: null, lastChangeAt: null };
    const seen = new Map<string, unknown>();
    const made = new Map<string, string>();
    for (let i = 0; i < 120; i++) {
      const id = sandbox.core.createAccount({ Name: `Account ${i}` });
      made.set(id, `Account ${i}`);
      if (i % 3 === 0) {
        const [first = id] = made.keys();
        sandbox.core.editAccount(first, { Name: `Edited ${i}` });
        made.set(first, `Edited ${i}`);
      }
      await clock.advance(40 * second);
      if (i % 2 === 0) continue;
      const startedAt = clock.now();
      const { pages, position } = await readAll(exact, "Accounts", state.low);
      for (const page of pages) for (const change of page.changes) if (change.kind === "upsert") seen.set(change.record.id, change.record.properties.Name);
      state = afterPoll(state, position, startedAt, 600 * second);
    }
    await clock.advance(600 * second);
    const { pages } = await readAll(exact, "Accounts", state.low);
    for (const page of pages) for (const change of page.changes) if (change.kind === "upsert") seen.set(change.record.id, change.record.properties.Name);
    expect(seen).toEqual(made);
    expect(state.low).not.toBeNull();
  });

  it("tell of what was deleted for two months", async () => {
    const { exact, sandbox, clock } = await startWorld({ deleteAccountWithContacts: "cascade" }, { accounts: [acme, { Name: "Other" }], contacts: [] });
    const accounts = idsIn((await readAll(exact, "Accounts", null)).pages);
    const [first = "", second_ = ""] = accounts;
    const contact = sandbox.core.createContact({ Account: first, FirstName: "Ann", LastName: "Jansen" });
    sandbox.core.deleteAccount(first);
    const { pages, position } = await readAll(exact, "Deleted", null);
    expect(pages.flatMap((page) => page.changes)).toEqual([
      expect.objectContaining({ kind: "delete", ref: { system: "EXACT", type: "Contacts", id: contact }, at: "2026-06-25T12:14:02.260Z" }),
      expect.objectContaining({ kind: "delete", ref: { system: "EXACT", type: "Accounts", id: first } }),
    ]);
    sandbox.core.deleteAccount(second_);
    expect(idsIn((await readAll(exact, "Deleted", position)).pages)).toEqual([second_]);
    await clock.advance(29 * day);
    await exact.probe(now);
    await clock.advance(29 * day);
    await exact.probe(now);
    await clock.advance(limits.exact.deletedKeptMs - 56 * day);
    expect(idsIn((await readAll(exact, "Deleted", null)).pages)).toEqual([]);
  });

  it("begin anew after the division was moved, and all is read again", async () => {
    const { exact, sandbox } = await startWorld({}, { accounts: [acme, { Name: "Other" }], contacts: [] });
    const epoch = await exact.feedEpoch(now);
    const { position } = await readAll(exact, "Accounts", null);
    sandbox.core.moveDivision();
    expect(idsIn((await readAll(exact, "Accounts", position)).pages)).toEqual([]);
    expect(await exact.feedEpoch(now)).not.toBe(epoch);
    expect(idsIn((await readAll(exact, "Accounts", null)).pages)).toHaveLength(2);
  });
});

describe("webhooks", () => {
  it("subscribes, answers the handshake, and reads what comes, whatever order it comes in", async () => {
    const { exact, sandbox, clock } = await startWorld({ webhookDoubles: 0.5, webhookDisorderMs: 30_000 });
    const reader = {
      secret: sandbox.settings.webhookSecret,
      clientId: sandbox.settings.clientId,
      division: sandbox.settings.division,
      topics: ["Accounts", "Contacts"] as const,
    };
    const got: ReturnType<typeof readWebhook>[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        got.push(readWebhook(Buffer.concat(chunks), reader));
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stops.push(() => new Promise((resolve) => server.close(() => resolve())));
    const callback = (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;

    expect((await exact.ensureSubscriptions(callback("a"), now)).map((one) => one.action)).toEqual(["created", "created"]);
    expect((await exact.ensureSubscriptions(callback("a"), now)).map((one) => one.action)).toEqual(["kept", "kept"]);
    expect((await exact.ensureSubscriptions(callback("b"), now)).map((one) => one.action)).toEqual(["recreated", "recreated"]);
    expect(got.map((one) => one.kind)).toEqual(["handshake", "handshake", "handshake", "handshake"]);

    const ids = Array.from({ length: 10 }, (_, i) => sandbox.core.createAccount({ Name: `Account ${i}` }));
    await clock.advance(60 * second);
    const hints = got.flatMap((one) => (one.kind === "hint" ? [one] : []));
    expect(hints.length).toBeGreaterThan(10);
    expect(new Set(hints.map((one) => one.hint.id))).toEqual(new Set(ids));
    expect(new Set(hints.map((one) => one.replayKey)).size).toBe(10);
    expect(got.filter((one) => one.kind === "refused")).toEqual([]);
  });
});

describe("limits", () => {
  it("keeps within them: calls wait for the next minute, and none is answered with 429", async () => {
    const { exact, sandbox, clock } = await startWorld({ minuteLimit: 10 }, { accounts: [acme], contacts: [] }, true);
    const options: CallOptions = { class: "compare", deadline: begin + 20 * 60 * second };
    let isDone = false;
    const reading = (async () => {
      for (let i = 0; i < 45; i++) await exact.list("Accounts", null, options);
    })().finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await clock.advance(second);
    }
    await reading;
    expect(statuses(sandbox)).toEqual(new Set([200, 302]));
    expect(clock.now() - begin).toBeGreaterThan(240 * second);
  });

  it("tell at once when to come back, where a call can't be admitted in time", async () => {
    const { exact, sandbox, clock } = await startWorld({ minuteLimit: 3 }, { accounts: [acme], contacts: [] }, true);
    const until = (): CallOptions => ({ class: "interactive", deadline: clock.now() + 5 * second });
    const read = () => exact.list("Accounts", null, until());
    const ends = [await read().catch(String), await read().catch(String), await read().catch((error: unknown) => error)];
    expect(ends[2]).toBeInstanceOf(RateLimitedError);
    expect(ends[2]).toMatchObject({ retryAt: expect.stringMatching(/^2026-06-25T12:15:0/) });
    expect(statuses(sandbox)).toEqual(new Set([200, 302]));
  });
});

describe("items, where products are kept as such", () => {
  const types = ["Accounts", "Contacts", "Items"] as const;

  it("are made, found by their code as it is, changed, read in a feed, and deleted with a line in the log", async () => {
    const { replica, sandbox, consent } = await startWorld();
    const exact = replica({ types });
    await consent(exact);
    const { id, record } = await exact.create("Items", { Code: "ART-1", Description: "Drill", IsSalesItem: true }, "key", now);
    expect(record?.properties).toMatchObject({ Code: "ART-1", Description: "Drill", IsSalesItem: true, Notes: null });
    expect((await exact.find("Items", [{ property: "Code", equals: "ART-1" }], null, now)).map((one) => one.id)).toEqual([id]);
    expect(await exact.find("Items", [{ property: "Code", equals: "ART" }], null, now)).toEqual([]);
    await exact.update("Items", id, { Code: "ART-2", Notes: "With case" }, null, now);
    expect((await exact.getMany("Items", [id], now)).get(id)?.properties).toMatchObject({ Code: "ART-2", Notes: "With case" });
    expect((await exact.list("Items", null, now)).records.map((one) => one.id)).toEqual([id]);
    const feed = await exact.readFeed("Items", null, now);
    expect(feed.changes).toMatchObject([{ kind: "upsert", record: { type: "Items", id, properties: { Code: "ART-2" } } }]);
    await exact.remove("Items", id, null, now);
    expect((await exact.readFeed("Deleted", null, now)).changes).toMatchObject([{ kind: "delete", ref: { system: "EXACT", type: "Items", id } }]);
    expect(sandbox.core.items.size).toBe(0);
  });

  it("need a code that no other has, whatever its case, and a description of at most 60 characters", async () => {
    const { replica, consent } = await startWorld();
    const exact = replica({ types });
    await consent(exact);
    await exact.create("Items", { Code: "ART-1", Description: "Drill" }, "1", now);
    await expect(exact.create("Items", { Code: "art-1", Description: "Drill" }, "2", now)).rejects.toThrow("Gegeven bestaat reeds.");
    await expect(exact.create("Items", { Description: "Drill" }, "3", now)).rejects.toThrow("Verplicht: Code");
    await expect(exact.create("Items", { Code: "ART-2", Description: "x".repeat(61) }, "4", now)).rejects.toThrow("Te lang: Omschrijving");
  });

  it("are refused without the scope for them, and neither read nor deleted where products are contacts", async () => {
    const { exact, replica, sandbox, consent } = await startWorld({ scopes: ["crm accounts", "organization administration"] });
    await consent();
    await expect(replica({ types }).readFeed("Items", null, now)).rejects.toThrow(NotAuthorizedError);
    const id = sandbox.core.create("Items", { Code: "ART-1", Description: "Drill" });
    sandbox.core.remove("Items", id);
    expect(exact.feeds.map(({ name }) => name)).toEqual(["Accounts", "Contacts", "Deleted"]);
    expect((await exact.readFeed("Deleted", null, now)).changes).toEqual([]);
  });

  it("have a subscription of their own", async () => {
    const { replica, consent } = await startWorld();
    const exact = replica({ types });
    await consent(exact);
    const server = createServer((_request, response) => response.writeHead(204).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stops.push(() => new Promise((resolve) => server.close(() => resolve())));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/exact`;
    expect((await exact.ensureSubscriptions(url, now)).map(({ topic }) => topic)).toEqual(["Accounts", "Contacts", "Items"]);
    expect((await exact.listSubscriptions(now)).map(({ topic }) => topic).sort()).toEqual(["Accounts", "Contacts", "Items"]);
  });
});
