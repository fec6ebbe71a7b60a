import type { Dataflow } from "../domain/dataflow.js";
import type { Entity, MatchCandidate, Review } from "../domain/entity.js";
import { type IsoTime, otherSystem, type System } from "../domain/words.js";
import { labelOf, sideOf } from "./decide/label.js";
import { matchKeyOf, matchKeysOf } from "./index-entry.js";

export type MatchDecision =
  | { readonly kind: "none" }
  | { readonly kind: "link"; readonly with: string; readonly matchedOn: readonly string[] }
  | {
      readonly kind: "review";
      readonly problem: "AMBIGUOUS_MATCH" | "KEYS_DISAGREE";
      readonly candidates: readonly MatchCandidate[];
      readonly review: Review;
    }
  /** A person answered the REVIEW, and no key has changed since. */
  | { readonly kind: "answered"; readonly answer: NonNullable<Review["answer"]> }
  /** It fits, but a create of its own is under way there: what that comes to must be known first (R8). */
  | { readonly kind: "wait"; readonly for: string; readonly until: IsoTime | null };

export interface MatchInput {
  readonly flow: Dataflow;
  /** An entity with a record on one side only. */
  readonly subject: Entity;
  /**
   * Everybody who has a say: those of the other side that carry one of the subject's keys, those of the subject's side that
   * carry one of theirs, and the entities that a standing REVIEW of any of them names (`reachOf` gives keys and ids).
   */
  readonly pool: readonly Entity[];
}

/** What to look up so that a pool is complete: once for the subject, then once for each entity that this finds. */
export function reachOf(flow: Dataflow, entity: Entity): { readonly keys: readonly string[]; readonly ids: readonly string[] } {
  const side = sideOf(entity);
  return {
    keys: side ? matchKeysOf(flow, otherSystem(side), entity.fields) : [],
    ids: Object.keys(entity.review?.keys ?? {}).filter((id) => id !== entity.id),
  };
}

/**
 * Which record of the other side is the same thing (R6). The first alternative that names anybody decides; it links only when
 * it and all later ones name nobody else, seen from either side. Everything else that fits is for a person. Never guesses,
 * and answers alike from both sides.
 */
export function decideMatch(input: MatchInput): MatchDecision {
  const { subject } = input;
  const mine = namedBy(subject, input);
  if (stands(subject, input)) {
    const answer = subject.review?.answer;
    return answer ? { kind: "answered", answer } : review(input, problemOf(subject), mine);
  }

  const first = mine[0];
  const candidate = first?.entities[0];
  if (!first || !candidate) return { kind: "none" };
  const theirs = namedBy(candidate, input);
  if (first.entities.length > 1 || (theirs[0]?.entities.length ?? 0) > 1) return review(input, "AMBIGUOUS_MATCH", mine);
  if (namesOthers(mine, candidate) || namesOthers(theirs, subject)) return review(input, "KEYS_DISAGREE", mine);
  // A person cut or deleted something here once, or has yet to answer: only a person goes on from there.
  if ([subject, candidate].some((one) => one.state === "DETACHED") || stands(candidate, input)) return review(input, "AMBIGUOUS_MATCH", mine);

  const busy = [subject, candidate].find((one) => one.intents.some((intent) => intent.operation === "CREATE" && intent.sentAt !== null && !intent.givenUpAt));
  if (busy) return { kind: "wait", for: busy.id, until: busy.nextActionAt };
  return { kind: "link", with: candidate.id, matchedOn: first.fields };
}

interface Named {
  readonly fields: readonly string[];
  readonly entities: readonly Entity[];
}

/** Whom an entity's alternatives name, in their order; those that name nobody are left out. */
function namedBy(entity: Entity, { flow, subject, pool }: MatchInput): readonly Named[] {
  const side = sideOf(entity);
  if (!side) return [];
  const others = [...new Map([subject, ...pool].map((one) => [one.id, one])).values()].filter(
    (one) => sideOf(one) === otherSystem(side) && one.type === entity.type && !areCut(one, entity),
  );
  return flow.match.flatMap((fields, alternative) => {
    const key = matchKeyOf(flow, otherSystem(side), entity.fields, alternative);
    const entities = others.filter((one) => key !== null && matchKeyOf(flow, otherSystem(side), one.fields, alternative) === key);
    return entities.length > 0 ? [{ fields, entities }] : [];
  });
}

const namesOthers = (named: readonly Named[], only: Entity): boolean => named.some((one) => one.entities.some((entity) => entity.id !== only.id));

/** A person cut these two apart: never proposed again. */
function areCut(a: Entity, b: Entity): boolean {
  const cut = (one: Entity, other: Entity, system: System) => other.records[system] !== null && one.cutFrom.includes(other.records[system] ?? "");
  return cut(a, b, "EXACT") || cut(b, a, "EXACT");
}

/**
 * A REVIEW ends by a person or by a changed key value, never by elimination: while everybody involved carries the keys that
 * it rests on, it stands. Somebody who is gone or linked meanwhile has changed no key.
 */
function stands(entity: Entity, { flow, subject, pool }: MatchInput): boolean {
  if (!entity.review) return false;
  return Object.entries(entity.review.keys).every(([id, keys]) => {
    const now = id === subject.id ? subject : id === entity.id ? entity : pool.find((one) => one.id === id);
    const side = now ? sideOf(now) : null;
    return !now || !side || matchKeysOf(flow, side, now.fields).join("\n") === keys.join("\n");
  });
}

const problemOf = (entity: Entity) => (entity.problem?.code === "KEYS_DISAGREE" ? "KEYS_DISAGREE" : "AMBIGUOUS_MATCH");

function review(input: MatchInput, problem: "AMBIGUOUS_MATCH" | "KEYS_DISAGREE", mine: readonly Named[]): MatchDecision {
  const { flow, subject } = input;
  const candidates = [...new Map(mine.flatMap((one) => one.entities).map((entity) => [entity.id, entity])).values()];
  const rivals = candidates.flatMap((one) => namedBy(one, input).flatMap((named) => named.entities));
  const involved = new Map([subject, ...candidates, ...rivals].map((entity) => [entity.id, entity]));
  const keys = Object.fromEntries([...involved.values()].map((entity) => [entity.id, matchKeysOf(flow, sideOf(entity) ?? "EXACT", entity.fields)]));
  return {
    kind: "review",
    problem,
    candidates: candidates.map((entity) => candidateOf(entity, mine)),
    review: { keys: { ...eliminated(input), ...keys }, answer: null },
  };
}

/** Who was involved and is no longer there to choose stays on record, so that the REVIEW does not end for want of them. */
function eliminated({ subject, pool }: MatchInput): Review["keys"] {
  const gone = Object.entries(subject.review?.keys ?? {}).filter(([id]) => !pool.some((one) => one.id === id && sideOf(one)));
  return Object.fromEntries(gone);
}

function candidateOf(entity: Entity, mine: readonly Named[]): MatchCandidate {
  const system = sideOf(entity) ?? "EXACT";
  const matchedOn = mine.filter((one) => one.entities.includes(entity)).flatMap((one) => one.fields);
  return { system, recordId: entity.records[system] ?? "", entityId: entity.id, label: labelOf(entity.fields), matchedOn: [...new Set(matchedOn)] };
}
