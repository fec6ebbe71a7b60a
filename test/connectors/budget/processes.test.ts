import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExactLimits, startTestRedis, type TestRedis } from "./helpers.js";
import type { FromWorker, ToWorker, WorkerTask } from "./process-worker.js";

const minute = Date.parse("2026-03-10T12:00:00.000Z");
const startAt = minute + 23_000;
const minutes = [1, 2, 3, 4, 5].map((index) => minute / 60_000 + index);
const endAt = minute + 6 * 60_000;

let redis: TestRedis;
beforeEach(async () => {
  redis = await startTestRedis();
});
afterEach(() => redis.stop());

/** A system with a hard limit, two gateway processes and one Redis, all in one time that goes on when everybody is idle. */
async function run(task: Pick<WorkerTask, "loops" | "interactiveEveryMs">) {
  let now = startAt;
  const limits = new ExactLimits(() => now);
  const waits: number[] = [];
  const server = createServer((_request, response) => {
    const answer = limits.arrive();
    if (answer.status === 429) limits.noteRefusal();
    response.writeHead(answer.status, answer.headers).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const limitsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const worker = fileURLToPath(new URL("./process-worker.ts", import.meta.url));
  const idle = new Map<ChildProcess, number | null>();
  let wake = () => {};
  const children = ["a", "b"].map((name) => {
    const own: WorkerTask = { ...task, name, socket: redis.socket, limitsUrl, startAt, latencyMs: 120 };
    const child = fork(worker, [JSON.stringify(own)], { execArgv: ["--import", "tsx"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    idle.set(child, null);
    child.on("message", (message: FromWorker) => {
      if (message.kind === "waited") return void waits.push(message.ms);
      idle.set(child, message.next);
      wake();
    });
    return child;
  });
  const everybodyIdle = async () => {
    while ([...idle.values()].includes(null)) {
      if (children.some((child) => child.exitCode !== null)) throw new Error("A process has ended before its time.");
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 1_000).unref();
      });
    }
  };
  const send = (message: ToWorker) => {
    for (const child of children) child.send(message);
  };

  await everybodyIdle();
  while (now < endAt) {
    now = Math.min(endAt, ...[...idle.values()].map((next) => Math.max(now, next ?? now)));
    for (const child of children) idle.set(child, null);
    send({ kind: "time", now });
    await everybodyIdle();
  }
  const gone = children.map((child) => once(child, "exit"));
  send({ kind: "end" });
  await Promise.all(gone);
  server.closeAllConnections();
  server.close();
  return { waits, refused: limits.refused, perMinute: minutes.map((one) => limits.minutes.get(one) ?? 0) };
}

describe("two processes on one budget, against a hard limit, over five minutes", () => {
  it("use at least 95 % of each minute for background alone and meet no 429", async () => {
    const { perMinute, refused } = await run({ loops: ["compare"], interactiveEveryMs: 0 });
    for (const count of perMinute) expect(count).toBeGreaterThanOrEqual(57);
    expect(refused).toBe(0);
  });

  it("let ten calls of people a minute wait less than a second while a full compare runs", async () => {
    const { waits, perMinute, refused } = await run({ loops: ["compare", "poll"], interactiveEveryMs: 12_000 });
    expect(waits.length).toBeGreaterThanOrEqual(50);
    expect(Math.max(...waits)).toBeLessThan(1_000);
    for (const count of perMinute) expect(count).toBeGreaterThanOrEqual(55);
    expect(refused).toBe(0);
  });
});
