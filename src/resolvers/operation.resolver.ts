import { Arg, Ctx, Query, Resolver } from "type-graphql";
import { Operation, OperationRef } from "../schema/operation.type.js";
import { oneOf } from "./arguments.js";
import type { RequestContext } from "./context.js";
import type { Operations } from "./operations.js";

@Resolver(() => Operation)
export class OperationResolver {
  readonly #operations: Operations;

  constructor(operations: Operations) {
    this.#operations = operations;
  }

  @Query(() => Operation, { nullable: true, description: "How a mutation stands, or has ended: for those that were answered PENDING." })
  operation(@Arg("by", () => OperationRef) by: OperationRef, @Ctx() { caller }: RequestContext) {
    const { name, value } = oneOf(by, ["id", "idempotencyKey"], "by");
    return name === "id" ? this.#operations.byId(value) : this.#operations.byKey(value, caller);
  }
}
