import { type ClassType, FieldResolver, Int, Resolver, Root } from "type-graphql";
import {
  AccountConnection,
  ContactConnection,
  LinkConnection,
  LinkEventConnection,
  PlannedActionConnection,
  ProductConnection,
} from "../schema/connection.type.js";
import type { Page } from "./connections.js";

function countResolver(connection: ClassType<object>) {
  @Resolver(() => connection)
  class CountResolver {
    @FieldResolver(() => Int, { description: "How many the whole list has. Counted only when it is asked for." })
    totalCount(@Root() page: Page<unknown>): Promise<number> {
      return page.count();
    }
  }
  return CountResolver;
}

export const countResolvers = [AccountConnection, ContactConnection, ProductConnection, LinkConnection, LinkEventConnection, PlannedActionConnection].map(
  countResolver,
);
