import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { type Fact, pace, startUp } from "./alone.js";
import { growthChart } from "./chart.js";
import { pin } from "./cores.js";
import { type Duel, duel } from "./duel.js";
import { growth } from "./growth.js";
import { live } from "./live.js";
import { mutations } from "./mutations.js";
import { duelTable, factTable, growthTables, report } from "./report.js";
import { type RunningServer, type ServerSpec, startServer } from "./servers.js";
import { choiceOf, prepareFloor, rivalOn, startSetting } from "./setting.js";
import { subscribers } from "./subscribers.js";
import { Systems } from "./systems.js";
import { workloads } from "./workloads.js";

export interface BenchOptions {
  readonly accounts: number;
  readonly repeats: number;
  readonly seconds: number;
  readonly subscribers: number;
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

/** Rivals by name, and what they are asked. */
const rivals: readonly { readonly name: string; readonly title: string; readonly workloads: readonly string[] }[] = [
  { name: "mercurius", title: "Mercurius with JIT", workloads: ["single", "list", "prefix", "entities"] },
  { name: "yoga", title: "GraphQL Yoga with JIT", workloads: ["single", "list", "prefix", "entities"] },
  { name: "apollo", title: "Apollo Server 5", workloads: ["single", "list", "prefix", "entities"] },
  { name: "floor", title: "node:http, ready JSON", workloads: ["single", "list"] },
  { name: "hive", title: "Hive Gateway over both REST APIs", workloads: ["sides"] },
];

/** Measures the gateway against its rivals, side by side, and writes bench/results.md. */
export async function bench({ accounts, repeats, seconds, subscribers: watching, sizes, only, root, binary, command, print }: BenchOptions): Promise<void> {
  const isWanted = (name: string) => only?.includes(name) ?? true;
  const [loadBefore = 0] = loadavg();
  pin(process.pid, "load");
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
    const parts: (readonly [string, string])[] = [];
    if (isWanted("growth")) {
      const growths = await growth({ root, binary, sizes, setting, server: ours, choice, repeats, seconds });
      print(`\n${growthTables(growths)}\n`);
      parts.push(["Growth", growthTables(growths)]);
      await writeFile(join(root, "bench/growth.svg"), growthChart(growths));
    }
    const facts: Fact[] = [];
    if (isWanted("pace")) for (const workload of workloads.slice(0, 2)) facts.push(...(await pace(ours, workload, choice, repeats, seconds)));
    // What changes anything comes when nothing is compared any more.
    const systems = new Systems(setting.origins);
    if (isWanted("live")) facts.push(...(await live(ours, systems, choice, repeats)));
    if (isWanted("mutation")) facts.push(...(await mutations(ours, systems, accounts, repeats, seconds)));
    if (isWanted("subscribers")) facts.push(...(await subscribers(setting, watching, repeats * seconds)));
    if (isWanted("start")) facts.push(...(await startUp(setting.gateway)));
    print(`\n${factTable(facts)}\n`);
    const { text, chart } = await report(root, { command, accounts, duels, facts, parts, loadBefore });
    await writeFile(join(root, "bench/results.md"), text);
    await writeFile(join(root, "bench/results.svg"), chart);
  } finally {
    for (const server of running) await server.stop();
    await setting.stop();
  }
}
