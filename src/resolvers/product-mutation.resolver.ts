import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { CreateProductInput, DeleteInput, UpdateProductInput } from "../schema/entity-mutation.input.js";
import { DeletePayload, ProductPayload } from "../schema/entity-payload.type.js";
import { Product } from "../schema/product.type.js";
import type { RequestContext } from "./context.js";
import type { ProductObject } from "./entity-objects.js";
import type { EntityWriting, Written } from "./entity-writing.js";

@Resolver(() => Product)
export class ProductMutationResolver {
  readonly #writing: EntityWriting;

  constructor(writing: EntityWriting) {
    this.#writing = writing;
  }

  @Mutation(() => ProductPayload, { description: "Creates a product: a contact row in Exact, and then a product in Customcrm." })
  async createProduct(@Arg("input", () => CreateProductInput) input: CreateProductInput, @Ctx() context: RequestContext): Promise<ProductPayload> {
    return payload(await this.#writing.create(context, "PRODUCT", input));
  }

  @Mutation(() => ProductPayload, { description: "Changes a product in both systems, or in the one that has it." })
  async updateProduct(@Arg("input", () => UpdateProductInput) input: UpdateProductInput, @Ctx() context: RequestContext): Promise<ProductPayload> {
    return payload(await this.#writing.update(context, "PRODUCT", input));
  }

  @Mutation(() => DeletePayload, { description: "Deletes a product and its record in Exact." })
  deleteProduct(@Arg("input", () => DeleteInput) input: DeleteInput, @Ctx() context: RequestContext): Promise<DeletePayload> {
    return this.#writing.remove(context, "PRODUCT", input);
  }
}

const payload = ({ entity, ...written }: Written): ProductPayload => ({ ...written, product: entity as ProductObject | null });
