import { isDeepStrictEqual } from "node:util";
import type { Fields } from "../../domain/canonical.js";
import type { AwaitedRecord, Entity, FieldChange, HistoryEvent, HistoryKind, Intent, Problem } from "../../domain/entity.js";
import type { PlannedActionKind } from "../../domain/run.js";
import { type ChangeSource, type IsoTime, isoTime, type LinkState, systems } from "../../domain/words.js";
import { currentIdentity } from "./identity.js";
import type { Observation, Plan, PlannedWrite } from "./observation.js";
import { isBackingOff, type Obstacle } from "./obstacles.js";
import { differing } from "./units.js";
import { fieldVersionsAfter } from "./versions.js";

/** One thing for the history; `isTold` when an earlier plan has put it there already. */
export interface Told {
  readonly kind: HistoryKind;
  readonly source: ChangeSource;
  readonly change: FieldChange | null;
  readonly isTold: boolean;
}

export interface Draft {
  readonly kind: PlannedActionKind;
  readonly reason: string;
  readonly state: LinkState;
  readonly obstacle: Obstacle | null;
  readonly next: Partial<Entity>;
  readonly writes?: readonly PlannedWrite[];
  readonly told?: readonly Told[];
  readonly link?: Plan["link"];
  readonly wake?: readonly string[];
  readonly ended?: boolean;
}

/** Fills in what every plan says in the same way: problem, version, time of the next look, history. */
export function planOf(observation: Observation, draft: Draft): Plan {
  const { entity, now } = observation;
  const writes = draft.writes ?? [];
  const fields = draft.next.fields ?? entity.fields;
  const changed = draft.next.version === undefined ? differing(storedFields(observation), fields) : [];
  const next: Entity = {
    ...entity,
    ...withoutEmpty(entity, { ...draft.next, awaits: awaitedBy(observation) }),
    intents: (draft.next.intents ?? entity.intents).filter((intent) => isOwed(intent, draft, now)),
    state: draft.state,
    problem: draft.obstacle ? problemOf(entity, draft.obstacle, now) : null,
    version: entity.version + (changed.length > 0 ? 1 : 0),
    ...fieldVersionsAfter(entity, changed, entity.version + 1),
    // A crash between storing this and sending it is found by the time of the next look.
    nextActionAt: writes.length > 0 ? isoTime(now) : (draft.obstacle?.until ?? null),
  };
  return {
    kind: draft.kind,
    system: writes[0]?.system ?? null,
    reason: draft.reason,
    writes,
    next,
    changed: !isDeepStrictEqual(next, entity),
    history: eventsOf(observation, draft.told ?? []),
    changes: (draft.told ?? []).flatMap((one) => one.change ?? []),
    link: draft.link ?? null,
    wake: draft.wake ?? [],
    ended: draft.ended ?? false,
  };
}

/**
 * How an entity stands while something is written to it, or held back. What a person must end goes on to stand meanwhile: else the
 * sync would make the partner again (R9).
 */
export function underWay({ state, problem }: Entity, held: Obstacle | null): Pick<Draft, "state" | "obstacle"> {
  if (state !== "DETACHED") return { state: "PENDING", obstacle: held };
  return { state, obstacle: problem && { ...problem, until: held?.until ?? null } };
}

/** What its records refer to and nobody knows. */
function awaitedBy({ flow, sides, references }: Observation): readonly AwaitedRecord[] {
  return systems.flatMap((system) => {
    const side = sides[system];
    return flow.rows.flatMap(({ refersTo, field }) => {
      const recordId = side.kind === "present" ? (side.fields[field] ?? null) : null;
      return refersTo && recordId !== null && !references.ofRecord(system, recordId) ? [{ type: refersTo, system, recordId }] : [];
    });
  });
}

/** What never left the house is kept, for its count of attempts, as long as it is tried again. */
const isOwed = (intent: Intent, { state, writes = [] }: Draft, now: number): boolean =>
  intent.sentAt !== null ||
  // A mutation is written to a detached record as well.
  ((state === "PENDING" || state === "DETACHED") && (isBackingOff(intent, now) || writes.some((write) => write.system === intent.system)));

/** What may be absent stays absent while it says nothing, so that an entity that has not changed is not written. */
function withoutEmpty(entity: Entity, next: Partial<Entity>): Partial<Entity> {
  const isEmpty = (value: unknown) => value === null || value === false || (Array.isArray(value) && value.length === 0);
  const optional: readonly string[] = ["review", "refused", "overruled", "timeUnknown", "externalIdOwed", "awaits"];
  return Object.fromEntries(Object.entries(next).filter(([key, value]) => !(optional.includes(key) && !(key in entity) && isEmpty(value))));
}

/** The unified fields as stored, references by the ids that stand today: an account that was linked meanwhile is no change. */
export function storedFields({ entity, flow, references, settings }: Observation): Fields {
  return currentIdentity({ flow, references, defaultAccount: settings.defaultAccount }, entity.fields);
}

function problemOf(entity: Entity, obstacle: Obstacle, now: number): Problem {
  const { code, message, system, field, until } = obstacle;
  const before = entity.problem;
  const isSame = before !== null && before.code === code && before.system === system && before.field === field;
  return {
    code,
    message,
    system,
    field,
    since: isSame ? before.since : isoTime(now),
    attempts: obstacle.attempts ?? (isSame ? before.attempts : 0),
    nextAttemptAt: until,
  };
}

/** One event for all changes of one kind from one source. */
function eventsOf({ entity, now }: Observation, told: readonly Told[]): Plan["history"] {
  const events = new Map<string, { at: IsoTime; kind: HistoryKind; source: ChangeSource; actor: string | null; fields: FieldChange[] }>();
  for (const one of told) {
    if (one.isTold) continue;
    const key = `${one.kind} ${one.source}`;
    const actor = one.source === "GATEWAY" ? (entity.wanted?.actor ?? null) : null;
    const event = events.get(key) ?? { at: isoTime(now), kind: one.kind, source: one.source, actor, fields: [] };
    if (one.change) event.fields.push(one.change);
    events.set(key, event);
  }
  return [...events.values()] satisfies readonly Omit<HistoryEvent, "id">[];
}

/** The newest time that either side gives; for display and order only. */
export function newestTime(entity: Entity, ...times: readonly (IsoTime | null)[]): IsoTime {
  const known = times.filter((time) => time !== null).sort();
  return known.at(-1) ?? entity.modifiedAt;
}
