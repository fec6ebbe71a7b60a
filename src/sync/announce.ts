import type { Entity } from "../domain/entity.js";
import { type Clock, type IsoTime, isoTime, systems } from "../domain/words.js";
import type { Commit, EntityEvent, EntityStore, Store } from "../store/store.js";
import { differing } from "./decide/units.js";

/**
 * The store, telling every process of what is committed, whoever commits it: no writer can forget to. What can't be told is lost,
 * as any message of the bus may be; the commit stands.
 */
export function announced(store: Store, clock: Clock, onError: (error: unknown) => void): Store {
  const { entities, events } = store;
  const tell = (told: readonly EntityEvent[]) => {
    for (const event of told) events.publish({ topic: "entity", event }).catch(onError);
  };
  const own: Pick<EntityStore, "commit" | "forget"> = {
    async commit(commit) {
      // Their revisions are compared when it is committed: this is what they were until then.
      const before = await beforeOf(entities, commit);
      const result = await entities.commit(commit);
      if (result.ok) tell(announcementsOf(commit, before, isoTime(clock())));
      return result;
    },
    async forget(id) {
      const [before] = await entities.get([id]);
      const isForgotten = await entities.forget(id);
      if (isForgotten && before) tell([deletedOf(before, "GATEWAY", isoTime(clock()))]);
      return isForgotten;
    },
  };
  const telling = new Proxy(entities, {
    get(target, name) {
      if (name === "commit" || name === "forget") return own[name];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    entities: telling,
    events,
    snapshots: store.snapshots,
    ...(store.pieces ? { pieces: store.pieces } : {}),
    feeds: store.feeds,
    leases: store.leases,
    secrets: store.secrets,
    documents: store.documents,
    tallies: store.tallies,
    kind: store.kind,
    ping: () => store.ping(),
    stop: () => store.stop(),
  };
}

type Before = ReadonlyMap<string, Entity>;

/** What subscribers are told of one commit. What is gone comes first, so that who watched it follows it in time. */
function announcementsOf({ put, remove = [] }: Commit, before: Before, at: IsoTime): readonly EntityEvent[] {
  const gone = remove.flatMap(({ id, into }) => {
    const entity = before.get(id);
    return entity ? [deletedOf(entity, into === null ? sourceOfEnd(entity) : "GATEWAY", at)] : [];
  });
  const changed = put.flatMap(({ entity, history }) => {
    const source = history.at(-1)?.source ?? "GATEWAY";
    const event = entity.revision === 0 ? createdOf(entity) : changeOf(before.get(entity.id), entity);
    return event ? [{ ...event, entityId: entity.id, type: entity.type, state: entity.state, source, at }] : [];
  });
  return [...gone, ...changed];
}

type Told = Pick<EntityEvent, "kind" | "fields">;

const createdOf = ({ fields }: Entity): Told => ({ kind: "CREATED", fields: Object.keys(fields).filter((field) => (fields[field] ?? null) !== null) });

/** null: nothing that a subscriber could see. */
function changeOf(before: Entity | undefined, after: Entity): Told | null {
  if (!before) return null;
  const fields = differing(before.fields, after.fields);
  if (fields.length > 0) return { kind: "UPDATED", fields };
  return before.state === after.state ? null : { kind: "STATE_CHANGED", fields: [] };
}

const deletedOf = ({ id, type, state }: Entity, source: EntityEvent["source"], at: IsoTime): EntityEvent => ({
  kind: "DELETED",
  entityId: id,
  type,
  state,
  source,
  fields: [],
  at,
});

/** Where an entity has come to its end: here, if deleting it was ours; else in the one system that still had it. */
function sourceOfEnd({ records, intents }: Entity): EntityEvent["source"] {
  const holders = systems.filter((system) => records[system] !== null);
  const [only] = holders;
  return only && holders.length === 1 && !intents.some(({ operation }) => operation === "DELETE") ? only : "GATEWAY";
}

async function beforeOf(entities: EntityStore, { put, remove = [] }: Commit): Promise<Before> {
  const changed = put.filter(({ entity }) => entity.revision > 0);
  const known = changed.flatMap(({ before }) => before ?? []);
  const ids = [...changed.flatMap(({ before, entity }) => (before ? [] : entity.id)), ...remove.map(({ id }) => id)];
  const found = ids.length > 0 ? await entities.get(ids) : [];
  return new Map([...known, ...found].flatMap((entity) => (entity ? [[entity.id, entity] as const] : [])));
}
