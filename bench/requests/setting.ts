import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { createRandom } from "../../src/sandbox/kit/random.js";
import { endRedisServer, startRedisServer } from "../../src/store/redis-server.js";
import { Child } from "../sync/rpc.js";
import { pin } from "./cores.js";
import { credentialsEnv, gatewayEnv, type Origins, tenant } from "./given.js";
import { askOnce } from "./load.js";
import type { World } from "./processes/world.js";
import { withPeople } from "./rows.js";
import type { ServerSpec } from "./servers.js";
import { bodyOf, type Choice, listSelection, singleSelection } from "./workloads.js";

/** Two systems, a link map of them in a Redis of its own, and how to start a gateway on it. */
export interface Setting {
  readonly accounts: number;
  readonly redisPid: number;
  readonly redisSocket: string;
  readonly redisUrl: string;
  /** What secrets in it are sealed with. */
  readonly key: string;
  readonly origins: Origins;
  readonly world: Child<World>;
  readonly gateway: ServerSpec;
  stop(): Promise<void>;
}

/** Room for a million accounts in both systems, and for all of one system's at once while the link map is filled. */
const worldMb = 14_000;

export async function startSetting(root: string, binary: string, accounts: number): Promise<Setting> {
  const dataDir = await mkdtemp(join(tmpdir(), "tandem-bench-"));
  const redisSocket = join(dataDir, "s");
  const url = `unix://${redisSocket}`;
  const redis = await startRedisServer({ binary, dataDir, durable: false, socket: redisSocket, url });
  const world = Child.start<World>("world", [`--max-old-space-size=${worldMb}`], import.meta.url);
  const stop = async () => {
    await world.stop();
    await endRedisServer(redis);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const origins = await world.ask("start", accounts);
    const key = randomBytes(32).toString("base64");
    await world.ask("fill", url, key);
    pin(redis.process.pid ?? 0, "redis");
    const env = { ...gatewayEnv(url, origins, key), TANDEM_DATA_DIR: dataDir };
    const gateway: ServerSpec = { name: "tandem", title: "Tandem", command: ["node", join(root, "dist/bundle/main.js")], cwd: dataDir, env };
    return { accounts, redisPid: redis.process.pid ?? 0, redisSocket, redisUrl: url, key, origins, world, gateway, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Page {
  readonly nodes: readonly { readonly id: string; readonly name: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

async function pageOf(origin: string, first: number, after: string | null, selection: string): Promise<Page> {
  const query = `query page($first: Int, $after: String) { accounts(first: $first, after: $after) { nodes { ${selection} } pageInfo { hasNextPage endCursor } } }`;
  const { data } = await askOnce(origin, bodyOf({ name: "page", query }, { first, after }));
  return (data as { accounts: Page }).accounts;
}

const pageSize = 50;

/** What the workloads choose from, as a running gateway tells it. */
export async function choiceOf(origin: string, accounts: number): Promise<Choice> {
  const cursors: string[] = [];
  const prefixes: string[] = [];
  for (let after: string | null = null, left = Math.floor(withPeople(accounts) / pageSize) - 1; left > 0; left -= 1) {
    const { nodes, pageInfo }: Page = await pageOf(origin, pageSize, after, "id name");
    after = pageInfo.endCursor;
    if (after === null || !pageInfo.hasNextPage) break;
    cursors.push(after);
    prefixes.push(
      ...nodes.slice(0, 5).map(({ name }) =>
        name
          .toLowerCase()
          .replace(/[^a-z].*$/, "")
          .slice(0, 4),
      ),
    );
  }
  return { random: createRandom("bench"), accounts, cursors, prefixes: [...new Set(prefixes)].filter((one) => one.length > 2) };
}

/** Lays the floor's answers ready in Redis, as the gateway gives them. */
export async function prepareFloor({ redisSocket }: Setting, origin: string, { cursors }: Choice): Promise<void> {
  const redis = await createClient({ socket: { path: redisSocket, tls: false } }).connect();
  const keep = (name: string, nodes: Page["nodes"]) =>
    redis.mSet(nodes.map(({ id, ...node }): [string, string] => [`bench:${name}:${id}`, JSON.stringify({ id, ...node })]));
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo }: Page = await pageOf(origin, 200, after, singleSelection);
    if (nodes.length > 0) await keep("single", nodes);
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) break;
  }
  for (const cursor of cursors) {
    const { nodes, pageInfo } = await pageOf(origin, pageSize, cursor, listSelection);
    await keep("list", nodes);
    await redis.hSet("bench:pages", cursor, JSON.stringify({ ids: nodes.map(({ id }) => id), pageInfo }));
  }
  redis.destroy();
}

/** A rival is a program in bench/rivals, which reads the same Redis or calls the same systems. */
export async function rivalOn({ redisSocket, origins, world }: Setting, root: string, name: string, title: string): Promise<ServerSpec> {
  const env = { BENCH_REDIS_SOCKET: redisSocket, BENCH_TENANT: tenant, ...credentialsEnv(origins, await world.ask("consent")) };
  return { name, title, command: ["node", `${name}.js`], cwd: join(root, "bench/rivals"), env };
}
