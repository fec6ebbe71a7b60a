import type { CallClass, Connector } from "../connectors/connector.js";
import { limits } from "../domain/limits.js";
import { type EntityType, entityTypes, type System, systems } from "../domain/words.js";
import type { DirtyMark } from "../store/store.js";
import { Backlog } from "./backlog.js";
import { batches } from "./batches.js";
import { compare } from "./compare.js";
import { reviewHeld } from "./held.js";
import { inLanes } from "./lanes.js";
import { lookOver } from "./look-over.js";
import { leaseKey, type SettleOptions, type SettleParts } from "./parts.js";
import { type Pulled, pull } from "./pull.js";
import { finishResuming } from "./resuming.js";
import { settle } from "./settle.js";

export interface PollOptions {
  readonly class?: CallClass;
  readonly signal?: AbortSignal;
  readonly onRead?: (count: number) => void;
  /** Something has changed: a reading that is under way may have passed it. */
  readonly isHinted?: boolean;
}

/** Entities observed together. */
const batchSize = 100;
/** Marks read together. */
const pageSize = 1000;
/** Entities that are written together: what they read is read in one call. */
const pushedTogether = 16;
/** Such groups at the same time: while one waits for Redis or a system, the others go on. The budgets hold them back where a system is slower. */
const lanes = 3;
/** Entities whose writes go out between two looks at what else is marked, so that a backlog of creates delays no edit for long. */
const pushesPerPass = lanes * pushedTogether;
/** What stays marked is looked at again after this long, however much there is to write. */
const allAgainMs = 30_000;

/** Keeps the two systems the same: reads feeds, settles what is marked. Safe to run in any number of processes (R13). */
export class Engine {
  readonly #parts: SettleParts;
  readonly #backlog = new Backlog();
  /** How far the marks of each type were looked at, and when they were all. */
  readonly #seen = new Map<EntityType, number>();
  #allSeenAt = Number.NEGATIVE_INFINITY;

  readonly #epochs = new Map<System, { readonly epoch: string; readonly at: number }>();
  readonly #polls = new Map<System, Promise<Pulled>>();
  readonly #nextPolls = new Map<System, Promise<Pulled>>();
  #isHalted = false;
  #isDraining = false;
  #wanted = false;

  constructor(parts: SettleParts) {
    this.#parts = parts;
  }

  /**
   * Reads what changed in one system. A feed that no longer reaches back is made good by a full compare (R12). Who asks while
   * it is being read already waits for that reading, and who was hinted at something for one more after it.
   */
  async poll(system: System, options: PollOptions = {}): Promise<Pulled> {
    const underWay = this.#polls.get(system);
    if (!underWay) return this.#begin(system, options);
    if (!options.isHinted) return underWay;
    const again = async () => {
      await underWay.catch(() => {});
      this.#nextPolls.delete(system);
      return this.poll(system, { ...options, isHinted: false });
    };
    const next = this.#nextPolls.get(system) ?? again();
    this.#nextPolls.set(system, next);
    return next;
  }

  #begin(system: System, options: PollOptions): Promise<Pulled> {
    const poll = this.#poll(system, options).finally(() => this.#polls.delete(system));
    this.#polls.set(system, poll);
    return poll;
  }

  async #poll(system: System, options: PollOptions): Promise<Pulled> {
    const connector = this.#connector(system);
    const epoch = await this.#epochOf(connector, options);
    const pulled = await pull(this.#pullParts(), connector, epoch, { class: options.class ?? "poll", ...signalOf(options) }, options.onRead);
    if (pulled.expired) await compare(this.#pullParts(), connector, { class: "compare", ...signalOf(options) }, options.onRead);
    return pulled;
  }

  /** Asked for anew only now and then, as each time costs a call. */
  async #epochOf(connector: Connector, options: PollOptions): Promise<string> {
    const now = this.#parts.clock();
    const known = this.#epochs.get(connector.system);
    if (known && now - known.at < limits.sync.epochKnownMs) return known.epoch;
    const epoch = await connector.feedEpoch({ class: options.class ?? "poll", ...signalOf(options) });
    this.#epochs.set(connector.system, { epoch, at: now });
    return epoch;
  }

  /** Compares everything that a system has with what is known of it. */
  async compare(
    system: System,
    options: { readonly signal?: AbortSignal; readonly onRead?: (count: number) => void; readonly only?: readonly EntityType[] } = {},
  ): Promise<void> {
    const parts = { ...this.#pullParts(), ...(options.only ? { only: options.only } : {}) };
    await compare(parts, this.#connector(system), { class: "compare", ...signalOf(options) }, options.onRead);
  }

  /** True once every feed of both systems was read to its end: before that nobody can say that a record has no counterpart (R6). */
  async knowsBoth(): Promise<boolean> {
    const states = await Promise.all(systems.flatMap((system) => this.#connector(system).feeds.map((feed) => this.#parts.store.feeds.get(system, feed.name))));
    return states.every((state) => state.polledAt !== null);
  }

  /**
   * Settles what is marked until nothing is left that could be done now: first links and plans everything, which is quick
   * however much there is to write, then writes some, and looks again. One at a time in a process: who comes while another
   * is at it leaves the work to that one. Once `isStopped`, nothing more is begun.
   */
  async drain(signal?: AbortSignal, onLinked: () => void = () => {}, isStopped: () => boolean = () => false): Promise<void> {
    this.#wanted = true;
    if (this.#isDraining || !(await this.knowsBoth()) || this.#isDraining) return;
    this.#isDraining = true;
    try {
      const isHalted = () => this.#isHalted || isStopped();
      while (this.#wanted && !isHalted() && !signal?.aborted) {
        this.#wanted = false;
        const options = { class: "change", isHalted, ...signalOf({ signal }) } as const;
        this.#allSeenAt = Number.NEGATIVE_INFINITY;
        await this.#pass(options);
        onLinked();
        if ((await this.#pushAll(options)) > 0) this.#wanted = true;
      }
    } finally {
      this.#isDraining = false;
    }
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get isHalted(): boolean {
    return this.#isHalted;
  }

  /** Begins nothing more, so that the process can end soon: what is under way is finished, the rest stays marked. */
  halt(): void {
    this.#isHalted = true;
  }

  /** Marks what is due and what a resumed dataflow still owes, and gives rows that were held for an open create another look. */
  async sweep(): Promise<void> {
    const { store, clock } = this.#parts;
    await Promise.all(entityTypes.map((type) => finishResuming(store, type)));
    const due = await store.entities.due(clock(), 1000);
    if (due.length > 0) await store.feeds.markDirty(due);
    await reviewHeld(this.#pullParts());
  }

  /**
   * Links and plans what is marked. Only what was marked since the last time, unless that was long ago: so, what was left marked,
   * as somebody else held it, is looked at again.
   */
  async #pass(options: SettleOptions): Promise<void> {
    const now = this.#parts.clock();
    const sinceAll = now - this.#allSeenAt;
    const isFirst = sinceAll === Number.POSITIVE_INFINITY;
    const isAgain = !isFirst && sinceAll >= allAgainMs;
    if (isFirst || isAgain) {
      this.#seen.clear();
      this.#allSeenAt = now;
    }
    // What has not come to its turn by now is planned before it, so that it shows that it waits.
    const isLeft = (mark: DirtyMark) => !this.#backlog.knows(mark) || (isAgain && this.#backlog.isUnplanned(mark));
    // Accounts first: what refers to them can only be matched, or written, once they are settled (R7).
    for (const type of entityTypes) {
      const from = this.#seen.get(type) ?? 0;
      // All of them before any is settled: who fits is decided on everybody's present keys (R6).
      const until = await this.#eachMarked(type, from, Number.POSITIVE_INFINITY, async (marked) => {
        const marks = marked.filter(isLeft);
        for (const batch of batches(marks, batchSize * 2)) if (!isOver(options)) await this.#lookOver(batch, isAgain);
      });
      await this.#eachMarked(type, from, until, async (marked) => {
        const marks = marked.filter(isLeft);
        for (const batch of batches(marks, batchSize)) if (!isOver(options)) await this.#plan(batch, options);
      });
      if (isOver(options)) return;
      this.#seen.set(type, until);
    }
  }

  /**
   * Pairs at rest are done with here: they make up most of what a compare or a run marks. Edits of pairs are planned as they are
   * written, unless all that waits is to show it.
   */
  async #lookOver(marks: readonly DirtyMark[], isAllPlanned: boolean): Promise<void> {
    const { resting, edited } = await lookOver(
      this.#parts,
      marks.map((mark) => mark.entityId),
    );
    const unplanned = new Set(isAllPlanned ? [] : edited);
    for (const mark of marks) if (unplanned.has(mark.entityId)) this.#backlog.addUnplanned(mark);
    if (resting.length === 0) return;
    const revisions = new Map(resting.map(({ id, revision }) => [id, revision]));
    await this.#parts.onHandled?.();
    await this.#parts.store.feeds.clearRested(
      marks.flatMap((mark) => {
        const revision = revisions.get(mark.entityId);
        return revision === undefined ? [] : [{ ...mark, revision, leaseKey: leaseKey(mark.entityId) }];
      }),
    );
  }

  /** Pages through the marks of a type that stand behind `from`; gives where it ended, at `until` or soon after. */
  async #eachMarked(type: EntityType, from: number, until: number, handle: (marks: readonly DirtyMark[]) => Promise<void>): Promise<number> {
    for (let place = from; ; ) {
      // Sent one after the other: a run whose marks were read is heard of.
      const [page] = await Promise.all([this.#parts.store.feeds.dirtyPage(idPrefixes[type], place, pageSize), this.#parts.onMarksRead?.()]);
      await handle(page.marks);
      place = page.next;
      if (!page.isMore || place >= until) return place;
    }
  }

  async #plan(marked: readonly DirtyMark[], options: SettleOptions): Promise<void> {
    const batch = await this.#standing(marked.filter((mark) => mark.runId !== undefined));
    const marks = marked.filter((mark) => mark.runId === undefined || batch.includes(mark));
    const onProbation = new Set(batch.map((mark) => mark.entityId));
    const settled = await settle(
      this.#parts,
      marks.map((mark) => mark.entityId),
      { ...options, withoutPush: true, onProbation },
    );
    await this.#clear(marks.filter((_, i) => settled[i]?.done));
    marks.forEach((mark, i) => {
      const one = settled[i];
      if (one?.owes) this.#backlog.add(mark, one.kind);
    });
  }

  /** Without those that were cleared, withdrawn or set again since they were read: these are somebody else's, or come once more. */
  async #standing(marks: readonly DirtyMark[]): Promise<readonly DirtyMark[]> {
    if (marks.length === 0) return marks;
    const stand = await this.#parts.store.feeds.stillDirty(marks);
    return marks.filter((_, i) => stand[i]);
  }

  async #clear(done: readonly DirtyMark[]): Promise<void> {
    await this.#parts.onHandled?.();
    if (done.length > 0) await this.#parts.store.feeds.clearDirty(done);
  }

  /** Writes what owes writes, some side by side, and looks at what is marked meanwhile in between. Gives how many it could try. */
  async #pushAll(options: SettleOptions): Promise<number> {
    let tried = 0;
    let untilPass = pushesPerPass;
    let isPassing = false;
    await inLanes(lanes, () => {
      if (isOver(options)) return null;
      if (untilPass <= 0 && !isPassing) {
        untilPass = pushesPerPass;
        isPassing = true;
        return () => this.#pass(options).finally(() => (isPassing = false));
      }
      const marks = this.#backlog.take(pushedTogether);
      tried += marks.length;
      untilPass -= marks.length;
      return marks.length > 0 ? () => this.#push(marks, options).finally(() => this.#backlog.end(marks)) : null;
    });
    return tried;
  }

  async #push(owed: readonly DirtyMark[], options: SettleOptions): Promise<void> {
    const marks = await this.#standing(owed);
    const settled = await settle(
      this.#parts,
      marks.map((mark) => mark.entityId),
      options,
    );
    await this.#clear(marks.filter((_, i) => settled[i]?.done));
  }

  #connector(system: System): Connector {
    return this.#parts.connectors[system];
  }

  #pullParts() {
    const { store, settings, clock, newId, onEmptySide, onUnreadable } = this.#parts;
    const told = { ...(onEmptySide ? { onEmptySide } : {}), ...(onUnreadable ? { onUnreadable } : {}) };
    return { store, flows: settings.flows, clock, newId, overlapMs: settings.overlapMs, settings, ...told };
  }
}

/** Entity ids tell their type, so that marks can be put in order without reading what they mark. */
export const idPrefixes: { readonly [T in EntityType]: string } = { ACCOUNT: "acc_", CONTACT: "con_", PRODUCT: "prd_" };
export const typeOfId = (id: string): EntityType | undefined => entityTypes.find((type) => id.startsWith(idPrefixes[type]));

const isOver = ({ isHalted, signal }: SettleOptions): boolean => Boolean(isHalted?.() || signal?.aborted);

const signalOf = (options: { readonly signal?: AbortSignal | undefined }) => (options.signal ? { signal: options.signal } : {});
