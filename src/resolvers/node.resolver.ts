import { Arg, Ctx, Directive, ID, Query, Resolver } from "type-graphql";
import { limits } from "../domain/limits.js";
import { Node } from "../schema/node.type.js";
import { checkIds } from "./arguments.js";
import type { RequestContext } from "./context.js";
import { entityObject, storedView } from "./entity-objects.js";
import type { Operations } from "./operations.js";

@Resolver()
export class NodeResolver {
  readonly #operations: Operations;

  constructor(operations: Operations) {
    this.#operations = operations;
  }

  @Directive("@shareable")
  @Query(() => Node, { nullable: true, description: "An account, contact, product or operation by its id; null when there is none." })
  async node(@Arg("id", () => ID) id: string, @Ctx() { loaders }: RequestContext) {
    const entity = await loaders.entity(id);
    return entity ? entityObject(storedView(entity)) : this.#operations.byId(id);
  }

  @Directive("@shareable")
  @Query(() => [Node], { nullable: "items", description: "The same for up to 200 ids, in their order; null for each that there is none of." })
  nodes(@Arg("ids", () => [ID]) ids: string[], @Ctx() context: RequestContext) {
    checkIds(ids, limits.list.maxNodes);
    return ids.map((id) => this.node(id, context));
  }
}
