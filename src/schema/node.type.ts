import { Field, ID, InterfaceType } from "type-graphql";

/** What a source object must carry for the interfaces: its type's name. */
export interface Typed {
  readonly __typename: string;
}

@InterfaceType({
  description: "Whatever has an id that `node` finds it by.",
  autoRegisterImplementations: false,
  resolveType: (value: Typed) => value.__typename,
})
export abstract class Node {
  @Field(() => ID, { description: "Names it everywhere in this API, and never changes." })
  readonly id!: string;
}
