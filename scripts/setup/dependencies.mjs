import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";
import { run } from "./run.mjs";
import { step } from "./say.mjs";
import { SetUpError } from "./script.mjs";

/** Installs what package-lock.json names, if it is newer than what is installed. */
export async function installDependencies() {
  if (areInstalled()) return;
  // Development tools are part of it even where NODE_ENV says production: the same folder runs, checks and tests.
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, output } = await step("Installing dependencies with npm ci (once)", () => runNpm(args));
  if (code !== 0) throw new SetUpError(`npm ci failed (exit code ${code}). It said:\n${lastLines(output, 15)}`);
}

function areInstalled() {
  // npm writes this file last, so a broken-off install counts as none.
  const installed = join(root, "node_modules", ".package-lock.json");
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

/** The npm that runs us if there is one: it is the one that fits this Node. */
export function runNpm(args) {
  const running = process.env.npm_execpath;
  if (running?.endsWith("npm-cli.js")) return run(process.execPath, [running, ...args], { cwd: root });
  return run("npm", args, { cwd: root, shell: process.platform === "win32" });
}

const lastLines = (text, count) => text.trim().split("\n").slice(-count).join("\n");
