import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import type { Entity } from "../../domain/entity.js";
import type { System } from "../../domain/words.js";
import { askedOf } from "./asked.js";
import { changeOf } from "./consequences.js";
import { newestTime, planOf, storedFields, type Told, underWay } from "./draft.js";
import { heldFor, ownProperties } from "./extras.js";
import { currentIdentity, shown, toIdentity, toRecordValue } from "./identity.js";
import { titleOf } from "./label.js";
import type { Observation, Plan, PlannedWrite, Present } from "./observation.js";
import type { Obstacle } from "./obstacles.js";
import { blockOn, ignoredObstacle, isIgnored, pausedFor, refusalObstacle, refusalsOf, refusedUnsent } from "./obstacles.js";
import type { Explained } from "./own-writes.js";
import { differing, equal, pick } from "./units.js";
import { isReplaced, translationOf } from "./view.js";

/** One record by itself: what it shows, and what a mutation still has to write to it. */
export interface Alone {
  readonly observation: Observation;
  readonly system: System;
  readonly sighting: Present;
  readonly own: Explained;
  /** The record's values, references as entity ids, with what a mutation makes of them. */
  readonly values: Fields;
  readonly write: PlannedWrite | null;
  /** What holds that write back for a while, or what may still land. */
  readonly held: Obstacle | null;
  /** Why something that a mutation asks for can't be written as it is. */
  readonly stuck: Obstacle | null;
  readonly told: readonly Told[];
  /** What every plan for this record stores. */
  readonly next: Partial<Entity>;
}

/** The record is the truth where it stands alone; only a mutation changes it from here. */
export function lookAlone(observation: Observation, own: Explained, system: System, sighting: Present): Alone {
  const { entity, flow } = observation;
  const translation = translationOf(observation);
  const shows = toIdentity(translation, system, sighting.fields);
  const wanted = askedOf(entity);
  // What was entered where a mutation's value stood came after it, and stands.
  const replaced = flow.rows.filter((row) => isReplaced(observation, row, system, sighting.fields)).map((row) => row.field);
  const named = pick(
    currentIdentity(translation, wanted?.set ?? {}),
    flow.rows.map((row) => row.field).filter((field) => !replaced.includes(field)),
  );
  const asked = sendableAlone(observation, system, shows, named, sighting.fields);
  const set = pick(
    named,
    Object.keys(named).filter((field) => !asked.ignored.includes(field)),
  );
  const extra = system === "CUSTOMCRM" && wanted ? ownProperties(flow, entity, sighting.record) : {};
  const refusals = Object.keys(asked.fields).length > 0 ? refusalsOf(flow, entity, system, "UPDATE", asked.fields) : [];
  const fields = pick(
    asked.fields,
    Object.keys(asked.fields).filter((field) => !refusals.some((one) => one.fields.includes(field))),
  );
  const isOwed = Object.keys(fields).length + Object.keys(extra).length > 0;
  const block = blockOn(observation, own.intents, system);
  const held = isOwed || block?.code === "QUARANTINE" ? (block ?? pausedFor(observation, true)) : null;
  const over = pick(sighting.fields, Object.keys(fields));
  const extraOver = heldFor(sighting.record, extra);
  const write: PlannedWrite = { system, operation: "UPDATE", recordId: entity.records[system], fields, source: {}, over, extra, extraOver };
  const values = { ...shows, ...set };
  const unified = shown(translation, values);
  // Asked for before its counterpart was linked, it is written there as well: neither side's own value is newer (R4).
  const open = isOwed || asked.waiting.length > 0 || observation.match.kind === "link";
  return {
    observation,
    system,
    sighting,
    own,
    values,
    write: isOwed && !held ? write : null,
    held,
    stuck:
      [...refusals.map(refusalObstacle), ...asked.failing, ...asked.waiting, ...asked.ignored.map((field) => ignoredObstacle(flow, system, field))][0] ?? null,
    told: toldAlone(observation, system, shown(translation, shows), unified, fields, sighting.fields),
    next: {
      fields: unified,
      modifiedAt: newestTime(entity, sighting.record.modifiedAt),
      intents: own.intents,
      wanted: stillWanted(entity.wanted, open, replaced),
      shadows: { CUSTOMCRM: null, EXACT: null },
      conflicts: [],
      ignored: entity.ignored.filter((one) => one.system === system && equal(sighting.fields[one.field], one.returned)),
      overruled: Object.keys(fields).map((field) => ({ system, field, value: sighting.fields[field] ?? null })),
      timeUnknown: [],
      externalIdOwed: false,
    },
  };
}

/** What a mutation still asks for; a create goes on asking for all that it named. */
function stillWanted(wanted: Entity["wanted"], open: boolean, replaced: readonly string[]): Entity["wanted"] {
  if (wanted?.kind !== "UPDATE") return wanted;
  const names = Object.keys(wanted.set).filter((field) => !replaced.includes(field));
  return open ? { ...wanted, set: pick(wanted.set, names) } : null;
}

/** The plan while a mutation is being written to a record that stands alone; null when nothing of it is owed. */
export function planMutationAlone(alone: Alone): Plan | null {
  const { observation, write, held, told, next, system } = alone;
  const standing = underWay(observation.entity, held);
  if (held) return planOf(observation, { kind: "WAIT", reason: held.message, ...standing, next, told });
  if (!write) return null;
  const names = [...Object.keys(write.fields), ...Object.keys(write.extra)];
  const reason = `${titleOf(system)} gets ${names.join(", ")}: asked for through the gateway.`;
  return planOf(observation, { kind: "UPDATE", reason, ...standing, next, told, writes: [write] });
}

interface Asked {
  readonly fields: Fields;
  readonly failing: readonly Obstacle[];
  readonly waiting: readonly Obstacle[];
  /** Fields of which the system took this very value before and kept another (R5). */
  readonly ignored: readonly string[];
}

function sendableAlone(observation: Observation, system: System, shows: Fields, set: Fields, current: Fields): Asked {
  const fields: Record<string, CanonicalValue> = {};
  const failing: Obstacle[] = [];
  const waiting: Obstacle[] = [];
  const ignored: string[] = [];
  for (const row of observation.flow.rows) {
    if (!(row.field in set) || equal(set[row.field], shows[row.field])) continue;
    const translated = toRecordValue(translationOf(observation), row, system, set[row.field] ?? null);
    const refused = translated.ok ? refusedUnsent(observation.flow, row, system, translated.value) : null;
    if (!translated.ok) waiting.push({ code: translated.code, message: translated.message, system, field: row.field, until: null });
    else if (refused) failing.push(refused);
    else if (isIgnored(observation.entity, system, row.field, translated.value, current[row.field] ?? null)) ignored.push(row.field);
    else if (!equal(translated.value, current[row.field])) fields[row.field] = translated.value;
  }
  return { fields, failing, waiting, ignored };
}

function toldAlone(observation: Observation, system: System, shows: Fields, unified: Fields, due: Fields, current: Fields): readonly Told[] {
  const { entity } = observation;
  const before = storedFields(observation);
  const wasTold = (field: string) => (entity.overruled ?? []).some((one) => one.system === system && one.field === field && equal(one.value, current[field]));
  const lost = Object.keys(due).filter((field) => !equal(shows[field], before[field]) && !wasTold(field));
  return differing(before, unified)
    .concat(lost.filter((field) => equal(before[field], unified[field])))
    .map((field): Told => {
      const isAsked = !equal(shows[field], unified[field]);
      const change = changeOf(before, unified, field);
      return {
        kind: "UPDATED",
        source: isAsked ? "GATEWAY" : system,
        isTold: false,
        change: lost.includes(field) ? { ...change, lost: shows[field] ?? null, lostFrom: system, decidedBy: "NEWEST" } : change,
      };
    });
}
