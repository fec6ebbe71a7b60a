import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { programsOnPath } from "./path.mjs";
import { root } from "./root.mjs";
import { run } from "./run.mjs";
import { step } from "./say.mjs";

/** After an install that failed, the next starts don't wait for another one this long. */
const retryAfterMs = 3_600_000;

/**
 * Installs a Debian package where that is possible: as root, on Debian or Ubuntu. False where it is not, or did not work; `name` tells
 * this install's failure from others'.
 */
export async function installWithApt({ name, what, debianPackage }, env = process.env) {
  if (!canInstall(env)) return false;
  const data = resolve(root, env.TANDEM_DATA_DIR || ".data");
  const failed = join(data, `${name}-install-failed`);
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < retryAfterMs) return false;

  const { code, output } = await step(`Installing ${what} with apt-get (once)`, () => withoutServices(() => aptInstall(debianPackage, env)));
  if (code === 0) {
    rmSync(failed, { force: true });
    return true;
  }
  mkdirSync(data, { recursive: true });
  writeFileSync(failed, output);
  process.stdout.write(`apt-get could not install it (exit code ${code}; ${failed} has what it said).\n`);
  return false;
}

function canInstall(env) {
  const isDebian = existsSync("/etc/os-release") && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync("/etc/os-release", "utf8"));
  return isDebian && process.getuid?.() === 0 && programsOnPath(["apt-get"], env).length > 0;
}

async function aptInstall(debianPackage, env) {
  const options = { env: { ...env, DEBIAN_FRONTEND: "noninteractive" } };
  const quick = ["-q", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "-o", "DPkg::Lock::Timeout=60"];
  const install = () => run("apt-get", [...quick, "install", "-y", "--no-install-recommends", debianPackage], options);
  const update = () => run("apt-get", [...quick, "update"], options);

  if (!hasPackageLists()) await update();
  const first = await install();
  if (first.code === 0) return first;
  // Lists that name a package version which the mirror has dropped meanwhile.
  await update();
  return install();
}

function hasPackageLists() {
  const lists = "/var/lib/apt/lists";
  return existsSync(lists) && readdirSync(lists).some((name) => /_Packages(\.|$)/.test(name));
}

/** Debian starts a service when its package is installed, unless /usr/sbin/policy-rc.d forbids it; where there is none, one stands for that time. */
async function withoutServices(install) {
  const policy = "/usr/sbin/policy-rc.d";
  const isOurs = !existsSync(policy);
  // A Ctrl-C ends apt-get, and then this goes on to take the policy away again.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  process.on("SIGTERM", ignore);
  try {
    if (isOurs) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    return await install();
  } finally {
    if (isOurs) rmSync(policy, { force: true });
    process.off("SIGINT", ignore);
    process.off("SIGTERM", ignore);
  }
}
