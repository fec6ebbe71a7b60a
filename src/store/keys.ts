import { InvalidInputError } from "../domain/errors.js";
import type { EntityType, LinkState, System } from "../domain/words.js";
import type { DocumentKind } from "./store.js";

export type Keys = ReturnType<typeof keysOf>;

/**
 * Every key in Redis, spelled once. All of a tenant's keys carry its hash tag, so that on Redis Cluster they live in one slot
 * and a script may touch any of them. What comes from outside (a record's id, a filter's value) stands last in its key, so
 * that no two things can ever spell the same key. Scripts get a key with "" in that place, and put the rest behind it themselves.
 */
export function keysOf(tenant: string) {
  if (!/^[\w.-]{1,64}$/.test(tenant)) {
    throw new InvalidInputError(`A tenant is named with 1 to 64 letters, digits, dots, dashes or underscores, not "${tenant}".`);
  }
  const root = `tandem:{${tenant}}:`;
  return {
    /** In which format all of this is kept. */
    format: `${root}format`,
    /** The document of an entity, packed, with what the scripts need to know of it: see scripts/include/facts.lua. */
    entity: (id: string) => `${root}entity:${id}`,
    /** Hash: event by number, with `first` and `last`. */
    history: (id: string) => `${root}history:${id}`,
    /** The id that a former id resolves to; and the former ids of an id, packed. */
    alias: (id: string) => `${root}alias:${id}`,
    aliases: (id: string) => `${root}aliases:${id}`,
    /** The id of the entity that a record belongs to; a record goes by its `refKey`. */
    record: (ref: string) => `${root}record:${ref}`,

    /**
     * List indexes: sorted sets of score 0, in the order of their members' bytes. A member ends with a NUL and the entity's id;
     * before that stands what it is sorted by, and in `term` and `match`, as the first part, the value or the key itself.
     */
    byId: (type: EntityType | "", state?: LinkState) => `${root}by-id:${type}${state ? `:${state}` : ""}`,
    byName: (type: EntityType | "") => `${root}by-name:${type}`,
    byModified: (type: EntityType | "") => `${root}by-modified:${type}`,
    /** What else than `byName` a name filter looks in. */
    names: (type: EntityType | "") => `${root}names:${type}`,
    term: (type: EntityType | "", filter?: string) => `${root}term:${type}${filter ? `:${filter}` : ""}`,
    match: (type: EntityType | "") => `${root}match:${type}`,
    due: `${root}due`,

    snapshot: (ref: string) => `${root}snapshot:${ref}`,
    /** The ticket of our last write to a record. */
    written: (ref: string) => `${root}written:${ref}`,
    ticket: `${root}ticket`,

    feed: (system: System, feed: string) => `${root}feed:${system}:${feed}`,
    /** Sorted set of marked entities by when they were last marked; hash of their generations; the last of both numbers. */
    dirty: `${root}dirty`,
    dirtyGenerations: `${root}dirty-generations`,
    dirtyCount: `${root}dirty-count`,

    lease: (key: string) => `${root}lease:${key}`,
    leaseToken: `${root}lease-token`,
    secret: (name: string) => `${root}secret:${name}`,

    document: (kind: DocumentKind, key: string) => `${root}document:${kind}:${key}`,
    /** Sorted set of the documents of a kind by their order; another by when they expire. */
    documents: (kind: DocumentKind) => `${root}documents:${kind}`,
    documentExpiry: (kind: DocumentKind) => `${root}document-expiry:${kind}`,
    items: (kind: DocumentKind, key: string) => `${root}items:${kind}:${key}`,

    /** Set of the runs whose tally is open; and of one run: hash of its counts, of each entity's last note, and of how some stand. */
    tallies: `${root}tallies`,
    tallyCounts: (runId: string) => `${root}tally-counts:${runId}`,
    tallyEntities: (runId: string) => `${root}tally-entities:${runId}`,
    tallyStanding: (runId: string) => `${root}tally-standing:${runId}`,

    /** The channel of the event bus. */
    events: `${root}events`,
    /** What BullMQ puts before its own keys. */
    queue: `${root}queue`,
    /** Keys of other parts, such as the budget. */
    other: (name: string) => `${root}other:${name}`,
  };
}
