import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

export interface DataLock {
  /** Idempotent; removes the lock only while it is still ours. */
  release(): void;
}

/** Another live process uses the data. */
export class DataInUseError extends Error {
  override readonly name = "DataInUseError";
  readonly pid: number;
  constructor(folder: string, pid: number) {
    super(`The data in ${folder} is in use by process ${pid}: stop that one first, or set TANDEM_DATA_DIR to another folder.`);
    this.pid = pid;
  }
}

/**
 * Takes the one lock of a data folder, for this process. A lock whose process has ended is taken over. A process is known by its
 * number and, where the kernel tells, its start time: numbers come round again, in containers at every start. One that has ended and that
 * nobody has fetched yet (a zombie) holds nothing.
 */
export function takeDataLock(folder: string, path: string): DataLock {
  const mine = `${process.pid} ${processStat(process.pid)?.started ?? "-"} ${process.hrtime.bigint()}`;
  while (!create(path, mine)) {
    const holder = read(path);
    if (holder === null) continue;
    const [pid = "", started = "-"] = holder.split(" ");
    if (isAlive(Number(pid), started)) throw new DataInUseError(folder, Number(pid));
    takeAway(path, holder);
  }
  return {
    release() {
      if (read(path) === mine) rmSync(path, { force: true });
    },
  };
}

/** A hard link appears whole or not at all, and never replaces a file. */
function create(path: string, content: string): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes the lock of an ended process; if another process has taken it over meanwhile, that one keeps it. */
function takeAway(path: string, ended: string): void {
  const aside = `${path}.${process.pid}.ended`;
  try {
    renameSync(path, aside);
    if (read(aside) !== ended) linkSync(aside, path);
  } catch (error) {
    if (!isCode(error, "ENOENT") && !isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isAlive(pid: number, started: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if (!isCode(error, "EPERM")) return false;
  }
  const now = processStat(pid);
  if (now === null) return true;
  return now.state !== "Z" && (started === "-" || now.started === started);
}

/** State and start time in clock ticks since boot (proc(5), fields 3 and 22); null where there is no /proc. */
function processStat(pid: number): { readonly state: string | undefined; readonly started: string | undefined } | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the program's name in brackets and may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0], started: fields[19] };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ESRCH")) return null;
    throw error;
  }
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && "code" in error && error.code === code;
