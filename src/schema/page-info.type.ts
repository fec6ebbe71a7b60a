import { Directive, Field, ObjectType } from "type-graphql";

@Directive("@shareable")
@ObjectType({ simpleResolvers: true, description: "Where a page stands in its list." })
export class PageInfo {
  @Field(() => Boolean)
  readonly hasNextPage!: boolean;

  @Field(() => Boolean)
  readonly hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  readonly startCursor!: string | null;

  @Field(() => String, { nullable: true, description: "Give it as `after` to get the next page." })
  readonly endCursor!: string | null;
}
