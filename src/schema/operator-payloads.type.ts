import { Field, ObjectType } from "type-graphql";
import { Dataflow } from "./dataflow.type.js";
import { Link } from "./link.type.js";
import { UserError } from "./operation.type.js";
import { SyncRun } from "./sync-run.type.js";

@ObjectType({ simpleResolvers: true, description: "The link as it stands after a person's decision. What is left to do goes on in the background." })
export class LinkPayload {
  @Field(() => Link, { nullable: true })
  readonly link!: Link | null;

  @Field(() => [UserError], { description: "Why it was refused; empty when it was not." })
  readonly userErrors!: readonly UserError[];
}

@ObjectType({ simpleResolvers: true, description: "The run as it stands. It goes on by itself: ask `syncRun` how far it is." })
export class SyncPayload {
  @Field(() => SyncRun, { nullable: true })
  readonly run!: SyncRun | null;

  @Field(() => [UserError])
  readonly userErrors!: readonly UserError[];
}

@ObjectType({ simpleResolvers: true, description: "The dataflow as it stands after a person's decision." })
export class DataflowPayload {
  @Field(() => Dataflow, { nullable: true })
  readonly dataflow!: Dataflow | null;

  @Field(() => [UserError])
  readonly userErrors!: readonly UserError[];
}
