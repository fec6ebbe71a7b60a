import { Directive, Field, ID, InputType } from "type-graphql";

@Directive("@oneOf")
@InputType({ description: "Names an entity by one of its ids; give exactly one." })
export class EntityRef {
  @Field(() => ID, { nullable: true, description: "Its id in this API. An id that it had before it was linked finds it too." })
  readonly id?: string | null;

  @Field(() => ID, { nullable: true, description: "The id of its Customcrm record." })
  readonly customcrmId?: string | null;

  @Field(() => ID, { nullable: true, description: "The id of its Exact record." })
  readonly exactId?: string | null;
}
