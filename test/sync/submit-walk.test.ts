import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/domain/operation.js";
import { systems } from "../../src/domain/words.js";
import { createRandom, type NewFaultRule } from "../../src/sandbox/kit/index.js";
import { exactId, SubmitWorld } from "./submit-world.js";

const faults: readonly NewFaultRule["fault"][] = [
  { kind: "hang" },
  { kind: "hang", effect: true },
  { kind: "reset-before" },
  { kind: "reset-after" },
  { kind: "half-body" },
  { kind: "html-502" },
  { kind: "html-502", effect: true },
  { kind: "late", ms: 40_000 },
  { kind: "status", status: 503 },
  { kind: "status", status: 429, headers: { "retry-after": "20" } },
  { kind: "status", status: 500, body: { error: { code: "", message: { lang: "", value: "Ongeldig" } } } },
  { kind: "status", status: 422, body: { type: "urn:customcrm:validation-failed", title: "Not valid", status: 422 } },
];
/** Exact speaks of refusals with 500 and JSON, Customcrm with 422; the other's way is no part of its contract. */
const isForeign = (system: "exact" | "customcrm", fault: NewFaultRule["fault"]): boolean =>
  fault.kind === "status" && (system === "exact" ? fault.status === 422 : fault.status === 500);

const fields = ["phone", "city", "website"] as const;
const property = { phone: ["Phone", "Phone"], city: ["City", "City"], website: ["Website", "Website"] } as const;

interface Sent {
  readonly operationId: string;
  readonly entityId: string;
  readonly set: Readonly<Record<string, string>>;
  readonly order: number;
}

/** Clients change two accounts, create others, and people edit, while answers are lost and writes refused; then it is calm. */
async function walk(seed: string): Promise<{ readonly world: SubmitWorld; readonly faulty: readonly string[] }> {
  const world = await SubmitWorld.start();
  const random = createRandom(seed);
  const sent: Sent[] = [];
  const edits: { readonly field: string; readonly order: number; readonly exactId: string }[] = [];
  const ids = [await world.idOf("Vos Metaal"), await world.idOf("Bakkerij Smit")];
  const before = world.census();
  let word = 0;
  for (let order = 0; order < 14; order++) {
    if (random.next() < 0.6) {
      const system = random.pick(["exact", "customcrm"] as const);
      const fault = random.pick(faults.filter((one) => !isForeign(system, one)));
      const method = random.pick(["PUT", "PATCH", "POST", "DELETE", "GET"]);
      if (system === "exact") world.exactFault(method, fault);
      else world.customcrmFault(method, fault);
    }
    const onPartialFailure = random.pick(["RETRY", "ROLLBACK"] as const);
    const whenBusy = random.pick(["REFUSE", "QUEUE"] as const);
    const what = random.next();
    const set = Object.fromEntries(fields.filter(() => random.next() < 0.5).map((field) => [field, `w${++word}`]));
    if (what < 0.15) {
      const done = await world.create("ACCOUNT", { name: `Firma ${++word}`, ...set }, { onPartialFailure, whenBusy });
      if (done.operation) sent.push({ operationId: done.operation.id, entityId: done.operation.entityId ?? "", set, order });
    } else if (what < 0.7) {
      const entityId = random.pick(ids);
      const done = await world.update("ACCOUNT", entityId, set, { onPartialFailure, whenBusy });
      if (done.operation) sent.push({ operationId: done.operation.id, entityId, set, order });
    } else if (what < 0.8) {
      const [n, id] = random.pick([
        [1, "c1"],
        [2, "c2"],
      ] as const);
      const field = random.pick(fields);
      edits.push({ field, order, exactId: exactId(n) });
      if (random.next() < 0.5) world.exact.core.editAccount(exactId(n), { [property[field][0]]: `w${++word}` });
      else world.customcrm.core.patch("Customer", id, { [property[field][1]]: `w${++word}` });
    } else await world.later(random.pick([1_000, 30_000, 70_000]));
    await world.clock.advance(1_000);
  }
  await world.calm();
  return { world, faulty: await faultsIn(world, sent, edits, before, seed) };
}

async function faultsIn(
  world: SubmitWorld,
  sent: readonly Sent[],
  edits: readonly { readonly field: string; readonly order: number; readonly exactId: string }[],
  before: { readonly exact: number; readonly customcrm: number },
  seed: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  const values = new Set<unknown>([
    ...[...world.exact.core.accounts.all()].flatMap(({ id }) => Object.values(world.inExact(id) ?? {})),
    ...world.customcrm.core.all("Customer").flatMap(({ values: held }) => Object.values(held)),
  ]);
  const operations = new Map<string, Operation | null>();
  for (const one of sent) operations.set(one.operationId, await world.operation(one.operationId));
  let made = 0;
  for (const { operationId, entityId, set, order } of sent) {
    const operation = operations.get(operationId);
    const say = (what: string) => found.push(`${seed} ${operationId} ${operation?.kind} ${operation?.status}: ${what}`);
    const entity = await world.entity(entityId);
    if (!operation || operation.status === "PENDING") say("has not ended");
    if (operation?.kind === "CREATE" && operation.status === "APPLIED") made++;
    if (operation?.status === "REJECTED") for (const value of Object.values(set)) if (values.has(value)) say(`${value} stands all the same`);
    if (operation?.status !== "APPLIED") continue;
    const records = entity && [world.inExact(entity.records.EXACT), world.inCustomcrm(entity.records.CUSTOMCRM)];
    for (const field of fields) {
      const isNewest =
        !sent.some(
          (other) => other.entityId === entityId && other.order > order && field in other.set && operations.get(other.operationId)?.status !== "REJECTED",
        ) && !edits.some((edit) => edit.field === field && edit.exactId === entity?.records.EXACT);
      if (!(field in set) || !isNewest) continue;
      if (records?.[0]?.[property[field][0]] !== set[field] || records?.[1]?.[property[field][1]] !== set[field]) say(`${field} is not on both sides`);
    }
  }
  const partial = [...operations.values()].filter((one) => one?.status === "PARTIAL").length;
  const { exact, customcrm } = world.census();
  if (exact - before.exact < made || exact - before.exact > made + partial)
    found.push(`${seed}: ${exact - before.exact} new records in Exact for ${made} creates`);
  if (customcrm - before.customcrm < made || customcrm - before.customcrm > made + partial)
    found.push(`${seed}: ${customcrm - before.customcrm} new records in Customcrm for ${made} creates`);
  for (const type of ["ACCOUNT"] as const) {
    for await (const entities of world.store.entities.scan(type)) {
      for (const entity of entities) {
        if (entity.operations || entity.wanted?.kind === "UPDATE" || entity.intents.some((intent) => !intent.givenUpAt))
          found.push(`${seed} ${entity.id}: something is still owed`);
        if (entity.state !== "LINKED" || systems.some((system) => entity.records[system] === null)) continue;
        const [inExact, inCustomcrm] = [world.inExact(entity.records.EXACT), world.inCustomcrm(entity.records.CUSTOMCRM)];
        for (const field of fields) {
          const [a, b] = [inExact?.[property[field][0]] ?? null, inCustomcrm?.[property[field][1]] ?? null];
          if (a !== b || (entity.fields[field] ?? null) !== a) found.push(`${seed} ${entity.id}: ${field} is ${a} and ${b}, shown as ${entity.fields[field]}`);
        }
      }
    }
  }
  if (world.faultsOfOurs.length > 0) found.push(`${seed}: ${String(world.faultsOfOurs[0])}`);
  return found;
}

describe("whatever clients ask for and whatever happens to it", () => {
  it("every mutation ends, REJECTED leaves no value, APPLIED is on both sides, and nothing is made twice (I9)", async () => {
    const from = Number(process.env.WALK_FROM ?? 1);
    const count = Number(process.env.WALKS ?? 12);
    for (let n = from; n < from + count; n++) {
      const { world, faulty } = await walk(`walk ${n}`);
      await world.stop();
      expect(faulty).toEqual([]);
    }
  }, 600_000);
});
