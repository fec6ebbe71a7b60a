import { Field, ID, ObjectType } from "type-graphql";
import { DateOnly } from "./scalars.js";
import { SystemRecord } from "./system-record.type.js";

@ObjectType({ implements: SystemRecord, simpleResolvers: true, description: "An account of Exact Online." })
export class ExactAccount extends SystemRecord {
  @Field(() => String, { nullable: true, description: "Exact's own number for the account, without its padding." })
  readonly code!: string | null;

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
  readonly remarks!: string | null;

  @Field(() => String, { nullable: true })
  readonly addressLine1!: string | null;

  @Field(() => String, { nullable: true })
  readonly addressLine2!: string | null;

  @Field(() => String, { nullable: true })
  readonly postcode!: string | null;

  @Field(() => String, { nullable: true })
  readonly city!: string | null;

  @Field(() => String, { nullable: true })
  readonly country!: string | null;

  @Field(() => String, { nullable: true })
  readonly vatNumber!: string | null;

  @Field(() => String, { nullable: true })
  readonly chamberOfCommerce!: string | null;

  @Field(() => String, { nullable: true, description: "C: customer, S: suspect, P: prospect; empty: none of these." })
  readonly status!: string | null;

  @Field(() => Boolean, { nullable: true })
  readonly blocked!: boolean | null;

  @Field(() => DateOnly, { nullable: true, description: "The account is inactive from this day on." })
  readonly endDate!: string | null;
}

@ObjectType({ implements: SystemRecord, simpleResolvers: true, description: "A contact of Exact Online." })
export class ExactContact extends SystemRecord {
  @Field(() => ID, { nullable: true, description: "The Exact account that the person belongs to." })
  readonly accountId!: string | null;

  @Field(() => String, { nullable: true })
  readonly firstName!: string | null;

  @Field(() => String, { nullable: true })
  readonly lastName!: string | null;

  @Field(() => String, { nullable: true })
  readonly fullName!: string | null;

  @Field(() => String, { nullable: true })
  readonly email!: string | null;

  @Field(() => String, { nullable: true })
  readonly phone!: string | null;

  @Field(() => String, { nullable: true })
  readonly mobile!: string | null;

  @Field(() => String, { nullable: true })
  readonly jobTitleDescription!: string | null;

  @Field(() => DateOnly, { nullable: true })
  readonly birthDate!: string | null;

  @Field(() => String, { nullable: true })
  readonly notes!: string | null;

  @Field(() => Boolean, { nullable: true })
  readonly isMainContact!: boolean | null;
}

@ObjectType({ implements: SystemRecord, simpleResolvers: true, description: "An item of Exact Online, where a site keeps its products as items." })
export class ExactItem extends SystemRecord {
  @Field(() => String, { nullable: true, description: "The item's number." })
  readonly code!: string | null;

  @Field(() => String, { nullable: true })
  readonly description!: string | null;

  @Field(() => String, { nullable: true })
  readonly notes!: string | null;

  @Field(() => DateOnly, { nullable: true })
  readonly endDate!: string | null;

  @Field(() => Boolean, { nullable: true })
  readonly isSalesItem!: boolean | null;

  @Field(() => ID, { nullable: true })
  readonly itemGroup!: string | null;

  @Field(() => String, { nullable: true })
  readonly unit!: string | null;
}
