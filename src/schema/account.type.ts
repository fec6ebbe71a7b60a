import { Field } from "type-graphql";
import { Entity, EntityObject } from "./entity.type.js";

@EntityObject(
  "A company or person that is dealt with: a Customcrm Customer, an Exact account, or both. The fields give what both agree on; while a change is on its way, the value that will win.",
)
export class Account extends Entity {
  @Field(() => String)
  readonly name!: string;

  @Field(() => String, { nullable: true })
  readonly email!: string | null;

  @Field(() => String, { nullable: true })
  readonly phone!: string | null;

  @Field(() => String, { nullable: true })
  readonly fax!: string | null;

  @Field(() => String, { nullable: true })
  readonly website!: string | null;

  @Field(() => String, { nullable: true, description: "Free text about it, possibly over several lines." })
  readonly description!: string | null;

  @Field(() => String, { nullable: true, description: "Street and number." })
  readonly addressLine1!: string | null;

  @Field(() => String, { nullable: true })
  readonly addressLine2!: string | null;

  @Field(() => String, { nullable: true })
  readonly postcode!: string | null;

  @Field(() => String, { nullable: true })
  readonly city!: string | null;

  @Field(() => String, { nullable: true, description: "ISO 3166-1 alpha-2: NL, BE, FR, NO." })
  readonly country!: string | null;

  @Field(() => String, { nullable: true })
  readonly vatNumber!: string | null;

  @Field(() => String, { nullable: true, description: "The number under which the company is registered in its country." })
  readonly chamberOfCommerce!: string | null;
}
