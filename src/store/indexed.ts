import { folded } from "../domain/canonical.js";
import { type Dataflow, dataflowOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import { InvalidInputError } from "../domain/errors.js";
import type { RecordRef, SystemRecord } from "../domain/record.js";
import { type EntityType, type IsoTime, isoTime, type System, systems } from "../domain/words.js";
import type { Commit, EntityQuery, IndexEntry } from "./store.js";

/** What both stores derive from an entity in the same way. */

/**
 * Reverse indexes go by the record's type, not by the entity's: an Exact Contacts row belongs to one entity over Contacts and
 * Products (R1). The site's table says what an entity's records are.
 */
export class RecordRefs {
  constructor(private readonly flows: readonly Dataflow[]) {}

  refOf(type: EntityType, system: System, id: string): RecordRef {
    return { system, type: recordTypeOf(dataflowOf(this.flows, type), system), id };
  }

  refsOf(entity: Entity): readonly RecordRef[] {
    return systems.flatMap((system) => {
      const id = entity.records[system];
      return id === null ? [] : [this.refOf(entity.type, system, id)];
    });
  }
}

/** An entry as the indexes take it: a NUL would cut a position in two, equal names count once, and an empty one not at all. */
export function cleanEntry(entry: IndexEntry): IndexEntry {
  return {
    sortName: withoutNul(entry.sortName),
    names: [...new Set([entry.sortName, ...entry.names].map(withoutNul).filter((name) => name !== ""))],
    terms: Object.fromEntries(Object.entries(entry.terms).map(([filter, value]) => [filter, withoutNul(value)])),
    matchKeys: [...new Set(entry.matchKeys.map(withoutNul))],
  };
}

/** In the one form whose order as text is the order in time. */
export function sortableTime(time: IsoTime): IsoTime {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new InvalidInputError(`"${time}" is not a time in the form of RFC 3339.`);
  return isoTime(ms);
}

/** The text that a name filter looks for, folded as names are. */
export const wantedName = (name: NonNullable<EntityQuery["name"]>): { readonly text: string; readonly whole: boolean } =>
  "equals" in name ? { text: withoutNul(folded(name.equals)), whole: true } : { text: withoutNul(folded(name.startsWith)), whole: false };

/** A term, or a match key, as it is looked for. */
export const wantedTerm = (value: string): string => withoutNul(value);

/** An entity takes part in a commit once. */
export function checkCommit(commit: Commit): void {
  const seen = new Set<string>();
  for (const id of [...commit.put.map((one) => one.entity.id), ...(commit.remove ?? []).map((one) => one.id)]) {
    if (seen.has(id)) throw new InvalidInputError(`The entity ${id} is twice in one commit.`);
    seen.add(id);
  }
}

/** `<entity id>.<number>`; null when it is not of that form. */
export function partsOfEventId(eventId: string): { readonly entityId: string; readonly number: number } | null {
  const found = /^(.+)\.([1-9]\d{0,14})$/s.exec(eventId);
  return found?.[1] && found[2] ? { entityId: found[1], number: Number(found[2]) } : null;
}

const withoutNul = (text: string): string => text.replaceAll("\0", " ");

/** Stands for a record that is known to be gone and was never read. */
export const unreadRecord = ({ system, type, id }: RecordRef): SystemRecord => ({
  system,
  type,
  id,
  modifiedAt: null,
  createdAt: null,
  etag: null,
  properties: {},
});
