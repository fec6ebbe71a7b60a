import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root } from "type-graphql";
import { Account } from "../schema/account.type.js";
import { AccountConnection, ContactConnection, ProductConnection } from "../schema/connection.type.js";
import { CustomcrmCustomer } from "../schema/customcrm-record.type.js";
import { EntityRef } from "../schema/entity-ref.input.js";
import { EntityOrder } from "../schema/enums.js";
import { ExactAccount } from "../schema/exact-record.type.js";
import { AccountFilter } from "../schema/filter.input.js";
import type { EntityQuery } from "../store/store.js";
import type { RequestContext } from "./context.js";
import { about } from "./descriptions.js";
import type { EntityReading } from "./entities.js";
import type { AccountObject } from "./entity-objects.js";

@Resolver(() => Account)
export class AccountResolver {
  readonly #entities: EntityReading;

  constructor(entities: EntityReading) {
    this.#entities = entities;
  }

  @Query(() => Account, { nullable: true, description: "An account by one of its ids; null when there is none." })
  account(
    @Arg("by", () => EntityRef) by: EntityRef,
    @Arg("maxAge", () => Int, { nullable: true, description: about.maxAge }) maxAge: number | null | undefined,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ) {
    return this.#entities.byRef(context, info, "ACCOUNT", by, maxAge);
  }

  @Query(() => AccountConnection, { description: "Accounts of both systems, page by page." })
  accounts(
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: about.first }) first: number | null,
    @Arg("after", () => String, { nullable: true, description: about.after }) after: string | null | undefined,
    @Arg("filter", () => AccountFilter, { nullable: true }) filter: AccountFilter | null | undefined,
    @Arg("orderBy", () => EntityOrder, { nullable: true, description: "NAME_ASC where nothing is said." }) orderBy: EntityQuery["order"] | null | undefined,
    @Arg("maxAge", () => Int, { nullable: true, description: about.maxAge }) maxAge: number | null | undefined,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ) {
    return this.#entities.list(context, info, "ACCOUNT", { first, after, filter, orderBy, maxAge });
  }

  @FieldResolver(() => ContactConnection, { description: "The people at this account, by name." })
  contacts(
    @Root() { view }: AccountObject,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: about.first }) first: number | null,
    @Arg("after", () => String, { nullable: true, description: about.after }) after: string | null | undefined,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ) {
    return this.#entities.ofAccount(context, info, view, "CONTACT", first, after);
  }

  @FieldResolver(() => ProductConnection, { description: "The products of this account, by name." })
  products(
    @Root() { view }: AccountObject,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: about.first }) first: number | null,
    @Arg("after", () => String, { nullable: true, description: about.after }) after: string | null | undefined,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ) {
    return this.#entities.ofAccount(context, info, view, "PRODUCT", first, after);
  }

  @FieldResolver(() => CustomcrmCustomer, { nullable: true, description: about.customcrm })
  customcrm(@Root() { view }: AccountObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.record(context, info, view, "CUSTOMCRM");
  }

  @FieldResolver(() => ExactAccount, { nullable: true, description: about.exact })
  exact(@Root() { view }: AccountObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.record(context, info, view, "EXACT");
  }
}
