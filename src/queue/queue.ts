/**
 * Spreads work over workers. A job says only what to look at; the truth is in the store, so a job lost, repeated or run twice
 * does no harm. Two implementations: BullMQ on Redis, and an in-process twin.
 */
export type Job = JobKind & {
  /** The span that it was added in, as a `traceparent`. */
  readonly trace?: string;
};

type JobKind =
  /** `isHinted`: there is something to see now, so a reading that has begun already won't do. */
  | { readonly kind: "poll"; readonly system: "CUSTOMCRM" | "EXACT"; readonly isHinted?: boolean }
  | { readonly kind: "settle"; readonly entityId: string }
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "sweep" };

/** Kinds of jobs, as a queue is measured by them. */
const jobKinds = ["poll", "settle", "run", "sweep"] as const satisfies readonly Job["kind"][];

export interface Depth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  /** How long the oldest has waited that could have been begun; null: there is none. */
  readonly oldestMs: number | null;
}
export type Depths = { readonly [K in Job["kind"]]: Depth };

/** The depth of each kind, of jobs that wait until `dueAt` or are active. */
export function depthsOf(jobs: Iterable<{ readonly kind: string; readonly dueAt: number; readonly isActive?: boolean }>, now: number): Depths {
  const all = [...jobs];
  const depth = (kind: Job["kind"]): Depth => {
    const ours = all.filter((job) => job.kind === kind);
    const waiting = ours.filter((job) => !job.isActive);
    const due = waiting.filter(({ dueAt }) => dueAt <= now);
    return {
      waiting: due.length,
      active: ours.length - waiting.length,
      delayed: waiting.length - due.length,
      oldestMs: due.length === 0 ? null : now - due.reduce((oldest, { dueAt }) => Math.min(oldest, dueAt), now),
    };
  };
  return Object.fromEntries(jobKinds.map((kind) => [kind, depth(kind)])) as Depths;
}

export interface AddOptions {
  /** Jobs of equal key that still wait are one. */
  readonly key?: string;
  readonly delayMs?: number;
  /** Smaller is sooner. */
  readonly priority?: number;
}

export interface Queue {
  add(job: Job, options?: AddOptions): Promise<void>;
  /** Every `everyMs`; adding it again with another interval replaces it. */
  repeat(job: Job, key: string, everyMs: number): Promise<void>;
  /** Begins to take jobs. An error thrown by the handler is retried with back-off. */
  work(handler: (job: Job, signal: AbortSignal) => Promise<void>, concurrency: number): void;
  depth(): Promise<Depths>;
  /** Finishes what it holds, or hands it back after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}
