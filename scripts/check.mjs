// npm run check: sets itself up, then holds the project to its own rules. `npm run check -- types imports` runs only those.
import { cpus } from "node:os";
import { root } from "./setup/root.mjs";
import { run } from "./setup/run.mjs";
import { seconds } from "./setup/say.mjs";
import { SetUpError, script } from "./setup/script.mjs";
import { setUp } from "./setup.mjs";

const tool = (path) => `node_modules/${path}`;
const checks = [
  { name: "types", what: "types", args: [tool("typescript/bin/tsc"), "-p", "."] },
  { name: "lint", what: "lint and format", args: [tool("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."] },
  {
    name: "imports",
    what: "imports point one way, no cycles",
    args: [
      tool("dependency-cruiser/bin/dependency-cruise.mjs"),
      "--config",
      ".dependency-cruiser.cjs",
      "src",
      "test",
      "scripts",
      "bench/requests",
      "bench/sync",
      "clients",
    ],
  },
  { name: "dead", what: "no dead files, exports, dependencies", args: [tool("knip/bin/knip.js"), "--no-progress"] },
  { name: "schema", what: "schema.graphql is up to date", args: [tool("tsx/dist/cli.mjs"), "scripts/check-schema.ts"] },
  { name: "dataflow", what: "docs/dataflow.rst is up to date", args: ["scripts/dataflow.mjs", "--check"] },
  { name: "codegen", what: "generated operations are up to date", args: [tool("@graphql-codegen/cli/esm/bin.js"), "--config", "codegen.yml", "--check"] },
];
/** The compiler alone takes about half a gigabyte. */
const atOnce = Math.min(3, cpus().length);

await script(async () => {
  await setUp();
  const chosen = choose(process.argv.slice(2));
  const began = Date.now();
  const queue = [...chosen];
  const failed = [];
  const work = async () => {
    for (let check = queue.shift(); check; check = queue.shift()) {
      if (!(await holds(check))) failed.push(check.name);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const time = seconds(Date.now() - began);
  if (failed.length > 0) throw new SetUpError(`${failed.length} of ${chosen.length} checks failed after ${time}: ${failed.join(", ")}.`);
  process.stdout.write(`All ${chosen.length} checks hold (${time}).\n`);
});

function choose(names) {
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) throw new SetUpError(`There is no check ${unknown.join(", ")}; there are ${checks.map((check) => check.name).join(", ")}.`);
  return names.length === 0 ? checks : checks.filter((check) => names.includes(check.name));
}

async function holds({ what, args }) {
  const began = Date.now();
  const { code, output } = await run(process.execPath, args, { cwd: root, env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? "1" : "0" } });
  process.stdout.write(`${code === 0 ? "ok    " : "FAILED"} ${seconds(Date.now() - began).padStart(7)}  ${what}\n`);
  if (code !== 0) process.stdout.write(`${output.trimEnd().replaceAll(/^/gm, "    ")}\n`);
  return code === 0;
}
