import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { root } from "./root.mjs";
import { run } from "./run.mjs";
import { step } from "./say.mjs";
import { SetUpError } from "./script.mjs";

const servers = ["redis-server", "valkey-server"];
/** After an install that failed, the next starts don't wait for another one this long. */
const retryInstallAfterMs = 3_600_000;

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

function serverOnPath(env) {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    for (const server of servers) {
      if (folder && isProgram(join(folder, server))) return join(folder, server);
    }
  }
  return null;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function installServer(env) {
  if (!canInstall(env)) return null;
  const data = resolve(root, env.TANDEM_DATA_DIR || ".data");
  const failed = join(data, "redis-install-failed");
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < retryInstallAfterMs) return null;

  const { code, output } = await step("Installing a Redis server with apt-get (once, without starting its service)", () => aptInstall(env));
  const server = code === 0 ? serverOnPath(env) : null;
  if (server !== null) {
    rmSync(failed, { force: true });
    return server;
  }
  mkdirSync(data, { recursive: true });
  writeFileSync(failed, output);
  process.stdout.write(`apt-get could not install it (exit code ${code}; ${failed} has what it said).\n`);
  return null;
}

function canInstall(env) {
  const isDebian = existsSync("/etc/os-release") && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync("/etc/os-release", "utf8"));
  return isDebian && process.getuid?.() === 0 && (env.PATH ?? "").split(delimiter).some((folder) => folder && isProgram(join(folder, "apt-get")));
}

async function aptInstall(env) {
  const options = { env: { ...env, DEBIAN_FRONTEND: "noninteractive" } };
  const quick = ["-q", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "-o", "DPkg::Lock::Timeout=60"];
  const install = () => run("apt-get", [...quick, "install", "-y", "--no-install-recommends", "redis-server"], options);
  const update = () => run("apt-get", [...quick, "update"], options);

  return withoutServices(async () => {
    if (!hasPackageLists()) await update();
    const first = await install();
    if (first.code === 0) return first;
    // Lists that name a package version which the mirror has dropped meanwhile.
    await update();
    return install();
  });
}

function hasPackageLists() {
  const lists = "/var/lib/apt/lists";
  return existsSync(lists) && readdirSync(lists).some((name) => /_Packages(\.|$)/.test(name));
}

/**
 * Debian starts a service when its package is installed, unless /usr/sbin/policy-rc.d forbids it; where there is none, one stands
 * for the time of the install. Afterwards the service is disabled, so that it does not come up with the next boot either.
 */
async function withoutServices(install) {
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  // A Ctrl-C ends apt-get, and then this goes on to take the policy away again.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  process.on("SIGTERM", ignore);
  try {
    if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    const result = await install();
    if (existsSync("/run/systemd/system")) await run("systemctl", ["disable", "--quiet", "redis-server"]);
    return result;
  } finally {
    if (isOurs) rmSync(policy, { force: true });
    process.off("SIGINT", ignore);
    process.off("SIGTERM", ignore);
  }
}
