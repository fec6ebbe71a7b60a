import type { CanonicalValue, Fields } from "../domain/canonical.js";
import { type ChangeSource, type ConflictPolicy, type Direction, otherSystem, type System, systems } from "../domain/words.js";
import { differing, equal, same } from "./decide/units.js";

/** One side of one unit: what it shows, and what it showed when both sides last agreed. References are entity ids. */
export interface MergeSide {
  readonly value: Fields;
  /** null: unknown, and never made up (R4). */
  readonly base: Fields | null;
  /** When the side was changed; null when a write of ours moved its time since the base, so that it tells no order (R3). */
  readonly at: number | null;
  /** The value is a write of ours that landed late: nobody's edit, to be put right (R8). */
  readonly late: boolean;
  /** A write was ignored (R5): what came back instead, and what it was made from, both sides never agreed on. */
  readonly unagreed?: boolean;
  /** Fields in which a mutation's value stood here, and no longer does: what shows there was entered after it, whatever the clocks say. */
  readonly replaced?: readonly string[];
}

export interface MergeInput {
  readonly sides: { readonly [S in System]: MergeSide };
  readonly direction: Direction;
  readonly policy: ConflictPolicy;
  readonly toleranceMs: number;
  /**
   * What a mutation asks for; it may name only some of the unit's fields. `seen`: by field, the values that it was to replace, as far
   * as that is known: any other was entered since, and its author knows nothing of it.
   */
  readonly wanted: Wanted | null;
  /** A person linked the two and said whose values stand where the base is unknown. */
  readonly prefer: System | null;
}

export interface Seen {
  readonly [field: string]: readonly CanonicalValue[];
}

interface Wanted {
  readonly set: Fields;
  readonly at: number;
  readonly seen?: Seen;
}

export interface Merged {
  /** What both sides shall hold; null: nothing says so, each keeps its own. */
  readonly winner: Fields | null;
  /** Where the winner comes from; null where nobody won over anybody. */
  readonly from: ChangeSource | null;
  /** The sides that do not hold it yet. */
  readonly write: readonly System[];
  /** Values that somebody entered and that the winner replaces: for the history (I4). */
  readonly lost: readonly { readonly from: ChangeSource; readonly value: Fields }[];
  /** The policy that decided between two values; null where there was nothing to decide. */
  readonly decidedBy: ConflictPolicy | null;
  /** The policy leaves it to a person. */
  readonly conflict: boolean;
  /** The mutation lost against a newer edit. */
  readonly overtaken: boolean;
}

const nothing: Merged = { winner: null, from: null, write: [], lost: [], decidedBy: null, conflict: false, overtaken: false };

/** The three-way merge of one unit (R3, R4, R8), with a mutation as a third source. Pure. */
export function mergeUnit(input: MergeInput): Merged {
  const merged = mergeSides(input);
  return input.wanted ? withMutation(merged, input, input.wanted) : merged;
}

function mergeSides(input: MergeInput): Merged {
  const { CUSTOMCRM: c, EXACT: e } = input.sides;
  // Changed alike, an echo, or never apart: agreed.
  if (same(c.value, e.value)) return { ...nothing, winner: c.value };
  // Our own late write is no edit: the other side's value is put there again.
  if (c.late !== e.late) return won(input, c.late ? "EXACT" : "CUSTOMCRM", null);
  if (input.direction !== "BOTH") return oneWay(input);
  if (!c.base || !e.base) return firstAgreement(input);

  const changed = { CUSTOMCRM: hasChanged(c), EXACT: hasChanged(e) };
  if ((changed.CUSTOMCRM && changed.EXACT) || (c.late && e.late)) return byPolicy(input);
  if (changed.CUSTOMCRM) return won(input, "CUSTOMCRM", null);
  if (changed.EXACT) return won(input, "EXACT", null);
  // They differ, and did so when they were last settled: what a system ignored stays as it is until somebody changes it (R5).
  return nothing;
}

/** Only the source's changes travel. What is edited at the target stays there until the source changes again. */
function oneWay(input: MergeInput): Merged {
  const source: System = input.direction === "TO_EXACT" ? "CUSTOMCRM" : "EXACT";
  const from = input.sides[source];
  const to = input.sides[otherSystem(source)];
  if (!from.base || !to.base) return isWithin(from.value, to.value) ? { ...nothing, winner: to.value } : won(input, source, null);
  if (!hasChanged(from)) return { ...nothing, winner: from.value };
  return won(input, source, hasChanged(to) ? policyOf(source) : null);
}

/** The base is unknown: a value beats no value, two values are decided by policy (R4). */
function firstAgreement(input: MergeInput): Merged {
  const { CUSTOMCRM: c, EXACT: e } = input.sides;
  if (isWithin(c.value, e.value)) return won(input, "EXACT", null);
  if (isWithin(e.value, c.value)) return won(input, "CUSTOMCRM", null);
  return input.prefer ? won(input, input.prefer, policyOf(input.prefer)) : byPolicy(input);
}

/** Two values against each other. */
function byPolicy(input: MergeInput): Merged {
  const { CUSTOMCRM: c, EXACT: e } = input.sides;
  if (input.policy === "MANUAL") return { ...nothing, winner: c.base ?? c.value, conflict: true };
  if (input.policy !== "NEWEST") return won(input, input.policy, input.policy);
  // Clocks are trusted only beyond their tolerance, and only where no write of ours moved them.
  const isOrdered = c.at !== null && e.at !== null && Math.abs(c.at - e.at) > input.toleranceMs;
  if (!isOrdered) return won(input, "CUSTOMCRM", "CUSTOMCRM");
  return won(input, (c.at ?? 0) > (e.at ?? 0) ? "CUSTOMCRM" : "EXACT", "NEWEST");
}

function won(input: MergeInput, from: System, decidedBy: ConflictPolicy | null): Merged {
  const loser = otherSystem(from);
  const winner = input.sides[from].value;
  return {
    ...nothing,
    winner,
    from,
    write: [loser],
    lost: isLoss(input, loser, winner) ? [{ from: loser, value: input.sides[loser].value }] : [],
    decidedBy,
  };
}

/** A mutation is the newest edit of its fields, unless a side shows one that is newer still; the unit's other fields merge as without it. */
function withMutation(merged: Merged, input: MergeInput, wanted: Wanted): Merged {
  const replacedOn = input.direction === "BOTH" ? systems.filter((system) => isReplaced(input.sides[system], wanted)) : [];
  const [first] = replacedOn;
  if (first && replacedOn.length === 1 && isKnownTo(wanted, input.sides[otherSystem(first)])) return overtakenOn(first, input, wanted);
  if (replacedOn.length > 0 || systems.some((system) => isNewerThan(input.sides[system], wanted, input.toleranceMs))) {
    return { ...merged, lost: [...merged.lost, { from: "GATEWAY", value: wanted.set }], decidedBy: merged.decidedBy ?? "NEWEST", overtaken: true };
  }
  const winner = { ...(merged.winner ?? input.sides.CUSTOMCRM.value), ...wanted.set };
  const write = systems.filter((system) => !same(input.sides[system].value, winner));
  const isUnseen = (system: System) => hasUnseen(input.sides[system].value, wanted);
  const isSaid = (system: System) => system === "EXACT" && isUnseen("CUSTOMCRM") && same(input.sides.CUSTOMCRM.value, input.sides.EXACT.value);
  const lost = write
    .filter((system) => isLoss(input, system, winner) || (isUnseen(system) && !isSaid(system)))
    .map((system) => ({ from: system, value: input.sides[system].value }));
  return { ...nothing, winner, from: "GATEWAY", write, lost, decidedBy: lost.length > 0 ? "NEWEST" : null };
}

/** Whoever entered what shows there saw the mutation's value, and that one's author what the other side shows. */
function overtakenOn(system: System, input: MergeInput, wanted: Wanted): Merged {
  const merged = won(input, system, "NEWEST");
  return { ...merged, lost: [...merged.lost, { from: "GATEWAY", value: wanted.set }], overtaken: true };
}

const isReplaced = ({ late, replaced = [] }: MergeSide, { set }: Wanted): boolean => !late && replaced.some((field) => field in set);

/** The side shows nothing that the mutation's author did not know of, nor an edit beside what the mutation sets. */
const isKnownTo = (wanted: Wanted, { value, base }: MergeSide): boolean =>
  !hasUnseen(value, wanted) && (base === null || differing(base, value).every((field) => field in wanted.set));

/** A value that both sides may agree on, and that the mutation's author did not know of (I4). */
const hasUnseen = (value: Fields, { set, seen }: Wanted): boolean =>
  Object.entries(seen ?? {}).some(([field, known]) => (value[field] ?? null) !== null && ![...known, set[field]].some((one) => equal(one, value[field])));

/** An edit made on a side after the mutation came, of a field that the mutation sets. */
function isNewerThan(side: MergeSide, wanted: { set: Fields; at: number }, toleranceMs: number): boolean {
  if (side.late || side.at === null || side.at <= wanted.at + toleranceMs) return false;
  return differing(wanted.set, side.value).some(
    (field) => field in wanted.set && side.base !== null && (side.base[field] ?? null) !== (side.value[field] ?? null),
  );
}

const hasChanged = (side: MergeSide): boolean => side.base !== null && !side.late && !same(side.value, side.base);

/** Something would be gone that both sides did not agree on. No value is no loss where the base is unknown. */
function isLoss({ sides }: MergeInput, system: System, winner: Fields): boolean {
  const { value, base, late, unagreed } = sides[system];
  if (late) return true;
  if (unagreed) return !isWithin(value, winner);
  return base && sides[otherSystem(system)].base ? !same(value, base) : !isWithin(value, winner);
}

/** All that the one says, the other says too. */
const isWithin = (less: Fields, more: Fields): boolean => Object.keys(less).every((field) => (less[field] ?? null) === null || less[field] === more[field]);

const policyOf = (system: System): ConflictPolicy => system;
