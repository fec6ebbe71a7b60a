import { type CreateRule, type Dataflow, recordTypeOf } from "./dataflow.js";
import type { DeletePolicy, EntityType, System } from "./words.js";

/** One side of a dataflow, as sentences name it: `Customcrm` and `Customer`. */
export interface NamedType {
  readonly system: string;
  readonly type: string;
}

/** A creation rule as a document states it: references bear a system's own names, and a condition may be words alone. */
export type NamedRule =
  | Exclude<CreateRule, { kind: "whenReferenced" | "when" }>
  | { readonly kind: "whenReferenced"; readonly by: readonly string[] }
  | { readonly kind: "when"; readonly filter: { readonly field: string; readonly equals: string } | null; readonly reason: string };

export const systemNames: { readonly [S in System]: string } = { CUSTOMCRM: "Customcrm", EXACT: "Exact" };

export const nameOf = ({ system, type }: NamedType): string => `${system} ${type}`;
export const withArticle = (noun: string): string => `${/^[AEIOU]/i.test(noun) ? "an" : "a"} ${noun}`;

/** The rule for records of a system, with that system's names for what refers to them. */
export const namedRule = (rule: CreateRule, flows: readonly Dataflow[], system: System): NamedRule =>
  rule.kind === "whenReferenced" ? { kind: rule.kind, by: rule.by.map((type) => referrerName(flows, type, system)) } : rule;

/** Where one type of a system belongs to two dataflows, its name alone would not say which refers. */
export function referrerName(flows: readonly Dataflow[], type: EntityType, system: System): string {
  const flow = flows.find((one) => one.type === type);
  if (!flow) return type.toLowerCase();
  const name = recordTypeOf(flow, system);
  return flows.filter((one) => recordTypeOf(one, system) === name).length > 1 ? `${name} (${type.toLowerCase()} data)` : name;
}

/** When a record of one side gets a counterpart on the other: the whole vocabulary of `CreateRule` with and without matching. */
export function ruleSentences(rule: NamedRule, from: NamedType, to: NamedType, isMatched: boolean): readonly string[] {
  const [a, b] = [nameOf(from), nameOf(to)];
  const before = `Before anything is synchronized, ${withArticle(a)} and ${withArticle(b)} must be linked.`;
  const matchFirst = [`If there is a matching ${b} already, the ${from.type} is linked with it.`, `If there is no matching ${b}, a new one is created.`];
  switch (rule.kind) {
    case "always":
      return [`Every ${a} is synchronized with ${withArticle(b)}.`, ...(isMatched ? matchFirst : [])];
    case "when":
      return [`${condition(rule)}, ${withArticle(a)} is synchronized with ${withArticle(b)}. ${rule.reason}`, ...(isMatched ? matchFirst : [])];
    case "whenReferenced":
      return [
        before,
        `A new ${b} is created from ${withArticle(a)} only once ${referrers(rule.by, from.system)} refers to it and is synchronized into ${to.system}.`,
      ];
    case "never":
      return [before, isMatched ? `No ${b} is created for it.` : `No ${b} is created for it, and none is looked for: a person links them.`];
  }
}

/** The same for the other direction, in one sentence that stands beside the first one's. */
export function backSentence(rule: NamedRule, from: NamedType, to: NamedType): string {
  const [a, b] = [nameOf(from), nameOf(to)];
  const way = `From ${from.system} to ${to.system}`;
  switch (rule.kind) {
    case "always":
      return `${way}: every ${a} without a counterpart gets a new ${b}.`;
    case "when":
      return `${way}: ${uncapitalized(condition(rule))}, ${withArticle(a)} without a counterpart gets a new ${b}. ${rule.reason}`;
    case "whenReferenced":
      return `${way}: ${withArticle(a)} without a counterpart gets a new ${b} once ${referrers(rule.by, from.system)} refers to it.`;
    case "never":
      return `${way}: no ${b} is created.`;
  }
}

export const onceSentence = (from: NamedType, to: NamedType): string =>
  `Once ${withArticle(nameOf(from))} and ${withArticle(nameOf(to))} are linked, they are kept in sync, wherever either of them is edited.`;

/** What happens to the other record, in words and as the site's setting calls it (R9). */
export function deleteSentence(policy: DeletePolicy, customcrm: NamedType, exact: NamedType): string {
  const edited = "if it was edited since they last agreed, it always stays";
  const what = {
    DETACH: "the link is cut and the other one stays",
    ARCHIVE: `a ${nameOf(customcrm)} that stays is let be, and ${withArticle(nameOf(exact))} that stays is given an end date; ${edited}`,
    PROPAGATE: `the other one is deleted, too; ${edited}`,
  } as const;
  return `When one of the two is deleted (${policy}): ${what[policy]}.`;
}

export const externalIdSentence = (property: string, customcrm: NamedType, exact: NamedType): string =>
  `The ID of the ${nameOf(exact)} is kept in the ${property} of the ${nameOf(customcrm)}.`;

const condition = ({ filter }: Extract<NamedRule, { kind: "when" }>): string =>
  filter === null ? "On a condition" : `If its ${filter.field} is ${JSON.stringify(filter.equals)}`;
const referrers = (types: readonly string[], system: string): string => types.map((type) => withArticle(`${system} ${type}`)).join(" or ");
const uncapitalized = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);
