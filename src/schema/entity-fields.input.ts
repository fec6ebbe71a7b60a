import { Field, ID, InputType } from "type-graphql";
import { DateOnly } from "./scalars.js";

const leftOut = "A field left out is left alone; one given as null is cleared.";

@InputType({ description: `What an account may be given. ${leftOut}` })
export class AccountFields {
  @Field(() => String, { nullable: true, description: "Needed for a create, and never empty." })
  readonly name?: string | null;

  @Field(() => String, { nullable: true })
  readonly email?: string | null;

  @Field(() => String, { nullable: true })
  readonly phone?: string | null;

  @Field(() => String, { nullable: true })
  readonly fax?: string | null;

  @Field(() => String, { nullable: true })
  readonly website?: string | null;

  @Field(() => String, { nullable: true, description: "Free text, possibly over several lines." })
  readonly description?: string | null;

  @Field(() => String, { nullable: true })
  readonly addressLine1?: string | null;

  @Field(() => String, { nullable: true })
  readonly addressLine2?: string | null;

  @Field(() => String, { nullable: true })
  readonly postcode?: string | null;

  @Field(() => String, { nullable: true })
  readonly city?: string | null;

  @Field(() => String, { nullable: true, description: "ISO 3166-1 alpha-2, such as NL." })
  readonly country?: string | null;

  @Field(() => String, { nullable: true })
  readonly vatNumber?: string | null;

  @Field(() => String, { nullable: true })
  readonly chamberOfCommerce?: string | null;
}

@InputType({ description: `What a contact may be given. ${leftOut}` })
export class ContactFields {
  @Field(() => String, { nullable: true })
  readonly firstName?: string | null;

  @Field(() => String, { nullable: true, description: "Needed for a create, and never empty." })
  readonly lastName?: string | null;

  @Field(() => String, { nullable: true })
  readonly email?: string | null;

  @Field(() => String, { nullable: true })
  readonly phone?: string | null;

  @Field(() => String, { nullable: true })
  readonly mobile?: string | null;

  @Field(() => String, { nullable: true })
  readonly jobTitle?: string | null;

  @Field(() => DateOnly, { nullable: true })
  readonly birthDate?: Date | string | null;

  @Field(() => String, { nullable: true, description: "Free text, possibly over several lines." })
  readonly description?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "The id of an Account in this API. Needed for a create. A system in which the account has no record yet waits for it.",
  })
  readonly accountId?: string | null;
}

@InputType({ description: `What a product may be given. ${leftOut}` })
export class ProductFields {
  @Field(() => String, { nullable: true, description: "Needed for a create, and never empty." })
  readonly name?: string | null;

  @Field(() => String, { nullable: true, description: "Stays in Customcrm; where products are kept as items of Exact, it is the item's code." })
  readonly number?: string | null;

  @Field(() => String, { nullable: true, description: "Free text, possibly over several lines." })
  readonly description?: string | null;

  @Field(() => String, { nullable: true })
  readonly email?: string | null;

  @Field(() => String, { nullable: true })
  readonly phone?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "The id of an Account in this API. Without one it goes under the site's default account in Exact, if there is one.",
  })
  readonly accountId?: string | null;
}
