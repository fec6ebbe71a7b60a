import { createHash } from "node:crypto";
import type { RedisClientType } from "redis";
import { z } from "zod";
import { StoreUnavailableError } from "../domain/errors.js";
import { type Admission, type BudgetRules, type BudgetState, type BudgetStore, type CallReport, type CountedCall, emptyBudget } from "./budget.js";
import { scriptText } from "./script-text.js";

/** The part of node-redis that the budget uses, so that any of its clients fits. */
export type BudgetClient = Pick<RedisClientType, "get" | "eval" | "evalSha">;

/** Longer than any window; a state that nobody used for so long says nothing any more. */
const keptMs = 2 * 86_400_000;

const countSchema = z.record(z.string(), z.object({ used: z.number(), interactive: z.number() }));
const stateSchema = z.object({
  offsetMs: z.number(),
  minuteLimit: z.number().exactOptional(),
  dayLimit: z.number().exactOptional(),
  blockedUntil: z.number().exactOptional(),
  minutes: countSchema,
  days: countSchema,
  errors: z.record(z.string(), z.array(z.number())),
  inFlight: z.record(z.string(), z.object({ endpoint: z.string(), at: z.number() })),
}) satisfies z.ZodType<BudgetState>;

const admissionSchema = z.tuple([z.enum(["0", "1"]), z.string(), z.enum(["minute", "day", "errors", "blocked", ""])]);

/** The budget over all replicas: two scripts on one key. */
export class RedisBudgetStore implements BudgetStore {
  readonly #client: BudgetClient;
  readonly #key: string;
  readonly #rules: BudgetRules;
  readonly #admit = script("budget-admit");
  readonly #settle = script("budget-settle");

  /** `key` makes a full key of a name, with the tenant's prefix; `scope` is what the system counts by, such as a division. */
  constructor(client: BudgetClient, key: (name: string) => string, scope: string, rules: BudgetRules) {
    this.#client = client;
    this.#key = key(`budget:${scope}`);
    this.#rules = rules;
  }

  async admit(permitId: string, call: CountedCall, now: number): Promise<Admission> {
    const reply = await this.#run(this.#admit, [permitId, JSON.stringify(bare(call)), String(now), JSON.stringify(this.#rules), String(keptMs)]);
    const [admitted, retryAt, because] = admissionSchema.parse(reply);
    return admitted === "1" || because === "" ? { admitted: true } : { admitted: false, retryAt: Number(retryAt), because };
  }

  async settle(permitId: string, call: CountedCall, report: CallReport, now: number): Promise<void> {
    await this.#run(this.#settle, [permitId, JSON.stringify(bare(call)), JSON.stringify(report), String(now), JSON.stringify(this.#rules), String(keptMs)]);
  }

  async read(): Promise<BudgetState> {
    return this.#answered(async () => {
      const stored = await this.#client.get(this.#key);
      return stored === null ? emptyBudget : stateSchema.parse(JSON.parse(stored));
    });
  }

  #run(script: Script, args: string[]): Promise<unknown> {
    const options = { keys: [this.#key], arguments: args };
    return this.#answered(async () => {
      try {
        return await this.#client.evalSha(script.sha, options);
      } catch (error) {
        // A Redis that was restarted, or failed over, has forgotten its scripts.
        if (error instanceof Error && error.message.startsWith("NOSCRIPT")) return await this.#client.eval(script.text, options);
        throw error;
      }
    });
  }

  async #answered<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw new StoreUnavailableError(`Redis did not answer for the budget: ${error instanceof Error ? error.message : error}.`, { cause: error });
    }
  }
}

interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(name: string): Script {
  const text = scriptText(name);
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** A caller's deadline and signal are its own affair. */
const bare = ({ endpoint, class: callClass, counted }: CountedCall): CountedCall => ({ endpoint, class: callClass, counted });
