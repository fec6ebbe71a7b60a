// npm run worlds: whole simulated worlds, each run from a seed, on all cores. `npm run worlds -- --help` lists what it takes.
import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./setup/root.mjs";
import { seconds } from "./setup/say.mjs";
import { SetUpError, script } from "./setup/script.mjs";
import { setUp } from "./setup.mjs";

const help = `npm run worlds -- [options]

  --count N        how many worlds (1000)
  --seed S         what their seeds begin with: S-0, S-1, … (world)
  --only S         this one seed alone
  --faults F       a multiple of the usual chances of faults (1)
  --operations N   what people do in each world (40)
  --clients S      how much of it comes through the gateway, as mutations (0)
  --budget         Exact takes only so many calls a minute and a day, and our budget has to keep to it
  --ablation NAME  with one safeguard taken away: quarantine, adopt, guards, …
  --without "…"    what is left out, as a smaller world names it
  --shrink         makes each broken world as small as it can be, and shows what is left of it
  --find           looks whether each safeguard is still missed in its pinned worlds, and finds others where it is not
  --trace          shows all that happened
  --jobs N         processes (one a core)
`;

await script(async () => {
  const { values } = parseArgs({ options: optionsOf() });
  if (values.help) return void process.stdout.write(help);
  await setUp();
  if (values.find) return find(whole("jobs", values.jobs ?? String(cpus().length)));
  const seeds = values.only === undefined ? Array.from({ length: whole("count", values.count) }, (_, i) => `${values.seed}-${i}`) : [values.only];
  const work = {
    operations: whole("operations", values.operations),
    faults: number("faults", values.faults),
    clients: number("clients", values.clients),
    budget: values.budget,
    ablation: values.ablation ?? null,
    without: values.without,
    trace: values.trace,
    shrink: values.shrink,
  };
  const began = Date.now();
  const total = {};
  const broken = [];
  let done = 0;
  const note = ({ seed, violations, figures, text }) => {
    done++;
    add(total, figures);
    if (violations.length > 0) broken.push(seed);
    if (text) process.stdout.write(`${text}\n`);
    if (done % 100 === 0 && done < seeds.length) progress(done, seeds.length, broken.length, began);
  };
  const jobs = Math.min(whole("jobs", values.jobs ?? String(cpus().length)), seeds.length);
  const ended = await Promise.allSettled(Array.from({ length: jobs }, (_, i) => run({ ...work, seeds: seeds.filter((_seed, at) => at % jobs === i) }, note)));
  const failed = ended.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  const spent = Date.now() - began;
  const { struck, ...figures } = total;
  process.stdout.write(`${done} worlds in ${seconds(spent)} (${(done / (spent / 1000)).toFixed(1)} a second): ${broken.length} broken. ${listOf(figures)}.\n`);
  process.stdout.write(`Faults, by kind: ${listOf(struck)}.\n`);
  if (broken.length > 0) throw new SetUpError(`Broken: ${broken.slice(0, 20).join(", ")}${broken.length > 20 ? ", …" : ""}`);
});

function optionsOf() {
  return {
    count: { type: "string", default: "1000" },
    seed: { type: "string", default: "world" },
    only: { type: "string" },
    faults: { type: "string", default: "1" },
    operations: { type: "string", default: "40" },
    clients: { type: "string", default: "0" },
    budget: { type: "boolean", default: false },
    ablation: { type: "string" },
    without: { type: "string", default: "" },
    find: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    shrink: { type: "boolean", default: false },
    jobs: { type: "string" },
    help: { type: "boolean", default: false },
  };
}

/** One process; resolves when it has run its share. */
async function run(work, note) {
  let left = work.seeds.length;
  await inProcess("worker.ts", work, (message) => {
    left--;
    note(message);
  });
  if (left > 0) throw new SetUpError(`A process ended with ${left} worlds left to run.`);
}

/** For each safeguard what became of its pinned worlds; fails where there are others to pin. */
async function find(jobs) {
  let changed = 0;
  const note = ({ text, isPinned }) => {
    process.stdout.write(`${text}\n`);
    if (!isPinned) changed++;
  };
  await Promise.all(Array.from({ length: jobs }, (_, share) => inProcess("finder.ts", { share, of: jobs }, note)));
  if (changed > 0) throw new SetUpError(`Of ${changed} safeguards no pinned world is left.`);
}

/** Hands work to a process; resolves when it has ended well and all that it sent has been noted. */
async function inProcess(entry, work, note) {
  const child = fork(join(root, "test/worlds/processes", entry), [], { execArgv: ["--import", "tsx"], cwd: root });
  child.on("message", note);
  const ended = Promise.all([once(child, "exit"), once(child, "disconnect")]);
  child.send(work);
  const [[code, signal]] = await ended;
  if (code !== 0) throw new SetUpError(`A process ended before its time (${signal ?? code}).`);
}

/** Adds figures to their sums, by name. */
function add(sums, figures) {
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value === "number") sums[name] = (sums[name] ?? 0) + value;
    else {
      sums[name] ??= {};
      add(sums[name], value);
    }
  }
}

function listOf(figures) {
  const told = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  return told.join(", ");
}

function progress(done, count, broken, began) {
  const spent = Date.now() - began;
  process.stdout.write(`${done} of ${count}, ${broken} broken; about ${seconds((spent / done) * (count - done))} to go\n`);
}

function whole(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new SetUpError(`--${name} must be a whole number from 1, not "${text}".`);
  return value;
}

function number(name, text) {
  const value = Number(text);
  if (!(value >= 0)) throw new SetUpError(`--${name} must be a number from 0, not "${text}".`);
  return value;
}
