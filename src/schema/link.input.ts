import { Directive, Field, ID, InputType } from "type-graphql";
import type { EntityType as EntityTypeWord, System as SystemWord } from "../domain/words.js";
import { EntityType, MatchAction, System } from "./enums.js";
import { Json } from "./scalars.js";

@InputType({ description: "Two records that are one thing." })
export class LinkRecordsInput {
  @Field(() => EntityType)
  readonly type!: EntityTypeWord;

  @Field(() => ID, { description: "The id of the Customcrm record." })
  readonly customcrmId!: string;

  @Field(() => ID, { description: "The id of the Exact record." })
  readonly exactId!: string;

  @Field(() => System, { nullable: true, description: "Whose values stand where both have one and they differ. Left out: each field's policy decides." })
  readonly prefer?: SystemWord | null;
}

@Directive("@oneOf")
@InputType({ description: "Who the counterpart is; give exactly one." })
export class MatchChoice {
  @Field(() => ID, { nullable: true, description: "The record of one of the link's candidates." })
  readonly recordId?: string | null;

  @Field(() => MatchAction, { nullable: true })
  readonly action?: "CREATE_NEW" | "LEAVE_ALONE" | null;
}

@InputType({ description: "How a REVIEW ends." })
export class ChooseMatchInput {
  @Field(() => ID, { description: "The entity that is in REVIEW." })
  readonly id!: string;

  @Field(() => MatchChoice)
  readonly choice!: MatchChoice;
}

@InputType({ description: "A value of its own for a field that waits." })
export class ConflictValue {
  @Field(() => Json, { nullable: true, description: "null clears the field. A reference is given as the entity's id." })
  readonly value?: unknown;
}

@Directive("@oneOf")
@InputType({ description: "Which value stands; give exactly one. The others are kept in the history." })
export class ConflictChoice {
  @Field(() => System, { nullable: true, description: "This side's. An address, and a person's name, are taken whole." })
  readonly system?: SystemWord | null;

  @Field(() => ConflictValue, { nullable: true, description: "Another one altogether." })
  readonly set?: ConflictValue | null;
}

@InputType({ description: "How a conflict ends." })
export class ResolveConflictInput {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => String, { description: "The unified field, as `conflicts` names it." })
  readonly field!: string;

  @Field(() => ConflictChoice)
  readonly take!: ConflictChoice;
}
