import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, ID, Info, Resolver, Root, Subscription } from "type-graphql";
import { limits } from "../domain/limits.js";
import type { Run } from "../domain/run.js";
import type { EntityType as EntityTypeWord } from "../domain/words.js";
import { Entity } from "../schema/entity.type.js";
import { EntityChange } from "../schema/entity-change.type.js";
import { EntityType } from "../schema/enums.js";
import { SyncRun } from "../schema/sync-run.type.js";
import type { EntityEvent } from "../store/store.js";
import { checkIds } from "./arguments.js";
import type { RequestContext } from "./context.js";
import type { EntityReading } from "./entities.js";
import { runObject } from "./sync-run.resolver.js";

interface ChangedArguments {
  readonly types?: readonly EntityTypeWord[] | null;
  readonly ids?: readonly string[] | null;
}
interface Asked<A> {
  readonly args: A;
  readonly context: RequestContext;
}

@Resolver(() => EntityChange)
export class SubscriptionResolver {
  readonly #entities: EntityReading;

  constructor(entities: EntityReading) {
    this.#entities = entities;
  }

  @Subscription(() => EntityChange, {
    description: "Changes as they happen, wherever they were made. Nothing is repeated: after a lost connection read anew.",
    subscribe: ({ args, context }) => watchChanges({ args, context } as Asked<ChangedArguments>),
  })
  entityChanged(
    @Root() event: EntityEvent,
    @Arg("types", () => [EntityType], { nullable: true, description: "Only entities of these types. An empty list lets nothing through." })
    _types: EntityTypeWord[] | null | undefined,
    @Arg("ids", () => [ID], { nullable: true, description: "Only these entities, up to 1000; an id that one went by before will do." })
    _ids: string[] | null | undefined,
  ): EntityChange {
    const { entityId, kind, type, state, source, fields, at } = event;
    return { id: entityId, kind, type, state: kind === "DELETED" ? null : state, source, fields, at };
  }

  @Subscription(() => SyncRun, {
    description: "A run as it stands, then whenever it has come on; ends with the run.",
    subscribe: ({ args, context }) => (context as RequestContext).watching.runs.watch((args as { runId: string }).runId),
  })
  syncProgress(@Root() run: Run, @Arg("runId", () => ID) _runId: string): SyncRun {
    return runObject(run);
  }

  @FieldResolver(() => Entity, { nullable: true, description: "The entity as it is when it is told of; null when it is gone." })
  async entity(@Root() { id, kind }: EntityChange, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    const entity = kind === "DELETED" ? null : await context.loaders.entity(id);
    return entity && this.#entities.shown(context, info, entity, null);
  }
}

function watchChanges({ args: { types, ids }, context }: Asked<ChangedArguments>) {
  checkIds(ids ?? [], limits.subscriptions.maxIds);
  return context.watching.changes.watch({ types: types ?? null, ids: ids ?? null });
}
