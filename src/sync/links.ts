import type { Fields } from "../domain/canonical.js";
import type { Entity, MatchCandidate, Problem, Wanted } from "../domain/entity.js";
import type { IsoTime, LinkOrigin, System } from "../domain/words.js";
import { differing } from "./decide/units.js";
import { fieldVersionsAfter } from "./decide/versions.js";

/** Nothing is said of an entity any more but that it must be looked at. */
export const unsettled = {
  problem: null,
  candidates: [],
  conflicts: [],
  ignored: [],
  intents: [],
  wanted: null,
  syncedAt: null,
  shadows: { CUSTOMCRM: null, EXACT: null },
} as const;

/**
 * The entity that two one-sided entities become. It keeps the id of the Customcrm side; the other id is remembered, for the
 * day that the link is cut. The base is unknown (R4): no shadows.
 */
export function joined(customcrm: Entity, exact: Entity, origin: LinkOrigin, now: IsoTime): Entity {
  return {
    ...customcrm,
    ...unsettled,
    records: { CUSTOMCRM: customcrm.records.CUSTOMCRM, EXACT: exact.records.EXACT },
    formerExactEntityId: exact.id,
    // What a client has asked of either of them is still owed.
    wanted: wantedOf(customcrm, exact),
    ...operationsOf(customcrm, exact),
    intents: [...mayLand(customcrm, "CUSTOMCRM"), ...mayLand(exact, "EXACT")],
    state: "PENDING",
    origin,
    linkedAt: now,
    ...versionsAfter(customcrm, exact),
    modifiedAt: customcrm.modifiedAt > exact.modifiedAt ? customcrm.modifiedAt : exact.modifiedAt,
    nextActionAt: now,
  };
}

/**
 * The entity with the record that its lost create has made (R8). `owner` was minted for that record before it was recognised: what a
 * client has asked of it is still owed, and what was sent there may still land.
 */
export function adopting(entity: Entity, system: System, recordId: string, owner: Entity | null): Entity {
  const adopted: Entity = {
    ...entity,
    records: { ...entity.records, [system]: recordId },
    formerExactEntityId: system === "EXACT" ? (owner?.id ?? null) : entity.formerExactEntityId,
  };
  if (!owner) return adopted;
  const asked = wantedOf(entity, owner);
  // A create goes on until the other side has it too.
  const wanted = asked?.kind === "UPDATE" && entity.wanted?.kind === "CREATE" ? { ...entity.wanted, set: asked.set } : asked;
  return { ...adopted, ...versionsAfter(entity, owner), wanted, ...operationsOf(entity, owner), intents: [...entity.intents, ...mayLand(owner, system)] };
}

/** Newer than what anybody has seen of either. */
function versionsAfter(entity: Entity, other: Entity): Pick<Entity, "version" | "fieldVersions"> {
  const version = Math.max(entity.version, other.version) + 1;
  return { version, ...fieldVersionsAfter(entity, differing(entity.fields, other.fields), version) };
}

/**
 * What was to be created is there now: what was asked of it is asked of the pair. The newest one wins what several ask for, also
 * where its own side has taken it already.
 */
function wantedOf(...entities: readonly Entity[]): Wanted | null {
  const all = entities.flatMap((one) => one.wanted ?? []).sort((a, b) => (a.at < b.at ? -1 : 1));
  const deletion = all.find((one) => one.kind === "DELETE");
  const [first, ...rest] = all.map((one): Wanted => ({ ...one, kind: "UPDATE" }));
  if (!first || deletion) return deletion ?? null;
  const asked = rest.reduce((sum, one) => ({ ...one, set: { ...sum.set, ...one.set }, times: { ...timesOf(sum), ...sum.times } }), first);
  const going = (operationsOf(...entities).operations ?? []).filter((one) => !one.failure);
  const newest = Object.keys(asked.set).flatMap((field) => {
    const by = going.findLast((one) => field in one.set);
    return by ? [{ field, value: by.set[field] ?? null, at: by.at }] : [];
  });
  const set = { ...asked.set, ...Object.fromEntries(newest.map(({ field, value }) => [field, value])) };
  const times = { ...asked.times, ...Object.fromEntries(newest.map(({ field, at }) => [field, at])) };
  return { ...asked, set, ...(Object.keys(times).length > 0 ? { times } : {}) };
}

const timesOf = ({ set, at }: Wanted): NonNullable<Wanted["times"]> => Object.fromEntries(Object.keys(set).map((field) => [field, at]));

function operationsOf(...entities: readonly Entity[]): Pick<Entity, "operations"> {
  const operations = entities.flatMap((one) => one.operations ?? []).sort((a, b) => (a.at < b.at ? -1 : 1));
  return operations.length > 0 ? { operations } : {};
}

/** A link cut in two: the Customcrm side keeps the entity, the Exact record gets its former id back, or a new one. Never proposed again (R6). */
export function parted(entity: Entity, newId: () => string, fields: { customcrm: Fields; exact: Fields }, now: IsoTime): { customcrm: Entity; exact: Entity } {
  const problem: Problem = {
    code: "CUT_BY_PERSON",
    message: "A person cut this link. Both records are left alone; linkRecords, chooseMatch or retry are the ways on.",
    system: null,
    field: null,
    since: now,
    attempts: 0,
    nextAttemptAt: null,
  };
  const common = { ...entity, ...unsettled, state: "DETACHED" as const, origin: null, linkedAt: null, problem, nextActionAt: null, formerExactEntityId: null };
  const cutFrom = entity.records.EXACT ? [...new Set([...entity.cutFrom, entity.records.EXACT])] : entity.cutFrom;
  return {
    customcrm: {
      ...common,
      records: { CUSTOMCRM: entity.records.CUSTOMCRM, EXACT: null },
      fields: fields.customcrm,
      version: entity.version + 1,
      cutFrom,
      // What a client has asked for goes to the side that keeps the entity; to delete was meant for both.
      wanted: entity.wanted?.kind === "UPDATE" ? entity.wanted : null,
      intents: mayLand(entity, "CUSTOMCRM"),
    },
    exact: {
      ...common,
      id: entity.formerExactEntityId ?? newId(),
      revision: 0,
      records: { CUSTOMCRM: null, EXACT: entity.records.EXACT },
      fields: fields.exact,
      version: entity.version + 1,
      cutFrom: [],
      intents: mayLand(entity, "EXACT"),
    },
  };
}

/** Writes whose answer was lost may still land, whatever their record belongs to by then (R8). */
const mayLand = ({ intents }: Entity, system: System): Entity["intents"] => intents.filter((one) => one.system === system && one.sentAt !== null);

/** What a person should read where more than one record fits. */
export function reviewProblem(code: "AMBIGUOUS_MATCH" | "KEYS_DISAGREE", candidates: readonly MatchCandidate[], since: IsoTime): Problem {
  const names = candidates.map((one) => `${one.label} (${one.system} ${one.recordId}, by ${one.matchedOn.join(" and ")})`).join("; ");
  const why = code === "AMBIGUOUS_MATCH" ? "More than one record fits" : "Two keys name different records";
  return { code, message: `${why}: ${names}. Choose one with chooseMatch.`, system: null, field: null, since, attempts: 0, nextAttemptAt: null };
}
