import { z } from "zod";
import type { Random } from "./random.js";

const ms = z.number().nonnegative();
const withEffect = { effect: z.boolean().optional() };

/** What goes wrong with a call. `effect` says whether the call is carried out all the same. */
const faultSchema = z.discriminatedUnion("kind", [
  /** This answer instead of the right one; not carried out, unless `effect`. */
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(200).max(599),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    ...withEffect,
  }),
  /** Never answered; not carried out, unless `effect`. */
  z.strictObject({ kind: z.literal("hang"), ...withEffect }),
  z.strictObject({ kind: z.literal("reset-before") }),
  /** Carried out; then the connection is reset. */
  z.strictObject({ kind: z.literal("reset-after") }),
  /** Carried out at once; the answer comes after ms of the clock. */
  z.strictObject({ kind: z.literal("slow"), ms }),
  /** Carried out; the connection ends in the middle of the answer. */
  z.strictObject({ kind: z.literal("half-body") }),
  /** A proxy's page; not carried out, unless `effect`. */
  z.strictObject({ kind: z.literal("html-502"), ...withEffect }),
  /** Carried out, unless `effect` is false; the answer can't be parsed. */
  z.strictObject({ kind: z.literal("garbage"), ...withEffect }),
  /** The connection is reset; the call is carried out ms of the clock later. */
  z.strictObject({ kind: z.literal("late"), ms }),
  /** One property of a JSON body is lost without a word. */
  z.strictObject({ kind: z.literal("drop-field"), field: z.string().min(1) }),
  /** A list that says there is nothing. */
  z.strictObject({ kind: z.literal("empty-list") }),
]);

export const faultRuleSchema = z.strictObject({
  id: z.string().min(1).optional(),
  /** Any, if absent. */
  method: z.string().min(1).optional(),
  /**
   * The beginning of a path, or the source of a regular expression for the path with its query, decoded; one that begins with
   * a slash holds from the path's beginning.
   */
  path: z.string().min(1).optional(),
  /** From the nth matching call on (for one call, unless `times` says more). */
  nth: z.int().positive().optional(),
  /** With this probability for each matching call. */
  probability: z.number().min(0).max(1).optional(),
  /** At most so often. */
  times: z.int().positive().optional(),
  fault: faultSchema,
});

export type Fault = z.infer<typeof faultSchema>;
export type NewFaultRule = z.input<typeof faultRuleSchema>;
export type FaultRule = NewFaultRule & { readonly id: string; readonly matched: number; readonly fired: number };

/** The rules by which calls go wrong. What they do depends only on the seed and the order of the calls. */
export class FaultList {
  private rules: Rule[] = [];
  private made = 0;

  constructor(private readonly random: Random) {}

  /** Throws if the rule is none: an unknown kind, a bad regular expression, an id in use. */
  add(rule: NewFaultRule): FaultRule {
    const checked = faultRuleSchema.parse(rule);
    const id = checked.id ?? `fault-${++this.made}`;
    if (this.rules.some((other) => other.facts.id === id)) throw new Error(`There is a fault rule '${id}' already.`);
    const added = new Rule({ ...checked, id });
    this.rules.push(added);
    return added.describe();
  }

  remove(id: string): boolean {
    const before = this.rules.length;
    this.rules = this.rules.filter((rule) => rule.facts.id !== id);
    return this.rules.length < before;
  }

  clear(): void {
    this.rules = [];
  }

  list(): FaultRule[] {
    return this.rules.map((rule) => rule.describe());
  }

  /** What goes wrong with this call, if anything does: the first rule that fires. */
  take(method: string, path: string, query: string): Fault | null {
    const fires = this.rules.filter((rule) => rule.matches(method, path, query)).map((rule) => ({ rule, due: rule.isDue(this.random) }));
    const first = fires.find(({ due }) => due)?.rule;
    if (!first) return null;
    first.fired++;
    return first.facts.fault;
  }
}

class Rule {
  matched = 0;
  fired = 0;
  private readonly pattern: RegExp | null;

  constructor(readonly facts: NewFaultRule & { readonly id: string }) {
    this.pattern = facts.path === undefined ? null : patternOf(facts.path);
  }

  describe(): FaultRule {
    return { ...this.facts, matched: this.matched, fired: this.fired };
  }

  matches(method: string, path: string, query: string): boolean {
    if (this.facts.method !== undefined && this.facts.method.toUpperCase() !== method) return false;
    if (this.facts.path === undefined || path.startsWith(this.facts.path)) return true;
    return this.pattern?.test(path) === true || this.pattern?.test(`${path}?${query}`) === true;
  }

  /** Counts the call, so that each matching rule sees each call once. */
  isDue(random: Random): boolean {
    this.matched++;
    const { nth, probability, times } = this.facts;
    const chance = probability === undefined || random.next() < probability;
    if (nth !== undefined && this.matched < nth) return false;
    const limit = times ?? (nth === undefined ? Number.POSITIVE_INFINITY : 1);
    return chance && this.fired < limit;
  }
}

/** A path with a bracket that opens and never closes is a prefix only. */
function patternOf(source: string): RegExp | null {
  try {
    return new RegExp(source.startsWith("/") ? `^(?:${source})` : source);
  } catch (error) {
    if (source.startsWith("/")) return null;
    throw error;
  }
}
