import { type Budget, exactBudgetRules, SharedBudget, unlimitedBudget } from "../../src/connectors/budget.js";
import { StoreUnavailableError } from "../../src/domain/errors.js";
import type { Answer, Random } from "../../src/sandbox/kit/index.js";
import type { BudgetStore, CallReport, CountedCall } from "../../src/store/budget.js";
import { MemoryBudgetStore } from "../../src/store/budget-memory.js";
import type { Gate } from "./gated-store.js";
import { type Host, Killed } from "./scheduler.js";
import type { Sent } from "./wire.js";

interface HostParts {
  readonly gate: Gate;
  readonly now: () => number;
  readonly after: (ms: number, run: () => void | Promise<void>) => () => void;
  /** Names the calls under way. */
  readonly newId: () => string;
  /** The safeguard is taken away: every call goes at once. */
  readonly isUnlimited: boolean;
}

/** One process's way to the budget. */
export interface HostBudget extends Budget {
  /** Whether a call of this process waits for its turn, or for a window. */
  isAwaited(): boolean;
}

/** What was used of one minute or day. */
interface Used {
  /** Calls that left in it and reached Exact. */
  reached: number;
  /** Calls that nobody waits for, all but the interactive ones: of a minute those let go before they may take of its reserve. */
  background: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Of one endpoint; with one more Exact blocks it. */
export const errorsPerHour = 10;
/** Until here in a minute, background leaves a third of it to people. */
const lentFromMs = 47_500;

/**
 * Exact's limits in one world, and what became of them (I8). The oracle counts, apart from our budget, which calls reached Exact, by the minute
 * and the day in which they left us: how long the network holds one up is not in our hands.
 */
export class Limits {
  readonly minuteLimit: number;
  readonly dayLimit: number;
  /** Answers of Exact itself that a window was used up. */
  refused = 0;
  /** Calls that had to wait for a window. */
  waited = 0;
  readonly #store = new MemoryBudgetStore(exactBudgetRules);
  readonly #minutes = new Map<number, Used>();
  readonly #days = new Map<number, Used>();
  /** By endpoint, when it answered with an error. */
  readonly #errors = new Map<string, number[]>();
  /** When the minute ends that Exact called used up. */
  #fullUntil = 0;

  constructor(
    random: Random,
    private readonly broken: (violation: string) => void,
  ) {
    this.minuteLimit = random.pick([8, 15, 30]);
    this.dayLimit = random.pick([5_000, 5_000, 400]);
  }

  /** The budget of one process, on the store that all share. */
  budgetOf(host: Host, { gate, now, after, newId, isUnlimited }: HostParts): HostBudget {
    const shared = new SharedBudget({
      system: "EXACT",
      store: this.#reachedBy(host, gate),
      clock: now,
      newId,
      schedule: (ms, run) => after(ms, () => passing(host, run)),
    });
    const budget = isUnlimited ? unlimitedBudget("EXACT") : shared;
    return {
      admit: async (call) => {
        const askedAt = now();
        const permit = await budget.admit(call);
        if (now() > askedAt) this.waited++;
        if (call.counted === "all") this.#letGo(call, now());
        return permit;
      },
      windows: () => budget.windows(),
      isAwaited: () => shared.waiting().some(({ count }) => count > 0),
    };
  }

  /** A call has reached Exact; gives its answer. */
  async reached({ path, leftAt }: Sent, answering: Answer | Promise<Answer>): Promise<Answer> {
    if (/^\/api\/v1\/\d+\//.test(path)) this.#count(leftAt);
    const answer = await answering;
    if (answer.status === 429) this.refused++;
    return answer;
  }

  #count(leftAt: number): void {
    for (const [used, limit, what] of [
      [this.#minute(leftAt), this.minuteLimit, "minute"],
      [this.#day(leftAt), this.dayLimit, "day"],
    ] as const) {
      used.reached++;
      if (used.reached === limit + 1) this.broken(`I8 more than the ${limit} calls of a ${what} left in it and reached Exact.`);
    }
  }

  usedUp(now: number): { readonly limit: number; readonly reset: number } {
    return { limit: this.minuteLimit, reset: now - (now % minuteMs) + minuteMs };
  }

  /** How long background has to rest: until the next day, once its share of this one is used up. */
  restMs(now: number): number {
    const { reached, background } = this.#day(now);
    return Math.max(reached, background) < this.dayLimit * 0.6 ? 0 : dayMs - (now % dayMs) + 1_000;
  }

  #letGo(call: CountedCall, now: number): void {
    if (now < this.#fullUntil) this.broken("I8 a call left in a minute that Exact had called used up.");
    if (call.class === "interactive") return;
    const minute = this.#minute(now);
    if (now % minuteMs < lentFromMs && ++minute.background === shareOf(this.minuteLimit, 3) + 1)
      this.broken(
        `I8 background took ${minute.background} calls of a minute before its last seconds, and left people less than a third of ${this.minuteLimit}.`,
      );
    const day = this.#day(now);
    if (++day.background === shareOf(this.dayLimit, 4) + 1)
      this.broken(`I8 background took ${day.background} calls of a day, and left people less than a quarter of ${this.dayLimit}.`);
  }

  /** What Exact said of itself has come to the store that all share. */
  #noted({ endpoint }: CountedCall, { isError, isRefused, minute }: CallReport, now: number): void {
    // The word of an earlier minute may come late.
    if (isRefused && minute?.reset !== undefined && minute.reset <= now + minuteMs) this.#fullUntil = Math.max(this.#fullUntil, minute.reset);
    if (!isError) return;
    const times = [...(this.#errors.get(endpoint) ?? []).filter((at) => at > now - hourMs), now];
    this.#errors.set(endpoint, times);
    if (times.length === errorsPerHour + 1) this.broken(`I8 ${endpoint} answered more than ${errorsPerHour} calls of an hour with an error.`);
  }

  /** The shared counts as one process reaches them in Redis: not at all when it is dead. */
  #reachedBy(host: Host, gate: Gate): BudgetStore {
    const operation = async <T>(run: () => Promise<T>): Promise<T> => {
      if (!host.isAlive) throw new Killed();
      const fate = gate.fate();
      if (fate === "not done") throw new StoreUnavailableError("Redis does not answer.");
      const result = await run();
      if (fate === "answer lost") throw new StoreUnavailableError("Redis does not answer.");
      return result;
    };
    const store = this.#store;
    return {
      admit: (permitId, call, now) => operation(() => store.admit(permitId, call, now)),
      settle: (permitId, call, report, now) =>
        operation(async () => {
          await store.settle(permitId, call, report, now);
          this.#noted(call, report, now);
        }),
      read: () => store.read(),
    };
  }

  readonly #minute = (at: number): Used => usedOf(this.#minutes, Math.floor(at / minuteMs));
  readonly #day = (at: number): Used => usedOf(this.#days, Math.floor(at / dayMs));
}

/** What background may take where it leaves one part of so many to people. */
const shareOf = (limit: number, parts: number): number => limit - Math.floor(limit / parts);

function usedOf(windows: Map<number, Used>, window: number): Used {
  const used = windows.get(window) ?? { reached: 0, background: 0 };
  windows.set(window, used);
  return used;
}

/** Whoever is woken by a timer has gone on as far as it can before time goes on. */
async function passing(host: Host, run: () => void): Promise<void> {
  if (!host.isAlive) return;
  run();
  await new Promise<void>((resolve) => setImmediate(resolve));
}
