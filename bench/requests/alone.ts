import { residentMb } from "./cores.js";
import { loadClosed, loadOpen, warmUp } from "./load.js";
import { type RunningServer, type ServerSpec, startServer } from "./servers.js";
import { quantile, spreadOf } from "./stats.js";
import { bodyOf, type Choice, type Workload } from "./workloads.js";

/** Something measured on the gateway alone: what, and how it came out. */
export type Fact = readonly [string, string];

const starts = 5;

/** From the start of the process to its first answer, and what it holds in memory then. */
export async function startUp(gateway: ServerSpec): Promise<readonly Fact[]> {
  const times: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < starts; i += 1) {
    const server = await startServer(gateway);
    times.push(server.startedMs);
    sizes.push(residentMb(server.pid));
    await server.stop();
  }
  const { median, least, most } = spreadOf(times);
  return [
    [`Start-up from built code to the first answer, median of ${starts}`, `${Math.round(median)} ms (${Math.round(least)}–${Math.round(most)})`],
    ["Memory after the start", `${Math.round(spreadOf(sizes).median)} MB`],
  ];
}

const share = 0.7;

/** How late the late answers are when requests come evenly, at 70 % of what each server can do; the floor shows what is the machine's. */
export async function pace(
  { ours, floor }: { readonly ours: RunningServer; readonly floor: RunningServer | undefined },
  workload: Workload,
  choice: Choice,
  times: { readonly repeats: number; readonly seconds: number },
): Promise<readonly Fact[]> {
  const what = `p99 as a multiple of p50 at 70 % of capacity, open loop: ${workload.name}`;
  const facts: Fact[] = [[what, await paceOf(ours, workload, choice, times)]];
  if (floor) facts.push([`${what}, by the floor`, await paceOf(floor, workload, choice, times)]);
  return facts;
}

async function paceOf(
  server: RunningServer,
  workload: Workload,
  choice: Choice,
  { repeats, seconds }: { readonly repeats: number; readonly seconds: number },
): Promise<string> {
  const next = () => bodyOf(workload, workload.variables(choice));
  await warmUp(server.origin, next);
  const tails: number[] = [];
  const middles: number[] = [];
  for (let round = 0; round < repeats; round += 1) {
    const closed = await loadClosed(server.origin, next, seconds * 1000);
    const { latenciesMs } = await loadOpen(server.origin, next, seconds * 1000, (share * closed.requests) / closed.seconds);
    middles.push(quantile(latenciesMs, 0.5));
    tails.push(quantile(latenciesMs, 0.99) / quantile(latenciesMs, 0.5));
  }
  const tail = spreadOf(tails);
  return `${tail.median.toFixed(1)} (${tail.least.toFixed(1)}–${tail.most.toFixed(1)}), p50 ${spreadOf(middles).median.toFixed(2)} ms`;
}
