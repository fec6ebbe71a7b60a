import { deepStrictEqual } from "node:assert";
import { cpuSeconds } from "./cores.js";
import { askOnce, loadClosed, warmUp } from "./load.js";
import type { RunningServer } from "./servers.js";
import { quantile, type Spread, spreadOf } from "./stats.js";
import { bodyOf, type Choice, type Workload } from "./workloads.js";

export interface Measured {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly redisMsPerRequest: number;
}

export interface Standing {
  readonly server: RunningServer;
  readonly rounds: readonly Measured[];
  readonly perCpuSecond: Spread;
  /** What the first server does per CPU second, as a multiple of this one's: by rounds, so that what disturbs a round disturbs both. */
  readonly ratio: Spread;
}

export interface Duel {
  readonly workload: Workload;
  readonly standings: readonly Standing[];
}

export interface DuelOptions {
  readonly choice: Choice;
  readonly redisPid: number;
  readonly repeats: number;
  readonly seconds: number;
}

const compared = 8;

/** The first server against the others: all answer the same, then take turns under the same load, in the opposite order every time. */
export async function duel(workload: Workload, servers: readonly RunningServer[], options: DuelOptions): Promise<Duel> {
  const { choice, repeats, seconds, redisPid } = options;
  const nextOf = (server: RunningServer) => () => bodyFor(server, workload, workload.variables(choice));
  await compareAnswers(servers, workload, choice);
  for (const server of servers) await warmUp(server.origin, nextOf(server));
  const rounds = new Map(servers.map((server) => [server, [] as Measured[]]));
  for (let round = 0; round < repeats; round += 1) {
    for (const server of round % 2 === 0 ? servers : [...servers].reverse()) {
      rounds.get(server)?.push(await measure(server, nextOf(server), seconds * 1000, redisPid));
    }
  }
  const [first] = servers;
  const ours = first ? (rounds.get(first) ?? []) : [];
  const standings = [...rounds].map(([server, all]) => ({
    server,
    rounds: all,
    perCpuSecond: spreadOf(all.map((one) => one.perCpuSecond)),
    ratio: spreadOf(all.map((one, round) => (ours[round]?.perCpuSecond ?? Number.NaN) / one.perCpuSecond)),
  }));
  return { workload, standings };
}

const bodyFor = ({ name }: RunningServer, workload: Workload, variables: Readonly<Record<string, unknown>>): string =>
  bodyOf({ name: workload.name, query: workload.queryOf?.[name] ?? workload.query }, variables);

async function compareAnswers(servers: readonly RunningServer[], workload: Workload, choice: Choice): Promise<void> {
  for (let i = 0; i < compared; i += 1) {
    const variables = workload.variables(choice);
    const [ours, ...others] = await Promise.all(servers.map((server) => askOnce(server.origin, bodyFor(server, workload, variables))));
    for (const [place, answer] of others.entries()) {
      deepStrictEqual(answer.data, ours?.data, `${servers[place + 1]?.title} answers otherwise than ${servers[0]?.title}.`);
    }
  }
}

async function measure({ pid, origin }: RunningServer, next: () => string, forMs: number, redisPid: number): Promise<Measured> {
  const [before, redisBefore] = [cpuSeconds(pid), cpuSeconds(redisPid)];
  const { requests, seconds, latenciesMs } = await loadClosed(origin, next, forMs);
  return {
    perCpuSecond: requests / (cpuSeconds(pid) - before),
    perSecond: requests / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    redisMsPerRequest: ((cpuSeconds(redisPid) - redisBefore) * 1000) / requests,
  };
}
