import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CallOptions, Change, Connector } from "../../src/connectors/connector.js";
import {
  AmbiguousError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
  RefusedError,
  UnavailableError,
  UnexpectedAnswerError,
} from "../../src/domain/errors.js";
import type { Properties, SystemRecord } from "../../src/domain/record.js";
import type { IsoTime, RecordType } from "../../src/domain/words.js";

export type ConnectorFault = "lost-before" | "lost-after" | "hang" | "html-502" | "garbage" | "half-body" | "too-many";

/** A connector on its system, and a hand at that system for what other people do to it. */
export interface ConnectorWorld {
  readonly connector: Connector;
  /** The type of an account and its properties, by the names that the suite uses. */
  readonly account: { readonly type: RecordType; readonly name: string; readonly email: string; readonly city: string };
  readonly contact: { readonly type: RecordType; readonly lastName: string; readonly firstName: string; readonly account: string };
  /** A type that only the other system has. */
  readonly foreignType: RecordType;
  /** What a person does there; `create` returns the id. */
  readonly person: {
    create(type: RecordType, properties: Properties): string;
    edit(type: RecordType, id: string, properties: Properties): void;
    remove(type: RecordType, id: string): void;
    read(type: RecordType, id: string): Properties | null;
  };
  /** What befalls the next call (of this method). */
  fail(fault: ConnectorFault, method?: string): void;
  setDown(down: boolean): Promise<void>;
  /** Calls so far for records; not for tokens and such. */
  calls(): number;
  now(): IsoTime;
  /** Long enough for a breaker to let a call through. */
  pause(): Promise<void>;
  /** Whether the connector knows of a deletion from a feed. */
  readonly feedsTellDeletions: boolean;
  stop(): Promise<void>;
}

const options: CallOptions = { class: "interactive" };
let keys = 0;
const newKey = () => `contract-key-${++keys}`;

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`expected an error, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

/** What every connector promises to sync, to loaders and to mutations. */
export function connectorContract(name: string, start: () => Promise<ConnectorWorld>): void {
  describe(`the connector contract: ${name}`, () => {
    let world: ConnectorWorld;
    beforeEach(async () => {
      world = await start();
    });
    afterEach(() => world.stop());

    const account = (label: string, more: Properties = {}) => world.person.create(world.account.type, { [world.account.name]: label, ...more });
    const get = async (type: RecordType, id: string) => (await world.connector.getMany(type, [id], options)).get(id) ?? null;
    const create = (label: string, more: Properties = {}) =>
      world.connector.create(world.account.type, { [world.account.name]: label, ...more }, newKey(), options);
    const named = async (label: string) => world.connector.find(world.account.type, [{ property: world.account.name, equals: label }], null, options);

    async function listAll(type: RecordType): Promise<SystemRecord[]> {
      const all: SystemRecord[] = [];
      let next: string | null = null;
      do {
        const page: Awaited<ReturnType<Connector["list"]>> = await world.connector.list(type, next, options);
        all.push(...page.records);
        next = page.next;
      } while (next !== null);
      return all;
    }

    /** Reads every feed to its end; returns what changed and where each then stands. */
    async function readFeeds(positions: ReadonlyMap<string, string> = new Map()) {
      const changes: Change[] = [];
      const after = new Map<string, string>();
      for (const { name: feed } of world.connector.feeds) {
        let position = positions.get(feed) ?? null;
        for (let pages = 0, more = true; more; pages++) {
          if (pages > 100) throw new Error(`The feed ${feed} has no end.`);
          const page = await world.connector.readFeed(feed, position, options);
          changes.push(...page.changes);
          ({ position, more } = page);
        }
        if (position !== null) after.set(feed, position);
      }
      return { changes, after };
    }
    const idsIn = (changes: readonly Change[]) => changes.map((change) => (change.kind === "upsert" ? change.record.id : `-${change.ref.id}`)).sort();

    describe("records by id", () => {
      it("come as they are there, with id, type and times", async () => {
        const id = account("Jansen & Zn. d'Or Søn", { [world.account.email]: "Info@Jansen.example", [world.account.city]: "'s-Gravenhage" });
        const record = await get(world.account.type, id);
        expect(record).toMatchObject({ system: world.connector.system, type: world.account.type, id });
        expect(record?.modifiedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(record?.properties).toMatchObject({
          [world.account.name]: "Jansen & Zn. d'Or Søn",
          [world.account.email]: "Info@Jansen.example",
          [world.account.city]: "'s-Gravenhage",
        });
      });

      it("read what has no value as null", async () => {
        const id = account("Bos", { [world.account.city]: null });
        expect((await get(world.account.type, id))?.properties[world.account.city]).toBeNull();
      });

      it("leave out what is missing, and give equal ids once", async () => {
        const [a, gone] = [account("A"), account("Gone")];
        world.person.remove(world.account.type, gone);
        const found = await world.connector.getMany(world.account.type, [a, gone, a], options);
        expect([...found.keys()]).toEqual([a]);
      });

      it("cost no call if there are none", async () => {
        const before = world.calls();
        expect((await world.connector.getMany(world.account.type, [], options)).size).toBe(0);
        expect(world.calls()).toBe(before);
      });

      it("come all, however many", async () => {
        const ids = Array.from({ length: 130 }, (_, index) => account(`Many ${index}`));
        const found = await world.connector.getMany(world.account.type, ids, options);
        expect([...found.keys()].sort()).toEqual([...ids].sort());
      });

      it("refer to each other by the ids of their own system", async () => {
        const id = account("Referred");
        const contact = world.person.create(world.contact.type, { [world.contact.lastName]: "Bos", [world.contact.account]: id });
        expect((await get(world.contact.type, contact))?.properties[world.contact.account]).toBe(id);
      });
    });

    describe("the list", () => {
      it("gives every record once and then ends", async () => {
        const before = await listAll(world.account.type);
        const ids = Array.from({ length: 230 }, (_, index) => account(`Listed ${index}`));
        const after = (await listAll(world.account.type)).map((record) => record.id);
        expect(after.length).toBe(before.length + ids.length);
        expect(new Set(after)).toEqual(new Set([...before.map((record) => record.id), ...ids]));
      });
    });

    describe("the feeds", () => {
      it("from the start tell of every record", async () => {
        const ids = [account("F1"), account("F2")];
        const contact = world.person.create(world.contact.type, { [world.contact.lastName]: "Bos", [world.contact.account]: ids[0] ?? "" });
        const { changes } = await readFeeds();
        expect(idsIn(changes)).toEqual(expect.arrayContaining([...ids, contact]));
        for (const change of changes) if (change.kind === "upsert") expect(change.record.system).toBe(world.connector.system);
      });

      it("then only of what changed, with its present values", async () => {
        const [a, b] = [account("A"), account("B")];
        const { after } = await readFeeds();
        world.person.edit(world.account.type, a, { [world.account.city]: "Breda" });
        const { changes } = await readFeeds(after);
        expect(idsIn(changes)).toContain(a);
        expect(idsIn(changes)).not.toContain(b);
        const change = changes.find((one) => one.kind === "upsert" && one.record.id === a);
        expect(change?.kind === "upsert" && change.record.properties[world.account.city]).toBe("Breda");
      });

      it("and of nothing when nothing did", async () => {
        account("A");
        const { after } = await readFeeds();
        const second = await readFeeds(after);
        const third = await readFeeds(second.after);
        expect(third.changes).toEqual([]);
      });

      it("tell the same again when they are read again from an older position", async () => {
        const { after } = await readFeeds();
        const ids = [account("A"), account("B")].sort();
        const first = await readFeeds(after);
        const again = await readFeeds(after);
        expect(idsIn(first.changes)).toEqual(ids);
        expect(idsIn(again.changes)).toEqual(ids);
      });

      it("tell of a deletion, if they do at all", async () => {
        const id = account("Deleted");
        const { after } = await readFeeds();
        world.person.remove(world.account.type, id);
        const { changes } = await readFeeds(after);
        expect(idsIn(changes)).toEqual(world.feedsTellDeletions ? [`-${id}`] : []);
      });

      it("tell of our own writes like of any other", async () => {
        const { after } = await readFeeds();
        const { id } = await create("Ours");
        expect(idsIn((await readFeeds(after)).changes)).toContain(id);
      });

      it("have an epoch that stays while their positions have a meaning", async () => {
        const first = await world.connector.feedEpoch(options);
        account("A");
        expect(await world.connector.feedEpoch(options)).toBe(first);
      });

      it("lead nowhere when the list is cut off", async () => {
        const feed = world.connector.feeds[0]?.name ?? "";
        // A read is repeated once after a cut, so that it takes two.
        world.fail("half-body", "GET");
        world.fail("half-body", "GET");
        expect(await caught(world.connector.readFeed(feed, null, options))).toBeInstanceOf(UnavailableError);
      });
    });

    describe("a search", () => {
      it("finds the records for which all conditions hold", async () => {
        const id = account("De Vries", { [world.account.email]: "info@vries.example" });
        account("De Vries", { [world.account.email]: "sales@vries.example" });
        account("De Vries Groep", { [world.account.email]: "info@vries.example" });
        const found = await world.connector.find(
          world.account.type,
          [
            { property: world.account.name, equals: "De Vries" },
            { property: world.account.email, equals: "info@vries.example" },
          ],
          null,
          options,
        );
        expect(found.map((record) => record.id)).toEqual([id]);
      });

      it("takes quotes, ampersands and accents for what they are", async () => {
        const label = "L'Été & Fils, 100% (Søn) = ?#+";
        const id = account(label);
        expect((await named(label)).map((record) => record.id)).toEqual([id]);
      });

      it("finds nothing where nothing fits", async () => {
        expect(await named("Nobody at all")).toEqual([]);
      });

      it("finds what was just created, as it must be able to after a lost answer", async () => {
        const since = world.now();
        const { id } = await create("Just now");
        const found = await world.connector.find(world.account.type, [{ property: world.account.name, equals: "Just now" }], since, options);
        expect(found.map((record) => record.id)).toEqual([id]);
      });

      it("for contacts may be narrowed to their account", async () => {
        const [a, b] = [account("A"), account("B")];
        const ids = [a, b].map((id) => world.person.create(world.contact.type, { [world.contact.lastName]: "Bos", [world.contact.account]: id }));
        const where = [
          { property: world.contact.account, equals: a },
          { property: world.contact.lastName, equals: "Bos" },
        ];
        expect((await world.connector.find(world.contact.type, where, null, options)).map((record) => record.id)).toEqual([ids[0]]);
      });
    });

    describe("a create", () => {
      it("makes a record with these values and tells its id", async () => {
        const { id, record } = await create("Nieuw", { [world.account.email]: "a@nieuw.example", [world.account.city]: null });
        if (record) expect(record.id).toBe(id);
        expect((await get(world.account.type, id))?.properties).toMatchObject({
          [world.account.name]: "Nieuw",
          [world.account.email]: "a@nieuw.example",
          [world.account.city]: null,
        });
      });

      it("makes a contact under its account", async () => {
        const parent = account("Parent");
        const made = await world.connector.create(world.contact.type, { [world.contact.lastName]: "Bos", [world.contact.account]: parent }, newKey(), options);
        expect((await get(world.contact.type, made.id))?.properties).toMatchObject({ [world.contact.lastName]: "Bos", [world.contact.account]: parent });
      });

      it("that lacks what must be there is refused for good, and makes nothing", async () => {
        const before = (await listAll(world.account.type)).length;
        const error = await caught(world.connector.create(world.account.type, { [world.account.city]: "Breda" }, newKey(), options));
        expect(error).toBeInstanceOf(RefusedError);
        expect((error as RefusedError).reasons.length).toBeGreaterThan(0);
        expect((error as RefusedError).message).not.toBe("");
        expect((await listAll(world.account.type)).length).toBe(before);
      });
    });

    describe("an update", () => {
      it("writes these properties and leaves the others", async () => {
        const id = account("Before", { [world.account.email]: "a@b.example", [world.account.city]: "Breda" });
        const before = await get(world.account.type, id);
        const updated = await world.connector.update(world.account.type, id, { [world.account.name]: "After" }, before?.etag ?? null, options);
        if (updated) expect(updated.properties[world.account.name]).toBe("After");
        expect((await get(world.account.type, id))?.properties).toEqual({ ...before?.properties, [world.account.name]: "After" });
      });

      it("clears a property by null", async () => {
        const id = account("Clear", { [world.account.city]: "Breda" });
        await world.connector.update(world.account.type, id, { [world.account.city]: null }, null, options);
        expect((await get(world.account.type, id))?.properties[world.account.city]).toBeNull();
      });

      it("of a record that is gone says so", async () => {
        const id = account("Gone");
        world.person.remove(world.account.type, id);
        expect(await caught(world.connector.update(world.account.type, id, { [world.account.name]: "X" }, null, options))).toBeInstanceOf(NotFoundError);
      });
    });

    describe("a delete", () => {
      it("takes the record away, and again is a success", async () => {
        const id = account("Bye");
        await world.connector.remove(world.account.type, id, null, options);
        expect(await get(world.account.type, id)).toBeNull();
        await world.connector.remove(world.account.type, id, null, options);
      });
    });

    describe("a write whose answer is lost", () => {
      it.each<[ConnectorFault, boolean]>([
        ["lost-after", true],
        ["lost-before", false],
        ["garbage", true],
        ["half-body", true],
        ["html-502", false],
        ["hang", false],
      ])("by %s is ambiguous, and is sent once", async (fault, happens) => {
        world.fail(fault, "POST");
        const before = world.calls();
        expect(await caught(create("Lost"))).toBeInstanceOf(AmbiguousError);
        expect(world.calls()).toBe(before + 1);
        await world.pause();
        expect((await named("Lost")).length).toBe(happens ? 1 : 0);
      });

      it("is ambiguous for updates and deletes too", async () => {
        const id = account("Kept");
        for (const method of ["PUT", "PATCH", "DELETE"]) world.fail("lost-before", method);
        expect(await caught(world.connector.update(world.account.type, id, { [world.account.name]: "X" }, null, options))).toBeInstanceOf(AmbiguousError);
        expect(await caught(world.connector.remove(world.account.type, id, null, options))).toBeInstanceOf(AmbiguousError);
        expect(world.person.read(world.account.type, id)?.[world.account.name]).toBe("Kept");
      });
    });

    describe("a read that fails", () => {
      it.each<[ConnectorFault, new (...args: never[]) => Error]>([
        ["hang", UnavailableError],
        ["html-502", UnavailableError],
        ["garbage", UnexpectedAnswerError],
        ["too-many", RateLimitedError],
      ])("by %s is told as what it is, and the record is not taken for missing", async (fault, kind) => {
        const id = account("There");
        await world.connector.probe(options);
        world.fail(fault, "GET");
        expect(await caught(get(world.account.type, id))).toBeInstanceOf(kind);
      });

      it("once by a cut connection is repeated unseen", async () => {
        const id = account("There");
        world.fail("lost-before", "GET");
        expect((await get(world.account.type, id))?.id).toBe(id);
      });
    });

    describe("a system that is down", () => {
      it("is unavailable for reads and writes alike, as nothing was sent, and shows in the status until it is back", async () => {
        const id = account("There");
        await world.connector.probe(options);
        expect(await world.connector.status()).toMatchObject({ reachable: true, authorized: true, problem: null });
        await world.setDown(true);
        expect(await caught(get(world.account.type, id))).toBeInstanceOf(UnavailableError);
        expect(await caught(create("Never"))).toBeInstanceOf(UnavailableError);
        expect(await caught(world.connector.update(world.account.type, id, { [world.account.name]: "X" }, null, options))).toBeInstanceOf(UnavailableError);
        expect(await caught(world.connector.remove(world.account.type, id, null, options))).toBeInstanceOf(UnavailableError);
        expect(await caught(world.connector.probe(options))).toBeInstanceOf(UnavailableError);
        expect(await world.connector.status()).toMatchObject({ reachable: false, problem: { code: "SYSTEM_UNAVAILABLE", message: expect.any(String) } });
        await world.setDown(false);
        await world.pause();
        await world.connector.probe(options);
        expect(await world.connector.status()).toMatchObject({ reachable: true, problem: null });
        expect(world.person.read(world.account.type, id)?.[world.account.name]).toBe("There");
        expect(await named("Never")).toEqual([]);
      });
    });

    describe("a call", () => {
      it("whose deadline has passed is not made", async () => {
        const before = world.calls();
        const late: CallOptions = { class: "interactive", deadline: Date.parse(world.now()) - 1 };
        const error = await caught(world.connector.create(world.account.type, { [world.account.name]: "Late" }, newKey(), late));
        expect(error instanceof UnavailableError || error instanceof RateLimitedError).toBe(true);
        expect(world.calls()).toBe(before);
      });

      it("for a type of the other system is the caller's mistake", async () => {
        const before = world.calls();
        expect(await caught(world.connector.getMany(world.foreignType, ["x"], options))).toBeInstanceOf(InvalidInputError);
        expect(await caught(world.connector.create(world.foreignType, {}, newKey(), options))).toBeInstanceOf(InvalidInputError);
        expect(world.calls()).toBe(before);
      });

      it("for a feed that there is not is the caller's mistake", async () => {
        expect(await caught(world.connector.readFeed("no such feed", null, options))).toBeInstanceOf(InvalidInputError);
      });
    });
  });
}
