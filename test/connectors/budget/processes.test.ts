import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ExactSandbox, startExactSandbox } from "../../../src/sandbox/exact/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { startTestRedis, type TestRedis } from "./helpers.js";
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

/** An Exact with its hard limits, two gateway processes and one Redis, all in one time that goes on when everybody is idle. */
async function run(task: Pick<WorkerTask, "loops" | "interactiveEveryMs">) {
  let now = startAt;
  const clock = new VirtualClock(startAt);
  const exact = await startExactSandbox({ clock });
  const accessToken = await tokenOf(exact);
  const waits: number[] = [];
  const filter = encodeURIComponent("Name eq 'Nobody'");
  const url = `${exact.origin}/api/v1/${exact.settings.division}/crm/Accounts?$select=ID&$filter=${filter}`;

  const worker = fileURLToPath(new URL("./process-worker.ts", import.meta.url));
  const idle = new Map<ChildProcess, number | null>();
  let wake = () => {};
  const children = ["a", "b"].map((name) => {
    const own: WorkerTask = { ...task, name, socket: redis.socket, url, accessToken, startAt, latencyMs: 120 };
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
    await clock.advance(now - clock.now());
    for (const child of children) idle.set(child, null);
    send({ kind: "time", now });
    await everybodyIdle();
  }
  const gone = children.map((child) => once(child, "exit"));
  send({ kind: "end" });
  await Promise.all(gone);
  const calls = exact.calls.all().filter(({ path }) => path.startsWith("/api/v1/"));
  await exact.stop();
  const answered = (status: number) => calls.filter((call) => call.status === status);
  return {
    waits,
    refused: calls.length - answered(200).length,
    perMinute: minutes.map((one) => answered(200).filter(({ at }) => Math.floor(at / 60_000) === one).length),
  };
}

async function tokenOf(exact: ExactSandbox): Promise<string> {
  const redirectUri = "http://127.0.0.1:4000/auth/exact/callback";
  const { clientId, clientSecret } = exact.settings;
  const body = new URLSearchParams({
    ...{ grant_type: "authorization_code", code: exact.issueCode(redirectUri), redirect_uri: redirectUri },
    ...{ client_id: clientId, client_secret: clientSecret },
  });
  const answer = (await (await fetch(`${exact.origin}/api/oauth2/token`, { method: "POST", body })).json()) as { access_token: string };
  return answer.access_token;
}

describe("two processes on one budget, against a hard limit, over five minutes", { timeout: 90_000 }, () => {
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
