import { Field, ID, ObjectType } from "type-graphql";
import type { ChangeSource as ChangeSourceWord, EntityType as EntityTypeWord, IsoTime, LinkState as LinkStateWord } from "../domain/words.js";
import { ChangeSource, EntityChangeKind, EntityType, LinkState } from "./enums.js";
import { DateTime } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "One change of an entity, as subscribers are told of it." })
export class EntityChange {
  @Field(() => ID, { description: "The id that the entity goes by." })
  readonly id!: string;

  @Field(() => EntityType)
  readonly type!: EntityTypeWord;

  @Field(() => EntityChangeKind)
  readonly kind!: keyof typeof EntityChangeKind;

  @Field(() => LinkState, { nullable: true, description: "How its link stood after the change; null when the entity is gone." })
  readonly state!: LinkStateWord | null;

  @Field(() => ChangeSource, { description: "Where the change was made." })
  readonly source!: ChangeSourceWord;

  @Field(() => [String], { description: "The unified fields that changed." })
  readonly fields!: readonly string[];

  @Field(() => DateTime)
  readonly at!: IsoTime;
}
