// Apollo Server 5 as it comes, with DataLoader, over the gateway's own snapshots.
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { connect, Loaders } from "./kit/link-map.js";
import { resolvers, typeDefs, typeOfEntity } from "./kit/schema.js";

const redis = await connect();
const server = new ApolloServer({ typeDefs, resolvers: { ...resolvers, _Entity: { __resolveType: typeOfEntity } } });
await startStandaloneServer(server, {
  listen: { host: "127.0.0.1", port: Number(process.env.PORT) },
  context: async () => ({ loaders: new Loaders(redis) }),
});
