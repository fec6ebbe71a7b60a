import { readFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import type { Fact } from "./alone.js";
import { barChart } from "./chart.js";
import { pinning } from "./cores.js";
import type { Duel } from "./duel.js";
import type { Growth } from "./growth.js";
import { spreadOf } from "./stats.js";

/** One workload as a Markdown table. */
export function duelTable({ workload, standings }: Duel): string {
  const rows = standings.map(({ server, rounds, perCpuSecond, ratio }, place) => [
    server.title,
    `${whole(perCpuSecond.median)} (${whole(perCpuSecond.least)}–${whole(perCpuSecond.most)})`,
    place === 0 ? "" : `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`,
    whole(spreadOf(rounds.map((one) => one.perSecond)).median),
    spreadOf(rounds.map((one) => one.p50Ms)).median.toFixed(1),
    spreadOf(rounds.map((one) => one.p99Ms)).median.toFixed(1),
    spreadOf(rounds.map((one) => one.redisMsPerRequest)).median.toFixed(3),
  ]);
  const head = ["", "requests per CPU second", "Tandem's multiple of it", "requests/s", "p50 ms", "p99 ms", "Redis CPU ms"];
  return `${workload.title} (\`${workload.name}\`)\n\n${table(head, rows)}`;
}

export const factTable = (facts: readonly Fact[]): string => table(["Tandem alone", "Measured"], facts);

/** A table for each kind of size. */
export function growthTables(growths: readonly Growth[]): string {
  const kinds = [...new Set(growths.map(({ of }) => of))];
  const tables = kinds.map((kind) => {
    const rows = growths.filter(({ of }) => of === kind);
    const sizes = rows[0]?.points.map(({ size }) => whole(size)) ?? [];
    return table(
      [`CPU ms of one request by ${kind}`, ...sizes, "exponent"],
      rows.map(({ title, points, exponent }) => [title, ...points.map(({ costMs }) => costMs.toFixed(2)), exponent.toFixed(2)]),
    );
  });
  return `CPU of the gateway and of Redis together, and the power of the size that fits it best: 0 is no growth, 1 is in proportion.

![How the cost grows](growth.svg)

${tables.join("\n\n")}`;
}

export interface Results {
  readonly command: string;
  readonly accounts: number;
  readonly duels: readonly Duel[];
  readonly facts: readonly Fact[];
  /** Further parts, each a heading and what is below it. */
  readonly parts: readonly (readonly [string, string])[];
  readonly loadBefore: number;
}

/** bench/results.md, and the chart that it shows. */
export async function report(
  root: string,
  { command, accounts, duels, facts, parts, loadBefore }: Results,
): Promise<{ readonly text: string; readonly chart: string }> {
  const sections: (readonly [string, string])[] = [...duels.map((one) => [one.workload.name, duelTable(one)] as const), ["Alone", factTable(facts)], ...parts];
  const text = `# Requests, measured side by side

By \`${command}\`: ${whole(accounts)} accounts that both systems hold, in a Redis of its own. Every server runs as a process of its own in production mode, from
built code, and answers the same (compared before each workload). They take turns under the same load, in the opposite order every round. "Requests per
CPU second" counts the server's own process; ranges are the least and the most of all rounds, and a multiple is the median of those of single rounds.

${await machine(root, loadBefore)}

![Requests per CPU second, Tandem's multiple of each rival](results.svg)

${sections.map(([heading, body]) => `## ${heading}\n\n${body}`).join("\n\n")}
`;
  return { text, chart: barChart(duels) };
}

async function machine(root: string, loadBefore: number): Promise<string> {
  const versions = async (path: string) =>
    Object.entries((JSON.parse(await readFile(join(root, path), "utf8")) as { dependencies: Record<string, string> }).dependencies);
  const ofRivals = await versions("bench/rivals/package.json");
  const ours = (await versions("package.json")).filter(([name]) => ["@apollo/server", "fastify", "graphql", "graphql-jit", "redis"].includes(name));
  const said = (list: readonly (readonly [string, string])[]) => list.map(([name, version]) => `${name} ${version}`).join(", ");
  const hardware = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB; ${pinning()}`;
  return `${hardware}; load ${loadBefore.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after. Node ${process.versions.node}; ${said(ours)}. Rivals: ${said(ofRivals)}.`;
}

/** A table of Markdown that also reads well in a terminal. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  return [line(head), `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`, ...rows.map(line)].join("\n");
}

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
