// The floor: answers that lie ready in Redis, fetched by one MGET and joined. `POST /graphql` takes the same bodies as the others.
import { createServer } from "node:http";
import { connect } from "./kit/link-map.js";

const redis = await connect();
const keyOf = (name, id) => `bench:${name}:${id}`;
const answers = {
  single: async ({ id }) => `{"data":{"account":${(await redis.mGet([keyOf("single", id)]))[0]}}}\n`,
  list: async ({ after }) => {
    const { ids, pageInfo } = pages.get(after);
    return `{"data":{"accounts":{"nodes":[${(await redis.mGet(ids)).join(",")}],"pageInfo":${pageInfo}}}}\n`;
  },
};
/** What a page holds, by its cursor. */
const pages = new Map(
  Object.entries(await redis.hGetAll("bench:pages")).map(([after, text]) => {
    const { ids, pageInfo } = JSON.parse(text);
    return [after, { ids: ids.map((id) => keyOf("list", id)), pageInfo: JSON.stringify(pageInfo) }];
  }),
);

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    const { operationName, variables } = JSON.parse(Buffer.concat(chunks).toString());
    const answer = (await answers[operationName]?.(variables)) ?? '{"data":{}}\n';
    response.writeHead(200, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
