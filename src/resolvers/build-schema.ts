import "reflect-metadata";
import { type IResolvers, printSchemaWithDirectives } from "@graphql-tools/utils";
import { type GraphQLSchema, isAbstractType, specifiedDirectives } from "graphql";
import { buildSchemaSync, type ContainerType, createResolversMap, type PubSub } from "type-graphql";
import { AccountResolver } from "./account.resolver.js";
import { AccountMutationResolver } from "./account-mutation.resolver.js";
import { countResolvers } from "./connection.resolver.js";
import { ContactResolver } from "./contact.resolver.js";
import { ContactMutationResolver } from "./contact-mutation.resolver.js";
import { DataflowResolver } from "./dataflow.resolver.js";
import { DataflowMutationResolver } from "./dataflow-mutation.resolver.js";
import { EntityReading } from "./entities.js";
import { EntityWriting } from "./entity-writing.js";
import { LinkResolver, MatchCandidateResolver } from "./link.resolver.js";
import { LinkMutationResolver } from "./link-mutation.resolver.js";
import { NodeResolver } from "./node.resolver.js";
import { OperationResolver } from "./operation.resolver.js";
import { Operations } from "./operations.js";
import type { ResolverParts } from "./parts.js";
import { ProductResolver } from "./product.resolver.js";
import { ProductMutationResolver } from "./product-mutation.resolver.js";
import { referenceResolvers } from "./references.js";
import { buildSubgraph } from "./subgraph.js";
import { SubscriptionResolver } from "./subscription.resolver.js";
import { SyncMutationResolver } from "./sync-mutation.resolver.js";
import { SyncRunResolver } from "./sync-run.resolver.js";
import { SystemResolver } from "./system.resolver.js";

/** The whole graph, as a Federation 2 subgraph. */
export function buildTandemSchema(parts: ResolverParts): GraphQLSchema {
  const entities = new EntityReading(parts);
  const operations = new Operations(parts);
  const writing = new EntityWriting(parts);
  const resolvers = [
    new AccountResolver(entities),
    new ContactResolver(entities),
    new ProductResolver(entities),
    new NodeResolver(operations),
    new OperationResolver(operations),
    new LinkResolver(parts),
    new MatchCandidateResolver(),
    new DataflowResolver(parts),
    new SystemResolver(parts),
    new SyncRunResolver(parts),
    new LinkMutationResolver(parts),
    new DataflowMutationResolver(parts),
    new SyncMutationResolver(parts),
    new AccountMutationResolver(writing),
    new ContactMutationResolver(writing),
    new ProductMutationResolver(writing),
    new SubscriptionResolver(entities),
    ...countResolvers.map((Counting) => new Counting()),
  ];
  const byClass = new Map<unknown, object>(resolvers.map((resolver) => [resolver.constructor, resolver]));
  const container: ContainerType = { get: (someClass) => byClass.get(someClass) };
  return federated([...byClass.keys()] as [() => void], container, referenceResolvers(entities));
}

/** Federation 2.9 and @oneOf, which TypeGraphQL knows only as text: the schema is built again from what it prints. */
const header = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
  directive @oneOf on INPUT_OBJECT
`;

/** TypeGraphQL asks for one; every subscription names a source of its own instead. */
const pubSub: PubSub = {
  publish() {},
  subscribe() {
    throw new Error("A subscription has no source of its own.");
  },
};

function federated(classes: [() => void], container: ContainerType, references: ReturnType<typeof referenceResolvers>): GraphQLSchema {
  const base = buildSchemaSync({ resolvers: classes as never, container, directives: [...specifiedDirectives], validate: false, pubSub });
  const resolvers = createResolversMap(base) as Record<string, Record<string, unknown>>;
  // TypeGraphQL's own say it by a promise, which compiled operations do not wait for.
  for (const { name } of Object.values(base.getTypeMap()).filter(isAbstractType)) resolvers[name] = { ...resolvers[name], __resolveType: typeNameOf };
  return buildSubgraph(header + printSchemaWithDirectives(base), resolvers as IResolvers, references);
}

const typeNameOf = (value: { readonly __typename: string }): string => value.__typename;
