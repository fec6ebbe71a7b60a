// node scripts/image-steps.mjs: carries out the Dockerfile's steps in temporary folders, one a stage, then runs the image's command
// with its environment until its health check answers. For machines without Docker. `--installed` links the dependencies of this
// checkout instead of installing them.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./setup/root.mjs";

const isInstalled = process.argv.includes("--installed");
const startMs = 60_000;
const base = mkdtempSync(join(tmpdir(), "tandem-image-"));

try {
  const image = build();
  await checkImage(image);
  process.stdout.write("The image's steps, its command and its health check work.\n");
} finally {
  rmSync(base, { recursive: true, force: true });
}

/** The Dockerfile's instructions, each on one line; comments are left out. */
function instructions() {
  const lines = readFileSync(join(root, "Dockerfile"), "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "" && !line.startsWith("#")).map((line) => /^(\S+)\s+(.*)$/.exec(line).slice(1));
}

/** Carries the steps out. A stage's root is a folder: what is absolute lies below it. */
function build() {
  const stages = new Map();
  let stage;
  for (const [name, text] of instructions()) {
    process.stdout.write(`${name} ${text.slice(0, 100)}\n`);
    if (name === "FROM") {
      const [, alias = `stage-${stages.size}`] = /\sAS\s(\S+)/i.exec(text) ?? [];
      stage = { dir: join(base, alias), workdir: "/", env: {}, cmd: null, health: null };
      mkdirSync(stage.dir);
      stages.set(alias, stage);
    } else if (name === "WORKDIR") {
      stage.workdir = text;
      mkdirSync(join(stage.dir, text), { recursive: true });
    } else if (name === "ENV") stage.env[text.split("=")[0]] = text.slice(text.indexOf("=") + 1);
    else if (name === "COPY") copy(stages, stage, text.split(/\s+/));
    else if (name === "RUN") run(stage, text);
    else if (name === "CMD") stage.cmd = JSON.parse(text);
    else if (name === "HEALTHCHECK") stage.health = JSON.parse(/CMD (\[.*\])$/.exec(text)[1]);
  }
  return stage;
}

function copy(stages, stage, words) {
  const [, from] = /^--from=(.*)$/.exec(words[0]) ?? [];
  const sources = words.slice(from ? 1 : 0, -1).map((path) => (from ? join(stages.get(from).dir, path) : join(root, path)));
  const target = join(stage.dir, stage.workdir, words.at(-1));
  for (const source of sources) {
    // A folder's content is copied, a file under its name.
    const into = statSync(source).isDirectory() ? target : join(target, basename(source));
    cpSync(source, into, { recursive: true, verbatimSymlinks: true });
  }
}

function run(stage, command) {
  const cwd = join(stage.dir, stage.workdir);
  if (isInstalled && command === "npm ci") return symlinkSync(join(root, "node_modules"), join(cwd, "node_modules"));
  if (isInstalled && command.startsWith("npm prune")) return;
  // Owners are the image's affair, and /data is a folder of the stage here.
  const here = command.replaceAll(/ \/data/g, ` ${join(stage.dir, "data")}`).replace(/ && chown .*/, "");
  const { status } = spawnSync("sh", ["-c", here], { cwd, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`This step failed: RUN ${command}`);
}

async function checkImage({ dir, workdir, env, cmd, health }) {
  const cwd = join(dir, workdir);
  const sandbox = { SANDBOX_EXACT_PORT: "0", SANDBOX_CUSTOMCRM_PORT: "0", API_KEYS: "image-0123456789abcdef" };
  const all = { PATH: process.env.PATH, ...env, TANDEM_DATA_DIR: join(dir, "data"), HOST: "127.0.0.1", PORT: "14000", ...sandbox };
  const refused = spawnSync(cmd[0], cmd.slice(1), { cwd, env: { ...all, HOST: env.HOST, API_KEYS: "" }, encoding: "utf8" });
  if (refused.status !== 1 || !refused.stderr.includes("HOST")) throw new Error(`Without credentials it should not have started: ${refused.stderr}`);

  const gateway = spawn(cmd[0], cmd.slice(1), { cwd, env: all, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => gateway.once("exit", resolve));
  const until = Date.now() + startMs;
  const isHealthy = () => spawnSync(health[0], health.slice(1), { cwd, env: all }).status === 0;
  while (!isHealthy()) {
    if (Date.now() > until || gateway.exitCode !== null) throw new Error("Its health check does not answer.");
    await sleep(500);
  }
  gateway.kill("SIGTERM");
  if ((await ended) !== 0) throw new Error("It did not stop in order.");
}
