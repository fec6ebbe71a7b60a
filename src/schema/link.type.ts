import { Field, ID, Int, ObjectType } from "type-graphql";
import type { CanonicalValue } from "../domain/canonical.js";
import type {
  EntityType as EntityTypeWord,
  IsoTime,
  LinkOrigin as LinkOriginWord,
  LinkState as LinkStateWord,
  System as SystemWord,
  WriteOperation as WriteOperationWord,
} from "../domain/words.js";
import { EntityType, LinkOrigin, LinkState, System, WriteOperation } from "./enums.js";
import { Problem } from "./problem.type.js";
import { DateTime, Json } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "A write that is owed to a system." })
export class PendingWrite {
  @Field(() => System, { description: "The system that is written to." })
  readonly system!: SystemWord;

  @Field(() => WriteOperation)
  readonly operation!: WriteOperationWord;

  @Field(() => [String], { description: "The unified fields that it carries." })
  readonly fields!: readonly string[];

  @Field(() => DateTime, { description: "Since when it is owed." })
  readonly queuedAt!: IsoTime;

  @Field(() => Int, { description: "How often it was tried." })
  readonly attempts!: number;

  @Field(() => DateTime, { nullable: true, description: "When it is tried next; null: as soon as there is room." })
  readonly nextAttemptAt!: IsoTime | null;

  @Field(() => String, { nullable: true, description: "What went wrong the last time." })
  readonly lastError!: string | null;
}

@ObjectType({ simpleResolvers: true, description: "A record that may be the counterpart; choose it with its `recordId`." })
export class MatchCandidate {
  @Field(() => System, { description: "The system that holds the record." })
  readonly system!: SystemWord;

  @Field(() => ID, { description: "The record's id in that system." })
  readonly recordId!: string;

  @Field(() => String, { description: "What a person would call it: a name, and what tells it from its like." })
  readonly label!: string;

  @Field(() => [String], { description: "The fields in which it agrees." })
  readonly matchedOn!: readonly string[];
}

@ObjectType({ simpleResolvers: true, description: "A field that was changed in both systems and waits for a person." })
export class FieldConflict {
  @Field(() => String)
  readonly field!: string;

  @Field(() => Json, { nullable: true, description: "What both held when they last agreed." })
  readonly agreed!: CanonicalValue;

  @Field(() => Json, { nullable: true, description: "What Customcrm holds." })
  readonly customcrm!: CanonicalValue;

  @Field(() => Json, { nullable: true, description: "What Exact holds." })
  readonly exact!: CanonicalValue;

  @Field(() => DateTime)
  readonly since!: IsoTime;
}

@ObjectType({ simpleResolvers: true, description: "What joins an entity's records, and how that stands." })
export class Link {
  @Field(() => LinkState)
  readonly state!: LinkStateWord;

  @Field(() => Int, {
    description: "Grows with every accepted or observed change of a unified field. Give it as `expectedVersion` to update only what you have seen.",
  })
  readonly version!: number;

  @Field(() => EntityType)
  readonly type!: EntityTypeWord;

  @Field(() => ID, { nullable: true, description: "The id of the Customcrm record; null while there is none." })
  readonly customcrmId!: string | null;

  @Field(() => ID, { nullable: true, description: "The id of the Exact record; null while there is none." })
  readonly exactId!: string | null;

  @Field(() => LinkOrigin, { nullable: true, description: "null while there is only one record." })
  readonly origin!: LinkOriginWord | null;

  @Field(() => DateTime, { nullable: true })
  readonly linkedAt!: IsoTime | null;

  @Field(() => DateTime, { nullable: true, description: "When both sides were last known to agree." })
  readonly syncedAt!: IsoTime | null;

  @Field(() => Problem, { nullable: true, description: "Why it is not LINKED." })
  readonly problem!: Problem | null;

  @Field(() => [PendingWrite], { description: "What is owed to either system." })
  readonly pending!: readonly PendingWrite[];

  @Field(() => [FieldConflict], { description: "What a person must decide." })
  readonly conflicts!: readonly FieldConflict[];
}
