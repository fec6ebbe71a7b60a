import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root } from "type-graphql";
import { Account } from "../schema/account.type.js";
import { ProductConnection } from "../schema/connection.type.js";
import { CustomcrmProduct } from "../schema/customcrm-record.type.js";
import { EntityRef } from "../schema/entity-ref.input.js";
import { EntityOrder } from "../schema/enums.js";
import { ExactContact, ExactItem } from "../schema/exact-record.type.js";
import { ProductFilter } from "../schema/filter.input.js";
import { Product } from "../schema/product.type.js";
import type { EntityQuery } from "../store/store.js";
import type { RequestContext } from "./context.js";
import { about } from "./descriptions.js";
import type { EntityReading } from "./entities.js";
import type { ProductObject } from "./entity-objects.js";

@Resolver(() => Product)
export class ProductResolver {
  readonly #entities: EntityReading;

  constructor(entities: EntityReading) {
    this.#entities = entities;
  }

  @Query(() => Product, { nullable: true, description: "A product by one of its ids; null when there is none." })
  product(
    @Arg("by", () => EntityRef) by: EntityRef,
    @Arg("maxAge", () => Int, { nullable: true, description: about.maxAge }) maxAge: number | null | undefined,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ) {
    return this.#entities.byRef(context, info, "PRODUCT", by, maxAge);
  }

  @Query(() => ProductConnection, { description: "Products of both systems, page by page." })
  products(
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: about.first }) first: number | null,
    @Arg("after", () => String, { nullable: true, description: about.after }) after: string | null | undefined,
    @Arg("filter", () => ProductFilter, { nullable: true }) filter: ProductFilter | null | undefined,
    @Arg("orderBy", () => EntityOrder, { nullable: true, description: "NAME_ASC where nothing is said." }) orderBy: EntityQuery["order"] | null | undefined,
    @Arg("maxAge", () => Int, { nullable: true, description: about.maxAge }) maxAge: number | null | undefined,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ) {
    return this.#entities.list(context, info, "PRODUCT", { first, after, filter, orderBy, maxAge });
  }

  @FieldResolver(() => String, { nullable: true, description: "The product's number. Customcrm keeps it; in Exact it is the code of an item." })
  number(@Root() { view }: ProductObject, @Ctx() context: RequestContext) {
    if ("number" in view.fields) return view.fields.number;
    return this.#entities.customcrmProperty(context, view, "Number", "number");
  }

  @FieldResolver(() => Account, { nullable: true, description: "The account that it belongs to; null when it has none." })
  account(@Root() { view }: ProductObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.account(context, info, view);
  }

  @FieldResolver(() => CustomcrmProduct, { nullable: true, description: about.customcrm })
  customcrm(@Root() { view }: ProductObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.record(context, info, view, "CUSTOMCRM");
  }

  @FieldResolver(() => ExactContact, { nullable: true, description: `${about.exact} Null where products are kept as items.` })
  async exact(@Root() { view }: ProductObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.isKeptAs(view, "Contacts") ? this.#entities.record(context, info, view, "EXACT") : null;
  }

  @FieldResolver(() => ExactItem, { nullable: true, description: `${about.exact} Null where products are kept as contacts.` })
  async exactItem(@Root() { view }: ProductObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.isKeptAs(view, "Items") ? this.#entities.record(context, info, view, "EXACT") : null;
  }
}
