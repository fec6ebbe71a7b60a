import { afterEach, expect, it } from "vitest";
import { Engine } from "../../src/sync/engine.js";
import { leaseKey } from "../../src/sync/parts.js";
import { exactId, SubmitWorld, withMethods } from "./submit-world.js";

let world: SubmitWorld;
afterEach(async () => {
  expect(world.faultsOfOurs).toEqual([]);
  await world.stop();
});

/** Both systems are away while a mutation is asked for, so that the background writes it; then they are back. */
async function asked(id: string, fields: Readonly<Record<string, string>>): Promise<void> {
  world.customcrmFault("PATCH", { kind: "status", status: 503 });
  world.exactFault("PUT", { kind: "status", status: 503 });
  expect(await world.update("ACCOUNT", id, fields)).toMatchObject({ status: "PENDING" });
  world.customcrm.faults.clear();
  world.exact.faults.clear();
  await world.clock.advance(700_000);
}

/** The background works once, and a person is at it right after a system has taken a write of ours. */
async function settledWhile(system: "EXACT" | "CUSTOMCRM", edit: () => void): Promise<void> {
  const parts = world.parts();
  const link = parts.connectors[system];
  const update: typeof link.update = async (...given) => {
    const taken = await link.update(...given);
    edit();
    // What a system returns with its answer was read before the edit; we look again.
    return taken && null;
  };
  await world.settle({ ...parts, connectors: { ...parts.connectors, [system]: withMethods(link, { update }) } });
}

it("a REVIEW does not outlast the key that it rests on, which was changed right after a write (R6)", { timeout: 60_000 }, async () => {
  world = await SubmitWorld.start();
  world.exact.core.editAccount(exactId(1), { VATNumber: "NL9" });
  await world.later(1_000);
  world.customcrm.core.remove("Contact", "p1");
  world.customcrm.core.remove("Customer", "c1");
  const { id: customer } = world.customcrm.core.create("Customer", { Name: "Vos again", VatNumber: "NL9" });
  await world.later(1_000);
  const id = await world.idOf("Vos again");
  expect(await world.entity(id)).toMatchObject({ state: "REVIEW" });
  await asked(id, { phone: "010-9" });
  await settledWhile("CUSTOMCRM", () => world.customcrm.core.patch("Customer", customer, { VatNumber: "NL10" }));
  await world.later(1_000);
  expect(await world.entity(id)).toMatchObject({ state: "LINKED", origin: "CREATED", fields: { vatNumber: "NL10", phone: "010-9" } });
});

it("a counterpart that was found before a mutation was written is linked once it is", async () => {
  world = await SubmitWorld.start();
  const id = await world.idOf("Alleen BV");
  world.customcrm.core.create("Customer", { Name: "Alleen BV", Email: "info@alleen.nl", Phone: "010-3" });
  await new Engine(world.parts()).poll("CUSTOMCRM");
  const done = await world.update("ACCOUNT", id, { phone: "010-9" });
  expect(done).toMatchObject({ status: "APPLIED", entity: { state: "LINKED", fields: { phone: "010-9" } } });
});

it("what an Exact that took another value could not give back comes to Customcrm as an edit, and the two agree (I2)", async () => {
  world = await SubmitWorld.start();
  const id = await world.idOf("Vos Metaal");
  const parts = world.parts();
  const { EXACT } = parts.connectors;
  let calls = 0;
  const update: typeof EXACT.update = async (...given) => {
    // The first write is taken, and somebody edits the field; before what it replaced is put back, somebody edits another one.
    if (++calls === 1) {
      await EXACT.update(...given);
      world.exact.core.editAccount(exactId(1), { Website: "vos.example" });
      return null;
    }
    world.exact.core.editAccount(exactId(1), { Phone: "010-7" });
    world.exactFault("PUT", { kind: "status", status: 503 });
    return EXACT.update(...given);
  };
  const done = await world.submit(
    { kind: "UPDATE", type: "ACCOUNT", id, fields: { website: "vos.nl", phone: "010-9" }, onPartialFailure: "ROLLBACK" },
    { ...parts, connectors: { ...parts.connectors, EXACT: withMethods(EXACT, { update }) } },
  );
  expect(done.status).not.toBe("APPLIED");
  await world.calm();
  expect(calls).toBeGreaterThan(1);
  expect(world.inExact(exactId(1))).toMatchObject({ Website: "vos.example", Phone: "010-7" });
  expect(world.inCustomcrm("c1")).toMatchObject({ Website: "vos.example", Phone: "010-7" });
  expect(await world.entity(id)).toMatchObject({ state: "LINKED" });
});

it("two in one REVIEW that both are to be written, on keys that both have changed since, wake each other once and no more", async () => {
  world = await SubmitWorld.start();
  for (const name of ["Dubbel Een", "Dubbel Twee"]) world.exact.core.createAccount({ Name: name, VATNumber: "NL9", Status: "C" });
  const { id: customer } = world.customcrm.core.create("Customer", { Name: "Dubbel", VatNumber: "NL9" });
  await world.later(1_000);
  const ids = await Promise.all(["Dubbel", "Dubbel Een"].map((name) => world.idOf(name)));
  for (const id of ids) expect(await world.entity(id)).toMatchObject({ state: "REVIEW" });
  // Somebody else is at them, so that the background writes them, after both were asked for.
  const leases = await Promise.all(ids.map((id) => world.store.leases.acquire(leaseKey(id), 60_000)));
  for (const id of ids) expect(await world.update("ACCOUNT", id, { email: "info@dubbel.nl" }, { deadlineMs: 50 })).toMatchObject({ status: "PENDING" });
  await Promise.all(leases.map((lease) => lease && world.store.leases.release(lease)));
  const parts = world.parts();
  const { feeds } = parts.store;
  // A store that takes a moment, as Redis does: so that time passes even in a process that goes round and round.
  const dirtyPage: typeof feeds.dirtyPage = async (...given) => {
    await new Promise((resolve) => setImmediate(resolve));
    return feeds.dirtyPage(...given);
  };
  const signal = AbortSignal.timeout(5_000);
  await new Engine({ ...parts, store: withMethods(parts.store, { feeds: withMethods(feeds, { dirtyPage }) }) }).drain(signal);
  expect(signal.aborted).toBe(false);
  expect(world.inCustomcrm(customer)).toMatchObject({ Email: "info@dubbel.nl" });
  for (const id of ids) expect(await world.entity(id)).toMatchObject({ state: "REVIEW", fields: { email: "info@dubbel.nl" } });
});
