import { Field, Int, ObjectType } from "type-graphql";
import type {
  ConflictPolicy as ConflictPolicyWord,
  DeletePolicy as DeletePolicyWord,
  Direction as DirectionWord,
  EntityType as EntityTypeWord,
} from "../domain/words.js";
import { ConflictPolicy, DeletePolicy, Direction, EntityType } from "./enums.js";

@ObjectType({ simpleResolvers: true, description: "A field of the unified entity and the property that holds it in each system." })
export class DataflowProperty {
  @Field(() => String)
  readonly field!: string;

  @Field(() => String)
  readonly customcrmProperty!: string;

  @Field(() => String)
  readonly exactProperty!: string;

  @Field(() => String, { description: "The type that Exact gives the property, such as Edm.String." })
  readonly exactDataType!: string;

  @Field(() => Direction)
  readonly direction!: DirectionWord;

  @Field(() => ConflictPolicy)
  readonly conflictPolicy!: ConflictPolicyWord;
}

@ObjectType({ simpleResolvers: true, description: "How many entities have their link in each state." })
export class LinkCounts {
  @Field(() => Int)
  readonly unlinked!: number;

  @Field(() => Int)
  readonly pending!: number;

  @Field(() => Int)
  readonly waiting!: number;

  @Field(() => Int)
  readonly review!: number;

  @Field(() => Int)
  readonly linked!: number;

  @Field(() => Int)
  readonly conflict!: number;

  @Field(() => Int)
  readonly failed!: number;

  @Field(() => Int)
  readonly detached!: number;
}

@ObjectType({ simpleResolvers: true, description: "The rule and the property table that tie one Customcrm type to one Exact type." })
export class Dataflow {
  @Field(() => EntityType)
  readonly type!: EntityTypeWord;

  @Field(() => String)
  readonly customcrmType!: string;

  @Field(() => String)
  readonly exactType!: string;

  @Field(() => String, { description: "What is kept in step with what, and when a missing record is created, in one or two sentences." })
  readonly rule!: string;

  @Field(() => String, { nullable: true, description: "What is worth knowing about this pairing." })
  readonly remark!: string | null;

  @Field(() => [[String]], {
    description: "How counterparts are found: alternatives, first to last. The fields of one must all be filled and equal. Empty: they are never looked for.",
  })
  readonly match!: readonly (readonly string[])[];

  @Field(() => DeletePolicy)
  readonly deletePolicy!: DeletePolicyWord;

  @Field(() => [DataflowProperty])
  readonly properties!: readonly DataflowProperty[];
}
