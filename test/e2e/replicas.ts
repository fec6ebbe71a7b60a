import { expect } from "vitest";
import { type Running, startGateway } from "../setup/helpers.js";
import { decideInBrowser } from "./browser.js";
import { type SmallWorld, startSmallWorld, until } from "./small-world.js";

/** Real systems that a gateway was let in to, and whose firms it has linked; it has stopped, and replicas find all of it in Redis. */
export async function startLinkedWorld(redisUrl: string): Promise<SmallWorld> {
  const world = await startSmallWorld({ mode: "real", redisUrl, exactSettings: { minuteLimit: 100_000, dayLimit: 1_000_000 } });
  await world.start();
  expect((await fetch(await decideInBrowser(world.app.url, world.exact.origin, "allow"))).status).toBe(200);
  await world.ask("mutation { resumeDataflow(type: ACCOUNT) { userErrors { message } } }");
  await until(async () => (await world.app.store.entities.counts("ACCOUNT")).LINKED === 3, "the firms are linked");
  await world.stopApp();
  return world;
}

/** A gateway as a process of its own. */
export async function startReplica(world: SmallWorld, redisUrl: string, drainSeconds: number): Promise<{ readonly gateway: Running; readonly port: number }> {
  const env = { ...world.env, PORT: "0", PUBLIC_URL: "", REDIS_URL: redisUrl, DRAIN_SECONDS: String(drainSeconds), FIRST_CONTACT: "live" };
  const gateway = startGateway(env);
  const [, port] = /GraphQL +http:\/\/127\.0\.0\.1:(\d+)/.exec(await gateway.says("Ctrl-C stops all of it.")) ?? [];
  return { gateway, port: Number(port) };
}
