import { unlimitedBudget } from "../../src/connectors/budget.js";
import type { Connector } from "../../src/connectors/connector.js";
import { type CustomcrmConnector, createCustomcrmConnector } from "../../src/connectors/customcrm/connector.js";
import { createExactConnector, type ExactConnector } from "../../src/connectors/exact/index.js";
import { type SyncSettings } from "../../src/domain/settings.js";
import { type EntityType, entityTypes, type System } from "../../src/domain/words.js";
import type { Random } from "../../src/sandbox/kit/index.js";
import type { Store } from "../../src/store/store.js";
import { Actions, type HeldWork } from "../../src/sync/actions.js";
import { Engine, idPrefixes } from "../../src/sync/engine.js";
import { Guard } from "../../src/sync/guards.js";
import type { SettleParts } from "../../src/sync/parts.js";
import { dataflowState, planSettings } from "../../src/sync/policy.js";
import { type Submission, type SubmitParts, submit } from "../../src/sync/submit.js";
import type { Sleep } from "../../src/sync/timer.js";
import type { Ablation } from "./ablations.js";
import { type Gate, gatedStore } from "./gated-store.js";
import type { HostBudget, Limits } from "./limits.js";
import { type Host, Killed } from "./scheduler.js";
import { origins, redirectUri } from "./systems.js";
import { type Net, WorldHttp } from "./wire.js";

export interface ProcessParts {
  readonly store: Store;
  readonly net: Net;
  readonly gate: Gate;
  readonly every: (ms: number, run: () => void) => () => void;
  /** Calls once so much time has passed; gives how to call it off. */
  readonly after: (ms: number, run: () => void | Promise<void>) => () => void;
  /** null: Exact takes any number of calls. */
  readonly limits: Limits | null;
  readonly settings: SyncSettings;
  readonly random: Random;
  readonly ablation: Ablation | null;
  readonly hasIfMatch: boolean;
  readonly hasChanges: boolean;
  readonly log: (line: string) => void;
  /** What could be done has been done. */
  readonly onQuiet: () => Promise<void>;
  /** A person lets a paused dataflow go on; gives what is called when that is done, or the process is dead. */
  readonly onResume: (type: EntityType) => () => void;
}

/** What a person does who looks after the sync. */
export const operatorJobs = ["resume with APPLY", "resume with DISCARD", "retry what failed"] as const;
export type JobKind = `${"poll" | "hint" | "compare"} ${System}` | "sweep" | (typeof operatorJobs)[number];

/** What waits longer than this waits for a time, not for another process. */
const longPauseMs = 1_000;

/** One process of ours: an engine with its own connectors, on the store that all share. */
export class Process implements Host {
  isAlive = true;
  readonly engine: Engine;
  readonly exact: ExactConnector;
  readonly customcrm: CustomcrmConnector;
  /** Errors that ended a job, other than its death. */
  readonly failures: string[] = [];
  /** How many jobs have failed, for whatever cause. */
  failed = 0;
  readonly #budget: HostBudget | null;
  readonly #guard: Guard;
  readonly #actions: Actions;
  readonly #submitting: SubmitParts;
  #jobs = 0;
  #permits = 0;

  constructor(
    readonly id: number,
    private readonly parts: ProcessParts,
  ) {
    const { net, settings, random, ablation } = parts;
    const store = gatedStore(ablation?.store?.(parts.store) ?? parts.store, this, parts.gate);
    const clock = () => net.now();
    this.#budget =
      parts.limits?.budgetOf(this, {
        gate: parts.gate,
        now: clock,
        after: parts.after,
        newId: () => `permit-${id}-${++this.#permits}`,
        isUnlimited: ablation?.isUnlimited === true,
      }) ?? null;
    this.exact = createExactConnector({
      baseUrl: origins.EXACT,
      clientId: "sandbox-client",
      clientSecret: "sandbox-secret",
      redirectUri,
      division: 3_141_592,
      secrets: parts.store.secrets,
      leases: parts.store.leases,
      documents: parts.store.documents,
      budget: this.#budget ?? unlimitedBudget("EXACT"),
      http: new WorldHttp("EXACT", this, net),
      clock,
      newState: () => random.guid(),
      sleep: async () => {},
    });
    this.customcrm = createCustomcrmConnector({
      baseUrl: `${origins.CUSTOMCRM}/api/v1`,
      token: "sandbox-token",
      capabilities: { webhooks: false, ifMatch: parts.hasIfMatch, changes: parts.hasChanges },
      clock,
      http: new WorldHttp("CUSTOMCRM", this, net),
    });
    const own = ablation?.settings?.(settings) ?? settings;
    const wrap = (connector: Connector): Connector => ablation?.connector?.(connector, parts.store) ?? connector;
    const connectors: { readonly [S in System]: Connector } = { CUSTOMCRM: wrap(this.customcrm), EXACT: wrap(this.exact) };
    const guard = new Guard({ store, clock, levels: own.guards, firstContact: "live" });
    this.#guard = guard;
    const settling: SettleParts = {
      store,
      connectors,
      settings: own,
      clock,
      newId: (type: EntityType) => `${idPrefixes[type]}${random.guid().slice(0, 8)}`,
      newIntentId: () => `intent-${random.guid().slice(0, 13)}`,
      random: () => random.next(),
      every: parts.every,
      policy: async (type) => planSettings(own, await dataflowState(parts.store, type, "live")),
      ...(ablation?.isUnguarded
        ? {}
        : {
            guard: (entity, plan) => guard.check(entity, plan),
            onEmptySide: (types, system, links) => guard.emptySide(types, system, links),
          }),
    };
    this.engine = new Engine(settling);
    const sleep: Sleep = (ms, signal) => (ms > longPauseMs ? this.#timer(ms, signal) : net.point(this, "waits", null));
    this.#actions = new Actions({ ...settling, firstContact: "live", sleep });
    this.#submitting = {
      ...settling,
      sleep,
      newOperationId: () => `op-${random.guid().slice(0, 13)}`,
      onError: (error) => this.#failedWith("a mutation", error),
    };
  }

  get isBusy(): boolean {
    return this.#jobs > 0;
  }

  /** A call of it waits for a window of Exact's budget: time must pass. */
  get awaitsBudget(): boolean {
    return this.#budget?.isAwaited() ?? false;
  }

  get jobs(): number {
    return this.#jobs;
  }

  /** Begins one of the driver's jobs; as there, whatever was done, what is marked is settled after it. */
  begin(kind: JobKind): void {
    this.#run(kind, () => this.#work(kind));
  }

  /** A client's mutation; it hears the answer, unless the process dies. */
  mutate(submission: Submission, answered: (status: string) => void): void {
    this.#run("a mutation", async () => answered((await submit(this.#submitting, submission)).status));
  }

  #run(what: string, work: () => Promise<void>): void {
    this.#jobs++;
    work()
      .catch((error: unknown) => this.#failedWith(what, error))
      .finally(() => {
        this.#jobs--;
      });
  }

  #failedWith(what: string, error: unknown): void {
    if (error instanceof Killed || !this.isAlive) return;
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.parts.log(`#${this.id} ${what} failed: ${text}`);
    this.failed++;
    this.failures.push(error instanceof Error && isExpected(error) ? "" : error instanceof Error ? (error.stack ?? text) : text);
  }

  /** Ends with the time, or when it is called off; a process that has died hears of neither. */
  #timer(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.after(ms, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }

  async #work(kind: JobKind): Promise<void> {
    const system = kind.endsWith("EXACT") ? "EXACT" : "CUSTOMCRM";
    if (kind.startsWith("poll")) await this.engine.poll(system);
    if (kind.startsWith("hint")) await this.engine.poll(system, { isHinted: true });
    if (kind.startsWith("compare")) await this.engine.compare(system);
    if (kind === "sweep") await this.engine.sweep();
    if (kind.startsWith("resume")) await this.#resume(kind.endsWith("DISCARD") ? "DISCARD" : "APPLY");
    if (kind === "retry what failed") await this.#actions.retryAll(entityTypes, "REFUSED_BY_SYSTEM", null);
    await this.engine.drain();
    if (!this.parts.ablation?.isUnguarded) await this.#guard.quiet();
    await this.parts.onQuiet();
  }

  async #resume(held: HeldWork): Promise<void> {
    for (const type of entityTypes) {
      const { state } = await dataflowState(this.parts.store, type, "live");
      if (state.paused === null) continue;
      const resumed = this.parts.onResume(type);
      try {
        await this.#actions.resumeDataflow(type, held);
      } finally {
        resumed();
      }
    }
  }
}

/** What a job may end with: the queue tries again. Anything else is a fault of ours. */
const isExpected = (error: Error): boolean =>
  ["UnavailableError", "RateLimitedError", "NotAuthorizedError", "UnexpectedAnswerError", "StoreUnavailableError"].includes(error.name);
