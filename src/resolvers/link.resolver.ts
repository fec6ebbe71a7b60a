import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import { type EntityType as EntityTypeWord, entityTypes, type LinkState as LinkStateWord } from "../domain/words.js";
import { LinkConnection, LinkEventConnection } from "../schema/connection.type.js";
import { Entity } from "../schema/entity.type.js";
import { EntityType, LinkState } from "../schema/enums.js";
import { Link, MatchCandidate } from "../schema/link.type.js";
import type { LinkEvent } from "../schema/link-event.type.js";
import { firstOf } from "./arguments.js";
import { emptyPage, type Page, pageOf } from "./connections.js";
import type { RequestContext } from "./context.js";
import { about } from "./descriptions.js";
import { type EntityObject, entityObject, type LinkObject, linkObject, storedView } from "./entity-objects.js";
import type { ResolverParts } from "./parts.js";

type CandidateObject = MatchCandidate & { readonly entity: EntityObject };

@Resolver(() => Link)
export class LinkResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  @Query(() => LinkConnection, { description: "The links of all entities, by type and state: what waits for a person, what failed, what is on its way." })
  async links(
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: about.first }) first: number | null,
    @Arg("after", () => String, { nullable: true, description: about.after }) after: string | null | undefined,
    @Arg("types", () => [EntityType], { nullable: true, description: "Links of these types only. An empty list finds nothing." }) types:
      | EntityTypeWord[]
      | null
      | undefined,
    @Arg("states", () => [LinkState], { nullable: true, description: "Links in one of these states only. An empty list finds nothing." })
    states: LinkStateWord[] | null | undefined,
  ): Promise<Page<LinkObject>> {
    const { entities } = this.#parts.store;
    const wanted = firstOf(first);
    if (types?.length === 0 || states?.length === 0) return emptyPage();
    const ofTypes = [...new Set(types ?? entityTypes)];
    const inStates = states ? [...new Set(states)] : null;
    const page = await entities.listLinks(ofTypes, inStates, wanted, after ?? null);
    const nodes = page.entities.map((entity) => linkObject(storedView(entity)));
    return pageOf({ ...page, nodes, count: () => entities.countLinks(ofTypes, inStates) });
  }

  @FieldResolver(() => Entity, { description: "What it is the link of." })
  entity(@Root() { view }: LinkObject): EntityObject {
    return entityObject(view);
  }

  @FieldResolver(() => [MatchCandidate], { description: "What a person can choose from while the state is REVIEW." })
  async candidates(@Root() { view }: LinkObject, @Ctx() { loaders }: RequestContext): Promise<CandidateObject[]> {
    const { candidates } = view.entity;
    const entities = await Promise.all(candidates.map(({ entityId }) => loaders.entity(entityId)));
    return candidates.flatMap(({ system, recordId, label, matchedOn }, i) => {
      const entity = entities[i];
      // One that is gone can't be chosen any more.
      return entity ? [{ system, recordId, label, matchedOn, entity: entityObject(storedView(entity)) }] : [];
    });
  }

  @FieldResolver(() => LinkEventConnection, { description: "What happened to it, newest first." })
  async history(
    @Root() { view }: LinkObject,
    @Arg("first", () => Int, { nullable: true, description: `${about.first} 50 where nothing is said.` }) first: number | null | undefined,
    @Arg("after", () => String, { nullable: true, description: about.after }) after: string | null | undefined,
  ): Promise<Page<LinkEvent>> {
    const { events, hasNextPage, total } = await this.#parts.store.entities.history(view.entity.id, firstOf(first), after ?? null);
    const hasPreviousPage = typeof after === "string";
    return pageOf({ nodes: events, cursors: events.map((event) => event.id), hasNextPage, hasPreviousPage, count: async () => total });
  }
}

@Resolver(() => MatchCandidate)
export class MatchCandidateResolver {
  @FieldResolver(() => Entity, { description: "The entity that holds the record now." })
  entity(@Root() { entity }: CandidateObject): EntityObject {
    return entity;
  }
}
