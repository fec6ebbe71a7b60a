import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root } from "type-graphql";
import { Account } from "../schema/account.type.js";
import { ContactConnection } from "../schema/connection.type.js";
import { Contact } from "../schema/contact.type.js";
import { CustomcrmContact } from "../schema/customcrm-record.type.js";
import { EntityRef } from "../schema/entity-ref.input.js";
import { EntityOrder } from "../schema/enums.js";
import { ExactContact } from "../schema/exact-record.type.js";
import { ContactFilter } from "../schema/filter.input.js";
import type { EntityQuery } from "../store/store.js";
import type { RequestContext } from "./context.js";
import { about } from "./descriptions.js";
import type { EntityReading } from "./entities.js";
import type { ContactObject } from "./entity-objects.js";

@Resolver(() => Contact)
export class ContactResolver {
  readonly #entities: EntityReading;

  constructor(entities: EntityReading) {
    this.#entities = entities;
  }

  @Query(() => Contact, { nullable: true, description: "A contact by one of its ids; null when there is none." })
  contact(
    @Arg("by", () => EntityRef) by: EntityRef,
    @Arg("maxAge", () => Int, { nullable: true, description: about.maxAge }) maxAge: number | null | undefined,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ) {
    return this.#entities.byRef(context, info, "CONTACT", by, maxAge);
  }

  @Query(() => ContactConnection, { description: "Contacts of both systems, page by page." })
  contacts(
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: about.first }) first: number | null,
    @Arg("after", () => String, { nullable: true, description: about.after }) after: string | null | undefined,
    @Arg("filter", () => ContactFilter, { nullable: true }) filter: ContactFilter | null | undefined,
    @Arg("orderBy", () => EntityOrder, { nullable: true, description: "NAME_ASC where nothing is said." }) orderBy: EntityQuery["order"] | null | undefined,
    @Arg("maxAge", () => Int, { nullable: true, description: about.maxAge }) maxAge: number | null | undefined,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ) {
    return this.#entities.list(context, info, "CONTACT", { first, after, filter, orderBy, maxAge });
  }

  @FieldResolver(() => Account, { nullable: true, description: "The account where the person is." })
  account(@Root() { view }: ContactObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.account(context, info, view);
  }

  @FieldResolver(() => CustomcrmContact, { nullable: true, description: about.customcrm })
  customcrm(@Root() { view }: ContactObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.record(context, info, view, "CUSTOMCRM");
  }

  @FieldResolver(() => ExactContact, { nullable: true, description: about.exact })
  exact(@Root() { view }: ContactObject, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo) {
    return this.#entities.record(context, info, view, "EXACT");
  }
}
