// Mercurius with JIT and DataLoader over the gateway's own snapshots: what a Node engineer would write by hand for these queries.
import Fastify from "fastify";
import mercurius from "mercurius";
import { connect, Loaders } from "./kit/link-map.js";
import { resolvers, typeDefs, typeOfEntity } from "./kit/schema.js";

const redis = await connect();
const app = Fastify();
await app.register(mercurius, {
  schema: typeDefs,
  resolvers: { ...resolvers, _Entity: { resolveType: typeOfEntity } },
  jit: 1,
  context: () => ({ loaders: new Loaders(redis) }),
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
