import { setTimeout as sleep } from "node:timers/promises";
import type { Entity } from "../domain/entity.js";
import { TandemError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import { noCounts, type PlanCost, type Run, type RunState, type SyncMode } from "../domain/run.js";
import { type EntityType, entityTypes, isoTime, systems } from "../domain/words.js";
import type { Queue } from "../queue/queue.js";
import type { Lease } from "../store/store.js";
import type { Observation, Plan } from "./decide/observation.js";
import { Engine } from "./engine.js";
import type { SettleParts } from "./parts.js";
import { costOf } from "./runs/cost.js";
import { Overlay } from "./runs/overlay.js";
import { Pass } from "./runs/pass.js";
import { Rehearsal } from "./runs/rehearsal.js";
import { keptMs, RunTally } from "./runs/run-tally.js";

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
/** Rounds without any mark less: what is left is held by somebody else, and is theirs. */
const maxIdleRounds = 5;
const leaseKeyOf = (runId: string): string => `run:${runId}`;

/**
 * Runs: one pass of the sync each, on a person's word, with progress and a record of what was done. A dry run goes the same way
 * with the same code, over a store and two systems that take its writes for themselves (R16). What a run does is marked and
 * stored as ever, so that it can end anywhere.
 */
export class Runs {
  /** Of the runs under way, in whichever process they are; null: one that nothing is counted for here. */
  readonly #tallies = new Map<string, RunTally | null>();

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
      progress: { read: 0, total: null, ...noCounts, etaSeconds: null },
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
    // At once, whichever process the run is in, and if it is in none: what is marked after this goes when the run ends.
    if (run?.cancelRequested && !run.dryRun) await this.#withdraw(id);
    return run;
  }

  /** Queues again what a process has left when it ended. */
  async resume(): Promise<void> {
    const found = await this.parts.store.documents.list<Run>("run", 200);
    for (const { value } of found) if (!isOver(value)) await this.parts.queue.add({ kind: "run", runId: value.id }, { key: `run:${value.id}` });
  }

  /** Learns which runs are under way, after marks were read that may be of one of them: what is done from now on counts for it. */
  async attend(): Promise<void> {
    const { store } = this.parts;
    const known = [...this.#tallies.keys()];
    const opened = await store.tallies.opened();
    for (const id of known) if (!opened.includes(id)) this.#tallies.delete(id);
    for (const id of opened) {
      if (this.#tallies.has(id)) continue;
      const found = await store.documents.get<Run>("run", id);
      // Whoever ended it has not come to this.
      if (!found || isOver(found.value)) await store.tallies.close(id, keptMs);
      else this.#tallies.set(id, found.value.dryRun ? null : new RunTally(store.tallies, found.value, store.entities));
    }
  }

  /** Makes what was done count. Before the marks of it are cleared, so that whoever finds no more marks finds it all counted. */
  async tell(): Promise<void> {
    await Promise.all([...this.#tallies.values()].map((tally) => tally?.tell()));
  }

  /** What is being done in this process. */
  planned(observation: Pick<Observation, "entity">, plan: Plan): void {
    for (const tally of this.#tallies.values()) tally?.recorder.planned(observation, plan);
  }

  settled(before: Entity, after: Entity | null, plan: Plan): void {
    for (const tally of this.#tallies.values()) tally?.recorder.settled(before, after, plan);
  }

  /** Works on a run until it is over. A process that ends meanwhile leaves it RUNNING, and another one goes on with it. */
  async work(runId: string, signal: AbortSignal): Promise<void> {
    const { store, engine } = this.parts;
    if (engine.isHalted) return this.#handBack(runId);
    const lease = await store.leases.acquire(leaseKeyOf(runId), limits.sync.leaseMs);
    if (!lease) return;
    try {
      const found = await store.documents.get<Run>("run", runId);
      if (found && !isOver(found.value)) await this.#work(found.value, lease, signal);
    } finally {
      await store.leases.release(lease);
    }
    if (engine.isHalted) await this.#handBack(runId);
  }

  /** For a process that does not end: this one takes jobs for a moment still. */
  async #handBack(runId: string): Promise<void> {
    const found = await this.parts.store.documents.get<Run>("run", runId);
    if (found && !isOver(found.value)) await this.parts.queue.add({ kind: "run", runId }, { key: `run:${runId}`, delayMs: 1_000 });
  }

  async #work(run: Run, lease: Lease, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.parts;
    if (run.dryRun) {
      // One that was broken off begins anew: it has left nothing but its plan.
      await store.tallies.close(run.id, keptMs);
      await store.documents.delete("plan", run.id);
    }
    await this.#change(run.id, (before) => ({ ...before, state: "RUNNING" }));
    await store.tallies.open(run.id);
    const overlay = run.dryRun ? new Overlay(store, this.parts.settings.flows) : null;
    const tally = new RunTally(store.tallies, run, (overlay ?? store).entities);
    this.#tallies.set(run.id, overlay ? null : tally);
    const pass = new Pass(run, tally, clock);
    if (run.cancelRequested) pass.cancel();
    const heart = this.#heart(run.id, pass, lease);
    try {
      const cost = overlay ? await this.#rehearse(pass, overlay, signal) : await this.#perform(pass, signal);
      await tally.tell();
      await this.#heed(pass);
      await heart.stop();
      if (this.#isInterrupted(signal)) return;
      await this.#finish(run.id, pass, pass.isCancelled ? "CANCELLED" : "DONE", cost);
    } catch (error) {
      await tally.tell().catch(() => {});
      await heart.stop();
      if (this.#isInterrupted(signal)) throw error;
      if (pass.isCancelled) return this.#finish(run.id, pass, "CANCELLED", []);
      await this.#finish(run.id, pass, "FAILED", [], error);
    } finally {
      this.#tallies.delete(run.id);
    }
  }

  /** The sync itself: reads both systems, marks what is to be looked at, and settles until nothing is left that could be done now. */
  async #perform(pass: Pass, signal: AbortSignal): Promise<readonly PlanCost[]> {
    await this.#look(this.parts.engine, this.parts.store, pass, signal);
    return [];
  }

  /** The same, and nobody but the plan hears of it. Paused dataflows are planned as if they were resumed: that is what is asked. */
  async #rehearse(pass: Pass, store: Overlay, signal: AbortSignal): Promise<readonly PlanCost[]> {
    const {
      guard: _guard,
      onEmptySide: _onEmptySide,
      onSettled: _onSettled,
      onPlanned: _onPlanned,
      onUnreadable: _onUnreadable,
      onMarksRead: _onMarksRead,
      onHandled: _onHandled,
      policy,
      connectors,
      clock,
      ...rest
    } = this.parts;
    const { recorder } = pass.tally;
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
    pass.onCancel = () => engine.halt();
    await this.#look(engine, store, pass, signal);
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
          await store.feeds.markForRun(
            batch.map((entity) => entity.id),
            run.id,
          );
          // After the marks: a wish that is not seen here withdraws them when it comes.
          await this.#heed(pass);
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
      const progress = await pass.progress();
      const run = await this.#change(runId, (before) => ({ ...before, progress }));
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

  async #heed(pass: Pass): Promise<void> {
    const found = await this.parts.store.documents.get<Run>("run", pass.run.id);
    if (found?.value.cancelRequested) pass.cancel();
  }

  /**
   * Takes back what the run has marked only to be looked at once more. A mark that stands for anything read stays: its snapshot
   * is stored, and no later reading would find the difference again (R12).
   */
  async #withdraw(runId: string): Promise<void> {
    const { feeds } = this.parts.store;
    for (let from = 0, isMore = true; isMore; ) {
      const page = await feeds.dirtyPage("", from, 1000);
      await feeds.clearDirty(page.marks.filter((mark) => mark.runId === runId));
      ({ next: from, isMore } = page);
    }
  }

  async #finish(runId: string, pass: Pass, state: RunState, cost: readonly PlanCost[], error?: unknown): Promise<void> {
    const now = isoTime(this.parts.clock());
    const problem = error === undefined ? null : problemOf(error, now);
    if (state === "CANCELLED" && !pass.run.dryRun) {
      await this.#withdraw(runId);
      // What stays marked is the ordinary sync's.
      await this.parts.queue.add({ kind: "sweep" }, { key: "nudge", priority: 1 });
    }
    const { read, total, ...counts } = await pass.progress();
    const progress = { ...counts, read, total: state === "DONE" ? read : total, etaSeconds: null };
    // Whoever sees the run's end sees its whole plan.
    await this.parts.store.tallies.close(runId, keptMs);
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

const isOver = ({ state }: Run): boolean => state === "DONE" || state === "FAILED" || state === "CANCELLED";

const callsOf = ({ reads, writes }: Rehearsal) => ({ reads, writes });

/** Settles what is marked until nothing is left that could be done now. Another drain of the process may be at it already. */
async function drainAll(engine: Engine, store: SettleParts["store"], isStopped: () => boolean, signal: AbortSignal): Promise<void> {
  let left = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < maxIdleRounds && !isStopped(); ) {
    await engine.drain(signal, () => {}, isStopped);
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
