import DataLoader from "dataloader";
import { type Dataflow, dataflowOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { RecordRef } from "../domain/record.js";
import { type EntityType, type System, systems } from "../domain/words.js";
import type { EntityPage, EntityQuery } from "../store/store.js";
import { References } from "../sync/references.js";
import { isNews, mergedView, type Reading } from "../sync/view.js";
import { batched } from "./batches.js";
import type { LiveReads, RecordReading } from "./live-reads.js";
import type { ResolverParts } from "./parts.js";
import { type MaxAge, RecordLoaders } from "./record-loaders.js";

/** An entity as one answer shows it. */
export interface EntityView {
  readonly entity: Entity;
  readonly fields: Entity["fields"];
  readonly modifiedAt: Entity["modifiedAt"];
  /** Given at the root, it holds for all below. */
  readonly maxAge: MaxAge;
  /** Records that could not be read afresh, although that was asked for. */
  readonly stale: readonly { readonly system: System; readonly reading: RecordReading }[];
}

export interface PageKey {
  readonly query: EntityQuery;
  readonly first: number;
  readonly after: string | null;
  readonly maxAge: MaxAge;
}

export interface ViewPage extends Omit<EntityPage, "entities"> {
  readonly views: readonly EntityView[];
}

/**
 * What one request reads, read together: whatever is asked for in one tick, anywhere in the query, is one batch; equal ids are
 * read once.
 */
export class Loaders {
  readonly #parts: ResolverParts;
  readonly #records: RecordLoaders;
  readonly #entities: DataLoader<string, Entity | null>;
  readonly #owners = new Map<string, DataLoader<string, Entity | null>>();
  readonly #views: DataLoader<{ entity: Entity; maxAge: MaxAge }, EntityView, string>;
  readonly #pages: DataLoader<PageKey, ViewPage, string>;

  constructor(parts: ResolverParts, live: LiveReads) {
    this.#parts = parts;
    this.#records = new RecordLoaders(parts.store.snapshots, live, parts.clock);
    this.#entities = new DataLoader((ids) => batched("entities", ids, () => parts.store.entities.get(ids)));
    this.#views = new DataLoader((keys) => this.#view(keys), { cacheKeyFn: ({ entity, maxAge }) => `${maxAge}:${entity.id}` });
    this.#pages = new DataLoader((keys) => batched("pages", keys, () => this.#readPages(keys)), { cacheKeyFn: (key) => JSON.stringify(key) });
  }

  /** Forgets what was read: a mutation of this request has changed it. */
  clear(): void {
    for (const loader of [this.#entities, this.#views, this.#pages, ...this.#owners.values()]) loader.clearAll();
    this.#records.clear();
  }

  /** By its id, or one that it had before. */
  entity(id: string): Promise<Entity | null> {
    return this.#entities.load(id);
  }

  /** The entity of this type that a record belongs to. */
  owner(type: EntityType, system: System, recordId: string): Promise<Entity | null> {
    const name = `${type}:${system}`;
    const loader =
      this.#owners.get(name) ??
      new DataLoader((ids: readonly string[]) => batched("entities by record", ids, () => this.#parts.store.entities.ofRecords(type, system, ids)));
    this.#owners.set(name, loader);
    return loader.load(recordId);
  }

  record(ref: RecordRef, maxAge: MaxAge): Promise<RecordReading> {
    return this.#records.load(ref, maxAge);
  }

  /** The entity with its records read again first, where they were read longer ago than `maxAge`. */
  view(entity: Entity, maxAge: MaxAge): Promise<EntityView> {
    return this.#views.load({ entity, maxAge });
  }

  /** A page of a list. All pages of a tick are here before the first of their records is read, so that those make one batch. */
  page(key: PageKey): Promise<ViewPage> {
    return this.#pages.load(key);
  }

  async #readPages(keys: readonly PageKey[]): Promise<(ViewPage | Error)[]> {
    const pages = await Promise.all(keys.map(({ query, first, after }) => this.#parts.store.entities.list(query, first, after).catch(asError)));
    return Promise.all(
      keys.map(async ({ maxAge }, i) => {
        const page = pages[i];
        if (!page || page instanceof Error) return page ?? new Error("The store gave fewer pages than were asked for.");
        const { entities, ...rest } = page;
        return { ...rest, views: await Promise.all(entities.map((entity) => this.view(entity, maxAge))) };
      }),
    );
  }

  async #view(keys: readonly { entity: Entity; maxAge: MaxAge }[]): Promise<(EntityView | Error)[]> {
    const { settings, store, clock } = this.#parts;
    const read = await Promise.all(keys.map(({ entity, maxAge }) => (maxAge === null ? null : this.#readSides(entity, maxAge).catch(asError))));
    const news = read.flatMap((one) => (one && !(one instanceof Error) && isNews(one.reading) ? [one.reading] : []));
    const references = news.length > 0 ? await referencesOf(store.entities, settings.flows, news) : null;
    return keys.map(({ entity, maxAge }, i) => {
      const one = read[i];
      if (one instanceof Error) return one;
      const view = { entity, fields: entity.fields, modifiedAt: entity.modifiedAt, maxAge, stale: one?.stale ?? [] };
      if (!one || !references || !news.includes(one.reading)) return view;
      return { ...view, ...mergedView(one.reading, references, { ...settings, paused: null, firstContactConfirmed: true }, clock()) };
    });
  }

  async #readSides(entity: Entity, maxAge: MaxAge) {
    const flow = dataflowOf(this.#parts.settings.flows, entity.type);
    const read = async (system: System): Promise<RecordReading | null> => {
      const id = entity.records[system];
      return id === null ? null : this.record({ system, type: recordTypeOf(flow, system), id }, maxAge);
    };
    const [customcrm, exact] = await Promise.all([read("CUSTOMCRM"), read("EXACT")]);
    const readings = { CUSTOMCRM: customcrm, EXACT: exact };
    const stale = systems.flatMap((system) => {
      const reading = readings[system];
      return reading?.error ? [{ system, reading }] : [];
    });
    const reading: Reading = { flow, entity, records: { CUSTOMCRM: recordIn(customcrm), EXACT: recordIn(exact) } };
    return { reading, stale };
  }
}

const recordIn = (reading: RecordReading | null) => (reading?.snapshot && reading.snapshot.deletedAt === null ? reading.snapshot.record : null);

/** Where the references of these readings lead, in one look-up. */
function referencesOf(entities: ResolverParts["store"]["entities"], flows: readonly Dataflow[], readings: readonly Reading[]): Promise<References> {
  const records = readings.flatMap(({ records }) => systems.flatMap((system) => records[system] ?? []));
  const named = readings.flatMap(({ flow, entity }) =>
    flow.rows.filter((row) => row.refersTo).flatMap((row) => [entity.fields[row.field], entity.wanted?.set[row.field]]),
  );
  return References.read(
    entities,
    flows,
    records,
    named.filter((id) => typeof id === "string"),
  );
}

/** DataLoader gives each key its own failure. */
function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  throw error;
}
