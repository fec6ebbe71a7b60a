import { Directive, Field, ID, InterfaceType, ObjectType } from "type-graphql";
import type { IsoTime } from "../domain/words.js";
import { Link } from "./link.type.js";
import { Node, type Typed } from "./node.type.js";
import { DateTime } from "./scalars.js";

@InterfaceType({
  implements: Node,
  description: "One thing in the world, known to Customcrm, to Exact Online, or to both.",
  autoRegisterImplementations: false,
  resolveType: (value: Typed) => value.__typename,
})
export abstract class Entity extends Node {
  @Field(() => ID, { nullable: true, description: "The id of its Customcrm record; null while it has none." })
  readonly customcrmId!: string | null;

  @Field(() => ID, { nullable: true, description: "The id of its Exact record; null while it has none." })
  readonly exactId!: string | null;

  @Field(() => DateTime, { description: "The newest time that either system gives. For display and order only." })
  readonly modifiedAt!: IsoTime;

  @Field(() => Link, { description: "How its records are joined, and what is owed." })
  readonly link!: Link;
}

/** An entity as a type of the graph: other subgraphs may name it by any of its ids. */
export function EntityObject(description: string): ClassDecorator {
  const decorators: ClassDecorator[] = [
    ObjectType({ implements: [Node, Entity], simpleResolvers: true, description }),
    // The last to be applied is printed first, as with decorators that stand above a class.
    Directive('@key(fields: "exactId")'),
    Directive('@key(fields: "customcrmId")'),
    Directive('@key(fields: "id")'),
  ];
  return (target) => {
    for (const decorate of decorators) decorate(target);
  };
}
