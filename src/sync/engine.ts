import type { CallClass, Connector } from "../connectors/connector.js";
import { limits } from "../domain/limits.js";
import { type RecordRef, refKey } from "../domain/record.js";
import { type EntityType, entityTypes, type System, systems } from "../domain/words.js";
import { allMarks, type DirtyMark } from "../store/store.js";
import { batches } from "./batches.js";
import { compare } from "./compare.js";
import { heldKey, mintUnknown } from "./mint.js";
import type { SettleOptions, SettleParts } from "./parts.js";
import { type Pulled, pull } from "./pull.js";
import { finishResuming } from "./resuming.js";
import { refresh, type Settled, settle } from "./settle.js";

export interface PollOptions {
  readonly class?: CallClass;
  readonly signal?: AbortSignal;
  readonly onRead?: (count: number) => void;
  /** Something has changed: a reading that is under way may have passed it. */
  readonly isHinted?: boolean;
}

/** Entities observed together. */
const batchSize = 100;
/** Entities whose writes go out between two looks at what else is marked, so that a backlog of creates delays no edit for long. */
const pushesPerPass = 48;

/** Keeps the two systems the same: reads feeds, settles what is marked. Safe to run in any number of processes (R13). */
export class Engine {
  readonly #parts: SettleParts;
  /** Marks whose plan is known to write, and what: not planned again before their turn. */
  readonly #owing = new Map<string, { mark: DirtyMark; kind: Settled["kind"] }>();

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
        await this.#pass({ ...options, withoutPush: true });
        onLinked();
        if ((await this.#pushSome(options)) > 0) this.#wanted = true;
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
    await this.#reviewHeld();
  }

  async #pass(options: SettleOptions): Promise<void> {
    // Accounts first: what refers to them can only be matched, or written, once they are settled (R7).
    let marks = await this.#marks();
    for (const type of entityTypes) {
      const own = marks.filter((mark) => typeOfId(mark.entityId) === type && this.#owing.get(mark.entityId)?.mark.generation !== mark.generation);
      for (const batch of batches(own, batchSize * 2)) {
        await refresh(
          this.#parts,
          batch.map((mark) => mark.entityId),
        );
      }
      for (const marked of batches(own, batchSize)) {
        if (options.isHalted?.() || options.signal?.aborted) return;
        const batch = await this.#standing(marked);
        const onProbation = new Set(batch.filter((mark) => mark.runId !== undefined).map((mark) => mark.entityId));
        const settled = await settle(
          this.#parts,
          batch.map((mark) => mark.entityId),
          { ...options, onProbation },
        );
        const done = batch.filter((_, i) => settled[i]?.done);
        await this.#clear(done);
        batch.forEach((mark, i) => {
          const one = settled[i];
          if (one?.owes) this.#owing.set(mark.entityId, { mark, kind: one.kind });
        });
      }
      // Those too that this type's settling has marked: who fits is decided on everybody's present keys (R6).
      if (own.length > 0) marks = await this.#marks();
    }
  }

  /** Without the marks of a run that were withdrawn since they were read, or that stand for more than the run by now. */
  async #standing(marks: readonly DirtyMark[]): Promise<readonly DirtyMark[]> {
    const ofRuns = marks.filter((mark) => mark.runId !== undefined);
    if (ofRuns.length === 0) return marks;
    const stand = await this.#parts.store.feeds.stillDirty(ofRuns);
    const gone = new Set(ofRuns.filter((_, i) => !stand[i]));
    return marks.filter((mark) => !gone.has(mark));
  }

  async #marks(): Promise<readonly DirtyMark[]> {
    // Sent one after the other: a run whose marks were read is heard of.
    const [marks] = await Promise.all([this.#parts.store.feeds.dirty(allMarks), this.#parts.onMarksRead?.()]);
    return marks;
  }

  async #clear(done: readonly DirtyMark[]): Promise<void> {
    await this.#parts.onHandled?.();
    if (done.length > 0) await this.#parts.store.feeds.clearDirty(done);
  }

  /** Writes for some of what owes writes: edits first, then what was waited for longest. Gives how many it could try. */
  async #pushSome(options: SettleOptions): Promise<number> {
    const turn = [...this.#owing.entries()].sort(([, a], [, b]) => Number(a.kind === "CREATE") - Number(b.kind === "CREATE")).slice(0, pushesPerPass);
    for (const owed of batches(turn, 16)) {
      if (options.isHalted?.() || options.signal?.aborted) break;
      const batch = await this.#standing(owed.map(([, { mark }]) => mark));
      const settled = await settle(
        this.#parts,
        batch.map((mark) => mark.entityId),
        options,
      );
      await this.#clear(batch.filter((_, i) => settled[i]?.done));
      for (const [id] of owed) this.#owing.delete(id);
    }
    return turn.length;
  }

  async #reviewHeld(): Promise<void> {
    const { store } = this.#parts;
    const found = await store.documents.get<RecordRef[]>("meta", heldKey);
    if (!found || found.value.length === 0) return;
    const snapshots = await store.snapshots.get(found.value);
    const isThere = found.value.map((_, i) => snapshots[i]?.deletedAt === null);
    const owners = await store.entities.idsOfRecords(found.value);
    for (const system of systems) {
      const records = found.value.flatMap((ref, i) => (ref.system === system && isThere[i] && !owners[i] ? (snapshots[i]?.record ?? []) : []));
      // Those that still fit an open create stay held.
      await mintUnknown(this.#pullParts(), system, records);
    }
    // Only what is somebody's now, or gone, leaves the list: a crash before this loses nothing (I7).
    const after = await store.documents.get<RecordRef[]>("meta", heldKey);
    if (!after) return;
    const known = await store.entities.idsOfRecords(after.value);
    const gone = new Set(found.value.filter((_, i) => !isThere[i]).map(refKey));
    const left = after.value.filter((ref, i) => !known[i] && !gone.has(refKey(ref)));
    if (left.length < after.value.length) await store.documents.set("meta", heldKey, left, after.version);
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

const signalOf = (options: { readonly signal?: AbortSignal | undefined }) => (options.signal ? { signal: options.signal } : {});
