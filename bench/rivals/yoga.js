// GraphQL Yoga with JIT and DataLoader over the gateway's own snapshots.
import { createServer } from "node:http";
import { useGraphQlJit } from "@envelop/graphql-jit";
import { createSchema, createYoga } from "graphql-yoga";
import { connect, Loaders } from "./kit/link-map.js";
import { resolvers, typeDefs, typeOfEntity } from "./kit/schema.js";

const redis = await connect();
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: { ...resolvers, _Entity: { __resolveType: typeOfEntity } } }),
  plugins: [useGraphQlJit()],
  context: () => ({ loaders: new Loaders(redis) }),
  graphiql: false,
  landingPage: false,
  logging: false,
});
createServer(yoga).listen(Number(process.env.PORT), "127.0.0.1");
