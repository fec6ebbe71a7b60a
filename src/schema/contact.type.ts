import { Field } from "type-graphql";
import { Entity, EntityObject } from "./entity.type.js";
import { DateOnly } from "./scalars.js";

@EntityObject("A person at an account: a Customcrm Contact, an Exact contact, or both.")
export class Contact extends Entity {
  @Field(() => String, { nullable: true })
  readonly firstName!: string | null;

  @Field(() => String, { nullable: true, description: "Exact lets it be absent. Such a contact is not created in Customcrm, which asks for one." })
  readonly lastName!: string | null;

  @Field(() => String, { description: "First and last name, as far as there are any." })
  readonly fullName!: string;

  @Field(() => String, { nullable: true })
  readonly email!: string | null;

  @Field(() => String, { nullable: true })
  readonly phone!: string | null;

  @Field(() => String, { nullable: true })
  readonly mobile!: string | null;

  @Field(() => String, { nullable: true })
  readonly jobTitle!: string | null;

  @Field(() => DateOnly, { nullable: true })
  readonly birthDate!: string | null;

  @Field(() => String, { nullable: true, description: "Free text about the person, possibly over several lines." })
  readonly description!: string | null;
}
