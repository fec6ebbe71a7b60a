import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { type Fact, pace, startUp } from "./alone.js";
import { barChart, growthChart } from "./chart.js";
import { pin } from "./cores.js";
import { type Duel, duel } from "./duel.js";
import { costsAt, type Growth, growthByAccounts, growthByQuery } from "./growth.js";
import { live } from "./live.js";
import { type Held, held } from "./memory.js";
import { mutations } from "./mutations.js";
import { duelTable, factTable, growthReport, growthTables, heldTable, type Part, type Run, report, soakText } from "./report.js";
import { type RunningServer, type ServerSpec, startServer } from "./servers.js";
import { choiceOf, prepareFloor, rivalOn, startSetting } from "./setting.js";
import { soak } from "./soak.js";
import { subscribers } from "./subscribers.js";
import { Systems } from "./systems.js";
import { workloads } from "./workloads.js";

export interface BenchOptions {
  readonly accounts: number;
  readonly repeats: number;
  readonly seconds: number;
  readonly subscribers: number;
  /** How long memory is watched under a load that stays the same. */
  readonly minutes: number;
  /** Numbers of accounts that growth is measured at, beside `accounts`. */
  readonly sizes: readonly number[];
  /** Names of workloads and of what is measured beside them; null: all. */
  readonly only: readonly string[] | null;
  readonly root: string;
  readonly binary: string;
  /** As it was typed. */
  readonly command: string;
  print(text: string): void;
}

type IsWanted = (name: string) => boolean;

/** Rivals by name, and what they are asked. */
const rivals: readonly { readonly name: string; readonly title: string; readonly workloads: readonly string[] }[] = [
  { name: "mercurius", title: "Mercurius with JIT", workloads: ["single", "list", "prefix", "entities"] },
  { name: "yoga", title: "GraphQL Yoga with JIT", workloads: ["single", "list", "prefix", "entities"] },
  { name: "apollo", title: "Apollo Server 5", workloads: ["single", "list", "prefix", "entities"] },
  { name: "floor", title: "node:http, ready JSON", workloads: ["single", "list"] },
  { name: "hive", title: "Hive Gateway over both REST APIs", workloads: ["sides"] },
];

const besideRivals = ["pace", "live", "mutation", "subscribers", "start"] as const;
const bySize = ["growth", "memory"] as const;
/** An hour long: only where it is asked for. */
const byTime = "soak";

/** What `--only` can name. */
const names: readonly string[] = [...workloads.map(({ name }) => name), ...besideRivals, ...bySize, byTime];

/** Measures the gateway against its rivals, side by side, and as it grows; writes bench/results.md and bench/growth.md. */
export async function bench(options: BenchOptions): Promise<void> {
  const { accounts, command, only } = options;
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) throw new Error(`--only does not know ${unknown.join(", ")}; it knows ${names.join(", ")}.`);
  const [loadBefore = 0] = loadavg();
  const run: Run = { command, accounts, loadBefore };
  pin(process.pid, "load");
  const isWanted = (name: string) => only?.includes(name) ?? name !== byTime;
  if ([...workloads.map(({ name }) => name), ...besideRivals].some(isWanted)) await compare(options, run, isWanted);
  if ([...bySize, byTime].some(isWanted)) await grow(options, run, isWanted);
}

async function compare({ accounts, repeats, seconds, subscribers: watching, root, binary, print }: BenchOptions, run: Run, isWanted: IsWanted): Promise<void> {
  print(`Filling both systems and the link map with ${accounts} accounts …\n`);
  const setting = await startSetting(root, binary, accounts);
  const running: RunningServer[] = [];
  const start = async (spec: ServerSpec) => {
    const server = await startServer(spec);
    running.push(server);
    return server;
  };
  try {
    const ours = await start(setting.gateway);
    const choice = await choiceOf(ours.origin, accounts);
    const wanted = workloads.filter(({ name }) => isWanted(name));
    const others = new Map<string, RunningServer>();
    const taking = rivals.filter((rival) => wanted.some(({ name }) => rival.workloads.includes(name)));
    if (taking.some(({ name }) => name === "floor")) await prepareFloor(setting, ours.origin, choice);
    for (const { name, title } of taking) others.set(name, await start(await rivalOn(setting, root, name, title)));
    const duels: Duel[] = [];
    for (const workload of wanted) {
      const against = rivals.filter((rival) => rival.workloads.includes(workload.name)).flatMap(({ name }) => others.get(name) ?? []);
      const one = await duel(workload, [ours, ...against], { choice, repeats, seconds, redisPid: setting.redisPid });
      print(`\n${duelTable(one)}\n`);
      duels.push(one);
    }
    const facts: Fact[] = [];
    const pair = { ours, floor: others.get("floor") };
    if (isWanted("pace")) for (const workload of workloads.slice(0, 2)) facts.push(...(await pace(pair, workload, choice, { repeats, seconds })));
    // What changes anything comes when nothing is compared any more.
    const systems = new Systems(setting.origins);
    if (isWanted("live")) facts.push(...(await live(ours, systems, choice, repeats)));
    if (isWanted("mutation")) facts.push(...(await mutations(ours, systems, accounts, repeats, seconds)));
    if (isWanted("subscribers")) facts.push(...(await subscribers(setting, watching, repeats * seconds)));
    if (isWanted("start")) facts.push(...(await startUp(setting.gateway)));
    print(`\n${factTable(facts)}\n`);
    await writeFile(join(root, "bench/results.md"), await report(root, run, duels, facts));
    await writeFile(join(root, "bench/results.svg"), barChart(duels));
  } finally {
    for (const server of running) await server.stop();
    await setting.stop();
  }
}

async function grow({ accounts, repeats, seconds, minutes, sizes, root, binary, print }: BenchOptions, run: Run, isWanted: IsWanted): Promise<void> {
  const effort = { repeats, seconds };
  const costs: Awaited<ReturnType<typeof costsAt>>[] = [];
  const byQuery: Growth[] = [];
  const all: Held[] = [];
  const parts: Part[] = [];
  for (const size of [...new Set([...sizes, accounts])].sort((a, b) => a - b)) {
    print(`Filling both systems and the link map with ${size} accounts …\n`);
    const setting = await startSetting(root, binary, size);
    try {
      if (isWanted("growth")) {
        const server = await startServer(setting.gateway);
        try {
          const measured = { setting, server, choice: await choiceOf(server.origin, size) };
          costs.push(await costsAt(measured, effort));
          if (size === accounts) byQuery.push(...(await growthByQuery(measured, effort)));
        } finally {
          await server.stop();
        }
      }
      if (isWanted("memory")) all.push(await held(setting, seconds));
      if (isWanted(byTime) && size === accounts) parts.push(["Memory over time", soakText(await soak(setting, minutes))]);
    } finally {
      await setting.stop();
    }
  }
  if (all.length > 0) parts.unshift(["Memory", heldTable(all)]);
  if (costs.length > 0) {
    const growths = [...growthByAccounts(costs), ...byQuery];
    parts.unshift(["CPU", growthTables(growths)]);
    await writeFile(join(root, "bench/growth.svg"), growthChart(growths));
  }
  print(parts.map(([, text]) => `\n${text}\n`).join(""));
  await writeFile(join(root, "bench/growth.md"), await growthReport(root, run, parts));
}
