import { afterEach, describe, expect, it } from "vitest";
import type { Connector } from "../../src/connectors/connector.js";
import { limits } from "../../src/domain/limits.js";
import type { Store } from "../../src/store/store.js";
import { operationOfKey } from "../../src/sync/submit/idempotency.js";
import type { Submission, SubmitParts } from "../../src/sync/submit.js";
import { codesOf, exactId, SubmitWorld, type WorldOptions } from "./submit-world.js";

const worlds: SubmitWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});
const start = async (options: WorldOptions = {}): Promise<SubmitWorld> => {
  const world = await SubmitWorld.start(options);
  worlds.push(world);
  return world;
};

describe("an idempotency key", () => {
  it("gives the same operation, and its present outcome, as often as it comes", async () => {
    const world = await start();
    const before = world.census();
    world.customcrmFault("POST", { kind: "status", status: 503 });
    const again = () => world.create("ACCOUNT", { name: "Nieuw BV" }, { idempotencyKey: "k1" });
    const first = await again();
    expect(first.status).toBe("PENDING");
    world.startCounting();
    expect(await again()).toMatchObject({ status: "PENDING", operation: { id: first.operation?.id } });
    expect(world.calls()).toEqual({ exact: [], customcrm: [] });
    await world.calm();
    expect(await again()).toMatchObject({ status: "APPLIED", operation: { id: first.operation?.id }, entity: { id: first.entity?.id } });
    expect(world.census()).toEqual({ exact: before.exact + 1, customcrm: before.customcrm + 1 });
  });

  it("gives a refusal again, without asking the system again", async () => {
    const world = await start();
    world.exactFault("POST", { kind: "status", status: 500, body: { error: { code: "", message: { lang: "", value: "Ongeldig" } } } });
    const again = () => world.create("ACCOUNT", { name: "Odd BV" }, { idempotencyKey: "k1" });
    const first = await again();
    expect(first.status).toBe("REJECTED");
    world.startCounting();
    expect(await again()).toMatchObject({ status: "REJECTED", operation: { id: first.operation?.id }, userErrors: first.userErrors });
    expect(world.calls()).toEqual({ exact: [], customcrm: [] });
  });

  it.each([
    ["another value", { fields: { phone: "010-8" } }],
    ["another entity", { id: "acc_other" }],
    ["another way to fail", { onPartialFailure: "ROLLBACK" as const }],
    ["an expected version", { expectedVersion: 1 }],
  ])("with %s is reused, and refused", async (_, other) => {
    const world = await start();
    const submission: Partial<Submission> & Pick<Submission, "kind" | "type"> = {
      kind: "UPDATE",
      type: "ACCOUNT",
      id: await world.idOf("Vos Metaal"),
      fields: { phone: "010-9" },
      idempotencyKey: "k1",
    };
    await world.submit(submission);
    const reused = await world.submit({ ...submission, ...other });
    expect(reused).toMatchObject({ status: "REJECTED", operation: null });
    expect(codesOf(reused)).toEqual(["IDEMPOTENCY_KEY_REUSED"]);
    expect(world.inExact(exactId(1))).toMatchObject({ Phone: "010-9" });
  });

  it("is the same whatever order the fields come in, and another one for another caller", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const first = await world.update("ACCOUNT", id, { phone: "010-9", city: "Delft" }, { idempotencyKey: "k1" });
    const same = await world.update("ACCOUNT", id, { city: "Delft", phone: "010-9" }, { idempotencyKey: "k1" });
    expect(same.operation?.id).toBe(first.operation?.id);
    const other = await world.update("ACCOUNT", id, { city: "Gouda" }, { idempotencyKey: "k1", caller: "ben" });
    expect(other).toMatchObject({ status: "APPLIED", entity: { fields: { city: "Gouda" } } });
    expect(await operationOfKey(world.store.documents, "k1", "anna")).toBe(first.operation?.id);
    expect(await operationOfKey(world.store.documents, "k1", null)).toBeNull();
  });

  it("is not used up by input that was never accepted", async () => {
    const world = await start();
    const refused = await world.create("ACCOUNT", { name: "Nieuw BV", email: "no address" }, { idempotencyKey: "k1" });
    expect(codesOf(refused)).toEqual(["INVALID"]);
    expect((await world.create("ACCOUNT", { name: "Nieuw BV", email: "a@nieuw.nl" }, { idempotencyKey: "k1" })).status).toBe("APPLIED");
  });

  it("is kept for a day", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const send = () => world.update("ACCOUNT", id, { phone: "010-9" }, { idempotencyKey: "k1" });
    const first = await send();
    await world.clock.advance(limits.mutation.idempotencyKeptMs - 1_000);
    expect((await send()).operation?.id).toBe(first.operation?.id);
    await world.clock.advance(2_000);
    expect((await send()).operation?.id).not.toBe(first.operation?.id);
    expect(await world.operation(first.operation?.id)).toMatchObject({ status: "APPLIED" });
  });

  it("ten times at once from two processes is one operation, one search, and one write on each side", async () => {
    const world = await start();
    const before = world.census();
    const replicas = [world.parts(), world.parts()] as const;
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        world.submit({ kind: "CREATE", type: "ACCOUNT", fields: { name: "Nieuw BV", vatNumber: "NL42" }, idempotencyKey: "k1" }, replicas[i % 2]),
      ),
    );
    expect(new Set(all.map((one) => one.operation?.id)).size).toBe(1);
    expect(all.map((one) => one.status)).toEqual(all.map(() => "APPLIED"));
    expect(world.calls()).toEqual({ exact: ["GET", "POST"], customcrm: ["POST"] });
    expect(world.census()).toEqual({ exact: before.exact + 1, customcrm: before.customcrm + 1 });
  });

  it("ten times at once with an expected version is not refused for what the first one has changed", async () => {
    const world = await start();
    const id = await world.idOf("Vos Metaal");
    const { version = 0 } = (await world.entity(id)) ?? {};
    const all = await Promise.all(
      Array.from({ length: 10 }, () => world.update("ACCOUNT", id, { phone: "010-9" }, { idempotencyKey: "k1", expectedVersion: version })),
    );
    expect(all.map((one) => one.status)).toEqual(all.map(() => "APPLIED"));
    expect(world.calls().customcrm).toEqual(["PATCH"]);
  });
});

class Crash extends Error {}

/** A process that dies at its nth call to the store or to a system: the call has its effect, and nobody hears of it. */
function mortal(parts: SubmitParts, dieAt: number): { readonly parts: SubmitParts; readonly hasDied: () => boolean } {
  let calls = 0;
  const beat = () => {
    if (calls > dieAt) throw new Crash();
  };
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const found: unknown = Reflect.get(target, name, target);
        if (typeof found !== "function" || name === "scan" || name === "subscribe") return typeof found === "function" ? found.bind(target) : found;
        return async (...given: unknown[]) => {
          beat();
          calls++;
          if (dieAt === 0) beat();
          const result: unknown = await found.apply(target, given);
          if (calls > dieAt) throw new Crash();
          return result;
        };
      },
    });
  const { store, connectors } = parts;
  const mortalStore: Store = {
    ...{ kind: store.kind, ping: () => store.ping(), stop: () => store.stop() },
    entities: wrap(store.entities),
    snapshots: wrap(store.snapshots),
    feeds: wrap(store.feeds),
    leases: wrap(store.leases),
    secrets: wrap(store.secrets),
    documents: wrap(store.documents),
    tallies: wrap(store.tallies),
    events: wrap(store.events),
  };
  const systems = { EXACT: wrap<Connector>(connectors.EXACT), CUSTOMCRM: wrap<Connector>(connectors.CUSTOMCRM) };
  return { parts: { ...parts, store: mortalStore, connectors: systems, onError: () => {} }, hasDied: () => calls > dieAt };
}

interface Ending {
  readonly submission: (world: SubmitWorld) => Promise<Partial<Submission> & Pick<Submission, "kind" | "type">>;
  /** It stands on both sides, once. */
  readonly isDone: (world: SubmitWorld) => boolean;
  /** There is no trace of it. */
  readonly isUntouched: (world: SubmitWorld) => boolean;
}

const firms = (world: SubmitWorld) => [
  [...world.exact.core.accounts.all()].filter(({ id }) => world.inExact(id)?.Name === "Nieuw BV").length,
  world.customcrm.core.all("Customer").filter(({ values }) => values.Name === "Nieuw BV").length,
];
const phones = (world: SubmitWorld) => [world.inExact(exactId(1))?.Phone, world.inCustomcrm("c1")?.Phone];
const people = (world: SubmitWorld) => [world.inExact(exactId(9), "Contacts") !== null, world.inCustomcrm("p1", "Contact") !== null];

const endings: { readonly [kind: string]: Ending } = {
  create: {
    submission: async () => ({ kind: "CREATE", type: "ACCOUNT", fields: { name: "Nieuw BV", vatNumber: "NL42" } }),
    isDone: (world) => firms(world).join() === "1,1",
    isUntouched: (world) => firms(world).join() === "0,0",
  },
  update: {
    submission: async (world) => ({ kind: "UPDATE", type: "ACCOUNT", id: await world.idOf("Vos Metaal"), fields: { phone: "010-9" } }),
    isDone: (world) => phones(world).join() === "010-9,010-9",
    isUntouched: (world) => phones(world).join() === "010-1,010-1",
  },
  delete: {
    submission: async (world) => ({ kind: "DELETE", type: "CONTACT", id: await world.idOf("Eva Vos", "CONTACT") }),
    isDone: (world) => people(world).join() === "false,false",
    isUntouched: (world) => people(world).join() === "true,true",
  },
};

describe("a process that dies between any two steps", () => {
  it.each(Object.keys(endings))(
    "of a %s: it is as if never sent, or the background ends it, and the same key tells so",
    async (kind) => {
      const { submission, isDone, isUntouched } = endings[kind] as Ending;
      const outcomes = new Set<string>();
      for (let dieAt = 0; ; dieAt++) {
        const world = await SubmitWorld.start();
        const sent = { ...(await submission(world)), idempotencyKey: "k1" };
        const process = mortal(world.parts(), dieAt);
        const answer = await world.submit(sent, process.parts).catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
          return null;
        });
        // Its lease is still held, and its quarantine still runs.
        for (let i = 0; i < 3; i++) await world.later(400_000);
        const operationId = await operationOfKey(world.store.documents, "k1", "anna");
        const operation = operationId === null ? null : await world.operation(operationId);
        outcomes.add(operation === null ? "never sent" : operation.status);
        expect([dieAt, operation?.status ?? "never sent", isDone(world), isUntouched(world)]).toEqual(
          operation === null ? [dieAt, "never sent", false, true] : [dieAt, "APPLIED", true, false],
        );
        if (answer) expect(answer.operation?.id).toBe(operationId);
        const again = await world.submit(sent);
        expect([dieAt, again.status, isDone(world)]).toEqual([dieAt, "APPLIED", true]);
        if (operationId !== null) expect(again.operation?.id).toBe(operationId);
        await world.stop();
        if (!process.hasDied()) break;
        expect(dieAt).toBeLessThan(200);
      }
      expect([...outcomes].sort()).toEqual(["APPLIED", "never sent"]);
    },
    60_000,
  );

  it.each(Object.keys(endings))(
    "of a %s, and the client sends the same again at once",
    async (kind) => {
      const { submission, isDone } = endings[kind] as Ending;
      for (const dieAt of [3, 8, 13, 18, 23, 28]) {
        const world = await SubmitWorld.start();
        const sent = { ...(await submission(world)), idempotencyKey: "k1", deadlineMs: 60 };
        await world.submit(sent, mortal(world.parts(), dieAt).parts).catch(() => null);
        const again = await world.submit(sent);
        await new Promise((resolve) => setTimeout(resolve, 60));
        for (let i = 0; i < 3; i++) await world.later(400_000);
        // An answer that names no operation was refused before anything was recorded.
        const last = await world.submit(sent);
        expect([dieAt, last.status, isDone(world)]).toEqual([dieAt, "APPLIED", true]);
        if (again.operation) expect(last.operation?.id).toBe(again.operation.id);
        await world.stop();
      }
    },
    60_000,
  );
});
