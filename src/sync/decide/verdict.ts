import type { Fields } from "../../domain/canonical.js";
import type { System } from "../../domain/words.js";
import { type Merged, mergeUnit } from "../merge.js";
import { toRecordValue } from "./identity.js";
import type { Obstacle } from "./obstacles.js";
import { ignoredObstacle, isIgnored, refusedUnsent } from "./obstacles.js";
import { equal, pick, type Unit } from "./units.js";
import { type Decided, sideOfUnit, type View } from "./view.js";

/** A unit, merged, and what of it is to be sent. */
export interface Verdict extends Decided {
  /** A mutation asks for it, and no newer edit has overtaken that. */
  readonly isWanted: boolean;
  /** Per side, the values to send: only those that differ there (R5, I6). */
  readonly send: { readonly [S in System]: Fields };
  /** What keeps a value from being sent until somebody changes something. */
  readonly failing: readonly Obstacle[];
  /** What keeps a value from being sent until another entity has its counterpart (R7). */
  readonly waiting: readonly Obstacle[];
}

export function verdictOn(view: View, unit: Unit): Verdict {
  const { observation, wanted } = view;
  const names = unit.rows.map((row) => row.field);
  const set = pick(wanted?.set ?? {}, names);
  const isAsked = wanted !== null && Object.keys(set).length > 0;
  const merged = mergeUnit({
    sides: { CUSTOMCRM: sideOfUnit(view, unit, "CUSTOMCRM"), EXACT: sideOfUnit(view, unit, "EXACT") },
    direction: unit.direction,
    policy: unit.policy,
    toleranceMs: observation.settings.clockToleranceMs,
    wanted: isAsked ? { set, at: wanted.atOf(Object.keys(set)), seen: wanted.seenIn(Object.keys(set)) } : null,
    prefer: observation.prefer ?? null,
  });
  const [customcrm, exact] = [sendable(view, unit, merged, "CUSTOMCRM"), sendable(view, unit, merged, "EXACT")];
  return {
    unit,
    merged,
    isWanted: isAsked && !merged.overtaken,
    send: { CUSTOMCRM: customcrm.fields, EXACT: exact.fields },
    failing: [...customcrm.failing, ...exact.failing],
    waiting: [...customcrm.waiting, ...exact.waiting],
  };
}

interface Sendable {
  readonly fields: Fields;
  readonly failing: readonly Obstacle[];
  readonly waiting: readonly Obstacle[];
}

/** The values of a unit that a side does not hold and can be given. A unit goes whole or not at all; only what was ignored before is left out. */
function sendable(view: View, unit: Unit, merged: Merged, system: System): Sendable {
  const { observation, translation, present, shows, own } = view;
  const isDue = merged.write.includes(system) || (merged.winner !== null && unit.rows.some((row) => row.field in own.under[system]));
  const fields: Record<string, string | null> = {};
  const ignored: Obstacle[] = [];
  const failing: Obstacle[] = [];
  const waiting: Obstacle[] = [];
  for (const row of isDue ? unit.rows : []) {
    const value = merged.winner?.[row.field] ?? null;
    const current = present[system].fields[row.field] ?? null;
    if (equal(shows[system][row.field], value)) continue;
    const translated = toRecordValue(translation, row, system, value);
    const refused = translated.ok ? refusedUnsent(observation.flow, row, system, translated.value) : null;
    if (!translated.ok) waiting.push({ code: translated.code, message: translated.message, system, field: row.field, until: null });
    else if (equal(translated.value, current)) continue;
    else if (refused) failing.push(refused);
    else if (isIgnored(observation.entity, system, row.field, translated.value, current)) ignored.push(ignoredObstacle(observation.flow, system, row.field));
    else fields[row.field] = translated.value;
  }
  const isStuck = waiting.length > 0 || failing.length > 0;
  return { fields: isStuck ? {} : fields, failing: [...failing, ...ignored], waiting };
}
