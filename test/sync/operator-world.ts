import { setMaxListeners } from "node:events";
import { pino } from "pino";
import { parseConfig } from "../../src/config.js";
import { type Links, linksOf } from "../../src/connect.js";
import { exactBudgetRules } from "../../src/connectors/budget.js";
import { type Dataflow, dataflows } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { Run } from "../../src/domain/run.js";
import { defaultSettings, type SyncSettings } from "../../src/domain/settings.js";
import type { EntityType, System } from "../../src/domain/words.js";
import type { Job } from "../../src/queue/queue.js";
import { type CustomcrmSandbox, startCustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import { type ExactSandbox, startExactSandbox } from "../../src/sandbox/exact/index.js";
import { VirtualClock } from "../../src/sandbox/kit/index.js";
import { MemoryStore } from "../../src/store/memory.js";
import type { Store } from "../../src/store/store.js";
import { Actions } from "../../src/sync/actions.js";
import { Engine, idPrefixes } from "../../src/sync/engine.js";
import { Guard } from "../../src/sync/guards.js";
import type { RebuildParts } from "../../src/sync/link-map/rebuild.js";
import type { SettleParts } from "../../src/sync/parts.js";
import { dataflowState, planSettings } from "../../src/sync/policy.js";
import { Runs } from "../../src/sync/runs.js";

type Row = Readonly<Record<string, string | null>>;

export interface OperatorWorldOptions {
  readonly customers?: readonly Row[];
  readonly crmContacts?: readonly Row[];
  readonly products?: readonly Row[];
  readonly accounts?: readonly Row[];
  readonly exactContacts?: readonly Row[];
  readonly firstContact?: "review" | "live";
  readonly flows?: (flows: readonly Dataflow[]) => readonly Dataflow[];
  readonly settings?: Partial<SyncSettings>;
  /** Default: one in memory. Whoever gives one stops it. */
  readonly store?: Store;
}

const age = { createdDaysAgo: 90, modifiedDaysAgo: 30 };
const aged = (rows: readonly Row[] = []) => rows.map((row) => ({ ...row, ...age }));

/** Two real sandboxes over HTTP, one clock for all, and the sync's parts on a store in memory, driven step by step. */
export class OperatorWorld {
  readonly jobs: Job[] = [];
  nudges = 0;
  /** Told of everything that a process settles, by the store that it has. */
  onSettled: (store: Store) => void = () => {};
  readonly fired: string[] = [];
  store: Store;
  settings: SyncSettings;
  readonly firstContact: "review" | "live";
  engine: Engine;
  actions: Actions;
  runs: Runs;
  guard: Guard;
  #ids = 0;
  #settling!: SettleParts;

  private constructor(
    readonly clock: VirtualClock,
    readonly customcrm: CustomcrmSandbox,
    readonly exact: ExactSandbox,
    public links: Links,
    store: Store,
    options: OperatorWorldOptions,
  ) {
    this.store = store;
    this.firstContact = options.firstContact ?? "live";
    this.settings = { ...defaultSettings, flows: (options.flows ?? ((flows) => flows))(defaultSettings.flows), ...options.settings };
    ({ engine: this.engine, actions: this.actions, runs: this.runs, guard: this.guard } = this.process());
  }

  static async start(options: OperatorWorldOptions = {}): Promise<OperatorWorld> {
    const clock = new VirtualClock();
    const customcrm = await startCustomcrmSandbox({
      clock,
      initial: { customers: aged(options.customers), contacts: aged(options.crmContacts), products: aged(options.products) },
    });
    const exact = await startExactSandbox({
      clock,
      initial: { accounts: aged(options.accounts), contacts: aged(options.exactContacts) },
      settings: { minuteLimit: null, dayLimit: null, fairUseLimit: null },
    });
    const store = options.store ?? new MemoryStore({ clock: () => clock.now(), encryptionKey: configOf().encryptionKeys });
    const links = await linksTo(store, clock, exact, customcrm);
    return new OperatorWorld(clock, customcrm, exact, links, store, options);
  }

  /** The parts that live in one process; a second call is a restart, or another process, on a connection of its own. */
  process(store = this.store) {
    const clock = () => this.clock.now();
    const { settings, firstContact } = this;
    const guard = new Guard({ store, clock, levels: settings.guards, firstContact, onFired: (_type, message) => this.fired.push(message) });
    const settling: SettleParts = {
      store,
      connectors: { CUSTOMCRM: this.links.customcrm, EXACT: this.links.exact },
      settings,
      clock,
      newId: (type) => `${idPrefixes[type]}${++this.#ids}`,
      newIntentId: () => `intent-${++this.#ids}`,
      random: () => 0.5,
      policy: async (type) => planSettings(settings, await dataflowState(store, type, firstContact)),
      guard: (entity, plan) => guard.check(entity, plan),
      onEmptySide: (types, system, links) => guard.emptySide(types, system, links),
      onPlanned: (observation, plan) => runs.planned(observation, plan),
      onMarksRead: () => runs.attend(),
      onHandled: () => runs.tell(),
      onSettled: (before, after, plan) => {
        this.onSettled(store);
        runs.settled(before, after, plan);
      },
    };
    this.#settling = settling;
    const engine = new Engine(settling);
    const queue = { add: async (job: Job) => void this.jobs.push(job) };
    const runs: Runs = new Runs({ ...settling, engine, queue, newRunId: () => `run-${++this.#ids}` });
    const actions = new Actions({ ...settling, firstContact, nudge: () => this.nudges++ });
    return { engine, actions, runs, guard };
  }

  /** What a command that rebuilds the link map works with. */
  parts(): RebuildParts {
    return { ...this.#settling, firstContact: this.firstContact };
  }

  /** Forgets everything, as if the store had been emptied; the systems are as they were. */
  async flush(emptied: Store = new MemoryStore({ clock: () => this.clock.now(), encryptionKey: configOf().encryptionKeys })): Promise<void> {
    this.store = emptied;
    await this.links.stop();
    this.links = await linksTo(this.store, this.clock, this.exact, this.customcrm);
    this.restart();
  }

  restart(): void {
    ({ engine: this.engine, actions: this.actions, runs: this.runs, guard: this.guard } = this.process());
  }

  /** What a poll of both systems and the settling after it bring about. */
  async cycle(): Promise<void> {
    for (const system of ["CUSTOMCRM", "EXACT"] as const) await this.engine.poll(system);
    await this.settle();
  }

  async settle(): Promise<void> {
    // A link that was made is looked at once more.
    for (let times = 0; times < 5; times++) {
      await this.engine.drain();
      if ((await this.store.feeds.countDirty()) === 0) break;
    }
    await this.guard.quiet();
  }

  /** Works on all runs that are queued. */
  async work(signal = new AbortController().signal): Promise<void> {
    setMaxListeners(0, signal);
    for (const job of this.jobs.splice(0)) if (job.kind === "run") await this.runs.work(job.runId, signal);
  }

  async run(id: string): Promise<Run> {
    const found = await this.store.documents.get<Run>("run", id);
    if (!found) throw new Error(`There is no run ${id}.`);
    return found.value;
  }

  async of(type: EntityType, system: System, recordId: string): Promise<Entity> {
    const [entity] = await this.store.entities.ofRecords(type, system, [recordId]);
    if (!entity) throw new Error(`No ${type} has ${recordId} in ${system}.`);
    return entity;
  }

  async byId(id: string): Promise<Entity> {
    const [entity] = await this.store.entities.get([id]);
    if (!entity) throw new Error(`There is no entity ${id}.`);
    return entity;
  }

  async kinds(id: string): Promise<readonly string[]> {
    const { events } = await this.store.entities.history(id, 50, null);
    return events.map((event) => event.kind);
  }

  customer(id: string): Readonly<Record<string, unknown>> {
    return this.customcrm.core.get("Customer", id).values;
  }

  account(id: string): Readonly<Record<string, unknown>> | undefined {
    return this.exact.core.accounts.get(id);
  }

  /** Calls that changed something. */
  writes(): readonly { readonly method: string; readonly path: string; readonly body?: string | null }[] {
    const all = [...this.exact.calls.all(), ...this.customcrm.calls.all()];
    return all.filter((call) => ["POST", "PUT", "PATCH", "DELETE"].includes(call.method) && !call.path.includes("oauth"));
  }

  async stop(): Promise<void> {
    this.engine.halt();
    this.links.stopWaiting();
    await this.links.stop();
    await Promise.all([this.exact.stop(), this.customcrm.stop()]);
  }
}

const configOf = () => parseConfig({ ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") });

async function linksTo(store: Store, clock: VirtualClock, exact: ExactSandbox, customcrm: CustomcrmSandbox): Promise<Links> {
  const rules = { ...exactBudgetRules, minuteLimit: 1_000_000, dayLimit: 1_000_000 };
  const links = linksOf({
    config: configOf(),
    store,
    clock: () => clock.now(),
    log: pino({ level: "silent" }),
    rules,
    flows: dataflows,
    sandboxes: { exact, customcrm },
  });
  await links.consentWithoutBrowser();
  return links;
}

export const guid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export const customerRow = (n: number, more: Row = {}): Row => ({ Id: `cus${n}`, Name: `Firm ${n}`, Email: `info@firm${n}.nl`, ...more });
export const accountRow = (n: number, more: Row = {}): Row => ({ ID: guid(n), Name: `Firm ${n}`, Email: `info@firm${n}.nl`, Status: "C", ...more });
/** `count` firms that both systems know. */
export const pairs = (count: number) => ({
  customers: Array.from({ length: count }, (_, i) => customerRow(i + 1)),
  accounts: Array.from({ length: count }, (_, i) => accountRow(i + 1)),
});
