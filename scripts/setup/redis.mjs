import { existsSync } from "node:fs";
import { installWithApt } from "./apt.mjs";
import { isProgram, programsOnPath } from "./path.mjs";
import { run } from "./run.mjs";
import { SetUpError } from "./script.mjs";

/** The program to start a private Redis with; installed where that is possible; null where there is none. */
export async function findRedisServer(env = process.env) {
  return namedServer(env) ?? serverOnPath(env) ?? (await installServer(env));
}

function namedServer(env) {
  const named = env.REDIS_SERVER_BIN;
  if (!named) return null;
  if (isProgram(named)) return named;
  throw new SetUpError(`REDIS_SERVER_BIN names ${named}, which is not a program that can be run: correct it or leave it out.`);
}

const serverOnPath = (env) => programsOnPath(["redis-server", "valkey-server"], env)[0] ?? null;

/** Its service is not started, and is disabled, so that it does not come up with the next boot either. */
async function installServer(env) {
  if (!(await installWithApt({ name: "redis", what: "a Redis server, without its service,", debianPackage: "redis-server" }, env))) return null;
  if (existsSync("/run/systemd/system")) await run("systemctl", ["disable", "--quiet", "redis-server"]);
  return serverOnPath(env);
}
