import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Which core who runs on: the server under test has one of its own. */
const seats = { server: 0, load: 1, redis: 2, systems: 3 } as const;
export type Seat = keyof typeof seats;

const canPin = cpus().length > 1 && spawnSync("taskset", ["--version"]).status === 0;

/** Where there are fewer cores, all but the server share what is left. */
const coreOf = (seat: Seat): number => (seat === "server" ? 0 : 1 + ((seats[seat] - 1) % (cpus().length - 1)));

/** Keeps a process, with all its threads, on its core; false where that can't be done. */
export function pin(pid: number, seat: Seat): boolean {
  return canPin && spawnSync("taskset", ["-a", "-c", "-p", String(coreOf(seat)), String(pid)]).status === 0;
}

/** A command as it is to be started, to be on its core from the beginning. */
export const pinned = (seat: Seat, command: readonly string[]): readonly string[] => (canPin ? ["taskset", "-c", String(coreOf(seat)), ...command] : command);

export const pinning = (): string =>
  canPin ? `server on core ${coreOf("server")}, load on core ${coreOf("load")}, Redis on core ${coreOf("redis")}` : "not pinned to cores";

const ticksPerSecond = Number(spawnSync("getconf", ["CLK_TCK"]).stdout?.toString()) || 100;

/** Seconds that a process has computed so far, all its threads together. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name, and may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return secondsIn(spawnSync("ps", ["-o", "time=", "-p", String(pid)]).stdout.toString());
  }
}

/** `[[dd-]hh:]mm:ss[.ff]` */
const secondsIn = (time: string): number =>
  time
    .trim()
    .split(/[-:]/)
    .reverse()
    .reduce((sum, part, i) => sum + Number(part) * ([1, 60, 3600, 86_400][i] ?? 0), 0);

/** Megabytes that a process holds in memory. */
export function residentMb(pid: number): number {
  return Number(spawnSync("ps", ["-o", "rss=", "-p", String(pid)]).stdout.toString()) / 1024;
}
