import { Directive, Field, ID, InputType, ObjectType } from "type-graphql";
import type { SystemWriteStatus as SystemWriteStatusWord, UserErrorCode as UserErrorCodeWord, WriteStatus as WriteStatusWord } from "../domain/operation.js";
import type { IsoTime, System as SystemWord, WriteOperation as WriteOperationWord } from "../domain/words.js";
import { System, SystemWriteStatus, UserErrorCode, WriteOperation, WriteStatus } from "./enums.js";
import { Node } from "./node.type.js";
import { DateTime } from "./scalars.js";

@ObjectType({ simpleResolvers: true, description: "Why a mutation was refused, in words for the person who asked." })
export class UserError {
  @Field(() => UserErrorCode)
  readonly code!: UserErrorCodeWord;

  @Field(() => String)
  readonly message!: string;

  @Field(() => [String], { nullable: true, description: "The path of the input value that it is about." })
  readonly field!: readonly string[] | null;

  @Field(() => System, { nullable: true, description: "The system that refused." })
  readonly system!: SystemWord | null;

  @Field(() => DateTime, { nullable: true, description: "From when on it is worth another try." })
  readonly retryAt!: IsoTime | null;
}

@ObjectType({ simpleResolvers: true, description: "A mutation's part in one system." })
export class SystemWrite {
  @Field(() => System)
  readonly system!: SystemWord;

  @Field(() => SystemWriteStatus)
  readonly status!: SystemWriteStatusWord;

  @Field(() => WriteOperation)
  readonly operation!: WriteOperationWord;

  @Field(() => [String], { description: "The unified fields that it carries." })
  readonly fields!: readonly string[];

  @Field(() => ID, { nullable: true, description: "The record that is written; null before it exists." })
  readonly recordId!: string | null;

  @Field(() => String, { nullable: true, description: "What went wrong, in the system's own words." })
  readonly error!: string | null;

  @Field(() => DateTime, { nullable: true })
  readonly nextAttemptAt!: IsoTime | null;
}

@ObjectType({ implements: Node, simpleResolvers: true, description: "A mutation and how far it has come." })
export class Operation extends Node {
  @Field(() => WriteStatus)
  readonly status!: WriteStatusWord;

  @Field(() => [SystemWrite])
  readonly writes!: readonly SystemWrite[];

  @Field(() => [UserError])
  readonly userErrors!: readonly UserError[];

  @Field(() => ID, { nullable: true, description: "The entity that it is about." })
  readonly entityId!: string | null;

  @Field(() => DateTime)
  readonly startedAt!: IsoTime;

  @Field(() => DateTime, { nullable: true, description: "null while it is PENDING." })
  readonly finishedAt!: IsoTime | null;
}

@Directive("@oneOf")
@InputType({ description: "Names a mutation; give exactly one." })
export class OperationRef {
  @Field(() => ID, { nullable: true })
  readonly id?: string | null;

  @Field(() => String, { nullable: true, description: "The key that the mutation was sent with. Keys are kept for 24 hours and belong to whoever sent them." })
  readonly idempotencyKey?: string | null;
}
