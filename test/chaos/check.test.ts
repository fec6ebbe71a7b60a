import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { dataflowOf, dataflows } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { Operation } from "../../src/domain/operation.js";
import type { SystemRecord } from "../../src/domain/record.js";
import type { Run } from "../../src/domain/run.js";
import { type System, systems } from "../../src/domain/words.js";
import { createRandom } from "../../src/sandbox/kit/index.js";
import type { Store } from "../../src/store/store.js";
import { writeOf } from "../../src/sync/document.js";
import { operationOfKey } from "../../src/sync/submit/idempotency.js";
import { type SmallWorld, startSmallWorld } from "../e2e/small-world.js";
import { standing } from "../fuzz/standing.js";
import { allEntities, type Holdings, holdings } from "../helpers/promises.js";
import { check } from "./check.js";
import { People, type Sent } from "./people.js";
import { tokenOf } from "./tokens.js";

const isAppliedCreate = ({ input, status }: Sent): boolean => "fields" in input && status === "APPLIED";

/** A world that kept its promises, in which one is then broken by hand: a checker that names nothing proves nothing. */
describe("what the checker of chaos names", { timeout: 120_000 }, () => {
  let world: SmallWorld;
  let people: People;
  let store: Store;
  let held: Holdings;
  beforeAll(async () => {
    world = await startSmallWorld();
    await world.start();
    await world.app.ready;
    people = new People(world.exact, world.customcrm, createRandom("a checker"));
    const isEnough = () => people.names.length > 2 && people.entered.size > 4 && people.runs.length > 0 && people.sent.some(isAppliedCreate);
    for (let n = 0; n < 200 && !isEnough(); n++) await people.act(world.app.url);
    expect(await standing(world)).toEqual([]);
    await vi.waitFor(async () => expect(await people.await(world.app.url)).toBe(0), { timeout: 60_000, interval: 200 });
    store = world.app.store;
    held = await holdings(world.exact, world.customcrm);
    await world.stopApp();
  }, 120_000);
  afterAll(() => world.stop());

  const shown = () => new Set(people.entered.keys());
  const broken = async (seen = held) => (await check(store, seen, people, shown())).broken;
  /** The same, but that this is what becomes of each record of a system; undefined: it is gone. */
  const but = (system: System, change: (record: SystemRecord) => SystemRecord | undefined): Holdings => ({
    ...held,
    [system]: new Map([...held[system]].flatMap(([id, record]) => [change(record)].flatMap((now) => (now ? [[id, now] as const] : [])))),
  });
  const firm = () => people.names[0] ?? "";
  /** Stores entities as they are not, looks, and puts them back. */
  async function tampered(change: (accounts: readonly Entity[]) => readonly Entity[]): Promise<readonly string[]> {
    const put = (entities: readonly Entity[]) =>
      store.entities.commit({ put: entities.map((entity) => writeOf(dataflowOf(dataflows, "ACCOUNT"), entity, [])) });
    const accounts = (await allEntities(store)).filter((one) => one.type === "ACCOUNT").slice(0, 2);
    const changed = change(accounts);
    expect(await put(changed)).toMatchObject({ ok: true });
    const found = await broken();
    await put(accounts.slice(0, changed.length).map((one) => ({ ...one, revision: one.revision + 1 })));
    return found;
  }

  it("is nothing where all is well", async () => {
    expect(await broken()).toEqual([]);
  });

  it("is a record that stands twice, and that nobody owns it", async () => {
    const [id, record] = [...held.EXACT].find(([, { properties }]) => properties.Name === firm()) ?? [];
    const twice = { ...held, EXACT: new Map([...held.EXACT, ["a-copy", record as SystemRecord]]) };
    expect(id).toBeDefined();
    expect(await broken(twice)).toEqual(["I1 EXACT:a-copy belongs to no entity.", `I3 ${firm()} stands 2 times in EXACT.`]);
  });

  it("is a record that is gone", async () => {
    const found = await broken(but("CUSTOMCRM", (record) => (record.properties.Name === firm() ? undefined : record)));
    expect(found[0]).toMatch(/^I1 acc_\w+ holds CUSTOMCRM:\w+, which is gone\.$/);
  });

  it("is an edit that stands on no side and in no history", async () => {
    const token = tokenOf(1_000_000);
    people.entered.set(token, { token, system: "EXACT", where: "here", isReplaced: false });
    expect(await broken()).toEqual([`I4 ${token}, entered in EXACT here, is gone without a word.`]);
    people.entered.delete(token);
  });

  it("is a link to the wrong record", async () => {
    const found = await tampered(([a, b]) => (a && b ? [swapped(a, b), swapped(b, a)] : []));
    expect(found.length).toBeGreaterThan(1);
    for (const line of found) expect(line).toMatch(/^I2 acc_\w+ \w+: .+ in Customcrm, .+ in Exact\.$/);
  });

  it("is a value on which the sides differ", async () => {
    const found = await broken(
      but("EXACT", (record) => (record.properties.Name === firm() ? { ...record, properties: { ...record.properties, City: "Elsewhere" } } : record)),
    );
    expect(found).toEqual([expect.stringMatching(/^I2 acc_\w+ city: null in Customcrm, Elsewhere in Exact\.$/)]);
  });

  it("is an entity that came to another end than a link", async () => {
    const found = await tampered(([a]) => (a ? [{ ...a, state: "FAILED" }] : []));
    expect(found).toEqual([expect.stringMatching(/^I7 acc_\w+ is FAILED/)]);
  });

  it("is a mutation that is APPLIED on one side only, or still PENDING", async () => {
    const one = people.sent.find(isAppliedCreate);
    const found = await broken(but("CUSTOMCRM", (record) => (record.properties.Name === one?.token ? undefined : record)));
    expect(found).toContain(`I9 ${one?.key} is APPLIED, and stands only in EXACT.`);
    const id = (await operationOfKey(store.documents, one?.key ?? "", null)) ?? "";
    const before = await store.documents.get<Operation>("operation", id);
    await store.documents.set("operation", id, { ...before?.value, status: "PENDING" }, null);
    expect(await broken()).toEqual([`I9 ${one?.key} is PENDING at the end.`]);
    await store.documents.set("operation", id, before?.value, null);
  });

  it("is a run that is not over, or gone, or that counts more creates than it tells of", async () => {
    const id = people.runs[0] ?? "";
    const before = (await store.documents.get<Run>("run", id))?.value;
    const having = async (run: Partial<Run>) => {
      await store.documents.set("run", id, { ...before, ...run }, null);
      return broken();
    };
    expect(await having({ state: "RUNNING" })).toEqual([`I7 the run ${id} is RUNNING at the end.`]);
    const progress = { ...before?.progress, created: 1_000 } as Run["progress"];
    expect(await having({ progress })).toEqual([expect.stringMatching(`^The run ${id} counts 1000 creates, and tells of \\d+\\.$`)]);
    await having({});
    people.runs.push("run_gone");
    expect(await broken()).toEqual(["I7 the run run_gone is gone at the end."]);
    people.runs.pop();
  });

  const swapped = (one: Entity, other: Entity): Entity => ({ ...one, records: { ...one.records, [systems[1]]: other.records[systems[1]] } });
});
