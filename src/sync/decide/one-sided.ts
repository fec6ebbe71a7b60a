import type { Entity, Review } from "../../domain/entity.js";
import { limits } from "../../domain/limits.js";
import { isoTime, type LinkState, otherSystem, type System } from "../../domain/words.js";
import { reviewProblem } from "../links.js";
import type { MatchDecision } from "../match.js";
import { reviewedWith } from "../reviewing.js";
import { type Alone, lookAlone, planMutationAlone } from "./alone.js";
import { contentOf, isAskedFor } from "./creation.js";
import { type Draft, planOf } from "./draft.js";
import { externalIdRefusals } from "./extras.js";
import { standing } from "./frozen.js";
import { nameOfFields, titleOf } from "./label.js";
import type { Observation, Plan, Present } from "./observation.js";
import type { Obstacle } from "./obstacles.js";
import { blockOn, isAnonymised, pausedFor, refusalObstacle, refusalsOf } from "./obstacles.js";
import { ambiguousOn, explain } from "./own-writes.js";

/**
 * What an entity with a record on one side needs: nothing, a link, a person's choice, or a record on the other side. The
 * ladder runs before every create (R6), and each rung says why it stops there.
 */
export function planOneSided(observation: Observation, system: System, sighting: Present): Plan {
  const { entity, match, hold } = observation;
  const own = explain(observation);
  const alone = lookAlone(observation, own, system, sighting);
  const target = otherSystem(system);

  const mutation = planMutationAlone(alone);
  if (mutation) {
    const { wake, ...kept } = standingReview(observation);
    return { ...mutation, next: { ...mutation.next, ...kept }, wake: [...mutation.wake, ...wake] };
  }
  if (entity.state === "DETACHED") return stop(alone, { kind: "NONE", state: "DETACHED", obstacle: standing(entity.problem) });
  // A create of ours may have made it already.
  const lost = ambiguousOn(own.intents, target);
  if (lost) return stop(alone, { kind: "WAIT", state: "PENDING", obstacle: blockOn(observation, own.intents, target) });
  if (hold) return stop(alone, { kind: "WAIT", state: "WAITING", obstacle: heldBack(observation, hold.reason, hold.until) });

  if (match.kind === "review") return reviewed(alone, match);
  if (match.kind === "wait")
    return stop(alone, { kind: "WAIT", state: "WAITING", obstacle: heldBack(observation, "The record that fits it is being created elsewhere.", match.until) });
  if (match.kind === "link") {
    const reason = `Exactly one record fits, by ${match.matchedOn.join(" and ")}.`;
    return planOf(observation, {
      ...base(alone),
      kind: "LINK",
      state: "UNLINKED",
      obstacle: null,
      reason,
      link: { with: match.with, matchedOn: match.matchedOn },
    });
  }
  const answer = match.kind === "answered" ? match.answer : null;
  if (answer === "LEAVE_ALONE") return stop(alone, { kind: "NONE", state: "UNLINKED", obstacle: null }, "A person said to leave it alone.");
  return created(alone, target, answer === "CREATE_NEW" || entity.wanted?.kind === "CREATE");
}

/** The last rungs: rule, content, references, earlier refusal, pause, and then the create itself. */
function created(alone: Alone, target: System, isForced: boolean): Plan {
  const { observation, values, sighting, own } = alone;
  const { entity, flow } = observation;
  if (isAnonymised(sighting.record))
    return stop(alone, { kind: "NONE", state: "UNLINKED", obstacle: null }, "It was anonymised in Exact Online: there is nothing to copy.");
  const rule = isAskedFor(observation, target, values);
  if (!isForced && !rule.asked) return stop(alone, { kind: "NONE", state: stateOf(alone.stuck), obstacle: alone.stuck }, rule.why);

  const content = contentOf(observation, target, values);
  const refusals = refusalsOf(flow, entity, target, "CREATE", content.fields);
  const failing = [...content.failing, ...refusals.map(refusalObstacle)][0];
  if (failing) return stop(alone, { kind: "NONE", state: "FAILED", obstacle: failing });
  const waiting = content.waiting[0];
  if (waiting) return stop(alone, { kind: "WAIT", state: "WAITING", obstacle: waiting });
  const held = pausedFor(observation, entity.wanted?.kind === "CREATE") ?? blockOn(observation, own.intents, target);
  if (held) return stop(alone, { kind: "WAIT", state: "PENDING", obstacle: held });

  const changes = Object.keys(content.fields).map((field) => ({
    field,
    before: null,
    after: alone.values[field] ?? null,
    lost: null,
    lostFrom: null,
    decidedBy: null,
  }));
  return planOf(observation, {
    ...base(alone),
    kind: "CREATE",
    state: "PENDING",
    obstacle: null,
    reason: `${titleOf(target)} gets a new record for ${nameOfFields(values)}. ${isForced ? "It was asked for." : rule.why}`,
    writes: [{ system: target, operation: "CREATE", recordId: null, fields: content.fields, source: sighting.fields, over: {}, extra: content.extra }],
    told: [...alone.told, ...changes.map((change) => ({ kind: "CREATED" as const, source: alone.system, change, isTold: true }))],
  });
}

const stateOf = (stuck: Obstacle | null): LinkState => (stuck === null ? "UNLINKED" : stuck.code === "WAITING_FOR_REFERENCE" ? "WAITING" : "FAILED");

/** What all of these plans have in common; a REVIEW that has ended is forgotten, unless a person's answer stands. */
function base(alone: Alone): Pick<Draft, "next" | "told" | "wake"> {
  const { entity, match, flow } = alone.observation;
  const review: Review | null = match.kind === "answered" ? (entity.review ?? null) : null;
  const wake = review ? [] : reviewedWith(entity);
  return { next: { ...alone.next, candidates: [], review, refused: externalIdRefusals(flow, entity) }, told: alone.told, wake };
}

function stop(alone: Alone, outcome: { kind: Draft["kind"]; state: LinkState; obstacle: Obstacle | null }, reason?: string): Plan {
  const { observation } = alone;
  const common = base(alone);
  const isStanding = outcome.state === "DETACHED" || outcome.kind === "WAIT";
  const { wake, ...review } = standingReview(observation);
  const kept: Partial<Entity> = { refused: observation.entity.refused ?? [], ...(isStanding ? review : {}) };
  return planOf(observation, {
    ...common,
    ...outcome,
    wake: isStanding ? wake : (common.wake ?? []),
    reason: reason ?? outcome.obstacle?.message ?? "Left alone until a person says otherwise.",
    next: { ...common.next, ...kept },
  });
}

/**
 * The REVIEW of an entity that something else holds up, as it is by now: on the keys that those involved have today, or ended. One
 * that rested on older keys would be woken by whoever carries others, again and again.
 */
function standingReview({ entity, match }: Observation): Required<Pick<Entity, "candidates" | "review">> & Pick<Plan, "wake"> {
  const { candidates, review = null } = entity;
  if (match.kind === "review") return { candidates: match.candidates, review: match.review, wake: newlyInvolved(entity, match.review) };
  if (match.kind === "answered") return { candidates, review, wake: [] };
  return { candidates: [], review: null, wake: reviewedWith(entity) };
}

/** Those who must see it too. */
function newlyInvolved(entity: Entity, { keys }: Review): readonly string[] {
  const known = new Set([entity.id, ...reviewedWith(entity)]);
  return Object.keys(keys).filter((one) => !known.has(one));
}

function reviewed(alone: Alone, match: Extract<MatchDecision, { kind: "review" }>): Plan {
  const { observation } = alone;
  const { entity, now } = observation;
  const { code, message, system, field } = reviewProblem(match.problem, match.candidates, isoTime(now));
  return planOf(observation, {
    ...base(alone),
    kind: "REVIEW",
    state: "REVIEW",
    obstacle: { code, message, system, field, until: null },
    reason: message,
    next: { ...base(alone).next, candidates: match.candidates, review: match.review },
    wake: newlyInvolved(entity, match.review),
  });
}

/** Where the one that holds it up has no next look to come, it is being looked at just now, and nobody tells this one when that is over. */
const heldBack = ({ now }: Observation, message: string, until: Obstacle["until"]): Obstacle => ({
  code: "HELD_BY_OPEN_CREATE",
  message,
  system: null,
  field: null,
  until: until !== null && Date.parse(until) > now ? until : isoTime(now + limits.sync.heldMs),
});
