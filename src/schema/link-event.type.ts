import { Field, ID, ObjectType } from "type-graphql";
import type { CanonicalValue } from "../domain/canonical.js";
import type { ChangeSource as ChangeSourceWord, ConflictPolicy as ConflictPolicyWord, IsoTime } from "../domain/words.js";
import { ChangeSource, ConflictPolicy } from "./enums.js";
import { DateTime, Json } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "What happened to one field." })
export class FieldChange {
  @Field(() => String)
  readonly field!: string;

  @Field(() => Json, { nullable: true })
  readonly before!: CanonicalValue;

  @Field(() => Json, { nullable: true })
  readonly after!: CanonicalValue;

  @Field(() => Json, { nullable: true, description: "The value that lost, where two were entered; `takeBack` makes it win." })
  readonly lost!: CanonicalValue;

  @Field(() => ChangeSource, { nullable: true, description: "Where the value that lost was entered." })
  readonly lostFrom!: ChangeSourceWord | null;

  @Field(() => ConflictPolicy, { nullable: true, description: "The policy that decided; null where there was nothing to decide." })
  readonly decidedBy!: ConflictPolicyWord | null;
}

@ObjectType({ simpleResolvers: true, description: "One entry of an entity's history." })
export class LinkEvent {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => DateTime)
  readonly at!: IsoTime;

  @Field(() => String, { description: "What happened: SEEN, LINKED, CREATED, UPDATED, CONFLICT, RESOLVED and their like." })
  readonly kind!: string;

  @Field(() => ChangeSource, { description: "Where it came from." })
  readonly source!: ChangeSourceWord;

  @Field(() => String, { nullable: true, description: "Who did it, for what was done through this API." })
  readonly actor!: string | null;

  @Field(() => [FieldChange])
  readonly fields!: readonly FieldChange[];
}
