import { residentMb } from "./cores.js";
import { loadOpen } from "./load.js";
import { changes } from "./mutations.js";
import { startServer } from "./servers.js";
import { choiceOf, type Setting } from "./setting.js";
import { bodyOf, workloads } from "./workloads.js";

/** What a gateway with a worker in it holds in memory, minute by minute, under a load that stays the same. */
export interface Soak {
  readonly requests: number;
  readonly mutations: number;
  readonly residentMb: readonly number[];
  /** Of the line that fits the second half of the minutes best. */
  readonly mbPerHour: number;
}

const minuteMs = 60_000;
/** Each of the workloads comes so often a second, mutations beside them. */
const perSecond = 10;
const mutationsPerSecond = 2;

export async function soak({ gateway, accounts }: Setting, minutes: number): Promise<Soak> {
  const server = await startServer({ ...gateway, env: { ...gateway.env, ROLE: "all" } });
  try {
    const choice = await choiceOf(server.origin, accounts);
    const nextMutation = changes(accounts);
    const resident: number[] = [];
    let requests = 0;
    let mutations = 0;
    for (let minute = 0; minute < minutes; minute += 1) {
      const queries = workloads.map((workload) => loadOpen(server.origin, () => bodyOf(workload, workload.variables(choice)), minuteMs, perSecond));
      const changing = loadOpen(server.origin, nextMutation, minuteMs, mutationsPerSecond);
      for (const loaded of await Promise.all(queries)) requests += loaded.requests;
      mutations += (await changing).requests;
      resident.push(residentMb(server.pid));
    }
    return { requests, mutations, residentMb: resident, mbPerHour: 60 * slopeOf(resident.slice(Math.floor(minutes / 2))) };
  } finally {
    await server.stop();
  }
}

/** Of the line that fits values best which lie one apart. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
}
