import { Field, ID, ObjectType } from "type-graphql";
import type { WriteStatus as WriteStatusWord } from "../domain/operation.js";
import { Account } from "./account.type.js";
import { Contact } from "./contact.type.js";
import { WriteStatus } from "./enums.js";
import { Operation, SystemWrite, UserError } from "./operation.type.js";
import { Product } from "./product.type.js";

@ObjectType()
abstract class WritePayload {
  @Field(() => Operation, { nullable: true, description: "To ask about later; null if it was refused before anything was recorded." })
  readonly operation!: Operation | null;

  @Field(() => WriteStatus)
  readonly status!: WriteStatusWord;

  @Field(() => [SystemWrite], { description: "How it stands in each system, the one that is written first first." })
  readonly writes!: readonly SystemWrite[];

  @Field(() => [UserError], { description: "Why it does not stand, or not all of it. Empty while it is PENDING: `writes` say what it waits for." })
  readonly userErrors!: readonly UserError[];
}

@ObjectType({ simpleResolvers: true, description: "What became of a mutation of an account." })
export class AccountPayload extends WritePayload {
  @Field(() => Account, { nullable: true, description: "As it stands now, with what is on its way." })
  readonly account!: Account | null;
}

@ObjectType({ simpleResolvers: true, description: "What became of a mutation of a contact." })
export class ContactPayload extends WritePayload {
  @Field(() => Contact, { nullable: true, description: "As it stands now, with what is on its way." })
  readonly contact!: Contact | null;
}

@ObjectType({ simpleResolvers: true, description: "What became of a mutation of a product." })
export class ProductPayload extends WritePayload {
  @Field(() => Product, { nullable: true, description: "As it stands now, with what is on its way." })
  readonly product!: Product | null;
}

@ObjectType({ simpleResolvers: true, description: "What became of a deletion." })
export class DeletePayload extends WritePayload {
  @Field(() => ID, { nullable: true, description: "What is deleted, or will be; null if it was refused." })
  readonly id!: string | null;
}
