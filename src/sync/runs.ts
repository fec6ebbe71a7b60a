import { setTimeout as sleep } from "node:timers/promises";
import type { Entity } from "../domain/entity.js";
import { TandemError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import type { PlanCost, Run, RunProgress, RunState, SyncMode } from "../domain/run.js";
import { type EntityType, entityTypes, isoTime, systems } from "../domain/words.js";
import type { Queue } from "../queue/queue.js";
import type { Lease } from "../store/store.js";
import type { Observation, Plan } from "./decide/observation.js";
import { Engine } from "./engine.js";
import type { SettleParts } from "./parts.js";
import { costOf } from "./runs/cost.js";
import { Overlay } from "./runs/overlay.js";
import { Recorder } from "./runs/recorder.js";
import { Rehearsal } from "./runs/rehearsal.js";

export interface RunParts extends SettleParts {
  readonly engine: Engine;
  readonly queue: Pick<Queue, "add">;
  readonly newRunId: () => string;
}

export interface RunInput {
  readonly types?: readonly EntityType[] | null;
  readonly mode?: SyncMode | null;
  readonly dryRun?: boolean | null;
}

/** How often progress is written down, and a wish to cancel is looked for. */
const beatMs = 500;
const keptMs = limits.mutation.operationKeptMs;
/** Rounds without any mark less: what is left is held by somebody else, and is theirs. */
const maxIdleRounds = 5;
const leaseKeyOf = (runId: string): string => `run:${runId}`;

/**
 * Runs: one pass of the sync each, on a person's word, with progress and a record of what was done. A dry run goes the same way
 * with the same code, over a store and two systems that take its writes for themselves (R16). What a run does is marked and
 * stored as ever, so that it can end anywhere.
 */
export class Runs {
  readonly #recorders = new Map<string, Recorder>();

  constructor(private readonly parts: RunParts) {}

  /** Starts a run and returns at once. */
  async start(input: RunInput): Promise<Run> {
    const { store, clock, newRunId, queue } = this.parts;
    const types = input.types && input.types.length > 0 ? entityTypes.filter((type) => input.types?.includes(type)) : entityTypes;
    const run: Run = {
      id: newRunId(),
      mode: input.mode ?? "CHANGES",
      dryRun: input.dryRun ?? false,
      types,
      state: "QUEUED",
      startedAt: isoTime(clock()),
      finishedAt: null,
      progress: nothingYet,
      cost: [],
      problem: null,
      cancelRequested: false,
    };
    await store.documents.set<Run>("run", run.id, run, 0, { ttlMs: keptMs, order: clock() });
    await queue.add({ kind: "run", runId: run.id }, { key: `run:${run.id}`, priority: 1 });
    return run;
  }

  /** null: there is no such run. One that is over stays as it is. */
  async cancel(id: string): Promise<Run | null> {
    const run = await this.#change(id, (before) => {
      if (isOver(before)) return before;
      const isWaiting = before.state === "QUEUED";
      return { ...before, cancelRequested: true, ...(isWaiting ? { state: "CANCELLED" as const, finishedAt: isoTime(this.parts.clock()) } : {}) };
    });
    return run;
  }

  /** Queues again what a process has left when it ended. */
  async resume(): Promise<void> {
    const found = await this.parts.store.documents.list<Run>("run", 200);
    for (const { value } of found) if (!isOver(value)) await this.parts.queue.add({ kind: "run", runId: value.id }, { key: `run:${value.id}` });
  }

  /** Tells the runs of this process what is being done. */
  planned(observation: Observation, plan: Plan): void {
    for (const recorder of this.#recorders.values()) recorder.planned(observation, plan);
  }

  settled(before: Entity, after: Entity | null, plan: Plan): void {
    for (const recorder of this.#recorders.values()) recorder.settled(before, after, plan);
  }

  /** Works on a run until it is over. A process that ends meanwhile leaves it RUNNING, and another one goes on with it. */
  async work(runId: string, signal: AbortSignal): Promise<void> {
    const { store } = this.parts;
    const lease = await store.leases.acquire(leaseKeyOf(runId), limits.sync.leaseMs);
    if (!lease) return;
    try {
      const found = await store.documents.get<Run>("run", runId);
      if (found && !isOver(found.value)) await this.#work(found.value, lease, signal);
    } finally {
      await store.leases.release(lease);
    }
  }

  async #work(run: Run, lease: Lease, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.parts;
    // A dry run that was broken off begins anew: it has left nothing but its plan.
    if (run.dryRun) await store.documents.delete("plan", run.id);
    await this.#change(run.id, (before) => ({ ...before, state: "RUNNING" }));
    const recorder = new Recorder(run.types);
    const pass = new Pass(run, recorder, clock);
    const heart = this.#heart(run.id, pass, lease);
    try {
      const cost = run.dryRun ? await this.#rehearse(pass, signal) : await this.#perform(pass, signal);
      await heart.stop();
      if (this.#isInterrupted(signal)) return;
      await this.#finish(run.id, pass, pass.isCancelled ? "CANCELLED" : "DONE", cost);
    } catch (error) {
      await heart.stop();
      if (this.#isInterrupted(signal)) throw error;
      if (pass.isCancelled) return this.#finish(run.id, pass, "CANCELLED", []);
      await this.#finish(run.id, pass, "FAILED", [], error);
    }
  }

  /** The sync itself: reads both systems, marks what is to be looked at, and settles until nothing is left that could be done now. */
  async #perform(pass: Pass, signal: AbortSignal): Promise<readonly PlanCost[]> {
    const { run } = pass;
    this.#recorders.set(run.id, pass.recorder);
    try {
      await this.#look(this.parts.engine, this.parts.store, pass, signal);
      return [];
    } finally {
      this.#recorders.delete(run.id);
      const rest = [...(await pass.recorder.take(this.parts.store.entities)), ...pass.recorder.standing()];
      await this.parts.store.documents.append("plan", run.id, rest, keptMs);
    }
  }

  /** The same, and nobody but the plan hears of it. Paused dataflows are planned as if they were resumed: that is what is asked. */
  async #rehearse(pass: Pass, signal: AbortSignal): Promise<readonly PlanCost[]> {
    const {
      guard: _guard,
      onEmptySide: _onEmptySide,
      onSettled: _onSettled,
      onPlanned: _onPlanned,
      onUnreadable: _onUnreadable,
      policy,
      connectors,
      clock,
      ...rest
    } = this.parts;
    const { recorder } = pass;
    const store = new Overlay(this.parts.store, this.parts.settings.flows);
    const rehearsed = {
      CUSTOMCRM: new Rehearsal(connectors.CUSTOMCRM, store.snapshots, clock),
      EXACT: new Rehearsal(connectors.EXACT, store.snapshots, clock),
    };
    const engine = new Engine({
      ...rest,
      clock,
      store,
      connectors: rehearsed,
      policy: async (type) => ({ ...(await policy(type)), paused: null, firstContactConfirmed: true }),
      onPlanned: (observation, plan) => recorder.planned(observation, plan),
      onSettled: (before, after, plan) => recorder.settled(before, after, plan),
    });
    pass.entities = store.entities;
    pass.onCancel = () => engine.halt();
    await this.#look(engine, store, pass, signal);
    const actions = [...(await recorder.take(store.entities)), ...recorder.standing()];
    await this.parts.store.documents.append("plan", pass.run.id, actions, keptMs);
    return Promise.all(systems.map(async (system) => costOf(system, callsOf(rehearsed[system]), (await connectors[system].status()).budget)));
  }

  async #look(engine: Engine, store: SettleParts["store"], pass: Pass, signal: AbortSignal): Promise<void> {
    const { run } = pass;
    const reading = { signal: AbortSignal.any([signal, pass.cancelled]) };
    const onRead = (count: number) => pass.read(count);
    if (run.mode === "FULL") pass.total = await this.#records(run.types);
    const isStopped = () => pass.isCancelled || this.#isInterrupted(signal);
    for (const system of systems) {
      // The feeds come first in any case: without them nobody knows both sides. A full run tells of the lists, which hold everything.
      await engine.poll(system, { ...reading, ...(run.mode === "FULL" ? {} : { onRead }), isHinted: true, class: "poll" });
      if (isStopped()) return;
      if (run.mode === "FULL") await engine.compare(system, { ...reading, onRead, only: run.types });
      if (isStopped()) return;
    }
    if (run.mode === "FULL") {
      for (const type of run.types) {
        for await (const batch of store.entities.scan(type)) {
          if (isStopped()) return;
          await store.feeds.markDirty(batch.map((entity) => entity.id));
        }
      }
    }
    await drainAll(engine, store, isStopped, signal);
  }

  /** About how many records there are: what both sides have of what is known. */
  async #records(types: readonly EntityType[]): Promise<number | null> {
    const counts = await Promise.all(types.map((type) => this.parts.store.entities.counts(type)));
    const total = counts.reduce((sum, of) => sum + Object.values(of).reduce((all, count) => all + count, 0) + of.LINKED + of.CONFLICT, 0);
    return total > 0 ? total : null;
  }

  /** The process ends: the run stays RUNNING for whoever comes after. */
  #isInterrupted(signal: AbortSignal): boolean {
    return signal.aborted || this.parts.engine.isHalted;
  }

  /** Writes progress and what was planned, keeps the lease, and sees the wish to cancel. Beats never overlap. */
  #heart(runId: string, pass: Pass, lease: Lease): { stop(): Promise<void> } {
    const { store } = this.parts;
    const beat = async () => {
      await store.leases.renew(lease, limits.sync.leaseMs);
      const actions = await pass.recorder.take(pass.entities ?? store.entities);
      if (actions.length > 0) await store.documents.append("plan", runId, actions, keptMs);
      const run = await this.#change(runId, (before) => ({ ...before, progress: pass.progress }));
      if (run?.cancelRequested) pass.cancel();
    };
    let last: Promise<void> = Promise.resolve();
    // What can't be written down now is written down with the next beat.
    const timer = setInterval(() => {
      last = last.then(beat).catch(() => {});
    }, beatMs);
    return {
      stop: async () => {
        clearInterval(timer);
        await last;
      },
    };
  }

  async #finish(runId: string, pass: Pass, state: RunState, cost: readonly PlanCost[], error?: unknown): Promise<void> {
    const now = isoTime(this.parts.clock());
    const problem = error === undefined ? null : problemOf(error, now);
    const { read } = pass.progress;
    const progress: RunProgress = { ...pass.progress, total: state === "DONE" ? read : pass.progress.total, etaSeconds: null };
    await this.#change(runId, (before) => ({ ...before, state, finishedAt: now, progress, cost, problem }));
    if (error !== undefined && !(error instanceof TandemError)) throw error;
  }

  async #change(id: string, change: (run: Run) => Run): Promise<Run | null> {
    const { documents, events } = this.parts.store;
    for (;;) {
      const found = await documents.get<Run>("run", id);
      if (!found) return null;
      const next = change(found.value);
      if (next === found.value) return next;
      if (!(await documents.set<Run>("run", id, next, found.version))) continue;
      await events.publish({ topic: "run", runId: id });
      return next;
    }
  }
}

const nothingYet: RunProgress = {
  read: 0,
  total: null,
  linked: 0,
  created: 0,
  updated: 0,
  deleted: 0,
  unchanged: 0,
  review: 0,
  failed: 0,
  etaSeconds: null,
};

const isOver = ({ state }: Run): boolean => state === "DONE" || state === "FAILED" || state === "CANCELLED";

const callsOf = ({ reads, writes }: Rehearsal) => ({ reads, writes });

/** One process's work on a run. */
class Pass {
  total: number | null = null;
  entities: SettleParts["store"]["entities"] | null = null;
  onCancel: () => void = () => {};
  readonly #controller = new AbortController();
  readonly #startedMs: number;
  #read = 0;

  constructor(
    readonly run: Run,
    readonly recorder: Recorder,
    private readonly clock: SettleParts["clock"],
  ) {
    this.#startedMs = clock();
  }

  get cancelled(): AbortSignal {
    return this.#controller.signal;
  }

  get isCancelled(): boolean {
    return this.#controller.signal.aborted;
  }

  cancel(): void {
    this.#controller.abort();
    this.onCancel();
  }

  read(count: number): void {
    this.#read += count;
  }

  get progress(): RunProgress {
    const total = this.total === null ? null : Math.max(this.total, this.#read);
    const elapsed = (this.clock() - this.#startedMs) / 1000;
    const isTelling = total !== null && this.#read > 0 && elapsed > 1 && total > this.#read;
    return {
      ...this.recorder.counts,
      read: this.#read,
      total,
      etaSeconds: isTelling ? Math.ceil(((total - this.#read) * elapsed) / this.#read) : null,
    };
  }
}

/** Settles what is marked until nothing is left that could be done now. Another drain of the process may be at it already. */
async function drainAll(engine: Engine, store: SettleParts["store"], isStopped: () => boolean, signal: AbortSignal): Promise<void> {
  let left = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < maxIdleRounds && !isStopped(); ) {
    await engine.drain(signal);
    if (engine.isDraining) {
      await sleep(100);
      continue;
    }
    const marked = await store.feeds.countDirty();
    if (marked === 0) return;
    idle = marked < left ? 0 : idle + 1;
    left = marked;
    if (idle > 0) await sleep(100);
  }
}

function problemOf(error: unknown, since: string): Run["problem"] {
  if (error instanceof TandemError) return { code: error.code, message: error.message, since };
  return { code: "INTERNAL", message: "Something went wrong inside the gateway. Its log tells what.", since };
}
