import { Field } from "type-graphql";
import { Entity, EntityObject } from "./entity.type.js";

@EntityObject("A Customcrm Product. In Exact it is kept as a contact row whose last name is the product's name.")
export class Product extends Entity {
  @Field(() => String)
  readonly name!: string;

  @Field(() => String, { nullable: true, description: "Free text about it, possibly over several lines." })
  readonly description!: string | null;

  @Field(() => String, { nullable: true })
  readonly email!: string | null;

  @Field(() => String, { nullable: true })
  readonly phone!: string | null;
}
