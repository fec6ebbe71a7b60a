import { isDeepStrictEqual } from "node:util";
import type { Fields } from "../../domain/canonical.js";
import { propertyOf } from "../../domain/dataflow.js";
import type { Entity, HistoryKind } from "../../domain/entity.js";
import type { Properties } from "../../domain/record.js";
import { isoTime, otherSystem, type System } from "../../domain/words.js";
import { type Alone, lookAlone } from "./alone.js";
import { askedOf } from "./asked.js";
import { type Draft, planOf, type Told } from "./draft.js";
import { nameOfFields, titleOf } from "./label.js";
import type { Observation, Plan, PlannedWrite, Sighting } from "./observation.js";
import type { Obstacle } from "./obstacles.js";
import { blockOn, pausedFor, refusalObstacle, refusalsOf } from "./obstacles.js";
import { ambiguousOn, explain } from "./own-writes.js";
import { equal } from "./units.js";

type Gone = Extract<Sighting, { kind: "gone" }>;

/** What remains when a record is believed gone (R9): merged away, edited since, or the dataflow's policy. */
export function planGone(seen: Observation, goneFrom: System, gone: Gone): Plan {
  const survivorOn = otherSystem(goneFrom);
  const survivor = seen.sides[survivorOn];
  const own = explain(seen);
  // A create of ours may have made the other one: left alone, that would be taken for new, and copied back to where it was deleted.
  const lost = survivor.kind === "none" && ambiguousOn(own.intents, survivorOn) ? blockOn(seen, own.intents, survivorOn) : null;
  if (lost) return planOf(seen, { kind: "WAIT", reason: lost.message, state: "PENDING", obstacle: lost, next: { intents: own.intents } });
  if (survivor.kind !== "present") return planEnded(seen, goneFrom);

  const observation = afterCreate(seen);
  const alone = lookAlone(observation, own, survivorOn, survivor);
  // A guard holds deletions back as well: a person looks at them first (R10).
  const paused = pausedFor(observation, false);
  if (paused) return planOf(observation, { kind: "WAIT", reason: paused.message, state: "PENDING", obstacle: paused, next: {} });
  const where = titleOf(goneFrom);
  if (gone.mergedInto) {
    const message = `In ${where} it was merged into ${gone.mergedInto.label} (${gone.mergedInto.recordId}). Nothing was deleted here; link it, or delete it, by hand.`;
    return detached(alone, goneFrom, "DETACHED", { code: "MERGED_AWAY", message });
  }
  if (isEditedSince(observation, goneFrom, own.shadows[survivorOn], survivor.fields)) {
    const message = `It was deleted in ${where}, but edited in ${titleOf(survivorOn)} since both last agreed: the edit is kept. retry creates it anew, delete removes it here too.`;
    return detached(alone, goneFrom, "DETACHED", { code: "EDITED_SINCE_DELETION", message });
  }
  switch (observation.flow.onDelete) {
    case "PROPAGATE":
      return propagated(alone, goneFrom);
    case "ARCHIVE":
      return survivorOn === "EXACT" ? archived(alone, goneFrom, gone) : detached(alone, goneFrom, "DETACHED", deletedElsewhere(goneFrom));
    case "DETACH":
      return detached(alone, goneFrom, "DETACHED", deletedElsewhere(goneFrom));
  }
}

/** What a mutation was to create was on both sides: what later ones have added to it is asked of the record that is left. */
const afterCreate = (seen: Observation): Observation =>
  seen.entity.wanted?.kind === "CREATE" ? { ...seen, entity: { ...seen.entity, wanted: askedOf(seen.entity) } } : seen;

/** Both records are gone, or the only one was. */
export function planEnded(observation: Observation, by: System | "GATEWAY"): Plan {
  return planOf(observation, {
    kind: "NONE",
    reason: "It has no record on either side any more.",
    state: "DETACHED",
    obstacle: { code: "DELETED_ELSEWHERE", message: "It was deleted, on every side that had it.", system: null, field: null, until: null },
    told: [{ kind: "DELETED", source: by, change: null, isTold: false }],
    next: { ...cleared, records: { CUSTOMCRM: null, EXACT: null }, wanted: null },
    ended: true,
  });
}

/** The survivor is left alone until a person says otherwise: the sync would create its partner again else. */
export function detached(alone: Alone, goneFrom: System, kind: HistoryKind, problem: Pick<Obstacle, "code" | "message">): Plan {
  const { observation, next, write, held } = alone;
  const { entity, now } = observation;
  // What a mutation asks for is written to the record that is left, and that is a look of its own.
  const until = write ? isoTime(now) : (held?.until ?? null);
  return planOf(observation, {
    kind: "DETACH",
    reason: problem.message,
    state: "DETACHED",
    obstacle: { ...problem, system: goneFrom, field: null, until },
    told: [...alone.told, { kind, source: goneFrom, change: null, isTold: false }],
    next: {
      ...next,
      ...cleared,
      records: { ...entity.records, [goneFrom]: null },
      intents: (next.intents ?? []).filter((intent) => intent.system !== goneFrom),
    },
  });
}

const cleared: Partial<Entity> = {
  shadows: { CUSTOMCRM: null, EXACT: null },
  intents: [],
  conflicts: [],
  ignored: [],
  candidates: [],
  review: null,
  refused: [],
  overruled: [],
  timeUnknown: [],
  externalIdOwed: false,
  origin: null,
  linkedAt: null,
  formerExactEntityId: null,
};

/**
 * What both sides are not known to have agreed on counts as edited: it stands nowhere else. So does what one of them kept instead
 * of what it was sent (a person may have entered that just then), and what a mutation asks for.
 */
function isEditedSince({ flow, entity }: Observation, goneFrom: System, shadow: Fields | null, now: Fields): boolean {
  if (entity.wanted?.kind === "UPDATE") return true;
  const standsAlone = ({ system, field, source, returned }: Entity["ignored"][number]) =>
    source !== null && (system === goneFrom || (returned !== null && equal(returned, now[field])));
  if (entity.ignored.some(standsAlone)) return true;
  return flow.rows.some(({ field }) => !equal(shadow?.[field], now[field]));
}

const deletedElsewhere = (goneFrom: System): Pick<Obstacle, "code" | "message"> => ({
  code: "DELETED_ELSEWHERE",
  message: `It was deleted in ${titleOf(goneFrom)}. It is left alone here; retry creates it anew there, delete removes it here too.`,
});

function propagated(alone: Alone, goneFrom: System): Plan {
  const { observation, system, values } = alone;
  const refusal = refusalsOf(observation.flow, observation.entity, system, "DELETE", {})[0];
  if (refusal) return detached(alone, goneFrom, "REFUSED", refusalObstacle(refusal));
  const write: PlannedWrite = { ...nothingBut(alone), operation: "DELETE", ...heldBy(alone) };
  return writing(alone, write, {
    kind: "DELETE",
    reason: `It was deleted in ${titleOf(goneFrom)}: ${nameOfFields(values)} is deleted in ${titleOf(system)} too.`,
    told: [...alone.told, ...farewell(alone, goneFrom, write)],
  });
}

/** All that the record holds, also what no row of the dataflow names. */
function heldBy({ observation, system, sighting }: Alone): { readonly over: Fields; readonly extraOver: Properties } {
  const mapped = new Set(observation.flow.rows.map((row) => propertyOf(row, system)));
  return { over: sighting.fields, extraOver: Object.fromEntries(Object.entries(sighting.record.properties).filter(([name]) => !mapped.has(name))) };
}

/** For the history, once, and again if the record has changed before it was deleted: what it held stands nowhere else then (I4). */
function farewell({ observation, system, values }: Alone, goneFrom: System, { over, extraOver = {} }: PlannedWrite): readonly Told[] {
  const { flow, entity } = observation;
  const isTold = entity.intents.some(
    (intent) =>
      intent.operation === "DELETE" &&
      intent.system === system &&
      isDeepStrictEqual([{ ...intent.over }, { ...intent.extraOver }], [{ ...over }, { ...extraOver }]),
  );
  const held = [...flow.rows.map(({ field }) => [field, values[field] ?? null] as const), ...Object.entries(extraOver)];
  return held
    .filter(([, value]) => value !== null && value !== "")
    .map(([field, value]) => {
      const lost = String(value);
      return { kind: "DELETED", source: goneFrom, change: { field, before: lost, after: null, lost, lostFrom: system, decidedBy: null }, isTold };
    });
}

/** Exact's safe counterpart of a deletion elsewhere: records in use there can't be deleted, but can end. */
function archived(alone: Alone, goneFrom: System, gone: Gone): Plan {
  const { observation, sighting } = alone;
  const { entity, flow, now } = observation;
  if ((sighting.record.properties.EndDate ?? null) !== null) return detached(alone, goneFrom, "ARCHIVED", endedInExact(goneFrom));
  const refusal = refusalsOf(flow, entity, "EXACT", "UPDATE", {}).find((one) => one.fields.length === 0);
  if (refusal) return detached(alone, goneFrom, "REFUSED", refusalObstacle(refusal));
  if (entity.ignored.some((one) => one.field === "EndDate")) {
    return detached(alone, goneFrom, "REFUSED", { code: "IGNORED_BY_SYSTEM", message: "Exact Online did not take the end date. End it there by hand." });
  }
  const date = (gone.at ?? isoTime(now)).slice(0, 10);
  return writing(
    alone,
    { ...nothingBut(alone), extra: { EndDate: date } },
    { kind: "ARCHIVE", reason: `It was deleted in ${titleOf(goneFrom)}: it ends in Exact Online on ${date}.` },
  );
}

const endedInExact = (goneFrom: System): Pick<Obstacle, "code" | "message"> => ({
  code: "DELETED_ELSEWHERE",
  message: `It was deleted in ${titleOf(goneFrom)} and ended in Exact Online. retry creates it anew there.`,
});

const nothingBut = ({ observation, system }: Alone): PlannedWrite => ({
  system,
  operation: "UPDATE",
  recordId: observation.entity.records[system],
  fields: {},
  source: {},
  over: {},
  extra: {},
});

function writing(alone: Alone, write: PlannedWrite, say: Pick<Draft, "kind" | "reason" | "told">): Plan {
  const { observation, own } = alone;
  const next = { intents: own.intents, shadows: own.shadows };
  const block = blockOn(observation, own.intents, write.system);
  if (block) return planOf(observation, { kind: "WAIT", reason: block.message, state: "PENDING", obstacle: block, next });
  return planOf(observation, { ...say, state: "PENDING", obstacle: null, writes: [write], next });
}
