import { Field, InputType } from "type-graphql";
import type { SyncMode as SyncModeWord } from "../domain/run.js";
import type { EntityType as EntityTypeWord } from "../domain/words.js";
import { EntityType, SyncMode } from "./enums.js";

@InputType({ description: "What a run looks at, and whether it only plans." })
export class SyncInput {
  @Field(() => [EntityType], { nullable: true, description: "What is compared and reported. Left out: everything. What they refer to is settled with them." })
  readonly types?: EntityTypeWord[] | null;

  @Field(() => SyncMode, { nullable: true, defaultValue: "CHANGES" })
  readonly mode?: SyncModeWord | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "Plan it all, write nothing. Paused dataflows are planned as if they were resumed.",
  })
  readonly dryRun?: boolean | null;
}
