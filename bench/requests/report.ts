import { readFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import type { Fact } from "./alone.js";
import { pinning } from "./cores.js";
import type { Duel } from "./duel.js";
import type { Growth } from "./growth.js";
import type { Held } from "./memory.js";
import type { Soak } from "./soak.js";
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

/** What the gateway takes against how much there is. */
export function heldTable(all: readonly Held[]): string {
  const [least] = all;
  const rows = all.map(({ accounts, records, readSeconds, startedMb, readPeakMb, peakMb }) => [
    whole(accounts),
    whole(records),
    whole(readSeconds),
    whole(startedMb),
    whole(readPeakMb),
    whole(peakMb),
    (peakMb / (least?.peakMb ?? Number.NaN)).toFixed(2),
  ]);
  const head = ["linked accounts", "records read", "in s", "MB when started", "at most until read", "at most until asked too", "multiple of the least"];
  return `A gateway with a worker in it reads both systems whole and compares them with the link map, then answers each workload. Redis is not counted.

${table(head, rows)}`;
}

/** What the gateway takes while time goes by. */
export function soakText({ requests, mutations, residentMb, mbPerHour }: Soak): string {
  const shown = [1, ...[1, 2, 3, 4].map((quarter) => Math.round((quarter / 4) * residentMb.length))];
  const rows = [...new Set(shown)].map((minutes) => [String(minutes), whole(residentMb[minutes - 1] ?? Number.NaN)]);
  return `A gateway with a worker in it answered ${whole(requests)} queries of all workloads, evenly spread, and ${whole(mutations)} mutations, while it synced each minute. In the second half its memory changed by ${mbPerHour.toFixed(1)} MB an hour.

${table(["after minutes", "resident MB"], rows)}`;
}

export interface Run {
  readonly command: string;
  readonly accounts: number;
  readonly loadBefore: number;
}

/** A heading and what is below it. */
export type Part = readonly [string, string];

/** What came of a size after the other, for bench/growth.md. */
export const growthReport = async (root: string, { command, loadBefore }: Run, parts: readonly Part[]): Promise<string> => `# As it grows

By \`${command}\`, from built code in production mode, both systems and Redis on the same machine.

${await machine(root, loadBefore)}

${sections(parts)}
`;

/** What came of rivals and of the gateway alone, for bench/results.md. */
export const report = async (
  root: string,
  { command, accounts, loadBefore }: Run,
  duels: readonly Duel[],
  facts: readonly Fact[],
): Promise<string> => `# Requests, measured side by side

By \`${command}\`: ${whole(accounts)} accounts that both systems hold, in a Redis of its own. Every server runs as a process of its own in production mode, from
built code, and answers the same (compared before each workload). They take turns under the same load, in the opposite order every round. "Requests per
CPU second" counts the server's own process; ranges are the least and the most of all rounds, and a multiple is the median of those of single rounds.

${await machine(root, loadBefore)}

![Requests per CPU second, Tandem's multiple of each rival](results.svg)

${sections([...duels.map((one) => [one.workload.name, duelTable(one)] as const), ["Alone", factTable(facts)]])}
`;

const sections = (parts: readonly Part[]): string => parts.map(([heading, body]) => `## ${heading}\n\n${body}`).join("\n\n");

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
