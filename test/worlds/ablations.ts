import type { Connector } from "../../src/connectors/connector.js";
import { dataflowOf, dataflows, fieldsOf, recordTypeOf } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { Properties, SystemRecord } from "../../src/domain/record.js";
import type { SyncSettings } from "../../src/domain/settings.js";
import { type System, systems } from "../../src/domain/words.js";
import type { EntityStore, Store } from "../../src/store/store.js";

/** A safeguard taken away, by a part that is put in place of a real one: the product knows nothing of it. */
export interface Ablation {
  readonly name: string;
  readonly store?: (store: Store) => Store;
  readonly connector?: (connector: Connector, store: Store) => Connector;
  readonly settings?: (settings: SyncSettings) => SyncSettings;
  /** Nobody is asked before a plan is carried out. */
  readonly isUnguarded?: boolean;
  /** Every call goes at once, whatever Exact still allows. */
  readonly isUnlimited?: boolean;
}

const ablations: readonly Ablation[] = [
  { name: "quarantine", settings: (settings) => ({ ...settings, quarantineMs: 0 }) },
  // Nothing that was created is ever found again.
  { name: "adopt", connector: (connector) => changed(connector, { find: async () => [] }), store: (store) => withoutHolding(store) },
  { name: "overlap", settings: (settings) => ({ ...settings, overlapMs: 0 }) },
  // Without a base any two values are a conflict, and a cleared field is one that was never filled.
  { name: "three-way merge", store: (store) => withEntities(store, (entity) => ({ ...entity, shadows: { CUSTOMCRM: null, EXACT: null } })) },
  { name: "read-back", connector: believing },
  { name: "lease", store: withoutLeases },
  { name: "edit beats delete", store: withoutEdits },
  { name: "guards", isUnguarded: true },
  { name: "reasons", store: (store) => withoutReasons(store) },
  { name: "budget", isUnlimited: true },
];

export function ablationOf(name: string): Ablation {
  const found = ablations.find((one) => one.name === name);
  if (!found) throw new Error(`There is no ablation ${name}; there are ${ablations.map((one) => one.name).join(", ")}.`);
  return found;
}

/** The same object with some methods of its own. */
function changed<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get(_target, name) {
      if (name in own) return own[name as keyof T];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
}

/** New rows are minted at once, whatever create is under way. */
const withoutHolding = (store: Store): Store => ({
  ...parts(store),
  entities: changed(store.entities, { byMatchKey: async (type, key, limit) => (key.startsWith("open:") ? [] : store.entities.byMatchKey(type, key, limit)) }),
});

/** What was accepted counts as done, as it was sent. */
function believing(connector: Connector, store: Store): Connector {
  const asSent = async (system: System, record: SystemRecord["type"], id: string, properties: Properties): Promise<SystemRecord | null> => {
    const [known] = await store.snapshots.get([{ system, type: record, id }]);
    return known ? { ...known.record, properties: { ...known.record.properties, ...properties } } : null;
  };
  const { system } = connector;
  return changed(connector, {
    update: async (type, id, properties, etag, options) => {
      await connector.update(type, id, properties, etag, options);
      return asSent(system, type, id, properties);
    },
  });
}

/** Everybody gets every lease, and whoever writes last wins: the revision guards no more than the lease does. */
function withoutLeases(store: Store): Store {
  let token = 0;
  return {
    ...parts(store),
    leases: { acquire: async (key) => ({ key, token: ++token }), renew: async () => true, release: async () => {} },
    entities: changed(store.entities, {
      commit: async (commit) => {
        const put = await Promise.all(
          commit.put.map(async (write) => {
            const [known] = await store.entities.get([write.entity.id]);
            return { ...write, entity: { ...write.entity, revision: known?.id === write.entity.id ? known.revision : write.entity.revision } };
          }),
        );
        return store.entities.commit({ ...commit, put });
      },
    }),
  };
}

/** Nobody says what it waits for. */
const withoutReasons = (store: Store): Store => ({
  ...parts(store),
  entities: changed(store.entities, {
    commit: async (commit) => store.entities.commit({ ...commit, put: commit.put.map((write) => ({ ...write, entity: { ...write.entity, problem: null } })) }),
  }),
});

/** Where one record is gone, whatever the other holds counts as agreed on: no edit is seen. */
function withoutEdits(store: Store): Store {
  const blinded = async (entity: Entity): Promise<Entity> => {
    const flow = dataflowOf(dataflows, entity.type);
    const refs = systems.map((system) => ({ system, type: recordTypeOf(flow, system), id: entity.records[system] ?? "" }));
    const [customcrm, exact] = await store.snapshots.get(refs);
    const survivor = customcrm?.deletedAt ? exact : exact?.deletedAt ? customcrm : null;
    if (!survivor) return entity;
    return { ...entity, ignored: [], shadows: { ...entity.shadows, [survivor.record.system]: fieldsOf(flow, survivor.record) } };
  };
  return {
    ...parts(store),
    entities: changed(store.entities, {
      get: async (ids) => Promise.all((await store.entities.get(ids)).map(async (one) => one && blinded(one))),
    }),
  };
}

const withEntities = (store: Store, change: (entity: Entity) => Entity): Store => ({
  ...parts(store),
  entities: changed(store.entities, {
    get: async (ids: Parameters<EntityStore["get"]>[0]) => (await store.entities.get(ids)).map((one) => one && change(one)),
  }),
});

/** A store's parts, so that some can be put in place of others: it is an object with methods. */
const parts = (store: Store): Store => ({
  entities: store.entities,
  snapshots: store.snapshots,
  feeds: store.feeds,
  leases: store.leases,
  secrets: store.secrets,
  documents: store.documents,
  tallies: store.tallies,
  events: store.events,
  kind: store.kind,
  ping: () => store.ping(),
  stop: () => store.stop(),
});
