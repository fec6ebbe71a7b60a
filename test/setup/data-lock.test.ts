import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DataInUseError, takeDataLock } from "../../src/store/data-lock.js";
import { later, startProcess, tempFolder, until } from "./helpers.js";

const lockPath = () => join(tempFolder(), "lock");
const lockTaker = (path: string) => startProcess(["--import", "tsx", "test/setup/processes/take-lock.ts", path]);

/** The number of a process that has ended. */
async function endedPid(): Promise<number> {
  const { child, ended } = startProcess(["-e", ""]);
  await ended;
  return child.pid ?? 0;
}

it("refuses the data to a second taker, and names the process that has it", () => {
  const path = lockPath();
  takeDataLock("/data", path);
  expect(() => takeDataLock("/data", path)).toThrow(new DataInUseError("/data", process.pid));
});

it("gives the data to the next one after its release, and leaves nothing behind", () => {
  const path = lockPath();
  const lock = takeDataLock("/data", path);
  lock.release();
  lock.release();
  expect(readdirSync(join(path, ".."))).toEqual([]);
  takeDataLock("/data", path).release();
});

it("takes over the lock of a process that has ended", async () => {
  const path = lockPath();
  writeFileSync(path, `${await endedPid()} - 1`);
  takeDataLock("/data", path);
  expect(readFileSync(path, "utf8")).toMatch(new RegExp(`^${process.pid} `));
});

it("takes over a lock that cannot be read as one", () => {
  const path = lockPath();
  writeFileSync(path, "");
  takeDataLock("/data", path).release();
});

it.runIf(process.platform === "linux")("takes over the lock of an ended process whose number another one has now", () => {
  const path = lockPath();
  writeFileSync(path, `${process.pid} 1 1`);
  takeDataLock("/data", path).release();
});

it.runIf(process.platform === "linux")("takes over the lock of a process that has ended and that its parent has not fetched", async () => {
  const path = lockPath();
  // Before its child ends, the shell becomes a sleep that never asks how that was.
  const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 30"]);
  later(() => parent.kill());
  const pid = Number(String((await once(parent.stdout, "data"))[0]));
  await until(() => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "), "the child has ended");
  writeFileSync(path, `${pid} - 1`);
  takeDataLock("/data", path).release();
});

it("keeps its hands off a lock that is another's by the time of its release", () => {
  const path = lockPath();
  const lock = takeDataLock("/data", path);
  writeFileSync(path, "1 - 1");
  lock.release();
  expect(existsSync(path)).toBe(true);
});

it("goes to exactly one of several processes that find the lock of an ended one", async () => {
  const path = lockPath();
  writeFileSync(path, `${await endedPid()} - 1`);
  const takers = [lockTaker(path), lockTaker(path), lockTaker(path)];
  for (const taker of takers) await taker.says("asks");
  for (const taker of takers) taker.child.stdin?.write("go");
  await Promise.all(takers.map((taker) => Promise.race([taker.says("got it"), taker.says("refused")])));

  const winners = takers.filter((taker) => taker.output().includes("got it"));
  expect(winners).toHaveLength(1);
  const refused = takers.filter((taker) => !winners.includes(taker)).map((taker) => taker.output());
  expect(refused).toEqual(refused.map(() => `asks\nrefused: ${winners[0]?.child.pid}\n`));
});
