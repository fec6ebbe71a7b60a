import { cpuSeconds } from "./cores.js";
import { type Body, loadClosed, warmUp } from "./load.js";
import type { RunningServer } from "./servers.js";
import type { Setting } from "./setting.js";
import { spreadOf } from "./stats.js";
import { bodyOf, type Choice, type Workload, workloads } from "./workloads.js";

export interface Point {
  readonly size: number;
  /** CPU of the gateway and of Redis for one request. */
  readonly costMs: number;
}

/** How the cost of one request grows. */
export interface Growth {
  readonly title: string;
  /** What the sizes are. */
  readonly of: string;
  readonly points: readonly Point[];
  /** Of the power of the size that fits the costs best: 0 is no growth, 1 is in proportion. */
  readonly exponent: number;
}

/** A server, and what it is asked about. */
export interface Measured {
  readonly setting: Setting;
  readonly server: RunningServer;
  readonly choice: Choice;
}

export interface Effort {
  readonly repeats: number;
  readonly seconds: number;
}

const firsts = [1, 5, 20, 50, 100, 200];
const depths = [1, 2, 3, 4];
const accountsInDepth = 20;

/** What one request of each workload costs where there are so many accounts. */
export async function costsAt({ setting, server, choice }: Measured, effort: Effort): Promise<ReadonlyMap<Workload, Point>> {
  const points = new Map<Workload, Point>();
  for (const workload of workloads.filter(({ name }) => ["single", "list", "prefix"].includes(name))) {
    const next = () => bodyOf(workload, workload.variables(choice));
    points.set(workload, { size: setting.accounts, costMs: await cost(server, setting.redisPid, next, effort) });
  }
  return points;
}

/** The costs of workloads at several sizes, as they grow. */
export const growthByAccounts = (bySize: readonly ReadonlyMap<Workload, Point>[]): readonly Growth[] =>
  [...new Set(bySize.flatMap((points) => [...points.keys()]))].map((workload) =>
    grown(
      workload.title,
      "accounts there are",
      bySize.flatMap((points) => points.get(workload) ?? []),
    ),
  );

/** The cost of a request against how many entities it asks for, and how deep it goes. */
export async function growthByQuery({ setting, server }: Measured, effort: Effort): Promise<readonly Growth[]> {
  const along = async (title: string, of: string, all: readonly number[], queryOf: (size: number) => string) => {
    const points: Point[] = [];
    for (const size of all) {
      const body = bodyOf({ name: "growth", query: `query growth { ${queryOf(size)} }` }, {});
      points.push({ size, costMs: await cost(server, setting.redisPid, () => body, effort) });
    }
    return grown(title, of, points);
  };
  const fields = "id name email city modifiedAt";
  return [
    await along(
      "Accounts with both sides",
      "`first`",
      firsts,
      (first) => `accounts(first: ${first}) { nodes { ${fields} customcrm { name } exact { name } } }`,
    ),
    await along(
      `${accountsInDepth} accounts, to a contact, to its account …`,
      "depth",
      depths,
      (depth) => `accounts(first: ${accountsInDepth}) { nodes { ${accountTo(depth)} } }`,
    ),
  ];
}

/** One more level adds as many entities as there are accounts. */
function accountTo(depth: number): string {
  if (depth === 1) return "id name";
  return `id name contacts(first: 1) { nodes { id fullName${depth === 2 ? "" : ` account { ${accountTo(depth - 2)} }`} } }`;
}

const grown = (title: string, of: string, points: readonly Point[]): Growth => ({ title, of, points, exponent: exponentOf(points) });

/** The slope of the line that fits best where both are logarithms. */
function exponentOf(points: readonly Point[]): number {
  const logs = points.map(({ size, costMs }) => [Math.log(size), Math.log(costMs)] as const);
  const mean = (place: 0 | 1) => logs.reduce((sum, log) => sum + log[place], 0) / logs.length;
  const [x0, y0] = [mean(0), mean(1)];
  return logs.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0) / logs.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
}

async function cost({ pid, origin }: RunningServer, redisPid: number, next: () => Body, { repeats, seconds }: Effort): Promise<number> {
  const computed = () => cpuSeconds(pid) + cpuSeconds(redisPid);
  await warmUp(origin, next);
  const costs: number[] = [];
  for (let round = 0; round < repeats; round += 1) {
    const before = computed();
    const { requests } = await loadClosed(origin, next, seconds * 1000);
    costs.push(((computed() - before) * 1000) / requests);
  }
  return spreadOf(costs).median;
}
