import { createHash } from "node:crypto";
import { dataflowOf, dataflows, propertyOf } from "../../src/domain/dataflow.js";
import type { Entity, Intent, ProblemCode } from "../../src/domain/entity.js";
import { limits } from "../../src/domain/limits.js";
import type { Operation } from "../../src/domain/operation.js";
import { defaultSettings, type Guards, type SyncSettings } from "../../src/domain/settings.js";
import { entityTypes, otherSystem, type System, systems } from "../../src/domain/words.js";
import { type Answer, createRandom, jsonBody, type KitRequest, type Random, VirtualClock } from "../../src/sandbox/kit/index.js";
import { MemoryStore } from "../../src/store/memory.js";
import type { Commit } from "../../src/store/store.js";
import type { Ablation } from "./ablations.js";
import { check, missedByFeeds, untold } from "./check.js";
import { Clients } from "./clients.js";
import { type FaultKind, Faults } from "./faults.js";
import { Guardedness } from "./guardedness.js";
import { LastOnes } from "./last-ones.js";
import { errorsPerHour, Limits } from "./limits.js";
import { Oracle, type ShownRow, tokenIn } from "./oracle.js";
import { People } from "./people.js";
import { type JobKind, operatorJobs, Process } from "./process.js";
import { Endless, type Host, Scheduler } from "./scheduler.js";
import { Systems } from "./systems.js";
import type { Net, Sent } from "./wire.js";

export interface WorldOptions {
  readonly seed: string;
  /** What people do, in all (40). */
  readonly operations?: number;
  /** A multiple of the usual chances of faults. */
  readonly faults?: number;
  readonly ablation?: Ablation | null;
  /** How much of what is done comes through the gateway (0): mutations, some of them sent twice. */
  readonly clients?: number;
  /** Exact takes so many calls a minute and a day, and our budget keeps to it (false: any number). */
  readonly budget?: boolean;
  /** What is left out, by its number in the row of its kind. */
  readonly without?: LeftOut;
}

export interface LeftOut {
  readonly acts?: readonly number[];
  readonly faults?: readonly number[];
  readonly kills?: readonly number[];
}

export interface WorldReport {
  readonly seed: string;
  readonly violations: readonly string[];
  /** Stands for all that happened, in its order. */
  readonly digest: string;
  readonly trace: readonly string[];
  readonly figures: Figures;
  /** How many of each there were that could be left out. */
  readonly pieces: { readonly [K in keyof Required<LeftOut>]: number };
}

export interface Figures {
  readonly steps: number;
  readonly edits: number;
  readonly writes: number;
  readonly kills: number;
  readonly hints: number;
  /** What clients have asked of the gateway. */
  readonly mutations: number;
  /** Calls that waited for a window of Exact's budget, and those that Exact itself refused as too many. */
  readonly waited: number;
  readonly tooMany: number;
  /** Dataflows that a guard has paused. */
  readonly guarded: number;
  readonly faults: number;
  readonly zombies: number;
  /** Edits overwritten between our read and our write. */
  readonly blind: number;
  /** Values that lost to one that their author had replaced, after a write whose answer was lost: kept in the history. */
  readonly reverted: number;
  readonly creations: number;
  /** Creates of which nobody can say whose they are. */
  readonly unattributed: number;
  /** How often each kind of fault struck. */
  readonly struck: { readonly [K in FaultKind]?: number };
}

const second = 1000;
/** A1 in the worlds: a request is held up this long when it leaves, and lands this much later. */
const heldMs = 30 * second;
const landsMs = 140 * second;
const usualOperations = 40;
/** Some ten times what a world takes. */
const stepsPerOperation = 500;
const start = Date.parse("2026-03-02T12:00:00.000Z");

/** Levels that a world of a dozen records reaches. */
const tightGuards: Guards = { deletions: { count: 1, percent: 0 }, creates: { count: 1_000, percent: 100 }, emptySideLinks: 3 };

/** What one world is like: drawn from its seed. */
interface Character {
  readonly settings: SyncSettings;
  readonly lateMs: number;
  readonly lateShare: number;
  readonly isTwin: boolean;
  readonly userShare: number;
  readonly hasIfMatch: boolean;
  readonly hasChanges: boolean;
  readonly moveContact: "allow" | "ignore" | "refuse";
  /** Changes are hinted at by webhooks, some of them twice. */
  readonly hasWebhooks: boolean;
}

function characterOf(random: Random, hasBudget: boolean): Character {
  const createsBoth = random.next() < 0.5;
  const onDelete = random.pick(["DETACH", "DETACH", "PROPAGATE", "ARCHIVE"] as const);
  const policy = random.pick(["NEWEST", "NEWEST", "NEWEST", "CUSTOMCRM", "EXACT", "MANUAL"] as const);
  const flows = dataflows.map((flow) => ({
    ...flow,
    onDelete,
    create: createsBoth ? { ...flow.create, toCustomcrm: { kind: "always" as const } } : flow.create,
    rows: flow.rows.map((row) => ({ ...row, policy })),
  }));
  const guards = random.next() < 0.5 ? tightGuards : defaultSettings.guards;
  const waitMs = hasBudget ? limits.sync.turnMs : 0;
  const quarantineMs = waitMs + heldMs + landsMs + 10 * second;
  const settings: SyncSettings = { ...defaultSettings, flows, guards, overlapMs: 120 * second, quarantineMs };
  return {
    settings,
    lateMs: 90 * second,
    lateShare: random.pick([0, 0.05, 0.2]),
    isTwin: random.next() < 0.5,
    userShare: random.pick([0.01, 0.03, 0.08]),
    hasIfMatch: random.next() < 0.85,
    hasChanges: random.next() < 0.9,
    moveContact: random.pick(["allow", "allow", "allow", "ignore", "refuse"] as const),
    hasWebhooks: random.next() < 0.5,
  };
}

/** A whole world, run from its seed: both systems, the people at them, our processes and their store, and all that goes wrong. */
export class World {
  readonly clock = new VirtualClock(start);
  readonly random: Random;
  readonly character: Character;
  readonly scheduler: Scheduler;
  readonly systems: Systems;
  readonly oracle = new Oracle();
  readonly people: People;
  readonly clients: Clients;
  readonly store: MemoryStore;
  readonly faults: Faults;
  /** null: Exact takes any number of calls. */
  readonly limits: Limits | null;
  readonly violations: string[] = [];
  /** Records of accounts that were linked at some time. */
  readonly linkedAccounts = new Set<string>();
  /** When a record first belonged to a pair. */
  readonly linkedAt = new Map<string, number>();
  /** The other record of a pair, by each record. */
  readonly pairs = new Map<string, string>();
  /** When a pair first knew what its records agree on in a property (R4), by either record and the property. */
  readonly agreedAt = new Map<string, number>();
  /** Every entity that there ever was. */
  readonly entityIds = new Set<string>();
  /** Calls of ours that change a system, as they reached it. */
  writes = 0;
  kills = 0;
  hints = 0;
  mutations = 0;
  zombies = 0;
  blind = 0;
  reverted = 0;
  #edits = 0;
  readonly #net: Net;
  #processes: Process[] = [];
  #made = 0;
  /** Kills that don't happen, by their number. */
  readonly #spared: ReadonlySet<number>;
  #strokes = 0;
  readonly #guardedness: Guardedness;
  /** Entities of which a write is being sent, as they were last stored. */
  readonly #open = new Map<string, Entity>();
  /** Writes under way, by record. */
  readonly #underWay = new Map<string, Host>();

  constructor(readonly options: WorldOptions) {
    const { seed, faults = 1 } = options;
    this.random = createRandom(seed);
    this.character = characterOf(this.random, options.budget ?? false);
    const mostSteps = stepsPerOperation * (options.operations ?? usualOperations);
    this.scheduler = new Scheduler(createRandom(`${seed}/order`), () => this.clock.now(), mostSteps);
    const { lateMs, lateShare, moveContact, hasIfMatch, hasChanges } = this.character;
    this.limits = options.budget ? new Limits(createRandom(`${seed}/limits`), (violation) => this.violations.push(violation)) : null;
    const { minuteLimit = null, dayLimit = null } = this.limits ?? {};
    this.systems = new Systems(this.clock, seed, {
      exact: { minuteLimit, dayLimit, errorLimit: this.limits && errorsPerHour, lateMs, lateShare: lateShare * Math.min(faults, 3), moveContact },
      customcrm: { changesLateMs: lateShare > 0 ? 5_000 : 0, capabilities: { ifMatch: hasIfMatch, changes: hasChanges } },
    });
    const { acts = [], faults: strikes = [], kills = [] } = options.without ?? {};
    this.#spared = new Set(kills);
    this.faults = new Faults(createRandom(`${seed}/faults`), faults, new Set(strikes));
    this.store = new MemoryStore({ clock: () => this.clock.now() });
    const isGuarded = options.ablation?.isUnguarded !== true;
    this.#guardedness = new Guardedness(this.store, this.character.settings.guards, isGuarded, (violation) => this.violations.push(violation));
    const lastOnes = new LastOnes(this.systems, this.oracle, !hasChanges);
    this.people = new People(
      this.systems,
      this.oracle,
      (act) => createRandom(`${seed}/act ${act}`),
      new Set(acts),
      () => this.scheduler.step,
      (line) => this.scheduler.log(line),
      lastOnes,
    );
    this.clients = new Clients(
      this.store,
      this.oracle,
      () => this.scheduler.step,
      (line) => this.scheduler.log(line),
      lastOnes,
    );
    this.#net = this.#netOf();
  }

  /** Runs the world to its end, and looks whether every promise was kept. */
  async run(): Promise<WorldReport> {
    try {
      await this.#history();
    } catch (error) {
      if (!(error instanceof Endless)) throw error;
      this.violations.push(`I7 It does not come to rest in ${error.message}: ${await this.#restless()}.`);
    }
    return this.#report();
  }

  async #history(): Promise<void> {
    await this.#begin();
    await this.#live();
    const calm = await this.#calm();
    if (!calm) this.violations.push(`I7 It does not come to rest: ${await this.#restless()}.`);
    else {
      this.violations.push(...(await check(this)));
      if (this.violations.length === 0) this.violations.push(...(await this.#again()));
    }
  }

  async #begin(): Promise<void> {
    this.#start();
    this.faults.isOn = false;
    await this.#consent();
    this.faults.isOn = true;
    this.people.begin();
    if (this.character.isTwin) this.#start();
  }

  /** An operator lets the gateway into Exact: a process that dies while it refreshes the tokens takes the chain with it. */
  async #consent(): Promise<void> {
    const process = this.#processes[0] ?? this.#start();
    const consent = (async () => {
      const state = new URL(await process.exact.authorizationUrl()).searchParams.get("state") ?? "";
      await process.exact.completeConsent(new URLSearchParams({ code: this.systems.issueCode(), state }).toString(), { class: "interactive" });
    })();
    await this.#finish();
    await consent;
  }

  /** People, processes, time and faults, in whatever order the seed has it. */
  async #live(): Promise<void> {
    const { operations = usualOperations } = this.options;
    let quiet = 0;
    while (this.#edits < operations) {
      await this.scheduler.settle();
      const dice = this.random.next();
      if (dice < this.character.userShare) await this.#somebody();
      else if (dice < this.character.userShare + 0.004) this.#killOne();
      else if (dice < this.character.userShare + 0.02) await this.#pass(this.random.next() < 0.7 ? this.random.int(5 * second) : this.random.int(40 * second));
      else if (this.scheduler.waiting > 0 && dice < 0.985) {
        this.scheduler.resumeOne();
        await this.clock.advance(this.random.int(60));
      } else if (this.scheduler.waiting === 0) {
        quiet++;
        if (quiet % 3 === 0) await this.#pass(this.random.int(quiet % 9 === 0 ? 400 * second : 30 * second));
        if (this.random.next() < 0.3) await this.#somebody();
        this.#beginJob();
      } else this.#beginJob();
    }
  }

  async #somebody(): Promise<void> {
    const { clients = 0 } = this.options;
    if (clients > 0 && this.random.next() < clients) await this.#client();
    else this.#person();
  }

  /** Somebody uses the gateway: some send the same twice, as they heard no answer. */
  async #client(): Promise<void> {
    const chances = this.people.turn();
    this.#edits++;
    const submission = chances && (await this.clients.ask(chances));
    if (!submission) return;
    const alive = this.#processes.filter((one) => one.isAlive);
    const times = submission.idempotencyKey && chances.next() < 0.3 ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.mutations++;
      chances.pick(alive).mutate(submission, (status) => this.scheduler.log(`  client hears ${status} of ${JSON.stringify(submission.fields)}`));
    }
  }

  #person(): void {
    if (!this.people.act()) return;
    this.#edits++;
    if (this.character.hasWebhooks) this.#hint();
  }

  /** A system tells of what was done there, once or twice, or both systems do. */
  #hint(): void {
    const dice = this.random.next();
    for (let times = dice < 0.15 ? 2 : dice < 0.5 ? 1 : 0; times > 0; times--) {
      this.hints++;
      this.#processes.find((one) => one.isAlive)?.begin(`hint ${this.random.pick(systems)}`);
    }
  }

  #beginJob(): void {
    const idle = this.#processes.filter((one) => one.isAlive && one.jobs < 2);
    if (idle.length === 0) return;
    const dice = this.random.next();
    const kind =
      dice < 0.34
        ? "poll CUSTOMCRM"
        : dice < 0.68
          ? "poll EXACT"
          : dice < 0.91
            ? "sweep"
            : dice < 0.95
              ? this.random.pick(operatorJobs)
              : this.random.pick(["compare CUSTOMCRM", "compare EXACT"] as const);
    const one = this.random.pick(idle);
    this.scheduler.log(`#${one.id} begins ${kind}`);
    one.begin(kind);
  }

  /** A request that was about to leave when its process died may have left. */
  #killOne(): void {
    const alive = this.#processes.filter((one) => one.isAlive);
    if (alive.length === 0) return;
    const one = this.random.pick(alive);
    if (this.#spared.has(this.#strokes++)) return;
    this.scheduler.log(`#${one.id} is killed`);
    this.kills++;
    this.#noteAllOpen();
    this.scheduler.kill(one, () => this.random.next() < 0.3);
    this.#gone(one);
    this.#start();
  }

  #start(): Process {
    const process: Process = new Process(++this.#made, {
      store: this.store,
      net: this.#net,
      gate: {
        before: (host, name, isWrite) => this.#gate(host, name, isWrite),
        fate: () => this.faults.store(),
        wrote: (name, args, result) => this.#wrote(name, args, result),
        failed: () => this.#noteAllOpen(),
      },
      every: (ms, run) => this.#every(process, ms, run),
      after: (ms, run) => this.clock.setTimer(run, ms),
      limits: this.limits,
      settings: this.character.settings,
      random: createRandom(`${this.options.seed}/process ${this.#made}`),
      ablation: this.options.ablation ?? null,
      onQuiet: () => this.#guardedness.quiet(),
      onResume: (type) => this.#guardedness.resume(type),
      hasIfMatch: this.character.hasIfMatch,
      hasChanges: this.character.hasChanges,
      log: (line) => this.scheduler.log(line),
    });
    this.#processes.push(process);
    return process;
  }

  /** A timer of a process: it ends with the process. */
  #every(process: Process, ms: number, run: () => void): () => void {
    let cancel = () => {};
    const next = () => {
      cancel = this.clock.setTimer(() => {
        if (!process.isAlive) return;
        run();
        next();
      }, ms);
    };
    next();
    return () => cancel();
  }

  #gone(process: Process): void {
    this.#processes = this.#processes.filter((one) => one !== process);
    this.#noteFailures(process);
    for (const [key, host] of this.#underWay) if (host === process) this.#underWay.delete(key);
  }

  #noteFailures(process: Process): void {
    for (const failure of process.failures.splice(0)) if (failure !== "") this.violations.push(`A job ended with a fault of ours: ${failure}`);
  }

  async #gate(host: Host, name: string, isWrite: boolean): Promise<void> {
    if (!host.isAlive || isWrite || this.random.next() < 0.1) await this.scheduler.point(host, name);
  }

  #wrote(name: string, args: readonly unknown[], result: unknown): void {
    if (name !== "entities.commit" || !(result as { ok: boolean }).ok) return;
    for (const { id } of (args[0] as Commit).remove ?? []) this.#open.delete(id);
    for (const { kind, value } of (args[0] as Commit).documents ?? []) if (kind === "operation") this.clients.noted(value as Operation);
    for (const { entity } of (args[0] as Commit).put) {
      this.scheduler.log(`  ${told(entity)}`);
      this.#guardedness.noted(entity);
      this.entityIds.add(entity.id);
      for (const system of systems) this.#known(system, entity.records[system], entity.records[otherSystem(system)]);
      this.#noteAgreed(entity);
      if (entity.intents.some((one) => one.sentAt !== null && !one.givenUpAt)) this.#open.set(entity.id, entity);
      else this.#open.delete(entity.id);
      // What failed for now on one side is told before what was lost on the other.
      if (entity.problem && isPassing(entity.problem.code)) this.#noteOpen(entity);
      if (entity.type === "ACCOUNT" && entity.records.CUSTOMCRM && entity.records.EXACT)
        this.linkedAccounts.add(entity.records.EXACT).add(entity.records.CUSTOMCRM);
    }
  }

  /** A job ends half way: whatever is being sent may be what it sent, and it tells nobody what has become of that. */
  #noteAllOpen(): void {
    for (const entity of this.#open.values()) this.#noteOpen(entity);
  }

  /** Nobody knows what has become of a write to its records. */
  #noteOpen({ id, records }: Entity): void {
    if (this.#open.has(id)) for (const system of systems) this.oracle.ambiguous.add(`${system}:${records[system]}`);
  }

  #known(system: System, recordId: string | null, otherId: string | null): void {
    if (recordId === null) return;
    const key = `${system}:${recordId}`;
    if (otherId === null) return;
    this.pairs.set(key, `${otherSystem(system)}:${otherId}`);
    if (!this.linkedAt.has(key)) this.linkedAt.set(key, this.scheduler.step);
  }

  /** A base is known for each field that both shadows have. */
  #noteAgreed({ type, records, shadows }: Entity): void {
    for (const row of dataflowOf(this.character.settings.flows, type).rows) {
      if (!systems.every((system) => row.field in (shadows[system] ?? {}))) continue;
      for (const system of systems) {
        const key = `${system}:${records[system]} ${propertyOf(row, system)}`;
        if (!this.agreedAt.has(key)) this.agreedAt.set(key, this.scheduler.step);
      }
    }
  }

  /** Time passes; no request is held up beyond what A1 allows. */
  async #pass(ms: number): Promise<void> {
    const most = Math.max(0, heldMs - this.scheduler.longestSendMs());
    const isUnderWay = this.scheduler.waiting > 0 || this.#processes.some((one) => one.awaitsBudget);
    const total = isUnderWay ? Math.min(ms, most) : ms;
    this.scheduler.log(`${total} ms pass`);
    await this.clock.advance(total);
  }

  /** Faults end, people go home, and time passes until nothing is owed any more. */
  async #calm(): Promise<boolean> {
    this.faults.isOn = false;
    this.scheduler.log("calm");
    await this.#finish();
    let quiet = 0;
    // Rounds in which every feed of both systems was read to its end.
    let whole = 0;
    for (let round = 0; round < 80 && (quiet < 4 || whole < 6); round++) {
      // A process that dies while it refreshes takes the chain of tokens with it: that may show with the next refresh only.
      if (!(await this.store.secrets.get("exact-tokens"))?.value.includes('"problem":null')) await this.#consent();
      await this.#pass(Math.max(100 * second, this.limits?.restMs(this.clock.now()) ?? 0));
      // An operator looks at what a guard has paused, and lets it go on.
      await this.#work("resume with APPLY");
      const before = this.writes;
      const isWhole = await this.#round();
      if (isWhole) whole++;
      const owed = (await this.store.feeds.countDirty()) + (await this.store.entities.due(this.clock.now() + 24 * 3_600_000, 10)).length;
      quiet = owed === 0 && this.writes === before ? quiet + 1 : 0;
      // What is neither marked nor in agreement waits, and says for what.
      if ((await this.store.feeds.countDirty()) === 0) this.violations.push(...(await untold(this)));
      if (isWhole && whole === 3) this.violations.push(...(await missedByFeeds(this)));
      // Without a feed of deletions only compares find them, and they take two.
      if (isWhole && (whole === 3 || whole === 5)) await this.#compareAll();
    }
    return quiet >= 4;
  }

  async #restless(): Promise<string> {
    const ids = [...(await this.store.feeds.dirty(3)).map((mark) => mark.entityId), ...(await this.store.entities.due(this.clock.now() + 24 * 3_600_000, 3))];
    const entities = await this.store.entities.get([...new Set(ids)]);
    return entities.map((one) => `${one?.id} ${one?.state} ${one?.problem?.code ?? ""} ${one?.problem?.message ?? ""}`).join("; ") || "it goes on writing";
  }

  /** False: something could not be read, such as Exact while it gives out no token. */
  async #round(): Promise<boolean> {
    let isWhole = true;
    for (const kind of ["poll CUSTOMCRM", "poll EXACT", "sweep"] as const) {
      isWhole = (await this.#work(kind)) && isWhole;
    }
    return isWhole;
  }

  async #work(kind: JobKind): Promise<boolean> {
    const process = this.#processes[0] ?? this.#start();
    const before = process.failed;
    process.begin(kind);
    await this.#finish();
    return process.failed === before;
  }

  async #compareAll(): Promise<void> {
    for (const kind of ["compare CUSTOMCRM", "compare EXACT"] as const) await this.#work(kind);
  }

  /** Lets everything that is under way come to its end. */
  async #finish(): Promise<void> {
    for (;;) {
      await this.scheduler.settle();
      if (this.scheduler.waiting > 0) {
        this.scheduler.resumeOne();
        await this.clock.advance(10);
      } else if (this.#processes.some((one) => one.awaitsBudget)) await this.clock.advance(second);
      else break;
    }
    for (const process of this.#processes) {
      if (process.isBusy) this.violations.push("A job stands still: it waits for nothing that the world knows of.");
      this.#noteFailures(process);
    }
  }

  /** A further cycle, then one with all cursors reset, then two full compares: nothing may be written (I5). */
  async #again(): Promise<readonly string[]> {
    const found: string[] = [];
    const none = async (what: string, run: () => Promise<void>) => {
      const before = this.writes;
      this.scheduler.log(`again: ${what}`);
      await run();
      await this.#round();
      if (this.writes > before) found.push(`I5 ${what} wrote ${this.writes - before} times.`);
    };
    await none("A further cycle", async () => {});
    await none("A cycle with all cursors reset", async () => {
      const feeds = this.#processes.flatMap((one) => [
        ...one.exact.feeds.map((feed) => ["EXACT", feed.name] as const),
        ...one.customcrm.feeds.map((feed) => ["CUSTOMCRM", feed.name] as const),
      ]);
      for (const [system, feed] of feeds) {
        const state = await this.store.feeds.get(system, feed);
        await this.store.feeds.advance(system, feed, { ...state, position: null, low: null, seen: [] }, []);
      }
    });
    await none("Looking at every entity again", async () => {
      for (const type of ["ACCOUNT", "CONTACT", "PRODUCT"] as const)
        for await (const batch of this.store.entities.scan(type)) await this.store.feeds.markDirty(batch.map((one) => one.id));
    });
    await none("Two full compares", async () => {
      await this.#compareAll();
      await this.#compareAll();
    });
    return found;
  }

  #netOf(): Net {
    return {
      point: (host, label, leaves) => this.scheduler.point(host, label, leaves),
      handle: (host, system, request) => this.#handle(system, request, this.#knownTo(host, system, request)),
      landLater: (host, system, request) => {
        this.zombies++;
        const known = this.#knownTo(host, system, request);
        this.clock.setTimer(async () => {
          this.scheduler.log(`lands late: ${request.method} ${request.path} ${request.body.toString()}`);
          await this.#handle(system, request, known);
        }, 1 + this.random.int(landsMs));
      },
      answered: (host, system, request, answer) => this.#answered(host, system, request, answer),
      emptied: (system, answer) => this.systems.emptied(system, answer),
      writeFate: () => this.faults.write(),
      readFate: () => this.faults.read(),
      troubled: (system, request) => this.#troubled(system, recordIdOf(system, request.path), request),
      pick: (count) => this.random.int(count),
      usedUp: () => this.limits?.usedUp(this.clock.now()) ?? { limit: 60, reset: this.clock.now() + 5 * second },
      log: (line) => this.scheduler.log(`  ${line}`),
      now: () => this.clock.now(),
    };
  }

  /** When the sender of a write last read the record that it is for; null: its condition says what it rests on. */
  #knownTo(host: Host, system: System, request: KitRequest): number | null {
    if (request.headers["if-match"] !== undefined) return null;
    const id = recordIdOf(system, request.path);
    return id === null ? -1 : this.oracle.lastRead(host.id, id);
  }

  /** A request reaches a system; what it changes there is compared with what people entered. `known`: what its sender had read when it left. */
  async #handle(system: System, request: Sent, known: number | null): Promise<Answer> {
    if (request.method === "GET" || request.path.includes("/oauth")) return this.#reach(system, request);
    const id = recordIdOf(system, request.path);
    const isAsked = request.method === "DELETE" && (await this.#isDeletionAsked(system, id));
    const before = id === null ? null : this.systems.propertiesOf(system, id);
    const answering = this.#reach(system, request);
    const after = id === null ? null : this.systems.propertiesOf(system, id);
    const answer = await answering;
    this.writes++;
    const isDone = answer.status < 300;
    this.scheduler.log(`  ${answer.status}${isDone ? "" : ` ${JSON.stringify(answer.body)}`}`);
    if (isDone) this.oracle.travelled(system, request.body.toString());
    if (!isDone) this.#troubled(system, id, request);
    else if (request.method === "POST") await this.#created(system, request, answer);
    else if (id !== null && before !== null) {
      // A client has seen what it deletes.
      if (isAsked) this.oracle.deleted(system, id, before);
      this.#changed(system, id, before, after, known, isAsked);
    }
    return answer;
  }

  #reach(system: System, request: Sent): Answer | Promise<Answer> {
    const answering = this.systems.handle(system, request);
    return system === "EXACT" && this.limits ? this.limits.reached(request, answering) : answering;
  }

  /** By a client of the gateway, of the entity that has this record. */
  async #isDeletionAsked(system: System, id: string | null): Promise<boolean> {
    for (const type of entityTypes)
      for await (const batch of this.store.entities.scan(type))
        if (batch.some(({ records, wanted }) => records[system] === id && wanted?.kind === "DELETE")) return true;
    return false;
  }

  async #created(system: System, request: Sent, answer: Answer): Promise<void> {
    const body = jsonBody(request) as Record<string, unknown>;
    const row = (answer.body as { d?: Record<string, unknown> }).d ?? (answer.body as Record<string, unknown>);
    const id = String(row.ID ?? row.Id ?? "");
    const thing = await this.#thingOf(system, body);
    if (thing !== null) this.oracle.things.set(`${system}:${id}`, thing);
    const tokens = Object.values(body).flatMap((value) => tokenIn(value) ?? []);
    const from = typeof body.ExternalId === "string" ? body.ExternalId : null;
    this.oracle.creations.push({ thing, system, recordId: id, step: this.scheduler.step, tokens, from, dropped: request.dropped ?? null });
    this.scheduler.log(`  is ${id} of thing ${thing}`);
    const owner = body.Account ?? body.CustomerId;
    if (typeof owner === "string" && !this.linkedAccounts.has(owner))
      this.violations.push(`I10 ${system} ${id} was created under ${owner}, which had no link.`);
  }

  /**
   * Which thing a new record of ours describes: that of the record it names, else that of whoever entered its name, else that of the
   * entity that owes a create with these very values.
   */
  async #thingOf(system: System, body: Readonly<Record<string, unknown>>): Promise<number | null> {
    const named = typeof body.ExternalId === "string" ? this.oracle.thingOf(otherSystem(system), body.ExternalId) : null;
    const token = tokenIn(body.LastName) ?? tokenIn(body.Name) ?? tokenIn(body.FirstName);
    const thing = named ?? this.oracle.thingOfToken(token);
    if (thing !== null) return thing;
    const tokens = Object.values(body).flatMap((value) => tokenIn(value) ?? []);
    for (const type of entityTypes) {
      for await (const batch of this.store.entities.scan(type)) {
        for (const { intents, records } of batch) {
          const sent = intents.some((one) => one.operation === "CREATE" && one.system === system && tokens.every((each) => carries(one, each)));
          const other = records[otherSystem(system)];
          if (sent && other !== null) return this.oracle.thingOf(otherSystem(system), other);
        }
      }
    }
    return null;
  }

  #changed(
    system: System,
    id: string,
    before: Readonly<Record<string, unknown>>,
    after: Readonly<Record<string, unknown>> | null,
    known: number | null,
    isAsked: boolean,
  ): void {
    if (after === null && !isAsked) this.#deleted(system, id, before, known);
    for (const property of Object.keys({ ...before, ...after })) {
      if (after !== null && (before[property] ?? null) === (after[property] ?? null)) continue;
      if (!this.oracle.overwritten(system, id, property, known, (token) => this.#stands(token))) continue;
      this.blind++;
      this.scheduler.log(`  blind: ${system} ${id} ${property}`);
      // Customcrm takes a condition with each write: there nothing can be overwritten unseen.
      if (known === null && this.character.hasIfMatch) this.violations.push(`I4 ${system} ${id} ${property} was overwritten unseen, in spite of If-Match.`);
    }
  }

  /** An edit wins over a deletion on the other side (R9): what we had read of it, and taken nowhere, must not go with it, unless it had lost before. */
  #deleted(system: System, id: string, held: Readonly<Record<string, unknown>>, known: number | null): void {
    this.oracle.takenAlong.push(...this.oracle.untravelled(system, id, mappedOf(system, id, held), known));
  }

  /** Whether a value stands anywhere. */
  #stands(token: string): boolean {
    return this.systems.texts().some((text) => text.includes(token));
  }

  #troubled(system: System, id: string | null, request: KitRequest): void {
    const body = request.body.length > 0 ? (jsonBody(request) as Record<string, unknown>) : {};
    const token = tokenIn(body.LastName) ?? tokenIn(body.Name) ?? tokenIn(body.FirstName);
    const thing = id !== null ? this.oracle.thingOf(system, id) : this.oracle.thingOfToken(token);
    if (thing !== null) this.oracle.troubled.add(thing);
  }

  #answered(host: Host, system: System, request: KitRequest, answer: Answer): void {
    if (answer.status >= 300) return;
    const isFeed = system === "EXACT" ? request.path.includes("/sync/") : request.path.endsWith("/changes");
    for (const row of rowsIn(answer.body)) this.oracle.shown(host.id, system, row, this.scheduler.step, !isFeed);
  }

  #report(): WorldReport {
    const { trace } = this.scheduler;
    const faults = [...this.faults.struck.values()].reduce((sum, one) => sum + one, 0);
    return {
      seed: this.options.seed,
      violations: this.violations,
      digest: createHash("sha256").update(trace.join("\n")).digest("hex").slice(0, 16),
      trace,
      pieces: { acts: this.people.acts, faults: this.faults.strikes, kills: this.#strokes },
      figures: {
        steps: this.scheduler.step,
        edits: this.#edits,
        writes: this.writes,
        kills: this.kills,
        hints: this.hints,
        mutations: this.mutations,
        waited: this.limits?.waited ?? 0,
        tooMany: this.limits?.refused ?? 0,
        guarded: this.#guardedness.pauses,
        faults,
        zombies: this.zombies,
        blind: this.blind,
        reverted: this.reverted,
        creations: this.oracle.creations.length,
        unattributed: this.oracle.creations.filter((one) => one.thing === null).length,
        struck: Object.fromEntries(this.faults.struck),
      },
    };
  }
}

export const runWorld = (options: WorldOptions): Promise<WorldReport> => new World(options).run();

/** The properties that certainly travel: of an Exact Contacts row those that a product and a contact have in common. */
function mappedOf(system: System, id: string, held: Readonly<Record<string, unknown>>): readonly string[] {
  const type = system === "CUSTOMCRM" ? ({ cus: "ACCOUNT", con: "CONTACT" } as const)[id.slice(0, 3)] : "LastName" in held ? undefined : "ACCOUNT";
  const flow = dataflowOf(dataflows, type ?? "PRODUCT");
  return flow.rows.filter((row) => row.direction === "BOTH" && !row.refersTo).map((row) => propertyOf(row, system));
}

const carries = ({ fields }: Intent, token: string): boolean => Object.values(fields).some((value) => tokenIn(value) === token);

const isPassing = (code: ProblemCode): boolean => (["QUARANTINE", "SYSTEM_UNAVAILABLE", "RATE_LIMITED", "NOT_AUTHORIZED"] as ProblemCode[]).includes(code);

/** An entity in one line, for the trace. */
function told({ id, revision, state, problem, records, intents, ignored, review, conflicts }: Entity): string {
  const open = intents.map((one) => `${one.operation} ${one.system}${one.givenUpAt ? " given up" : one.sentAt ? " sent" : ""}`);
  const also = {
    ...(open.length > 0 ? { open } : {}),
    ...(ignored.length > 0 ? { ignored } : {}),
    ...(conflicts.length > 0 ? { conflicts } : {}),
    ...(review ? { review: review.keys } : {}),
  };
  return [`${id} r${revision + 1}`, state, problem?.code ?? "", JSON.stringify(records), Object.keys(also).length > 0 ? JSON.stringify(also) : ""].join(" ");
}

/** The records in an answer, however deep its envelope. */
function rowsIn(body: unknown): readonly ShownRow[] {
  if (typeof body !== "object" || body === null || Buffer.isBuffer(body)) return [];
  const below = Object.values(body).flatMap(rowsIn);
  const id = "ID" in body ? body.ID : "Id" in body ? body.Id : null;
  return typeof id === "string" ? [{ id, values: body as ShownRow["values"] }, ...below] : below;
}

function recordIdOf(system: System, path: string): string | null {
  if (system === "EXACT") return /\(guid'([0-9a-f-]+)'\)/.exec(decodeURIComponent(path))?.[1] ?? null;
  return /\/(?:customers|contacts|products)\/([^/]+)$/.exec(path)?.[1] ?? null;
}
