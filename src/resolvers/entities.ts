import type { GraphQLResolveInfo } from "graphql";
import { dataflowOf, recordTypeOf } from "../domain/dataflow.js";
import type { Entity } from "../domain/entity.js";
import type { EntityType, ExactType, System } from "../domain/words.js";
import type { EntityRef } from "../schema/entity-ref.input.js";
import type { EntityQuery } from "../store/store.js";
import { firstOf, maxAgeOf, oneOf } from "./arguments.js";
import { emptyPage, type Page, pageOf } from "./connections.js";
import type { RequestContext } from "./context.js";
import { type EntityObject, entityObject } from "./entity-objects.js";
import { entityQueryOf, type Filter } from "./entity-query.js";
import type { EntityView } from "./loaders.js";
import type { ResolverParts } from "./parts.js";
import type { MaxAge } from "./record-loaders.js";
import { type RecordObject, recordObject } from "./record-objects.js";

export interface ListArguments {
  readonly first: number | null;
  readonly after: string | null | undefined;
  readonly filter: Filter | null | undefined;
  readonly orderBy: EntityQuery["order"] | null | undefined;
  readonly maxAge: number | null | undefined;
}

/** What the three types of entities have in common: how they are found, listed and shown. */
export class EntityReading {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** By any of its ids; null when no entity of this type has it. */
  async byRef(
    context: RequestContext,
    info: GraphQLResolveInfo,
    type: EntityType,
    by: EntityRef,
    maxAge: number | null | undefined,
  ): Promise<EntityObject | null> {
    const age = maxAgeOf(maxAge);
    const entity = await this.find(context, type, by);
    return entity && this.shown(context, info, entity, age);
  }

  async find({ loaders }: RequestContext, type: EntityType, by: EntityRef): Promise<Entity | null> {
    const { name, value } = oneOf(by, ["id", "customcrmId", "exactId"], "by");
    if (name === "customcrmId") return loaders.owner(type, "CUSTOMCRM", value);
    // A guid is the same in capitals and in braces, as Exact's own pages show it.
    if (name === "exactId") return loaders.owner(type, "EXACT", value.replace(/[{}]/g, "").toLowerCase());
    const entity = await loaders.entity(value);
    return entity?.type === type ? entity : null;
  }

  async shown(context: RequestContext, info: GraphQLResolveInfo, entity: Entity, maxAge: MaxAge): Promise<EntityObject> {
    const view = await context.loaders.view(entity, maxAge);
    context.notes.entities(info, [view], []);
    return entityObject(view);
  }

  async list(context: RequestContext, info: GraphQLResolveInfo, type: EntityType, args: ListArguments): Promise<Page<EntityObject>> {
    const first = firstOf(args.first);
    const maxAge = maxAgeOf(args.maxAge);
    const query = entityQueryOf(type, await withCurrentAccount(context, args.filter), args.orderBy);
    return query ? this.#page(context, info, query, first, args.after ?? null, maxAge) : emptyPage();
  }

  /** What belongs to an account. The account's page and those of its neighbours are read together. */
  async ofAccount(
    context: RequestContext,
    info: GraphQLResolveInfo,
    account: EntityView,
    type: EntityType,
    first: number | null | undefined,
    after: string | null | undefined,
  ) {
    const query: EntityQuery = { type, terms: { accountId: account.entity.id }, order: "NAME_ASC" };
    return this.#page(context, info, query, firstOf(first), after ?? null, account.maxAge);
  }

  /** The account that a contact or a product belongs to. */
  async account(context: RequestContext, info: GraphQLResolveInfo, { fields, maxAge }: EntityView): Promise<EntityObject | null> {
    const account = fields.account ? await context.loaders.entity(fields.account) : null;
    return account && this.shown(context, info, account, maxAge);
  }

  /** Whether this site keeps such entities as these records of Exact. */
  isKeptAs({ entity }: EntityView, exact: ExactType): boolean {
    return dataflowOf(this.#parts.settings.flows, entity.type).exact === exact;
  }

  /** The record as one system has it. A stale one comes with an error beside it; without any, the error stands in its place. */
  async record(context: RequestContext, info: GraphQLResolveInfo, { entity, maxAge }: EntityView, system: System): Promise<RecordObject | null> {
    const id = entity.records[system];
    if (id === null) return null;
    const flow = dataflowOf(this.#parts.settings.flows, entity.type);
    const reading = await context.loaders.record({ system, type: recordTypeOf(flow, system), id }, maxAge);
    if (!reading.snapshot && reading.error) throw reading.error;
    if (!reading.snapshot || reading.snapshot.deletedAt !== null) return null;
    context.notes.record(info, reading);
    return recordObject(flow, reading.snapshot);
  }

  /** A property that only Customcrm has, as it is or as a mutation on its way will set it. */
  async customcrmProperty({ loaders }: RequestContext, { entity, maxAge }: EntityView, property: string, field: string): Promise<string | null> {
    const { wanted } = entity;
    if (wanted && field in wanted.set) return wanted.set[field] ?? null;
    const id = entity.records.CUSTOMCRM;
    if (id === null) return null;
    const flow = dataflowOf(this.#parts.settings.flows, entity.type);
    const { snapshot, error } = await loaders.record({ system: "CUSTOMCRM", type: flow.customcrm, id }, maxAge);
    if (!snapshot && error) throw error;
    const value = snapshot?.deletedAt === null ? snapshot.record.properties[property] : null;
    return typeof value === "string" ? value : null;
  }

  async #page(
    context: RequestContext,
    info: GraphQLResolveInfo,
    query: EntityQuery,
    first: number,
    after: string | null,
    maxAge: MaxAge,
  ): Promise<Page<EntityObject>> {
    const page = await context.loaders.page({ query, first, after, maxAge });
    context.notes.entities(info, page.views, ["nodes"], ["edges", "node"]);
    return pageOf({ ...page, nodes: page.views.map(entityObject), count: () => this.#parts.store.entities.count(query) });
  }
}

/** Lists are indexed by the ids that stand today; a client may hold one from before a link. */
async function withCurrentAccount({ loaders }: RequestContext, filter: Filter | null | undefined): Promise<Filter | null | undefined> {
  if (!filter?.accountId) return filter;
  const account = await loaders.entity(filter.accountId);
  return { ...filter, accountId: account?.id ?? filter.accountId };
}
