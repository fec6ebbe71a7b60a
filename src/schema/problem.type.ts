import { Field, Int, ObjectType } from "type-graphql";
import type { IsoTime, System as SystemWord } from "../domain/words.js";
import { System } from "./enums.js";
import { DateTime } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "Why something is not as it should be, in words that a person can act on." })
export class Problem {
  @Field(() => String, { description: "For programs. Stays the same while the wording may change." })
  readonly code!: string;

  @Field(() => String, { description: "What is wrong and what can be done about it; a system's refusal in its own words." })
  readonly message!: string;

  @Field(() => System, { nullable: true, description: "The system that it is about." })
  readonly system!: SystemWord | null;

  @Field(() => String, { nullable: true, description: "The unified field that it is about." })
  readonly field!: string | null;

  @Field(() => DateTime, { description: "When it was first seen." })
  readonly since!: IsoTime;

  @Field(() => Int, { description: "How often it was tried." })
  readonly attempts!: number;

  @Field(() => DateTime, { nullable: true, description: "When it is tried again; null when it waits for somebody or something." })
  readonly nextAttemptAt!: IsoTime | null;
}
