import { type ClassType, Field, ObjectType } from "type-graphql";
import { Account } from "./account.type.js";
import { Contact } from "./contact.type.js";
import { Link } from "./link.type.js";
import { LinkEvent } from "./link-event.type.js";
import { PageInfo } from "./page-info.type.js";
import { Product } from "./product.type.js";
import { PlannedAction } from "./sync-run.type.js";

/** A page of a list. `totalCount` is no property: a resolver counts when it is asked for. */
function connectionOf<T extends object>(node: ClassType<T>, name: string) {
  @ObjectType(`${name}Edge`, { simpleResolvers: true })
  class Edge {
    @Field(() => String, { description: "Give it as `after` to go on behind this one." })
    readonly cursor!: string;

    @Field(() => node)
    readonly node!: T;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true, description: "One page of a list." })
  class Connection {
    @Field(() => [Edge])
    readonly edges!: readonly Edge[];

    @Field(() => [node], { description: "The same as `edges { node }`." })
    readonly nodes!: readonly T[];

    @Field(() => PageInfo)
    readonly pageInfo!: PageInfo;
  }
  return Connection;
}

export const AccountConnection = connectionOf(Account, "Account");
export const ContactConnection = connectionOf(Contact, "Contact");
export const ProductConnection = connectionOf(Product, "Product");
export const LinkConnection = connectionOf(Link, "Link");
export const LinkEventConnection = connectionOf(LinkEvent, "LinkEvent");
export const PlannedActionConnection = connectionOf(PlannedAction, "PlannedAction");
