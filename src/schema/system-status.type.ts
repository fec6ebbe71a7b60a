import { Field, Int, ObjectType } from "type-graphql";
import type { IsoTime, System as SystemWord } from "../domain/words.js";
import { System } from "./enums.js";
import { Problem } from "./problem.type.js";
import { DateTime } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "How much a system still allows within one of its windows of time." })
export class Budget {
  @Field(() => String, { description: "minute, day, or errors (per endpoint and hour)." })
  readonly window!: string;

  @Field(() => String, { nullable: true, description: "The endpoint that it counts for; null: for all." })
  readonly endpoint!: string | null;

  @Field(() => Int, { nullable: true, description: "null: the system has not said." })
  readonly limit!: number | null;

  @Field(() => Int, { nullable: true, description: "null: the system has not said." })
  readonly remaining!: number | null;

  @Field(() => DateTime, { nullable: true })
  readonly resetsAt!: IsoTime | null;
}

@ObjectType({ simpleResolvers: true, description: "How one of the two systems is doing, told without calling it." })
export class SystemStatus {
  @Field(() => System)
  readonly system!: SystemWord;

  @Field(() => Boolean, { description: "false when the last call failed, or while calls are held back because it does not answer." })
  readonly reachable!: boolean;

  @Field(() => Boolean, { description: "false when an operator must connect it again." })
  readonly authorized!: boolean;

  @Field(() => Problem, { nullable: true })
  readonly problem!: Problem | null;

  @Field(() => Int, { nullable: true, description: "Seconds since its changes were last read completely; null: never." })
  readonly feedLagSeconds!: number | null;

  @Field(() => DateTime, { nullable: true, description: "When a change was last found there." })
  readonly lastChangeAt!: IsoTime | null;

  @Field(() => [Budget])
  readonly budget!: readonly Budget[];
}
