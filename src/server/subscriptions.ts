import type { Logger } from "pino";
import type { Clock, System } from "../domain/words.js";
import type { LeaseStore } from "../store/store.js";
import type { WebhookDoor } from "./webhook.routes.js";

export interface SubscriptionParts {
  readonly doors: readonly WebhookDoor[];
  readonly leases: LeaseStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** How often subscriptions that are right are looked at. */
  readonly everyMs?: number;
  /** How soon after a failure: at first, and twice as long after each further one. */
  readonly retryMs?: number;
}

const hourMs = 3_600_000;
const callsMs = 60_000;

/**
 * Keeps each system's webhooks leading here: looks at once, then every hour, as a subscription may be lost on their side. Of all
 * replicas one at a time does it. A failure is logged and tried again, less and less often, since Exact counts errors; meanwhile the
 * polls find every change.
 */
export class Subscriptions {
  readonly #parts: SubscriptionParts;
  readonly #timers = new Map<System, NodeJS.Timeout>();
  readonly #failures = new Map<System, number>();
  readonly #underWay = new Map<System, Promise<void>>();
  readonly #stopping = new AbortController();
  #baseUrl: string | null = null;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  /** `baseUrl` is where the systems reach us; the receiver must be up, as Exact calls it while it is asked. */
  start(baseUrl: string): void {
    this.#baseUrl = baseUrl;
    void this.check();
  }

  /** Looks now, as after a consent. Does nothing before the start. Never rejects. */
  async check(): Promise<void> {
    await Promise.all(this.#parts.doors.map((door) => this.#checkOnce(door)));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#underWay.values());
  }

  #checkOnce(door: WebhookDoor): Promise<void> {
    const running = this.#underWay.get(door.system) ?? this.#check(door).finally(() => this.#underWay.delete(door.system));
    this.#underWay.set(door.system, running);
    return running;
  }

  async #check(door: WebhookDoor): Promise<void> {
    if (this.#baseUrl === null || this.#stopping.signal.aborted) return;
    const { log, everyMs = hourMs, retryMs = 60_000 } = this.#parts;
    const { system } = door;
    let nextMs = everyMs;
    try {
      const done = await this.#subscribe(door, this.#baseUrl + door.path);
      this.#failures.delete(system);
      if (done !== null && done !== "kept") log.info({ system }, `The webhook subscriptions were ${done}.`);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const failures = this.#failures.get(system) ?? 0;
      this.#failures.set(system, failures + 1);
      nextMs = Math.min(everyMs, retryMs * 2 ** failures);
      const why = error instanceof Error ? error.message : String(error);
      log.warn({ system }, `The webhook subscriptions can't be made now; changes are found by polling until then. ${why}`);
    }
    clearTimeout(this.#timers.get(system));
    if (!this.#stopping.signal.aborted) this.#timers.set(system, setTimeout(() => void this.#checkOnce(door), nextMs).unref());
  }

  /** null: another replica is at it. */
  async #subscribe(door: WebhookDoor, url: string): Promise<"kept" | "made" | "repaired" | null> {
    const { leases, clock } = this.#parts;
    const lease = await leases.acquire(`webhooks:${door.system}`, callsMs + 30_000);
    if (!lease) return null;
    try {
      return await door.subscribe(url, { class: "repair", deadline: clock() + callsMs, signal: this.#stopping.signal });
    } finally {
      await leases.release(lease).catch(() => {});
    }
  }
}
