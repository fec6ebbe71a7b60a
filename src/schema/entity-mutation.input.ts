import { Field, ID, InputType, Int } from "type-graphql";
import { AccountFields, ContactFields, ProductFields } from "./entity-fields.input.js";
import { PartialFailure, WhenBusy } from "./enums.js";

const aboutKey =
  "Makes a repeat harmless: the same key with the same input gives the same operation and how it stands, for 24 hours. Keys belong to whoever sends them. Take a new one for each change, and send it again whenever the answer was lost.";
const aboutVersion =
  "`link.version` as you have seen it. Refused if a field that is set has changed since, here or in a system; left out, this is the newest edit of its fields.";

@InputType()
abstract class WriteInput {
  @Field(() => String, { nullable: true, description: aboutKey })
  readonly idempotencyKey?: string | null;

  @Field(() => PartialFailure, { nullable: true, defaultValue: "RETRY" })
  readonly onPartialFailure?: "RETRY" | "ROLLBACK" | null;

  @Field(() => WhenBusy, { nullable: true, defaultValue: "REFUSE" })
  readonly whenBusy?: "REFUSE" | "QUEUE" | null;
}

@InputType()
abstract class UpdateInput extends WriteInput {
  @Field(() => ID, { description: "Its id in this API, or one that it had before it was linked." })
  readonly id!: string;

  @Field(() => Int, { nullable: true, description: aboutVersion })
  readonly expectedVersion?: number | null;
}

@InputType({ description: "An account that neither system has yet." })
export class CreateAccountInput extends WriteInput {
  @Field(() => AccountFields)
  readonly fields!: AccountFields;
}

@InputType({ description: "A contact that neither system has yet." })
export class CreateContactInput extends WriteInput {
  @Field(() => ContactFields)
  readonly fields!: ContactFields;
}

@InputType({ description: "A product that neither system has yet." })
export class CreateProductInput extends WriteInput {
  @Field(() => ProductFields)
  readonly fields!: ProductFields;
}

@InputType({ description: "What is to be changed of an account." })
export class UpdateAccountInput extends UpdateInput {
  @Field(() => AccountFields)
  readonly set!: AccountFields;
}

@InputType({ description: "What is to be changed of a contact." })
export class UpdateContactInput extends UpdateInput {
  @Field(() => ContactFields)
  readonly set!: ContactFields;
}

@InputType({ description: "What is to be changed of a product." })
export class UpdateProductInput extends UpdateInput {
  @Field(() => ProductFields)
  readonly set!: ProductFields;
}

@InputType({ description: "What is to be deleted, in both systems." })
export class DeleteInput {
  @Field(() => ID, { description: "Its id in this API, or one that it had before it was linked." })
  readonly id!: string;

  @Field(() => Int, { nullable: true, description: "`link.version` as you have seen it. Refused if anything has changed since." })
  readonly expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: aboutKey })
  readonly idempotencyKey?: string | null;
}
