import { randomUUID } from "node:crypto";
import { type Job as BullJob, Queue as BullQueue, createNodeRedisClient, type JobsOptions, WaitingError, Worker } from "bullmq";
import { keysOf } from "../store/keys.js";
import { type Client, Connection, type Log, newClient } from "../store/redis/connection.js";
import { type AddOptions, depthsOf, type Job, type Queue } from "./queue.js";
import { retries } from "./retries.js";
import { Running } from "./running.js";

interface BullmqQueueOptions {
  readonly url: string;
  readonly tenant: string;
  readonly commandTimeoutMs?: number;
  /** A job whose worker has died is taken up by another one after about this long. */
  readonly stalledAfterMs?: number;
  readonly log?: Log;
  readonly newId?: () => string;
}

type Handler = (job: Job, signal: AbortSignal) => Promise<void>;

const name = "work";
/** A failed job is kept for a look at it; the truth about what is owed is in the store. */
const removal = { removeOnComplete: true, removeOnFail: { age: 7 * 86_400, count: 1_000 } };
const backoff = { type: "exponential", delay: retries.firstDelayMs, jitter: retries.jitter };
/** BullMQ keeps a delayed job's time in the upper bits of its score. */
const scorePerMs = 0x1000;

/** The queue on Redis, for any number of processes. */
export class BullmqQueue implements Queue {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #options: Required<BullmqQueueOptions>;
  readonly #queue: BullQueue<Job>;
  readonly #running = new Running((run, ms) => {
    setTimeout(run, ms);
  });
  #worker: { readonly worker: Worker<Job>; readonly client: Client } | null = null;
  #stopped: Promise<void> | undefined;

  private constructor(connection: Connection, prefix: string, options: Required<BullmqQueueOptions>) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#options = options;
    this.#queue = new BullQueue<Job>(name, {
      connection: adapted(connection.client),
      prefix,
      streams: { events: { maxLen: 100 } },
    });
    this.#queue.on("error", (error) => options.log("The queue has lost Redis.", error));
  }

  /** Throws `StoreUnavailableError` if Redis does not answer. */
  static async connect(given: BullmqQueueOptions): Promise<BullmqQueue> {
    const options = { commandTimeoutMs: 2_500, stalledAfterMs: 30_000, log: () => {}, newId: randomUUID, ...given };
    const prefix = keysOf(options.tenant).queue;
    const connection = await Connection.open(options.url, options.commandTimeoutMs, options.log);
    const queue = new BullmqQueue(connection, prefix, options);
    try {
      await connection.call(() => queue.#queue.waitUntilReady());
    } catch (error) {
      await queue.stop(0);
      throw error;
    }
    return queue;
  }

  async add(job: Job, { key, delayMs = 0, priority = 0 }: AddOptions = {}): Promise<void> {
    const jobId = this.#options.newId();
    const options: JobsOptions = { ...removal, jobId, delay: delayMs, priority, attempts: retries.attempts, backoff };
    if (key !== undefined) options.deduplication = { id: key };
    const added = await this.#connection.call(() => this.#queue.add(job.kind, job, options));
    if (added.id && added.id !== jobId) await this.#hurry(added.id, delayMs, priority);
  }

  async repeat(job: Job, key: string, everyMs: number): Promise<void> {
    const opts = { ...removal, attempts: retries.attemptsOfRepeated, backoff };
    await this.#connection.call(() => this.#queue.upsertJobScheduler(key, { every: everyMs }, { name: job.kind, data: job, opts }));
  }

  work(handler: Handler, concurrency: number): void {
    if (this.#worker) throw new Error("The queue has a worker already.");
    const { url, commandTimeoutMs, stalledAfterMs, log } = this.#options;
    const client = newClient(url, commandTimeoutMs, log);
    const worker = new Worker<Job>(name, (job, token, lost) => this.#process(job, token, lost, handler), {
      connection: adapted(client),
      prefix: this.#prefix,
      concurrency,
      lockDuration: stalledAfterMs,
      stalledInterval: stalledAfterMs,
      // After an outage, not the 15 s of BullMQ.
      runRetryDelay: 2_000,
      // A job is not to blame for the deploys and crashes that it went through.
      maxStalledCount: 10,
    });
    worker.on("error", (error) => log("A worker of the queue failed; it goes on.", error));
    worker.on("failed", (job, error) => log(`A job (${job?.name}) failed ${job?.attemptsMade} of ${job?.opts.attempts} times.`, error));
    this.#worker = { worker, client };
  }

  async depth() {
    const now = Date.now();
    return this.#connection.call(async () => {
      const [waiting, delayed, active, scores] = await Promise.all([
        this.#queue.getJobs(["waiting", "prioritized"]),
        this.#queue.getJobs(["delayed"]),
        this.#queue.getJobs(["active"]),
        this.#connection.client.zRangeWithScores(this.#queue.toKey("delayed"), 0, -1),
      ]);
      const dueAt = new Map(scores.map(({ value, score }) => [String(value), Math.floor(score / scorePerMs)]));
      // A job may go while we look. BullMQ leaves delayed ones where they are until a worker looks.
      return depthsOf(
        [
          ...waiting.filter(Boolean).map(({ name: kind, timestamp, opts }) => ({ kind, dueAt: timestamp + (opts.delay ?? 0) })),
          ...delayed.filter(Boolean).map(({ id, name: kind }) => ({ kind, dueAt: dueAt.get(id ?? "") ?? now })),
          ...active.filter(Boolean).map(({ name: kind }) => ({ kind, dueAt: now, isActive: true })),
        ],
        now,
      );
    });
  }

  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    if (this.#worker) {
      const grace = setTimeout(() => this.#running.giveUp(), graceMs);
      // It takes no more jobs and waits for those it has, which end soon after the signal.
      await this.#worker.worker.close();
      clearTimeout(grace);
      if (this.#worker.client.isOpen) this.#worker.client.destroy();
    }
    await this.#queue.close();
    await this.#connection.stop();
  }

  async #process(job: BullJob<Job>, token: string | undefined, lost: AbortSignal | undefined, handler: Handler): Promise<void> {
    // From here on an equal key is a new job: whoever adds it may know of something that this run no longer sees.
    const key = job.deduplicationId;
    if (key !== undefined) await job.removeDeduplicationKey();

    const outcome = await this.#running.run((signal) => handler(job.data, signal), lost);
    if (outcome === "DONE") return;
    // Of equal keys one waits: if another is there by now, this one need not come again.
    if (key !== undefined && !(await this.#claim(key, job))) return;
    if (outcome !== "GIVEN_UP") throw outcome.error;
    await job.moveToWait(token);
    throw new WaitingError();
  }

  async #claim(key: string, job: BullJob<Job>): Promise<boolean> {
    const claimed = await this.#connection.call((client) => client.set(this.#queue.toKey(`de:${key}`), job.id ?? "", { condition: "NX" }));
    return claimed !== null;
  }

  /** The job that waits under the same key gets the earlier time and the more urgent priority of the two. */
  async #hurry(jobId: string, delayMs: number, priority: number): Promise<void> {
    const { client } = this.#connection;
    const [score, known] = await this.#connection.call(() =>
      Promise.all([client.zScore(this.#queue.toKey("delayed"), jobId), client.hGet(this.#queue.toKey(jobId), "priority")]),
    );
    const isLater = score !== null && Math.floor(score / scorePerMs) > Date.now() + delayMs;
    const isLessUrgent = known !== null && Number(known) > priority;
    if (!isLater && !isLessUrgent) return;
    const waiting = await this.#connection.call(() => this.#queue.getJob(jobId));
    // It may have been taken since, which is sooner still: its handler began after this was asked for.
    if (isLessUrgent) await waiting?.changePriority({ priority }).catch(ifTaken);
    if (isLater) await waiting?.changeDelay(delayMs).catch(ifTaken);
  }
}

/** BullMQ takes its listeners away when it closes; an error without a listener would end the process. */
function adapted(client: Client) {
  const adapter = createNodeRedisClient(client);
  adapter.on("error", () => {});
  return adapter;
}

function ifTaken(error: unknown): void {
  if (!(error instanceof Error) || !/Missing key for job|is not in the delayed state/.test(error.message)) throw error;
}
