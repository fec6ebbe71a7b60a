import { Field, ID, ObjectType } from "type-graphql";
import { DateOnly } from "./scalars.js";
import { SystemRecord } from "./system-record.type.js";

@ObjectType({ implements: SystemRecord, simpleResolvers: true, description: "A Customcrm Customer." })
export class CustomcrmCustomer extends SystemRecord {
  @Field(() => String, { nullable: true })
  readonly name!: string | null;

  @Field(() => String, { nullable: true })
  readonly email!: string | null;

  @Field(() => String, { nullable: true })
  readonly phone!: string | null;

  @Field(() => String, { nullable: true })
  readonly fax!: string | null;

  @Field(() => String, { nullable: true })
  readonly website!: string | null;

  @Field(() => String, { nullable: true })
  readonly description!: string | null;

  @Field(() => String, { nullable: true })
  readonly streetAddress1!: string | null;

  @Field(() => String, { nullable: true })
  readonly streetAddress2!: string | null;

  @Field(() => String, { nullable: true })
  readonly zipCode!: string | null;

  @Field(() => String, { nullable: true })
  readonly city!: string | null;

  @Field(() => String, { nullable: true })
  readonly country!: string | null;

  @Field(() => String, { nullable: true })
  readonly vatNumber!: string | null;

  @Field(() => String, { nullable: true })
  readonly organisationNumber!: string | null;
}

@ObjectType({ implements: SystemRecord, simpleResolvers: true, description: "A Customcrm Contact." })
export class CustomcrmContact extends SystemRecord {
  @Field(() => ID, { nullable: true, description: "The Customer that the person belongs to." })
  readonly customerId!: string | null;

  @Field(() => String, { nullable: true })
  readonly firstName!: string | null;

  @Field(() => String, { nullable: true })
  readonly lastName!: string | null;

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

  @Field(() => String, { nullable: true })
  readonly description!: string | null;
}

@ObjectType({ implements: SystemRecord, simpleResolvers: true, description: "A Customcrm Product." })
export class CustomcrmProduct extends SystemRecord {
  @Field(() => String, { nullable: true })
  readonly name!: string | null;

  @Field(() => String, { nullable: true })
  readonly number!: string | null;

  @Field(() => String, { nullable: true })
  readonly description!: string | null;

  @Field(() => String, { nullable: true })
  readonly email!: string | null;

  @Field(() => String, { nullable: true })
  readonly phone!: string | null;

  @Field(() => ID, { nullable: true, description: "The Customer that the product belongs to." })
  readonly customerId!: string | null;
}
