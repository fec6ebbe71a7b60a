import { Field, ID, Int, ObjectType } from "type-graphql";
import type { PlannedActionKind as PlannedActionKindWord, RunState as RunStateWord, SyncMode as SyncModeWord } from "../domain/run.js";
import type { EntityType as EntityTypeWord, IsoTime, System as SystemWord } from "../domain/words.js";
import { EntityType, PlannedActionKind, RunState, SyncMode, System } from "./enums.js";
import { FieldChange } from "./link-event.type.js";
import { Problem } from "./problem.type.js";
import { DateTime } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "How far a run has come. A dry run counts what it would do." })
export class RunProgress {
  @Field(() => Int, { description: "Records read." })
  readonly read!: number;

  @Field(() => Int, { nullable: true, description: "Records to read, where that is known." })
  readonly total!: number | null;

  @Field(() => Int)
  readonly linked!: number;

  @Field(() => Int)
  readonly created!: number;

  @Field(() => Int)
  readonly updated!: number;

  @Field(() => Int)
  readonly deleted!: number;

  @Field(() => Int)
  readonly unchanged!: number;

  @Field(() => Int, { description: "Left to a person." })
  readonly review!: number;

  @Field(() => Int)
  readonly failed!: number;

  @Field(() => Int, { nullable: true, description: "About how long it will still take." })
  readonly etaSeconds!: number | null;
}

@ObjectType({ simpleResolvers: true, description: "What a plan costs in calls to one system." })
export class PlanCost {
  @Field(() => System)
  readonly system!: SystemWord;

  @Field(() => Int)
  readonly reads!: number;

  @Field(() => Int)
  readonly writes!: number;

  @Field(() => Int, { description: "How long it takes at the pace that the system allows." })
  readonly seconds!: number;
}

@ObjectType({ simpleResolvers: true, description: "What a run does, or would do, about one entity." })
export class PlannedAction {
  @Field(() => PlannedActionKind)
  readonly kind!: PlannedActionKindWord;

  @Field(() => EntityType)
  readonly type!: EntityTypeWord;

  @Field(() => System, { nullable: true, description: "The system that is written to first; null when none is." })
  readonly system!: SystemWord | null;

  @Field(() => String, { description: "What a person would call the entity." })
  readonly label!: string;

  @Field(() => ID, { nullable: true })
  readonly customcrmId!: string | null;

  @Field(() => ID, { nullable: true })
  readonly exactId!: string | null;

  @Field(() => [FieldChange])
  readonly fields!: readonly FieldChange[];

  @Field(() => String)
  readonly reason!: string;
}

@ObjectType({ simpleResolvers: true, description: "One pass of the sync." })
export class SyncRun {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => SyncMode)
  readonly mode!: SyncModeWord;

  @Field(() => Boolean, { description: "Only plans; writes nothing." })
  readonly dryRun!: boolean;

  @Field(() => [EntityType])
  readonly types!: readonly EntityTypeWord[];

  @Field(() => RunState)
  readonly state!: RunStateWord;

  @Field(() => DateTime)
  readonly startedAt!: IsoTime;

  @Field(() => DateTime, { nullable: true })
  readonly finishedAt!: IsoTime | null;

  @Field(() => RunProgress)
  readonly progress!: RunProgress;

  @Field(() => [PlanCost])
  readonly cost!: readonly PlanCost[];

  @Field(() => Problem, { nullable: true, description: "Why it could not go on." })
  readonly problem!: Problem | null;
}
