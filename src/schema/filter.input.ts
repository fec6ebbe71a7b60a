import { Directive, Field, ID, InputType } from "type-graphql";
import type { LinkState as LinkStateWord } from "../domain/words.js";
import { LinkState } from "./enums.js";
import { DateTime } from "./scalars.js";

@Directive("@oneOf")
@InputType({ description: "How a name must read, blind to case and accents; give exactly one." })
export class TextFilter {
  @Field(() => String, { nullable: true })
  readonly equals?: string | null;

  @Field(() => String, { nullable: true })
  readonly startsWith?: string | null;
}

@InputType()
abstract class EntityFilter {
  @Field(() => [LinkState], { nullable: true, description: "Entities whose link is in one of these states. An empty list finds nothing." })
  readonly state?: readonly LinkStateWord[] | null;

  @Field(() => DateTime, { nullable: true, description: "Entities that a system says were changed after this moment." })
  readonly modifiedAfter?: Date | null;
}

@InputType({ description: "All that are given must hold." })
export class AccountFilter extends EntityFilter {
  @Field(() => TextFilter, { nullable: true })
  readonly name?: TextFilter | null;

  @Field(() => String, { nullable: true, description: "The whole address, blind to case." })
  readonly email?: string | null;

  @Field(() => String, { nullable: true, description: "ISO 3166-1 alpha-2." })
  readonly country?: string | null;

  @Field(() => String, { nullable: true, description: "The whole postcode, blind to case, spaces and punctuation." })
  readonly postcode?: string | null;

  @Field(() => String, { nullable: true, description: "Blind to case, spaces and punctuation." })
  readonly vatNumber?: string | null;

  @Field(() => String, { nullable: true, description: "Blind to case, spaces and punctuation." })
  readonly chamberOfCommerce?: string | null;
}

@InputType({ description: "All that are given must hold." })
export class ContactFilter extends EntityFilter {
  @Field(() => TextFilter, { nullable: true, description: "The first, the last or the full name." })
  readonly name?: TextFilter | null;

  @Field(() => String, { nullable: true, description: "The whole address, blind to case." })
  readonly email?: string | null;

  @Field(() => ID, { nullable: true, description: "The id of an Account in this API." })
  readonly accountId?: string | null;
}

@InputType({ description: "All that are given must hold." })
export class ProductFilter extends EntityFilter {
  @Field(() => TextFilter, { nullable: true })
  readonly name?: TextFilter | null;

  @Field(() => String, { nullable: true, description: "The product's number, blind to case, spaces and punctuation." })
  readonly number?: string | null;

  @Field(() => ID, { nullable: true, description: "The id of an Account in this API." })
  readonly accountId?: string | null;
}
