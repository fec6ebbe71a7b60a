import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { residentMb } from "./cores.js";
import { askOnce, loadClosed } from "./load.js";
import { startServer } from "./servers.js";
import { choiceOf, type Setting } from "./setting.js";
import { bodyOf, workloads } from "./workloads.js";

/** What a gateway with a worker in it takes while it does all that it does. */
export interface Held {
  readonly accounts: number;
  readonly records: number;
  readonly startedMb: number;
  /** At most, from its start until both systems were read whole and compared. */
  readonly readPeakMb: number;
  /** At most, until the loads of requests after that were over. */
  readonly peakMb: number;
  readonly readSeconds: number;
}

const everyMs = 500;

/** Starts a gateway of its own on the link map, has both systems read whole and compared with it, then asks it as the workloads do. */
export async function held({ gateway, accounts }: Setting, seconds: number): Promise<Held> {
  const env = { ...gateway.env, ROLE: "all", SYNC_INTERVAL_SECONDS: "86400" };
  const server = await startServer({ ...gateway, env });
  try {
    const startedMb = residentMb(server.pid);
    const began = performance.now();
    const records = await compareAll(server.origin);
    const readSeconds = (performance.now() - began) / 1000;
    const readPeakMb = peakMb(server.pid);
    const choice = await choiceOf(server.origin, accounts);
    for (const workload of workloads) await loadClosed(server.origin, () => bodyOf(workload, workload.variables(choice)), seconds * 1000);
    return { accounts, records, startedMb, readPeakMb, peakMb: peakMb(server.pid), readSeconds };
  } finally {
    await server.stop();
  }
}

/** A full run, which finds no differences. Gives how many records it has read. */
async function compareAll(origin: string): Promise<number> {
  const query = "mutation compare { sync(input: { mode: FULL }) { run { id } userErrors { message } } }";
  const { data } = await askOnce(origin, bodyOf({ name: "compare", query }, {}));
  const { run, userErrors } = (data as { sync: { run: { id: string } | null; userErrors: readonly { message: string }[] } }).sync;
  if (!run) throw new Error(`The run did not start: ${userErrors.map(({ message }) => message).join(" ")}`);
  const progress = bodyOf({ name: "run", query: "query run($id: ID!) { syncRun(id: $id) { state problem { message } progress { read } } }" }, { id: run.id });
  for (;;) {
    const { syncRun } = (await askOnce(origin, progress)).data as {
      syncRun: { state: string; problem: { message: string } | null; progress: { read: number } };
    };
    if (syncRun.state === "DONE") return syncRun.progress.read;
    if (syncRun.state === "FAILED") throw new Error(`The run failed: ${syncRun.problem?.message}`);
    await sleep(everyMs);
  }
}

/** The most that a process has held in memory so far, as Linux counts it; what it holds now elsewhere. */
function peakMb(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return residentMb(pid);
  }
}
