import { afterEach, describe, expect, it } from "vitest";
import { type Submission, submit } from "../../src/sync/submit.js";
import { accountRow, customerRow, guid, OperatorWorld } from "./operator-world.js";

const records = 10_000;
/** Calls of the import that may be under way when a person's call comes: it goes before all that wait. */
const underWay = 2;

let world: OperatorWorld;
afterEach(() => world?.stop());

describe("an import of 10,000 records on one side", { timeout: 240_000 }, () => {
  it("lets people through: what they ask for waits for the calls under way and for no other, however much of the import waits", async () => {
    world = await OperatorWorld.start({
      customers: [customerRow(1), ...Array.from({ length: records }, (_, i) => ({ Id: `imp${i}`, Name: `Imported ${i}` }))],
      accounts: [accountRow(1)],
    });
    for (const system of ["CUSTOMCRM", "EXACT"] as const) await world.engine.poll(system);
    const draining = world.engine.drain();
    const creates = () => calls().filter(isCreate).length;
    while (creates() < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    const { id } = await world.of("ACCOUNT", "EXACT", guid(1));

    for (let n = 1; n <= 5; n++) {
      const from = calls().length;
      const done = await mutate({ kind: "UPDATE", type: "ACCOUNT", id, fields: { phone: `020 ${n}` }, caller: "anna", deadlineMs: 10_000 });
      expect(done.status).toBe("APPLIED");
      const seen = calls().slice(from);
      const own = seen.filter((call) => !isCreate(call) && isOfFirm(call));
      // A look, the write, and a look after it: before each of them, those that had begun.
      expect(own.map(({ method }) => method)).toContain("PUT");
      const last = seen.lastIndexOf(own.at(-1) as Call);
      expect(seen.slice(0, last).filter(isCreate).length).toBeLessThanOrEqual(own.length * underWay);
    }

    const from = calls().length;
    await world.links.exact.getMany("Accounts", [guid(1)], { class: "interactive" });
    const seen = calls().slice(from);
    expect(seen.slice(0, seen.findIndex(isOfFirm)).filter(isCreate).length).toBeLessThanOrEqual(underWay);

    expect(creates()).toBeLessThan(records / 10);
    world.engine.halt();
    await draining;
  });
});

type Call = ReturnType<typeof calls>[number];
const calls = () => world.exact.calls.all();
const isCreate = ({ method, path }: Call): boolean => method === "POST" && path.includes("/crm/Accounts");
const isOfFirm = ({ path, query }: Call): boolean => `${path} ${query}`.includes(guid(1));

const mutate = (submission: Submission) => submit({ ...world.parts(), newOperationId: () => `op-${submission.fields.phone}`, onError: () => {} }, submission);
