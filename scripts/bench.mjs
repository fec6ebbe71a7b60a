// npm run bench: measures the gateway against rivals, side by side on loopback, and as it grows; writes bench/results.md and bench/growth.md. It takes its time:
// `npm run bench -- --accounts 500 --repeats 1 --seconds 1 --only single,list` for a first look.
import { existsSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runNpm } from "./setup/dependencies.mjs";
import { findRedisServer } from "./setup/redis.mjs";
import { root } from "./setup/root.mjs";
import { run } from "./setup/run.mjs";
import { step } from "./setup/say.mjs";
import { SetUpError, script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUp } from "./setup.mjs";

const options = {
  accounts: { type: "string", default: "100000" },
  repeats: { type: "string", default: "5" },
  seconds: { type: "string", default: "3" },
  subscribers: { type: "string", default: "1000" },
  sizes: { type: "string", default: "1000,10000" },
  minutes: { type: "string", default: "60" },
  only: { type: "string" },
};

await script(async () => {
  const { values } = parseArgs({ options });
  const number = (name, least, text = values[name]) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new SetUpError(`--${name} must be a whole number from ${least}, not "${text}".`);
  };
  const given = {
    accounts: number("accounts", 200),
    repeats: number("repeats", 1),
    seconds: number("seconds", 1),
    subscribers: number("subscribers", 1),
    minutes: number("minutes", 4),
    sizes: values.sizes.split(",").map((size) => number("sizes", 200, size)),
    only: values.only?.split(",") ?? null,
  };
  await setUp();
  const binary = await findRedisServer();
  if (binary === null) throw new SetUpError("The bench needs a redis-server.");
  await build();
  await installRivals();
  const { bench } = await importTypeScript("bench/requests/main.ts");
  const command = ["npm run bench", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" ");
  await bench({ ...given, root, binary, command, print: (text) => process.stdout.write(text) });
});

/** What is measured is what an image runs. */
async function build() {
  const { code, output } = await step("Building", () => run(process.execPath, ["scripts/build.mjs"], { cwd: root }));
  if (code !== 0) throw new SetUpError(`The build failed:\n${output}`);
}

/** They have a package.json of their own, so that nothing of theirs is a dependency of ours. */
async function installRivals() {
  const [installed, wanted] = ["node_modules/.package-lock.json", "package.json"].map((path) => join(root, "bench/rivals", path));
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  const args = ["install", "--prefix", "bench/rivals", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, output } = await step("Installing the rivals (once)", () => runNpm(args));
  if (code !== 0) throw new SetUpError(`The rivals can't be installed:\n${output}`);
  // npm leaves it as it was if there was nothing to do.
  utimesSync(installed, new Date(), new Date());
}
