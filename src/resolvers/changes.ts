import { limits } from "../domain/limits.js";
import type { EntityType } from "../domain/words.js";
import { entityTypes } from "../domain/words.js";
import type { BusMessage, EntityEvent, Store } from "../store/store.js";
import { Mailbox } from "./mailbox.js";

/** null: not filtered by it. An empty list lets nothing through. */
export interface ChangeFilter {
  readonly types: readonly EntityType[] | null;
  readonly ids: readonly string[] | null;
}

interface Watcher {
  readonly filter: ChangeFilter;
  readonly mailbox: Mailbox<EntityEvent>;
}

/**
 * Brings the changes that any process tells of to those in this one who watch them. A change finds its watchers by its id and
 * its type, so that it costs nothing how many watch something else. All of them get the same event object. It listens to the
 * bus only while somebody watches.
 */
export class Changes {
  readonly #store: Pick<Store, "entities" | "events">;
  readonly #capacity: number;
  readonly #byType = new Map<EntityType, Set<Watcher>>();
  /** By each id as it was asked for. */
  readonly #byId = new Map<string, Set<Watcher>>();
  /** Of ids asked for that are former ones: the entity that each leads to now, and the same the other way round. */
  readonly #leadsTo = new Map<string, string>();
  readonly #formerIds = new Map<string, Set<string>>();
  readonly #watchers = new Set<Watcher>();
  #leave: (() => void) | null = null;
  #handled: Promise<void> = Promise.resolve();

  constructor(store: Pick<Store, "entities" | "events">, capacity: number = limits.subscriptions.waiting) {
    this.#store = store;
    this.#capacity = capacity;
  }

  /** How many watch. */
  get size(): number {
    return this.#watchers.size;
  }

  /** What happens from now on. Who takes it too slowly is dropped (`Mailbox`). Its `return` ends it. */
  async watch(filter: ChangeFilter): Promise<AsyncIterableIterator<EntityEvent>> {
    const watcher: Watcher = { filter, mailbox: new Mailbox(this.#capacity, () => this.#remove(watcher)) };
    this.#add(watcher);
    try {
      await this.#findFormer(filter.ids ?? []);
    } catch (error) {
      watcher.mailbox.end();
      throw error;
    }
    return watcher.mailbox;
  }

  #add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    this.#leave ??= this.#store.events.subscribe((message) => this.#receive(message));
    const { ids, types } = watcher.filter;
    if (ids) for (const id of ids) addTo(this.#byId, id, watcher);
    else for (const type of types ?? entityTypes) addTo(this.#byType, type, watcher);
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    const { ids, types } = watcher.filter;
    if (!ids) for (const type of types ?? entityTypes) removeFrom(this.#byType, type, watcher);
    for (const id of ids ?? []) {
      removeFrom(this.#byId, id, watcher);
      if (!this.#byId.has(id)) this.#lead(id, null);
    }
    if (this.#watchers.size > 0) return;
    this.#leave?.();
    this.#leave = null;
  }

  /** One after the other, so that an id is known to lead elsewhere before the next change is told. */
  #receive(message: BusMessage): void {
    if (message.topic !== "entity") return;
    const { event } = message;
    this.#handled = this.#handled.then(async () => {
      this.#tell(event);
      const mayLeadElsewhere = event.kind === "DELETED" || event.kind === "CREATED";
      // If the store does not answer now, the id stands as it did; who subscribes again is led right.
      if (mayLeadElsewhere && this.#byId.has(event.entityId)) await this.#findFormer([event.entityId]).catch(() => {});
    });
  }

  #tell(event: EntityEvent): void {
    const told = new Set(this.#byType.get(event.type));
    for (const id of [event.entityId, ...(this.#formerIds.get(event.entityId) ?? [])]) for (const watcher of this.#byId.get(id) ?? []) told.add(watcher);
    for (const { filter, mailbox } of told) if (filter.types?.includes(event.type) ?? true) mailbox.put(event);
  }

  /** Looks up, together, where ids lead that entities may have gone by before. */
  async #findFormer(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const entities = await this.#store.entities.get(ids);
    ids.forEach((id, i) => {
      if (this.#byId.has(id)) this.#lead(id, entities[i]?.id ?? null);
    });
  }

  #lead(id: string, to: string | null): void {
    const before = this.#leadsTo.get(id);
    if (before) removeFrom(this.#formerIds, before, id);
    this.#leadsTo.delete(id);
    if (to === null || to === id) return;
    this.#leadsTo.set(id, to);
    addTo(this.#formerIds, to, id);
  }
}

function addTo<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  if (values) values.add(value);
  else index.set(key, new Set([value]));
}

function removeFrom<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  values?.delete(value);
  if (values?.size === 0) index.delete(key);
}
